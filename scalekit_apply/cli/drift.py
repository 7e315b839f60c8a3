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
    connection_options,
    format_option,
    output_option,
    planning_options,
    take,
    talk_options,
)
from scalekit_apply.cli.outputs import Outputs
from scalekit_apply.cli.runtime import Runtime
from scalekit_apply.cli.session import plan_now, prepare, reading
from scalekit_apply.exits import ExitCode, Outcome, exit_code


@click.command(name="drift", short_help="Show what differs from the configuration now.")
@planning_options
@format_option(PLAN_FORMATS)
@output_option(PLAN_FORMATS)
@connection_options
@talk_options
@click.pass_obj
def command(runtime: Runtime, /, **values: Any) -> ExitCode:
    """Show where live differs from the configuration, and what is enabled without standing in it.

    Only reports: exits 2 if anything differs, and no check blocks. Changes nothing.
    """
    runtime.use(take(Talk, values))
    runtime.outputs = outputs = Outputs.parse(values["format"], values["output"], PLAN_FORMATS)
    outputs.check(runtime.stdout)
    prepared = prepare(runtime, take(Planning, values))
    with reading(runtime, take(Connecting, values), prepared.desired) as session:
        plan = plan_now(runtime, session, prepared)
    runtime.write(lambda fmt, color: views.render_drift(plan, fmt, color=color))
    return exit_code({Outcome.CHANGES_PRESENT} if plan.drifted else ())
