"""Reading everything that is live, for the commands that show or export it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, Protocol

from scalekit_apply.errors import (
    NotFound,
    PermissionDenied,
    RequestRejected,
    UnusableAnswer,
)
from scalekit_apply.model import LiveOrganization, OrganizationId
from scalekit_apply.reading import Reader, ReadMode, read_live
from scalekit_apply.workers import WorkerPool

_GIVE: Final = "Name organizations with --organization instead: that needs only the connections."


class InventoryReader(Reader, Protocol):
    """A reader that also knows which organizations there are."""

    def list_organizations(self) -> tuple[tuple[OrganizationId, str], ...]:
        """Return id and display name of every organization."""
        ...


def all_organizations(reader: InventoryReader) -> tuple[OrganizationId, ...]:
    """Return every organization that the service lists, sorted. Raises ``ApiError``.

    The environment-wide list of connections may name more of them; that it is refused is no failure.
    """
    try:
        found = {organization_id for organization_id, _ in reader.list_organizations()}
    except (PermissionDenied, RequestRejected, NotFound) as error:
        error.hint = " ".join(filter(None, (error.hint, _GIVE)))
        raise
    try:
        found.update(connection.address.organization_id for connection in reader.list_environment())
    except (RequestRejected, NotFound, UnusableAnswer):
        return tuple(sorted(found))
    return tuple(sorted(found))


def read_organizations(
    reader: Reader, pool: WorkerPool, organizations: Collection[OrganizationId]
) -> tuple[LiveOrganization, ...]:
    """Return organizations with all their connections, each from its own list, sorted.

    Raises ``ApiError``.
    """
    live = read_live(
        reader,
        pool,
        wanted=dict.fromkeys(organizations, ()),
        exhaustive=organizations,
        mode=ReadMode.ORGANIZATION,
    )
    return tuple(live.organizations.values())
