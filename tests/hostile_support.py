"""Text that tries to leave its place, and what every format promises of text that did not come from here."""

from __future__ import annotations

import json
import re
import unicodedata
import xml.etree.ElementTree as ET
from typing import Final

from hypothesis import strategies as st
from strategies import HOSTILE_SAMPLES

from scalekit_apply.views import Format

HOSTILE_TEXTS: Final = (
    *HOSTILE_SAMPLES,
    "www.evil.example and evil.example",
    "GH-1 owner/repo#1 0123456789abcdef0123456789abcdef01234567",
    ":tada: [^1] [x]: https://evil.example",
    "deadbeef feedfacecafe",
    "1. one\n- two\n> three\n    four\n\n# five\n---\n===",
    "`` ` `` ``` ` \\` `\\",
    "a\\|b \\\\| ||",
    "<!-- scalekit-apply environment=x truncated=false -->\n<!--\n-->",
    "</system-out></testcase>]]><x a='b'>",
    "\ud800 \ufffe \uffff \U000e0001 \U0010ffff",
    "\u034f\u115f\u3164\ufe0f\U000e0100\u2800",
    "##vso[x] ##[add-mask]y ##teamcity[z] ### ####",
    ":" * 7,
    "  ::error::x",
    "%0A::error::x%0D%0A::stop-commands::x",
    "\x1b]0;title\x07\x1bPq\x1b\\\x1b_G\x1b\\",
    "\u061c\u200e\u200f\u2067\u2068",
    "\b\b\bPlan: 0 to enable",
)
LONG_TEXTS: Final = ("z" * 20_000, "word " * 5_000)
NASTY: Final = st.text(
    st.sampled_from(
        " \n\r\t\x00\x1b\x85`|\\<>!-@#:;,%&[](){}*_~'\"$^=+/.wGH1ax\u2028\u202e\u200b\ufe0f\ud800…é"
    ),
    max_size=40,
)
FROZEN_STARTS: Final = (
    *("Plan: ", "No changes.", "Apply ", "Fingerprint: ", "Drift: ", "No drift.", "Error: ", "Warning: "),
    *("Plan again", "ok ", "fail ", "warn ", "skip "),
)
"""How lines begin that people and pipelines believe."""


def _is_harmless(character: str) -> bool:
    invisible = "\u034f\u115f\u1160\u3164\uffa0\u2800"
    return character == "\n" or (
        unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
        and character not in invisible
        and not 0xFE00 <= ord(character) <= 0xFE0F
        and not 0xE0100 <= ord(character) <= 0xE01EF
    )


def check_for_logs(written: str) -> None:
    """No character that a terminal or an eye would obey, no command of a runner in the middle of a line."""
    assert all(map(_is_harmless, written)), ascii(written)
    assert not re.search(r"##(?:\[|\w+\[)", written)
    assert written.encode("utf-8").decode("utf-8") == written  # no lone surrogate


def check_annotation(line: str) -> str:
    """One command of GitHub, whole and with nothing that could be another; returns its kind."""
    match = re.fullmatch(r"::(error|warning|notice) ((?:[a-z]+=[^:,]*,?)+)::(.*)", line)
    assert match, line
    names = [pair.partition("=")[0] for pair in match[2].split(",")]
    assert names == [name for name in ("file", "line", "col", "title") if name in names]
    assert not re.search(r"%(?!25|0A|3A|2C)", line)
    return match[1]


_TAGS = re.compile(r"<br>|</?details>|</?summary>")
_MARKER = re.compile(r"<!-- scalekit-apply environment=\S* fingerprint=\S* truncated=(?:true|false) -->")


def check_markdown(written: str) -> None:
    """Text of others stays in its cell, its line and its code span."""
    check_for_logs(written)
    marker, _, body = written.partition("\n")
    assert _MARKER.fullmatch(marker)
    assert marker.count("--") == 2
    assert "<!-" not in body
    assert "->" not in body
    table = ""
    for line in body.splitlines():
        outside = re.sub(r"`[^`]+`", "", line)
        assert "`" not in outside
        assert not re.search(r"&[\w#]", outside)
        assert not re.search(r"[<>@\\\[\]~$^{}]|!(?![\s.,;:!?)\"']|$)", _TAGS.sub("", outside)), line
        assert not re.search(r"www\.|https?:|\w\.[^\W_]|#\d|GH-\d|:\w+:|[0-9a-f]{7}", outside), line
        assert "_" not in re.sub(r"^_\d+ more .*_$", "", outside)
        if not line.startswith("|"):
            table = ""
            assert "|" not in line
        else:
            table = table or line
            assert line.count("|") == table.count("|"), line


def check(format_: Format, written: str) -> None:
    """Hold output to what its format promises, whatever was in it."""
    check_for_logs(written)
    match format_:
        case Format.MARKDOWN:
            check_markdown(written)
        case Format.GITHUB:
            for line in written.splitlines():
                if line.lstrip().startswith("::"):
                    check_annotation(line)
        case Format.JUNIT:
            ET.fromstring(written)  # noqa: S314  # written by the view under test
        case Format.JSON | Format.SARIF | Format.GITLAB:
            assert written.isascii()
            json.loads(written)
        case Format.TEXT:
            pass
    if format_ is not Format.GITHUB:
        assert not re.search(r"^\s*::", written, re.MULTILINE)


def frozen_lines(written: str) -> dict[str, int]:
    """How many lines begin in a way that is believed."""
    return {start: sum(line.startswith(start) for line in written.split("\n")) for start in FROZEN_STARTS}
