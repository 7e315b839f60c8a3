"""The packaged schema of the configuration: complete, equal to the model, and asked rarely but rightly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from scalekit_apply import schema
from scalekit_apply.model import (
    CONNECTION_ID_PATTERN,
    ORGANIZATION_ID_PATTERN,
    Check,
    Level,
    Limits,
    Scope,
    Unmanaged,
)
from scalekit_apply.nodes import ListNode, MappingNode, Node
from scalekit_apply.shapes import Shapes

Schema = dict[str, Any]
CONFIG: Schema = json.loads(schema.document("config"))
VALIDATOR = Draft202012Validator(CONFIG)


def resolved(part: Schema) -> Schema:
    if "$ref" in part:
        found: Schema = CONFIG["$defs"][part["$ref"].removeprefix("#/$defs/")]
        return found
    return part


def properties(part: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    part = resolved(part)
    for key, value in part.get("properties", {}).items():
        yield f"{path}/{key}", resolved(value)
        yield from properties(value, f"{path}/{key}")
    if "items" in part:
        yield from properties(part["items"], f"{path}/*")


PROPERTIES = dict(properties(CONFIG))


def objects(value: object) -> Iterator[Schema]:
    if isinstance(value, dict):
        if value.get("type") == "object":
            yield value
        for item in value.values():
            yield from objects(item)
    elif isinstance(value, list):
        for item in value:
            yield from objects(item)


@pytest.mark.parametrize("name", ["config", "plan", "result"])
def test_every_packaged_schema_is_a_schema(name: schema.Name) -> None:
    found = json.loads(schema.document(name))
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(found)


@pytest.mark.parametrize("path", PROPERTIES)
def test_every_key_has_a_title_a_description_and_examples_that_hold(path: str) -> None:
    found = PROPERTIES[path]
    assert found["title"]
    assert found["description"].endswith(".")
    assert found["examples"]
    for example in found["examples"]:
        Draft202012Validator({"$defs": CONFIG["$defs"], **found}).validate(example)


def test_the_walk_reaches_every_definition_and_the_examples_of_the_whole_hold() -> None:
    for definition in CONFIG["$defs"].values():
        assert {"title", "description", "examples"} <= set(definition)
    for example in CONFIG["examples"]:
        VALIDATOR.validate(example)
    assert len(PROPERTIES) == 5 + 2 + 8 + 5 + 7 + 6 + 4 + 4


def test_every_object_is_closed() -> None:
    found = list(objects(CONFIG))
    assert len(found) == 8
    assert all(item["additionalProperties"] is False for item in found)


def test_nothing_is_asked_to_be_unique() -> None:
    assert "uniqueItems" not in schema.document("config")


@pytest.mark.parametrize(
    ("path", "scopes"),
    [
        ("/checks", set(Scope)),
        ("/organizations/*/checks", {Scope.ORGANIZATION, Scope.CONNECTION}),
        ("/organizations/*/connections/*/checks", {Scope.CONNECTION}),
    ],
)
def test_checks_can_be_set_where_the_model_says(path: str, scopes: set[Scope]) -> None:
    settable = [check.value for check in Check if not check.rule.fixed and check.rule.scope in scopes]
    assert list(PROPERTIES[path]["properties"]) == settable
    for check in settable:
        found = PROPERTIES[f"{path}/{check}"]
        assert found["enum"] == [level.value for level in Level]
        assert found["default"] == Check(check).rule.default


def test_enums_defaults_and_patterns_equal_the_model() -> None:
    assert PROPERTIES["/organizations/*/unmanaged"]["enum"] == [item.value for item in Unmanaged]
    assert PROPERTIES["/organizations/*/unmanaged"]["default"] == Unmanaged.REPORT
    assert PROPERTIES["/limits/max_disables"]["default"] == Limits().max_disables
    assert PROPERTIES["/limits/max_disable_percent"]["default"] == Limits().max_disable_percent
    assert PROPERTIES["/organizations/*/id"]["pattern"] == ORGANIZATION_ID_PATTERN
    assert PROPERTIES["/organizations/*/connections/*/id"]["pattern"] == CONNECTION_ID_PATTERN


def test_a_violation_says_where_and_which_rule() -> None:
    (found,) = schema.violations("config", {"version": 1, "organizations": [{"id": "x/y~z"}]})
    assert (found.pointer, found.keyword, found.value) == ("/organizations/0/id", "pattern", "x/y~z")


def test_violations_are_sorted_and_a_pointer_is_escaped() -> None:
    found = schema.violations("config", {"limits": {"a/b": 1, "max_disables": True}, "organizations": {}})
    assert [item.pointer for item in found] == ["", "/limits", "/limits/max_disables", "/organizations"]
    assert schema.Violation(
        path=("a/b", 0, "c~d"), keyword="type", rule=None, value=None, schema={}, message=""
    ).pointer == "/a~1b/0/c~0d"  # fmt: skip


def test_no_more_violations_are_kept_than_asked_for() -> None:
    value = {"version": 1, "organizations": [{"id": "x"}] * 50}
    assert len(schema.violations("config", value, most=7)) == 7


def test_a_pattern_ends_where_the_text_ends() -> None:
    assert schema.violations("config", {"id": "org_1\n"}, part="organization")
    assert not schema.violations("config", {"id": "org_1"}, part="organization")


def node(value: object) -> Node:
    match value:
        case dict():
            return MappingNode({key: node(item) for key, item in value.items()})
        case list():
            return ListNode(node(item) for item in value)
        case _:
            assert value is None or isinstance(value, bool | int | float | str)
            return value


def children(item: Node, key: str) -> list[Node]:
    found = item.get(key) if isinstance(item, MappingNode) else None
    return [*found] if isinstance(found, ListNode) else []


def accepted_by_shapes(value: object) -> bool:
    """What the loader asks: the file, then each organization, then each connection; each twice."""
    judge, whole = Shapes(), node(value)

    def accepted(part: schema.Part | None, item: Node) -> bool:
        return not [*judge.violations(part, item, most=9), *judge.violations(part, item, most=9)]

    organizations = children(whole, "organizations")
    connections = [each for organization in organizations for each in children(organization, "connections")]
    return (
        accepted(None, whole)
        and all(accepted("organization", each) for each in organizations)
        and all(accepted("connection", each) for each in connections)
    )


_ODD: st.SearchStrategy[object] = st.sampled_from(
    [None, True, False, 0, 1, 1.0, 1.5, -1, 31, 101, "", "x", "off", "OKTA", "okta", [], {}, [1]]
)


def mostly(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(strategy, strategy, strategy, strategy, strategy, strategy, _ODD)


_CHECKS = st.dictionaries(
    st.sampled_from([*[check.value for check in Check], "zzz"]),
    mostly(st.sampled_from(["error", "warning", "note", "off"])),
    max_size=2,
)
_EXPECT = st.fixed_dictionaries(
    {},
    optional={
        "provider": mostly(st.sampled_from(["OKTA", "NEW_ONE", "A" * 64, "A" * 65])),
        "type": mostly(st.just("SAML")),
        "status": mostly(st.just("COMPLETED")),
        "domains": mostly(
            st.lists(mostly(st.sampled_from(["a.b", "A.b.c", "a..b", "x" * 252 + ".y"])), max_size=2)
        ),
        "id": st.just("conn_1"),
    },
)
_CONNECTION = st.fixed_dictionaries(
    {"id": mostly(st.sampled_from(["conn_1", "conn_" + "a" * 27])), "enabled": mostly(st.booleans())},
    optional={
        "description": mostly(st.text(max_size=3)),
        "protected": mostly(st.booleans()),
        "expect": mostly(_EXPECT),
        "checks": mostly(_CHECKS),
        "zzz": _ODD,
    },
)
_ORGANIZATION = st.fixed_dictionaries(
    {"id": mostly(st.sampled_from(["org_1", "org_-", "conn_1"]))},
    optional={
        "name": mostly(st.text(min_size=1, max_size=3)),
        "unmanaged": mostly(st.sampled_from(["ignore", "report", "disable"])),
        "checks": mostly(_CHECKS),
        "connections": mostly(st.lists(mostly(_CONNECTION), max_size=3)),
    },
)
_FILE = mostly(
    st.fixed_dictionaries(
        {"version": mostly(st.just(1))},
        optional={
            "environment": mostly(st.sampled_from(["https://a.b", "http://localhost", "http://a.b"])),
            "limits": mostly(
                st.fixed_dictionaries(
                    {},
                    optional={"max_disables": mostly(st.just(5)), "max_disable_percent": mostly(st.just(9))},
                )
            ),
            "checks": mostly(_CHECKS),
            "organizations": mostly(st.lists(mostly(_ORGANIZATION), max_size=3)),
        },
    )
)


@settings(deadline=None, max_examples=300)
@given(_FILE)
def test_the_fast_path_accepts_exactly_what_the_schema_accepts(value: Any) -> None:  # noqa: ANN401  # of any type
    assert accepted_by_shapes(value) == VALIDATOR.is_valid(value)


@settings(deadline=None)
@given(st.lists(_CONNECTION, max_size=12))
def test_what_was_judged_before_does_not_change_a_judgement(connections: list[object]) -> None:
    judge = Shapes()
    for connection in connections:
        alone = Shapes().violations("connection", node(connection), most=9)
        assert judge.violations("connection", node(connection), most=9) == alone


def test_the_schema_is_asked_once_for_each_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def violations(*arguments: object, **_options: object) -> tuple[()]:
        asked.append(arguments)
        return ()

    monkeypatch.setattr(schema, "violations", violations)
    judge = Shapes()
    for number in range(1000):
        wanted: dict[str, object] = {"id": f"conn_{number}", "enabled": number % 2 == 0}
        wanted |= {"description": f"number {number}", "expect": {"domains": [f"d{number}.example"]}}
        assert judge.violations("connection", node(wanted), most=9) == ()
    assert len(asked) == 1
