from __future__ import annotations

import httpx
import pytest
from api_support import ADDRESS, SINGLE, Clock, Service, options, refused, single, token_answer, written

from scalekit_apply.api import WriteClient
from scalekit_apply.errors import (
    ApiError,
    AuthenticationError,
    NotFound,
    PermissionDenied,
    RequestRejected,
    Unavailable,
    UnusableAnswer,
)
from scalekit_apply.model import WriteAnswer

ENABLE = f"{SINGLE}:enable"
DISABLE = f"{SINGLE}:disable"

# Failures after which nobody knows whether the write has been done.
DOUBTFUL: list[httpx.Response | Exception] = [
    httpx.ReadTimeout("slow"),
    httpx.WriteTimeout("slow"),
    httpx.ReadError("reset"),
    httpx.WriteError("reset"),
    httpx.RemoteProtocolError("cut"),
    refused(500),
    refused(502),
    refused(503),
    refused(504),
    httpx.Response(200, text="<html>"),
    httpx.Response(200, text='{"enabled": tr'),
    httpx.Response(204),
    httpx.Response(200, json={"enabled": "yes"}),
    httpx.Response(200, json=[True]),
]


def test_enable_and_disable_are_patches_without_a_body() -> None:
    service = Service({ENABLE: [written(enabled=True)], DISABLE: [written(enabled=False)]})
    client = WriteClient(options(service))
    assert client.enable(ADDRESS) == WriteAnswer(enabled=True, attempts=1, status=200, trace_id="trace-w")
    assert client.disable(ADDRESS) == WriteAnswer(enabled=False, attempts=1, status=200, trace_id="trace-w")
    assert service.lines == ["POST /oauth/token", f"PATCH {ENABLE}", f"PATCH {DISABLE}"]
    assert [request.content for request in service.requests[1:]] == [b"", b""]


def test_a_200_that_says_no_is_handed_on_as_it_is() -> None:
    service = Service({ENABLE: [written(enabled=False, error_message="not complete")]})
    answer = WriteClient(options(service)).enable(ADDRESS)
    assert (answer.enabled, answer.error_message, answer.attempts) == (False, "not complete", 1)
    assert service.sent(ENABLE) == 1


@pytest.mark.parametrize("failure", DOUBTFUL)
def test_a_write_in_doubt_that_took_effect_is_not_sent_again(failure: httpx.Response | Exception) -> None:
    service = Service({ENABLE: [failure], SINGLE: [single(enabled=True)]})
    assert WriteClient(options(service)).enable(ADDRESS) == WriteAnswer(enabled=True, attempts=1)
    assert (service.sent(ENABLE), service.sent(SINGLE)) == (1, 1)


@pytest.mark.parametrize("failure", DOUBTFUL)
def test_a_write_in_doubt_that_had_no_effect_is_sent_again(failure: httpx.Response | Exception) -> None:
    service = Service({DISABLE: [failure, written(enabled=False)], SINGLE: [single(enabled=True)]})
    answer = WriteClient(options(service)).disable(ADDRESS)
    assert (answer.enabled, answer.attempts, answer.status) == (False, 2, 200)
    assert service.lines[1:] == [f"PATCH {DISABLE}", f"GET {SINGLE}", f"PATCH {DISABLE}"]


@pytest.mark.parametrize("failure", DOUBTFUL)
@pytest.mark.parametrize(
    "unreadable", [refused(503), httpx.ReadError("x"), refused(403), httpx.Response(200)]
)
def test_a_write_in_doubt_that_cannot_be_read_back_is_unknown(
    failure: httpx.Response | Exception, unreadable: httpx.Response | Exception
) -> None:
    service = Service({ENABLE: [failure], SINGLE: [unreadable]})
    with pytest.raises(Unavailable, match="Whether it has taken effect is not known: GET") as caught:
        WriteClient(options(service)).enable(ADDRESS)
    assert (caught.value.sent, caught.value.effect_unknown, caught.value.attempts) == (True, True, 1)
    assert service.sent(ENABLE) == 1


def test_a_write_in_doubt_on_a_connection_that_is_gone_is_not_found() -> None:
    service = Service({ENABLE: [refused(503)], SINGLE: [refused(404)]})
    with pytest.raises(NotFound) as caught:
        WriteClient(options(service)).enable(ADDRESS)
    assert (caught.value.sent, caught.value.effect_unknown, caught.value.attempts) == (True, False, 1)


@pytest.mark.parametrize("failure", DOUBTFUL)
def test_a_write_that_stays_without_effect_fails_after_its_retries(
    failure: httpx.Response | Exception,
) -> None:
    service = Service({ENABLE: [failure], SINGLE: [single(enabled=False)]})
    with pytest.raises(ApiError, match=r"\(gave up after 6 attempts\)\.$") as caught:
        WriteClient(options(service)).enable(ADDRESS)
    assert (caught.value.sent, caught.value.effect_unknown, caught.value.attempts) == (True, False, 6)
    # Also the last one is read back: what is reported as failed is known to have had no effect.
    assert (service.sent(ENABLE), service.sent(SINGLE)) == (6, 6)


def test_the_last_try_of_a_write_may_have_taken_effect() -> None:
    service = Service({ENABLE: [refused(503)], SINGLE: [single(enabled=False), single(enabled=True)]})
    answer = WriteClient(options(service, max_retries=1)).enable(ADDRESS)
    assert answer == WriteAnswer(enabled=True, attempts=2)


@pytest.mark.parametrize(
    "failure", [refused(429), httpx.ConnectError("x"), httpx.ConnectTimeout("x"), httpx.ProxyError("x")]
)
def test_a_write_that_was_certainly_not_done_is_sent_again_without_reading_back(
    failure: httpx.Response | Exception,
) -> None:
    service = Service({ENABLE: [failure, failure, written(enabled=True)]})
    assert WriteClient(options(service)).enable(ADDRESS).attempts == 3
    assert service.sent(SINGLE) == 0


def test_a_write_that_never_got_through_says_that_nothing_was_sent() -> None:
    service = Service({ENABLE: [httpx.ConnectError("refused")]})
    with pytest.raises(Unavailable, match="got no answer: refused") as caught:
        WriteClient(options(service)).enable(ADDRESS)
    assert (caught.value.sent, caught.value.effect_unknown, caught.value.attempts) == (False, False, 6)
    assert service.sent(SINGLE) == 0


def test_a_write_without_a_token_says_that_nothing_was_sent() -> None:
    service = Service({"/oauth/token": [refused(401)]})
    with pytest.raises(AuthenticationError) as caught:
        WriteClient(options(service)).enable(ADDRESS)
    assert (caught.value.sent, caught.value.effect_unknown, caught.value.attempts) == (False, False, 0)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RequestRejected),
        (403, PermissionDenied),
        (404, NotFound),
        (409, RequestRejected),
        (501, RequestRejected),
        (302, RequestRejected),
    ],
)
def test_a_plain_no_to_a_write_is_final_and_known(status: int, kind: type[ApiError]) -> None:
    service = Service({ENABLE: [refused(status, "because")]})
    with pytest.raises(kind, match="because") as caught:
        WriteClient(options(service)).enable(ADDRESS)
    assert type(caught.value) is kind
    assert (caught.value.sent, caught.value.effect_unknown, caught.value.attempts) == (True, False, 1)
    assert (caught.value.trace_id, caught.value.error_code) == ("trace-1", "SOME_CODE")
    assert (service.sent(ENABLE), service.sent(SINGLE)) == (1, 0)


@pytest.mark.parametrize("status", [408, 499, 505, 520])
def test_an_answer_that_speaks_of_itself_only_is_read_back_and_not_sent_again(status: int) -> None:
    service = Service({ENABLE: [refused(status)], SINGLE: [single(enabled=True)]})
    assert WriteClient(options(service)).enable(ADDRESS) == WriteAnswer(enabled=True, attempts=1)
    service = Service({ENABLE: [refused(status)], SINGLE: [single(enabled=False)]})
    with pytest.raises(ApiError) as caught:
        WriteClient(options(service)).enable(ADDRESS)
    assert (service.sent(ENABLE), caught.value.effect_unknown) == (1, False)


def test_a_write_refused_for_its_token_is_sent_again_with_a_new_one() -> None:
    def step(request: httpx.Request) -> httpx.Response:
        good = request.headers["authorization"] == "Bearer new"
        return written(enabled=True) if good else refused(401)

    service = Service({"/oauth/token": [token_answer("old"), token_answer("new")], ENABLE: [step]})
    assert WriteClient(options(service)).enable(ADDRESS).attempts == 2
    assert service.sent(SINGLE) == 0


def test_a_write_whose_token_cannot_be_renewed_is_known_to_have_failed() -> None:
    service = Service({"/oauth/token": [token_answer(), refused(503)], ENABLE: [refused(401)]})
    with pytest.raises(Unavailable) as caught:
        WriteClient(options(service)).enable(ADDRESS)
    assert (caught.value.sent, caught.value.effect_unknown, caught.value.attempts) == (True, False, 1)


@pytest.mark.parametrize("stop_after", [0, 1])
def test_a_stopped_run_leaves_a_write_in_doubt_unknown_at_once(stop_after: int) -> None:
    clock = Clock(stop_after=stop_after)
    service = Service({ENABLE: [refused(503)], SINGLE: [single(enabled=True)]})
    with pytest.raises(Unavailable, match="not known: the run is being stopped") as caught:
        WriteClient(options(service, clock=clock)).enable(ADDRESS)
    assert (caught.value.sent, caught.value.effect_unknown) == (True, True)
    assert service.sent(SINGLE) == 0


def test_a_retry_after_that_is_too_long_for_a_write_is_read_back_first() -> None:
    service = Service({ENABLE: [refused(503, retry_after="500")], SINGLE: [single(enabled=True)]})
    assert WriteClient(options(service)).enable(ADDRESS).enabled
    service = Service({ENABLE: [refused(503, retry_after="500")], SINGLE: [single(enabled=False)]})
    with pytest.raises(Unavailable, match="asks to wait 500 s") as caught:
        WriteClient(options(service)).enable(ADDRESS)
    assert not caught.value.effect_unknown


def test_an_unusable_answer_that_stays_keeps_its_kind() -> None:
    service = Service({ENABLE: [httpx.Response(200, text="<html>")], SINGLE: [single(enabled=False)]})
    with pytest.raises(UnusableAnswer, match="it is an HTML page, not JSON") as caught:
        WriteClient(options(service, max_retries=0)).enable(ADDRESS)
    assert (caught.value.status, caught.value.effect_unknown) == (200, False)


def test_the_read_back_waits_as_long_as_the_service_asked() -> None:
    clock = Clock()
    service = Service({ENABLE: [refused(503, retry_after="9")], SINGLE: [single(enabled=True)]})
    WriteClient(options(service, clock=clock)).enable(ADDRESS)
    assert clock.waits[0] == 9.0
