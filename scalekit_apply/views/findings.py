"""What ``doctor`` found out, as text for people and as a document for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scalekit_apply import __version__
from scalekit_apply.documents import JsonObject
from scalekit_apply.findings import Finding, Health
from scalekit_apply.plan import FORMAT_VERSION
from scalekit_apply.views.escaping import SENTENCE_LIMIT, Plain, plain, weld, whole

_COLORS: Final = {Health.OK: 32, Health.WARN: 33, Health.FAIL: 31, Health.SKIP: 2}
_MARK_WIDTH: Final = max(len(health) for health in Health)


def render_findings(findings: Sequence[Finding], *, color: bool = False) -> str:
    """Return a line for each finding, and below it what to do."""
    width = max((len(item.name) for item in findings), default=0)
    lines: list[Plain] = []
    for item in findings:
        mark = whole(item.health.value.ljust(_MARK_WIDTH))
        start = Plain(f"\x1b[{_COLORS[item.health]}m{mark}\x1b[0m") if color else mark
        name = whole(item.name.ljust(width))
        lines.append(weld(start, "  ", name, "  ", plain(item.summary, SENTENCE_LIMIT)))
        if item.advice:
            indent = Plain(" " * (_MARK_WIDTH + width + 4))
            lines.append(weld(indent, plain(item.advice, SENTENCE_LIMIT)))
    return "".join(f"{line}\n" for line in lines)


def findings_document(findings: Sequence[Finding]) -> JsonObject:
    """Return the findings in the order in which they were made."""
    return {
        "format_version": FORMAT_VERSION,
        "tool_version": __version__,
        "errored": any(item.health is Health.FAIL for item in findings),
        "findings": [
            {
                "name": item.name,
                "health": item.health.value,
                "summary": item.summary,
                "advice": item.advice,
            }
            for item in findings
        ],
    }
