"""The configuration of many files, put together: who said what, and who said it first."""

from __future__ import annotations

from typing import NamedTuple

from scalekit_apply.diagnostics import Location
from scalekit_apply.model import (
    Address,
    ConnectionId,
    Desired,
    DesiredConnection,
    DesiredOrganization,
    Environment,
    Levels,
    Limits,
    OrganizationId,
    Unmanaged,
    no_levels,
)


class Claim(NamedTuple):
    """Who named a connection, and where. A tuple, because there can be a hundred thousand."""

    organization_id: OrganizationId
    file: str
    line: int
    column: int


class OrganizationParts:
    """What the files have said of one organization."""

    __slots__ = ("checks", "connections", "location", "name", "places", "unmanaged")

    def __init__(self, location: Location) -> None:
        self.location = location
        self.name: str | None = None
        self.unmanaged = Unmanaged.REPORT
        self.checks: Levels = no_levels()
        self.connections: list[DesiredConnection] = []
        self.places: dict[str, Location] = {}

    def claim(self, setting: str, location: Location) -> Location | None:
        """Return where a setting was given before; ``None`` when this is the first time."""
        return _claim(self.places, setting, location)


class Assembly:
    """Takes the parts of a configuration, file by file, and gives the whole."""

    __slots__ = ("_organizations", "_owners", "_places", "checks", "environment", "limits")

    def __init__(self) -> None:
        self.environment: Environment | None = None
        self.limits = Limits()
        self.checks: Levels = no_levels()
        self._places: dict[str, Location] = {}
        self._organizations: dict[OrganizationId, OrganizationParts] = {}
        self._owners: dict[ConnectionId, Claim] = {}

    def claim(self, setting: str, location: Location) -> Location | None:
        """Return where a setting was given before; ``None`` when this is the first time."""
        return _claim(self._places, setting, location)

    def claim_connection(self, connection_id: ConnectionId, claim: Claim) -> Claim | None:
        """Return who named the connection before; ``None`` when this is the first time."""
        first = self._owners.setdefault(connection_id, claim)
        return None if first is claim else first

    def organization(self, organization_id: OrganizationId, location: Location) -> OrganizationParts:
        """Return the parts of an organization, which may have been named in another file before."""
        parts = self._organizations.get(organization_id)
        if parts is None:
            parts = self._organizations[organization_id] = OrganizationParts(location)
        return parts

    def desired(self) -> Desired:
        """Return what all parts ask for, sorted by id."""
        ids = sorted(self._organizations)
        return Desired(
            environment=self.environment,
            limits=self.limits,
            checks=self.checks,
            organizations={each: _organization(each, self._organizations[each]) for each in ids},
            scope=tuple(ids),
        )


def _claim(places: dict[str, Location], setting: str, location: Location) -> Location | None:
    first = places.setdefault(setting, location)
    return None if first is location else first


def _order(connection: DesiredConnection) -> Address:
    return connection.address


def _organization(organization_id: OrganizationId, parts: OrganizationParts) -> DesiredOrganization:
    return DesiredOrganization(
        id=organization_id,
        name=parts.name,
        unmanaged=parts.unmanaged,
        checks=parts.checks,
        connections={each.address.connection_id: each for each in sorted(parts.connections, key=_order)},
        location=parts.location,
        name_location=parts.places.get("name"),
        unmanaged_location=parts.places.get("unmanaged"),
    )
