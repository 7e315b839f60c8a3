"""``drift``: what differs from the configuration now, for a schedule."""

from __future__ import annotations

from typing import Any

import click

from scalekit_apply import views
from scalekit_apply.cli.options import (
    PLAN_FORMATS,
    Connecting,
    Planning,
    Talk,
    comparing_options,
    connection_options,
    format_option,
    output_option,
    take,
    talk_options,
)
from scalekit_apply.cli.outputs import Outputs
from scalekit_apply.cli.runtime import Runtime
from scalekit_apply.cli.session import plan_now, prepare, reading
from scalekit_apply.exits import ExitCode, Outcome, exit_code


@click.command(name="drift", short_help="Show what differs from the configuration now.")
@comparing_options
@format_option(PLAN_FORMATS)
@output_option(PLAN_FORMATS)
@connection_options
@talk_options
@click.pass_obj
def command(runtime: Runtime, /, **values: Any) -> ExitCode:
    """Show where live differs from the configuration, and what is enabled without standing in it.

    Only reports: exits 2 if anything differs, and no check blocks. Changes nothing.
    """
    outputs = Outputs.parse(values["format"], values["output"], PLAN_FORMATS)
    problems = runtime.examine(take(Talk, values), outputs)
    prepared = prepare(runtime, take(Planning, values), problems)
    with reading(runtime, take(Connecting, values), prepared.desired) as session:
        plan = plan_now(runtime, session, prepared)
    runtime.write(lambda fmt, color: views.render_drift(plan, fmt, color=color))
    return exit_code({Outcome.CHANGES_PRESENT} if plan.drifted else ())
