"""The reader of expressions that the runner of the recipes trusts: it is right, or it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from workflow_expressions import NotUnderstoodError, condition, evaluate, fill

CONTEXTS: dict[str, Any] = {
    "github": {"event_name": "pull_request", "event": {"number": 7, "draft": False}},
    "steps": {"plan": {"outputs": {"exit-code": "5", "empty": ""}}},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("github.event_name == 'pull_request'", True),
        ("github.event_name == 'PULL_REQUEST'", True),
        ("github.event_name != 'push' && github.event.number == 7", True),
        ("github.event.draft || steps.plan.outputs.exit-code", "5"),
        ("!(github.event.draft == false)", False),
        ("'it''s'", "it's"),
        ("steps.plan.outputs.empty && 'never' || 'else'", "else"),
    ],
)
def test_what_is_understood_has_the_value_that_github_gives_it(text: str, value: object) -> None:
    assert evaluate(text, CONTEXTS) == value


@pytest.mark.parametrize(
    "text",
    [
        "github.event.nothing",
        "steps.plam.outputs.exit-code",
        "contains(github.event_name, 'pull')",
        "github.event.*.name",
        "github['event']",
        "7 == '7'",
        "7 < 8",
        "'open",
        "true true",
        "(true",
        "",
    ],
)
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(NotUnderstoodError):
        evaluate(text, CONTEXTS)


def test_a_step_after_a_failure_runs_only_if_its_condition_asks_for_that() -> None:
    assert condition(None, CONTEXTS)
    assert not condition(None, CONTEXTS, failed=True)
    assert not condition("github.event.number == 7", CONTEXTS, failed=True)
    assert condition("always() && github.event.number == 7", CONTEXTS, failed=True)
    assert condition("${{ failure() }}", CONTEXTS, failed=True)


def test_texts_are_filled_with_texts_numbers_and_truth_values() -> None:
    filled = fill("pull ${{ github.event.number }}: ${{ github.event.draft }}", CONTEXTS)
    assert filled == "pull 7: false"
    with pytest.raises(NotUnderstoodError):
        fill("${{ github.event }}", CONTEXTS)
