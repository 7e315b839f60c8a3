"""``emulator``: a local Scalekit environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from scalekit_apply.cli.options import Talk, option, take, talk_options
from scalekit_apply.cli.runtime import Runtime
from scalekit_apply.emulator import Dialect, EmulatorOptions, SingleRead, UnknownOrganization, WideList
from scalekit_apply.emulator.command import run


@click.command(
    name="emulator",
    short_help="Serve a local Scalekit environment.",
    # What follows the first word that is no option is the command, options of its own included.
    context_settings={"allow_interspersed_args": False},
)
@click.argument("command_line", metavar="[-- COMMAND…]", nargs=-1, type=click.UNPROCESSED)
@option(
    "--seed",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A JSON file to start from; else a small sample.",
)
@option(
    "--db",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Keep the environment in this SQLite file; else in memory.",
)
@option(
    "--port", metavar="N", type=click.IntRange(0, 65535), default=0, help="The port; a free one by default."
)
@option("--latency", metavar="MS", type=click.FloatRange(0, 600_000), default=0.0, help="Delay every answer.")
@option(
    "--fault",
    metavar="SPEC",
    multiple=True,
    help="Break something on purpose, like status=503,times=2. Repeatable.",
)
@option(
    "--wide-list",
    type=click.Choice([item.value for item in WideList]),
    default=WideList.ALL.value,
    show_default=True,
    help="Whether the list without an organization holds all connections, or the environment's own.",
)
@option(
    "--unknown-organization",
    type=click.Choice([item.value for item in UnknownOrganization]),
    default=UnknownOrganization.EMPTY.value,
    show_default=True,
    help="What the list of an organization that does not exist answers.",
)
@option(
    "--single-read",
    type=click.Choice([item.value for item in SingleRead]),
    default=SingleRead.WRAPPED.value,
    show_default=True,
    help="The shape of a connection that is read alone.",
)
@option(
    "--token-ttl",
    metavar="S",
    type=click.IntRange(1, 86_399),
    default=86_399,
    show_default=True,
    help="Seconds that a token lives.",
)
@talk_options
@click.pass_obj
def command(runtime: Runtime, /, command_line: tuple[str, ...], **values: Any) -> int:
    """Serve the Scalekit API on loopback, without an account: to try things, and to test a workflow.

    With COMMAND, runs it with SCALEKIT_ENVIRONMENT_URL, SCALEKIT_CLIENT_ID and SCALEKIT_CLIENT_SECRET set,
    and exits with its code. Without, prints these for another shell and serves until interrupted.
    """
    runtime.use(take(Talk, values))
    options = EmulatorOptions(
        seed=values["seed"],
        db=values["db"],
        port=values["port"],
        latency=values["latency"],
        faults=values["fault"],
        command=command_line,
        dialect=Dialect(
            wide_list=WideList(values["wide_list"]),
            unknown_organization=UnknownOrganization(values["unknown_organization"]),
            single_read=SingleRead(values["single_read"]),
            token_ttl=values["token_ttl"],
        ),
        log_requests=runtime.verbosity > 0,
    )
    # The code of the command, which need not be one of ours.
    return run(options, environ=runtime.environ, stdout=runtime.stdout, stderr=runtime.stderr)
