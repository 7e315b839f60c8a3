"""What the fuzzer holds every input to, tried where no fuzzer is: the cases, and what grows of them."""

from __future__ import annotations

import re

import pytest
from fuzz_yaml import LONGEST, WORDS, examine, seeds
from hypothesis import given
from hypothesis import strategies as st

_SEEDS = seeds()
_LINES = sorted({line for data in _SEEDS for line in data.splitlines(keepends=True)})
_lines = st.sampled_from(_LINES) | st.sampled_from([f"{word}\n".encode() for word in WORDS])
# Where one value ends and another begins.
_PARTS = re.compile(rb"[\w./:-]+|\s+|.", re.DOTALL)


@pytest.mark.parametrize("data", _SEEDS, ids=range(len(_SEEDS)))
def test_the_promises_of_reading_hold_for_every_case(data: bytes) -> None:
    examine(data)


@given(
    st.binary(max_size=100) | st.text("a:-[]{}&*!|>'\"%#?,@` \n\t<é\u2028\ufeff", max_size=60).map(str.encode)
)
def test_the_promises_of_reading_hold_for_any_bytes(data: bytes) -> None:
    examine(data)


@st.composite
def grown(draw: st.DrawFn) -> bytes:
    """A case with some of its lines or words moved, dropped, repeated or taken from another."""
    data = draw(st.sampled_from(_SEEDS))
    by_line = draw(st.booleans())
    parts: list[bytes] = data.splitlines(keepends=True) if by_line else _PARTS.findall(data)
    words = st.sampled_from(_PARTS.findall(draw(st.sampled_from(_SEEDS))) or [b" "])
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(parts)))
        match draw(st.integers(0, 4)):
            case 0:
                del parts[at : at + draw(st.integers(1, 3))]
            case 1:
                parts[at:at] = parts[at : at + draw(st.integers(1, 4))]
            case 2:
                parts.insert(at, draw(_lines if by_line else words | st.sampled_from(WORDS).map(str.encode)))
            case 3:
                parts[at : at + 2] = reversed(parts[at : at + 2])
            case _:
                parts[at : at + 1] = [b"  " * draw(st.integers(0, 3)) + part for part in parts[at : at + 1]]
    return b"".join(parts)[:LONGEST]


@given(grown())
def test_the_promises_of_reading_hold_for_what_grows_of_the_cases(data: bytes) -> None:
    examine(data)
