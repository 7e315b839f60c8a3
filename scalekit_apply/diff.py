"""Desired against live: what differs, and which changes make it equal. The only user of deepdiff."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from scalekit_apply.diagnostics import Location
from scalekit_apply.errors import ScalekitApplyError
from scalekit_apply.model import (
    Address,
    Desired,
    DesiredConnection,
    DesiredOrganization,
    Live,
    LiveConnection,
    Unmanaged,
)
from scalekit_apply.plan import Change, Origin, change_order
from scalekit_apply.targets import narrow


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """What differs. ``changes`` is in ``change_order``.

    ``unchanged`` counts configured connections that are live as they are wanted; one that was not found is
    neither changed nor unchanged. ``unmanaged`` are enabled connections, by address, that the configuration
    does not name in an organization that says ``unmanaged: report``.
    """

    changes: tuple[Change, ...] = ()
    unchanged: int = 0
    unmanaged: tuple[LiveConnection, ...] = ()


Attributes = tuple[tuple[str, bool], ...]
"""The attributes that a plan can change, by name: hashable, so that a comparison is made once."""


def diff(
    desired: Desired, live: Live, *, targets: Collection[str] = (), base: Desired | None = None
) -> Differences:
    """Compare what is desired with what is live, connection by connection.

    Only ``targets`` take part, if there are any. With ``base``, the configuration before, each change says
    whether the configuration asks for it now or whether live moved away from what was asked before.
    Raises ``UsageError`` for a target that the configuration does not name.
    """
    changes: list[Change] = []
    unmanaged: list[LiveConnection] = []
    unchanged = 0
    for organization in narrow(desired, targets).organizations.values():
        for wanted in organization.connections.values():
            found = live.connection(wanted.address)
            if found is None:
                continue
            if _differing(_live_attributes(found), _desired_attributes(wanted)):
                changes.append(_change(found, wanted.location, base))
            else:
                unchanged += 1
        for stray in _strays(organization, live):
            if organization.unmanaged is Unmanaged.DISABLE:
                changes.append(_change(stray, organization.unmanaged_location, base))
            else:
                unmanaged.append(stray)
    return Differences(
        changes=tuple(sorted(changes, key=change_order)),
        unchanged=unchanged,
        unmanaged=tuple(sorted(unmanaged, key=lambda connection: connection.address)),
    )


def _desired_attributes(wanted: DesiredConnection) -> Attributes:
    return (("enabled", wanted.enabled),)


def _live_attributes(found: LiveConnection) -> Attributes:
    return (("enabled", found.enabled),)


def _differing(before: Attributes, after: Attributes) -> bool:
    # Nearly always equal, and then nothing else is worth its time.
    return before != after and "enabled" in _attributes_to_change(before, after)


@cache
def _attributes_to_change(before: Attributes, after: Attributes) -> frozenset[str]:
    """The names of the attributes that differ: so far there is one that apply knows how to change."""
    # Imported here: it takes longer than everything else a plan without changes does.
    from deepdiff import DeepDiff  # noqa: PLC0415

    old, new = dict(before), dict(after)
    found: Mapping[str, object] = DeepDiff(old, new)
    expected = {
        "values_changed": {"root['enabled']": {"old_value": not new["enabled"], "new_value": new["enabled"]}}
    }
    if found != expected:
        raise ScalekitApplyError(
            f"The comparison found something that apply cannot change: {sorted(found)}.",
            hint="This is a defect of scalekit-apply; please report it.",
        )
    return frozenset({"enabled"})


def _strays(organization: DesiredOrganization, live: Live) -> Iterator[LiveConnection]:
    """Enabled connections that nobody named, where the configuration cares about them."""
    found = live.organizations.get(organization.id)
    if found is None or organization.unmanaged is Unmanaged.IGNORE:
        return
    for connection_id, connection in found.connections.items():
        if connection.enabled and not organization.manages(connection_id):
            yield connection


def _change(found: LiveConnection, source: Location | None, base: Desired | None) -> Change:
    change = Change(live=found, source=source)
    if base is None:
        return change
    drifted = _asked(base, change.address) is change.after
    return Change(live=found, source=source, origin=Origin.DRIFT if drifted else Origin.CONFIG)


def _asked(desired: Desired, address: Address) -> bool | None:
    """The ``enabled`` that a configuration asks of one connection; ``None`` when it leaves it alone."""
    wanted = desired.connection(address)
    if wanted is not None:
        return wanted.enabled
    organization = desired.organizations.get(address.organization_id)
    if organization is not None and organization.unmanaged is Unmanaged.DISABLE:
        return False
    return None
