"""Saved plans as bytes, and as a forger would write them."""

from __future__ import annotations

import json
from typing import Any

from views_support import PLANS

from scalekit_apply import planfile
from scalekit_apply.plan import Plan, digest
from scalekit_apply.result import Result


def saved(plan: Plan) -> bytes:
    return planfile.dump(planfile.plan_document(plan))


def saved_result(result: Result) -> bytes:
    return planfile.dump(planfile.result_document(result))


def document(plan: Plan | None = None) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(saved(plan or PLANS["everything"]))
    return value


def resealed(value: dict[str, Any]) -> bytes:
    """As a forger would write it who knows how the digest is made."""
    value.pop("digest", None)
    return planfile.dump({**value, "digest": digest(value)})
