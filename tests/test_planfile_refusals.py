"""What a refused file is told: whole sentences, the name of the file and what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from planfile_support import document, resealed, saved, saved_result
from views_support import PLANS, PROBLEMS, RESULTS

from scalekit_apply import planfile, schema
from scalekit_apply.documents import outcome_name
from scalekit_apply.errors import PlanFileError
from scalekit_apply.exits import Outcome
from scalekit_apply.model import ConnectionId, Unmanaged

AGAIN = "Make the plan again with this version, and apply that."
EDITED = "A saved plan cannot be edited: change the configuration and plan again."
RESULT = RESULTS["failed"].result

Edit = Callable[[dict[str, Any]], object]


def refused(load: Callable[..., object], data: bytes) -> tuple[str, str]:
    with pytest.raises(PlanFileError) as caught:
        load(data, name="ci/x.json")
    return caught.value.message, caught.value.hint


def edited(edit: Edit) -> bytes:
    value = document()
    edit(value)
    return resealed(value)


def unsealed(edit: Edit) -> bytes:
    value = document()
    edit(value)
    return planfile.dump(value)


@pytest.mark.parametrize(
    ("data", "message", "hint"),
    [
        (b"", "ci/x.json is empty.", AGAIN),
        (b"[1", "ci/x.json ends in the middle: it was cut off.", AGAIN),
        (b'{"a": 1, "b": 2, "b": 3}', 'ci/x.json has the key "b" twice in one object.', EDITED),
        (
            saved_result(RESULT),
            "ci/x.json is the result of an apply, not a plan.",
            "Give the file that plan --out wrote.",
        ),
        (
            planfile.dump(planfile.failure_document(PROBLEMS["failure"].diagnostics)),
            "ci/x.json is the record of a run that failed before there was a plan or a result.",
            "Its diagnostics say why.",
        ),
        (
            edited(lambda value: value.update(format_version="1.1", tool_version="7.8.9")),
            "ci/x.json has a newer format, 1.1, written by version 7.8.9; this version reads 1.0.",
            "Use the version that wrote it, or make the plan again with this one.",
        ),
        (
            edited(lambda value: value["resource_changes"].reverse()),
            "ci/x.json cannot be used: its changes are not in order, or one stands twice.",
            EDITED,
        ),
        (
            edited(lambda value: value.update(environment="https://ACME.scalekit.com")),
            "ci/x.json cannot be used: its environment is not written as scheme and host alone.",
            EDITED,
        ),
        (
            edited(lambda value: value["allowed"].append("organization-lockout")),
            "The fingerprint of ci/x.json does not match its content.",
            EDITED,
        ),
        (
            unsealed(lambda value: value["diagnostics"].clear()),
            "ci/x.json was changed after it was made: its digest does not match its content.",
            EDITED,
        ),
        (
            edited(lambda value: value.update(applyable=False)),
            "ci/x.json contradicts itself: applyable does not follow from the rest.",
            EDITED,
        ),
    ],
)
def test_a_refusal_is_a_sentence_about_the_file_and_what_to_do(data: bytes, message: str, hint: str) -> None:
    assert refused(planfile.load_plan, data) == (message, hint)


@pytest.mark.parametrize(("wrong", "more"), [(("a",), ""), (("a", "b"), " (and 1 more)")])
def test_of_many_violations_the_first_is_told_and_the_others_are_counted(
    wrong: tuple[str, ...], more: str
) -> None:
    value = document()
    for place, key in zip(value["resource_changes"], wrong, strict=False):
        place[key] = 1
    message, hint = refused(planfile.load_plan, resealed(value))
    assert message.startswith("ci/x.json is not a plan that this version reads: at /resource_changes/0: ")
    assert message.removesuffix(".").endswith(more or "was unexpected)")
    assert hint == AGAIN


def test_a_result_that_breaks_the_schema_cannot_be_planned_again() -> None:
    value = json.loads(saved_result(RESULT))
    value["extra"] = 1
    message, hint = refused(planfile.load_result, planfile.dump(value))
    assert message.startswith("ci/x.json is not a result that this version reads: at /: ")
    assert hint == ""


@pytest.mark.parametrize(
    ("load", "data"),
    [
        (planfile.load_result, b""),
        (planfile.load_result, b"{}"),
        (planfile.load_any, b""),
        (planfile.load_any, b"{}"),
        (planfile.load_any, edited(lambda value: value.update(extra=1))),
        (planfile.load_any, edited(lambda value: value.update(applyable=False))),
        (planfile.load_any, saved_result(RESULT).replace(b'"failed": 1', b'"failed": 2')),
        (planfile.load_result, saved_result(RESULT).replace(b'"failed": 1', b'"failed": 2')),
    ],
)
def test_whatever_loads_a_file_names_it(load: Callable[..., object], data: bytes) -> None:
    assert refused(load, data)[0].startswith("ci/x.json ")


def test_an_address_that_is_none_completes_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "violations", lambda *_: ())
    message, _ = refused(
        planfile.load_plan, edited(lambda value: value["resource_changes"][0].update(address="org_1/x"))
    )
    assert message == "ci/x.json cannot be used: an address is not that of a connection."


def test_a_file_of_exactly_the_largest_size_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved(PLANS["everything"])
    monkeypatch.setattr(planfile, "MAX_BYTES", len(data))
    assert planfile.load_plan(data, name="plan.json")
    monkeypatch.setattr(planfile, "MAX_BYTES", len(data) - 1)
    assert "larger than" in refused(planfile.load_plan, data)[0]


def test_a_document_is_written_in_one_way() -> None:
    written = planfile.dump({"b": [1], "a": "ä##"})
    assert written == b'{\n  "b": [\n    1\n  ],\n  "a": "\\u00e4#\\u0023"\n}\n'
    with pytest.raises(ValueError, match="not JSON compliant"):
        planfile.dump(float("nan"))


def test_a_result_says_whether_it_errored_by_what_held() -> None:
    failed, done = planfile.result_document(RESULT), planfile.result_document(RESULTS["complete"].result)
    assert (failed["errored"], failed["complete"]) == (True, False)
    assert (done["errored"], done["complete"]) == (False, True)


def test_a_result_keeps_why_each_change_was_planned() -> None:
    plan = PLANS["compared"]
    entries = tuple(
        replace(entry, change=change) for entry, change in zip(RESULT.results, plan.changes, strict=True)
    )
    loaded = planfile.load_result(saved_result(replace(RESULT, results=entries)), name="result.json")
    assert [entry.change.origin for entry in loaded.results] == [change.origin for change in plan.changes]


def test_an_organization_is_read_back_with_what_else_it_manages_and_where_its_strays_are_asked_for() -> None:
    plan = PLANS["blocked"]
    stray, owner = plan.changes[0], plan.policy.organizations[plan.changes[0].address.organization_id]
    connections = {
        key: wanted for key, wanted in owner.connections.items() if key != stray.address.connection_id
    }
    altered = replace(
        owner,
        connections=connections,
        others=frozenset({ConnectionId("conn_7")}),
        unmanaged=Unmanaged.DISABLE,
    )
    policy = replace(plan.policy, organizations={**plan.policy.organizations, owner.id: altered})
    loaded = planfile.load_plan(saved(replace(plan, policy=policy)), name="plan.json")
    found = loaded.policy.organizations[owner.id]
    assert found.others == {"conn_7"}
    assert found.unmanaged_location == stray.source
    assert stray.source is not None


def test_the_names_of_outcomes_in_a_document_are_words_with_hyphens() -> None:
    assert outcome_name(Outcome.CHANGES_PRESENT) == "changes-present"
