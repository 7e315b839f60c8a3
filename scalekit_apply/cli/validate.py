"""``validate``: every error and warning of the configuration."""

from __future__ import annotations

from typing import Any, Final

import click

from scalekit_apply import config, views
from scalekit_apply.cli.options import (
    Talk,
    config_options,
    format_option,
    output_option,
    take,
    talk_options,
)
from scalekit_apply.cli.outputs import Outputs
from scalekit_apply.cli.runtime import Runtime
from scalekit_apply.exits import ExitCode, Outcome, exit_code
from scalekit_apply.views import Format

_FORMATS: Final = (Format.TEXT, Format.JSON, Format.GITHUB, Format.GITLAB, Format.SARIF, Format.JUNIT)


@click.command(name="validate", short_help="Show every error and warning of the configuration.")
@config_options
@format_option(_FORMATS)
@output_option(_FORMATS)
@talk_options
@click.pass_obj
def command(runtime: Runtime, /, **values: Any) -> ExitCode:
    """Read the configuration and show every problem in it, each with its place. Uses no network."""
    outputs = Outputs.parse(values["format"], values["output"], _FORMATS)
    runtime.open(take(Talk, values), outputs)
    loaded = config.load(values["config"])
    runtime.write(
        lambda fmt, color: views.render_diagnostics(loaded.diagnostics, fmt, color=color, files=loaded.files)
    )
    return exit_code({Outcome.INVALID} if loaded.diagnostics.has_errors else ())
