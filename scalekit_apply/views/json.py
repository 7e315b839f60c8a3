"""Plans, results and problems as JSON documents, byte for byte as they are saved."""

from __future__ import annotations

from collections.abc import Sequence

from scalekit_apply.diagnostics import Diagnostics
from scalekit_apply.documents import dump, failure_document, plan_document, result_document
from scalekit_apply.plan import Plan
from scalekit_apply.result import Result


class JsonView:
    """ASCII only, so that nothing in it can control a terminal."""

    __slots__ = ()

    def plan(self, plan: Plan) -> str:
        """The document that ``--out`` saves."""
        return dump(plan_document(plan)).decode("ascii")

    def result(self, result: Result, plan: Plan | None) -> str:  # noqa: ARG002  # the document is the result's alone
        """The document of a result."""
        return dump(result_document(result)).decode("ascii")

    def drift(self, plan: Plan) -> str:
        """The plan that would end the drift."""
        return self.plan(plan)

    def diagnostics(self, diagnostics: Diagnostics, files: Sequence[str]) -> str:  # noqa: ARG002  # as above
        """The document of a run that has neither plan nor result."""
        return dump(failure_document(diagnostics)).decode("ascii")
