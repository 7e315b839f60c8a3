"""What holds of every difference between a configuration and an environment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from strategies import World, desireds, worlds

from scalekit_apply.diff import diff
from scalekit_apply.model import Desired, Live, Unmanaged
from scalekit_apply.plan import Action, Change, Origin, change_order


def applied(live: Live, changes: Iterable[Change]) -> Live:
    """What is live once every change was made."""
    organizations = dict(live.organizations)
    for change in changes:
        organization_id, connection_id = change.address
        found = organizations[organization_id]
        switched = replace(found.connections[connection_id], enabled=change.after)
        organizations[organization_id] = replace(
            found, connections={**found.connections, connection_id: switched}
        )
    return replace(live, organizations=organizations)


def turned(world: World) -> World:
    """The same, every mapping in the opposite order."""
    desired, live = world.desired, world.live
    return World(
        desired=replace(
            desired,
            organizations={
                key: replace(item, connections=dict(reversed([*item.connections.items()])))
                for key, item in reversed([*desired.organizations.items()])
            },
        ),
        live=replace(
            live,
            organizations={
                key: replace(item, connections=dict(reversed([*item.connections.items()])))
                for key, item in reversed([*live.organizations.items()])
            },
        ),
    )


@given(world=worlds())
def test_law_3_after_the_changes_are_made_nothing_differs(world: World) -> None:
    first = diff(world.desired, world.live)
    second = diff(world.desired, applied(world.live, first.changes))
    assert second.changes == ()
    configured = sum(world.desired.connection(change.address) is not None for change in first.changes)
    assert second.unchanged == first.unchanged + configured
    assert second.unmanaged == first.unmanaged


@given(world=worlds())
def test_law_4_a_connection_that_the_configuration_does_not_name_is_never_changed(world: World) -> None:
    for change in diff(world.desired, world.live).changes:
        asked = world.desired.organizations[change.address.organization_id]
        if not asked.manages(change.address.connection_id):
            assert asked.unmanaged is Unmanaged.DISABLE
            assert change.action is Action.DISABLE


@given(world=worlds())
def test_law_8_the_order_of_the_inputs_does_not_matter(world: World) -> None:
    other = turned(world)
    assert diff(world.desired, world.live) == diff(other.desired, other.live)


@given(world=worlds())
def test_every_change_is_listed_once_in_order_and_reverses_what_is_live(world: World) -> None:
    changes = diff(world.desired, world.live).changes
    assert list(changes) == sorted(changes, key=change_order)
    assert len({change.address for change in changes}) == len(changes)
    for change in changes:
        assert change.live == world.live.connection(change.address)
        asked = world.desired.connection(change.address)
        assert change.after is (asked.enabled if asked else False)
        assert change.source == (
            asked.location
            if asked
            else world.desired.organizations[change.address.organization_id].unmanaged_location
        )
        assert change.origin is None


@given(world=worlds())
def test_every_configured_connection_is_changed_unchanged_or_not_found(world: World) -> None:
    found = diff(world.desired, world.live)
    configured = [
        item for asked in world.desired.organizations.values() for item in asked.connections.values()
    ]
    changed = {change.address for change in found.changes}
    assert len(configured) == (
        sum(item.address in changed for item in configured)
        + found.unchanged
        + sum(world.live.connection(item.address) is None for item in configured)
    )


@given(world=worlds())
def test_targets_that_name_everything_are_no_restriction(world: World) -> None:
    everything = tuple(world.desired.organizations)
    if everything:
        assert diff(world.desired, world.live, targets=everything) == diff(world.desired, world.live)


@given(data=st.data(), world=worlds())
def test_targets_take_changes_away_and_add_none(data: st.DataObject, world: World) -> None:
    known: list[str] = list(world.desired.organizations)
    for asked in world.desired.organizations.values():
        known += asked.connections
    if not known:
        return
    targets = data.draw(st.sets(st.sampled_from(known), min_size=1))
    whole = diff(world.desired, world.live)
    part = diff(world.desired, world.live, targets=targets)
    assert set(part.changes) == {
        change
        for change in whole.changes
        if change.address.organization_id in targets or change.address.connection_id in targets
    }
    assert set(part.unmanaged) == {
        item for item in whole.unmanaged if item.address.organization_id in targets
    }


@given(world=worlds(), base=desireds())
def test_a_base_labels_every_change_and_changes_none(world: World, base: Desired) -> None:
    plain = diff(world.desired, world.live)
    labelled = diff(world.desired, world.live, base=base)
    assert [replace(change, origin=None) for change in labelled.changes] == list(plain.changes)
    assert all(change.origin is not None for change in labelled.changes)
    assert (labelled.unchanged, labelled.unmanaged) == (plain.unchanged, plain.unmanaged)


@given(world=worlds())
def test_compared_with_itself_every_difference_is_drift(world: World) -> None:
    found = diff(world.desired, world.live, base=world.desired)
    assert {change.origin for change in found.changes} <= {Origin.DRIFT}
