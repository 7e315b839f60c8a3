"""What the process gives to a command: environment, streams, clock; and what went wrong, shown once."""

from __future__ import annotations

import errno
import os
import random
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import StringIO, TextIOWrapper
from typing import TYPE_CHECKING, Final, TextIO, TypedDict

from scalekit_apply import views
from scalekit_apply.cli.options import Talk
from scalekit_apply.cli.outputs import Outputs, discard, write_out
from scalekit_apply.cli.progress import Reading, StatusLine
from scalekit_apply.cli.signals import Signals
from scalekit_apply.diagnostics import Diagnostics
from scalekit_apply.errors import ConfigurationError
from scalekit_apply.views import Format
from scalekit_apply.views.escaping import whole

if TYPE_CHECKING:
    # Only its shape: commands without a network do not pay for an HTTP library.
    from scalekit_apply.api import Exchange


_LAST_STANDARD_DESCRIPTOR: Final = 2


def _utc_now() -> datetime:
    return datetime.now(UTC)


class _Streams(TypedDict):
    stdin: TextIO
    stdout: TextIO
    stderr: TextIO


def _streams() -> _Streams:
    """Return the streams of this process; one that was closed reads as empty, or cannot be written."""
    # While one of the first three descriptors is free, the next socket or file would get it, and with it
    # everything that is said on that stream.
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= _LAST_STANDARD_DESCRIPTOR:
        pass
    os.close(descriptor)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A name that the terminal's encoding does not have is no reason to fail.
            stream.reconfigure(errors="backslashreplace")
    # All three are None when they were closed, whatever their types say.
    stdin: TextIO | None = sys.stdin
    stdout: TextIO | None = sys.stdout
    stderr: TextIO | None = sys.stderr
    return {
        "stdin": StringIO() if stdin is None else stdin,
        "stdout": _Closed() if stdout is None else stdout,
        "stderr": _Closed() if stderr is None else stderr,
    }


class _Closed(StringIO):
    """A stream that takes nothing."""

    def writable(self) -> bool:
        return False

    def write(self, _text: str, /) -> int:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


@dataclass(slots=True, kw_only=True)
class Runtime:
    """The outside world of one run. ``outputs`` is set by a command as soon as it knows where results go.

    ``random`` is uniform in [0, 1) and spreads retries.
    """

    environ: Mapping[str, str] = field(repr=False)
    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    now: Callable[[], datetime] = _utc_now
    random: Callable[[], float] = random.random
    signals: Signals = field(default_factory=Signals)
    outputs: Outputs | None = None
    color: str = "auto"
    quiet: bool = False
    verbosity: int = 0
    reading: Reading | None = None

    @classmethod
    def of_process(cls) -> Runtime:
        """Return the runtime of this process."""
        return cls(environ=os.environ, **_streams())

    def use(self, talk: Talk) -> None:
        """Take over how a command was asked to talk."""
        self.color, self.quiet, self.verbosity = talk.color, talk.quiet, talk.verbose

    def examine(self, talk: Talk, outputs: Outputs) -> Diagnostics:
        """Take over how a command talks and where its results go. Returns what cannot be written."""
        self.use(talk)
        self.outputs = outputs
        return outputs.problems(self.stdout)

    def open(self, talk: Talk, outputs: Outputs) -> None:
        """Do the same, and raise ``ConfigurationError`` if anything cannot be written."""
        if problems := self.examine(talk, outputs):
            raise ConfigurationError(problems)

    def write(self, render: Callable[[Format, bool], str]) -> None:
        """Write a result everywhere it was asked for; see ``Outputs.write``."""
        self._make_room()
        outputs = self.outputs or Outputs()
        outputs.write(render, self.stdout, color=self.colored(self.stdout))

    def write_out(self, text: str) -> None:
        """Write to stdout alone. Raises ``BrokenPipeError`` or ``OutputError``."""
        self._make_room()
        write_out(self.stdout, text)

    def observe(self, exchange: Exchange) -> None:
        """Show one request if asked to, else count it."""
        if not self.verbosity:
            if self.reading:
                self.reading.request()
            return
        status = exchange.failure if exchange.status is None else str(exchange.status)
        trace = f" x-trace-id={exchange.trace_id}" if exchange.trace_id else ""
        line = f"{exchange.method} {exchange.path} {status} {exchange.milliseconds:.0f} ms{trace}"
        self.talk(whole(line) + "\n")

    def status_line(self) -> StatusLine:
        """Return a line on stderr to say where things stand."""
        return StatusLine(self.stderr, clock=time.monotonic, quiet=self.quiet)

    def _make_room(self) -> None:
        if self.reading:
            self.reading.clear()

    def colored(self, stream: TextIO) -> bool:
        """Whether to color what goes to a stream: the option, then the two conventions, then the terminal."""
        if self.color != "auto":
            return self.color == "always"
        if self.environ.get("NO_COLOR"):
            return False
        if self.environ.get("FORCE_COLOR"):
            return True
        return stream.isatty() and self.environ.get("TERM") != "dumb"

    def talk(self, text: str) -> None:
        """Say something beside the result. A closed stderr is no reason to stop."""
        self._make_room()
        try:
            self.stderr.write(text)
            self.stderr.flush()
        except (OSError, ValueError):
            # Nobody is listening; what matters went to stdout, to files and into the exit code.
            discard(self.stderr)

    def talk_diagnostics(self, diagnostics: Diagnostics) -> None:
        """Show problems on stderr."""
        if diagnostics:
            self.talk(views.render_diagnostics(diagnostics, Format.TEXT, color=self.colored(self.stderr)))
