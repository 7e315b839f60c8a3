"""``show``: a saved plan or result in any format."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, TextIO

import click

from scalekit_apply import planfile, views
from scalekit_apply.cli.options import Talk, format_option, output_option, take, talk_options
from scalekit_apply.cli.outputs import Outputs
from scalekit_apply.cli.runtime import Runtime
from scalekit_apply.errors import UsageError
from scalekit_apply.exits import ExitCode
from scalekit_apply.plan import Plan
from scalekit_apply.views import Format

_STDIN: Final = "-"
_FORMATS: Final = tuple(Format)


@click.command(name="show", short_help="Render a saved plan or result.")
@click.argument("file", metavar="FILE")
@format_option(_FORMATS)
@output_option(_FORMATS)
@talk_options
@click.pass_obj
def command(runtime: Runtime, /, file: str, **values: Any) -> ExitCode:
    """Render a plan that `plan --out` saved, or a result that `apply --output json=FILE` wrote.

    FILE may be - for stdin. Uses no network, and exits 0 whatever the plan or result says.
    """
    runtime.open(take(Talk, values), Outputs.parse(values["format"], values["output"], _FORMATS))
    name = "standard input" if file == _STDIN else file
    data = _read_stdin(runtime.stdin) if file == _STDIN else _read_file(file)
    saved = planfile.load_any(data, name=name)
    if isinstance(saved, Plan):
        runtime.write(lambda fmt, color: views.render_plan(saved, fmt, color=color))
    else:
        runtime.write(lambda fmt, color: views.render_result(saved, None, fmt, color=color))
    return ExitCode.SUCCESS


def _read_file(file: str) -> bytes:
    try:
        with Path(file).open("rb") as stream:
            return stream.read(planfile.MAX_BYTES + 1)
    except FileNotFoundError:
        raise UsageError(f"There is no file {file}.", hint="Give the file that plan --out wrote.") from None
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or "its name cannot be used"
        raise UsageError(f"{file} cannot be read: {reason}.") from None


def _read_stdin(stdin: TextIO) -> bytes:
    try:
        return stdin.buffer.read(planfile.MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"Standard input cannot be read: {error.strerror}.") from None
