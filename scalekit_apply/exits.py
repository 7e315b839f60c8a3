"""Exit codes, and the one function that turns what happened into a code."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, IntEnum, auto
from typing import Final


class ExitCode(IntEnum):
    """What the process ends with. Stable: pipelines branch on these numbers."""

    SUCCESS = 0
    UNEXPECTED = 1
    CHANGES_PRESENT = 2
    INVALID = 3
    DENIED = 4
    BLOCKED = 5
    STALE = 6
    INCOMPLETE = 7
    UNAVAILABLE = 8
    INTERRUPTED = 130
    TERMINATED = 143

    @property
    def meaning(self) -> str:
        """One phrase for ``--help`` and the documentation."""
        return _MEANINGS[self]


_MEANINGS: Final = {
    ExitCode.SUCCESS: "success",
    ExitCode.UNEXPECTED: "unexpected error, or the prompt was not answered with yes",
    ExitCode.CHANGES_PRESENT: "changes present (only plan --detailed-exitcode and drift)",
    ExitCode.INVALID: "invalid configuration or usage",
    ExitCode.DENIED: "authentication, permission or wrong environment",
    ExitCode.BLOCKED: "blocked by a check",
    ExitCode.STALE: "stale or unusable plan",
    ExitCode.INCOMPLETE: "apply incomplete",
    ExitCode.UNAVAILABLE: "API unreachable or unusable, nothing changed",
    ExitCode.INTERRUPTED: "interrupted by SIGINT",
    ExitCode.TERMINATED: "terminated by SIGTERM",
}


class Outcome(Enum):
    """One thing that was true of a run. Several can hold at once."""

    CHANGES_PRESENT = auto()
    UNEXPECTED = auto()
    DECLINED = auto()
    INVALID = auto()
    DENIED = auto()
    BLOCKED = auto()
    STALE = auto()
    INCOMPLETE = auto()
    UNAVAILABLE = auto()
    INTERRUPTED = auto()
    TERMINATED = auto()


# First match wins. An unexpected error stands right behind the signals: when the program
# itself is in doubt, no more precise statement of it should be believed.
_PRECEDENCE: Final = (
    (Outcome.INTERRUPTED, ExitCode.INTERRUPTED),
    (Outcome.TERMINATED, ExitCode.TERMINATED),
    (Outcome.UNEXPECTED, ExitCode.UNEXPECTED),
    (Outcome.INVALID, ExitCode.INVALID),
    (Outcome.DENIED, ExitCode.DENIED),
    (Outcome.UNAVAILABLE, ExitCode.UNAVAILABLE),
    (Outcome.STALE, ExitCode.STALE),
    (Outcome.BLOCKED, ExitCode.BLOCKED),
    (Outcome.INCOMPLETE, ExitCode.INCOMPLETE),
    (Outcome.DECLINED, ExitCode.UNEXPECTED),
    (Outcome.CHANGES_PRESENT, ExitCode.CHANGES_PRESENT),
)


def exit_code(outcomes: Iterable[Outcome]) -> ExitCode:
    """Return the code for everything that held; success when nothing did."""
    held = frozenset(outcomes)
    for outcome, code in _PRECEDENCE:
        if outcome in held:
            return code
    return ExitCode.SUCCESS
