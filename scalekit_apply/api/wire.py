"""From the JSON of the service to values of the domain: tolerant of newer servers, strict about identity.

Every function takes the bytes of an answer and raises ``UnusableAnswer``, and nothing else, with half a
sentence about what is wrong. Unknown fields are ignored, unknown enum values kept. An absent boolean is
false, an absent list empty, as protobuf writes them.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from sys import intern
from typing import Final, cast

from scalekit_apply.errors import UnusableAnswer
from scalekit_apply.model import (
    Address,
    Certificate,
    ConnectionDetail,
    ConnectionId,
    LiveConnection,
    OrganizationId,
    is_connection_id,
    is_organization_id,
    one_spelling,
)

Fields = dict[str, object]
_TIME: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:([Zz])|([+-])(\d\d):?(\d\d)?)?", re.ASCII
)
_SHOWN_LENGTH: Final = 60


def parse_connections(
    body: bytes, organization_id: OrganizationId | None = None
) -> tuple[LiveConnection, ...]:
    """Return the connections of a list answer, sorted by address.

    Those of the environment itself, which name no organization, are left out. With ``organization_id``, an
    element of another organization makes the answer unusable; so do ids that cannot stand in a path and
    ids that come twice.
    """
    found = [
        connection
        for element in _elements(_object(body), "connections")
        if (connection := _connection(element, organization_id)) is not None
    ]
    seen: set[ConnectionId] = set()
    for connection in found:
        if connection.address.connection_id in seen:
            raise UnusableAnswer(f"the connection {connection.address.connection_id} is in it twice")
        seen.add(connection.address.connection_id)
    return tuple(sorted(found, key=lambda connection: connection.address))


def parse_detail(body: bytes, address: Address) -> ConnectionDetail:
    """Return the single read of ``address``, wrapped in ``connection`` or bare."""
    fields = connection_fields(body, address)
    saml = _mapping(fields, "saml_config")
    return ConnectionDetail(
        address=address,
        enabled=_flag(fields, "enabled"),
        debug_enabled=_flag(fields, "debug_enabled"),
        certificates=None if saml is None else _certificates(saml),
        provider=_text(fields, "provider"),
        type=_text(fields, "type"),
        status=_status(fields),
    )


def connection_fields(body: bytes, address: Address) -> Fields:
    """Return the raw attributes of a single read, once it is certain that it is of ``address``."""
    outer = _object(body)
    inner = outer.get("connection", outer)
    if not isinstance(inner, dict):
        raise UnusableAnswer("its connection is not an object")
    fields = cast("Fields", inner)
    connection_id, organization_id = _text(fields, "id"), _text(fields, "organization_id")
    if connection_id != address.connection_id:
        raise UnusableAnswer(f"it is of the connection {_shown(connection_id)}, not {address.connection_id}")
    if organization_id not in {"", address.organization_id}:
        raise UnusableAnswer(f"it is of the organization {_shown(organization_id)}")
    return fields


def parse_write(body: bytes) -> tuple[bool, str]:
    """Return ``enabled`` and ``error_message`` of the answer to a write."""
    fields = _object(body)
    return _flag(fields, "enabled"), _text(fields, "error_message")


def parse_organizations(body: bytes) -> tuple[tuple[tuple[OrganizationId, str], ...], str]:
    """Return ids and display names of one page, and the token of the next page, empty on the last."""
    page = _object(body)
    found: list[tuple[OrganizationId, str]] = []
    for element in _elements(page, "organizations"):
        organization_id = _text(element, "id")
        if not is_organization_id(organization_id):
            raise UnusableAnswer(f"{_shown(organization_id)} is not an organization id")
        found.append((OrganizationId(organization_id), _text(element, "display_name")))
    return tuple(found), _text(page, "next_page_token")


def parse_time(value: object) -> datetime | None:
    """Return an ISO 8601 time in UTC, to the microsecond; ``None`` for anything else.

    A time without an offset counts as UTC.
    """
    match = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    *whole, fraction, _zulu, sign, hours, minutes = match.groups()
    try:
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        zone = timezone(-offset if sign == "-" else offset)
        year, month, day, hour, minute, second = map(int, whole)
        microsecond = int((fraction or "0")[:6].ljust(6, "0"))
        return datetime(year, month, day, hour, minute, second, microsecond, zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _connection(fields: Fields, organization_id: OrganizationId | None) -> LiveConnection | None:
    owner, connection_id = _text(fields, "organization_id"), _text(fields, "id")
    if not owner:
        return None
    if organization_id is not None and owner != organization_id:
        raise UnusableAnswer(f"the connection {_shown(connection_id)} in it is of {_shown(owner)}")
    if not _is_known_organization_id(owner):
        raise UnusableAnswer(f"{_shown(owner)} is not an organization id")
    if not is_connection_id(connection_id):
        raise UnusableAnswer(f"{_shown(connection_id)} is not a connection id")
    return LiveConnection(
        # Interned: a list of a hundred thousand repeats these few words.
        address=Address(OrganizationId(intern(owner)), ConnectionId(connection_id)),
        enabled=_flag(fields, "enabled"),
        organization_name=intern(_text(fields, "organization_name")),
        provider=intern(_text(fields, "provider")),
        type=intern(_text(fields, "type")),
        status=intern(_status(fields)),
        domains=_domains(fields),
        provider_key=_text(fields, "provider_key"),
        key_id=_text(fields, "key_id"),
        ui_button_title=_text(fields, "ui_button_title"),
        mcp_server_url=_text(fields, "mcp_server_url"),
    )


@lru_cache(maxsize=1024)
def _is_known_organization_id(text: str) -> bool:
    """Answer from memory: the connections of an organization follow each other in a list."""
    return is_organization_id(text)


def _certificates(saml: Fields) -> tuple[Certificate, ...]:
    return tuple(
        Certificate(
            id=_text(element, "id"),
            issuer=_text(element, "issuer"),
            expiry=parse_time(element.get("expiry_time")),
        )
        for element in _elements(saml, "idp_certificates")
    )


def _domains(fields: Fields) -> tuple[str, ...]:
    """Return the domains, which are strings in the list and objects in the single read."""
    value = fields.get("domains")
    if value is None:
        return ()
    if not isinstance(value, list):
        raise UnusableAnswer("a domains attribute is not an array")
    found: set[str] = set()
    for item in cast("list[object]", value):
        name = cast("Fields", item).get("domain") if isinstance(item, dict) else item
        if isinstance(name, str) and name:
            found.add(name if name.isascii() else _clean(name))
    return tuple(sorted(found))


def _status(fields: Fields) -> str:
    status = _text(fields, "status")
    return one_spelling(status)


def _object(body: bytes) -> Fields:
    """Return the JSON object in ``body``.

    The error is raised outside of the handler: a decoding error holds the whole body, which may hold a
    secret.
    """
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        value = None
        problem = "it is an HTML page, not JSON" if body.lstrip()[:1] == b"<" else "it is not JSON"
    else:
        problem = "it is not a JSON object"
    if not isinstance(value, dict):
        raise UnusableAnswer(problem)
    return cast("Fields", value)


def _elements(fields: Fields, key: str) -> list[Fields]:
    value = fields.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise UnusableAnswer(f"its {key} is not an array")
    elements = cast("list[object]", value)
    if not all(isinstance(element, dict) for element in elements):
        raise UnusableAnswer(f"its {key} holds something else than objects")
    return cast("list[Fields]", elements)


def _mapping(fields: Fields, key: str) -> Fields | None:
    value = fields.get(key)
    if value is not None and not isinstance(value, dict):
        raise UnusableAnswer(f"its {key} is not an object")
    return cast("Fields | None", value)


def _flag(fields: Fields, key: str) -> bool:
    value = fields.get(key)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise UnusableAnswer(f"an attribute {key} is neither true nor false")
    return value


def _text(fields: Fields, key: str) -> str:
    value = fields.get(key, "")
    if isinstance(value, str):
        return value if value.isascii() else _clean(value)
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)  # an enum value that the server itself has no name for
    raise UnusableAnswer(f"an attribute {key} is not text")


def _clean(text: str) -> str:
    """Return ``text`` without lone surrogates, which JSON can hold and no file can."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN_LENGTH else text[:_SHOWN_LENGTH] + "…")
