"""What was true of a run, and the one code that follows."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalekit_apply.exits import ExitCode, Outcome, exit_code

# The order of section "Corners" of the design: the first that holds decides.
CODE_PRECEDENCE = (130, 143, 1, 3, 4, 8, 6, 5, 7, 2, 0)

ALONE = {
    Outcome.CHANGES_PRESENT: 2,
    Outcome.UNEXPECTED: 1,
    Outcome.DECLINED: 1,
    Outcome.INVALID: 3,
    Outcome.DENIED: 4,
    Outcome.BLOCKED: 5,
    Outcome.STALE: 6,
    Outcome.INCOMPLETE: 7,
    Outcome.UNAVAILABLE: 8,
    Outcome.INTERRUPTED: 130,
    Outcome.TERMINATED: 143,
}


def expected(outcomes: set[Outcome]) -> int:
    """The code by the table above; an approval that was declined gives way to every trouble."""
    codes = {ALONE[outcome] for outcome in outcomes - {Outcome.DECLINED}}
    if Outcome.DECLINED in outcomes and not codes - {2}:
        return 1
    return next(code for code in CODE_PRECEDENCE if code in codes or code == 0)


def test_nothing_that_held_is_success() -> None:
    assert exit_code([]) is ExitCode.SUCCESS
    assert exit_code([]).value == 0


def test_every_outcome_has_a_row() -> None:
    assert set(ALONE) == set(Outcome)


@pytest.mark.parametrize(("outcome", "code"), ALONE.items())
def test_every_outcome_alone_has_its_code(outcome: Outcome, code: int) -> None:
    assert exit_code([outcome]) == code


@pytest.mark.parametrize(("one", "other"), [*itertools.combinations(Outcome, 2)])
def test_of_two_outcomes_the_first_of_the_precedence_decides(one: Outcome, other: Outcome) -> None:
    assert exit_code([one, other]) == exit_code([other, one]) == expected({one, other})


def test_every_set_of_outcomes_has_the_code_that_the_precedence_gives() -> None:
    everything = list(Outcome)
    for size in range(len(everything) + 1):
        for held in itertools.combinations(everything, size):
            assert exit_code(held) == expected(set(held)), held


@given(outcomes=st.lists(st.sampled_from(Outcome), min_size=1))
def test_law_5_nothing_that_failed_exits_0(outcomes: list[Outcome]) -> None:
    assert exit_code(outcomes) is not ExitCode.SUCCESS
    assert exit_code(iter(outcomes)) is exit_code(frozenset(outcomes))


def test_the_codes_are_the_ones_that_pipelines_branch_on() -> None:
    assert {code.name: code.value for code in ExitCode} == {
        "SUCCESS": 0,
        "UNEXPECTED": 1,
        "CHANGES_PRESENT": 2,
        "INVALID": 3,
        "DENIED": 4,
        "BLOCKED": 5,
        "STALE": 6,
        "INCOMPLETE": 7,
        "UNAVAILABLE": 8,
        "INTERRUPTED": 130,
        "TERMINATED": 143,
    }


def test_every_code_can_be_reached_and_says_what_it_means() -> None:
    assert {exit_code([outcome]) for outcome in Outcome} | {exit_code([])} == set(ExitCode)
    meanings = [code.meaning for code in ExitCode]
    assert all(meanings)
    assert len(set(meanings)) == len(meanings)
