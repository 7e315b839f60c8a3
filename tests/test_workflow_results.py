"""What a plan and a result hold, part by part, whichever way applying ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from fake_api import FakeApi, live
from workflow_support import HERE, NOW, OFF, ON, SWITCH, applying, plan, wanting

from scalekit_apply.diagnostics import Diagnostic, Location, Severity
from scalekit_apply.errors import RequestRejected, Unavailable
from scalekit_apply.executor import ExecutionOptions
from scalekit_apply.exits import Outcome
from scalekit_apply.model import Certificate, Check, Environment, Limits
from scalekit_apply.plan import Origin, Plan
from scalekit_apply.reading import ReadMode
from scalekit_apply.result import ChangeResult, Result, State
from scalekit_apply.workflow import PlanOptions, apply_plan

PLACE = Location(file="scalekit.yaml", line=7, column=18)
OTHER = live("b", "3", enabled=False)
ALLOWED = PlanOptions(allowed=(Check.ORGANIZATION_NAME,))


def nothing_done(made: Plan, outcome: Outcome, message: str, result: Result) -> Result:
    """The result of ``made`` when nothing was started for one reason, with the diagnostics of ``result``."""
    return Result(
        environment=made.environment,
        fingerprint=made.fingerprint,
        results=tuple(
            ChangeResult(change=change, state=State.SKIPPED, message=message) for change in made.changes
        ),
        outcomes=frozenset({outcome}),
        diagnostics=result.diagnostics,
        allowed=(Check.ORGANIZATION_NAME,),
    )


def test_a_plan_counts_what_is_as_wanted_and_names_what_is_unmanaged() -> None:
    stray = live("a", "3", enabled=True)
    made = plan(FakeApi([ON, OFF, stray]), wanting((ON, True), (OFF, False)))
    assert made.unchanged == 2
    assert made.unmanaged == (stray,)


def test_a_plan_knows_its_environment_also_where_the_configuration_names_none() -> None:
    made = plan(FakeApi([ON, OFF]), replace(SWITCH, environment=None))
    assert made.environment == made.policy.environment == HERE


def test_a_plan_compared_with_the_same_configuration_shows_drift() -> None:
    made = plan(FakeApi([ON, OFF]), SWITCH, PlanOptions(base=SWITCH))
    assert [change.origin for change in made.changes] == [Origin.DRIFT, Origin.DRIFT]


@pytest.mark.parametrize(
    ("mode", "first"), [(ReadMode.ENVIRONMENT, "environment"), (ReadMode.ORGANIZATION, "org_a")]
)
def test_planning_and_applying_read_as_they_are_told(mode: ReadMode, first: str) -> None:
    api = FakeApi([ON, OFF])
    made = plan(api, SWITCH, PlanOptions(read_mode=mode))
    assert api.calls[0] == ("list", first)
    api.calls.clear()
    how = replace(applying(api), execution=ExecutionOptions(read_mode=mode))
    assert apply_plan(made, how).complete
    assert api.calls[0] == ("list", first)


def test_applying_asks_no_list_of_an_organization_when_the_wide_one_has_all() -> None:
    api = FakeApi([OFF, OTHER])
    made = plan(api, wanting((OFF, True), (OTHER, True)))
    api.calls.clear()
    assert apply_plan(made, applying(api)).complete
    assert [call for call in api.calls if call[0] == "list"] == [("list", "environment")] * 2


def test_the_moment_of_the_run_decides_on_certificates_at_plan_and_at_apply() -> None:
    saml = replace(OFF, type="SAML")
    api = FakeApi([saml])
    api.certificates[saml.address] = (Certificate(expiry=NOW + timedelta(days=1)),)
    made = plan(api, wanting((saml, True)))
    assert [item.check for item in made.diagnostics] == ["certificate-expiring"]
    result = apply_plan(made, applying(api))
    assert result.complete
    assert [item.check for item in result.diagnostics] == ["certificate-expiring"]


def test_the_result_of_another_environment_says_where_to_point() -> None:
    made = replace(
        plan(FakeApi([ON, OFF]), SWITCH, ALLOWED), environment=Environment("https://other.scalekit.com")
    )
    result = apply_plan(made, applying(FakeApi()))
    reason = f"The plan is for https://other.scalekit.com, but the credentials are for {HERE}."
    assert result == nothing_done(made, Outcome.DENIED, f"not started: {reason}", result)
    assert [(item.summary, item.detail) for item in result.diagnostics] == [
        (reason, "Point SCALEKIT_ENVIRONMENT_URL at the environment of the plan, or plan again.")
    ]


def test_the_result_of_a_blocked_plan_says_that_a_check_blocks_it() -> None:
    api = FakeApi([ON, OFF])
    made = plan(api, replace(SWITCH, limits=Limits(max_disables=0)), ALLOWED)
    result = apply_plan(made, applying(api))
    assert result == nothing_done(
        made, Outcome.BLOCKED, "not started, because a check blocks the plan", result
    )


def test_the_result_of_a_plan_that_a_check_blocks_only_now_says_the_same() -> None:
    api = FakeApi([ON, OFF])
    made = plan(api, SWITCH, ALLOWED)
    stricter = replace(made, policy=replace(made.policy, limits=Limits(max_disables=0)))
    result = apply_plan(stricter, applying(api))
    assert result == nothing_done(
        stricter, Outcome.BLOCKED, "not started, because a check blocks the plan", result
    )


def test_the_result_of_a_plan_without_changes_is_whole() -> None:
    api = FakeApi([ON])
    made = plan(api, wanting((ON, True)), ALLOWED)
    assert apply_plan(made, applying(api)) == Result(
        environment=HERE, fingerprint=made.fingerprint, results=(), allowed=(Check.ORGANIZATION_NAME,)
    )


def test_the_result_of_a_stale_plan_names_both_states_at_the_place_that_asks() -> None:
    before = replace(OFF, type="")
    made = plan(FakeApi([ON, before]), SWITCH, ALLOWED)
    made = replace(made, changes=tuple(replace(change, source=PLACE) for change in made.changes))
    result = apply_plan(made, applying(FakeApi([ON, replace(before, type="OIDC")])))
    assert result == nothing_done(made, Outcome.STALE, "not started, because the plan is stale", result)
    assert list(result.diagnostics) == [
        Diagnostic(
            severity=Severity.ERROR,
            check="stale-plan",
            summary="org_a/conn_2 is not what the plan showed: type: planned unspecified, live OIDC.",
            detail="Plan again and review the new plan; nothing was written.",
            address="org_a/conn_2",
            location=PLACE,
        )
    ]


def test_what_holds_already_beside_a_stale_change_says_so() -> None:
    api = FakeApi([ON, OFF])
    made = plan(api, SWITCH)
    api.connections = {ON.address: replace(ON, status="DRAFT"), OFF.address: replace(OFF, enabled=True)}
    assert apply_plan(made, applying(api)).results[1] == ChangeResult(
        change=made.changes[1], state=State.ALREADY, message="live was as wanted before any call"
    )


def test_the_result_of_an_apply_holds_what_the_execution_came_to() -> None:
    api = FakeApi([OFF, OTHER])
    made = plan(api, wanting((OFF, True), (OTHER, True)))
    api.hook = lambda method, _: RequestRejected("no", status=400) if method == "enable" else None
    result = apply_plan(made, applying(api))
    assert (result.environment, result.fingerprint) == (HERE, made.fingerprint)
    assert result.outcomes == {Outcome.INCOMPLETE}


def test_a_read_back_that_fails_is_a_diagnostic_beside_those_of_the_checks() -> None:
    api = FakeApi([ON])
    made = plan(api, wanting((ON, False)))
    api.hook = lambda method, _: Unavailable("away") if method == "list" and api.writes else None
    result = apply_plan(made, applying(api))
    assert {item.check for item in result.diagnostics} == {"organization-lockout", Unavailable("").check}


@pytest.mark.parametrize("mode", list(ReadMode))
def test_every_way_of_reading_comes_to_the_same_plan(mode: ReadMode) -> None:
    assert plan(FakeApi([ON, OFF]), SWITCH, PlanOptions(read_mode=mode)) == plan(FakeApi([ON, OFF]), SWITCH)
