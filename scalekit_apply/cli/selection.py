"""``--organization`` and ``--all``: which organizations a reading command is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scalekit_apply.cli.options import option, stack
from scalekit_apply.errors import UsageError
from scalekit_apply.model import OrganizationId, is_organization_id

selection_options: Final = stack(
    option("--organization", multiple=True, metavar="org_…", help="This organization. Repeatable."),
    option("--all", "every", is_flag=True, help="Every organization of the environment."),
)


def selected(organizations: Sequence[str], *, every: bool) -> tuple[OrganizationId, ...]:
    """Return the organizations that were named, sorted. Raises ``UsageError``."""
    if organizations and every:
        raise UsageError("--organization and --all are both given.", hint="Give one of them.")
    return tuple(sorted({parse_organization_id(text) for text in organizations}))


def parse_organization_id(text: str) -> OrganizationId:
    """Return an id that may stand in a path. Raises ``UsageError``."""
    if not is_organization_id(text):
        raise UsageError(
            f"{text} is not the id of an organization.",
            hint="Ids look like org_59615193906282635; the dashboard shows them.",
        )
    return OrganizationId(text)
