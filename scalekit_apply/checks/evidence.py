"""What a check looks at, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from scalekit_apply.diagnostics import Location
from scalekit_apply.model import Address, Check, Desired, Live, OrganizationId
from scalekit_apply.plan import Action, Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that a check may look at.

    ``desired`` is the whole configuration, or the policy of a saved plan. ``changes`` are those still to be
    made. ``now`` is aware of its zone.
    """

    desired: Desired
    changes: tuple[Change, ...]
    live: Live
    now: datetime

    @property
    def enables(self) -> tuple[Change, ...]:
        """The changes that enable."""
        return tuple(change for change in self.changes if change.action is Action.ENABLE)

    @property
    def disables(self) -> tuple[Change, ...]:
        """The changes that disable."""
        return tuple(change for change in self.changes if change.action is Action.DISABLE)

    def place_of(self, change: Change) -> Location | None:
        """Where the configuration asks for a change."""
        wanted = self.desired.connection(change.address)
        return change.source if wanted is None or wanted.location is None else wanted.location


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a check has to say.

    ``about`` decides which level is in force. ``summary`` is one sentence, ``detail`` says what to do.
    ``computed`` is false for a check that could not be computed: that blocks like an error, because what
    nobody could look at is not known to be harmless.
    """

    about: Address | OrganizationId | None
    summary: str
    detail: str
    location: Location | None = None
    computed: bool = True


UNSPECIFIED: Final = "unspecified"

CheckFunction = Callable[[Evidence], Iterator[Finding]]


def not_computable(
    about: Address | OrganizationId | None, reason: str, hint: str, location: Location | None = None
) -> Finding:
    """A check that lacks what it has to look at. ``reason`` and ``hint`` are sentences without a stop."""
    where = "" if about is None else f" for {about}"
    return Finding(
        about=about,
        summary=f"The check could not be computed{where}: {reason}.",
        detail=f"{hint}.",
        location=location,
        computed=False,
    )


def allowance(check: Check) -> str:
    """The half sentence with which advice ends where a check can be allowed."""
    return f", or pass `--allow {check.value}`"


def quoted(text: str) -> str:
    """Foreign text on one line, between double quotes; views escape it for their format."""
    return '"' + "".join(map(_printable, text)) + '"'


def _printable(char: str) -> str:
    if char == '"':
        return '\\"'
    return char if char.isprintable() and char != "\\" else char.encode("unicode_escape").decode("ascii")


def fact(text: str) -> str:
    """A value that should be one plain word, as it is shown; anything else stands between quotes."""
    if not text:
        return UNSPECIFIED
    return text if text.isascii() and text.isidentifier() else quoted(text)
