"""Live connections as text for people and as documents for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, cast

from scalekit_apply import __version__
from scalekit_apply.documents import JsonObject
from scalekit_apply.model import Environment, LiveConnection
from scalekit_apply.plan import FORMAT_VERSION, JsonValue
from scalekit_apply.views.escaping import Plain, weld, whole
from scalekit_apply.views.text import render_table
from scalekit_apply.views.wording import counted, shown_domains

_HEADERS: Final = ("ORGANIZATION", "NAME", "CONNECTION", "STATE", "PROVIDER", "TYPE", "STATUS", "DOMAINS")
_CERTIFICATE: Final = "certificate"
DAYS_LEFT: Final = "days_left"
"""The key of a certificate that says how many whole days it is still valid, ``None`` when that is unknown."""


def render_connections(connections: Sequence[LiveConnection], *, organizations: int) -> str:
    """Return connections as a table, and how many there are; ``organizations`` is how many were read."""
    counts = weld(
        counted(len(connections), "connection", "connections"),
        ", ",
        sum(1 for item in connections if item.enabled),
        " enabled, in ",
        counted(organizations, "organization", "organizations"),
        ".\n",
    )
    if not connections:
        return counts
    rows = [
        (
            item.address.organization_id,
            item.organization_name,
            item.address.connection_id,
            "enabled" if item.enabled else "disabled",
            item.provider,
            item.type,
            item.status,
            shown_domains(item.domains),
        )
        for item in connections
    ]
    return f"{render_table(_HEADERS, rows)}\n{counts}"


def connections_document(environment: Environment, connections: Sequence[LiveConnection]) -> JsonObject:
    """Return every attribute of the list answer, under its name there."""
    return {
        **_head(environment),
        "connections": [
            {
                "id": item.address.connection_id,
                "organization_id": item.address.organization_id,
                "organization_name": item.organization_name,
                "provider": item.provider,
                "provider_key": item.provider_key,
                "key_id": item.key_id,
                "type": item.type,
                "status": item.status,
                "enabled": item.enabled,
                "domains": [*item.domains],
                "ui_button_title": item.ui_button_title,
                "mcp_server_url": item.mcp_server_url,
            }
            for item in connections
        ],
    }


def connection_document(environment: Environment, attributes: Mapping[str, JsonValue]) -> JsonObject:
    """Return one connection, whole."""
    return {**_head(environment), "connection": dict(attributes)}


def render_connection(attributes: Mapping[str, JsonValue]) -> str:
    """Return one connection as an outline: an attribute a line, what belongs to it below."""
    return "".join(f"{line}\n" for line in _outline(attributes, Plain("")))


def _head(environment: Environment) -> JsonObject:
    return {"format_version": FORMAT_VERSION, "tool_version": __version__, "environment": environment}


def _outline(attributes: Mapping[str, JsonValue], indent: Plain) -> Iterator[Plain]:
    names = {name: whole(name) for name in attributes}
    width = max(map(len, names.values()), default=0)
    deeper = weld(indent, "  ")
    for name, value in attributes.items():
        start = weld(indent, names[name])
        gap = Plain(" " * (width - len(names[name]) + 2))
        if isinstance(value, dict):
            yield start
            yield from _outline(value, deeper)
        elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
            yield start
            for item in value:
                yield from _item(item, deeper)
        elif name == DAYS_LEFT:
            yield weld(start, gap, _lifetime(value))
        elif name == _CERTIFICATE and isinstance(value, str):
            # Base64 of a page's length says nothing to a reader.
            yield weld(start, gap, counted(len(value), "character", "characters"), ", see --format json")
        else:
            yield weld(start, gap, _scalar(value))


def _item(value: JsonValue, indent: Plain) -> Iterator[Plain]:
    lines = _outline(value, Plain("")) if isinstance(value, dict) else iter([_scalar(value)])
    for number, line in enumerate(lines):
        yield weld(indent, "- " if number == 0 else "  ", line)


def _scalar(value: JsonValue) -> Plain:
    match value:
        case None:
            return Plain("unknown")
        case bool():
            return Plain("true" if value else "false")  # as the configuration has it
        case list():
            return Plain(", ".join(_scalar(item) for item in value)) if value else Plain("none")
        case _:
            return whole(str(cast("object", value))) or Plain('""')


def _lifetime(days: JsonValue) -> Plain:
    if not isinstance(days, int):
        return Plain("unknown, because expiry_time cannot be read")
    return weld(days) if days >= 0 else weld("expired ", counted(-days, "day", "days"), " ago")
