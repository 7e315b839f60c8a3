from __future__ import annotations

import pytest
from fake_api import live
from hypothesis import given
from hypothesis import strategies as st
from strategies import HOSTILE_SAMPLES

from scalekit_apply.findings import Finding, Health
from scalekit_apply.plan import JsonValue
from scalekit_apply.views.connections import render_connection, render_connections
from scalekit_apply.views.findings import render_findings

TEXTS = st.sampled_from(HOSTILE_SAMPLES) | st.text()
VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)


def visible(text: str) -> bool:
    lines = text.removesuffix("\n").split("\n")
    return (
        all(line.isprintable() and not line.lstrip().startswith("::") for line in lines) and "##" not in text
    )


@given(attributes=st.dictionaries(TEXTS, VALUES, max_size=5))
def test_law_10_whatever_an_attribute_holds_the_outline_is_visible(attributes: dict[str, JsonValue]) -> None:
    assert visible(render_connection(attributes))


@given(name=TEXTS, summary=TEXTS, advice=TEXTS)
def test_law_10_whatever_a_finding_says_is_visible(name: str, summary: str, advice: str) -> None:
    finding = Finding(name=name, health=Health.OK, summary=summary, advice=advice)
    assert visible(render_findings([finding]))


def test_values_are_shown_as_people_write_them() -> None:
    assert render_connection(
        {"a": True, "b": False, "c": None, "d": "", "e": [], "f": ["x", 1], "long": 2.5, "g": [{"h": 1}, "i"]}
    ) == (
        "a     true\n"
        "b     false\n"
        "c     unknown\n"
        'd     ""\n'
        "e     none\n"
        "f     x, 1\n"
        "long  2.5\n"
        "g\n"
        "  - h  1\n"
        "  - i\n"
    )


def test_one_connection_is_one_connection() -> None:
    assert render_connections([live("a", "1", enabled=True)], organizations=1).endswith(
        "\n1 connection, 1 enabled, in 1 organization.\n"
    )


def test_ids_are_never_cut() -> None:
    connection = live("a" * 28, "b" * 27, enabled=True)
    assert all(part in render_connections([connection], organizations=1) for part in connection.address)


@pytest.mark.parametrize(
    ("days", "shown"), [(1, "1"), (0, "0"), (-1, "expired 1 day ago"), (-4, "expired 4 days ago")]
)
def test_a_certificate_that_has_ended_says_since_when(days: int, shown: str) -> None:
    assert render_connection({"days_left": days}) == f"days_left  {shown}\n"
