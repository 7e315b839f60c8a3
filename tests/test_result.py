"""What became of a plan: counts and completeness."""

from __future__ import annotations

from collections import Counter

import pytest
from checks_support import live_connection
from hypothesis import given
from plan_strategies import results

from scalekit_apply.exits import ExitCode, Outcome, exit_code
from scalekit_apply.model import Environment
from scalekit_apply.plan import Action, Change
from scalekit_apply.result import ChangeResult, Result, State

ENVIRONMENT = Environment("https://acme.scalekit.com")
ENABLING = Change(live=live_connection(enabled=False))
DISABLING = Change(live=live_connection(enabled=True))


def result(*ends: tuple[Change, State], outcomes: frozenset[Outcome] = frozenset()) -> Result:
    return Result(
        environment=ENVIRONMENT,
        fingerprint="sha256:0",
        results=tuple(ChangeResult(change=change, state=state) for change, state in ends),
        outcomes=outcomes,
    )


ZEROS = {"enabled": 0, "disabled": 0, "already": 0, "failed": 0, "skipped": 0, "unknown": 0}


@pytest.mark.parametrize(
    ("change", "state", "word"),
    [
        (ENABLING, State.APPLIED, "enabled"),
        (DISABLING, State.APPLIED, "disabled"),
        *[
            (change, state, state.value)
            for change in (ENABLING, DISABLING)
            for state in (State.ALREADY, State.FAILED, State.SKIPPED, State.UNKNOWN)
        ],
    ],
)
def test_every_end_counts_under_one_word(change: Change, state: State, word: str) -> None:
    assert result((change, state)).summary == ZEROS | {word: 1}
    assert result((change, state), (change, state)).summary == ZEROS | {word: 2}


def test_the_summary_has_its_words_in_the_order_of_the_line() -> None:
    assert list(result().summary.items()) == list(ZEROS.items())


@given(drawn=results())
def test_law_6_every_planned_change_is_counted_exactly_once(drawn: Result) -> None:
    assert sum(drawn.summary.values()) == len(drawn.results)
    states = Counter(item.state for item in drawn.results)
    assert drawn.summary["enabled"] + drawn.summary["disabled"] == states[State.APPLIED]
    assert drawn.summary["enabled"] == sum(
        item.state is State.APPLIED and item.change.action is Action.ENABLE for item in drawn.results
    )


@pytest.mark.parametrize("state", State)
def test_a_result_is_complete_when_every_change_holds(state: State) -> None:
    holds = state in {State.APPLIED, State.ALREADY}
    assert result((ENABLING, State.APPLIED), (DISABLING, state)).complete is holds


def test_a_result_without_changes_is_complete() -> None:
    assert result().complete


@pytest.mark.parametrize("outcome", Outcome)
def test_a_run_of_which_anything_else_held_is_not_complete(outcome: Outcome) -> None:
    assert not result((ENABLING, State.APPLIED), outcomes=frozenset({outcome})).complete


@given(drawn=results())
def test_law_5_a_result_that_is_not_complete_does_not_exit_0(drawn: Result) -> None:
    if not drawn.complete:
        assert exit_code(drawn.outcomes) is not ExitCode.SUCCESS


def test_the_states_are_the_five_of_the_contract() -> None:
    assert [state.value for state in State] == ["applied", "already", "failed", "skipped", "unknown"]
