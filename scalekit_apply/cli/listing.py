"""``list``: live connections as a table or as JSON."""

from __future__ import annotations

from typing import Any

import click
from click.core import ParameterSource

from scalekit_apply import discovery, documents
from scalekit_apply.cli.options import (
    READING_FORMATS,
    Connecting,
    Talk,
    config_options,
    connection_options,
    format_option,
    take,
    talk_options,
)
from scalekit_apply.cli.outputs import Outputs
from scalekit_apply.cli.runtime import Runtime
from scalekit_apply.cli.selection import selected, selection_options
from scalekit_apply.cli.session import load_desired, reading
from scalekit_apply.exits import ExitCode
from scalekit_apply.inventory import all_organizations, read_organizations
from scalekit_apply.model import Desired
from scalekit_apply.views import Format
from scalekit_apply.views.connections import connections_document, render_connections


@click.command(name="list", short_help="List live connections.")
@selection_options
@config_options
@format_option(READING_FORMATS)
@connection_options
@talk_options
@click.pass_context
def command(context: click.Context, /, **values: Any) -> ExitCode:
    """List the live connections of the organizations named, else of those in the configuration, else of all.

    Changes nothing: the client in use cannot write.
    """
    runtime = context.ensure_object(Runtime)
    runtime.open(take(Talk, values), Outputs.parse(values["format"], (), READING_FORMATS))
    selection = selected(context)
    organizations = selection.named
    desired = None
    if not organizations and not selection.every:
        desired = _configured(context, runtime, values["config"])
        organizations = tuple(desired.organizations) if desired else ()
    named = bool(organizations)
    with reading(runtime, take(Connecting, values), desired) as session:
        organizations = organizations or all_organizations(session.client)
        found = read_organizations(session.client, session.pool, organizations)
        environment = session.environment
    connections = [item for organization in found for item in organization.connections.values()]
    runtime.write(
        lambda fmt, _color: (
            documents.dump(connections_document(environment, connections)).decode("ascii")
            if fmt is Format.JSON
            else render_connections(connections, organizations=len(found))
        )
    )
    for organization in found:
        if named and not organization.connections and not runtime.quiet:
            # The service answers both in the same way.
            runtime.talk(f"{organization.id} has no connections, or is unknown to this environment.\n")
    return ExitCode.SUCCESS


def _configured(context: click.Context, runtime: Runtime, paths: tuple[str, ...]) -> Desired | None:
    """Return the configuration, ``None`` when nobody asked for one and there is none."""
    is_default = context.get_parameter_source("config") is ParameterSource.DEFAULT
    if is_default and not discovery.discover(paths)[0]:
        return None
    return load_desired(runtime, paths)
