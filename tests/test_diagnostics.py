"""Problems as values: their order, their collection, their places."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_strategies import diagnostic_collections, diagnostic_values

from scalekit_apply.diagnostics import Diagnostic, Diagnostics, Location, Severity


def problem(
    severity: Severity = Severity.ERROR,
    *,
    check: str = "rule",
    summary: str = "Wrong.",
    detail: str = "",
    address: str | None = None,
    location: Location | None = None,
) -> Diagnostic:
    return Diagnostic(
        severity=severity, check=check, summary=summary, detail=detail, address=address, location=location
    )


@pytest.mark.parametrize(
    ("location", "text"),
    [
        (Location(file="a.yaml"), "a.yaml"),
        (Location(file="a.yaml", line=3), "a.yaml:3"),
        (Location(file="a.yaml", line=3, column=7), "a.yaml:3:7"),
        (Location(file="", line=0, column=0), ":0:0"),
    ],
)
def test_a_place_is_written_as_editors_write_it(location: Location, text: str) -> None:
    assert str(location) == text


IN_ORDER = [
    problem(),
    problem(summary="Wrong.", detail="a"),
    problem(summary="Wronger."),
    problem(check="rules"),
    problem(address="org_1"),
    problem(address="org_1/conn_1"),
    problem(location=Location(file="a.yaml")),
    problem(location=Location(file="a.yaml"), address="org_1"),
    problem(location=Location(file="a.yaml", line=2)),
    problem(location=Location(file="a.yaml", line=2, column=2)),
    problem(location=Location(file="a.yaml", line=2, column=10), check="another"),
    problem(location=Location(file="a.yaml", line=10)),
    problem(location=Location(file="b.yaml", line=1)),
    problem(Severity.WARNING),
    problem(Severity.WARNING, location=Location(file="a.yaml")),
    problem(Severity.NOTE),
    problem(Severity.NOTE, location=Location(file="a.yaml")),
]


@given(items=st.permutations(IN_ORDER))
def test_errors_come_first_then_files_lines_columns_and_addresses(items: list[Diagnostic]) -> None:
    assert list(Diagnostics(items)) == IN_ORDER


@pytest.mark.parametrize(("first", "second"), [*itertools.pairwise(IN_ORDER)])
def test_every_part_of_the_order_counts_by_itself(first: Diagnostic, second: Diagnostic) -> None:
    assert list(Diagnostics([second, first])) == [first, second]


@given(items=st.lists(diagnostic_values(), max_size=8), data=st.data())
def test_law_8_the_order_in_which_problems_were_found_does_not_show(
    items: list[Diagnostic], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(items))
    assert Diagnostics(items) == Diagnostics(shuffled)
    assert hash(Diagnostics(items)) == hash(Diagnostics(shuffled))


@given(items=st.lists(diagnostic_values(), max_size=5))
def test_a_problem_found_twice_is_shown_once(items: list[Diagnostic]) -> None:
    assert Diagnostics([*items, *items]) == Diagnostics(items)
    assert len(Diagnostics(items)) == len(set(items))


@given(one=diagnostic_collections(), other=diagnostic_collections())
def test_collections_add_up(one: Diagnostics, other: Diagnostics) -> None:
    assert one + other == Diagnostics([*one, *other]) == other + list(one)


def test_a_collection_is_a_sequence() -> None:
    found = Diagnostics(IN_ORDER)
    assert found[0] is IN_ORDER[0]
    assert found[-1] is IN_ORDER[-1]
    assert found[1:3] == (IN_ORDER[1], IN_ORDER[2])
    assert len(found) == len(IN_ORDER)
    assert IN_ORDER[3] in found
    assert problem(summary="Absent.") not in found


def test_a_collection_equals_only_a_collection() -> None:
    assert Diagnostics() == Diagnostics([])
    assert Diagnostics([problem()]) != Diagnostics()
    assert Diagnostics() != ()


def test_the_representation_shows_the_items() -> None:
    assert repr(Diagnostics()) == "Diagnostics([])"
    assert repr(Diagnostics([problem()])) == f"Diagnostics([{problem()!r}])"


@pytest.mark.parametrize("severity", Severity)
def test_the_problems_of_one_severity_keep_their_order(severity: Severity) -> None:
    assert Diagnostics(IN_ORDER).of(severity) == tuple(item for item in IN_ORDER if item.severity is severity)


@pytest.mark.parametrize(
    ("severities", "blocks"),
    [
        ([], False),
        ([Severity.NOTE], False),
        ([Severity.WARNING, Severity.NOTE], False),
        ([Severity.ERROR], True),
        ([Severity.NOTE, Severity.WARNING, Severity.ERROR], True),
    ],
)
def test_only_an_error_blocks(severities: list[Severity], *, blocks: bool) -> None:
    assert Diagnostics(map(problem, severities)).has_errors is blocks
