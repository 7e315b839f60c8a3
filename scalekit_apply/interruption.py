"""A request to stop, shared by the signal handler and everything that waits."""

from __future__ import annotations

import threading


class Interruption:
    """Whether the run was asked to stop, and how. Safe to use from any thread and from a signal handler."""

    def __init__(self) -> None:
        self._requested = threading.Event()
        self._requests = 0
        self._terminated = False

    def request(self, *, terminated: bool) -> int:
        """Ask to stop. The first request decides whether it was SIGTERM. Returns how many there were."""
        self._requests += 1
        if self._requests == 1:
            self._terminated = terminated
        self._requested.set()
        return self._requests

    @property
    def requested(self) -> bool:
        """Whether no new work may be started."""
        return self._requested.is_set()

    @property
    def urgent(self) -> bool:
        """Whether it was asked for again: wait for nothing."""
        return self._requests > 1

    @property
    def terminated(self) -> bool:
        """Whether the first request was SIGTERM."""
        return self._terminated

    def wait(self, seconds: float) -> bool:
        """Sleep, but not past a request. Returns whether the run is being stopped."""
        return self._requested.wait(seconds)
