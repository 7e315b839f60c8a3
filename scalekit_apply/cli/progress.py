"""Progress on stderr: a line that is rewritten on a terminal, a plain line every few seconds elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, TextIO

from scalekit_apply.cli.outputs import discard
from scalekit_apply.executor import ChangeEnded, ChangeStarted, Event, ReadingBack

_LINE_EVERY: Final = 5.0
_REWRITE_EVERY: Final = 0.1
_BAR_WIDTH: Final = 30


class StatusLine:
    """Where things stand, as often as it is bearable. Never fails the run; callers take care of threads."""

    def __init__(self, stream: TextIO, *, clock: Callable[[], float], quiet: bool) -> None:
        self._stream = stream
        self._clock = clock
        self._quiet = quiet
        self._terminal = stream.isatty()
        self._shown_at = clock()
        self._visible = False

    def show(self, plain: str, rewritten: str) -> None:
        """Show ``rewritten`` on a terminal and ``plain`` elsewhere, if it is time to."""
        now = self._clock()
        if self._quiet or now - self._shown_at < (_REWRITE_EVERY if self._terminal else _LINE_EVERY):
            return
        self._shown_at = now
        self._visible = self._terminal
        self._write(f"\r\x1b[K{rewritten}" if self._terminal else f"{plain}\n")

    def clear(self) -> None:
        """Take the line off a terminal."""
        if self._visible:
            self._visible = False
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            # A closed stderr must not end an apply.
            self._quiet = True
            discard(self._stream)


class Reading:
    """Counts requests while the environment is being read. Safe from any thread."""

    def __init__(self, line: StatusLine) -> None:
        self._line = line
        self._requests = 0
        self._ended = False
        self._lock = threading.Lock()

    def request(self) -> None:
        """Count one more."""
        with self._lock:
            self._requests += 1
            if not self._ended:
                text = f"{self._requests} request{'' if self._requests == 1 else 's'} so far"
                self._line.show(f"Reading: {text}", f"Reading: {text}")

    def clear(self) -> None:
        """Make room for something else; the next request may show the line again."""
        with self._lock:
            self._line.clear()

    def end(self) -> None:
        """Show no more of it."""
        with self._lock:
            self._ended = True
            self._line.clear()


class Progress:
    """Counts the changes that ended. ``emit`` is safe from any thread."""

    def __init__(self, total: int, line: StatusLine) -> None:
        self._total = total
        self._line = line
        self._ended: set[str] = set()
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
        """Show no more of it."""
        with self._lock:
            self._line.clear()

    def _show(self, text: str) -> None:
        filled = _BAR_WIDTH * len(self._ended) // max(1, self._total)
        self._line.show(f"Applying: {text}", f"[{'#' * filled}{'.' * (_BAR_WIDTH - filled)}] {text}")
