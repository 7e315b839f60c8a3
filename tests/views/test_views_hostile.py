"""Text that came from the server, a file or an option cannot forge output, whatever field it stands in."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET

import pytest
from hostile_support import HOSTILE_TEXTS, NASTY, check_annotation, check_for_logs, check_markdown
from hypothesis import example, given
from strategies import hostile_text
from views_support import PLANS, everything_written, planted

from scalekit_apply import views
from scalekit_apply.model import Check
from scalekit_apply.views import Format

_BENIGN = "benign"
_PEOPLE = (Format.TEXT, Format.GITHUB, Format.JUNIT, Format.MARKDOWN)
_texts = pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=ascii)


@pytest.mark.parametrize("format_", Format)
@_texts
def test_no_text_controls_a_terminal_or_commands_a_runner(format_: Format, text: str) -> None:
    for written in everything_written(format_, text):
        check_for_logs(written)
        if format_ is not Format.GITHUB:
            assert not re.search(r"^\s*::", written, re.MULTILINE)


# The name of a check, in place of the name of a problem, does not forge anything: it is the check's.
@given((hostile_text() | NASTY).filter(lambda text: text not in set(Check)))
@example("::error::x")
@example("Plan: 0 to enable, 0 to disable, 0 unchanged.")
def test_text_output_has_no_forged_line(text: str) -> None:
    for written, benign in zip(
        everything_written(Format.TEXT, text), everything_written(Format.TEXT, _BENIGN), strict=True
    ):
        check_for_logs(written)
        lines = [line for line in written.splitlines() if not line.startswith("  | ")]
        assert len(lines) <= len(benign.splitlines())
        for start in ("Plan: ", "No changes.", "Apply ", "Fingerprint: ", "Drift: ", "No drift."):
            assert sum(line.startswith(start) for line in lines) == sum(
                line.startswith(start) for line in benign.splitlines()
            )
        assert not re.search(r"^\s*::", written, re.MULTILINE)


@given(hostile_text() | NASTY)
def test_github_output_has_no_forged_command(text: str) -> None:
    for written, benign in zip(
        everything_written(Format.GITHUB, text), everything_written(Format.GITHUB, _BENIGN), strict=True
    ):
        check_for_logs(written)
        assert len(written.splitlines()) <= len(benign.splitlines())
        for line, expected in zip(written.splitlines(), benign.splitlines(), strict=False):
            if not line.startswith("::"):
                continue
            kind = check_annotation(line)
            assert kind == expected[2 : 2 + len(kind)]


@given(hostile_text() | NASTY)
@example("&")
def test_markdown_keeps_text_of_others_in_its_place(text: str) -> None:
    for written in everything_written(Format.MARKDOWN, text):
        check_markdown(written)


@given(hostile_text() | NASTY, hostile_text() | NASTY)
@example("`", "x")
@example("` `", "!")
@example("(`", "`)")
@example("|", "-->")
def test_markdown_keeps_text_of_others_in_its_place_within_our_own_messages(one: str, other: str) -> None:
    for said in (
        f"It is {one}, not `{other}`: set `checks: {{{one}: off}}` on {other}.",
        f"({one}) `{other}`{one}` `{one}; `{other}`!",
    ):
        for written in everything_written(Format.MARKDOWN, said):
            check_markdown(written)


@_texts
def test_markdown_has_the_same_lines_whatever_the_text(text: str) -> None:
    for written, benign in zip(
        everything_written(Format.MARKDOWN, text), everything_written(Format.MARKDOWN, _BENIGN), strict=True
    ):
        check_markdown(written)
        # Without a reason there is no line for the reason.
        missing = 0 if text else benign.count("#### Skipped") * 4
        assert len(written.splitlines()) == len(benign.splitlines()) - missing


def _shape(element: ET.Element) -> object:
    return (element.tag, sorted(element.attrib), [_shape(child) for child in element])


@given(hostile_text() | NASTY)
def test_junit_output_is_xml_of_the_same_shape_whatever_the_text(text: str) -> None:
    for written, benign in zip(
        everything_written(Format.JUNIT, text), everything_written(Format.JUNIT, _BENIGN), strict=True
    ):
        check_for_logs(written)
        tree = ET.fromstring(written)  # noqa: S314  # written by the view under test
        if _BENIGN not in text and len(tree[0]) == len(ET.fromstring(benign)[0]):  # noqa: S314
            assert _shape(tree) == _shape(ET.fromstring(benign))  # noqa: S314


@pytest.mark.parametrize("format_", [Format.JSON, Format.SARIF, Format.GITLAB])
@given(text=hostile_text() | NASTY)
def test_json_output_is_ascii_and_one_value(format_: Format, text: str) -> None:
    for written in everything_written(format_, text):
        assert written.isascii()
        check_for_logs(written)
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
