"""``--organization`` and ``--all``: which organizations a reading command is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import click
from click.core import ParameterSource

from scalekit_apply.cli.options import option, stack
from scalekit_apply.errors import UsageError
from scalekit_apply.model import OrganizationId, is_organization_id

selection_options: Final = stack(
    option("--organization", multiple=True, metavar="org_…", help="This organization. Repeatable."),
    option("--all", "every", is_flag=True, help="Every organization of the environment."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The organizations that were named, sorted, or ``every`` one; neither when nothing was said."""

    named: tuple[OrganizationId, ...]
    every: bool


def selected(context: click.Context) -> Selection:
    """Return which organizations a command is about. Raises ``UsageError``.

    What is said on the command line takes the place of a variable that says something else.
    """
    organizations: tuple[str, ...] = context.params["organization"]
    every: bool = context.params["every"]
    if organizations and every:
        said = {
            name
            for name in ("organization", "every")
            if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        }
        if len(said) != 1:
            raise UsageError("--organization and --all are both given.", hint="Give one of them.")
        every = said == {"every"}
    named = () if every else tuple(sorted({parse_organization_id(text) for text in organizations}))
    return Selection(named=named, every=every)


def parse_organization_id(text: str) -> OrganizationId:
    """Return an id that may stand in a path. Raises ``UsageError``."""
    if not is_organization_id(text):
        raise UsageError(
            f"{text} is not the id of an organization.",
            hint="Ids look like org_59615193906282635; the dashboard shows them.",
        )
    return OrganizationId(text)
