"""``plan``: desired against live, checks, the plan."""

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
    detailed_option,
    format_option,
    out_option,
    output_option,
    planning_options,
    take,
    talk_options,
)
from scalekit_apply.cli.outputs import Outputs
from scalekit_apply.cli.runtime import Runtime
from scalekit_apply.cli.savedplan import save_plan, say_saved
from scalekit_apply.cli.session import plan_now, prepare, reading
from scalekit_apply.exits import ExitCode, exit_code


@click.command(name="plan", short_help="Show what apply would change.")
@planning_options
@format_option(PLAN_FORMATS)
@output_option(PLAN_FORMATS)
@out_option
@detailed_option
@connection_options
@talk_options
@click.pass_obj
def command(runtime: Runtime, /, **values: Any) -> ExitCode:
    """Compare the configuration with the live environment and show what apply would change.

    Changes nothing: the client in use cannot write.
    """
    outputs = Outputs.parse(values["format"], values["output"], PLAN_FORMATS, plan=values["out"])
    problems = runtime.examine(take(Talk, values), outputs)
    prepared = prepare(runtime, take(Planning, values), problems)
    with reading(runtime, take(Connecting, values), prepared.desired) as session:
        plan = plan_now(runtime, session, prepared)
    if outputs.plan is not None:
        save_plan(plan, outputs.plan)
    runtime.write(lambda fmt, color: views.render_plan(plan, fmt, color=color))
    if outputs.plan is not None:
        say_saved(runtime, plan, outputs.plan)
    return exit_code(plan.outcomes(detailed=values["detailed_exitcode"]))
