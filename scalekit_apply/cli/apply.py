"""``apply``: plans, asks, applies; or applies a saved plan."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource

from scalekit_apply import planfile, views
from scalekit_apply.cli.options import (
    PLAN_FORMATS,
    Connecting,
    Planning,
    Talk,
    connection_options,
    format_option,
    ignored_detailed_option,
    option,
    out_option,
    output_option,
    planning_options,
    take,
    talk_options,
)
from scalekit_apply.cli.outputs import Outputs
from scalekit_apply.cli.progress import Progress
from scalekit_apply.cli.runtime import Runtime
from scalekit_apply.cli.savedfile import read_saved
from scalekit_apply.cli.savedplan import save_plan
from scalekit_apply.cli.session import Session, plan_now, prepare, writing
from scalekit_apply.diagnostics import Diagnostics
from scalekit_apply.errors import (
    ConfigurationError,
    Declined,
    Interrupted,
    OutputError,
    PlanFileError,
    ScalekitApplyError,
    UsageError,
)
from scalekit_apply.executor import ExecutionOptions
from scalekit_apply.exits import ExitCode, Outcome, exit_code
from scalekit_apply.plan import Plan, asked_for
from scalekit_apply.reading import ReadMode
from scalekit_apply.result import Result
from scalekit_apply.views import Format
from scalekit_apply.views.wording import counted
from scalekit_apply.workflow import Applying, apply_plan, refused_result

_ANSWER: Final = "yes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """How a plan is approved and carried out."""

    auto_approve: bool
    expect_fingerprint: str | None
    fail_fast: bool


@click.command(name="apply", short_help="Make live what the configuration asks for.")
@click.argument("plan_file", metavar="[PLAN]", required=False, type=click.Path(path_type=Path))
@option("--auto-approve", is_flag=True, help="Do not ask.")
@option(
    "--expect-fingerprint",
    metavar="sha256:…",
    help="Refuse any plan but the one that was reviewed, known by its fingerprint. "
    "With --base or --base-ref, drift that came up since the review is left alone.",
)
@option("--fail-fast", is_flag=True, help="Start nothing more after the first failure.")
@planning_options
@format_option(PLAN_FORMATS)
@output_option(PLAN_FORMATS)
@out_option
@ignored_detailed_option
@connection_options
@talk_options
@click.pass_obj
def command(runtime: Runtime, /, plan_file: Path | None, **values: Any) -> ExitCode:
    """Plan, show the plan, ask, and make its changes; or make the changes of a saved PLAN without asking.

    Everything is read again right before: a connection that is no longer what the plan showed stops the
    run before anything is written.
    """
    approval = take(Approval, values)
    outputs = Outputs.parse(values["format"], values["output"], PLAN_FORMATS, plan=values["out"])
    problems = runtime.examine(take(Talk, values), outputs)
    connecting, planning = take(Connecting, values), take(Planning, values)
    if plan_file is not None:
        _refuse_planning_options(problems)
        saved = read_saved(plan_file)
        with writing(runtime, connecting, None) as session:
            plan = planfile.load_plan(saved, name=str(plan_file))
            return _apply(runtime, session, plan, approval, ReadMode(planning.read))
    if not approval.auto_approve and not runtime.stdin.isatty():
        nobody = UsageError(
            "There is no terminal to ask for approval.",
            hint="Pass a saved plan, or --auto-approve, best with --expect-fingerprint of the reviewed plan.",
        )
        problems += nobody.diagnostics
    prepared = prepare(runtime, planning, problems)
    with writing(runtime, connecting, prepared.desired) as session:
        plan = _reviewed(runtime, plan_now(runtime, session, prepared), approval.expect_fingerprint)
        try:
            _show(runtime, outputs, plan)
        except Interrupted as error:
            return _finish(runtime, plan, refused_result(plan, error))
        except OutputError as error:
            return _unseen(runtime, plan, error)
        except BrokenPipeError:
            return _unseen(runtime, plan, ScalekitApplyError("Nobody reads stdout."))
        return _apply(
            runtime, session, plan, approval, ReadMode(planning.read), ask=not approval.auto_approve
        )


def _show(runtime: Runtime, outputs: Outputs, plan: Plan) -> None:
    if outputs.plan is not None:
        save_plan(plan, outputs.plan)
    if outputs.format is Format.TEXT:
        shown = views.render_plan(plan, Format.TEXT, color=runtime.colored(runtime.stdout))
        runtime.write_out(f"{shown}\n")


def _unseen(runtime: Runtime, plan: Plan, error: ScalekitApplyError) -> ExitCode:
    """End a run whose plan could not be shown or saved: nothing is done that nobody saw."""
    runtime.talk_diagnostics(error.diagnostics)
    return _finish(runtime, plan, refused_result(plan, error))


def _reviewed(runtime: Runtime, plan: Plan, expected: str | None) -> Plan:
    """Return the plan, or the part of it that was reviewed when the rest is drift that came up since."""
    if expected is None or expected == plan.fingerprint or not plan.compared:
        return plan
    part = asked_for(plan)
    if part.fingerprint != expected:
        return plan
    if not runtime.quiet:
        left = counted(len(plan.changes) - len(part.changes), "change", "changes")
        runtime.talk(f"Warning: drift since the review is left alone: {left}. The next plan shows it.\n")
    return part


def _refuse_planning_options(problems: Diagnostics) -> None:
    """Refuse options that would have no effect. Variables are left alone: they are set for every command."""
    context = click.get_current_context()
    given = [
        f"--{name.replace('_', '-')}"
        for name in ("config", "target", "allow", "base", "base_ref", "out")
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    ]
    if given:
        useless = UsageError(
            f"{', '.join(given)}: no effect on a plan that is already made.",
            hint="Leave it out, or plan again with it.",
        )
        problems += useless.diagnostics
    if problems:
        raise ConfigurationError(problems)


def _apply(  # what was decided before, one by one
    runtime: Runtime,
    session: Session[Any],
    plan: Plan,
    approval: Approval,
    read_mode: ReadMode,
    *,
    ask: bool = False,
) -> ExitCode:
    expected = approval.expect_fingerprint
    # A plan of another environment is the more telling answer, and apply_plan gives it.
    here = plan.environment == session.environment
    if here and expected is not None and expected != plan.fingerprint:
        other = PlanFileError(
            f"The fingerprint of this plan is {plan.fingerprint}, not {expected}.",
            hint="What would be applied is not what was reviewed: plan again and review that.",
        )
        return _finish(runtime, plan, refused_result(plan, other))
    try:
        if ask and plan.changes and plan.applyable:
            _ask(runtime, plan)
    except (Declined, Interrupted) as error:
        return _finish(runtime, plan, refused_result(plan, error))
    progress = Progress(len(plan.changes), runtime.status_line())

    def begin() -> None:
        if runtime.reading:
            runtime.reading.end()
        runtime.signals.defer()

    applying = Applying(
        writer=session.client,
        pool=session.pool,
        environment=session.environment,
        now=runtime.now(),
        execution=ExecutionOptions(read_mode=read_mode, fail_fast=approval.fail_fast),
        interruption=runtime.signals.interruption,
        begin=begin,
        emit=progress.emit,
    )
    result = apply_plan(plan, applying)
    progress.finish()
    return _finish(runtime, plan, result)


def _ask(runtime: Runtime, plan: Plan) -> None:
    if runtime.outputs is None or runtime.outputs.format is not Format.TEXT or not runtime.stdout.isatty():
        # Nobody approves what they did not see: it went to a file or to another program.
        shown = views.render_plan(plan, Format.TEXT, color=runtime.colored(runtime.stderr))
        runtime.talk(shown)
    runtime.talk(
        f"\nApply these changes to {plan.environment}? Only '{_ANSWER}' will be accepted.\n\nAnswer: "
    )
    answer = runtime.stdin.readline()
    if answer.strip() != _ANSWER:
        raise Declined("Not approved, nothing was changed.", hint="Answer yes to apply.")


def _finish(runtime: Runtime, plan: Plan, result: Result) -> ExitCode:
    # What happened must be told: a signal from here on does not keep the result from being written.
    runtime.signals.defer()
    code = exit_code(result.outcomes)
    wrote = any(item.attempts for item in result.results)
    # Once something was written, a result that cannot be told is an incomplete apply, and nothing else.
    try:
        runtime.write(lambda fmt, color: views.render_result(result, plan, fmt, color=color))
    except BrokenPipeError:
        return code or exit_code({Outcome.INCOMPLETE if wrote else Outcome.UNEXPECTED})
    except OutputError as error:
        runtime.talk_diagnostics(error.diagnostics)
        return code or exit_code({Outcome.INCOMPLETE if wrote else Outcome.INVALID})
    return code
