"""``emulator``: a local Scalekit environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from scalekit_apply.cli.options import Talk, option, take, talk_options
from scalekit_apply.cli.runtime import Runtime
from scalekit_apply.emulator import Dialect, EmulatorOptions, SingleRead, UnknownOrganization, WideList
from scalekit_apply.emulator.command import run

_EPILOG: Final = """\
\b
Faults, written KIND[=VALUE][,KEY=VALUE]…:
  status=N, html=N         an error of that status: the service's own, or a page in HTML
  redirect[=URL]           302 to somewhere else
  refuse, reset, hang      connections closed at once, connections reset, no answer at all
  delay=S, drip[=S]        S seconds later; the body byte by byte, S seconds apart
  cut[=BYTES]              the connection closes in the middle of the body
  oversized=MIB            an answer of so many MiB
  invalid-json             an answer that breaks off
  wrong-shape[=SHAPE]      list, text, null, number or types in place of what was asked for
  error-message[=TEXT]     200 with an error_message, and the change is not made
  wrong-enabled            200 with the wrong enabled, and the change is not made
  not-sticking             200 as if all were well, and the change is not made
  reverting[=N]            the change is made, and gone after N reads
  expire-token             every token so far ends

\b
Keys, all of which must hold:
  method=M, path=GLOB      of the request; /api/* unless given, so /oauth/token has to be named
  id=ID                    an organization or connection that the request is about
  skip=N, times=N          not the first N requests that match; N times and no more
  when=before|after        a change took effect, or not yet, when the fault hits
  retry-after=S            with status and html; also date+S

\b
  --fault status=503,times=2                 the first two API calls answer 503
  --fault status=429,retry-after=2,times=1   the first one is to be sent again, two seconds later
  --fault reset,when=after,path=*:disable    every disable takes effect, and is not answered

\b
A seed is JSON; only the ids are required:
  {"environment": "acme",
   "clients": [{"client_id": "skc_1", "client_secret": "…", "permissions": ["connections_read"]}],
   "organizations": [
     {"id": "org_1", "display_name": "Megasoft", "connections": [
       {"id": "conn_1", "provider": "OKTA", "type": "SAML", "status": "COMPLETED",
        "enabled": true, "domains": ["megasoft.com"],
        "saml_config": {"idp_certificates": [{"id": "cert_1", "expiry_in_days": 20}]}}]}],
   "connections": [{"id": "conn_2", "provider": "GOOGLE"}]}
Connections at its top belong to the environment itself. They take every attribute of the API.
"""


@click.command(
    name="emulator",
    epilog=_EPILOG,
    short_help="Serve a local Scalekit environment.",
    # What follows the first word that is no option is the command, options of its own included.
    context_settings={"allow_interspersed_args": False},
)
@click.argument("command_line", metavar="[-- COMMAND…]", nargs=-1, type=click.UNPROCESSED)
@option(
    "--seed",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A JSON file to start from, see below; else a small sample.",
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
    help="Break something on purpose, like status=503,times=2; see below. Repeatable.",
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
        quiet=runtime.quiet,
    )
    # The code of the command, which need not be one of ours.
    return run(options, environ=runtime.environ, stdout=runtime.stdout, stderr=runtime.stderr)
