"""HTTP on one connection: reads requests, has them replied to, sends what comes back."""

from __future__ import annotations

import http.client
import socket
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any, Final, Protocol, cast
from urllib.parse import parse_qsl

from scalekit_apply.emulator.delivery import drip, hang, reset
from scalekit_apply.emulator.faultkinds import Kind
from scalekit_apply.emulator.messages import Answer, Request
from scalekit_apply.emulator.service import Reply, Service

_LARGEST_BODY: Final = 1 << 20


class Serving(Protocol):
    """What a handler needs of its server."""

    service: Service


class Handler(BaseHTTPRequestHandler):
    """Keeps connections alive and writes every answer in one piece."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    @property
    def _service(self) -> Service:
        return cast("Serving", self.server).service

    def _serve(self) -> None:
        body = self._body()
        if body is None:
            return
        path, _, query = self.path.partition("?")
        request = Request(
            method=self.command,
            path=path,
            query=dict(parse_qsl(query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
        )
        self._send(self._service.reply(request))

    # http.server looks these up by the method's name. All get here: the routes know what they take.
    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = _serve  # noqa: N815

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not (length.isascii() and length.isdigit()):
            self.send_error(400, "the body must have a length")
            return None
        if len(length) > len(str(_LARGEST_BODY)) or int(length) > _LARGEST_BODY:
            self.send_error(400, "the body is too large")
            return None
        return self.rfile.read(int(length))

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Answer what could not be understood, in the form of the service, and end the connection."""
        self.close_connection = True
        # Neither attribute exists before a request line was understood.
        method = getattr(self, "command", None) or "-"
        path = getattr(self, "path", "").partition("?")[0] or "-"
        reply = self._service.reject(method, path, message or HTTPStatus(code).phrase, int(code))
        self._send(reply)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name is http.server's
        """Say nothing: the service keeps the log."""

    def _send(self, reply: Reply) -> None:
        service, fault, answer = self._service, reply.fault, reply.answer
        connection: socket.socket = self.connection
        if answer is None:
            self.close_connection = True
            if fault and fault.kind is Kind.RESET:
                reset(connection)
            else:
                hang(connection, service.stopping)
            return
        cut = fault is not None and fault.kind is Kind.CUT
        if cut or service.faults.refuses:
            self.close_connection = True
        self.wfile.write(self._head(answer, reply.trace_id))
        body = b"" if self.command == "HEAD" else answer.body
        if fault and cut:
            kept = int(fault.number)
            body = body[: len(body) // 2 if kept < 0 else kept]
        if fault and fault.kind is Kind.DRIP:
            drip(cast("Any", self.wfile), body, fault.number, service.stopping)
        else:
            self.wfile.write(body)
        self.wfile.flush()

    def _head(self, answer: Answer, trace_id: str) -> bytes:
        phrase = http.client.responses.get(answer.status, "Unknown")
        lines = [
            f"HTTP/1.1 {answer.status} {phrase}",
            f"Content-Type: {answer.content_type}",
            f"Content-Length: {len(answer.body)}",
            f"Date: {formatdate(usegmt=True)}",
            f"x-trace-id: {trace_id}",
            *(f"{name}: {value}" for name, value in answer.headers),
        ]
        if self.close_connection:
            lines.append("Connection: close")
        return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
