"""YAML with places: the language, the places, the limits, and two parsers that agree."""

from __future__ import annotations

import math

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from scalekit_apply import yamlsource
from scalekit_apply.diagnostics import Diagnostic
from scalekit_apply.nodes import Document, ListNode, MappingNode, Node
from scalekit_apply.scalars import LongNumberError, resolve
from scalekit_apply.sourcetext import BYTE_LIMIT, SourceText, decode, described, quoted
from scalekit_apply.yamlsource import has_libyaml, parse

BOTH = pytest.mark.parametrize("accelerated", [True, False], ids=["libyaml", "python"])


def read(text: str, *, accelerated: bool = True) -> Document:
    document, problems = parse(SourceText("f", text), accelerated=accelerated)
    assert problems == []
    assert document is not None
    return document


def refusal(text: str, *, accelerated: bool = True) -> Diagnostic:
    document, problems = parse(SourceText("f", text), accelerated=accelerated)
    assert document is None
    return problems[-1]


def plain(node: Node) -> object:
    match node:
        case MappingNode():
            return {key: plain(value) for key, value in node.items()}
        case ListNode():
            return [plain(value) for value in node]
        case _:
            return node


def places(document: Document, node: Node) -> list[object]:
    match node:
        case MappingNode():
            return [
                (document.key_place(node, index), document.value_place(node, index), places(document, value))
                for index, value in enumerate(node.values())
            ]
        case ListNode():
            return [
                (document.value_place(node, index), places(document, value))
                for index, value in enumerate(node)
            ]
        case _:
            return []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None), ("~", None), ("null", None), ("NULL", None), ("nUll", "nUll"),
        ("true", True), ("True", True), ("FALSE", False), ("tRUE", "tRUE"),
        ("yes", "yes"), ("on", "on"), ("NO", "NO"), ("off", "off"), ("y", "y"),
        ("0", 0), ("-7", -7), ("+7", 7), ("010", 10), ("0o17", 15), ("0x1F", 31), ("0o8", "0o8"),
        ("0b1", "0b1"), ("1_000", "1_000"), ("12:30", "12:30"), ("190:20:30", "190:20:30"),
        ("1.5", 1.5), (".5", 0.5), ("1.", 1.0), ("1e3", 1000.0), ("-1E-2", -0.01), ("1e", "1e"),
        (".inf", math.inf), ("-.INF", -math.inf), ("inf", "inf"), ("nan", "nan"),
        ("2024-01-31", "2024-01-31"), ("=", "="), ("<<", "<<"), ("-", "-"), ("٣", "٣"),
    ],
)  # fmt: skip
def test_plain_scalars_follow_the_core_schema(text: str, value: object) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


def test_not_a_number_is_a_number() -> None:
    value = resolve(".nan")
    assert isinstance(value, float)
    assert math.isnan(value)


def test_a_number_of_endless_digits_is_refused() -> None:
    with pytest.raises(LongNumberError):
        resolve("9" * 5000)


@BOTH
def test_every_node_knows_its_line_and_column(accelerated: bool) -> None:
    text = "a: 1\nb:\n  - x\n  - {c: é, d: [y]}\n'e': *q\n".replace("*q", '"z"')
    document = read(text, accelerated=accelerated)
    root = document.root
    assert isinstance(root, MappingNode)
    assert plain(root) == {"a": 1, "b": ["x", {"c": "é", "d": ["y"]}], "e": "z"}
    where = {
        path: document.text.position(document.place_at(root, document.root_place, path))
        for path in [(), ("a",), ("b",), ("b", 0), ("b", 1, "d", 0), ("e",)]
    }
    assert where == {
        (): (1, 1),
        ("a",): (1, 4),
        ("b",): (3, 3),
        ("b", 0): (3, 5),
        ("b", 1, "d", 0): (4, 16),
        ("e",): (5, 6),
    }
    assert document.text.position(document.key_place_of(root, "e")) == (5, 1)


@BOTH
def test_columns_count_characters_and_not_bytes(accelerated: bool) -> None:
    document = read("é: {😀: 1}", accelerated=accelerated)
    assert isinstance(document.root, MappingNode)
    assert document.place_at(document.root, 0, ("é", "😀")) == 7


_SCALARS = (
    st.none() | st.booleans() | st.integers(-999, 99999) | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=8)
    | st.sampled_from(["yes", "<<", "a: b", "# x", "- ", "", " x ", "a\nb\n", "1_0", "é", "😀", "'", '"'])
)  # fmt: skip
_KEYS = st.text(st.characters(codec="ascii", min_codepoint=32), max_size=6).filter(lambda key: key != "<<")
_TREES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=15,
)


@settings(deadline=None)
@given(st.dictionaries(_KEYS, _TREES, max_size=4), st.booleans(), st.sampled_from([None, True, False]))
def test_both_parsers_give_the_same_values_and_places(
    value: object, unicode: bool, flow: bool | None
) -> None:
    text = yaml.safe_dump(value, allow_unicode=unicode, default_flow_style=flow, width=30)
    first, second = (parse(SourceText("f", text), accelerated=each) for each in (True, False))
    if first[0] is None or second[0] is None:
        assert first[0] is second[0]
        return
    assert first[1] == second[1]
    assert plain(first[0].root) == plain(second[0].root)
    assert places(first[0], first[0].root) == places(second[0], second[0].root)


@settings(deadline=None)
@given(st.text("ab:-[]{}&*!|>'\"%#?, \n\t<", max_size=30))
def test_arbitrary_punctuation_never_raises_from_either_parser(text: str) -> None:
    for accelerated in (True, False):
        document, problems = parse(SourceText("f", text), accelerated=accelerated)
        assert document is not None or problems


@BOTH
@pytest.mark.parametrize(
    ("text", "check", "line", "column"),
    [
        ("a: [1, 2", "yaml-syntax", 1, 9),
        ("a: b\n\tc: d", "yaml-syntax", 2, 1),
        ("a: 'b", "yaml-syntax", 1, 4),
        ("a: @b", "yaml-syntax", 1, 4),
        ("a: b: c", "yaml-syntax", 1, 5),
        ('a: "\\q"', "yaml-syntax", 1, 5),
        ("a: 1\n---\nb: 1", "yaml-documents", 2, 1),
        ("a: *b", "yaml-alias", 1, 4),
        ("a: &b [*b]", "yaml-alias", 1, 8),
        ("%TAG ! x\n---\na: 1", "yaml-tag", 1, 1),
    ],
)  # fmt: skip
def test_what_is_refused_is_refused_alike_by_both_parsers(
    text: str, check: str, line: int, column: int, accelerated: bool
) -> None:
    problem = refusal(text, accelerated=accelerated)
    assert problem.location is not None
    assert (problem.check, problem.location.line, problem.location.column) == (check, line, column)
    assert problem.summary == refusal(text).summary


@pytest.mark.parametrize(
    "text", ['a: "\\ud800"', 'a: "\\U00110000"', 'a: "\\UFFFFFFFF"', "%YAML 1." + "9" * 5000]
)
def test_escapes_and_versions_beyond_all_ranges_are_problems(text: str) -> None:
    for accelerated in (True, False):
        assert refusal(text, accelerated=accelerated).check == "yaml-syntax"


@BOTH
def test_tags_merge_keys_and_odd_keys_are_reported_and_the_rest_is_read(accelerated: bool) -> None:
    text = "a: !!str 1\nb: !x {c: 1}\n<<: {d: 1}\n1: x\n? [e]\n: y\n'<<': z\na: 2\n"
    document, problems = parse(SourceText("f", text), accelerated=accelerated)
    assert document is not None
    assert plain(document.root) == {"a": 1, "b": {"c": 1}, "<<": "z"}
    found = [(item.check, item.location.line) for item in problems if item.location is not None]
    assert found == [
        ("yaml-tag", 1), ("yaml-tag", 2), ("merge-key", 3), ("invalid-key", 4), ("invalid-key", 5),
        ("duplicate-key", 8),
    ]  # fmt: skip


def test_a_duplicate_key_names_both_places() -> None:
    _, problems = parse(SourceText("f", "a: 1\nb: 2\na: 3\n"))
    assert str(problems[0].location) == "f:3:1"
    assert "f:1:1" in problems[0].summary


def test_every_duplicate_names_the_first_place_of_its_key() -> None:
    _, problems = parse(SourceText("f", "a: 1\na: 2\nb: 3\nb: 4\na: 5\n"))
    assert [item.summary[-5:] for item in problems] == ["f:1:1", "f:3:1", "f:1:1"]


def test_aliases_repeat_values_and_keep_the_place_of_the_anchor() -> None:
    document = read("a: &x {b: 1}\nc: *x\nd: &y 5\ne: *y\n")
    assert plain(document.root) == {"a": {"b": 1}, "c": {"b": 1}, "d": 5, "e": 5}
    assert document.text.position(document.place_at(document.root, 0, ("c", "b"))) == (1, 11)


def test_aliases_may_repeat_a_million_values_and_not_one_more() -> None:
    lines = ["a: &a [" + "1, " * 998 + "1]", "b: [" + "*a, " * 999 + "*a]"]
    assert isinstance(read("\n".join(lines)).root, MappingNode)
    assert refusal("\n".join([*lines, "c: *a"])).check == "too-large"


@BOTH
@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "- - ", "- ? "])
def test_a_hundred_thousand_levels_are_refused_at_the_fifty_first(opening: str, accelerated: bool) -> None:
    assert refusal(opening * 100_000, accelerated=accelerated).check == "too-deep"


def test_fifty_levels_are_accepted() -> None:
    assert isinstance(read("[" * 50 + "]" * 50).root, ListNode)
    assert refusal("[" * 51 + "]" * 51).check == "too-deep"


def test_aliases_cannot_nest_deeper_than_written_values() -> None:
    text = "a0: &a0 [x]\n" + "".join(f"a{n + 1}: &a{n + 1} [*a{n}]\n" for n in range(48))
    assert isinstance(read(text).root, MappingNode)
    assert refusal(text + "b: [*a48]\n").check == "too-deep"


def test_more_values_than_any_configuration_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yamlsource, "MAX_EVENTS", 100)
    assert refusal("[" + "1," * 200 + "]").check == "too-large"


def test_problems_beyond_ten_thousand_end_the_reading() -> None:
    _, problems = parse(SourceText("f", "a: 1\n" * 10_005))
    assert len(problems) == 10_001
    assert problems[-1].check == "too-many-problems"


def test_without_libyaml_the_other_parser_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    monkeypatch.delattr(yaml, "CSafeLoader")
    assert not has_libyaml()
    assert plain(read("a: 1").root) == {"a": 1}


def test_a_place_shows_what_is_written_there() -> None:
    document = read("a: 0x1F # c\n")
    assert document.written(3) == "0x1F"


@pytest.mark.parametrize(
    ("data", "check", "place"),
    [
        (b"a: \xff", "encoding", "f:1:4"),
        (b"\xc3\xa9\n\xc3\xa9: \xe9", "encoding", "f:2:4"),
        (b"\xff\xfea\x00", "encoding", "f:1:1"),
        (b"\xfe\xff\x00a", "encoding", "f:1:1"),
        (b"a: \x00", "control-character", "f:1:4"),
        (b"a:\n\x7f", "control-character", "f:2:1"),
        ("a: \x9b".encode(), "control-character", "f:1:4"),
        ("a: \u2066".encode(), "control-character", "f:1:4"),
        ("a: \ufeff".encode(), "control-character", "f:1:4"),
        (b"a: 1\r", "control-character", "f:1:5"),
        (b"a: 1\r\nb: 1\rc: 1\r\n", "control-character", "f:2:5"),
        (b" " * (BYTE_LIMIT + 1), "too-large", "f"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_plain_text_is_refused_at_its_place(data: bytes, check: str, place: str) -> None:
    problem = decode("f", data)
    assert isinstance(problem, Diagnostic)
    assert (problem.check, str(problem.location)) == (check, place)


def test_a_byte_order_mark_does_not_move_columns() -> None:
    text = decode("f", b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert isinstance(text, SourceText)
    document, _ = parse(text)
    assert document is not None
    assert text.position(document.place_at(document.root, 0, ("b",))) == (2, 4)


@given(st.text("a\n\u00e9", max_size=60), st.integers(1, 40))
def test_positions_are_those_that_counting_lines_gives(text: str, times: int) -> None:
    source = SourceText("f", text * times)
    for offset in {0, len(source.characters), len(source.characters) // 2, len(source.characters) // 3}:
        before = source.characters[:offset].split("\n")
        assert source.position(offset) == (len(before), len(before[-1]) + 1)


@given(st.text())
def test_quoted_text_is_short_and_on_one_line(text: str) -> None:
    shown = quoted(text)
    assert shown.isprintable()
    assert len(shown) <= 62 + 5 * 60


def test_values_are_described_as_a_reader_would() -> None:
    values: list[object] = [None, True, 5, 1.5, "a", {}, []]
    assert [described(value) for value in values] == [
        "nothing", "true", "the number 5", "the number 1.5", 'the string "a"', "a mapping", "a list",
    ]  # fmt: skip
