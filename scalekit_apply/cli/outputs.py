"""Where results go: one format to stdout, any number to files, all of the same run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from scalekit_apply import planfile
from scalekit_apply.diagnostics import Diagnostics
from scalekit_apply.errors import OutputError, UsageError
from scalekit_apply.views import Format


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFile:
    """A file to write in a format."""

    format: Format
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """``format`` goes to stdout, ``files`` are written atomically, before stdout; ``plan`` is ``--out``."""

    format: Format = Format.TEXT
    files: tuple[OutputFile, ...] = ()
    plan: Path | None = None

    @classmethod
    def parse(
        cls,
        stdout_format: str,
        files: Iterable[str],
        allowed: tuple[Format, ...],
        *,
        plan: Path | None = None,
    ) -> Outputs:
        """Take in the options. Raises ``UsageError``."""
        parsed = tuple(parse_output(text, allowed) for text in files)
        paths = [file.path for file in parsed] + ([plan] if plan else [])
        for path in paths:
            if paths.count(path) > 1:
                raise UsageError(
                    f"{path} is to be written twice.", hint="Give each output a file of its own."
                )
        return cls(format=Format(stdout_format), files=parsed, plan=plan)

    def problems(self, stdout: TextIO) -> Diagnostics:
        """Return everything that could not be written, before anything is sent."""
        found = Diagnostics()
        if not stdout.writable():
            closed = OutputError(
                "stdout cannot be written: it is closed.", hint="To drop it, use >/dev/null."
            )
            found += closed.diagnostics
        for path in (*(file.path for file in self.files), *([self.plan] if self.plan else [])):
            try:
                planfile.require_writable(path)
            except OutputError as error:
                found += error.diagnostics
        return found

    def write(self, render: Callable[[Format, bool], str], stdout: TextIO, *, color: bool) -> None:
        """Render and write everywhere. ``render`` takes the format and whether to color.

        Every target is tried, whatever became of the others. Raises ``OutputError`` naming every file that
        failed, and ``BrokenPipeError`` when stdout is closed.
        """
        failed: list[OutputError] = []
        for file in self.files:
            try:
                planfile.write_atomic(file.path, render(file.format, False).encode("utf-8"))
            except OutputError as error:
                failed.append(error)
        write_out(stdout, render(self.format, color))
        if failed:
            raise OutputError(" ".join(error.message for error in failed), hint=failed[0].hint)


def write_out(stdout: TextIO, text: str) -> None:
    """Write to stdout and make sure that it left. Raises ``BrokenPipeError`` or ``OutputError``."""
    try:
        stdout.write(text)
        stdout.flush()
    except BrokenPipeError:
        discard(stdout)
        raise
    except OSError as error:
        discard(stdout)
        raise OutputError(f"stdout cannot be written: {error.strerror}.", hint="Is the disk full?") from None


def discard(stream: TextIO) -> None:
    """Let what a stream could not write go nowhere.

    Python flushes the streams of the process once more at its end; what fails there is shown as a traceback
    and takes the exit code away.
    """
    with suppress(OSError, ValueError):  # not a stream of the system, or closed: nothing is flushed
        null = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(null, stream.fileno())
        finally:
            os.close(null)


def parse_output(text: str, allowed: tuple[Format, ...]) -> OutputFile:
    """Parse ``FORMAT=PATH``. Raises ``UsageError``."""
    name, equals, path = text.partition("=")
    names = ", ".join(item.value for item in allowed)
    if not equals or not path:
        raise UsageError(
            f"--output {text} does not name a format and a file.",
            hint=f"Write FORMAT=PATH; formats: {names}.",
        )
    if name not in {item.value for item in allowed}:
        raise UsageError(f"--output {text}: there is no format {name} here.", hint=f"Formats: {names}.")
    return OutputFile(format=Format(name), path=Path(path))
