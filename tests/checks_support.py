"""A small environment to judge: one organization with one connection, and every fact a parameter."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime

from scalekit_apply import checks
from scalekit_apply.diagnostics import Diagnostic, Diagnostics, Location
from scalekit_apply.model import (
    Address,
    Certificate,
    Check,
    ConnectionDetail,
    ConnectionId,
    Desired,
    DesiredConnection,
    DesiredOrganization,
    Level,
    Levels,
    Limits,
    Live,
    LiveConnection,
    LiveOrganization,
    OrganizationId,
    Unmanaged,
)
from scalekit_apply.plan import Change

NOW = datetime(2024, 3, 1, 12, 0, 0, tzinfo=UTC)
ORG = OrganizationId("org_1")
CONN = ConnectionId("conn_1")
ADDRESS = Address(ORG, CONN)
PLACE = Location(file="scalekit.yaml", line=7, column=20)
ORGANIZATION_PLACE = Location(file="scalekit.yaml", line=4, column=9)
NAME_PLACE = Location(file="scalekit.yaml", line=5, column=11)
UNMANAGED_PLACE = Location(file="scalekit.yaml", line=6, column=16)
EXPECT_PLACE = Location(file="scalekit.yaml", line=9, column=13)


def at(connection: str, organization: str = ORG) -> Address:
    """An address from plain text."""
    return Address(OrganizationId(organization), ConnectionId(connection))


def live_connection(
    address: Address = ADDRESS,
    *,
    enabled: bool = False,
    type: str = "SAML",  # noqa: A002  # the attribute's own name
    status: str = "COMPLETED",
    provider: str = "OKTA",
    domains: tuple[str, ...] = ("megasoft.com",),
) -> LiveConnection:
    """A connection that nothing is wrong with."""
    return LiveConnection(
        address=address,
        enabled=enabled,
        organization_name="Megasoft",
        provider=provider,
        type=type,
        status=status,
        domains=domains,
    )


def detail(
    address: Address = ADDRESS,
    *,
    certificates: Iterable[datetime | None] | None = (datetime(2030, 1, 1, tzinfo=UTC),),
    debug_enabled: bool = False,
    type: str = "SAML",  # noqa: A002  # the attribute's own name
) -> ConnectionDetail:
    """A single read: certificates by when they end, ``None`` for one whose end cannot be read."""
    return ConnectionDetail(
        address=address,
        enabled=False,
        debug_enabled=debug_enabled,
        certificates=None if certificates is None else tuple(Certificate(expiry=end) for end in certificates),
        type=type,
    )


def live_of(
    connections: Iterable[LiveConnection],
    *,
    details: Iterable[ConnectionDetail] = (),
    elsewhere: Mapping[ConnectionId, OrganizationId] | None = None,
    empty: Collection[str] = (),
    name: str = "Megasoft",
) -> Live:
    """What was read; ``empty`` organizations were asked for and have nothing."""
    found: dict[OrganizationId, dict[ConnectionId, LiveConnection]] = {
        OrganizationId(item): {} for item in empty
    }
    for connection in connections:
        found.setdefault(connection.address.organization_id, {})[connection.address.connection_id] = (
            connection
        )
    return Live(
        organizations={
            key: LiveOrganization(id=key, name=name if members else "", connections=members)
            for key, members in found.items()
        },
        details={item.address: item for item in details},
        elsewhere=elsewhere or {},
    )


def organization(  # a parameter for each thing that a test turns
    connections: Iterable[DesiredConnection] = (),
    *,
    identifier: str = ORG,
    name: str | None = None,
    unmanaged: Unmanaged = Unmanaged.REPORT,
    levels: Levels | None = None,
    others: Collection[str] = (),
) -> DesiredOrganization:
    """One organization of a configuration, its places known."""
    return DesiredOrganization(
        id=OrganizationId(identifier),
        name=name,
        unmanaged=unmanaged,
        checks=levels or {},
        connections={item.address.connection_id: item for item in connections},
        others=frozenset(map(ConnectionId, others)),
        location=ORGANIZATION_PLACE,
        name_location=NAME_PLACE,
        unmanaged_location=UNMANAGED_PLACE,
    )


def desired_of(
    organizations: Iterable[DesiredOrganization],
    *,
    levels: Levels | None = None,
    limits: Limits | None = None,
) -> Desired:
    """A configuration, its scope all of its organizations."""
    members = {item.id: item for item in organizations}
    return Desired(
        limits=limits or Limits(), checks=levels or {}, organizations=members, scope=tuple(members)
    )


def wanted(  # a parameter for each thing that a test turns
    address: Address = ADDRESS,
    *,
    enabled: bool = True,
    protected: bool = False,
    levels: Mapping[Check, Level] | None = None,
    location: Location | None = PLACE,
) -> DesiredConnection:
    """One entry of a configuration."""
    return DesiredConnection(
        address=address, enabled=enabled, protected=protected, checks=levels or {}, location=location
    )


def changes_of(*connections: LiveConnection) -> tuple[Change, ...]:
    """The changes that switch these."""
    return tuple(Change(live=connection) for connection in connections)


def judge(
    check: Check,
    desired: Desired,
    live: Live,
    changes: tuple[Change, ...] = (),
    *,
    allowed: Collection[Check] = (),
    now: datetime = NOW,
) -> tuple[Diagnostic, ...]:
    """What one check says, as the runner shows it."""
    found: Diagnostics = checks.run(desired=desired, changes=changes, live=live, allowed=allowed, now=now)
    return tuple(item for item in found if item.check == check)
