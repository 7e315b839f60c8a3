"""Hypothesis strategies for plans, their results and diagnostics."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st
from strategies import (
    World,
    addresses,
    connection_ids,
    environments,
    hostile_text,
    locations,
    organization_ids,
    worlds,
)

from scalekit_apply.diagnostics import Diagnostic, Diagnostics, Severity
from scalekit_apply.exits import Outcome
from scalekit_apply.model import Check
from scalekit_apply.plan import Change, Origin, Plan, change_order, policy_for
from scalekit_apply.result import ChangeResult, Result, State


@cache
def diagnostic_values() -> st.SearchStrategy[Diagnostic]:
    """Diagnostics of checks and of rules, with a summary on one line as their contract says."""
    one_line = hostile_text().map(lambda text: " ".join(text.split()))
    return st.builds(
        Diagnostic,
        severity=st.sampled_from(Severity),
        check=st.sampled_from([*(check.value for check in Check), "unknown-key"]),
        summary=one_line,
        detail=hostile_text(),
        address=st.none() | addresses().map(str) | organization_ids(),
        location=st.none() | locations(),
    )


@cache
def diagnostic_collections(*, max_size: int = 6) -> st.SearchStrategy[Diagnostics]:
    """A collection of them."""
    return st.lists(diagnostic_values(), max_size=max_size).map(Diagnostics)


@st.composite
def changes_of(draw: st.DrawFn, world: World, *, compared: bool = False) -> tuple[Change, ...]:
    """Changes that a plan of this world could hold: of connections in organizations of both."""
    found = [
        Change(
            live=live,
            source=draw(st.none() | locations()),
            origin=draw(st.sampled_from(Origin)) if compared else None,
        )
        for organization_id, organization in world.live.organizations.items()
        if organization_id in world.desired.organizations
        for live in organization.connections.values()
        if draw(st.booleans())
    ]
    return tuple(sorted(found, key=change_order))


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A plan with everything that a view or a file has to carry."""
    world = draw(worlds())
    compared = draw(st.booleans())
    changes = draw(changes_of(world, compared=compared))
    touched = {change.address for change in changes}
    rest = sorted(
        (
            live
            for organization in world.live.organizations.values()
            for live in organization.connections.values()
            if live.enabled and live.address not in touched
        ),
        key=lambda live: live.address,
    )
    return Plan(
        environment=draw(environments()),
        changes=changes,
        unchanged=draw(st.integers(0, 100_000)),
        policy=policy_for(world.desired, changes),
        diagnostics=draw(diagnostic_collections()),
        unmanaged=tuple(live for live in rest if draw(st.booleans())),
        allowed=tuple(
            sorted(
                draw(st.sets(st.sampled_from([check for check in Check if not check.rule.fixed]), max_size=2))
            )
        ),
        targets=tuple(sorted(draw(st.sets(organization_ids() | connection_ids(), max_size=2)))),
        compared=compared,
    )


@st.composite
def results(draw: st.DrawFn, plan: Plan | None = None) -> Result:
    """What became of a plan: one entry a change, outcomes that fit the states."""
    planned = draw(plans()) if plan is None else plan
    ends: list[ChangeResult] = []
    for change in planned.changes:
        state = draw(st.sampled_from(State))
        called = state not in {State.ALREADY, State.SKIPPED}
        ends.append(
            ChangeResult(
                change=change,
                state=state,
                attempts=draw(st.integers(1, 6)) if called else 0,
                status=draw(st.none() | st.sampled_from([200, 403, 404, 429, 503])) if called else None,
                message="" if state in {State.APPLIED, State.ALREADY} else draw(hostile_text()),
                trace_id=draw(st.none() | hostile_text(max_size=20)) if called else None,
            )
        )
    incomplete = any(end.state not in {State.APPLIED, State.ALREADY} for end in ends)
    held: set[Outcome] = {Outcome.INCOMPLETE} if incomplete else set()
    if incomplete:
        held |= draw(st.sets(st.sampled_from([Outcome.INTERRUPTED, Outcome.TERMINATED]), max_size=1))
    return Result(
        environment=planned.environment,
        fingerprint=planned.fingerprint,
        results=tuple(ends),
        outcomes=frozenset(held),
        diagnostics=draw(diagnostic_collections(max_size=3)),
        allowed=planned.allowed,
    )
