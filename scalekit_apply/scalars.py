"""Plain scalars by the core schema of YAML 1.2."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

Scalar = None | bool | int | float | str

# Python refuses to write integers of thousands of digits, and no setting needs twenty.
_LONGEST_NUMBER: Final = 100
_WORDS: Final[dict[str, bool | None]] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
# What cannot start anything but text is not looked at twice.
_STARTS: Final = frozenset("~nNtTfF.+-0123456789")


class LongNumberError(ValueError):
    """A number with more digits than any setting can need."""


def resolve(text: str) -> Scalar:
    """Return the value of a plain scalar. ``yes``, ``on``, ``1_000`` and dates are text.

    Raises ``LongNumberError`` for a number of more than a hundred characters.
    """
    if text and text[0] not in _STARTS:
        return text
    if text in _WORDS:
        return _WORDS[text]
    for pattern, convert in _NUMBERS:
        if pattern.fullmatch(text):
            if len(text) > _LONGEST_NUMBER:
                raise LongNumberError
            return convert(text)
    return text


def _special(text: str) -> float:
    return float(text.replace(".", ""))


def _prefixed(text: str) -> int:
    return int(text, 0)


_NUMBERS: Final[tuple[tuple[re.Pattern[str], Callable[[str], int | float]], ...]] = (
    (re.compile(r"[-+]?[0-9]+"), int),
    (re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+"), _prefixed),
    (re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"), float),
    (re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"), _special),
)
