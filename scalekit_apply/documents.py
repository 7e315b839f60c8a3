"""Plans, results and failures as JSON documents: the values that are shown, saved and read back.

One way to write a value: ``--format json`` and a saved file are the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from scalekit_apply import __version__
from scalekit_apply.diagnostics import Diagnostic, Diagnostics, Location
from scalekit_apply.exits import Outcome
from scalekit_apply.model import LiveConnection
from scalekit_apply.plan import FORMAT_VERSION, Change, JsonValue, Plan, digest, policy_document
from scalekit_apply.result import ChangeResult, Result

RESOURCE_TYPE: Final = "scalekit_connection"
JsonObject = dict[str, JsonValue]


def plan_document(plan: Plan) -> JsonObject:
    """The plan as ``plan.schema.json`` describes it. Only changes are listed; no time, no machine.

    ``digest`` covers every other key, so that an edit shows even where the fingerprint does not reach.
    """
    summary = plan.summary
    document: JsonObject = {
        "format_version": FORMAT_VERSION,
        "tool_version": __version__,
        "environment": plan.environment,
        "fingerprint": plan.fingerprint,
        "summary": {
            "enable": summary.enable,
            "disable": summary.disable,
            "unchanged": summary.unchanged,
        },
        "resource_changes": [_resource_change(change) for change in plan.changes],
        "diagnostics": _diagnostics(plan.diagnostics),
        "unmanaged": [
            {"address": str(connection.address), "live": _live(connection)} for connection in plan.unmanaged
        ],
        "policy": policy_document(plan.policy),
        "allowed": [check.value for check in plan.allowed],
        "targets": [*plan.targets],
        "compared": plan.compared,
        "applyable": plan.applyable,
        "complete": plan.complete,
        "errored": plan.errored,
    }
    document["digest"] = digest(document)
    return document


def result_document(result: Result) -> JsonObject:
    """The result as ``result.schema.json`` describes it: one entry for every planned change."""
    return {
        "format_version": FORMAT_VERSION,
        "tool_version": __version__,
        "environment": result.environment,
        "fingerprint": result.fingerprint,
        "summary": dict(result.summary),
        "results": [_change_result(item) for item in result.results],
        "diagnostics": _diagnostics(result.diagnostics),
        "allowed": [check.value for check in result.allowed],
        "complete": result.complete,
        "interrupted": _signal(result.outcomes),
        "errored": not result.complete,
        "outcomes": [*sorted(outcome_name(outcome) for outcome in result.outcomes)],
    }


def failure_document(diagnostics: Diagnostics) -> JsonObject:
    """What a run that has no plan or result to show writes in their place."""
    return {
        "format_version": FORMAT_VERSION,
        "tool_version": __version__,
        "errored": diagnostics.has_errors,
        "diagnostics": _diagnostics(diagnostics),
    }


def dump(document: JsonValue) -> bytes:
    """Write a document: ASCII, indented, keys as they come, a newline at the end.

    ``##`` opens a command in the logs of some CI services wherever it stands in a line, so its second half
    is written as an escape; a reader gets the same text.
    """
    text = json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False)
    return (text.replace("##", "#\\u0023") + "\n").encode("ascii")


def outcome_name(outcome: Outcome) -> str:
    """The stable name of an outcome in a document."""
    return outcome.name.lower().replace("_", "-")


def _signal(outcomes: frozenset[Outcome]) -> str | None:
    if Outcome.INTERRUPTED in outcomes:
        return "SIGINT"
    return "SIGTERM" if Outcome.TERMINATED in outcomes else None


def _resource_change(change: Change) -> JsonValue:
    return {
        "address": str(change.address),
        "type": RESOURCE_TYPE,
        "organization_id": change.address.organization_id,
        "connection_id": change.address.connection_id,
        "live": _live(change.live),
        "source": _location(change.source),
        "origin": change.origin.value if change.origin else None,
        "change": _update(change),
    }


def _change_result(item: ChangeResult) -> JsonValue:
    change = item.change
    return {
        "address": str(change.address),
        "organization_id": change.address.organization_id,
        "connection_id": change.address.connection_id,
        "live": _live(change.live),
        "source": _location(change.source),
        "origin": change.origin.value if change.origin else None,
        "change": _update(change),
        "state": item.state.value,
        "attempts": item.attempts,
        "status": item.status,
        "message": item.message,
        "trace_id": item.trace_id,
    }


def _update(change: Change) -> JsonValue:
    return {
        "actions": ["update"],
        "before": {"enabled": change.before},
        "after": {"enabled": change.after},
    }


def _live(connection: LiveConnection) -> JsonValue:
    return {
        "name": connection.organization_name,
        "provider": connection.provider,
        "type": connection.type,
        "status": connection.status,
        "domains": [*connection.domains],
    }


def _location(location: Location | None) -> JsonValue:
    if location is None:
        return None
    return {"file": location.file, "line": location.line, "column": location.column}


def _diagnostics(items: Iterable[Diagnostic]) -> JsonValue:
    return [
        {
            "severity": item.severity.value,
            "check": item.check,
            "summary": item.summary,
            "detail": item.detail,
            "address": item.address,
            "location": _location(item.location),
        }
        for item in items
    ]
