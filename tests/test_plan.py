"""A plan: the order of its changes, and what it says of itself."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace

import pytest
from checks_support import ADDRESS, at, changes_of, live_connection
from hypothesis import given
from plan_strategies import plans
from plan_support import OFF, ON, PLAN, plan

from scalekit_apply.diagnostics import Diagnostic, Diagnostics, Severity
from scalekit_apply.exits import Outcome
from scalekit_apply.model import Check
from scalekit_apply.plan import Action, Change, Plan, PlanSummary, canonical_json, change_order, digest


def test_a_change_goes_from_what_is_live_to_its_opposite() -> None:
    (enable,), (disable,) = changes_of(OFF), changes_of(ON)
    assert (enable.before, enable.after, enable.action) == (False, True, Action.ENABLE)
    assert (disable.before, disable.after, disable.action) == (True, False, Action.DISABLE)
    assert enable.address == ADDRESS


def test_changes_are_ordered_by_organization_then_disables_then_connection() -> None:
    in_order = [
        Change(live=live_connection(at(connection, name), enabled=enabled))
        for connection, name, enabled in (
            ("conn_2", "org_1", True),
            ("conn_3", "org_1", True),
            ("conn_1", "org_1", False),
            ("conn_4", "org_1", False),
            ("conn_0", "org_2", True),
            ("conn_00", "org_2", False),
        )
    ]
    shuffled = [in_order[index] for index in (3, 5, 0, 4, 2, 1)]
    assert sorted(shuffled, key=change_order) == in_order


def test_the_summary_counts_what_every_view_shows() -> None:
    assert PLAN.summary == PlanSummary(enable=1, disable=1, unchanged=14)
    assert plan(*changes_of(OFF)).summary == PlanSummary(enable=1, disable=0, unchanged=14)
    assert plan().summary == PlanSummary(enable=0, disable=0, unchanged=14)


@given(drawn=plans())
def test_the_summary_counts_every_change_once(drawn: Plan) -> None:
    assert drawn.summary.enable + drawn.summary.disable == len(drawn.changes)
    assert drawn.summary.disable == sum(change.before for change in drawn.changes)


def found(severity: Severity, check: str = Check.DEBUG_ENABLED) -> Diagnostics:
    return Diagnostics([Diagnostic(severity=severity, check=check, summary="Found.")])


@pytest.mark.parametrize(("severity", "errored"), [("error", True), ("warning", False), ("note", False)])
def test_only_an_error_makes_a_plan_unapplyable(severity: str, *, errored: bool) -> None:
    judged = replace(PLAN, diagnostics=found(Severity(severity)))
    assert judged.errored is errored
    assert judged.applyable is not errored
    assert not PLAN.errored
    assert PLAN.applyable


def test_a_plan_is_complete_unless_it_is_partial_or_misses_a_connection() -> None:
    assert PLAN.complete
    assert not replace(PLAN, targets=("org_1",)).complete
    assert not replace(PLAN, diagnostics=found(Severity.ERROR, Check.CONNECTION_NOT_FOUND)).complete
    assert replace(PLAN, diagnostics=found(Severity.ERROR, Check.MASS_DISABLE)).complete


def test_live_has_drifted_if_it_differs_or_has_more() -> None:
    assert PLAN.drifted
    assert not plan().drifted
    assert replace(plan(), unmanaged=(ON,)).drifted
    assert replace(plan(), diagnostics=found(Severity.ERROR, Check.CONNECTION_NOT_FOUND)).drifted
    assert replace(plan(), diagnostics=found(Severity.ERROR, Check.EXPECTATION_FAILED)).drifted
    assert not replace(plan(), diagnostics=found(Severity.WARNING, Check.ORGANIZATION_NAME)).drifted


@pytest.mark.parametrize(
    ("errored", "changed", "detailed", "outcomes"),
    [
        (False, False, False, set()),
        (False, False, True, set()),
        (False, True, False, set()),
        (False, True, True, {Outcome.CHANGES_PRESENT}),
        (True, False, True, {Outcome.BLOCKED}),
        (True, True, False, {Outcome.BLOCKED}),
        (True, True, True, {Outcome.BLOCKED, Outcome.CHANGES_PRESENT}),
    ],
)
def test_a_plan_says_what_held(
    *, errored: bool, changed: bool, detailed: bool, outcomes: set[Outcome]
) -> None:
    judged = replace(
        PLAN if changed else plan(), diagnostics=found(Severity.ERROR) if errored else Diagnostics()
    )
    assert judged.outcomes(detailed=detailed) == outcomes
    if not detailed:
        assert judged.outcomes() == outcomes


def test_canonical_json_is_sorted_short_and_ascii() -> None:
    assert canonical_json({"b": [1, True, None], "a": "é\n"}) == b'{"a":"\\u00e9\\n","b":[1,true,null]}'
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical_json(math.nan)


def test_a_digest_names_its_algorithm() -> None:
    assert digest({}) == "sha256:" + hashlib.sha256(b"{}").hexdigest()
