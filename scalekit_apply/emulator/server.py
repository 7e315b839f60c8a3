"""The emulator: an environment behind a socket on loopback."""

from __future__ import annotations

import secrets
import selectors
import socket
import socketserver
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from http.server import ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self, TextIO

from scalekit_apply.emulator.faults import Faults
from scalekit_apply.emulator.handler import Handler
from scalekit_apply.emulator.messages import RecordedRequest
from scalekit_apply.emulator.options import Defaults, EmulatorOptions
from scalekit_apply.emulator.records import Client, Seed
from scalekit_apply.emulator.routes import Routes
from scalekit_apply.emulator.seed import parse_seed, read_seed
from scalekit_apply.emulator.service import Service
from scalekit_apply.emulator.store import Clock, Store
from scalekit_apply.emulator.tokens import Tokens
from scalekit_apply.emulator.wireformat import WireFormat
from scalekit_apply.errors import UsageError

HOST: Final = "127.0.0.1"
_LARGEST_PORT: Final = 65_535
_STOP_SECONDS: Final = 5.0
_CLOSED: Final = -1


class _Listener(ThreadingHTTPServer):
    """Accepts connections, each in a daemon thread of its own, and can be stopped at once."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_port = False
    # The default of 5 makes a burst of new connections wait a second for a lost SYN.
    request_queue_size = 1024
    service: Service

    def __init__(self, port: int) -> None:
        self._lock = threading.Lock()
        self._open: dict[socket.socket, threading.Thread] = {}
        self._wake, self._woken = socket.socketpair()
        try:
            super().__init__((HOST, port), Handler)
        except OSError:
            self._wake.close()
            self._woken.close()
            raise
        self._thread = threading.Thread(target=self._accept, name="emulator", daemon=True)

    def server_bind(self) -> None:
        # The one of HTTPServer asks the resolver for the name of the host, which can take seconds.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, int(self.server_address[1])

    def start(self) -> None:
        self._thread.start()

    def _accept(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while not self.service.stopping.is_set():
                selector.select()
                if self.service.stopping.is_set():
                    return
                try:
                    self.handle_request()
                except ValueError:
                    # A socket that was closed under this thread takes no connections any more; that is all.
                    if self.fileno() != _CLOSED:
                        raise
                    return

    def verify_request(
        self,
        request: socket.socket | tuple[bytes, socket.socket],  # noqa: ARG002
        client_address: object,  # noqa: ARG002
    ) -> bool:
        return not self.service.faults.hit_connection()

    def process_request(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: tuple[str, int]
    ) -> None:
        assert isinstance(request, socket.socket)  # noqa: S101  # the other kind is of datagram servers
        thread = threading.Thread(target=self._work, args=(request, client_address), daemon=True)
        with self._lock:
            self._open[request] = thread
        thread.start()

    def _work(self, request: socket.socket, client_address: tuple[str, int]) -> None:
        try:
            self.process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._open.pop(request, None)

    def handle_error(
        self,
        request: socket.socket | tuple[bytes, socket.socket],  # noqa: ARG002
        client_address: object,  # noqa: ARG002
    ) -> None:
        # Clients come and go; anything else is a defect of the emulator.
        if not isinstance(sys.exception(), OSError):
            self.service.fail(traceback.format_exc())

    def stop(self) -> None:
        self.service.stopping.set()
        self._wake.send(b"x")
        self._thread.join()
        self.server_close()
        self._wake.close()
        self._woken.close()
        with self._lock:
            left = list(self._open.items())
        for connection, _ in left:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        end = time.monotonic() + _STOP_SECONDS
        for _, thread in left:
            thread.join(max(0.0, end - time.monotonic()))


class Emulator:
    """A Scalekit environment on loopback that serves from construction until :meth:`stop`.

    ``seed`` fills an environment that is new; without it the file of the options does, without that it is
    empty. ``log`` gets a line for each request. ``clock`` is seconds since the epoch, for tokens and times.

    ``faults`` and ``store`` can be used while it serves: the one to break things, the other to move the
    environment behind the back of whoever talks to it. ``seeded`` tells whether the environment was new.

    Raises :class:`UsageError` and :class:`ConfigurationError` for options, seeds and databases of no use.
    """

    def __init__(
        self,
        options: EmulatorOptions | None = None,
        *,
        seed: Seed | None = None,
        log: TextIO | None = None,
        clock: Clock = time.time,
    ) -> None:
        options = options or EmulatorOptions()
        self._clock = clock
        self.faults: Final = Faults(options.faults)
        if seed is None:
            seed = (
                read_seed(options.seed, now=clock())
                if options.seed is not None
                else parse_seed({}, now=clock())
            )
        self.store: Final = Store(options.db, clock=clock)
        try:
            self._listener = _listen(options.port)
            self.seeded: Final = self.store.start_from(seed, signing_key=secrets.token_hex(32))
        except BaseException:
            self.store.close()
            raise
        self.url: Final = f"http://{HOST}:{self._listener.server_port}"
        dialect = options.dialect
        wire = WireFormat(url=self.url, defaults=dialect.defaults is Defaults.WRITTEN)
        tokens = Tokens(self.store, ttl=dialect.token_ttl, clock=clock)
        self._service = self._listener.service = Service(
            store=self.store,
            routes=Routes(self.store, tokens, wire, dialect),
            faults=self.faults,
            latency=options.latency / 1000,
            clock=clock,
            log=log,
        )
        self._listener.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop at once: close every connection and let go of the database."""
        self._listener.stop()
        self.store.close()

    @property
    def clients(self) -> tuple[Client, ...]:
        """The API clients of the environment."""
        return self.store.clients()

    @property
    def client_id(self) -> str:
        """The id of the first API client."""
        return self.clients[0].id

    @property
    def client_secret(self) -> str:
        """The secret of the first API client."""
        return self.clients[0].secret

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """What was asked so far, in the order of arrival: never a header, never a body."""
        return self._service.requests()

    @property
    def failures(self) -> tuple[str, ...]:
        """Tracebacks of the emulator's own defects; their requests were answered with 500."""
        return tuple(self._service.failures)

    def clear_requests(self) -> None:
        """Forget the requests so far."""
        self._service.clear_requests()

    def add_organization(self, document: Mapping[str, Any]) -> None:
        """Add an organization with its connections, in the form of the seed."""
        seed = parse_seed({"organizations": [document]}, now=self._clock())
        self.store.add_organizations(seed.organizations)
        self.store.add_connections(seed.connections)

    def add_connection(self, document: Mapping[str, Any], *, organization_id: str = "") -> None:
        """Add a connection, in the form of the seed, to an organization or to the environment itself."""
        seed = parse_seed({"connections": [document]}, now=self._clock())
        self.store.add_connections(replace(one, organization_id=organization_id) for one in seed.connections)


def _listen(port: int) -> _Listener:
    if not 0 <= port <= _LARGEST_PORT:
        raise UsageError(f"The port {port} is not from 0 to {_LARGEST_PORT}.")
    try:
        return _Listener(port)
    except OSError as error:
        raise UsageError(f"The emulator cannot listen on {HOST}:{port}: {error.strerror}.") from error
