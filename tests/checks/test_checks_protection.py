"""protected-connection, mass-disable and organization-lockout."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from checks_support import (
    ORG,
    ORGANIZATION_PLACE,
    PLACE,
    at,
    changes_of,
    desired_of,
    judge,
    live_connection,
    live_of,
    organization,
    wanted,
)

from scalekit_apply.diagnostics import Diagnostic, Location, Severity
from scalekit_apply.model import Check, Desired, Limits, Live, OrganizationId
from scalekit_apply.plan import Change

ENABLED = live_connection(enabled=True)
DISABLED = live_connection(enabled=False)


def test_disabling_a_protected_connection_is_an_error_at_its_place() -> None:
    desired = desired_of([organization([wanted(enabled=False, protected=True)])])
    (found,) = judge(Check.PROTECTED_CONNECTION, desired, live_of([ENABLED]), changes_of(ENABLED))
    assert found == Diagnostic(
        severity=Severity.ERROR,
        check="protected-connection",
        summary="org_1/conn_1 is protected, and the plan would disable it.",
        detail="Set `enabled: true`, or remove `protected: true` in a change of its own first.",
        address="org_1/conn_1",
        location=PLACE,
    )


def test_enabling_a_protected_connection_is_no_finding() -> None:
    desired = desired_of([organization([wanted(protected=True)])])
    assert judge(Check.PROTECTED_CONNECTION, desired, live_of([DISABLED]), changes_of(DISABLED)) == ()


def test_disabling_a_connection_that_is_not_protected_is_no_finding() -> None:
    desired = desired_of([organization([wanted(enabled=False)])])
    assert judge(Check.PROTECTED_CONNECTION, desired, live_of([ENABLED]), changes_of(ENABLED)) == ()


def test_disabling_a_connection_that_is_not_configured_is_not_protected() -> None:
    desired = desired_of([organization()])
    assert judge(Check.PROTECTED_CONNECTION, desired, live_of([ENABLED]), changes_of(ENABLED)) == ()


def test_a_connection_without_a_place_points_where_the_change_comes_from() -> None:
    source = Location(file="scalekit.yaml", line=3)
    desired = desired_of([organization([wanted(enabled=False, protected=True, location=None)])])
    change = Change(live=ENABLED, source=source)
    (found,) = judge(Check.PROTECTED_CONNECTION, desired, live_of([ENABLED]), (change,))
    assert found.location == source


def mass(
    disables: int,
    enabled: int,
    limits: Limits,
    *,
    allowed: Iterable[Check] = (),
) -> tuple[Diagnostic, ...]:
    """Disable some of so many enabled connections, beside one that is disabled and one that is enabled."""
    connections = [live_connection(at(f"conn_{number}"), enabled=True) for number in range(enabled)]
    idle = live_connection(at("conn_idle"), enabled=False)
    return judge(
        Check.MASS_DISABLE,
        desired_of([organization()], limits=limits),
        live_of([*connections, idle]),
        (*changes_of(*connections[:disables]), Change(live=idle)),
        allowed=tuple(allowed),
    )


NO_PERCENTAGE = 100


@pytest.mark.parametrize(("disables", "blocked"), [(0, False), (1, False), (4, False), (5, True), (6, True)])
def test_exactly_at_the_count_passes_and_one_more_does_not(disables: int, blocked: bool) -> None:
    found = mass(disables, 9, Limits(max_disables=4, max_disable_percent=NO_PERCENTAGE))
    assert bool(found) is blocked


def test_too_many_disables_name_the_numbers_and_the_key_to_raise() -> None:
    (found,) = mass(3, 5, Limits(max_disables=2, max_disable_percent=NO_PERCENTAGE))
    assert found == Diagnostic(
        severity=Severity.ERROR,
        check="mass-disable",
        summary="The plan disables 3 connections; `limits.max_disables` allows 2.",
        detail="If that is intended, set `limits.max_disables: 3`, or pass `--allow mass-disable`;"
        " otherwise disable fewer at a time.",
    )


def test_one_disable_is_too_many_where_none_is_allowed() -> None:
    (found,) = mass(1, 5, Limits(max_disables=0, max_disable_percent=NO_PERCENTAGE))
    assert found.summary == "The plan disables 1 connection; `limits.max_disables` allows 0."


def test_what_is_enabled_does_not_count_as_a_disable() -> None:
    assert mass(0, 0, Limits(max_disables=0, max_disable_percent=0)) == ()


@pytest.mark.parametrize(
    ("disables", "enabled", "percent", "blocked"),
    [
        (9, 9, 30, False),  # below ten the share says nothing
        (4, 9, 30, False),
        (3, 10, 30, False),  # exactly at the limit
        (4, 10, 30, True),
        (3, 11, 30, False),
        (4, 11, 30, True),
        (1, 10, 9, True),
        (1, 10, 10, False),
        (1, 10, 0, True),
        (10, 10, 100, False),
        (30, 100, 30, False),
        (31, 100, 30, True),
        (1, 101, 0, True),
        (34, 101, 33, True),  # 33.66 percent: no rounding in favour of the plan
        (33, 101, 33, False),
        (29, 99, 29, True),
        (10, 33, 30, True),  # 30.30 percent
        (10, 34, 30, False),
    ],
)
def test_the_share_of_disables_counts_from_ten_enabled_connections(
    disables: int,
    enabled: int,
    percent: int,
    blocked: bool,
) -> None:
    found = mass(disables, enabled, Limits(max_disables=1000, max_disable_percent=percent))
    assert bool(found) is blocked


@pytest.mark.parametrize(("disables", "enabled", "enough"), [(4, 10, 40), (4, 11, 37), (10, 33, 31)])
def test_too_large_a_share_names_the_smallest_percentage_that_passes(
    disables: int, enabled: int, enough: int
) -> None:
    (found,) = mass(disables, enabled, Limits(max_disables=1000))
    assert found.summary == (
        f"The plan disables {disables} of {enabled} enabled connections;"
        " `limits.max_disable_percent` allows 30 percent."
    )
    assert f"`limits.max_disable_percent: {enough}`" in found.detail
    assert mass(disables, enabled, Limits(max_disables=1000, max_disable_percent=enough)) == ()
    assert mass(disables, enabled, Limits(max_disables=1000, max_disable_percent=enough - 1))


def test_a_broken_limit_is_shown_where_the_limits_stand() -> None:
    found = mass(20, 40, Limits(max_disables=2, max_disable_percent=10, location=PLACE))
    assert [item.location for item in found] == [PLACE, PLACE]


def test_both_limits_can_be_broken_at_once() -> None:
    found = mass(11, 20, Limits())
    assert [item.summary.split(";")[0] for item in found] == [
        "The plan disables 11 connections",
        "The plan disables 11 of 20 enabled connections",
    ]


def test_only_connections_of_the_scope_are_what_the_share_is_of() -> None:
    inside = [live_connection(at(f"conn_{number}"), enabled=True) for number in range(10)]
    outside = [live_connection(at(f"conn_{number}", "org_2"), enabled=True) for number in range(90)]
    both = desired_of([organization(), organization(identifier="org_2")])
    live = live_of([*inside, *outside])
    changes = changes_of(*inside[:4])
    assert judge(Check.MASS_DISABLE, both, live, changes) == ()
    assert judge(Check.MASS_DISABLE, replace(both, scope=(ORG,)), live, changes)


def test_the_scope_may_name_organizations_that_a_policy_does_not_carry() -> None:
    connections = [live_connection(at(f"conn_{number}"), enabled=True) for number in range(10)]
    assert judge(
        Check.MASS_DISABLE, Desired(scope=(ORG,)), live_of(connections), changes_of(*connections[:4])
    )


def test_a_share_of_something_that_was_not_read_cannot_be_computed() -> None:
    desired = Desired(scope=(OrganizationId("org_3"), ORG, OrganizationId("org_2")))
    (found,) = judge(Check.MASS_DISABLE, desired, live_of([ENABLED]), changes_of(ENABLED))
    assert found.severity is Severity.ERROR
    assert found.summary == (
        "The check could not be computed: org_2 was not read,"
        " so the share of disabled connections is unknown."
    )
    assert found.detail == "Plan again, or pass `--allow mass-disable`."
    assert judge(Check.MASS_DISABLE, desired, live_of([]), changes_of(DISABLED)) == ()


SECOND = at("conn_2")


def lockout(live: Live, *changes: Change) -> tuple[Diagnostic, ...]:
    return judge(Check.ORGANIZATION_LOCKOUT, desired_of([organization()]), live, changes)


def test_disabling_the_last_enabled_connection_is_a_warning_at_the_organization() -> None:
    idle = live_connection(SECOND, enabled=False)
    (found,) = lockout(live_of([ENABLED, idle]), *changes_of(ENABLED))
    assert found == Diagnostic(
        severity=Severity.WARNING,
        check="organization-lockout",
        summary="org_1 would end without an enabled connection: nobody there could sign in over SSO.",
        detail="Keep one of its connections at `enabled: true`; if the organization is meant to end without"
        " SSO, set `checks: {organization-lockout: off}` on it.",
        address="org_1",
        location=ORGANIZATION_PLACE,
    )


def test_another_enabled_connection_keeps_the_organization_open() -> None:
    other = live_connection(SECOND, enabled=True)
    assert lockout(live_of([ENABLED, other]), *changes_of(ENABLED)) == ()


def test_a_connection_enabled_by_the_same_plan_keeps_the_organization_open() -> None:
    other = live_connection(SECOND, enabled=False)
    assert lockout(live_of([ENABLED, other]), *changes_of(ENABLED, other)) == ()


def test_disabling_every_connection_locks_out() -> None:
    other = live_connection(SECOND, enabled=True)
    assert len(lockout(live_of([ENABLED, other]), *changes_of(ENABLED, other))) == 1


def test_an_organization_that_loses_nothing_is_not_locked_out_by_this_plan() -> None:
    assert lockout(live_of([DISABLED])) == ()
    assert lockout(live_of([DISABLED]), *changes_of(DISABLED)) == ()


def test_each_organization_is_judged_by_its_own_connections() -> None:
    elsewhere = live_connection(at("conn_2", "org_2"), enabled=True)
    other = live_connection(at("conn_3", "org_3"), enabled=True)
    found = judge(
        Check.ORGANIZATION_LOCKOUT,
        desired_of([organization(identifier=name) for name in ("org_1", "org_2", "org_3")]),
        live_of([ENABLED, elsewhere, other]),
        changes_of(live_connection(at("conn_9", "org_9")), ENABLED, other),
    )
    assert [item.address for item in found] == ["org_1", "org_3"]


def test_an_organization_that_was_not_read_cannot_be_judged() -> None:
    found = judge(
        Check.ORGANIZATION_LOCKOUT,
        desired_of([organization()]),
        live_of([live_connection(at("conn_2", "org_2"), enabled=True)]),
        changes_of(ENABLED, live_connection(at("conn_2", "org_2"), enabled=True)),
    )
    error, warning = found
    assert (error.severity, error.address, error.location) == (Severity.ERROR, "org_1", ORGANIZATION_PLACE)
    assert (warning.severity, warning.address, warning.location) == (Severity.WARNING, "org_2", None)
    assert error.summary == "The check could not be computed for org_1: its connections were not read."
    assert error.detail == "Plan again, or pass `--allow organization-lockout`."
    assert error.location == ORGANIZATION_PLACE
