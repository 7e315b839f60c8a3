"""What an environment holds: clients, organizations, connections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

READ_PERMISSION: Final = "connections_read"
WRITE_PERMISSION: Final = "connections_write"


def _nothing() -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """An API client: who may ask for a token, and what the token permits."""

    id: str
    secret: str = field(repr=False)
    permissions: frozenset[str] = frozenset({READ_PERMISSION, WRITE_PERMISSION})


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """A customer. ``attributes`` are the further attributes of the organizations list, as they are sent.

    ``extra`` is what a newer server would send besides; it wins over the known names.
    """

    id: str
    display_name: str = ""
    attributes: Mapping[str, Any] = field(default_factory=_nothing)
    extra: Mapping[str, Any] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedConnection:
    """The attributes of a connection that a list shows.

    ``organization_id`` is empty for a connection of the environment itself. ``domains`` are objects with
    ``id`` and ``domain``. ``extra`` is what a newer server would send besides; it wins over the known names.
    """

    id: str
    organization_id: str = ""
    organization_name: str = ""
    provider: str = ""
    type: str = ""
    status: str = ""
    enabled: bool = False
    domains: tuple[Mapping[str, Any], ...] = ()
    key_id: str = ""
    provider_key: str = ""
    ui_button_title: str = ""
    mcp_server_url: str = ""
    extra: Mapping[str, Any] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection(ListedConnection):
    """A connection whole.

    ``details`` are the attributes that only the single read shows, as they are sent. The times are
    ISO 8601 in UTC with milliseconds, empty where the server sends none.
    """

    details: Mapping[str, Any] = field(default_factory=_nothing)
    create_time: str = ""
    update_time: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """A whole environment to start from."""

    environment: str = "emulator"
    clients: tuple[Client, ...] = ()
    organizations: tuple[Organization, ...] = ()
    connections: tuple[Connection, ...] = ()
