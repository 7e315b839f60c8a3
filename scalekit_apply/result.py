"""What became of a plan: one entry for every planned change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, assert_never

from scalekit_apply.diagnostics import Diagnostics
from scalekit_apply.exits import Outcome
from scalekit_apply.model import Check, Environment
from scalekit_apply.plan import Action, Change


class State(StrEnum):
    """How a planned change ended. Exactly one holds.

    ``applied``: the call succeeded, and reading back did not contradict it. ``already``: live was as wanted
    before any call. ``failed``: live is known not to be as wanted. ``skipped``: no call was made.
    ``unknown``: whether it holds could not be read afterwards.
    """

    APPLIED = "applied"
    ALREADY = "already"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


SETTLED: Final = frozenset({State.APPLIED, State.ALREADY})
"""The states in which live is as the plan wants it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeResult:
    """The end of one change. ``attempts`` counts the writes sent; ``status`` is the last HTTP status."""

    change: Change
    state: State
    attempts: int = 0
    status: int | None = None
    message: str = ""
    trace_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Everything that an apply did, in the order of the plan.

    ``outcomes`` is what held of the run, from which the exit code follows. ``diagnostics`` says why a
    change was not made where a reason stands for several.
    """

    environment: Environment
    fingerprint: str
    results: tuple[ChangeResult, ...]
    outcomes: frozenset[Outcome] = frozenset()
    diagnostics: Diagnostics = field(default_factory=Diagnostics)
    allowed: tuple[Check, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every planned change holds now."""
        return not self.outcomes and all(item.state in SETTLED for item in self.results)

    @property
    def summary(self) -> Mapping[str, int]:
        """Counts by the words of the summary line, in its order, zeros included."""
        counts: dict[str, int] = dict.fromkeys(
            ("enabled", "disabled", "already", "failed", "skipped", "unknown"), 0
        )
        for item in self.results:
            match item.state:
                case State.APPLIED:
                    counts["enabled" if item.change.action is Action.ENABLE else "disabled"] += 1
                case State.ALREADY | State.FAILED | State.SKIPPED | State.UNKNOWN:
                    counts[item.state.value] += 1
                case _:
                    assert_never(item.state)
        return counts
