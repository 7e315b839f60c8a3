from __future__ import annotations

from dataclasses import replace

import pytest
from fake_api import FakeApi, address, live
from workflow_support import OFF, ON, SWITCH, applying, plan, wanting

from scalekit_apply.errors import ApiError, Interrupted, PermissionDenied, Unavailable
from scalekit_apply.exits import Outcome
from scalekit_apply.model import (
    Check,
    Desired,
    Environment,
    Level,
    Limits,
    Unmanaged,
)
from scalekit_apply.result import State
from scalekit_apply.workflow import PlanOptions, apply_plan


def test_a_plan_reads_details_only_of_what_it_enables() -> None:
    api = FakeApi([ON, OFF])
    made = plan(api, SWITCH)
    assert [str(change.address) for change in made.changes] == ["org_a/conn_1", "org_a/conn_2"]
    assert ("read", "org_a/conn_2") in api.calls
    assert ("read", "org_a/conn_1") not in api.calls
    assert api.writes == []


def test_a_plan_remembers_targets_allowed_checks_and_that_it_was_compared() -> None:
    options = PlanOptions(
        targets=("conn_2",), allowed=(Check.MASS_DISABLE, Check.MASS_DISABLE), base=Desired()
    )
    made = plan(FakeApi([ON, OFF]), SWITCH, options)
    assert [str(change.address) for change in made.changes] == ["org_a/conn_2"]
    assert made.targets == ("conn_2",)
    assert made.allowed == (Check.MASS_DISABLE,)
    assert made.compared
    assert not made.complete


def test_organizations_that_disable_the_unmanaged_are_read_by_their_own_list() -> None:
    api = FakeApi([ON, OFF, live("b", "3", enabled=True)])
    desired = wanting((OFF, True), (live("b", "3", enabled=True), True), unmanaged=Unmanaged.DISABLE)
    made = plan(api, desired)
    assert ("list", "org_a") in api.calls
    assert [str(change.address) for change in made.changes] == ["org_a/conn_1", "org_a/conn_2"]


def test_law_2_a_plan_applied_twice_writes_nothing_the_second_time() -> None:
    api = FakeApi([ON, OFF])
    made = plan(api, SWITCH)
    first = apply_plan(made, applying(api))
    assert [item.state for item in first.results] == [State.APPLIED, State.APPLIED]
    written = len(api.writes)
    second = apply_plan(made, applying(api))
    assert [item.state for item in second.results] == [State.ALREADY, State.ALREADY]
    assert second.complete
    assert len(api.writes) == written


def test_a_plan_of_another_environment_is_refused_before_any_call() -> None:
    api = FakeApi([ON, OFF])
    made = replace(plan(api, SWITCH), environment=Environment("https://other.scalekit.com"))
    api.calls.clear()
    result = apply_plan(made, applying(api))
    assert result.outcomes == {Outcome.DENIED}
    assert [item.state for item in result.results] == [State.SKIPPED, State.SKIPPED]
    assert "other.scalekit.com" in result.diagnostics[0].summary
    assert api.calls == []


def test_a_blocked_plan_makes_no_call_and_reports_every_change() -> None:
    api = FakeApi([ON, OFF])
    desired = replace(SWITCH, limits=Limits(max_disables=0))
    made = plan(api, desired)
    assert not made.applyable
    api.calls.clear()
    result = apply_plan(made, applying(api))
    assert [item.state for item in result.results] == [State.SKIPPED, State.SKIPPED]
    assert result.outcomes == {Outcome.BLOCKED}
    assert result.diagnostics == made.diagnostics
    assert api.calls == []


def test_a_plan_without_changes_makes_no_call() -> None:
    api = FakeApi([ON])
    made = plan(api, wanting((ON, True)))
    api.calls.clear()
    result = apply_plan(made, applying(api))
    assert result.complete
    assert result.results == ()
    assert api.calls == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"status": "DRAFT"}, "status: planned COMPLETED, live DRAFT"),
        ({"provider": "GOOGLE"}, "provider: planned OKTA, live GOOGLE"),
        ({"type": ""}, "type: planned OIDC, live unspecified"),
        (
            {"provider": "GOOGLE", "type": "SAML"},
            "provider: planned OKTA, live GOOGLE; type: planned OIDC, live",
        ),
    ],
)
def test_a_connection_that_is_not_what_the_plan_showed_makes_it_stale(
    change: dict[str, str], said: str
) -> None:
    api = FakeApi([ON, OFF])
    made = plan(api, SWITCH)
    api.connections[OFF.address] = replace(OFF, **change)  # type: ignore[arg-type]  # names of text fields
    result = apply_plan(made, applying(api))
    assert result.outcomes == {Outcome.STALE}
    assert [item.state for item in result.results] == [State.SKIPPED, State.SKIPPED]
    assert [item.check for item in result.diagnostics] == ["stale-plan"]
    assert "org_a/conn_2" in result.diagnostics[0].summary
    assert said in result.diagnostics[0].summary
    assert api.writes == []


def test_every_conflict_of_a_stale_plan_is_named() -> None:
    api = FakeApi([ON, OFF])
    made = plan(api, SWITCH)
    api.connections = {ON.address: replace(ON, status="DRAFT")}
    result = apply_plan(made, applying(api))
    assert [item.address for item in result.diagnostics] == ["org_a/conn_1", "org_a/conn_2"]
    assert (
        "is gone: planned with OKTA OIDC COMPLETED, live: no such connection" in result.diagnostics[1].summary
    )


def test_foreign_changes_to_other_connections_do_not_make_a_plan_stale() -> None:
    other = live("b", "3", enabled=True)
    api = FakeApi([ON, OFF, other])
    made = plan(api, wanting((ON, False), (OFF, True), (other, True)))
    api.connections[other.address] = replace(other, enabled=False, status="DRAFT", provider="GOOGLE")
    assert apply_plan(made, applying(api)).complete


def test_the_checks_run_again_on_what_was_read() -> None:
    api = FakeApi([ON, OFF])
    made = plan(api, replace(SWITCH, checks={Check.ORGANIZATION_LOCKOUT: Level.ERROR}))
    assert made.applyable
    # Somebody enabled conn_2 meanwhile (done already), and conn_1 is all that would be left to disable.
    api.connections[OFF.address] = replace(OFF, enabled=True)
    assert apply_plan(made, applying(api)).complete
    api = FakeApi([ON, live("a", "3", enabled=True)])
    made = plan(api, replace(wanting((ON, False)), checks={Check.ORGANIZATION_LOCKOUT: Level.ERROR}))
    assert made.applyable
    api.set(address("a", "3"), enabled=False)
    result = apply_plan(made, applying(api))
    assert result.outcomes == {Outcome.BLOCKED}
    assert [item.check for item in result.diagnostics] == ["organization-lockout"]
    assert api.writes == []


def test_a_check_that_blocks_again_tells_what_held_already() -> None:
    saml = replace(OFF, type="SAML")
    api = FakeApi([saml, live("a", "3", enabled=False)])
    api.certificates[saml.address] = ()
    made = plan(
        api,
        replace(
            wanting((saml, True), (live("a", "3", enabled=False), True)),
            checks={Check.CERTIFICATE_EXPIRED: Level.WARNING},
        ),
    )
    stricter = replace(made, policy=replace(made.policy, checks={Check.CERTIFICATE_EXPIRED: Level.ERROR}))
    api.set(address("a", "3"), enabled=True)
    result = apply_plan(stricter, applying(api))
    assert [item.state for item in result.results] == [State.SKIPPED, State.ALREADY]
    assert result.outcomes == {Outcome.BLOCKED}


def test_the_percentage_of_disables_is_of_the_same_organizations_at_apply() -> None:
    many = [live("b", str(number), enabled=True) for number in range(20)]
    api = FakeApi([ON, *many])
    made = plan(api, wanting((ON, False), *((item, True) for item in many)))
    assert made.applyable
    assert made.policy.scope == ("org_a", "org_b")
    assert apply_plan(made, applying(api)).complete


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(Unavailable("away"), Outcome.UNAVAILABLE), (PermissionDenied("no", status=403), Outcome.DENIED)],
)
def test_a_service_that_fails_before_the_first_write_changed_nothing(
    error: ApiError, outcome: Outcome
) -> None:
    api = FakeApi([ON, OFF])
    made = plan(api, SWITCH)
    api.hook = lambda _method, _subject: error
    result = apply_plan(made, applying(api))
    assert result.outcomes == {outcome}
    assert [item.state for item in result.results] == [State.SKIPPED, State.SKIPPED]
    assert error.message in result.results[0].message


@pytest.mark.parametrize(
    ("terminated", "outcome"), [(False, Outcome.INTERRUPTED), (True, Outcome.TERMINATED)]
)
def test_an_interruption_before_the_first_write_leaves_a_whole_result(
    terminated: bool, outcome: Outcome
) -> None:
    api = FakeApi([ON, OFF])
    made = plan(api, SWITCH)

    def interrupt(_method: str, _subject: str) -> None:
        raise Interrupted(terminated=terminated)

    api.hook = interrupt
    result = apply_plan(made, applying(api))
    assert result.outcomes == {outcome}
    assert [item.state for item in result.results] == [State.SKIPPED, State.SKIPPED]


def test_begin_is_called_once_and_before_the_first_write() -> None:
    api = FakeApi([ON, OFF])
    made = plan(api, SWITCH)
    seen: list[int] = []
    apply_plan(made, replace(applying(api), begin=lambda: seen.append(len(api.writes))))
    assert seen == [0]


def test_a_change_that_was_allowed_stays_allowed_in_the_result() -> None:
    api = FakeApi([ON, OFF])
    desired = replace(SWITCH, limits=Limits(max_disables=0))
    made = plan(api, desired, PlanOptions(allowed=(Check.MASS_DISABLE,)))
    result = apply_plan(made, applying(api))
    assert result.complete
    assert result.allowed == (Check.MASS_DISABLE,)


def test_nothing_is_said_about_unmanaged_connections_that_the_policy_cannot_know() -> None:
    third = live("a", "3", enabled=True)
    api = FakeApi([ON, OFF, third])
    made = plan(api, wanting((ON, False), (OFF, True), (third, True)))
    result = apply_plan(made, applying(api))
    assert "unmanaged-connection" not in {item.check for item in result.diagnostics}


def test_an_unmanaged_connection_that_appears_blocks_where_it_is_an_error() -> None:
    third = live("a", "3", enabled=True)
    api = FakeApi([ON, OFF, third])
    desired = replace(
        wanting((ON, False), (OFF, True), (third, True)), checks={Check.UNMANAGED_CONNECTION: Level.ERROR}
    )
    made = plan(api, desired)
    assert apply_plan(made, applying(FakeApi([ON, OFF, third]))).complete
    stray = live("a", "4", enabled=True)
    result = apply_plan(made, applying(FakeApi([ON, OFF, third, stray])))
    assert result.outcomes == {Outcome.BLOCKED}
    assert [item.address for item in result.diagnostics] == ["org_a/conn_4"]


def test_a_lockout_that_the_plan_did_not_show_is_an_error_at_apply() -> None:
    third = live("a", "3", enabled=True)
    api = FakeApi([ON, third])
    made = plan(api, wanting((ON, False)))
    api.set(third.address, enabled=False)
    result = apply_plan(made, applying(api))
    assert result.outcomes == {Outcome.BLOCKED}
    assert result.diagnostics[0].check == "organization-lockout"
    assert result.diagnostics[0].detail == "The plan did not show this: plan again, and review the new plan."
    assert api.writes == []


def test_a_lockout_that_the_plan_showed_stays_a_warning_at_apply() -> None:
    api = FakeApi([ON])
    made = plan(api, wanting((ON, False)))
    assert [item.check for item in made.diagnostics] == ["organization-lockout"]
    assert apply_plan(made, applying(api)).complete


def test_a_lockout_that_was_allowed_may_come_up_later() -> None:
    third = live("a", "3", enabled=True)
    api = FakeApi([ON, third])
    made = plan(api, wanting((ON, False)), PlanOptions(allowed=(Check.ORGANIZATION_LOCKOUT,)))
    api.set(third.address, enabled=False)
    assert apply_plan(made, applying(api)).complete


def test_a_stale_plan_tells_what_holds_already() -> None:
    api = FakeApi([ON, OFF])
    made = plan(api, SWITCH)
    api.connections = {ON.address: replace(ON, status="DRAFT"), OFF.address: replace(OFF, enabled=True)}
    result = apply_plan(made, applying(api))
    assert [item.state for item in result.results] == [State.SKIPPED, State.ALREADY]
    assert result.outcomes == {Outcome.STALE}
