"""A plan: the order of its changes, its fingerprint, its policy, and what it says of itself."""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import replace

import pytest
from checks_support import (
    ADDRESS,
    CONN,
    ORG,
    PLACE,
    at,
    changes_of,
    desired_of,
    live_connection,
    organization,
    wanted,
)
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import (
    World,
    diagnostic_collections,
    hostile_text,
    live_connections,
    locations,
    plans,
    worlds,
)
from strategies import (
    changes_of as drawn_changes,
)

from scalekit_apply.diagnostics import Diagnostic, Diagnostics, Location, Severity
from scalekit_apply.diff import diff
from scalekit_apply.exits import Outcome
from scalekit_apply.model import (
    Address,
    Check,
    ConnectionId,
    Desired,
    DesiredConnection,
    DesiredOrganization,
    Environment,
    Expectation,
    Level,
    Limits,
    LiveConnection,
    OrganizationId,
    Unmanaged,
)
from scalekit_apply.plan import (
    Action,
    Change,
    Origin,
    Plan,
    PlanSummary,
    canonical_json,
    change_order,
    digest,
    policy_document,
    policy_for,
)

ENVIRONMENT = Environment("https://acme.scalekit.com")
OFF = live_connection(enabled=False)
ON = live_connection(at("conn_2"), enabled=True)
POLICY = desired_of([organization([wanted(), wanted(at("conn_2"), enabled=False)])])


def plan(*changes: Change, policy: Desired = POLICY) -> Plan:
    return Plan(environment=ENVIRONMENT, changes=changes, unchanged=14, policy=policy)


PLAN = plan(*changes_of(ON, OFF))


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


def test_the_fingerprint_is_the_digest_of_everything_that_decides() -> None:
    content = {
        "format": 1,
        "environment": "https://acme.scalekit.com",
        "policy": policy_document(POLICY),
        "allowed": [],
        "changes": [
            {
                "organization": "org_1",
                "connection": "conn_1",
                "before": {"enabled": False},
                "after": {"enabled": True},
            },
            {
                "organization": "org_1",
                "connection": "conn_2",
                "before": {"enabled": True},
                "after": {"enabled": False},
            },
        ],
    }
    written = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
    assert PLAN.fingerprint == f"sha256:{hashlib.sha256(written).hexdigest()}"


@given(drawn=plans())
def test_a_fingerprint_is_64_hexadecimal_digits_and_always_the_same(drawn: Plan) -> None:
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", drawn.fingerprint)
    assert replace(drawn).fingerprint == drawn.fingerprint


@given(
    drawn=plans(),
    diagnostics=diagnostic_collections(),
    name=hostile_text(),
    number=st.integers(0, 10),
    unmanaged=st.lists(live_connections(), max_size=2),
    place=st.none() | locations(),
)
def test_names_counts_places_and_diagnostics_do_not_take_part_in_the_fingerprint(  # all at once
    drawn: Plan,
    diagnostics: Diagnostics,
    name: str,
    number: int,
    unmanaged: list[LiveConnection],
    place: Location | None,
) -> None:
    dressed = replace(
        drawn,
        changes=tuple(
            replace(
                change,
                live=replace(
                    change.live,
                    organization_name=name,
                    provider=name,
                    type=name,
                    status=name,
                    domains=(name,),
                    provider_key=name,
                    key_id=name,
                    ui_button_title=name,
                    mcp_server_url=name,
                ),
                source=place,
                origin=Origin.DRIFT,
            )
            for change in drawn.changes
        ),
        unchanged=number,
        diagnostics=diagnostics,
        unmanaged=tuple(unmanaged),
        targets=("org_x",),
        compared=True,
    )
    assert dressed.fingerprint == drawn.fingerprint


@given(drawn=plans(), data=st.data())
def test_law_8_the_order_of_changes_and_allowances_does_not_take_part(
    drawn: Plan, data: st.DataObject
) -> None:
    shuffled = replace(
        drawn,
        changes=tuple(data.draw(st.permutations(drawn.changes))),
        allowed=tuple(data.draw(st.permutations(drawn.allowed))),
    )
    assert shuffled.fingerprint == drawn.fingerprint
    assert replace(drawn, allowed=drawn.allowed * 2).fingerprint == drawn.fingerprint


@given(drawn=plans(), data=st.data())
def test_every_change_takes_part_in_the_fingerprint(drawn: Plan, data: st.DataObject) -> None:
    assume(drawn.changes)
    index = data.draw(st.integers(0, len(drawn.changes) - 1))
    change = drawn.changes[index]
    before, after = drawn.changes[:index], drawn.changes[index + 1 :]
    elsewhere = Address(change.address.organization_id, ConnectionId("conn_ANOTHER"))
    moved = Address(OrganizationId("org_ANOTHER"), change.address.connection_id)
    variants = [
        (*before, *after),
        (*before, replace(change, live=replace(change.live, enabled=not change.before)), *after),
        (*before, replace(change, live=replace(change.live, address=elsewhere)), *after),
        (*before, replace(change, live=replace(change.live, address=moved)), *after),
    ]
    fingerprints = {replace(drawn, changes=variant).fingerprint for variant in variants}
    assert len(fingerprints | {drawn.fingerprint}) == len(variants) + 1


def _with(asked: DesiredOrganization) -> Desired:
    return replace(POLICY, organizations={asked.id: asked})


ASKED = POLICY.organizations[ORG]
FIRST = ASKED.connections[CONN]


def _expecting(expect: Expectation | None) -> Desired:
    return _connected(replace(FIRST, expect=expect))


def _connected(connection: DesiredConnection) -> Desired:
    return _with(replace(ASKED, connections={**ASKED.connections, CONN: connection}))


POLICIES = {
    "as it is": POLICY,
    "max_disables": replace(POLICY, limits=Limits(max_disables=9)),
    "max_disable_percent": replace(POLICY, limits=Limits(max_disable_percent=9)),
    "scope": replace(POLICY, scope=(OrganizationId("org_2"),)),
    "organizations": replace(POLICY, organizations={}),
    "unmanaged": _with(replace(ASKED, unmanaged=Unmanaged.IGNORE)),
    "label": _with(replace(ASKED, name="Megasoft")),
    "others": _with(replace(ASKED, others=frozenset({ConnectionId("conn_9")}))),
    "connections": _with(replace(ASKED, connections={})),
    "protected": _connected(replace(FIRST, protected=True)),
    "provider": _expecting(Expectation(provider="OKTA")),
    "type": _expecting(Expectation(type="OKTA")),
    "status": _expecting(Expectation(status="OKTA")),
    "domains": _expecting(Expectation(domains=("a.org",))),
    "no domains": _expecting(Expectation(domains=())),
    **{
        f"{check.value} {level.value} {place}": policy
        for check in Check
        if not check.rule.fixed
        for level in Level
        if level is not check.rule.default
        for place, policy in (
            ("at the top", replace(POLICY, checks={check: level})),
            ("on the organization", _with(replace(ASKED, checks={check: level}))),
            ("on the connection", _connected(replace(FIRST, checks={check: level}))),
        )
    },
}


def test_every_part_of_the_policy_takes_part_in_the_fingerprint() -> None:
    by_fingerprint: dict[str, str] = {}
    for name, policy in POLICIES.items():
        fingerprint = replace(PLAN, policy=policy).fingerprint
        assert fingerprint not in by_fingerprint, (name, by_fingerprint[fingerprint])
        by_fingerprint[fingerprint] = name


@pytest.mark.parametrize(
    "policy",
    [
        _connected(replace(FIRST, description="Okta, all staff", location=None, enabled=False)),
        _with(replace(ASKED, location=None, name_location=None, unmanaged_location=None)),
        replace(POLICY, environment=Environment("https://other.scalekit.com")),
        replace(POLICY, checks={check: check.rule.default for check in Check}),
        replace(POLICY, checks={Check.EXPECTATION_FAILED: Level.OFF}),
    ],
    ids=["description", "places", "environment of the configuration", "defaults written out", "fixed"],
)
def test_what_changes_no_check_does_not_take_part_in_the_fingerprint(policy: Desired) -> None:
    assert replace(PLAN, policy=policy).fingerprint == PLAN.fingerprint


def test_the_environment_and_what_was_allowed_take_part_in_the_fingerprint() -> None:
    others = [
        replace(PLAN, environment=Environment("https://other.scalekit.com")),
        *(replace(PLAN, allowed=(check,)) for check in Check),
        replace(PLAN, allowed=(Check.MASS_DISABLE, Check.DEBUG_ENABLED)),
    ]
    assert len({item.fingerprint for item in others} | {PLAN.fingerprint}) == len(others) + 1


@given(drawn=worlds(), data=st.data())
def test_law_8_the_order_of_a_policy_does_not_take_part(drawn: World, data: st.DataObject) -> None:
    desired = drawn.desired
    shuffled = replace(
        desired,
        checks=dict(data.draw(st.permutations([*desired.checks.items()]))),
        organizations={
            key: replace(
                item,
                checks=dict(reversed([*item.checks.items()])),
                connections=dict(reversed([*item.connections.items()])),
            )
            for key, item in reversed([*desired.organizations.items()])
        },
    )
    assert canonical_json(policy_document(shuffled)) == canonical_json(policy_document(desired))


def test_a_policy_document_holds_what_the_checks_need_and_nothing_else() -> None:
    expect = Expectation(provider="OKTA", domains=("b.org", "a.org"), location=PLACE)
    asked = DesiredOrganization(
        id=ORG,
        name="Megasoft",
        unmanaged=Unmanaged.DISABLE,
        checks={Check.ORGANIZATION_NAME: Level.OFF, Check.DEBUG_ENABLED: Level.NOTE},
        connections={
            ConnectionId("conn_2"): DesiredConnection(address=at("conn_2"), enabled=True, protected=True),
            CONN: DesiredConnection(
                address=ADDRESS, enabled=True, expect=expect, checks={Check.DEBUG_ENABLED: Level.OFF}
            ),
        },
        others=frozenset({ConnectionId("conn_9"), ConnectionId("conn_3")}),
        location=PLACE,
    )
    policy = Desired(
        limits=Limits(max_disables=3, max_disable_percent=50),
        checks={Check.MASS_DISABLE: Level.WARNING},
        organizations={ORG: asked},
        scope=(ORG, OrganizationId("org_2")),
    )
    assert policy_document(policy) == {
        "limits": {"max_disables": 3, "max_disable_percent": 50},
        "checks": {
            "incomplete-connection": "error",
            "certificate-expired": "error",
            "mass-disable": "warning",
            "organization-lockout": "warning",
            "certificate-expiring": "warning",
            "debug-enabled": "warning",
            "organization-name": "warning",
            "unmanaged-connection": "note",
        },
        "organizations": {
            "org_1": {
                "name": "Megasoft",
                "unmanaged": "disable",
                "checks": {"debug-enabled": "note", "organization-name": "off"},
                "others": ["conn_3", "conn_9"],
                "connections": {
                    "conn_1": {
                        "protected": False,
                        "expect": {"provider": "OKTA", "domains": ["a.org", "b.org"]},
                        "checks": {"debug-enabled": "off"},
                    },
                    "conn_2": {"protected": True, "expect": None, "checks": {}},
                },
            }
        },
        "scope": ["org_1", "org_2"],
    }


def test_a_policy_keeps_only_what_is_touched() -> None:
    desired = replace(
        desired_of(
            [
                organization([wanted(), wanted(at("conn_5"))], name="Megasoft"),
                organization([wanted(at("conn_7", "org_2"))], identifier="org_2"),
            ],
            levels={Check.DEBUG_ENABLED: Level.ERROR},
            limits=Limits(max_disables=1),
        ),
        environment=ENVIRONMENT,
    )
    policy = policy_for(desired, changes_of(OFF))
    assert list(policy.organizations) == [ORG]
    kept, asked = policy.organizations[ORG], desired.organizations[ORG]
    assert kept.connections == {CONN: asked.connections[CONN]}
    assert (kept.id, kept.name, kept.checks) == (asked.id, asked.name, asked.checks)
    assert (kept.location, kept.name_location, kept.unmanaged_location) == (
        asked.location,
        asked.name_location,
        asked.unmanaged_location,
    )
    assert (policy.environment, policy.limits, policy.checks) == (
        desired.environment,
        desired.limits,
        desired.checks,
    )


def test_a_policy_without_changes_touches_nothing() -> None:
    assert policy_for(POLICY, ()) == Desired(limits=POLICY.limits)


def test_the_scope_stays_only_when_something_is_disabled() -> None:
    desired = desired_of([organization([wanted()]), organization(identifier="org_2")])
    assert policy_for(desired, changes_of(OFF)).scope == ()
    assert policy_for(desired, changes_of(ON)).scope == desired.scope
    assert policy_for(desired, changes_of(OFF, ON)).scope == desired.scope


def test_a_change_of_something_unmanaged_leaves_its_organization_in_the_policy() -> None:
    desired = desired_of([organization([wanted()], unmanaged=Unmanaged.DISABLE)])
    kept = policy_for(desired, changes_of(ON)).organizations[ORG]
    assert kept.connections == {}
    assert kept.unmanaged is Unmanaged.DISABLE


@pytest.mark.parametrize("level", [Level.WARNING, Level.NOTE, Level.OFF, Level.ERROR])
def test_what_else_is_managed_stays_only_where_an_unmanaged_connection_blocks(level: Level) -> None:
    check = {Check.UNMANAGED_CONNECTION: level}
    asked = organization([wanted(), wanted(at("conn_5"))], others=["conn_6"], levels=check)
    kept = policy_for(desired_of([asked]), changes_of(OFF)).organizations[ORG]
    if level is Level.ERROR:
        assert kept.others == {"conn_5", "conn_6"}
        assert kept.unmanaged is Unmanaged.REPORT
    else:
        assert kept.others == frozenset()
        assert kept.unmanaged is Unmanaged.IGNORE


@given(drawn=worlds(), data=st.data())
def test_a_policy_of_a_policy_is_itself(drawn: World, data: st.DataObject) -> None:
    changes = data.draw(drawn_changes(drawn))
    policy = policy_for(drawn.desired, changes)
    assert policy_for(policy, changes) == policy
    assert policy_document(policy_for(policy, changes)) == policy_document(policy)


@given(drawn=worlds(), data=st.data())
def test_a_policy_asks_of_what_it_touches_what_the_configuration_asks(
    drawn: World, data: st.DataObject
) -> None:
    changes = data.draw(drawn_changes(drawn))
    policy = policy_for(drawn.desired, changes)
    for change in changes:
        assert policy.connection(change.address) == drawn.desired.connection(change.address)
        for check in Check:
            assert policy.level(check, change.address) is drawn.desired.level(check, change.address)


@given(drawn=worlds())
def test_what_a_difference_asks_for_has_a_policy(drawn: World) -> None:
    changes = diff(drawn.desired, drawn.live).changes
    assert set(policy_for(drawn.desired, changes).organizations) == {
        change.address.organization_id for change in changes
    }
