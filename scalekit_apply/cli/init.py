"""``init``: a starter configuration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from scalekit_apply import newfiles, scaffolding, settings
from scalekit_apply.cli.options import Talk, option, take, talk_options
from scalekit_apply.cli.runtime import Runtime
from scalekit_apply.errors import UsageError
from scalekit_apply.exits import ExitCode
from scalekit_apply.model import Environment, parse_environment
from scalekit_apply.views.escaping import whole


@click.command(name="init", short_help="Write a starter configuration.")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@option(
    "--ci",
    type=click.Choice(sorted(scaffolding.CI_TEMPLATES)),
    help="Also write what plans in review, applies on merge and looks for drift there.",
)
@option("--environment-url", help="The environment to name in it; else SCALEKIT_ENVIRONMENT_URL.")
@talk_options
@click.pass_obj
def command(runtime: Runtime, /, folder: Path, **values: Any) -> ExitCode:
    """Write a starter scalekit.yaml into DIR, the current directory unless given.

    Never overwrites: exits 3 when a file is there already. Uses no network.
    """
    runtime.use(take(Talk, values))
    environment = _environment(runtime.environ, values["environment_url"])
    files = scaffolding.starter_files(folder, environment=environment, ci=values["ci"])
    newfiles.require_folder(folder)
    newfiles.write_new(files)
    runtime.write_out("".join(f"{whole(str(path))}\n" for path in files))
    if not runtime.quiet:
        runtime.talk("Next: scalekit-apply doctor, then scalekit-apply export --all to see what is live.\n")
    return ExitCode.SUCCESS


def _environment(environ: Mapping[str, str], given: str | None) -> Environment | None:
    for name, url in (
        ("--environment-url", given),
        *((name, environ.get(name)) for name in (settings.ENVIRONMENT_URL, settings.ENV_URL)),
    ):
        if url and url.strip():
            try:
                return parse_environment(url)
            except ValueError as error:
                raise UsageError(f"{name} {error}.") from None
    return None
