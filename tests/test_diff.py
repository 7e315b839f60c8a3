"""Desired against live: which changes, in which order, and where they come from."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from checks_support import (
    ADDRESS,
    ORG,
    PLACE,
    UNMANAGED_PLACE,
    at,
    desired_of,
    live_connection,
    live_of,
    organization,
    wanted,
)

from scalekit_apply import diff as diff_module
from scalekit_apply.diff import Differences, diff
from scalekit_apply.errors import ScalekitApplyError, UsageError
from scalekit_apply.model import Address, Desired, Live, LiveConnection, OrganizationId, Unmanaged
from scalekit_apply.plan import Action, Change, Origin

OFF = live_connection(enabled=False)
ON = live_connection(enabled=True)
STRAY = live_connection(at("conn_2"), enabled=True)


@pytest.mark.parametrize(
    ("live", "asked", "action"),
    [(OFF, True, Action.ENABLE), (ON, False, Action.DISABLE), (OFF, False, None), (ON, True, None)],
)
def test_a_change_is_made_where_live_is_not_as_it_is_wanted(
    live: LiveConnection, *, asked: bool, action: Action | None
) -> None:
    found = diff(desired_of([organization([wanted(enabled=asked)])]), live_of([live]))
    if action is None:
        assert found == Differences(unchanged=1)
    else:
        assert found == Differences(changes=(Change(live=live, source=PLACE),))
        assert found.changes[0].action is action


def test_a_connection_that_was_not_found_is_neither_changed_nor_unchanged() -> None:
    desired = desired_of([organization([wanted(at("conn_9")), wanted()])])
    assert diff(desired, live_of([ON])) == Differences(unchanged=1)
    assert diff(desired, Live()) == Differences()


def test_changes_are_grouped_by_organization_with_the_disables_first() -> None:
    live = [
        live_connection(at("conn_1", "org_2"), enabled=False),
        live_connection(at("conn_3"), enabled=True),
        live_connection(at("conn_1"), enabled=False),
        live_connection(at("conn_2"), enabled=True),
    ]
    members = [wanted(item.address, enabled=not item.enabled) for item in live]
    desired = desired_of([organization(members[:1], identifier="org_2"), organization(members[1:])])
    assert [str(change.address) for change in diff(desired, live_of(live)).changes] == [
        "org_1/conn_2",
        "org_1/conn_3",
        "org_1/conn_1",
        "org_2/conn_1",
    ]


def strays(mode: Unmanaged, *, enabled: bool = True) -> Differences:
    desired = desired_of([organization([wanted()], unmanaged=mode)])
    return diff(desired, live_of([ON, replace(STRAY, enabled=enabled)]))


def test_an_unmanaged_connection_is_reported_ignored_or_disabled() -> None:
    assert strays(Unmanaged.REPORT) == Differences(unchanged=1, unmanaged=(STRAY,))
    assert strays(Unmanaged.IGNORE) == Differences(unchanged=1)
    change = Change(live=STRAY, source=UNMANAGED_PLACE)
    assert strays(Unmanaged.DISABLE) == Differences(unchanged=1, changes=(change,))


@pytest.mark.parametrize("mode", Unmanaged)
def test_an_unmanaged_connection_that_is_disabled_is_left_alone(mode: Unmanaged) -> None:
    assert strays(mode, enabled=False) == Differences(unchanged=1)


def test_unmanaged_connections_are_sorted_by_address() -> None:
    found = [
        live_connection(at(f"conn_{number}", org), enabled=True)
        for org in ("org_2", "org_1")
        for number in (3, 2)
    ]
    desired = desired_of([organization(identifier="org_2"), organization()])
    addresses = [str(item.address) for item in diff(desired, live_of(found)).unmanaged]
    assert addresses == ["org_1/conn_2", "org_1/conn_3", "org_2/conn_2", "org_2/conn_3"]


def test_an_organization_that_the_configuration_does_not_name_is_left_alone() -> None:
    other = live_connection(at("conn_9", "org_9"), enabled=True)
    assert diff(desired_of([organization(unmanaged=Unmanaged.DISABLE)]), live_of([other])) == Differences()


def test_a_target_connection_stands_for_itself_alone() -> None:
    desired = desired_of([organization([wanted(), wanted(at("conn_3"))], unmanaged=Unmanaged.DISABLE)])
    live = live_of([OFF, STRAY, live_connection(at("conn_3"))])
    found = diff(desired, live, targets=["conn_1"])
    assert [change.address for change in found.changes] == [ADDRESS]


def test_a_target_organization_stands_for_its_connections_and_its_unmanaged_ones() -> None:
    other = live_connection(at("conn_9", "org_2"), enabled=False)
    desired = desired_of(
        [
            organization([wanted()], unmanaged=Unmanaged.DISABLE),
            organization([wanted(other.address)], identifier="org_2"),
        ]
    )
    found = diff(desired, live_of([OFF, STRAY, other]), targets=["org_1"])
    assert [change.address for change in found.changes] == [STRAY.address, ADDRESS]


def test_an_unknown_target_is_named_with_the_nearest_that_is_known() -> None:
    desired = desired_of([organization([wanted(at("conn_2123312131125533"))])])
    with pytest.raises(UsageError) as caught:
        diff(desired, Live(), targets=["conn_2123312131125532"])
    assert "conn_2123312131125532" in caught.value.message
    assert "conn_2123312131125533" in caught.value.hint


def _base(*, enabled: bool | None, unmanaged: Unmanaged = Unmanaged.REPORT, identifier: str = ORG) -> Desired:
    members = [] if enabled is None else [wanted(STRAY.address, enabled=enabled)]
    return desired_of([organization(members, identifier=identifier, unmanaged=unmanaged)])


@pytest.mark.parametrize(
    ("base", "origin"),
    [
        (_base(enabled=False), Origin.DRIFT),
        (_base(enabled=True), Origin.CONFIG),
        (_base(enabled=None), Origin.CONFIG),
        (_base(enabled=None, unmanaged=Unmanaged.IGNORE), Origin.CONFIG),
        (_base(enabled=None, unmanaged=Unmanaged.DISABLE), Origin.DRIFT),
        (_base(enabled=True, unmanaged=Unmanaged.DISABLE), Origin.CONFIG),
        (_base(enabled=None, unmanaged=Unmanaged.DISABLE, identifier="org_2"), Origin.CONFIG),
        (Desired(), Origin.CONFIG),
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_a_disable_is_drift_if_it_was_asked_for_before(base: Desired, origin: Origin, *, named: bool) -> None:
    members = [wanted(STRAY.address, enabled=False)] if named else []
    desired = desired_of([organization(members, unmanaged=Unmanaged.DISABLE)])
    (change,) = diff(desired, live_of([STRAY]), base=base).changes
    assert change.origin is origin


@pytest.mark.parametrize(
    ("base", "origin"),
    [
        (desired_of([organization([wanted(enabled=True)])]), Origin.DRIFT),
        (desired_of([organization([wanted(enabled=False)])]), Origin.CONFIG),
        (desired_of([organization([], unmanaged=Unmanaged.DISABLE)]), Origin.CONFIG),
        (desired_of([organization([])]), Origin.CONFIG),
        (Desired(), Origin.CONFIG),
    ],
)
def test_an_enable_is_drift_if_it_was_asked_for_before(base: Desired, origin: Origin) -> None:
    (change,) = diff(desired_of([organization([wanted()])]), live_of([OFF]), base=base).changes
    assert change == Change(live=OFF, source=PLACE, origin=origin)


def test_what_apply_cannot_change_fails_loudly() -> None:
    with pytest.raises(ScalekitApplyError, match="cannot change") as caught:
        diff_module._attributes_to_change(  # nothing else can be different yet
            (("enabled", True), ("other", True)), (("enabled", False), ("other", False))
        )
    assert caught.value.message == (
        "The comparison found something that apply cannot change: ['values_changed']."
    )
    assert caught.value.hint == "This is a defect of scalekit-apply; please report it."


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((("enabled", True), ("other", True)), (("enabled", True),)),
        ((("enabled", True),), (("enabled", True), ("other", True))),
        ((("enabled", True), ("other", True)), (("enabled", True), ("other", False))),
    ],
)
def test_an_attribute_that_appears_vanishes_or_is_not_enabled_fails_loudly(
    before: diff_module.Attributes, after: diff_module.Attributes
) -> None:
    with pytest.raises(ScalekitApplyError, match="cannot change"):
        diff_module._attributes_to_change(before, after)  # nothing else can be different yet


def test_the_comparison_is_made_once_for_each_pair_of_values() -> None:
    diff_module._attributes_to_change.cache_clear()  # the memory itself is under test
    live = [live_connection(at(f"conn_{number}"), enabled=False) for number in range(50)]
    desired = desired_of([organization([wanted(item.address) for item in live])])
    assert len(diff(desired, live_of(live)).changes) == 50
    assert diff_module._attributes_to_change.cache_info().misses == 1  # as above


def test_a_plan_without_differences_does_not_import_deepdiff() -> None:
    program = """
import sys
from checks_support import ADDRESS, desired_of, live_connection, live_of, organization, wanted
from scalekit_apply.diff import diff
same = diff(desired_of([organization([wanted()])]), live_of([live_connection(enabled=True)]))
assert same.unchanged == 1 and "deepdiff" not in sys.modules
other = diff(desired_of([organization([wanted()])]), live_of([live_connection(enabled=False)]))
assert len(other.changes) == 1 and "deepdiff" in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parent)


def test_a_hundred_thousand_connections_are_compared() -> None:
    organizations, found = [], []
    for number in range(1000):
        name = f"org_{number}"
        addresses = [
            Address(OrganizationId(name), at(f"conn_{number}_{item}").connection_id) for item in range(100)
        ]
        organizations.append(organization([wanted(item) for item in addresses], identifier=name))
        found += [live_connection(item, enabled=item.connection_id.endswith("_7")) for item in addresses]
    differences = diff(desired_of(organizations), live_of(found))
    assert (len(differences.changes), differences.unchanged) == (99_000, 1_000)
