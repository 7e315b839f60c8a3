"""A Markdown page of limited length, cut between rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from scalekit_apply.views.escaping import Markup, fuse, hidden

LIMIT: Final = 60_000
"""Characters. GitHub refuses comments beyond 65,536."""

_CUT_LENGTH: Final = 120


class Tier(IntEnum):
    """Who gets the space that there is: lower first."""

    IDENTITY = 0
    CHANGES = 1
    CHECKS = 2
    DETAILS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Rows under a title. ``head`` are the lines that make a table of them. Without rows it is left out.

    ``folded`` hides the rows until a reader asks for them; then the title says how many, if ``counted``.
    """

    title: Markup
    head: Sequence[Markup]
    rows: Sequence[Markup]
    tier: Tier
    folded: bool = False
    counted: bool = True


def page(environment: str, fingerprint: str, head: Sequence[Markup], sections: Sequence[Section]) -> str:
    """Return the marker, paragraphs and sections in their order, with as many rows as fit.

    The first line is a comment that readers do not see and programs find: environment, fingerprint, and
    whether rows are missing.
    """
    filled = [section for section in sections if section.rows]
    frame = [_block(section, 0) for section in filled]
    budget = LIMIT - sum(map(len, frame)) - len(filled) * _CUT_LENGTH
    budget -= len(_marker(environment, fingerprint, truncated=False)) + sum(len(line) + 2 for line in head)
    shown = dict.fromkeys(range(len(filled)), 0)
    for index in sorted(shown, key=lambda number: filled[number].tier):
        for row in filled[index].rows:
            if len(row) + 1 > budget:
                break
            budget -= len(row) + 1
            shown[index] += 1
    truncated = any(shown[index] < len(section.rows) for index, section in enumerate(filled))
    blocks = [_block(section, shown[index]) for index, section in enumerate(filled)]
    paragraphs = [f"{line}\n" for line in head]
    return "\n".join([_marker(environment, fingerprint, truncated=truncated), *paragraphs, *blocks])


def _marker(environment: str, fingerprint: str, *, truncated: bool) -> Markup:
    return fuse(
        "<!-- scalekit-apply environment=",
        hidden(environment),
        " fingerprint=",
        hidden(fingerprint),
        " truncated=",
        "true" if truncated else "false",
        " -->\n",
    )


def _block(section: Section, count: int) -> str:
    missing = len(section.rows) - count
    lines: list[Markup] = [*section.head, *section.rows[:count]]
    if missing:
        lines.append(
            fuse("\n_", missing, " more not shown: the text and JSON output of this run have all of them._")
        )
    rows = "\n".join(lines)
    if not section.folded:
        return f"{section.title}\n\n{rows}\n"
    number = f" ({len(section.rows)})" if section.counted else ""
    return f"<details>\n<summary>{section.title}{number}</summary>\n\n{rows}\n\n</details>\n"
