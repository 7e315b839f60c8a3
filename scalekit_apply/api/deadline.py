"""A bound on the whole of a request, where the HTTP library only bounds each wait for a packet."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from math import inf


class Line:
    """The socket under one client: it follows what the client connects, and can cut it."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self.was_cut = False

    def trace(self, event: str, info: Mapping[str, object]) -> None:
        """Take note of a new connection; the signature is that of the ``trace`` extension."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            extra = getattr(info.get("return_value"), "get_extra_info", None)
            found = extra("socket") if extra else None
            self._socket = found if isinstance(found, socket.socket) else None

    def cut(self) -> None:
        """End whatever another thread is waiting for on this line."""
        self.was_cut = True
        if self._socket is not None:
            with suppress(OSError):
                # Not the method of the instance: that of a TLS socket takes its state away from under
                # the thread that is reading.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class Watchdog:
    """Cuts lines that outstay their time. One thread, and only while there is something to watch."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: dict[Line, float] = {}
        self._wakes_at = inf
        self._thread: threading.Thread | None = None

    @contextmanager
    def watch(self, line: Line, seconds: float) -> Generator[None]:
        """Cut ``line`` if the block is not left within ``seconds``."""
        line.was_cut = False
        due = time.monotonic() + seconds
        with self._changed:
            self._due[line] = due
            if self._thread is None:
                self._wakes_at = due
                self._thread = threading.Thread(
                    target=self._run, name="scalekit-apply-deadlines", daemon=True
                )
                self._thread.start()
            elif due < self._wakes_at:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._due.pop(line, None)

    def close(self) -> None:
        """Cut everything at once and end the thread."""
        with self._changed:
            for line in self._due:
                line.cut()
            self._due.clear()
            self._changed.notify()

    def _run(self) -> None:
        with self._changed:
            while self._due:
                now = time.monotonic()
                for line in [line for line, due in self._due.items() if due <= now]:
                    line.cut()
                    del self._due[line]
                # Requests come and go by the thousand: the thread sleeps until the earliest end that it
                # saw, not until the latest change.
                self._wakes_at = min(self._due.values(), default=now)
                self._changed.wait(max(0.0, self._wakes_at - now))
            self._thread = None
