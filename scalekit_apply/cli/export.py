"""``export``: configuration for what is live."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from scalekit_apply import config, discovery, exporting, newfiles
from scalekit_apply.cli.options import Connecting, Talk, connection_options, option, take, talk_options
from scalekit_apply.cli.outputs import Outputs
from scalekit_apply.cli.runtime import Runtime
from scalekit_apply.cli.selection import selected, selection_options
from scalekit_apply.cli.session import reading
from scalekit_apply.errors import ConfigurationError, UsageError
from scalekit_apply.exits import ExitCode
from scalekit_apply.inventory import all_organizations, read_organizations
from scalekit_apply.model import Desired, Environment, LiveOrganization, OrganizationId
from scalekit_apply.views.escaping import Plain, weld, whole
from scalekit_apply.views.wording import counted


@click.command(name="export", short_help="Write configuration for what is live.")
@selection_options
@option(
    "--out-dir",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Write a file for each organization into DIR instead of one document to stdout.",
)
@connection_options
@talk_options
@click.pass_context
def command(context: click.Context, /, **values: Any) -> ExitCode:
    """Write the configuration that describes what is live now: a plan of it is empty.

    Never overwrites, and when anything cannot be read or an organization that was named has nothing to
    export, writes nothing. With --organization, DIR may hold a
    configuration already, which then grows. Changes nothing live: the client in use cannot write.
    """
    runtime = context.ensure_object(Runtime)
    runtime.open(take(Talk, values), Outputs())
    selection = selected(context)
    named = selection.named
    if not named and not selection.every:
        raise UsageError("Neither --organization nor --all is given.", hint="Say what to export.")
    folder: Path | None = values["out_dir"]
    desired = _configured(folder, named) if folder is not None else None
    with reading(runtime, take(Connecting, values), desired) as session:
        organizations = named or all_organizations(session.client)
        if selection.every:
            _say(runtime, weld("Reading ", counted(len(organizations), "organization", "organizations"), "."))
        found = read_organizations(session.client, session.pool, organizations)
        environment = session.environment
    if named:
        _require_found(found)
    exporting.require_unambiguous(found)
    if folder is None:
        runtime.write_out(exporting.document(environment, found))
    else:
        files = _files(folder, environment, found, desired)
        newfiles.write_new(files)
        runtime.write_out("".join(f"{whole(str(path))}\n" for path in files))
    if selection.every:
        _say_what_is_left_out(runtime, found)
    return ExitCode.SUCCESS


def _configured(folder: Path, named: Sequence[OrganizationId]) -> Desired | None:
    """Return the configuration that the files will join, ``None`` for the first one.

    Raises ``UsageError`` and ``ConfigurationError`` when they could not join it.
    """
    newfiles.require_folder(folder)
    newfiles.require_absent(folder / exporting.file_name(organization_id) for organization_id in named)
    files = discovery.discover([folder])[0] if folder.is_dir() else ()
    if not files:
        return None
    if not named:
        raise UsageError(
            f"{folder} holds a configuration already: {files[0].name}.",
            hint="Export everything into an empty folder, or name the organizations to add.",
        )
    loaded = config.load([folder])
    if loaded.diagnostics.has_errors:
        raise ConfigurationError(loaded.diagnostics)
    for organization_id in named:
        if (organization := loaded.desired.organizations.get(organization_id)) is not None:
            raise UsageError(
                f"{organization_id} is configured already, at {organization.location}.",
                hint="Leave it out here; scalekit-apply plan shows how it differs.",
            )
    return loaded.desired


def _files(
    folder: Path, environment: Environment, found: Sequence[LiveOrganization], desired: Desired | None
) -> dict[Path, bytes]:
    files = {
        folder / exporting.file_name(item.id): exporting.organization_document(item).encode()
        for item in found
        if item.connections
    }
    # A configuration that is there keeps its own top, whatever stands in it.
    return (
        files
        if desired
        else {folder / exporting.TOP_FILE: exporting.top_document(environment).encode(), **files}
    )


def _require_found(named: Sequence[LiveOrganization]) -> None:
    """Raise ``UsageError`` for organizations that were named and of which there is nothing to export.

    The service answers for one that it does not know as for one without connections. An export that leaves
    out a mistyped one would look complete.
    """
    empty = [item.id for item in named if not item.connections]
    if empty:
        verb = "has no connections, or is" if len(empty) == 1 else "have no connections, or are"
        raise UsageError(
            f"{', '.join(empty)} {verb} unknown to this environment: nothing was exported.",
            hint="Check the id or leave it out; scalekit-apply list --all shows what there is.",
        )


def _say_what_is_left_out(runtime: Runtime, found: Sequence[LiveOrganization]) -> None:
    empty = sum(not item.connections for item in found)
    if empty:
        left_out = counted(empty, "organization", "organizations")
        _say(runtime, weld(left_out, " without connections left out."))
    _say(
        runtime, Plain("Connections that belong to the environment and to no organization are not exported.")
    )


def _say(runtime: Runtime, line: Plain) -> None:
    if not runtime.quiet:
        runtime.talk(f"{line}\n")
