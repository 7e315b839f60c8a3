"""From arguments to an exit code: every way in which a command can end."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

import click

from scalekit_apply import views
from scalekit_apply.cli.group import PROGRAM, is_command, root
from scalekit_apply.cli.runtime import Runtime
from scalekit_apply.errors import Interrupted, ScalekitApplyError, UsageError
from scalekit_apply.exits import ExitCode, Outcome, exit_code
from scalekit_apply.views import Format


def run(arguments: Sequence[str], runtime: Runtime) -> int:
    """Run one command and return the exit code. Never raises, never shows a traceback unless asked to."""
    with runtime.signals.installed():
        try:
            return int(_run(arguments, runtime))
        except Interrupted as error:
            # A signal that arrived while another end of the run was being told.
            return int(report(error, runtime))
        except SystemExit as error:
            # Of click: the end of a completion, and in some versions a stdout that nobody reads.
            return int(ExitCode.SUCCESS if error.code in {0, None} else ExitCode.UNEXPECTED)
        except BrokenPipeError:
            return int(ExitCode.UNEXPECTED)  # nobody reads stdout


def _run(arguments: Sequence[str], runtime: Runtime) -> int:
    try:
        returned = root.main(
            args=list(arguments),
            prog_name=PROGRAM,
            standalone_mode=False,
            obj=runtime,
        )
        # What a command returns is one of ours, or the code of a command that ran inside the emulator.
        return ExitCode.SUCCESS if returned is None else int(returned)
    except click.UsageError as error:
        return _usage(error, arguments, runtime)
    except ScalekitApplyError as error:
        return report(error, runtime)
    except (KeyboardInterrupt, click.Abort):
        return report(Interrupted(terminated=False), runtime)
    except BrokenPipeError:
        raise  # not a defect
    except Exception as error:  # the last line of defence
        return _unexpected(error, runtime)


def _usage(error: click.UsageError, arguments: Sequence[str], runtime: Runtime) -> ExitCode:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        runtime.talk(f"{error.format_message()}\n")
    else:
        # Some errors of a command do not say whose they are.
        command = f"{PROGRAM} {arguments[0]}" if arguments and is_command(arguments[0]) else PROGRAM
        message = " ".join(error.format_message().split())
        failure = UsageError(
            message if message.endswith((".", "?", ")")) else f"{message}.", hint=f"See `{command} --help`."
        )
        runtime.talk_diagnostics(failure.diagnostics)
    return exit_code({Outcome.INVALID})


def report(error: ScalekitApplyError, runtime: Runtime) -> ExitCode:
    """Show an error in every format that was asked for, and as text on stderr. Returns its code."""
    # From here on a signal only asks to stop, which is what happens.
    runtime.signals.defer()
    runtime.talk_diagnostics(error.diagnostics)
    # The error at hand is the one to know about, not that it could not be written somewhere too.
    with suppress(ScalekitApplyError, BrokenPipeError):
        runtime.write(partial(_failure, error))
    return exit_code({error.outcome})


def _failure(error: ScalekitApplyError, fmt: Format, color: bool) -> str:
    # As text it stands on stderr already: stdout holds results, and there is none.
    return "" if fmt is Format.TEXT else views.render_diagnostics(error.diagnostics, fmt, color=color)


def _unexpected(error: Exception, runtime: Runtime) -> ExitCode:
    failure = ScalekitApplyError(
        f"Unexpected {type(error).__name__}; this is a defect of scalekit-apply.",
        hint="Set SCALEKIT_APPLY_DEBUG=1 to see where, and report it.",
    )
    if runtime.environ.get("SCALEKIT_APPLY_DEBUG"):
        # Frames only, without the message: it may quote what must not be shown.
        frames = "".join(traceback.format_tb(error.__traceback__))
        runtime.talk(f"{frames}{type(error).__name__}\n")
    return report(failure, runtime)
