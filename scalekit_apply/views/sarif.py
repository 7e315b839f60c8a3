"""Problems as SARIF 2.1.0, for code scanning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import quote

from scalekit_apply import __version__
from scalekit_apply.diagnostics import Diagnostic, Diagnostics, Location, Severity
from scalekit_apply.documents import dump
from scalekit_apply.model import Check
from scalekit_apply.plan import Change, JsonValue, Plan, digest
from scalekit_apply.result import ChangeResult, Result, State
from scalekit_apply.views import wording
from scalekit_apply.views.escaping import DETAIL_LIMIT, detail_lines, plain, whole

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_DRIFT: Final = "drift"
_INCOMPLETE: Final = "apply-incomplete"
_RULES: Final = {
    _DRIFT: "live differs from the configuration",
    _INCOMPLETE: "a planned change did not happen",
    **{check.value: check.rule.says for check in Check},
}
# SARIF has the same three levels, under the same names.
_LEVELS: Final = {severity: severity.value for severity in Severity}


class SarifView:
    """One run; a rule for every check that found something."""

    __slots__ = ()

    def plan(self, plan: Plan) -> str:
        """What the checks found."""
        return _log(plan.diagnostics, ())

    def result(self, result: Result, plan: Plan | None) -> str:  # noqa: ARG002  # the result says it all
        """Problems, and an error for every change that failed or of which nothing is known."""
        failed = [item for item in result.results if item.state in {State.FAILED, State.UNKNOWN}]
        return _log([*result.diagnostics, *map(_failure, failed)], ())

    def drift(self, plan: Plan) -> str:
        """What was found about live and the configuration, and a warning for every difference."""
        return _log([*wording.drift_findings(plan), *map(_difference, plan.changes)], ())

    def diagnostics(self, diagnostics: Diagnostics, files: Sequence[str]) -> str:
        """Problems; ``files`` are listed as what was looked at."""
        return _log(diagnostics, files)


def _difference(change: Change) -> Diagnostic:
    return Diagnostic(
        severity=Severity.WARNING,
        check=_DRIFT,
        summary=f"{wording.difference(change)}.",
        address=str(change.address),
        location=change.source,
    )


def _failure(item: ChangeResult) -> Diagnostic:
    return Diagnostic(
        severity=Severity.ERROR,
        check=_INCOMPLETE,
        summary=f"{wording.ending(item)} {item.change.address.connection_id}.",
        detail=item.message,
        address=str(item.change.address),
        location=item.change.source,
    )


def _log(items: Iterable[Diagnostic], files: Sequence[str]) -> str:
    found = list(items)
    rules = sorted({item.check for item in found})
    run: dict[str, JsonValue] = {
        "tool": {
            "driver": {
                "name": "scalekit-apply",
                "version": __version__,
                "rules": [_rule(name) for name in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(item, rules.index(item.check), files) for item in found],
    }
    if files:
        run["artifacts"] = [{"location": {"uri": _uri(name)}} for name in dict.fromkeys(files)]
    return dump({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}).decode("ascii")


def _rule(name: str) -> JsonValue:
    return {
        "id": whole(name),
        "shortDescription": {"text": _RULES.get(name) or _message(name.replace("-", " "))},
    }


def _result(item: Diagnostic, rule: int, files: Sequence[str]) -> JsonValue:
    place = item.location or (Location(file=files[0]) if files else None)
    return {
        "ruleId": whole(item.check),
        "ruleIndex": rule,
        "level": _LEVELS[item.severity],
        "message": {
            "text": "\n".join(_message(part) for part in (item.summary, *detail_lines(item.detail)) if part)
        },
        "locations": [_location(place)] if place else [],
        "partialFingerprints": {
            "problem/v1": digest([place.file if place else "", item.check, item.address, item.summary])
        },
    }


def _message(text: str) -> str:
    """Brackets are links in a message, unless a backslash says otherwise."""
    shown = plain(text, DETAIL_LIMIT).replace("\\", "\\\\")
    return shown.replace("[", "\\[").replace("]", "\\]")


def _location(place: Location) -> JsonValue:
    physical: dict[str, JsonValue] = {"artifactLocation": {"uri": _uri(place.file)}}
    if place.line is not None:
        region: dict[str, JsonValue] = {"startLine": place.line}
        if place.column is not None:
            region["startColumn"] = place.column
        physical["region"] = region
    return {"physicalLocation": physical}


def _uri(name: str) -> str:
    return quote(name.removeprefix("./"), errors="backslashreplace")
