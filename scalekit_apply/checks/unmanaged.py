"""The check of what the configuration does not name."""

from __future__ import annotations

from collections.abc import Iterator

from scalekit_apply.checks.evidence import Evidence, Finding
from scalekit_apply.model import Unmanaged


def unmanaged_connection(evidence: Evidence) -> Iterator[Finding]:
    """Every enabled connection of a configured organization that the configuration does not name.

    Only where ``unmanaged`` is ``report``: ``ignore`` asks for silence, ``disable`` makes it a change.
    """
    for organization in evidence.desired.organizations.values():
        live = evidence.live.organizations.get(organization.id)
        if organization.unmanaged is not Unmanaged.REPORT or live is None:
            continue
        for connection in live.connections.values():
            connection_id = connection.address.connection_id
            if connection.enabled and not organization.manages(connection_id):
                yield Finding(
                    about=connection.address,
                    summary=f"{connection.address} is enabled, but not in the configuration.",
                    detail=f"Add `{{id: {connection_id}, enabled: true}}` to the connections of"
                    f" {organization.id}, or set `unmanaged: ignore` or `unmanaged: disable` on it.",
                    location=organization.unmanaged_location or organization.location,
                )
