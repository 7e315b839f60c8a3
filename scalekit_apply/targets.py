"""``--target``: a configuration reduced to some organizations and connections."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import replace

from scalekit_apply.errors import UsageError
from scalekit_apply.model import Desired, DesiredOrganization, OrganizationId, Unmanaged


def narrow(desired: Desired, targets: Collection[str]) -> Desired:
    """Return the part of a configuration that ``targets`` name; all of it when there are none.

    An organization stands for all of its connections and its handling of unmanaged ones, a connection only
    for itself. Raises ``UsageError`` for a target that the configuration does not name.
    """
    if not targets:
        return desired
    chosen = set(targets)
    organizations: dict[OrganizationId, DesiredOrganization] = {}
    known: set[str] = set()
    for organization in desired.organizations.values():
        known.add(organization.id)
        known.update(organization.connections)
        if organization.id in chosen:
            organizations[organization.id] = organization
        elif connections := {key: value for key, value in organization.connections.items() if key in chosen}:
            organizations[organization.id] = replace(
                organization,
                connections=connections,
                others=organization.others.union(organization.connections).difference(connections),
                unmanaged=Unmanaged.IGNORE,
            )
    if unknown := sorted(chosen - known):
        meant = [near for name in unknown for near in difflib.get_close_matches(name, sorted(known), n=1)]
        raise UsageError(
            f"--target {', '.join(unknown)}: not in the configuration.",
            hint=f"Did you mean {', '.join(meant)}?"
            if meant
            else "Name an organization or a connection of it.",
        )
    return replace(desired, organizations=organizations, scope=tuple(organizations))
