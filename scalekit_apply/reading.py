"""Reading the live state: which lists to ask for, and what they prove.

One environment-wide list answers for any number of organizations, but what it leaves out may exist all the
same; only an organization's own list can say that a connection is missing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import Protocol

from scalekit_apply.errors import ApiError, NotFound, RequestRejected, UnusableAnswer
from scalekit_apply.model import (
    Address,
    ConnectionDetail,
    ConnectionId,
    Live,
    LiveConnection,
    LiveOrganization,
    OrganizationId,
)
from scalekit_apply.workers import WorkerPool


class Reader(Protocol):
    """What reading needs of the API. Every method raises ``ApiError`` and nothing else."""

    def list_environment(self) -> tuple[LiveConnection, ...]:
        """Return the environment-wide list, disabled connections included. It proves no absence."""
        ...

    def list_organization(self, organization_id: OrganizationId) -> tuple[LiveConnection, ...]:
        """Return all connections of one organization; nothing for one that the service does not know."""
        ...

    def read_connection(self, address: Address) -> ConnectionDetail:
        """Return one connection whole. Raises ``NotFound``."""
        ...


class ReadMode(StrEnum):
    """Which lists to start from."""

    AUTO = "auto"
    ORGANIZATION = "organization"
    ENVIRONMENT = "environment"


Wanted = Mapping[OrganizationId, Collection[ConnectionId]]


def read_live(
    reader: Reader,
    pool: WorkerPool,
    *,
    wanted: Wanted,
    exhaustive: Collection[OrganizationId] = (),
    mode: ReadMode = ReadMode.AUTO,
) -> Live:
    """Read the organizations of ``wanted``, and name who has what they lack.

    ``exhaustive`` organizations are always read by their own list. Raises ``ApiError``.
    """
    if not wanted:
        return Live()
    wide = _read_wide(reader, pool, mode, len(wanted))
    found = _by_organization(wide or ())
    own_lists = [
        organization_id
        for organization_id in sorted(wanted)
        if organization_id in exhaustive
        or organization_id not in found
        or any(connection_id not in found[organization_id] for connection_id in wanted[organization_id])
    ]
    for organization_id, listed in zip(own_lists, pool.map(reader.list_organization, own_lists), strict=True):
        found[organization_id] = {item.address.connection_id: item for item in listed}
    missing = {
        connection_id
        for organization_id, connection_ids in wanted.items()
        for connection_id in connection_ids
        if connection_id not in found[organization_id]
    }
    elsewhere = _owners(missing, found)
    if wide is None and missing.difference(elsewhere):
        elsewhere |= _owners(missing, _by_organization(_read_wide_or_nothing(reader, pool)))
    return Live(
        organizations={
            organization_id: _organization(organization_id, found[organization_id])
            for organization_id in sorted(wanted)
        },
        elsewhere=elsewhere,
    )


def read_details(
    reader: Reader, pool: WorkerPool, addresses: Iterable[Address]
) -> dict[Address, ConnectionDetail | None]:
    """Read connections one by one; ``None`` for those that the service says it does not have."""

    def read(address: Address) -> ConnectionDetail | None:
        try:
            return reader.read_connection(address)
        except NotFound:
            return None

    ordered = sorted(addresses)
    return dict(zip(ordered, pool.map(read, ordered), strict=True))


_Found = dict[OrganizationId, dict[ConnectionId, LiveConnection]]


def _list_environment(reader: Reader, pool: WorkerPool) -> tuple[LiveConnection, ...]:
    # By a worker: this thread may be the one that handles signals, and must not be stuck in a socket.
    (listed,) = pool.map(lambda read: read(), [reader.list_environment])
    return listed


def _read_wide(
    reader: Reader, pool: WorkerPool, mode: ReadMode, organizations: int
) -> tuple[LiveConnection, ...] | None:
    if mode is ReadMode.ORGANIZATION or (mode is ReadMode.AUTO and organizations == 1):
        return None
    if mode is ReadMode.ENVIRONMENT:
        return _list_environment(reader, pool)
    try:
        return _list_environment(reader, pool)
    except (RequestRejected, NotFound, UnusableAnswer) as error:
        if not error.attempts:
            raise  # not the list was refused but the token for it, and own lists need one too
        # The service does not offer this list, or not in a size that can be used: own lists answer too.
        return None


def _read_wide_or_nothing(reader: Reader, pool: WorkerPool) -> tuple[LiveConnection, ...]:
    # Only to name the owner of a connection that was asked for in the wrong place: help, not a fact
    # that anything depends on, so a failure costs the help and nothing else.
    try:
        return _list_environment(reader, pool)
    except ApiError:
        return ()


def _by_organization(listed: Iterable[LiveConnection]) -> _Found:
    found: _Found = defaultdict(dict)
    for item in listed:
        found[item.address.organization_id][item.address.connection_id] = item
    return found


def _owners(missing: Collection[ConnectionId], found: _Found) -> dict[ConnectionId, OrganizationId]:
    return {
        connection_id: organization_id
        for organization_id in sorted(found)
        for connection_id in sorted(found[organization_id])
        if connection_id in missing
    }


def _organization(
    organization_id: OrganizationId, connections: Mapping[ConnectionId, LiveConnection]
) -> LiveOrganization:
    names = sorted({item.organization_name for item in connections.values() if item.organization_name})
    return LiveOrganization(
        id=organization_id,
        name=names[0] if names else "",
        connections=dict(sorted(connections.items())),
    )
