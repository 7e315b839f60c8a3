"""``show``: a saved plan or result in any format."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from scalekit_apply import planfile, views
from scalekit_apply.cli.options import Talk, format_option, output_option, take, talk_options
from scalekit_apply.cli.outputs import Outputs
from scalekit_apply.cli.runtime import Runtime
from scalekit_apply.cli.savedfile import read_saved, read_saved_from
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
    data = read_saved_from(runtime.stdin) if file == _STDIN else read_saved(Path(file))
    saved = planfile.load_any(data, name=name)
    if isinstance(saved, Plan):
        runtime.write(lambda fmt, color: views.render_plan(saved, fmt, color=color))
    else:
        runtime.write(lambda fmt, color: views.render_result(saved, None, fmt, color=color))
    return ExitCode.SUCCESS
