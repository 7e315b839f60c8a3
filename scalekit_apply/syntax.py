"""What the YAML parsers complain about, in sentences that say what to do."""

from __future__ import annotations

from typing import Final

from scalekit_apply.diagnostics import Diagnostic
from scalekit_apply.sourcetext import SourceText, quoted

HALF_CHARACTER: Final = "an escape that is not a character; write the character itself"
_INDENTATION: Final = (
    "this does not continue what stands above; check the indentation, and quotes or brackets left open"
)
# The two parsers word the same finding differently; each row holds what either says.
_SENTENCES: Final[tuple[tuple[tuple[str, ...], str], ...]] = (
    (
        ("mapping values are not allowed",),
        'a second ": " on this line; put the value in quotes, or check the indentation',
    ),
    (
        ("expected ',' or ']'", "expected ',' or '}'"),
        "expected a comma or the closing bracket here; check brackets and quotes",
    ),
    (
        ("expected key", "expected '-' indicator", "expected <block end>"),
        _INDENTATION,
    ),
    (
        ("expected <document start>", "expected '<document start>'"),
        "the document has ended before this; check the indentation, or remove what follows",
    ),
    (("could not find expected ':'",), "a key without a colon; write key: value"),
    (("found undefined alias", "found undefined tag handle"), "tags are not supported; remove this one"),
    (
        ("found unknown escape character",),
        "an unknown escape in double quotes; use single quotes, or two backslashes for one",
    ),
    (
        ("expected node content", "expected the node content"),
        "a value is missing here; check quotes and brackets above",
    ),
    (("Unicode character escape code",), HALF_CHARACTER),
    (("block sequence entries are not allowed",), 'a list cannot start here; put "- " on a line of its own'),
)


def syntax_problem(text: SourceText, place: int, start: int | None, problem: str, context: str) -> Diagnostic:
    """Return the problem for an error of a parser, at ``place``, met inside what began at ``start``."""
    place = min(place, len(text.characters))
    if "while scanning a quoted scalar" in context and "unexpected end" in problem and start is not None:
        return text.problem(start, "yaml-syntax", "this quote is never closed; add the closing quote")
    if "found a tab character" in problem or "cannot start any token" in problem:
        char = text.characters[place : place + 1]
        sentence = (
            "a tab cannot indent; use spaces"
            if char == "\t"
            else f"a plain value cannot start with {quoted(char)}; put the value in quotes"
        )
        return text.problem(place, "yaml-syntax", sentence)
    if "unknown escape" in problem and text.characters[place : place + 1] != "\\":
        place -= 1  # one parser points at the backslash, the other behind it
    if "Unicode character escape code" in problem and start is not None:
        place = start  # the other parser lets it pass, and then only the text as a whole has a place
    for phrases, sentence in _SENTENCES:
        if any(phrase in problem for phrase in phrases):
            return text.problem(place, "yaml-syntax", sentence)
    said = " ".join(f"{context}, {problem}".strip(", ").split())
    return text.problem(place, "yaml-syntax", "this is not valid YAML", f"The parser says: {said}.")
