"""Saved plans and results: versioned JSON, read with suspicion, written in one step."""

from __future__ import annotations

import json
import re
from typing import Any, Final, Literal

from scalekit_apply import schema
from scalekit_apply.documents import (
    JsonObject,
    dump,
    failure_document,
    plan_document,
    result_document,
)
from scalekit_apply.errors import PlanFileError
from scalekit_apply.filewriting import require_writable, write_atomic
from scalekit_apply.plan import FORMAT_MAJOR, FORMAT_VERSION, JsonValue, Plan, canonical_json, digest
from scalekit_apply.planreader import Contradiction, read_plan, read_result
from scalekit_apply.result import Result

__all__ = (
    "dump",
    "failure_document",
    "load_any",
    "load_plan",
    "load_result",
    "plan_document",
    "require_writable",
    "result_document",
    "write_atomic",
)

MAX_BYTES: Final = 64 * 1024 * 1024
_MESSAGE_LIMIT: Final = 300
_FORMAT_MINOR: Final = int(FORMAT_VERSION.partition(".")[2])
_VERSION: Final = re.compile(r"(\d{1,4})\.(\d{1,4})")
_AGAIN: Final = "Make the plan again with this version, and apply that."
_EDITED: Final = "A saved plan cannot be edited: change the configuration and plan again."


def load_plan(data: bytes, *, name: str) -> Plan:
    """Return a saved plan exactly as it was made; ``name`` is the file, for messages.

    Raises ``PlanFileError`` for whatever this version did not write itself: another format, a document that
    breaks the schema, one whose fingerprint, digest or counts do not match what it says.
    """
    document = _parse(data, name)
    if _kind(document, name) != "plan":
        raise PlanFileError(
            f"{name} is the result of an apply, not a plan.", hint="Give the file that plan --out wrote."
        )
    return _plan(document, name)


def load_result(data: bytes, *, name: str) -> Result:
    """Return a saved result; raises ``PlanFileError`` as ``load_plan`` does."""
    document = _parse(data, name)
    if _kind(document, name) != "result":
        raise PlanFileError(f"{name} is a plan, not the result of an apply.")
    return _result(document, name)


def load_any(data: bytes, *, name: str) -> Plan | Result:
    """Return a saved plan or result, whichever it is; raises ``PlanFileError`` as ``load_plan`` does."""
    document = _parse(data, name)
    if _kind(document, name) == "plan":
        return _plan(document, name)
    return _result(document, name)


class _Unacceptable(ValueError):
    """JSON that one reader could take for something else than another does."""


def _parse(data: bytes, name: str) -> JsonObject:
    if len(data) > MAX_BYTES:
        raise PlanFileError(f"{name} is larger than 64 MiB, so it is not a plan that this program wrote.")
    if not data.strip():
        raise PlanFileError(f"{name} is empty.", hint=_AGAIN)
    try:
        text = data.decode("utf-8")
        value: JsonValue = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise PlanFileError(f"{name} is not JSON: byte {error.start} is not UTF-8.") from None
    except json.JSONDecodeError as error:
        shown = error.doc.strip()
        if error.pos >= len(error.doc.rstrip()) or (shown.startswith("{") and not shown.endswith("}")):
            raise PlanFileError(f"{name} ends in the middle: it was cut off.", hint=_AGAIN) from None
        raise PlanFileError(
            f"{name} is not JSON: line {error.lineno}, column {error.colno}: {error.msg}."
        ) from None
    except _Unacceptable as error:
        raise PlanFileError(f"{name} {error}.", hint=_EDITED) from None
    except (RecursionError, ValueError):
        raise PlanFileError(f"{name} nests too deeply, or holds a number that is too long.") from None
    if not isinstance(value, dict):
        raise PlanFileError(f"{name} is JSON, but not a plan or a result of this program.")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> JsonObject:
    found: JsonObject = dict(pairs)
    if len(found) != len(pairs):
        names = [key for key, _ in pairs]
        repeated = next(key for key in names if names.count(key) > 1)
        raise _Unacceptable(f"has the key {json.dumps(repeated)} twice in one object")
    return found


def _no_constant(text: str) -> JsonValue:
    raise _Unacceptable(f"holds {text}, which is not JSON")


def _kind(document: JsonObject, name: str) -> Literal["plan", "result"]:
    version = document.get("format_version")
    match = _VERSION.fullmatch(version) if isinstance(version, str) else None
    tool = document.get("tool_version")
    if match is None or not isinstance(tool, str):
        raise PlanFileError(f"{name} is JSON, but not a plan or a result of this program.")
    major, minor = int(match[1]), int(match[2])
    if major != FORMAT_MAJOR or minor > _FORMAT_MINOR:
        relation = "another" if major != FORMAT_MAJOR else "a newer"
        raise PlanFileError(
            f"{name} has {relation} format, {version}, written by version {tool}; "
            f"this version reads {FORMAT_VERSION}.",
            hint="Use the version that wrote it, or make the plan again with this one.",
        )
    if "resource_changes" in document:
        return "plan"
    if "results" in document:
        return "result"
    if "diagnostics" in document:
        raise PlanFileError(
            f"{name} is the record of a run that failed before there was a plan or a result.",
            hint="Its diagnostics say why.",
        )
    raise PlanFileError(f"{name} is JSON, but not a plan or a result of this program.")


def _plan(document: JsonObject, name: str) -> Plan:
    _check_schema(document, "plan", name)
    try:
        plan = read_plan(document)
    except Contradiction as error:
        raise PlanFileError(f"{name} cannot be used: {error}.", hint=_EDITED) from None
    if plan.fingerprint != document["fingerprint"]:
        raise PlanFileError(f"The fingerprint of {name} does not match its content.", hint=_EDITED)
    if digest({key: value for key, value in document.items() if key != "digest"}) != document["digest"]:
        raise PlanFileError(
            f"{name} was changed after it was made: its digest does not match its content.", hint=_EDITED
        )
    _check_same(document, plan_document(plan), name)
    return plan


def _result(document: JsonObject, name: str) -> Result:
    _check_schema(document, "result", name)
    try:
        result = read_result(document)
    except Contradiction as error:
        raise PlanFileError(f"{name} cannot be used: {error}.") from None
    _check_same(document, result_document(result), name)
    return result


def _check_schema(document: JsonObject, kind: Literal["plan", "result"], name: str) -> None:
    found = schema.violations(kind, document)
    if found:
        # The message can quote the whole document.
        where, what = found[0].pointer or "/", found[0].message[:_MESSAGE_LIMIT]
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise PlanFileError(
            f"{name} is not a {kind} that this version reads: at {where}: {what}{more}.",
            hint=_AGAIN if kind == "plan" else "",
        )


def _check_same(document: JsonObject, again: JsonObject, name: str) -> None:
    """Refuse what says the same thing in two ways: counts, verdicts and addresses follow from the rest."""
    for key, value in again.items():
        # The patch version that wrote it may differ, and the digest covers that.
        if key not in {"tool_version", "digest", "format_version"} and (
            canonical_json(value) != canonical_json(document[key])
        ):
            raise PlanFileError(
                f"{name} contradicts itself: {key} does not follow from the rest.", hint=_EDITED
            )
