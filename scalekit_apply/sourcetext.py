"""The text of a file: bytes → characters that a reviewer can see, and offsets → lines and columns."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from scalekit_apply.diagnostics import Severity

BYTE_LIMIT: Final = 64 * 1024 * 1024
MOST_PROBLEMS: Final = 10_000
_SHOWN: Final = 60
_BOM: Final = b"\xef\xbb\xbf"
_OTHER_ENCODINGS: Final = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}

_CONTROL_BYTES: Final = bytes([*range(9), 11, 12, *range(14, 32), 127])
_HIDDEN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
    "\u2028\u2029"  # line breaks in YAML 1.1, text in YAML 1.2: the two count lines differently
    "\u202a-\u202e\u2066-\u2069"  # change the order of what a reviewer sees
    "\ufeff\ufffe\uffff]"
)
_REORDERING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A problem in one file, before the file has a name. ``line`` and ``column`` count from 1."""

    check: str
    summary: str
    detail: str = ""
    line: int | None = None
    column: int | None = None
    address: str | None = None
    severity: Severity = Severity.ERROR


def quoted(text: str) -> str:
    """Return text in double quotes, on one line, without control characters, cut after 60 characters."""
    cut = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    visible = "".join(char if char.isprintable() and char not in '"\\' else _escaped(char) for char in cut)
    return f'"{visible}"'


def described(value: object) -> str:
    """Return what a value is, for a sentence: ``the string "yes"``, ``the number 5``, ``a list``."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the string {quoted(value)}"
        case dict():
            return "a mapping"
        case _:
            return "a list"


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(char) or f"\\u{ord(char):04x}"


class SourceText:
    """The characters of a file without its byte order mark, and where its lines start."""

    __slots__ = ("_lines", "characters")

    def __init__(self, characters: str) -> None:
        self.characters = characters
        self._lines: array[int] | None = None

    def position(self, offset: int) -> tuple[int, int]:
        """Return line and column, from 1, of a character offset."""
        if self._lines is None:
            lengths = (len(line) + 1 for line in self.characters.split("\n"))
            self._lines = array("L", accumulate(lengths, initial=0))
            self._lines.pop()
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1

    def problem(self, offset: int, check: str, summary: str, detail: str = "") -> Problem:
        """Return a problem at a character offset."""
        line, column = self.position(offset)
        return Problem(check=check, summary=summary, detail=detail, line=line, column=column)


def decode(data: bytes) -> SourceText | Problem:
    """Return the text of a file, or the first reason why it is not one."""
    if len(data) > BYTE_LIMIT:
        return too_large()
    if (other := _OTHER_ENCODINGS.get(data[:2])) is not None:
        return Problem(check="encoding", summary=f"the file is {other}; save it as UTF-8", line=1, column=1)
    data = data.removeprefix(_BOM)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = SourceText(data[: error.start].decode("utf-8"))
        return before.problem(
            error.start if before.characters == "" else len(before.characters),
            "encoding",
            f"the byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8",
        )
    return _hidden_character(data, text) or SourceText(text)


def too_large() -> Problem:
    """The problem of a file beyond the limit; there is no need to read it for this."""
    return Problem(
        check="too-large",
        summary=f"the file is larger than {BYTE_LIMIT // (1024 * 1024)} MiB; split it into several files",
    )


def _hidden_character(data: bytes, text: str) -> Problem | None:
    # Deleting bytes is ten times as fast as searching characters, and nearly every file is clean ASCII.
    if len(data.translate(None, _CONTROL_BYTES)) != len(data) or not text.isascii():
        match = _HIDDEN.search(text)
        if match is not None:
            char = match[0]
            why = (
                "changes the order in which text is shown, so a reviewer cannot see what it says"
                if char in _REORDERING
                else "is a control character"
            )
            return SourceText(text).problem(
                match.start(),
                "control-character",
                f"the character U+{ord(char):04X} {why}; remove it",
                'Between double quotes it can be written as an escape, such as "\\u202e".',
            )
    if data.count(b"\r") != data.count(b"\r\n"):
        lone = re.search(r"\r(?!\n)", text)
        assert lone is not None  # noqa: S101  # the counts differ
        return SourceText(text).problem(
            lone.start(),
            "control-character",
            "a carriage return stands without a line feed; end lines with LF or CRLF",
        )
    return None
