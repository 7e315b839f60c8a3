"""``init``: a starter configuration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from scalekit_apply import discovery, newfiles, scaffolding, settings
from scalekit_apply.cli.options import Talk, option, take, talk_options
from scalekit_apply.cli.runtime import Runtime
from scalekit_apply.errors import UsageError
from scalekit_apply.exits import ExitCode
from scalekit_apply.model import Environment, parse_environment
from scalekit_apply.views.escaping import whole

_SERVICES: Final = {"github": "GitHub", "gitlab": "GitLab"}
_HERE: Final = (
    "It is kept. Run scalekit-apply validate to check it, or scalekit-apply init --ci github|gitlab to add"
    " the CI files to it."
)


@click.command(name="init", short_help="Write a starter configuration.")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@option(
    "--ci",
    type=click.Choice(sorted(scaffolding.CI_TEMPLATES)),
    help="Also write what plans in review, applies on merge and looks for drift there; DIR is the top of the"
    " repository then.",
)
@option("--environment-url", help="The environment to name in it; else SCALEKIT_ENVIRONMENT_URL.")
@talk_options
@click.pass_obj
def command(runtime: Runtime, /, folder: Path, **values: Any) -> ExitCode:
    """Write a starter scalekit.yaml into DIR, the current directory unless given.

    Never overwrites: exits 3 when a file is there already. Only with --ci a configuration that is there is
    kept, and the CI files join it. Uses no network.
    """
    runtime.use(take(Talk, values))
    environment = _environment(runtime.environ, values["environment_url"])
    ci: str | None = values["ci"]
    newfiles.require_folder(folder)
    kept = bool(ci) and folder.is_dir() and bool(discovery.discover([folder])[0])
    files = {} if kept else scaffolding.starter_files(folder, environment=environment)
    if ci:
        _require_top(folder, ci)
        files |= scaffolding.ci_files(folder, ci)
    newfiles.write_new(files, hint=_merging(ci) if ci else _HERE)
    runtime.write_out("".join(f"{whole(str(path))}\n" for path in files))
    if not runtime.quiet:
        if kept:
            runtime.talk("The configuration that is there is kept.\n")
        runtime.talk("Next: scalekit-apply doctor, then scalekit-apply export --all to see what is live.\n")
    return ExitCode.SUCCESS


def _require_top(folder: Path, ci: str) -> None:
    """Raise ``UsageError`` for a folder of a repository where the CI service never looks."""
    top = scaffolding.repository_above(folder)
    if top is not None:
        raise UsageError(
            f"{folder} is not the top of its repository, and {_SERVICES[ci]} reads its files only there.",
            hint=f"Run `scalekit-apply init --ci {ci} .` in {top}.",
        )


def _merging(ci: str) -> str:
    return (
        "Nothing is overwritten, and nothing was written. To merge by hand, write them to a folder outside of"
        f" the repository: scalekit-apply init --ci {ci} DIR."
    )


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
