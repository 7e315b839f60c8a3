"""unmanaged-connection."""

from __future__ import annotations

from dataclasses import replace

import pytest
from checks_support import (
    ORGANIZATION_PLACE,
    UNMANAGED_PLACE,
    at,
    desired_of,
    judge,
    live_connection,
    live_of,
    organization,
    wanted,
)

from scalekit_apply.diagnostics import Diagnostic, Severity
from scalekit_apply.model import Check, DesiredOrganization, Unmanaged

STRAY = live_connection(at("conn_2"), enabled=True)
CHECK = Check.UNMANAGED_CONNECTION


def found_in(asked: DesiredOrganization, *, enabled: bool = True) -> tuple[Diagnostic, ...]:
    return judge(CHECK, desired_of([asked]), live_of([live_connection(), replace(STRAY, enabled=enabled)]))


def test_an_enabled_connection_that_nobody_names_is_a_note_with_the_entry_to_add() -> None:
    assert found_in(organization([wanted()])) == (
        Diagnostic(
            severity=Severity.NOTE,
            check="unmanaged-connection",
            summary="org_1/conn_2 is enabled, but not in the configuration.",
            detail="Add `{id: conn_2, enabled: true}` to the connections of org_1, or set"
            " `unmanaged: ignore` or `unmanaged: disable` on it.",
            address="org_1/conn_2",
            location=UNMANAGED_PLACE,
        ),
    )


def test_a_disabled_connection_that_nobody_names_is_no_finding() -> None:
    assert found_in(organization([wanted()]), enabled=False) == ()


def test_a_connection_that_is_named_is_no_finding() -> None:
    assert found_in(organization([wanted(), wanted(at("conn_2"))])) == ()


def test_a_connection_that_a_policy_knows_to_be_named_is_no_finding() -> None:
    assert found_in(organization([wanted()], others=["conn_2"])) == ()


@pytest.mark.parametrize("mode", [Unmanaged.IGNORE, Unmanaged.DISABLE])
def test_ignoring_is_silent_and_disabling_is_a_change_instead(mode: Unmanaged) -> None:
    assert found_in(organization([wanted()], unmanaged=mode)) == ()


def test_without_a_place_of_the_setting_it_points_at_the_organization() -> None:
    (found,) = found_in(replace(organization([wanted()]), unmanaged_location=None))
    assert found.location == ORGANIZATION_PLACE


def test_organizations_that_are_silent_or_were_not_read_hide_no_other() -> None:
    desired = desired_of(
        [
            organization(identifier="org_0", unmanaged=Unmanaged.IGNORE),
            organization(identifier="org_00"),
            organization(),
        ]
    )
    found = judge(CHECK, desired, live_of([live_connection(at("conn_9", "org_0"), enabled=True), STRAY]))
    assert [item.address for item in found] == ["org_1/conn_2"]


def test_organizations_that_the_configuration_does_not_name_are_none_of_its_business() -> None:
    assert judge(CHECK, desired_of([]), live_of([STRAY])) == ()
