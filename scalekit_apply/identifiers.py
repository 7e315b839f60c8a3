"""Identifiers: how organizations, connections and environments are called, and in which one way."""

from __future__ import annotations

import re
from typing import Final, NamedTuple, NewType
from urllib.parse import urlsplit

OrganizationId = NewType("OrganizationId", str)
ConnectionId = NewType("ConnectionId", str)
Environment = NewType("Environment", str)

ORGANIZATION_ID_PATTERN: Final = r"^org_[A-Za-z0-9_-]{1,28}$"
CONNECTION_ID_PATTERN: Final = r"^conn_[A-Za-z0-9_-]{1,27}$"
_ORGANIZATION_ID: Final = re.compile(ORGANIZATION_ID_PATTERN.strip("^$"))
_CONNECTION_ID: Final = re.compile(CONNECTION_ID_PATTERN.strip("^$"))
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}
_AUTHORITY: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[::1\])(?::[0-9]*)?")


def is_organization_id(text: str) -> bool:
    """Whether ``text`` may stand in a path as an organization."""
    return _ORGANIZATION_ID.fullmatch(text) is not None


def is_connection_id(text: str) -> bool:
    """Whether ``text`` may stand in a path as a connection."""
    return _CONNECTION_ID.fullmatch(text) is not None


def parse_environment(url: str) -> Environment:
    """Return the one way to write the environment that ``url`` names: ``scheme://host[:port]``.

    Raises ``ValueError`` with a sentence for the user: not a URL, not HTTPS (plain HTTP is for loopback
    only), or more than a scheme, a host and a port. The sentence never repeats the URL, which may hold
    a password.
    """
    text = url.strip()
    # urlsplit drops tabs and newlines, and lowers some letters of other alphabets to ASCII ones: what it
    # would quietly mend is refused, so that the name that was read is the name that is used.
    if not (text.isascii() and text.isprintable()):
        raise ValueError("is not a URL; write it like https://acme.scalekit.com")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("is not a URL; write it like https://acme.scalekit.com") from None
    scheme = parts.scheme.lower()
    authority = parts.netloc.rpartition("@")[2].lower()
    if scheme not in _DEFAULT_PORTS or _AUTHORITY.fullmatch(authority) is None:
        raise ValueError("is not a URL; write it like https://acme.scalekit.com")
    if "@" in parts.netloc:
        raise ValueError("must not hold a user name or a password")
    if parts.path not in {"", "/"} or parts.query or parts.fragment or text.endswith(("?", "#")):
        raise ValueError("must end after the host: no path, query or fragment")
    if scheme != "https" and host not in _LOOPBACK:
        raise ValueError("must use https; plain http is accepted for localhost only")
    shown = f"[{host}]" if ":" in host else host
    suffix = "" if port in {None, _DEFAULT_PORTS[scheme]} else f":{port}"
    return Environment(f"{scheme}://{shown}{suffix}")


class Address(NamedTuple):
    """A connection within its organization; written ``org_…/conn_…``. Sorts by organization first."""

    organization_id: OrganizationId
    connection_id: ConnectionId

    def __str__(self) -> str:
        return f"{self.organization_id}/{self.connection_id}"
