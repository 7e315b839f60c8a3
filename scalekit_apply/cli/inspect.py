"""``inspect``: one connection whole."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, cast

import click

from scalekit_apply import documents
from scalekit_apply.api.wire import parse_time
from scalekit_apply.cli.options import (
    READING_FORMATS,
    Connecting,
    Talk,
    connection_options,
    format_option,
    take,
    talk_options,
)
from scalekit_apply.cli.outputs import Outputs
from scalekit_apply.cli.runtime import Runtime
from scalekit_apply.cli.selection import parse_organization_id
from scalekit_apply.cli.session import reading
from scalekit_apply.errors import NotFound, UsageError
from scalekit_apply.exits import ExitCode
from scalekit_apply.model import Address, ConnectionId, is_connection_id
from scalekit_apply.plan import JsonValue
from scalekit_apply.views import Format
from scalekit_apply.views.connections import DAYS_LEFT, connection_document, render_connection

_CERTIFICATES: Final = "idp_certificates"
_FIRST: Final = ("id", "organization_id", "organization_name", "provider", "type", "status", "enabled")


@click.command(name="inspect", short_help="Show one live connection whole.")
@click.argument("organization", metavar="ORG")
@click.argument("connection", metavar="CONN")
@format_option(READING_FORMATS)
@connection_options
@talk_options
@click.pass_obj
def command(runtime: Runtime, /, organization: str, connection: str, **values: Any) -> ExitCode:
    """Show every attribute of connection CONN of organization ORG, secrets hidden.

    Certificates come with the days they are still valid. Exits 3 when there is no such connection. Changes
    nothing: the client in use cannot write.
    """
    runtime.open(take(Talk, values), Outputs.parse(values["format"], (), READING_FORMATS))
    address = Address(parse_organization_id(organization), _connection_id(connection))
    with reading(runtime, take(Connecting, values), None) as session:
        try:
            shown = session.client.inspect_connection(address)
        except NotFound:
            raise UsageError(
                f"{address.organization_id} has no connection {address.connection_id}"
                f" in {session.environment}, or is unknown there.",
                hint=f"scalekit-apply list --organization {address.organization_id} shows which it has.",
            ) from None
        environment = session.environment
    attributes = with_days_left(_with_state(cast("Mapping[str, JsonValue]", shown)), runtime.now())
    runtime.write(
        lambda fmt, _color: (
            documents.dump(connection_document(environment, attributes)).decode("ascii")
            if fmt is Format.JSON
            else render_connection(attributes)
        )
    )
    return ExitCode.SUCCESS


def _with_state(attributes: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    # The service leaves out what is false, and whether it is enabled is the question.
    known = {"enabled": False, **attributes}
    return {name: known[name] for name in _FIRST if name in known} | known


def with_days_left(attributes: Mapping[str, JsonValue], now: datetime) -> dict[str, JsonValue]:
    """Return the attributes with ``days_left`` in every certificate: whole days, negative once expired."""
    saml = attributes.get("saml_config")
    if not isinstance(saml, dict) or not isinstance(certificates := saml.get(_CERTIFICATES), list):
        return dict(attributes)
    counted: list[JsonValue] = [
        {**item, DAYS_LEFT: _days_left(item.get("expiry_time"), now)} if isinstance(item, dict) else item
        for item in certificates
    ]
    return {**attributes, "saml_config": {**saml, _CERTIFICATES: counted}}


def _days_left(expiry_time: JsonValue, now: datetime) -> int | None:
    expiry = parse_time(expiry_time)
    return None if expiry is None else (expiry - now).days


def _connection_id(text: str) -> ConnectionId:
    if not is_connection_id(text):
        raise UsageError(
            f"{text} is not the id of a connection.",
            hint="Ids look like conn_2123312131125533; scalekit-apply list shows them.",
        )
    return ConnectionId(text)
