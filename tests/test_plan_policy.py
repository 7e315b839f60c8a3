"""What a plan keeps of the configuration, so that the checks can be made again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from checks_support import ADDRESS, CONN, ORG, PLACE, at, changes_of, desired_of, organization, wanted
from hypothesis import given
from hypothesis import strategies as st
from plan_strategies import changes_of as drawn_changes
from plan_support import ENVIRONMENT, OFF, ON, POLICY
from strategies import World, worlds

from scalekit_apply.diff import diff
from scalekit_apply.model import (
    Check,
    ConnectionId,
    Desired,
    DesiredConnection,
    DesiredOrganization,
    Expectation,
    Level,
    Limits,
    OrganizationId,
    Unmanaged,
)
from scalekit_apply.plan import canonical_json, policy_document, policy_for


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


def test_a_policy_names_every_fact_that_an_expectation_states() -> None:
    expect = Expectation(provider="OKTA", type="SAML", status="COMPLETED", domains=())
    policy = desired_of([organization([replace(wanted(), expect=expect)])])
    assert b'"expect":{"domains":[],"provider":"OKTA","status":"COMPLETED","type":"SAML"}' in canonical_json(
        policy_document(policy)
    )


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
