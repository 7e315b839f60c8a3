"""Options that several commands share, each with its environment variable, and the values they parse to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from scalekit_apply.model import CHECK_RULES
from scalekit_apply.reading import ReadMode
from scalekit_apply.views import Format

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
V = TypeVar("V")

PLAN_FORMATS: Final = (
    Format.TEXT,
    Format.JSON,
    Format.MARKDOWN,
    Format.GITHUB,
    Format.GITLAB,
    Format.JUNIT,
)
READING_FORMATS: Final = (Format.TEXT, Format.JSON)


def option(*names: str, **attributes: Any) -> Decorator:
    """Return a click option with the environment variable that its long name stands for."""
    long_name = next(name for name in names if name.startswith("--"))
    variable = "SCALEKIT_APPLY_" + long_name.partition("/")[0][2:].replace("-", "_").upper()
    return click.option(*names, envvar=variable, show_envvar=True, **attributes)


def stack(*decorators: Decorator) -> Decorator:
    """Return one decorator for several, in the order of the help."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


def take(kind: type[V], values: Mapping[str, Any]) -> V:
    """Build a frozen dataclass from those of its fields that a command has as options."""
    return kind(**{field.name: values[field.name] for field in fields(kind) if field.name in values})  # type: ignore[arg-type]  # a dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """How to talk on stderr."""

    color: str
    quiet: bool
    verbose: int


talk_options: Final = stack(
    option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        help="Color; auto follows NO_COLOR, FORCE_COLOR and the terminal.",
    ),
    option("-q", "--quiet", is_flag=True, help="Only results and errors."),
    option("-v", "--verbose", count=True, help="Show every request; never headers or bodies."),
)

config_options: Final = option(
    "-c",
    "--config",
    "config",
    multiple=True,
    type=click.Path(),
    default=(".",),
    help="A configuration file, or a directory to search. Repeatable.  [default: .]",
)


def format_option(formats: tuple[Format, ...]) -> Decorator:
    """Return ``--format`` with the formats that a command has."""
    return option(
        "--format",
        "format",
        type=click.Choice([item.value for item in formats]),
        default=Format.TEXT.value,
        help="The format on stdout.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Connecting:
    """How to reach the service. ``timeout`` is in seconds and a request's."""

    environment_url: str | None
    client_id: str | None
    client_secret_file: str | None
    concurrency: int
    timeout: float
    max_retries: int


connection_options: Final = stack(
    option("--environment-url", help="The environment; else SCALEKIT_ENVIRONMENT_URL."),
    option("--client-id", help="The client; else SCALEKIT_CLIENT_ID."),
    option(
        "--client-secret-file",
        metavar="PATH|-",
        help="File with the secret, - for stdin; else SCALEKIT_CLIENT_SECRET or SCALEKIT_CLIENT_SECRET_FILE.",
    ),
    option(
        "--concurrency",
        type=click.IntRange(1, 64),
        default=8,
        show_default=True,
        help="How many requests at once.",
    ),
    option(
        "--timeout",
        type=click.FloatRange(0.1, 600),
        default=30.0,
        show_default=True,
        metavar="S",
        help="Seconds that one request may take.",
    ),
    option(
        "--max-retries",
        type=click.IntRange(0, 100),
        default=5,
        show_default=True,
        metavar="N",
        help="How often a request is sent again.",
    ),
)


read_option: Final = option(
    "--read",
    "read",
    type=click.Choice([item.value for item in ReadMode]),
    default=ReadMode.AUTO.value,
    show_default=True,
    help="Which lists to start from: one of the environment, or one of each organization.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planning:
    """What shapes a plan."""

    config: tuple[str, ...]
    target: tuple[str, ...]
    read: str
    allow: tuple[str, ...] = ()
    base: str | None = None
    base_ref: str | None = None


_target_option: Final = option(
    "--target",
    multiple=True,
    metavar="org_…|conn_…",
    help="Compare only this organization or connection. Repeatable.",
)
comparing_options: Final = stack(config_options, _target_option, read_option)
planning_options: Final = stack(
    config_options,
    _target_option,
    option(
        "--allow",
        multiple=True,
        metavar="CHECK",
        type=click.Choice([check.value for check in CHECK_RULES]),
        help="Let this check warn instead of block, this once; recorded in the plan. Repeatable.",
    ),
    option(
        "--base", type=click.Path(), help="The configuration before this change: tells config from drift."
    ),
    option("--base-ref", metavar="GITREF", help="The same, from a git commit."),
    read_option,
)


def output_option(formats: tuple[Format, ...]) -> Decorator:
    """Return ``--output`` with the formats that a command has."""
    return option(
        "--output",
        multiple=True,
        metavar="FORMAT=PATH",
        help=f"Also write this format to a file. Repeatable. Formats: {', '.join(formats)}.",
    )


out_option: Final = option("--out", type=click.Path(path_type=Path), help="Save the plan, for apply.")
detailed_option: Final = option("--detailed-exitcode", is_flag=True, help="Exit 2 when there are changes.")
# Accepted by apply, so that one set of options or variables serves both; it has no say there.
ignored_detailed_option: Final = option("--detailed-exitcode", is_flag=True, hidden=True)
