"""The text of a file: bytes → characters that a reviewer can see, and offsets → lines and columns."""

from __future__ import annotations

import re
from array import array
from typing import Final

from scalekit_apply.diagnostics import Diagnostic, Location, Severity

BYTE_LIMIT: Final = 64 * 1024 * 1024
MOST_PROBLEMS: Final = 10_000
_NOTE_BITS: Final = 9
_SHOWN: Final = 60
_BOM: Final = b"\xef\xbb\xbf"
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_LONE_RETURN: Final = re.compile(r"\r(?!\n)")

_CONTROL_BYTES: Final = bytes([*range(9), 11, 12, *range(14, 32), 127])
_HIDDEN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
    "\u2028\u2029"  # line breaks in YAML 1.1, text in YAML 1.2: the two count lines differently
    "\u202a-\u202e\u2066-\u2069"  # change the order of what a reviewer sees
    "\ufeff\ufffe\uffff]"
)
_REORDERING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


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
    """The characters of a file without its byte order mark, and where its lines are.

    Places are found from a note for every 512 characters: how many lines have ended before, and where the
    last of them did. A table of all lines would be the larger part of a file of empty ones.
    """

    __slots__ = ("_ended", "_last_end", "characters", "name")

    def __init__(self, name: str, characters: str) -> None:
        self.name = name
        self.characters = characters
        self._ended = array("L")
        self._last_end = array("l")

    def position(self, offset: int) -> tuple[int, int]:
        """Return line and column, from 1, of a character offset."""
        if not self._ended:
            self._take_notes()
        note = offset >> _NOTE_BITS
        start = note << _NOTE_BITS
        end = self.characters.rfind("\n", start, offset)
        if end < 0:
            return self._ended[note] + 1, offset - self._last_end[note]
        return self._ended[note] + self.characters.count("\n", start, offset) + 1, offset - end

    def _take_notes(self) -> None:
        ended, last_end = 0, -1
        for start in range(0, len(self.characters) + 1, 1 << _NOTE_BITS):
            self._ended.append(ended)
            self._last_end.append(last_end)
            ended += self.characters.count("\n", start, start + (1 << _NOTE_BITS))
            last_end = max(last_end, self.characters.rfind("\n", start, start + (1 << _NOTE_BITS)))

    def location(self, offset: int) -> Location:
        """Return the place of a character offset."""
        line, column = self.position(offset)
        return Location(file=self.name, line=line, column=column)

    def problem(self, offset: int, check: str, summary: str, detail: str = "") -> Diagnostic:
        """Return an error at a character offset."""
        return _error(check, summary, detail, self.location(offset))


def decode(name: str, data: bytes) -> SourceText | Diagnostic:
    """Return the text of a file, or the first reason why it is not one."""
    if len(data) > BYTE_LIMIT:
        summary = f"the file is larger than {BYTE_LIMIT // (1024 * 1024)} MiB; split it into several files"
        return _error("too-large", summary, "", Location(file=name))
    if data.startswith(_UTF16_MARKS):
        return SourceText(name, "").problem(0, "encoding", "the file is UTF-16; save it as UTF-8")
    data = data.removeprefix(_BOM)
    try:
        text = SourceText(name, data.decode("utf-8"))
    except UnicodeDecodeError as error:
        before = SourceText(name, data[: error.start].decode("utf-8"))
        summary = f"the byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8"
        return before.problem(len(before.characters), "encoding", summary)
    return _hidden_character(data, text) or text


def _error(check: str, summary: str, detail: str, location: Location) -> Diagnostic:
    return Diagnostic(severity=Severity.ERROR, check=check, summary=summary, detail=detail, location=location)


def _hidden_character(data: bytes, text: SourceText) -> Diagnostic | None:
    characters = text.characters
    # Deleting bytes is ten times as fast as searching characters, and nearly every file is clean ASCII.
    if len(data.translate(None, _CONTROL_BYTES)) != len(data) or not characters.isascii():
        match = _HIDDEN.search(characters)
        if match is not None:
            char = match[0]
            why = (
                "changes the order in which text is shown, so a reviewer cannot see what it says"
                if char in _REORDERING
                else "is not visible"
            )
            return text.problem(
                match.start(),
                "control-character",
                f"the character U+{ord(char):04X} {why}; remove it",
                f'Where it is meant, write it as "\\u{ord(char):04x}" between double quotes.',
            )
    lone = _LONE_RETURN.search(characters) if data.count(b"\r") != data.count(b"\r\n") else None
    if lone is not None:
        summary = "a carriage return stands without a line feed; end lines with LF or CRLF"
        return text.problem(lone.start(), "control-character", summary)
    return None
