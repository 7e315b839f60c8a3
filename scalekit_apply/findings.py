"""What ``doctor`` found out, as values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from scalekit_apply.exits import Outcome


class Health(StrEnum):
    """How one thing is. Only a failure counts in the exit code."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    ``name`` is stable and kebab-case. ``summary`` is what was found, ``advice`` what to do, empty when there
    is nothing to do. ``outcome`` is what a failure means for the run, ``None`` otherwise.
    """

    name: str
    health: Health
    summary: str
    advice: str = ""
    outcome: Outcome | None = None


def outcomes(findings: Iterable[Finding]) -> frozenset[Outcome]:
    """Return what held of the run."""
    return frozenset(item.outcome for item in findings if item.outcome is not None)
