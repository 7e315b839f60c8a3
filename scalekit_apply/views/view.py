"""The interface that every format implements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from scalekit_apply.diagnostics import Diagnostics
from scalekit_apply.plan import Plan
from scalekit_apply.result import Result


class View(Protocol):
    """Values of the domain as text of one format, text of others escaped, a newline at the end if not empty.

    Every method is a pure function of its arguments.
    """

    def plan(self, plan: Plan) -> str:
        """What apply would do."""
        ...

    def result(self, result: Result, plan: Plan | None) -> str:
        """What apply did; ``plan`` adds what only the plan knows, where it is at hand."""
        ...

    def drift(self, plan: Plan) -> str:
        """How live differs from the configuration."""
        ...

    def diagnostics(self, diagnostics: Diagnostics, files: Sequence[str]) -> str:
        """Problems on their own; ``files`` are those that were read, where that is known."""
        ...
