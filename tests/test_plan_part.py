"""The part of a plan that was asked for: what stays when drift beside it is left alone."""

from __future__ import annotations

from dataclasses import replace

from checks_support import at, desired_of, live_connection, live_of, organization, wanted
from hypothesis import given
from hypothesis import strategies as st
from strategies import World, worlds

from scalekit_apply.diagnostics import Diagnostic, Diagnostics, Severity
from scalekit_apply.diff import diff
from scalekit_apply.model import Environment
from scalekit_apply.plan import Origin, Plan, asked_for, policy_for

HERE = Environment("https://acme.scalekit.com")


@given(worlds(), st.data())
def test_the_part_is_the_plan_that_there_would_be_without_the_drift(
    world: World, data: st.DataObject
) -> None:
    found = diff(world.desired, world.live).changes
    changes = tuple(replace(change, origin=data.draw(st.sampled_from(Origin))) for change in found)
    asked = tuple(change for change in changes if change.origin is Origin.CONFIG)

    def planned(some: tuple[object, ...]) -> Plan:
        kept = tuple(change for change in changes if change in some)
        return Plan(
            environment=HERE, changes=kept, unchanged=0, policy=policy_for(world.desired, kept), compared=True
        )

    part = asked_for(planned(changes))
    assert part.changes == asked
    assert part.fingerprint == planned(asked).fingerprint
    assert asked_for(part) == part


def test_a_note_names_the_drift_that_is_left_alone_and_only_where_there_is_some() -> None:
    desired = desired_of([organization([wanted(at(name)) for name in ("conn_1", "conn_2", "conn_3")])])
    live = live_of([live_connection(at(name), enabled=False) for name in ("conn_1", "conn_2", "conn_3")])
    origins = (Origin.CONFIG, Origin.DRIFT, Origin.DRIFT)
    changes = tuple(
        replace(change, origin=origin)
        for change, origin in zip(diff(desired, live).changes, origins, strict=True)
    )
    plan = Plan(
        environment=HERE, changes=changes, unchanged=0, policy=policy_for(desired, changes), compared=True
    )
    part = asked_for(plan)
    assert list(part.diagnostics) == [
        Diagnostic(
            severity=Severity.NOTE,
            check="drift-left-alone",
            summary="Drift is left alone: org_1/conn_2, org_1/conn_3.",
            detail="The next plan shows it.",
        )
    ]
    assert not part.complete
    without = replace(plan, changes=changes[:1])
    assert list(asked_for(without).diagnostics) == []
    assert asked_for(without).complete


def test_problems_of_what_is_left_out_go_with_it_and_all_others_stay() -> None:
    desired = desired_of([organization([wanted(at("conn_1")), wanted(at("conn_2"))])])
    live = live_of([live_connection(at(name), enabled=False) for name in ("conn_1", "conn_2")])
    asked, drifted = diff(desired, live).changes
    changes = (replace(asked, origin=Origin.CONFIG), replace(drifted, origin=Origin.DRIFT))
    problems = [
        Diagnostic(severity=Severity.ERROR, check="x", summary=str(address), address=address)
        for address in (str(asked.address), str(drifted.address), "org_9/conn_9", None)
    ]
    plan = Plan(
        environment=HERE,
        changes=changes,
        unchanged=0,
        policy=policy_for(desired, changes),
        diagnostics=Diagnostics(problems),
        compared=True,
    )
    kept = {item.address for item in asked_for(plan).diagnostics}
    assert kept == {str(asked.address), "org_9/conn_9", None}
