"""Text of others, made harmless for the place where it will stand.

What a view writes is either a literal of this package or the product of a function in here. The type checker
holds that: :func:`weld` and :func:`fuse` take literals, numbers and escaped text, and a bare ``str`` is none
of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, LiteralString, NewType
from urllib.parse import quote

Plain = NewType("Plain", str)
"""Text for a terminal or a log: one line, every character visible, no command of a CI service."""

Markup = NewType("Markup", str)
"""GitHub-flavoured Markdown in which text of others has no structure, stays in its cell and its line."""

NAME_LIMIT: Final = 100
SENTENCE_LIMIT: Final = 600
DETAIL_LIMIT: Final = 1_000
DETAIL_LINES: Final = 20

# Not one of these shows anything, and Unicode still counts them as letters, marks or symbols.
_INVISIBLE: Final = frozenset(
    chr(point)
    for first, last in (
        (0x034F, 0x034F),  # combining grapheme joiner
        (0x115F, 0x1160),  # Hangul fillers
        (0x17B4, 0x17B5),  # Khmer inherent vowels
        (0x180B, 0x180F),  # Mongolian variation selectors
        (0x2800, 0x2800),  # blank Braille pattern
        (0x3164, 0x3164),  # Hangul filler
        (0xFE00, 0xFE0F),  # variation selectors
        (0xFFA0, 0xFFA0),  # halfwidth Hangul filler
        (0xE0100, 0xE01EF),  # more variation selectors
    )
    for point in range(first, last + 1)
)
_SHORT: Final = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
# Longer than an address: text is cut between words, so that no id in it is cut.
_LONGEST_WORD: Final = 80


def weld(*parts: LiteralString | Plain | int) -> Plain:
    """Join what is known to be harmless."""
    return Plain("".join(str(part) for part in parts))


def plain(text: str, limit: int | None = NAME_LIMIT) -> Plain:
    r"""Escape ``text`` for a line of a terminal or a log, at most ``limit`` characters long.

    Controls, bidirectional and zero-width characters, separators other than the space, private,
    unassigned and lone surrogate code points become ``\uXXXX``. ``::`` where a line could begin with it and
    ``##`` anywhere are broken up: logs are scanned for commands that start so.
    """
    if not (text.isascii() and text.isprintable()):
        text = "".join(
            character
            if character.isprintable() and character not in _INVISIBLE
            else _SHORT.get(character) or _escape(character)
            for character in text
        )
    if text.lstrip(" ").startswith("::"):
        text = text.replace(":", _escape(":"), 1)
    return Plain(_cut(text.replace("##", "#" + _escape("#")), limit))


def whole(text: str) -> Plain:
    """Escape an identifier, a path or an address: never cut."""
    return plain(text, None)


def detail_lines(text: str) -> list[str]:
    """The first lines of a text that are not empty; not escaped."""
    return [line for line in text.split("\n") if line.strip()][:DETAIL_LINES]


def spread(text: str) -> list[Plain]:
    """Escape text of several lines, each on its own; empty text has none."""
    return [plain(line, DETAIL_LIMIT) for line in detail_lines(text)]


def _escape(character: str) -> str:
    point = ord(character)
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"  # noqa: PLR2004  # the end of the BMP


def _cut(text: str, limit: int | None) -> str:
    if limit is None or len(text) <= limit:
        return text
    kept = text[: limit - 1]
    space = kept.rfind(" ", len(kept) - _LONGEST_WORD if len(kept) > _LONGEST_WORD else 0)
    return (kept[:space] if space > 0 else _whole_escapes(kept)) + "…"


def _whole_escapes(text: str) -> str:
    """Drop an escape that the cut went through."""
    return re.sub(r"\\(?:u[0-9a-f]{0,3}|U[0-9a-f]{0,7})?$", "", text)


def fuse(*parts: LiteralString | Markup | int) -> Markup:
    """Join what is known to be harmless Markdown."""
    return Markup("".join(str(part) for part in parts))


def code(text: str, limit: int | None = NAME_LIMIT) -> Markup:
    """Escape ``text`` as a code span, the one place where nothing is linked, mentioned or interpreted.

    The characters that end a span or a table cell, and those that could open or close a hidden comment for
    a program that searches the text, become escapes too. Empty text gives no span.
    """
    shown = str(plain(text, limit)).replace("`", _escape("`")).replace("|", _escape("|"))
    shown = shown.replace("<!", _escape("<") + "!").replace("->", "-" + _escape(">"))
    if shown.endswith("\\"):
        shown = shown[:-1] + _escape("\\")
    return Markup(f"`{shown}`") if shown.strip() else Markup("")


# A word without anything that Markdown, or what GitHub and GitLab do to it afterwards, could act upon. A word
# of letters and digits could be a commit or an issue of another tracker, so it is none.
_WORD: Final = re.compile(
    r"[(\"']{0,2}(?:[^\W\d_]+(?:['-][^\W\d_]+)*|\d{1,6})[)\"']{0,2}[.,;:!?]?[)\"']?"
    r"|\d{1,6}%[.,;]?"
    r"|[&\u2013\u2014]"  # alone, between spaces
)
_HASH: Final = re.compile(r"[0-9a-f]{7,}", re.IGNORECASE)


# Messages name keys, values and options between backticks. A backtick amid a word, as text of others may hold
# it, begins and ends nothing.
_PAIR: Final = re.compile(r"(?<!\S)([(\"']{0,2})`([^\s`](?:[^`]*[^\s`])?)`([)\"'.,;:!?]{0,3})(?!\S)")
_STOPS: Final = ".,;:!?"
_ENDS: Final = _STOPS + "()\"' "
_OPENERS: Final = {")": "(", '"': '"', "'": "'"}
_PEELED: Final = 3


def prose(text: str, limit: int | None = SENTENCE_LIMIT) -> Markup:
    """Escape a sentence: ordinary words stand as they are, everything else becomes code spans.

    What stands between a pair of backticks becomes one code span, escaped on its own; a backtick without
    its other half is escaped like any other sign.
    """
    shown = plain(text, limit)
    pieces: list[Markup] = []
    end = 0
    for pair in _PAIR.finditer(shown):
        pieces.extend(_words(shown[end : pair.start()]))
        opening, content, closing = pair.groups()
        pieces.append(Markup(f"{opening}{code(content, None)}{closing}"))
        end = pair.end()
    pieces.extend(_words(shown[end:]))
    return between(" ", pieces)


def _words(text: str) -> list[Markup]:
    pieces: list[Markup] = []
    odd: list[str] = []
    for word in text.split():
        harmless = _WORD.fullmatch(word) and not _HASH.search(word)
        if odd and (harmless or (odd[-1][-1] in _ENDS and not _is_open(" ".join(odd)))):
            pieces.append(_spanned(" ".join(odd)))
            odd.clear()
        if harmless:
            pieces.append(Markup(word))
        else:
            odd.append(word)
    if odd:
        pieces.append(_spanned(" ".join(odd)))
    return pieces


def _spanned(text: str) -> Markup:
    """A code span of ``text``; punctuation around it that belongs to the sentence stays outside."""
    kept, opening, closing = text, "", ""
    while len(closing) < _PEELED and len(kept) > 1:
        last = kept[-1]
        first = _OPENERS.get(last)
        if last in _STOPS or (first and _is_alone(kept, first, last)):
            kept = kept[:-1]
        elif first and kept[0] == first and not _is_alone(kept[1:-1], first, last):
            opening, kept = opening + first, kept[1:-1]
        else:
            break
        closing = last + closing
    if kept and kept[0] in _OPENERS.values() and kept.count(kept[0]) == 1 and ")" not in kept:
        opening, kept = opening + kept[0], kept[1:]
    # Where nothing but punctuation would be left, all of it is odd.
    if not kept.strip(_ENDS):
        return code(text, None)
    return Markup(f"{opening}{code(kept, None)}{closing}")


def _is_open(text: str) -> bool:
    """Whether a list or a mapping goes on behind ``text``."""
    return text.count("[") > text.count("]") or text.count("{") > text.count("}")


def _is_alone(text: str, first: str, last: str) -> bool:
    """Whether something is closed in ``text`` that was opened before it."""
    return text.count(last) % 2 == 1 if first == last else text.count(last) > text.count(first)


def between(separator: LiteralString, parts: Iterable[Markup]) -> Markup:
    """Join Markdown with a literal."""
    return Markup(separator.join(parts))


def label(text: str, limit: int | None = NAME_LIMIT) -> Markup:
    """Escape a name: as it stands if all of it is harmless, else as one code span."""
    shown = plain(text, limit)
    words = shown.split()
    harmless = all(_WORD.fullmatch(word) and not _HASH.search(word) for word in words)
    return Markup(" ".join(words)) if harmless else code(shown, None)


def hidden(text: str, limit: int = NAME_LIMIT * 3) -> Markup:
    """Escape a value in a hidden comment: percent-encoded, so no space and nothing that ends the comment."""
    return Markup(quote(text[:limit], safe=":/.[]", errors="backslashreplace").replace("--", "-%2D"))
