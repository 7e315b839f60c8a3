"""Every row of the table of checks: its level, where that can be set, what allowing it does."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import pytest
from checks_support import (
    ADDRESS,
    CONN,
    NOW,
    ORG,
    changes_of,
    desired_of,
    detail,
    live_connection,
    live_of,
    organization,
    wanted,
)
from hypothesis import given
from hypothesis import strategies as st
from plan_strategies import changes_of as drawn_changes
from strategies import World, instants, worlds

from scalekit_apply import checks
from scalekit_apply.checks.evidence import Evidence, Finding, not_computable
from scalekit_apply.diagnostics import Diagnostic, Severity
from scalekit_apply.model import (
    CHECK_RULES,
    Address,
    Check,
    Desired,
    Expectation,
    Level,
    Limits,
    Live,
    OrganizationId,
    Scope,
)
from scalekit_apply.plan import Change

FIXED = [check for check in Check if check.rule.fixed]
SETTABLE = [check for check in Check if not check.rule.fixed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A situation about which one check has exactly one thing to say."""

    desired: Desired
    live: Live
    changes: tuple[Change, ...] = ()

    def about(self, check: Check, *, allowed: Collection[Check] = ()) -> tuple[Diagnostic, ...]:
        found = checks.run(
            desired=self.desired, changes=self.changes, live=self.live, allowed=allowed, now=NOW
        )
        return tuple(item for item in found if item.check == check)

    def at_top(self, check: Check, level: Level) -> Case:
        return replace(self, desired=replace(self.desired, checks={check: level}))

    def at_organization(self, check: Check, level: Level) -> Case:
        changed = replace(self.desired.organizations[ORG], checks={check: level})
        return replace(
            self, desired=replace(self.desired, organizations={**self.desired.organizations, ORG: changed})
        )

    def at_connection(self, check: Check, level: Level) -> Case:
        organization_now = self.desired.organizations[ORG]
        changed = replace(organization_now.connections[CONN], checks={check: level})
        replaced = replace(organization_now, connections={CONN: changed})
        return replace(
            self, desired=replace(self.desired, organizations={**self.desired.organizations, ORG: replaced})
        )


def case_of(check: Check) -> Case:  # noqa: C901, PLR0911  # a table, one row a check
    enabled, disabled = live_connection(enabled=True), live_connection(enabled=False)
    on = desired_of([organization([wanted()])])
    off = desired_of([organization([wanted(enabled=False)])])
    match check:
        case Check.CONNECTION_NOT_FOUND:
            return Case(desired=on, live=live_of([], empty=[ORG]))
        case Check.EXPECTATION_FAILED:
            expecting = replace(wanted(), expect=Expectation(type="OIDC"))
            return Case(desired=desired_of([organization([expecting])]), live=live_of([enabled]))
        case Check.PROTECTED_CONNECTION:
            guarded = desired_of([organization([wanted(enabled=False, protected=True)])])
            return Case(desired=guarded, live=live_of([enabled]), changes=changes_of(enabled))
        case Check.INCOMPLETE_CONNECTION:
            draft = live_connection(status="DRAFT")
            return Case(desired=on, live=live_of([draft], details=[detail()]), changes=changes_of(draft))
        case Check.CERTIFICATE_EXPIRED:
            live = live_of([disabled], details=[detail(certificates=[])])
            return Case(desired=on, live=live, changes=changes_of(disabled))
        case Check.CERTIFICATE_EXPIRING:
            soon = NOW.replace(day=20)
            live = live_of([disabled], details=[detail(certificates=[soon])])
            return Case(desired=on, live=live, changes=changes_of(disabled))
        case Check.DEBUG_ENABLED:
            live = live_of([disabled], details=[detail(debug_enabled=True)])
            return Case(desired=on, live=live, changes=changes_of(disabled))
        case Check.MASS_DISABLE:
            strict = replace(off, limits=Limits(max_disables=0))
            return Case(desired=strict, live=live_of([enabled]), changes=changes_of(enabled))
        case Check.ORGANIZATION_LOCKOUT:
            return Case(desired=off, live=live_of([enabled]), changes=changes_of(enabled))
        case Check.ORGANIZATION_NAME:
            named = desired_of([organization([wanted()], name="Other")])
            return Case(desired=named, live=live_of([enabled]))
        case Check.UNMANAGED_CONNECTION:
            stray = live_connection(ADDRESS._replace(connection_id=type(CONN)("conn_2")), enabled=True)
            return Case(desired=on, live=live_of([enabled, stray]))


def test_every_check_is_in_the_registry_and_in_the_table() -> None:
    assert set(checks.REGISTRY) == set(Check) == set(CHECK_RULES)
    assert len(set(checks.REGISTRY.values())) == len(Check)


EXPECTED_DEFAULTS = {
    Check.CONNECTION_NOT_FOUND: (Severity.ERROR, "fixed"),
    Check.EXPECTATION_FAILED: (Severity.ERROR, "fixed"),
    Check.PROTECTED_CONNECTION: (Severity.ERROR, "fixed"),
    Check.INCOMPLETE_CONNECTION: (Severity.ERROR, "connection"),
    Check.CERTIFICATE_EXPIRED: (Severity.ERROR, "connection"),
    Check.MASS_DISABLE: (Severity.ERROR, "environment"),
    Check.ORGANIZATION_LOCKOUT: (Severity.WARNING, "organization"),
    Check.CERTIFICATE_EXPIRING: (Severity.WARNING, "connection"),
    Check.DEBUG_ENABLED: (Severity.WARNING, "connection"),
    Check.ORGANIZATION_NAME: (Severity.WARNING, "organization"),
    Check.UNMANAGED_CONNECTION: (Severity.NOTE, "organization"),
}


@pytest.mark.parametrize("check", Check)
def test_every_check_speaks_at_its_default_level(check: Check) -> None:
    (found,) = case_of(check).about(check)
    severity, settable = EXPECTED_DEFAULTS[check]
    assert found.severity is severity
    assert ("fixed" if check.rule.fixed else check.rule.scope.value) == settable


@pytest.mark.parametrize("check", Check)
def test_every_check_says_what_to_do_in_whole_sentences(check: Check) -> None:
    (found,) = case_of(check).about(check)
    for text in (found.summary, found.detail):
        assert text.endswith(".")
        assert len(text.splitlines()) == 1


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("check", SETTABLE)
def test_a_level_at_the_top_holds_for_every_check_that_is_not_fixed(check: Check, level: Level) -> None:
    found = case_of(check).at_top(check, level).about(check)
    assert [item.severity for item in found] == ([] if level is Level.OFF else [level.severity])


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("check", [item for item in SETTABLE if item.rule.scope is not Scope.ENVIRONMENT])
def test_a_level_on_the_organization_beats_the_top(check: Check, level: Level) -> None:
    opposite = Level.OFF if level is not Level.OFF else Level.ERROR
    found = case_of(check).at_top(check, opposite).at_organization(check, level).about(check)
    assert [item.severity for item in found] == ([] if level is Level.OFF else [level.severity])


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("check", [item for item in SETTABLE if item.rule.scope is Scope.CONNECTION])
def test_a_level_on_the_connection_beats_the_organization_and_the_top(check: Check, level: Level) -> None:
    opposite = Level.OFF if level is not Level.OFF else Level.ERROR
    case = case_of(check).at_top(check, opposite).at_organization(check, opposite)
    found = case.at_connection(check, level).about(check)
    assert [item.severity for item in found] == ([] if level is Level.OFF else [level.severity])


@pytest.mark.parametrize("check", SETTABLE)
def test_the_level_of_one_check_says_nothing_about_another(check: Check) -> None:
    before = case_of(check).about(check)
    for other in SETTABLE:
        if other is not check:
            assert case_of(check).at_top(other, Level.OFF).about(check) == before


@pytest.mark.parametrize("check", FIXED)
def test_a_fixed_check_is_neither_lowered_nor_allowed(check: Check) -> None:
    (before,) = case_of(check).about(check)
    case = case_of(check).at_top(check, Level.OFF).at_organization(check, Level.OFF)
    assert case.at_connection(check, Level.NOTE).about(check, allowed=(check,)) == (before,)
    assert before.severity is Severity.ERROR


@pytest.mark.parametrize("check", SETTABLE)
def test_an_allowed_error_is_a_warning_that_says_so(check: Check) -> None:
    case = case_of(check).at_top(check, Level.ERROR)
    (error,) = case.about(check)
    (allowed,) = case.about(check, allowed=(check,))
    advice = error.detail.replace(f", or pass `--allow {check.value}`", "")
    assert allowed == replace(
        error, severity=Severity.WARNING, detail=f"Allowed by `--allow {check.value}`. {advice}"
    )
    assert allowed.detail.count("--allow") == 1
    others = [other for other in Check if other is not check]
    assert case.about(check, allowed=others) == (error,)


@pytest.mark.parametrize("level", [Level.WARNING, Level.NOTE, Level.OFF])
@pytest.mark.parametrize("check", SETTABLE)
def test_allowing_what_is_no_error_changes_nothing(check: Check, level: Level) -> None:
    case = case_of(check).at_top(check, level)
    assert case.about(check, allowed=(check,)) == case.about(check)


def broken(_: Evidence) -> Iterator[Finding]:
    yield Finding(about=ORG, summary="Seen before it broke.", detail="")
    raise ValueError("a \n broken check")


def lacking(_: Evidence) -> Iterator[Finding]:
    yield not_computable(ADDRESS, "something is missing", "Find it")


def outcome(desired: Desired, check: Check, *, allowed: Collection[Check] = ()) -> list[Severity]:
    found = checks.run(
        desired=desired,
        changes=(),
        live=Live(),
        allowed=allowed,
        now=NOW,
        registry={**checks.REGISTRY, check: lacking},
    )
    return [item.severity for item in found if item.check == check]


@pytest.mark.parametrize("check", Check)
def test_a_check_that_could_not_be_computed_is_an_error_whatever_its_default(check: Check) -> None:
    assert outcome(desired_of([]), check) == [Severity.ERROR]


_ORDER = [Level.ERROR, Level.WARNING, Level.NOTE, Level.OFF]


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("check", SETTABLE)
def test_a_check_that_could_not_be_computed_is_quieter_only_when_set_below_its_default(
    check: Check, level: Level
) -> None:
    lowered = _ORDER.index(level) > _ORDER.index(check.rule.default)
    expected = level.severity if lowered else Severity.ERROR
    found = outcome(desired_of([], levels={check: level}), check)
    assert found == ([] if expected is None else [expected])


@pytest.mark.parametrize("check", SETTABLE)
def test_a_check_that_could_not_be_computed_can_be_allowed(check: Check) -> None:
    assert outcome(desired_of([]), check, allowed=[check]) == [Severity.WARNING]


@pytest.mark.parametrize("check", FIXED)
def test_a_fixed_check_that_could_not_be_computed_stays_an_error(check: Check) -> None:
    desired = desired_of([], levels={check: Level.OFF})
    assert outcome(desired, check, allowed=[check]) == [Severity.ERROR]


def test_a_check_that_raises_blocks_and_keeps_what_it_had_found() -> None:
    check = Check.ORGANIZATION_NAME
    found = checks.run(
        desired=desired_of([]),
        changes=(),
        live=Live(),
        allowed=(),
        now=NOW,
        registry={**checks.REGISTRY, check: broken},
    )
    assert list(found) == [
        Diagnostic(
            severity=Severity.ERROR,
            check="organization-name",
            summary=r'The check could not be computed: ValueError "a \n broken check".',
            detail="This is a defect of scalekit-apply; please report it.",
        ),
        Diagnostic(
            severity=Severity.WARNING,
            check="organization-name",
            summary="Seen before it broke.",
            detail="",
            address="org_1",
        ),
    ]


def test_a_check_without_a_function_blocks() -> None:
    found = checks.run(desired=desired_of([]), changes=(), live=Live(), allowed=(), now=NOW, registry={})
    assert [(item.severity, item.check) for item in found] == [
        (Severity.ERROR, check.value) for check in sorted(Check)
    ]


def test_nothing_to_say_is_an_empty_collection() -> None:
    found = checks.run(
        desired=desired_of([organization([wanted()], name="Megasoft")]),
        changes=changes_of(live_connection()),
        live=live_of([live_connection()], details=[detail()]),
        allowed=(),
        now=NOW,
    )
    assert list(found) == []


def _turned(live: Live) -> Live:
    return Live(
        organizations={
            key: replace(item, connections=dict(reversed([*item.connections.items()])))
            for key, item in reversed([*live.organizations.items()])
        },
        details=dict(reversed([*live.details.items()])),
        elsewhere=dict(reversed([*live.elsewhere.items()])),
    )


def _turned_desired(desired: Desired) -> Desired:
    return replace(
        desired,
        organizations={
            key: replace(item, connections=dict(reversed([*item.connections.items()])))
            for key, item in reversed([*desired.organizations.items()])
        },
        scope=tuple(reversed(desired.scope)),
    )


@given(data=st.data(), world=worlds(), now=instants())
def test_law_8_the_order_of_what_was_read_does_not_change_what_checks_say(
    data: st.DataObject, world: World, now: datetime
) -> None:
    changes = data.draw(drawn_changes(world))
    one = checks.run(desired=world.desired, changes=changes, live=world.live, allowed=(), now=now)
    other = checks.run(
        desired=_turned_desired(world.desired),
        changes=changes[::-1],
        live=_turned(world.live),
        allowed=(),
        now=now,
    )
    assert one == other


@given(data=st.data(), world=worlds(), now=instants())
def test_checks_never_raise_and_speak_in_lines(data: st.DataObject, world: World, now: datetime) -> None:
    changes = data.draw(drawn_changes(world))
    for item in checks.run(desired=world.desired, changes=changes, live=world.live, allowed=(), now=now):
        assert "defect" not in item.detail
        assert len(item.summary.splitlines()) == 1
        assert len(item.detail.splitlines()) == 1


def test_an_address_and_an_organization_are_shown_as_they_are_written() -> None:
    def both(_: Evidence) -> Iterator[Finding]:
        yield Finding(about=Address(ORG, CONN), summary="a.", detail="")
        yield Finding(about=OrganizationId("org_2"), summary="b.", detail="")
        yield Finding(about=None, summary="c.", detail="")

    found = checks.run(
        desired=desired_of([]),
        changes=(),
        live=Live(),
        allowed=(),
        now=NOW,
        registry={**checks.REGISTRY, Check.DEBUG_ENABLED: both},
    )
    assert {item.address for item in found} == {"org_1/conn_1", "org_2", None}
