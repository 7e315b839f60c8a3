from __future__ import annotations

import threading
from collections.abc import Callable
from urllib.parse import parse_qs

import httpx
import pytest
from api_support import (
    LIST,
    ORG,
    SECRET,
    TOKEN,
    Clock,
    Service,
    listed,
    options,
    refused,
    token_answer,
)
from hypothesis import given
from hypothesis import strategies as st

from scalekit_apply.api import ReadClient
from scalekit_apply.api.auth import parse_token
from scalekit_apply.errors import (
    ApiError,
    AuthenticationError,
    RequestRejected,
    Unavailable,
    UnusableAnswer,
)

TOKENS = "/oauth/token"


def guarded(*accepted: str) -> Callable[[httpx.Request], httpx.Response]:
    """Answer a list to the tokens that are accepted, and 401 to all others."""

    def step(request: httpx.Request) -> httpx.Response:
        token = request.headers["authorization"].removeprefix("Bearer ")
        return listed() if token in accepted else refused(401, "token expired")

    return step


def test_the_token_request_is_a_form_without_authorization() -> None:
    service = Service({LIST: [listed()]})
    ReadClient(options(service)).list_environment()
    asked = service.requests[0]
    assert (asked.method, asked.url.path) == ("POST", TOKENS)
    assert parse_qs(asked.content.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["skc_1"],
        "client_secret": [SECRET],
    }
    assert "authorization" not in asked.headers
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert service.requests[1].headers["authorization"] == f"Bearer {TOKEN}"


def test_one_token_serves_every_call() -> None:
    service = Service({LIST: [listed()]})
    client = ReadClient(options(service))
    client.list_environment()
    client.list_organization(ORG)
    assert service.sent(TOKENS) == 1


def test_many_workers_share_one_token_request() -> None:
    barrier = threading.Barrier(8)
    service = Service({LIST: [listed()]})
    client = ReadClient(options(service))

    def work() -> None:
        barrier.wait(10)
        client.list_environment()

    run_all(work)
    assert service.sent(TOKENS) == 1
    assert service.sent(LIST) == 8


def run_all(work: Callable[[], None], count: int = 8) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()


def test_a_token_that_ended_is_renewed_once_for_all_workers() -> None:
    all_asked = threading.Barrier(8)

    def step(request: httpx.Request) -> httpx.Response:
        if request.headers["authorization"] == "Bearer old":
            if request.url.query != b"include=all":
                all_asked.wait(10)  # every worker holds the old token when the first 401 comes
                return refused(401)
            return listed()
        return listed()

    service = Service({TOKENS: [token_answer("old"), token_answer("new")], LIST: [step]})
    client = ReadClient(options(service))
    client.list_environment()

    def work() -> None:
        assert client.list_organization(ORG) == ()

    run_all(work)
    assert service.sent(TOKENS) == 2


def test_a_401_gets_one_new_token_and_goes_on() -> None:
    clock = Clock()
    service = Service({TOKENS: [token_answer("old"), token_answer("new")], LIST: [guarded("new")]})
    assert ReadClient(options(service, clock=clock)).list_environment() == ()
    assert service.sent(LIST) == 2
    assert clock.waits == []


def test_a_fresh_token_refused_ends_the_run() -> None:
    service = Service({LIST: [refused(401, "who are you")]})
    client = ReadClient(options(service))
    with pytest.raises(AuthenticationError, match="who are you") as caught:
        client.list_environment()
    assert (service.sent(TOKENS), service.sent(LIST)) == (2, 2)
    assert "SCALEKIT_CLIENT_SECRET" in caught.value.hint
    assert (caught.value.status, caught.value.attempts) == (401, 2)
    with pytest.raises(AuthenticationError, match="who are you") as again:
        client.list_organization(ORG)
    assert (service.sent(TOKENS), service.sent(LIST)) == (2, 2)
    assert (again.value.sent, again.value.attempts) == (False, 0)


def test_a_token_that_was_accepted_and_then_refused_is_renewed_again() -> None:
    tokens = [token_answer(f"t{number}") for number in range(4)]
    service = Service(
        {TOKENS: tokens, LIST: [guarded("t0"), guarded("t1"), guarded("t1"), guarded("t2"), guarded("t2")]}
    )
    client = ReadClient(options(service))
    for _ in range(3):
        client.list_environment()
    assert service.sent(TOKENS) == 3


def test_a_call_that_is_refused_however_often_the_token_is_renewed_ends() -> None:
    number = iter(range(1000))
    service = Service({TOKENS: [lambda _: token_answer(f"t{next(number)}")], LIST: [listed()]})
    client = ReadClient(options(service))
    inner = service.__call__

    def step(request: httpx.Request) -> httpx.Response:
        if request.url.path == LIST and b"organization_id" in request.url.query:
            client.list_environment()  # another worker, to which the same token is good
            return refused(401)
        return inner(request)

    client = ReadClient(options(step))
    with pytest.raises(AuthenticationError):
        client.list_organization(ORG)
    assert service.sent(TOKENS) <= 6


@pytest.mark.parametrize(("lifetime", "ahead"), [(1800, 60), (100, 10), (1, 0.1), ("3600", 60), (3600.0, 60)])
def test_a_token_is_renewed_ahead_of_its_end(lifetime: float | str, ahead: float) -> None:
    clock = Clock()
    service = Service({TOKENS: [token_answer(expires_in=lifetime)], LIST: [listed()]})
    client = ReadClient(options(service, clock=clock))
    client.list_environment()
    clock.time = 1000 + float(lifetime) - ahead - 0.01
    client.list_environment()
    assert service.sent(TOKENS) == 1
    clock.time += 0.02
    client.list_environment()
    assert service.sent(TOKENS) == 2


@pytest.mark.parametrize(
    "lifetime", [18446744064486179580, 0, -1, None, True, "soon", "9" * 400, [], 1e308, 32 * 24 * 3600]
)
def test_an_odd_lifetime_means_until_a_401_says_otherwise(lifetime: object) -> None:
    clock = Clock()
    service = Service({TOKENS: [token_answer(expires_in=lifetime)], LIST: [listed()]})
    client = ReadClient(options(service, clock=clock))
    client.list_environment()
    clock.time += 10.0**12
    client.list_environment()
    assert service.sent(TOKENS) == 1
    assert client.check_token().expires_in is None


@pytest.mark.parametrize(
    "body",
    [
        {"access_token": "t", "token_type": "bearer"},
        {"access_token": "t", "token_type": "BEARER"},
        {"access_token": "t"},
        {"access_token": "t", "token_type": ""},
    ],
)
def test_a_bearer_token_is_one_in_any_letters(body: dict[str, str]) -> None:
    service = Service({TOKENS: [httpx.Response(200, json=body)], LIST: [listed()]})
    ReadClient(options(service)).list_environment()
    assert service.requests[-1].headers["authorization"] == "Bearer t"


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (httpx.Response(200, text="<html>"), "it is not a JSON object"),
        (httpx.Response(200, json=[TOKEN]), "it is not a JSON object"),
        (httpx.Response(200, json={"token": TOKEN}), "it has no usable access_token"),
        (token_answer(""), "it has no usable access_token"),
        (token_answer(f"{TOKEN}\r\nx: y"), "it has no usable access_token"),
        (token_answer(f"{TOKEN}é"), "it has no usable access_token"),
        (httpx.Response(200, json={"access_token": 7}), "it has no usable access_token"),
        (
            httpx.Response(200, json={"access_token": TOKEN, "token_type": "mac"}),
            "its token_type is not Bearer",
        ),
        (httpx.Response(200, json={"access_token": TOKEN, "token_type": 1}), "its token_type is not Bearer"),
    ],
)
def test_an_unusable_token_answer_ends_the_call_without_showing_it(
    answer: httpx.Response, complaint: str
) -> None:
    service = Service({TOKENS: [answer]})
    with pytest.raises(UnusableAnswer) as caught:
        ReadClient(options(service)).list_environment()
    assert caught.value.message == f"POST {TOKENS} answered 200, but the answer cannot be used: {complaint}."
    assert not caught.value.sent
    assert service.sent(TOKENS) == 1


@pytest.mark.parametrize(
    ("answer", "kind", "message", "hint"),
    [
        (
            httpx.Response(401, json={"error": "invalid_client", "error_description": "unknown client"}),
            AuthenticationError,
            "answered 401 (invalid_client): unknown client.",
            "SCALEKIT_CLIENT_SECRET",
        ),
        (
            httpx.Response(400, json={"error": "invalid_client"}),
            AuthenticationError,
            "answered 400 (invalid_client).",
            "SCALEKIT_CLIENT_ID",
        ),
        (refused(403, "blocked"), AuthenticationError, "blocked", "SCALEKIT_ENVIRONMENT_URL"),
        (refused(404, "nothing here"), AuthenticationError, "nothing here", "SCALEKIT_ENVIRONMENT_URL"),
        (refused(422, "odd"), AuthenticationError, "odd", ""),
        (refused(501, "no"), RequestRejected, "no", ""),
        (refused(302, "moved"), RequestRejected, "moved", "SCALEKIT_ENVIRONMENT_URL"),
    ],
)
def test_a_token_that_is_refused_names_the_variables_to_check(
    answer: httpx.Response, kind: type[ApiError], message: str, hint: str
) -> None:
    service = Service({TOKENS: [answer]})
    client = ReadClient(options(service))
    with pytest.raises(kind) as caught:
        client.list_environment()
    assert type(caught.value) is kind
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert service.sent(TOKENS) == 1
    assert service.sent(LIST) == 0


@pytest.mark.parametrize(
    "failure", [refused(429), refused(503), httpx.ConnectError("x"), httpx.ReadError("x")]
)
def test_the_token_request_is_tried_again_like_every_other(failure: httpx.Response | Exception) -> None:
    service = Service({TOKENS: [failure, failure, token_answer()], LIST: [listed()]})
    ReadClient(options(service)).list_environment()
    assert service.sent(TOKENS) == 3


def test_workers_that_waited_for_a_token_share_its_failure() -> None:
    waiting = threading.Event()
    service = Service({TOKENS: [refused(503)]})

    def step(request: httpx.Request) -> httpx.Response:
        assert waiting.wait(10)
        return service(request)

    client = ReadClient(options(step, max_retries=0))
    tokens = client._calls._tokens  # to see that the others do wait
    failures: list[ApiError] = []

    def work() -> None:
        with pytest.raises(Unavailable) as caught:
            client.list_environment()
        failures.append(caught.value)

    arrived = threading.Semaphore(0)
    lock = tokens._lock

    class Counted:
        def __enter__(self) -> None:
            arrived.release()
            lock.acquire()

        def __exit__(self, *_: object) -> None:
            lock.release()

    tokens._lock = Counted()  # type: ignore[assignment]
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert arrived.acquire(timeout=10)
    waiting.set()
    for thread in threads:
        thread.join(10)
    assert len(failures) == 8
    assert len(set(map(id, failures))) == 8
    assert service.sent(TOKENS) == 1
    with pytest.raises(Unavailable):
        client.list_environment()
    assert service.sent(TOKENS) == 2


def test_doctor_learns_what_the_token_says_but_not_the_token() -> None:
    service = Service({TOKENS: [token_answer(expires_in=3600, scope="connections_read connections_write")]})
    facts = ReadClient(options(service)).check_token()
    assert facts.scopes == ("connections_read", "connections_write")
    assert (facts.token_type, facts.expires_in, facts.tls_version) == ("Bearer", 3600, None)
    assert facts.milliseconds >= 0
    assert TOKEN not in repr(facts)


@given(st.binary() | st.from_regex(rb'\{"access_token": .{0,20}\}'))
def test_any_token_answer_is_a_token_or_unusable(body: bytes) -> None:
    try:
        token, kind, _seconds, _scopes = parse_token(body)
    except UnusableAnswer as error:
        assert error.__context__ is None  # noqa: PT017  # the only kind of error that may come
        return
    assert token.reveal()
    assert kind == "Bearer"
