from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from plan_strategies import plans, results
from planfile_support import document, resealed, saved
from views_support import PLANS, PROBLEMS, RESULTS

from scalekit_apply import planfile, schema
from scalekit_apply.errors import PlanFileError
from scalekit_apply.exits import Outcome
from scalekit_apply.model import (
    Address,
    Check,
    Desired,
    DesiredConnection,
    DesiredOrganization,
    Expectation,
    LiveConnection,
)
from scalekit_apply.plan import Plan, fingerprint
from scalekit_apply.result import Result

Edit = Callable[[dict[str, Any]], object]


def refusal(data: bytes) -> PlanFileError:
    with pytest.raises(PlanFileError) as caught:
        planfile.load_plan(data, name="ci/plan.json")
    assert caught.value.outcome is Outcome.STALE
    assert caught.value.message.count("\n") == 0
    return caught.value


# What a file keeps ------------------------------------------------------------------------------------


def kept_live(live: LiveConnection) -> LiveConnection:
    return replace(live, provider_key="", key_id="", ui_button_title="", mcp_server_url="")


def kept_expectation(expect: Expectation | None) -> Expectation | None:
    return expect and replace(expect, location=None)


def kept_policy(plan: Plan) -> Desired:
    """The policy with no places but those of the changes, no descriptions, and every level at the top."""
    changes = {change.address: change for change in plan.changes}
    organizations: dict[Any, DesiredOrganization] = {}
    for organization_id, organization in plan.policy.organizations.items():
        connections: dict[Any, DesiredConnection] = {}
        for connection_id, wanted in organization.connections.items():
            change = changes[Address(organization_id, connection_id)]
            connections[connection_id] = replace(
                wanted,
                enabled=change.after,
                description="",
                expect=kept_expectation(wanted.expect),
                location=change.source,
            )
        unmanaged = [
            change.source
            for change in plan.changes
            if change.address.organization_id == organization_id
            and change.address.connection_id not in connections
            and change.source is not None
        ]
        organizations[organization_id] = replace(
            organization,
            connections=connections,
            location=None,
            name_location=None,
            unmanaged_location=unmanaged[0] if unmanaged else None,
        )
    return replace(
        plan.policy,
        environment=plan.environment,
        checks={check: plan.policy.level(check) for check in Check if not check.rule.fixed},
        organizations=organizations,
    )


@given(plans())
def test_a_saved_plan_reads_back_as_all_that_a_file_keeps(plan: Plan) -> None:
    loaded = planfile.load_plan(saved(plan), name="plan.json")
    assert loaded == replace(
        plan,
        changes=tuple(replace(change, live=kept_live(change.live)) for change in plan.changes),
        unmanaged=tuple(map(kept_live, plan.unmanaged)),
        policy=kept_policy(plan),
    )


@given(plans())
def test_a_saved_plan_fits_its_schema_and_reads_back_as_the_same_plan_to_apply(plan: Plan) -> None:
    data = saved(plan)
    assert data.isascii()
    assert data.endswith(b"}\n")
    assert b"##" not in data
    assert not schema.violations("plan", json.loads(data))
    loaded = planfile.load_plan(data, name="plan.json")
    assert fingerprint(loaded) == fingerprint(plan)
    assert [change.action for change in loaded.changes] == [change.action for change in plan.changes]
    assert saved(loaded) == data


@given(results())
def test_a_saved_result_fits_its_schema_and_reads_back_as_all_that_a_file_keeps(result: Result) -> None:
    data = planfile.dump(planfile.result_document(result))
    assert not schema.violations("result", json.loads(data))
    loaded = planfile.load_result(data, name="result.json")
    assert loaded == replace(
        result,
        results=tuple(
            replace(item, change=replace(item.change, live=kept_live(item.change.live)))
            for item in result.results
        ),
    )
    assert planfile.dump(planfile.result_document(loaded)) == data


def test_either_kind_is_loaded_for_show() -> None:
    plan, result = PLANS["compared"], RESULTS["failed"].result
    assert planfile.load_any(saved(plan), name="x") == planfile.load_plan(saved(plan), name="x")
    data = planfile.dump(planfile.result_document(result))
    assert planfile.load_any(data, name="x") == result


def test_an_interrupted_result_names_its_signal() -> None:
    result = RESULTS["interrupted"].result
    assert planfile.result_document(result)["interrupted"] == "SIGINT"
    terminated = replace(result, outcomes=frozenset({Outcome.TERMINATED}))
    assert planfile.result_document(terminated)["interrupted"] == "SIGTERM"
    assert planfile.result_document(RESULTS["failed"].result)["interrupted"] is None


@pytest.mark.parametrize("name", ["plan", "result"])
def test_a_failure_document_fits_both_schemas(name: schema.Name) -> None:
    failure = planfile.failure_document(PROBLEMS["failure"].diagnostics)
    assert not schema.violations(name, json.loads(planfile.dump(failure)))


@pytest.mark.parametrize("name", ["plan", "result"])
def test_every_key_of_a_schema_is_described(name: schema.Name) -> None:
    definitions = schema.tree(name)["$defs"]
    for path, node in nodes(schema.tree(name), ""):
        for key, item in node.get("properties", {}).items():
            target = definitions.get(item.get("$ref", "").removeprefix("#/$defs/"), {})
            assert item.get("description") or target.get("description"), f"{path}/{key}"


@pytest.mark.parametrize("name", ["plan", "result"])
def test_a_schema_accepts_no_other_keys(name: schema.Name) -> None:
    for path, node in nodes(schema.tree(name), ""):
        assert "properties" not in node or node["additionalProperties"] is False, path


def nodes(value: object, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every object of a schema, with where it stands."""
    if isinstance(value, dict):
        if not path.endswith("/properties"):
            yield path, value
        for key, item in value.items():
            yield from nodes(item, f"{path}/{key}")


# What is refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "ci/plan.json is empty."),
        (b" \n\t", "is empty"),
        (b"not json", "is not JSON: line 1, column 1: "),
        (b'{"a": 1,}', "is not JSON: line 1, column 9"),
        (b"\xff\xfe{}", "is not JSON: byte 0 is not UTF-8"),
        (b"[]", "but not a plan or a result of this program"),
        (b"null", "but not a plan or a result of this program"),
        (b"{}", "but not a plan or a result of this program"),
        (b'{"format_version": "1.2", "resource_changes": []}', "but not a plan or a result of this program"),
        (b'{"format_version": "1.0", "tool_version": "0.1.0"}', "but not a plan or a result"),
        (b'{"format_version": "one", "tool_version": "0.1.0"}', "but not a plan or a result"),
        (b'{"a": {"b": 1, "b": 1}}', 'has the key "b" twice in one object'),
        (b'{"a": NaN}', "holds NaN, which is not JSON"),
        (b'{"a": -Infinity}', "holds -Infinity, which is not JSON"),
        (b"[" * 100_000, "nests too deeply, or holds a number that is too long"),
        (b"9" * 5_000, "nests too deeply, or holds a number that is too long"),
    ],
)
def test_what_is_not_a_plan_at_all_is_named(data: bytes, reason: str) -> None:
    assert reason in refusal(data).message


def test_a_file_beyond_64_mib_is_refused_unread() -> None:
    assert "larger than 64 MiB" in refusal(b"[" * (planfile.MAX_BYTES + 1)).message


def test_a_plan_that_was_cut_off_says_so_wherever_it_was_cut() -> None:
    data = saved(PLANS["everything"]).rstrip()
    for end in range(1, len(data), 97):
        assert "was cut off" in refusal(data[:end]).message


def test_a_result_is_no_plan_and_a_plan_no_result() -> None:
    result = planfile.dump(planfile.result_document(RESULTS["failed"].result))
    assert refusal(result).message == "ci/plan.json is the result of an apply, not a plan."
    with pytest.raises(PlanFileError, match="is a plan, not the result of an apply"):
        planfile.load_result(saved(PLANS["blocked"]), name="result.json")


def test_the_record_of_a_failed_run_is_no_plan() -> None:
    data = planfile.dump(planfile.failure_document(PROBLEMS["failure"].diagnostics))
    assert "the record of a run that failed" in refusal(data).message


@pytest.mark.parametrize(
    ("version", "reason"),
    [("2.0", "another format, 2.0"), ("0.9", "another format, 0.9"), ("1.1", "a newer format, 1.1")],
)
def test_another_format_is_refused_with_both_versions(version: str, reason: str) -> None:
    value = document()
    value["format_version"] = version
    value["tool_version"] = "7.8.9"
    error = refusal(resealed(value))
    assert reason in error.message
    assert "7.8.9" in error.message
    assert "this version reads 1.0" in error.message
    assert error.hint


def _drop_policy(value: dict[str, Any]) -> None:
    del value["policy"]


@pytest.mark.parametrize(
    ("edit", "where"),
    [
        (lambda value: value.update(extra=1), "at /: "),
        (_drop_policy, "at /: "),
        (lambda value: value["resource_changes"][1]["change"].update(x=1), "at /resource_changes/1/change: "),
        (
            lambda value: value["resource_changes"][0]["live"].update(name=None),
            "at /resource_changes/0/live/name",
        ),
        (lambda value: value.update(environment="https://a/b"), "at /environment: "),
        (lambda value: value.update(allowed=["protected-connection"]), "at /allowed/0: "),
        (lambda value: value["summary"].update(unchanged=True), "at /summary/unchanged: "),
        (
            lambda value: value["resource_changes"][0].update(address="org_1/conn_1\n"),
            "at /resource_changes/0/address",
        ),
        (lambda value: value["policy"].update(scope=["org_1/../x"]), "at /policy/scope/0: "),
    ],
)
def test_what_breaks_the_schema_is_refused_with_its_path(edit: Edit, where: str) -> None:
    value = document()
    edit(value)
    message = refusal(resealed(value)).message
    assert where in message
    assert len(message) < 1_000


@pytest.mark.parametrize(
    "edit",
    [
        lambda value: value["resource_changes"].pop(),
        lambda value: value["policy"]["limits"].update(max_disables=1_000),
        lambda value: value["policy"]["checks"].update({"mass-disable": "off"}),
        lambda value: value["allowed"].append("organization-lockout"),
        lambda value: value.update(environment="https://other.scalekit.com"),
        lambda value: value["resource_changes"][0]["change"].update(
            before={"enabled": False}, after={"enabled": True}
        ),
    ],
)
def test_an_edit_of_what_apply_does_breaks_the_fingerprint(edit: Edit) -> None:
    value = document()
    edit(value)
    message = refusal(resealed(value)).message
    assert "fingerprint" in message or "its policy has" in message


@pytest.mark.parametrize(
    "edit",
    [
        lambda value: value["resource_changes"][0]["live"].update(provider="GOOGLE"),
        lambda value: value["resource_changes"][0]["live"].update(name="Another customer"),
        lambda value: value["diagnostics"].clear(),
        lambda value: value["summary"].update(unchanged=3),
        lambda value: value.update(targets=["org_1"]),
        lambda value: value.update(tool_version="9.9.9"),
    ],
)
def test_an_edit_beyond_the_fingerprint_breaks_the_digest(edit: Edit) -> None:
    value = document()
    edit(value)
    assert "its digest does not match its content" in refusal(planfile.dump(value)).message


@pytest.mark.parametrize(
    ("edit", "key"),
    [
        (lambda value: value["summary"].update(enable=0), "summary"),
        (lambda value: value.update(applyable=False), "applyable"),
        (lambda value: value.update(complete=False), "complete"),
        (lambda value: value.update(errored=True), "errored"),
        (lambda value: value["resource_changes"][0].update(connection_id="conn_other"), "resource_changes"),
        (lambda value: value["resource_changes"][0].update(organization_id="org_other"), "resource_changes"),
        (lambda value: value["diagnostics"].reverse(), "diagnostics"),
        (lambda value: value["diagnostics"].append(value["diagnostics"][0]), "diagnostics"),
    ],
)
def test_a_plan_that_says_two_things_is_refused_even_with_a_right_digest(edit: Edit, key: str) -> None:
    value = document()
    edit(value)
    assert f"contradicts itself: {key} " in refusal(resealed(value)).message


def _same_state(value: dict[str, Any]) -> None:
    value["resource_changes"][0]["change"]["after"] = {"enabled": True}


def _no_organization(value: dict[str, Any]) -> None:
    value["policy"]["organizations"].popitem()


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (_same_state, "changes from true to the same"),
        (_no_organization, "its policy does not know the organization"),
        (lambda value: value["resource_changes"].pop(0), "which does not change"),
        (lambda value: value.update(environment="http://example.com"), "its environment must use https"),
        (lambda value: value.update(environment="HTTPS://ACME.scalekit.com"), "at /environment"),
        (
            lambda value: value.update(environment="https://ACME.scalekit.com"),
            "not written as scheme and host",
        ),
    ],
)
def test_a_contradiction_is_refused_with_its_reason(edit: Edit, reason: str) -> None:
    value = document()
    edit(value)
    assert reason in refusal(resealed(value)).message


def _again(value: dict[str, Any]) -> None:
    value["resource_changes"].insert(0, value["resource_changes"][0])


@pytest.mark.parametrize("edit", [lambda value: value["resource_changes"].reverse(), _again])
def test_changes_in_another_order_or_twice_are_refused(edit: Edit) -> None:
    value = document()
    edit(value)
    assert "its changes are not in order, or one stands twice" in refusal(resealed(value)).message


def test_a_plan_of_another_patch_version_is_read() -> None:
    value = document()
    value["tool_version"] = "0.1.99"
    assert planfile.load_plan(resealed(value), name="plan.json").changes


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda value: value["summary"].update(failed=0), "contradicts itself: summary"),
        (lambda value: value.update(complete=True), "contradicts itself: complete"),
        (lambda value: value["outcomes"].append("x"), "at /outcomes/1"),
        (lambda value: value["results"][0]["change"].update(after={"enabled": True}), "to the same"),
    ],
)
def test_a_result_that_says_two_things_is_refused(edit: Edit, reason: str) -> None:
    value = json.loads(planfile.dump(planfile.result_document(RESULTS["failed"].result)))
    edit(value)
    with pytest.raises(PlanFileError) as caught:
        planfile.load_result(planfile.dump(value), name="result.json")
    assert reason in caught.value.message


def test_an_address_that_leaves_its_path_is_refused_even_past_the_schema(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(schema, "violations", lambda *_: ())
    value = document()
    value["resource_changes"][0]["address"] = "org_1/conn_1/../../x"
    assert "an address is not that of a connection" in refusal(resealed(value)).message
