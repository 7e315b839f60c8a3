"""Small servers on loopback that answer byte by byte as a test says."""

from __future__ import annotations

import gzip
import json
import shutil
import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from api_support import TOKEN

Step = Callable[[socket.socket], None]


@dataclass
class Server:
    """What a test sees of its server."""

    port: int
    connections: int = 0
    requests: list[str] = field(default_factory=list[str])
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def seen(self, path: str) -> int:
        return sum(path in line for line in self.requests)


@contextmanager
def serving(*steps: Step, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Serve the token request, and to every other request the next step; the last step stays."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(port=listener.getsockname()[1])
    script = list(steps)
    opened: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def converse(plain: socket.socket) -> None:
        with suppress(OSError), plain:
            connection = tls.wrap_socket(plain, server_side=True) if tls else plain
            with connection:
                while (line := read_request(connection)) is not None:
                    server.requests.append(line)
                    if "/oauth/token" in line:
                        reply(connection, {"access_token": TOKEN, "expires_in": 3600})
                    else:
                        (script.pop(0) if len(script) > 1 else script[0])(connection)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            if server.stopped.is_set():
                connection.close()
                return
            server.connections += 1
            opened.append(connection)
            threads.append(threading.Thread(target=converse, args=(connection,), daemon=True))
            threads[-1].start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield server
    finally:
        server.stopped.set()
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", server.port), timeout=5).close()
        acceptor.join(10)
        listener.close()
        for connection in opened:
            with suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
        for thread in threads:
            thread.join(10)


def read_request(connection: socket.socket) -> str | None:
    """Return the first line of the next request, ``None`` when there is none; the body is read, too."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return None
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        body += connection.recv(65536)
    return head.split(b"\r\n")[0].decode()


def raw(status: str, body: bytes, *headers: str, length: int | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body) if length is None else length}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def reply(connection: socket.socket, document: object) -> None:
    connection.sendall(raw("200 OK", json.dumps(document).encode()))


def answers(document: object) -> Step:
    return lambda connection: reply(connection, document)


def sends(data: bytes) -> Step:
    """Send these bytes and close."""

    def step(connection: socket.socket) -> None:
        connection.sendall(data)
        socket.socket.shutdown(connection, socket.SHUT_RDWR)

    return step


def resets(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def drips(start: bytes, drop: bytes) -> Step:
    """Send ``start``, then ``drop`` again and again, fast enough for every timeout between packets."""

    def step(connection: socket.socket) -> None:
        pause = threading.Event()
        connection.sendall(start)
        while True:
            connection.sendall(drop)
            pause.wait(0.02)

    return step


def hangs(connection: socket.socket) -> None:
    connection.recv(1)


def zipped(document: object) -> bytes:
    return gzip.compress(json.dumps(document).encode())


def self_signed(folder: Path, name: str) -> tuple[ssl.SSLContext, Path] | None:
    """Return a server's TLS context and the certificate to trust; ``None`` without openssl."""
    openssl = shutil.which("openssl")
    if openssl is None:
        return None
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", "/CN=test"]
    subprocess.run([*command, "-addext", f"subjectAltName={name}"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context, certificate
