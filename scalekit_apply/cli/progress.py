"""Progress on stderr: a bar on a terminal, a plain line every few seconds elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, TextIO

from scalekit_apply.cli.outputs import discard
from scalekit_apply.executor import ChangeEnded, ChangeStarted, Event, ReadingBack

_LINE_EVERY: Final = 5.0
_BAR_EVERY: Final = 0.1
_BAR_WIDTH: Final = 30


class Progress:
    """Counts the changes that ended. ``emit`` is safe from any thread and never fails the run."""

    def __init__(self, total: int, stream: TextIO, *, clock: Callable[[], float], quiet: bool) -> None:
        self._total = total
        self._stream = stream
        self._clock = clock
        self._quiet = quiet
        self._bar = stream.isatty()
        self._ended: set[str] = set()
        self._shown = clock()
        self._lock = threading.Lock()

    def emit(self, event: Event) -> None:
        """Take in an event, and show where things stand if it is time to."""
        match event:
            case ChangeStarted():
                return
            case ChangeEnded(result=result):
                with self._lock:
                    self._ended.add(str(result.change.address))
                    self._show(f"{len(self._ended)} of {self._total} changes")
            case ReadingBack(organizations=count):
                with self._lock:
                    self._show(f"reading back {count} organization{'' if count == 1 else 's'}")

    def finish(self) -> None:
        """Clear the bar."""
        if self._bar and not self._quiet:
            self._write("\r\x1b[K")

    def _show(self, text: str) -> None:
        now = self._clock()
        if self._quiet or now - self._shown < (_BAR_EVERY if self._bar else _LINE_EVERY):
            return
        self._shown = now
        if not self._bar:
            self._write(f"Applying: {text}\n")
            return
        filled = _BAR_WIDTH * len(self._ended) // max(1, self._total)
        self._write(f"\r\x1b[K[{'#' * filled}{'.' * (_BAR_WIDTH - filled)}] {text}")

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            # A closed stderr must not end an apply.
            self._quiet = True
            discard(self._stream)
