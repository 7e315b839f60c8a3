"""Live connections as configuration: what is written here plans as no change.

Only what people decide is written. Status and domains change by themselves, so they are left out; provider
and type do not, and hold an entry to its connection.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from scalekit_apply.errors import UnusableAnswer
from scalekit_apply.model import ConnectionId, Environment, LiveConnection, LiveOrganization, OrganizationId

TOP_FILE: Final = "scalekit.yaml"
SCHEMA_REFERENCE: Final = "config.schema.json"
"""Where editors look for the schema, from the file's own folder."""

HEADER: Final = (
    f"# yaml-language-server: $schema={SCHEMA_REFERENCE}\n"
    f"# Editors complete and explain this file with: scalekit-apply schema config > {SCHEMA_REFERENCE}\n"
)
# What the configuration's schema takes for a provider or a type.
_WORD: Final = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_UNSPECIFIED: Final = "UNSPECIFIED"
_SHORT: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
# Printable by Unicode's own account, though nothing of them can be seen.
_UNSEEN: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def file_name(organization_id: OrganizationId) -> str:
    """Return the name of the file of one organization."""
    return f"{organization_id}.{TOP_FILE}"


def document(environment: Environment, organizations: Sequence[LiveOrganization]) -> str:
    """Return one document with everything. Organizations without connections are left out."""
    return "".join((*_top(environment), *_organizations(organizations)))


def top_document(environment: Environment) -> str:
    """Return the document that says which environment the others are for."""
    return "".join(_top(environment))


def organization_document(organization: LiveOrganization) -> str:
    """Return the document of one organization."""
    return "".join((HEADER, "version: 1\n", *_organizations([organization])))


def require_unambiguous(organizations: Iterable[LiveOrganization]) -> None:
    """Raise ``UnusableAnswer`` for a connection of two organizations: no configuration can hold that."""
    owners: dict[ConnectionId, OrganizationId] = {}
    for organization in organizations:
        for connection_id in organization.connections:
            if owners.setdefault(connection_id, organization.id) != organization.id:
                raise UnusableAnswer(
                    f"The service lists {connection_id} under {owners[connection_id]} and {organization.id}.",
                    hint="A connection can be configured in one organization only. Report this to Scalekit.",
                )


def quote(text: str) -> str:
    """Return ``text`` as a double-quoted scalar: on one line, every character visible or escaped.

    ``##`` is broken up by an escape, because some CI services take commands out of logs behind it. ``text``
    has no lone surrogates: no YAML can hold them.
    """
    characters = "".join(
        character
        if character.isprintable() and character not in _SHORT and not _UNSEEN.match(character)
        else _SHORT.get(character) or _escape(ord(character))
        for character in text
    )
    return '"' + characters.replace("##", "#\\x23") + '"'


def _escape(point: int) -> str:
    # Not a pair of surrogates, as JSON would have it: YAML reads that as two characters.
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"  # noqa: PLR2004  # the end of the BMP


def _top(environment: Environment) -> Iterator[str]:
    yield HEADER
    yield "version: 1\n"
    yield f"environment: {quote(environment)}\n"


def _organizations(organizations: Sequence[LiveOrganization]) -> Iterator[str]:
    shown = sorted((item for item in organizations if item.connections), key=lambda item: item.id)
    yield "organizations:\n" if shown else "organizations: []\n"
    for organization in shown:
        yield f"  - id: {quote(organization.id)}\n"
        if organization.name:
            yield f"    name: {quote(organization.name)}\n"
        yield "    connections:\n"
        for _, connection in sorted(organization.connections.items()):
            yield from _connection(connection)


def _connection(connection: LiveConnection) -> Iterator[str]:
    yield f"      - id: {quote(connection.address.connection_id)}\n"
    yield f"        enabled: {'true' if connection.enabled else 'false'}\n"
    facts = {
        name: value
        for name, value in (("provider", connection.provider), ("type", connection.type))
        if _WORD.fullmatch(value) and not value.endswith(_UNSPECIFIED)
    }
    if facts:
        yield f"        description: {quote(' '.join(facts.values()))}\n"
        yield f"        expect: {{{', '.join(f'{name}: {quote(value)}' for name, value in facts.items())}}}\n"
