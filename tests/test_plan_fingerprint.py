"""What takes part in the fingerprint of a plan, and what does not."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace

import pytest
from checks_support import CONN, ORG
from hypothesis import assume, given
from hypothesis import strategies as st
from plan_strategies import diagnostic_collections, plans
from plan_support import PLAN, POLICY
from strategies import hostile_text, live_connections, locations

from scalekit_apply.diagnostics import Diagnostics, Location
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
from scalekit_apply.plan import Origin, Plan, policy_document


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
def test_names_counts_places_and_diagnostics_do_not_take_part_in_the_fingerprint(
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
