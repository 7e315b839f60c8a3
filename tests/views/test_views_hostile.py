"""Text that came from the server, a file or an option cannot forge output, whatever field it stands in."""

from __future__ import annotations

import json
import re
import unicodedata
import xml.etree.ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import HOSTILE_SAMPLES, hostile_text
from views_support import PLANS, everything_written, planted

from scalekit_apply import views
from scalekit_apply.views import Format

_BENIGN = "benign"
_PEOPLE = (Format.TEXT, Format.GITHUB, Format.JUNIT, Format.MARKDOWN)
_NASTY = st.text(
    st.sampled_from(
        " \n\r\t\x00\x1b\x85`|\\<>!-@#:;,%&[](){}*_~'\"$^=+/.wGH1ax\u2028\u202e\u200b\ufe0f\ud800…é"
    ),
    max_size=40,
)
_MORE = (
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
)
_texts = pytest.mark.parametrize("text", [*HOSTILE_SAMPLES, *_MORE], ids=ascii)


def _is_harmless(character: str) -> bool:
    invisible = "\u034f\u115f\u1160\u3164\uffa0\u2800"
    return character == "\n" or (
        unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
        and character not in invisible
        and not 0xFE00 <= ord(character) <= 0xFE0F
        and not 0xE0100 <= ord(character) <= 0xE01EF
    )


def _check_for_logs(written: str) -> None:
    assert all(map(_is_harmless, written)), ascii(written)
    assert not re.search(r"##(?:\[|\w+\[)", written)
    assert written.encode("utf-8")


@pytest.mark.parametrize("format_", Format)
@_texts
def test_no_text_controls_a_terminal_or_commands_a_runner(format_: Format, text: str) -> None:
    for written in everything_written(format_, text):
        _check_for_logs(written)
        if format_ is not Format.GITHUB:
            assert not re.search(r"^\s*::", written, re.MULTILINE)


@given(hostile_text() | _NASTY)
@example("::error::x")
def test_text_output_has_no_forged_line(text: str) -> None:
    for written, benign in zip(
        everything_written(Format.TEXT, text), everything_written(Format.TEXT, _BENIGN), strict=True
    ):
        _check_for_logs(written)
        lines = [line for line in written.splitlines() if not line.startswith("  | ")]
        assert len(lines) <= len(benign.splitlines())
        for start in ("Plan: ", "No changes.", "Apply ", "Fingerprint: ", "Drift: ", "No drift."):
            assert sum(line.startswith(start) for line in lines) == sum(
                line.startswith(start) for line in benign.splitlines()
            )
        assert not re.search(r"^\s*::", written, re.MULTILINE)


@given(hostile_text() | _NASTY)
def test_github_output_has_no_forged_command(text: str) -> None:
    for written, benign in zip(
        everything_written(Format.GITHUB, text), everything_written(Format.GITHUB, _BENIGN), strict=True
    ):
        _check_for_logs(written)
        assert len(written.splitlines()) <= len(benign.splitlines())
        for line, expected in zip(written.splitlines(), benign.splitlines(), strict=False):
            if not line.startswith("::"):
                continue
            match = re.fullmatch(r"::(error|warning|notice) ((?:[a-z]+=[^:,]*,?)+)::(.*)", line)
            assert match, line
            names = [pair.partition("=")[0] for pair in match[2].split(",")]
            assert names == [name for name in ("file", "line", "col", "title") if name in names]
            assert match[1] == expected[2 : 2 + len(match[1])]
            assert not re.search(r"%(?!25|0A|3A|2C)", line)


_TAGS = re.compile(r"<br>|</?details>|</?summary>")
_MARKER = re.compile(r"<!-- scalekit-apply environment=\S* fingerprint=\S* truncated=(?:true|false) -->")


def _check_markdown(written: str) -> None:
    _check_for_logs(written)
    marker, _, body = written.partition("\n")
    assert _MARKER.fullmatch(marker)
    assert marker.count("--") == 2
    assert "<!-" not in body
    assert "->" not in body
    table = ""
    for line in body.splitlines():
        outside = re.sub(r"`[^`]+`", "", line)
        assert "`" not in outside
        assert not re.search(r"&(?! )", outside)
        assert not re.search(r"[<>@\\\[\]~$^{}!]", _TAGS.sub("", outside)), line
        assert not re.search(r"www\.|https?:|\w\.\w|#\d|GH-\d|:\w+:|[0-9a-f]{7}", outside), line
        assert "_" not in re.sub(r"^_\d+ more .*_$", "", outside)
        if not line.startswith("|"):
            table = ""
            assert "|" not in line
        else:
            table = table or line
            assert line.count("|") == table.count("|"), line


@given(hostile_text() | _NASTY)
def test_markdown_keeps_text_of_others_in_its_place(text: str) -> None:
    for written in everything_written(Format.MARKDOWN, text):
        _check_markdown(written)


@_texts
def test_markdown_has_the_same_lines_whatever_the_text(text: str) -> None:
    for written, benign in zip(
        everything_written(Format.MARKDOWN, text), everything_written(Format.MARKDOWN, _BENIGN), strict=True
    ):
        _check_markdown(written)
        assert len(written.splitlines()) == len(benign.splitlines())


def _shape(element: ET.Element) -> object:
    return (element.tag, sorted(element.attrib), [_shape(child) for child in element])


@given(hostile_text() | _NASTY)
def test_junit_output_is_xml_of_the_same_shape_whatever_the_text(text: str) -> None:
    for written, benign in zip(
        everything_written(Format.JUNIT, text), everything_written(Format.JUNIT, _BENIGN), strict=True
    ):
        _check_for_logs(written)
        tree = ET.fromstring(written)  # noqa: S314  # written by the view under test
        if _BENIGN not in text and len(tree[0]) == len(ET.fromstring(benign)[0]):  # noqa: S314
            assert _shape(tree) == _shape(ET.fromstring(benign))  # noqa: S314


@pytest.mark.parametrize("format_", [Format.JSON, Format.SARIF, Format.GITLAB])
@given(text=hostile_text() | _NASTY)
def test_json_output_is_ascii_and_one_value(format_: Format, text: str) -> None:
    for written in everything_written(format_, text):
        assert written.isascii()
        _check_for_logs(written)
        json.loads(written)


@pytest.mark.parametrize("format_", _PEOPLE)
def test_identifiers_are_never_cut(format_: Format) -> None:
    longest = "conn_" + "x" * 27
    for written, benign in zip(
        everything_written(format_, longest), everything_written(format_, _BENIGN), strict=True
    ):
        assert written.count(longest) >= benign.count(_BENIGN) > 0 or _BENIGN not in benign
        assert "…" not in written


@pytest.mark.parametrize("format_", [Format.TEXT, Format.GITHUB, Format.JUNIT])
def test_long_text_is_cut_and_says_so(format_: Format) -> None:
    long = planted(PLANS["blocked"].diagnostics, "word " * 2_000)
    written = views.render_diagnostics(long, format_)
    assert "…" in written
