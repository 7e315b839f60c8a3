"""Counts for the Terraform report of a GitLab merge request, problems for its code quality report."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final, LiteralString, assert_never

from scalekit_apply.diagnostics import Diagnostic, Diagnostics, Severity
from scalekit_apply.documents import dump
from scalekit_apply.plan import JsonValue, Plan
from scalekit_apply.result import Result
from scalekit_apply.views.escaping import SENTENCE_LIMIT, plain, whole

_DEFAULT_FILE: Final = "scalekit.yaml"


class GitlabView:
    """JSON for GitLab."""

    __slots__ = ()

    def plan(self, plan: Plan) -> str:
        """What would be enabled counts as created, what would be disabled as deleted."""
        return _counts(plan.summary.enable, plan.summary.disable)

    def result(self, result: Result, plan: Plan | None) -> str:  # noqa: ARG002  # the result counts what was done
        """The same of what was done."""
        return _counts(result.summary["enabled"], result.summary["disabled"])

    def drift(self, plan: Plan) -> str:
        """The same of what would end the drift."""
        return self.plan(plan)

    def diagnostics(self, diagnostics: Diagnostics, files: Sequence[str]) -> str:
        """A code quality report. An entry needs a place: without one, the beginning of the first file."""
        seen: dict[str, int] = {}
        entries: list[JsonValue] = []
        for item in diagnostics:
            path = item.location.file if item.location else next(iter(files), _DEFAULT_FILE)
            # Lines move when something above them changes, so they are no part of what a problem is.
            identity = repr((item.check, path, item.address, item.summary))
            seen[identity] = seen.get(identity, 0) + 1
            marked = f"{identity}{seen[identity]}".encode()
            entries.append(
                {
                    "description": _description(item),
                    "check_name": whole(item.check),
                    "fingerprint": hashlib.sha256(marked).hexdigest(),
                    "severity": _severity(item.severity),
                    "location": {
                        "path": whole(path.removeprefix("./")),
                        "lines": {"begin": (item.location.line if item.location else None) or 1},
                    },
                }
            )
        return dump(entries).decode("ascii")


def _counts(created: int, deleted: int) -> str:
    return dump({"create": created, "update": 0, "delete": deleted}).decode("ascii")


def _description(item: Diagnostic) -> str:
    detail = " ".join(item.detail.split())
    return " ".join(plain(part, SENTENCE_LIMIT) for part in (item.summary, detail) if part)


def _severity(severity: Severity) -> LiteralString:
    match severity:
        case Severity.ERROR:
            return "critical"
        case Severity.WARNING:
            return "minor"
        case Severity.NOTE:
            return "info"
        case _:
            assert_never(severity)
