"""``schema``: the JSON Schemas of what goes in and out."""

from __future__ import annotations

from typing import Any

import click

from scalekit_apply import schema
from scalekit_apply.cli.options import Talk, take, talk_options
from scalekit_apply.cli.runtime import Runtime
from scalekit_apply.exits import ExitCode


@click.command(name="schema", short_help="Print a JSON Schema.")
@click.argument("name", metavar="config|plan|result", type=click.Choice(["config", "plan", "result"]))
@talk_options
@click.pass_obj
def command(runtime: Runtime, /, name: schema.Name, **values: Any) -> ExitCode:
    """Print the JSON Schema (draft 2020-12) of a configuration, a saved plan or a result. Uses no network."""
    runtime.use(take(Talk, values))
    runtime.write_out(schema.document(name))
    return ExitCode.SUCCESS
