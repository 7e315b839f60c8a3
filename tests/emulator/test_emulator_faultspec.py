"""How faults are written."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalekit_apply.emulator import faults
from scalekit_apply.emulator.faultkinds import Fault, Kind, When
from scalekit_apply.emulator.faults import parse_fault
from scalekit_apply.errors import UsageError


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ("status=503", Fault(kind=Kind.STATUS, number=503)),
        (
            "status=429,retry-after=1.5,method=get,path=*:enable,id=conn_1,skip=2,times=3,when=after",
            Fault(
                kind=Kind.STATUS,
                number=429,
                retry_after="1.5",
                method="GET",
                path="*:enable",
                id="conn_1",
                skip=2,
                times=3,
                when=When.AFTER,
            ),
        ),
        ("html=502, times=1", Fault(kind=Kind.HTML, number=502, times=1)),
        ("redirect", Fault(kind=Kind.REDIRECT, text="https://elsewhere.invalid/")),
        ("redirect=http://a:1/?b=c", Fault(kind=Kind.REDIRECT, text="http://a:1/?b=c")),
        ("refuse,skip=1", Fault(kind=Kind.REFUSE, skip=1)),
        ("reset", Fault(kind=Kind.RESET)),
        ("hang,when=before", Fault(kind=Kind.HANG)),
        ("delay=0.5", Fault(kind=Kind.DELAY, number=0.5)),
        ("drip", Fault(kind=Kind.DRIP, number=0.01)),
        ("drip=1e-3", Fault(kind=Kind.DRIP, number=0.001)),
        ("cut", Fault(kind=Kind.CUT, number=-1)),
        ("cut=0", Fault(kind=Kind.CUT)),
        ("oversized=100", Fault(kind=Kind.OVERSIZED, number=100, when=When.AFTER)),
        ("invalid-json,when=before", Fault(kind=Kind.INVALID_JSON)),
        ("wrong-shape", Fault(kind=Kind.WRONG_SHAPE, text="list", when=When.AFTER)),
        ("wrong-shape=types", Fault(kind=Kind.WRONG_SHAPE, text="types", when=When.AFTER)),
        ("error-message=no", Fault(kind=Kind.ERROR_MESSAGE, text="no", method="PATCH")),
        ("wrong-enabled,id=conn_2", Fault(kind=Kind.WRONG_ENABLED, method="PATCH", id="conn_2")),
        ("not-sticking", Fault(kind=Kind.NOT_STICKING, method="PATCH")),
        ("reverting=2", Fault(kind=Kind.REVERTING, number=2, method="PATCH")),
        ("expire-token,times=1", Fault(kind=Kind.EXPIRE_TOKEN, times=1)),
    ],
)
def test_a_fault_is_read_as_it_is_written(spec: str, fault: Fault) -> None:
    assert parse_fault(spec) == fault


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("", "there is no '', known are status, html"),
        ("statsu=503", "there is no 'statsu', did you mean status?"),
        ("status", "status needs a value, like status=503: it takes a status from 400 to 599"),
        ("html", "html needs a value, like html=503: it takes a status from 400 to 599"),
        ("html,times=1", "html needs a value, like html=503"),
        ("status=", "status takes a whole number, not ''"),
        ("status=200", "status takes a status from 400 to 599"),
        ("status=5xx", "status takes a whole number, not '5xx'"),
        ("status=\u0665\u0660\u0663", "status takes a whole number"),
        ("html=600", "html takes a status from 400 to 599"),
        ("reset=after", "reset takes no value"),
        ("delay", "delay needs a value, like delay=0.5: it takes a number of seconds"),
        ("delay=soon", "delay takes a number of seconds, not 'soon'"),
        ("delay=-1", "delay takes a number of seconds, not '-1'"),
        ("delay=nan", "delay takes a number of seconds, not 'nan'"),
        ("drip=inf", "drip takes a number of seconds, not 'inf'"),
        ("oversized", "oversized needs a value, like oversized=10: it takes a whole number"),
        ("oversized=9999999999", "oversized takes a whole number"),
        ("wrong-shape=round", "wrong-shape takes one of list, text, null, number, types"),
        (
            "status=503,time=1",
            "status does not take 'time', but id, method, path, retry-after, skip, times, when",
        ),
        ("drip,when=after", "drip does not take 'when', but id, method, path, skip, times"),
        ("refuse,path=/api/*", "refuse does not take 'path', but skip, times"),
        ("reset,", "reset does not take ''"),
        ("reset,times", "times needs a value: times=…"),
        ("reset,times=", "times needs a value: times=…"),
        ("reset,times=x", "times takes a whole number, not 'x'"),
        ("reset,skip=-1", "skip takes a whole number, not '-1'"),
        ("reset,times=1,times=2", "times is given twice"),
        ("reset,when=now", "when is before or after"),
        ("status=429,retry-after=later", "retry-after takes a number of seconds, not 'later'"),
        ("status=429,retry-after=date+", "retry-after takes a number of seconds, not ''"),
    ],
)
def test_a_fault_of_no_use_is_refused_with_the_reason(spec: str, why: str) -> None:
    with pytest.raises(UsageError, match=re.escape(why)) as caught:
        parse_fault(spec)
    assert repr(spec) in caught.value.message
    assert "emulator --help" in caught.value.hint


@given(st.text() | st.lists(st.sampled_from([*Kind, "=", ",", "times", "1", "when", "after"])).map("".join))
def test_any_text_is_a_fault_or_a_usage_error(spec: str) -> None:
    found: object
    try:
        found = parse_fault(spec)
    except UsageError as error:
        found = error.message.endswith(".")
    assert found is True or isinstance(found, Fault)


def test_the_documentation_names_every_kind_and_every_condition() -> None:
    text = faults.__doc__ or ""
    documented = set(re.findall(r"^``([a-z-]+)", text, re.MULTILINE)) - {"refuse"}
    assert documented | {"refuse"} == {*Kind}
    for key in ("method=", "path=", "id=", "skip=", "times=", "when=", "retry-after="):
        assert f"``{key}" in text


def test_the_examples_of_the_documentation_can_be_used() -> None:
    text = (faults.__doc__ or "").split("\n\n    status=503", 1)[1].split("\n\n", 1)[0]
    specs = ["status=503" + text.split("\n", 1)[0].split("  ")[0]]
    specs += [line.split()[0] for line in text.split("\n")[1:]]
    assert len(specs) == 3
    for spec in specs:
        parse_fault(spec)
