from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from api_support import ADDRESS, LIST, ORG, SINGLE, Clock, Service, copied, listed, options, refused
from hypothesis import given
from hypothesis import strategies as st

from scalekit_apply.api import ReadClient
from scalekit_apply.api.retry import BACKOFF_BASE, BACKOFF_CAP, Gate, Patience, backoff, parse_retry_after
from scalekit_apply.errors import ApiError, RequestRejected, Unavailable

NOW = 1_700_000_000.0


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_backoff_is_full_jitter_under_an_exponential_bound(retry: int, draw: float) -> None:
    pause = backoff(retry, lambda: draw)
    bound = BACKOFF_CAP if retry > 30 else min(BACKOFF_CAP, BACKOFF_BASE * 2 ** (retry - 1))
    assert 0 <= pause <= bound
    assert pause == draw * bound


def test_backoff_reaches_all_of_its_range() -> None:
    assert backoff(3, lambda: 0.0) == 0
    assert backoff(100, lambda: 0.999) == pytest.approx(0.999 * BACKOFF_CAP)
    assert backoff(1, lambda: 0.5) < backoff(2, lambda: 0.5) < backoff(3, lambda: 0.5)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("1.5", 1.5),
        ("9" * 5000, 1e9),
        ("-1", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("nan", None),
        ("inf", None),
        ("٣", None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 1e9),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Thu, 99 Jan 1970 00:00:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, expected: float | None) -> None:
    assert parse_retry_after(value, NOW) == expected


@given(st.integers(-(10**6), 10**6))
def test_a_retry_after_date_counts_from_now_and_never_backwards(seconds: int) -> None:
    date = format_datetime(datetime.fromtimestamp(NOW, UTC) + timedelta(seconds=seconds), usegmt=True)
    assert parse_retry_after(date, NOW) == max(0, seconds)


@given(st.text())
def test_any_retry_after_is_survived(value: str) -> None:
    found = parse_retry_after(value, NOW)
    assert found is None or 0 <= found <= 1e9


def test_a_gate_opens_when_the_longest_pause_is_over() -> None:
    clock = Clock()
    gate = Gate(clock, lambda: 0.0)
    assert gate.pause() == 0
    gate.close_for(10)
    gate.close_for(5)
    assert gate.pause() == 10
    clock.time += 10
    assert gate.pause() == 0


@pytest.mark.parametrize(
    ("failures", "seconds", "may_retry", "left"),
    [(1, 0.0, True, 10.0), (2, 0.0, False, 10.0), (0, 10.0, False, 0.0), (0, 11.0, False, 0.0)],
)
def test_patience_ends_with_its_retries_or_its_seconds(
    failures: int, seconds: float, may_retry: bool, left: float
) -> None:
    clock = Clock()
    patience = Patience(max_retries=1, budget=10, clock=clock)
    patience.failures = failures
    clock.time += seconds
    assert (patience.may_retry, patience.seconds_left) == (may_retry, left)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_read_is_tried_again_after_a_status_that_may_pass(status: int) -> None:
    clock = Clock()
    service = Service({LIST: [refused(status), refused(status), listed()]})
    assert ReadClient(options(service, clock=clock)).list_environment() == ()
    assert service.sent(LIST) == 3
    assert clock.time - 1000 >= 0.25 + 0.5


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        httpx.ReadTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.RemoteProtocolError("cut"),
        ConnectionResetError("reset"),
    ],
)
def test_a_read_is_tried_again_after_a_failure_of_the_way(failure: Exception) -> None:
    service = Service({LIST: [failure, listed()]})
    assert ReadClient(options(service)).list_environment() == ()
    assert service.sent(LIST) == 2


@pytest.mark.parametrize(
    "status", [400, 402, 403, 404, 405, 408, 409, 410, 418, 422, 499, 501, 301, 302, 304, 505, 520]
)
def test_no_other_status_is_tried_again(status: int) -> None:
    clock = Clock()
    service = Service({SINGLE: [refused(status)]})
    with pytest.raises(ApiError) as caught:
        ReadClient(options(service, clock=clock)).read_connection(ADDRESS)
    assert service.sent(SINGLE) == 1
    assert caught.value.status == status
    assert caught.value.attempts == 1
    assert not clock.waits


@pytest.mark.parametrize("retries", [0, 1, 5])
def test_retries_end_after_as_many_as_were_asked_for(retries: int) -> None:
    service = Service({LIST: [refused(503, "busy")]})
    with pytest.raises(Unavailable) as caught:
        ReadClient(options(service, max_retries=retries)).list_environment()
    assert service.sent(LIST) == retries + 1
    assert caught.value.attempts == retries + 1
    tries = f"{retries + 1} attempts" if retries else "1 attempt"
    said = f"GET {LIST}?include=all answered 503 (SOME_CODE): busy (gave up after {tries})."
    assert caught.value.message == said
    assert str(caught.value) == caught.value.message


def test_retries_end_when_the_time_of_the_call_is_over() -> None:
    clock = Clock()

    def slow(_request: httpx.Request) -> httpx.Response:
        clock.time += 50
        return refused(503)

    service = Service({LIST: [slow]})
    with pytest.raises(Unavailable, match="gave up after 3 attempts"):
        ReadClient(options(service, clock=clock)).list_environment()
    assert service.sent(LIST) == 3


def test_a_pause_that_does_not_fit_into_the_time_left_is_not_begun() -> None:
    clock = Clock()

    def slow(_request: httpx.Request) -> httpx.Response:
        clock.time += 119.9
        return refused(503)

    with pytest.raises(Unavailable, match="gave up after 1 attempt in 120 s"):
        ReadClient(options(Service({LIST: [slow]}), clock=clock)).list_environment()
    assert clock.waits == []


def test_retry_after_is_honoured() -> None:
    clock = Clock()
    service = Service({LIST: [refused(503, retry_after="17"), listed()]})
    ReadClient(options(service, clock=clock)).list_environment()
    assert clock.waits == [17.0]


def test_a_retry_after_beyond_the_time_left_fails_at_once_and_says_so() -> None:
    clock = Clock()
    service = Service({LIST: [refused(503, retry_after="500")]})
    with pytest.raises(Unavailable, match=r"asks to wait 500 s, longer than the 120 s that are left\)\.$"):
        ReadClient(options(service, clock=clock)).list_environment()
    assert service.sent(LIST) == 1
    assert clock.waits == []


def test_a_rate_limit_pauses_every_worker() -> None:
    clock = Clock()
    sent_at: list[float] = []

    def note(answer: httpx.Response) -> Callable[[httpx.Request], httpx.Response]:
        def step(_request: httpx.Request) -> httpx.Response:
            sent_at.append(clock.time)
            return copied(answer)

        return step

    service = Service({LIST: [note(refused(429, retry_after="30")), note(listed())]})
    others: list[object] = []

    def wait(seconds: float) -> bool:
        if not others:  # while the first worker pauses, a second one comes along
            others.append("coming")
            others.append(client.list_organization(ORG))
        return clock.wait(seconds)

    client = ReadClient(replace(options(service, clock=clock), wait=wait))
    assert client.list_environment() == ()
    assert others == ["coming", ()]
    assert sent_at[0] == 1000
    assert len(sent_at) == 3
    assert min(sent_at[1:]) >= 1030


def test_a_rate_limit_longer_than_anybody_can_wait_fails_the_others_without_a_request() -> None:
    service = Service({LIST: [refused(429, "slow down", retry_after="500")]})
    client = ReadClient(options(service))
    with pytest.raises(Unavailable, match="asks to wait 500 s"):
        client.list_environment()
    with pytest.raises(Unavailable, match="was not sent: the service asks to wait 500 s") as caught:
        client.list_organization(ORG)
    assert service.sent(LIST) == 1
    assert (caught.value.sent, caught.value.attempts) == (False, 0)


def test_a_stopped_run_ends_the_wait_before_a_retry_at_once() -> None:
    clock = Clock(stop_after=0)
    service = Service({LIST: [refused(503, "busy")]})
    with pytest.raises(Unavailable, match=r"busy \(the run is being stopped\)\.$") as caught:
        ReadClient(options(service, clock=clock)).list_environment()
    assert service.sent(LIST) == 1
    assert caught.value.sent


def test_a_stopped_run_ends_the_wait_for_a_rate_limit_at_once() -> None:
    clock = Clock(stop_after=0)
    service = Service({LIST: [refused(429)]})
    with pytest.raises(Unavailable, match="was not sent: the run is being stopped") as caught:
        ReadClient(options(service, clock=clock)).list_environment()
    assert service.sent(LIST) == 1
    assert caught.value.attempts == 1


def test_a_refusal_is_not_worth_a_retry_even_with_retry_after() -> None:
    service = Service({LIST: [refused(400, retry_after="1")]})
    with pytest.raises(RequestRejected):
        ReadClient(options(service)).list_environment()
    assert service.sent(LIST) == 1
