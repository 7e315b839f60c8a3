"""Sends an answer, whole or in one of the ways in which answers get lost."""

from __future__ import annotations

import json
import selectors
import socket
import struct
import threading
import time
from collections.abc import Iterable, Mapping
from email.utils import formatdate
from typing import BinaryIO, Final

from scalekit_apply.emulator.faultkinds import Fault, Kind, Shape
from scalekit_apply.emulator.faults import DATE_PREFIX
from scalekit_apply.emulator.messages import Answer
from scalekit_apply.emulator.wireformat import code_of_status, error_answer, json_answer

_MEBIBYTE: Final = 1 << 20
_POLL: Final = 0.05
_HTML: Final = (
    "<html><head><title>{status} Server Error</title></head>"
    "<body><h1>Error: Server Error</h1><p>Please try again in 30 seconds.</p></body></html>\n"
)
_WRONG: Final[Mapping[Shape, object]] = {
    Shape.LIST: [],
    Shape.TEXT: "ok",
    Shape.NULL: None,
    Shape.NUMBER: 7,
    Shape.TYPES: {
        "connections": {"id": 1},
        "organizations": "none",
        "connection": [],
        "enabled": "yes",
        "error_message": 0,
        "access_token": 5,
        "expires_in": "soon",
    },
}


def faulty_answer(  # noqa: PLR0911  # one for each kind
    fault: Fault, *, now: float
) -> Answer | None:
    """Return the answer that a fault gives in place of the service, ``None`` if it gives none."""
    status = int(fault.number)
    match fault.kind:
        case Kind.STATUS:
            code = code_of_status(status)
            message = code.name.lower().replace("_", " ")
            return error_answer(code, message, status=status, headers=_retry_after(fault, now))
        case Kind.HTML:
            return Answer(
                status=status,
                body=_HTML.format(status=status).encode(),
                content_type="text/html; charset=UTF-8",
                headers=(("Via", "1.1 google"), *_retry_after(fault, now)),
            )
        case Kind.REDIRECT:
            return Answer(status=302, body=b"", content_type="text/html", headers=(("Location", fault.text),))
        case Kind.WRONG_SHAPE:
            return json_answer(_WRONG[Shape(fault.text)])
        case Kind.INVALID_JSON:
            return Answer(status=200, body=b'{"connections":[{"id":"conn_')
        case Kind.OVERSIZED:
            padding = "x" * (int(fault.number) * _MEBIBYTE)
            return Answer(status=200, body=json.dumps({"connections": [], "padding": padding}).encode())
        case _:
            return None


def _retry_after(fault: Fault, now: float) -> tuple[tuple[str, str], ...]:
    wanted = fault.retry_after
    if wanted is None:
        return ()
    if wanted.startswith(DATE_PREFIX):
        wanted = formatdate(now + float(wanted.removeprefix(DATE_PREFIX)), usegmt=True)
    return (("Retry-After", wanted),)


def reset(connection: socket.socket) -> None:
    """Make the close of this connection a reset."""
    # Lingering for zero seconds drops what is unsent and sends RST in place of FIN.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hang(connection: socket.socket, stopping: threading.Event, *, longest: float = 600.0) -> None:
    """Wait until the client closes the connection, the emulator stops, or ``longest`` seconds are over."""
    end = time.monotonic() + longest
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        while not stopping.is_set() and time.monotonic() < end:
            if selector.select(_POLL) and not connection.recv(4096):
                return


def drip(stream: BinaryIO, body: Iterable[int], seconds: float, stopping: threading.Event) -> None:
    """Write a body byte by byte, until it is written or the emulator stops."""
    for byte in body:
        stream.write(bytes([byte]))
        stream.flush()
        if stopping.wait(seconds):
            return
