from __future__ import annotations

import base64
import logging
import pickle
import traceback
from collections.abc import Iterator

import httpx
import pytest
from api_support import (
    ADDRESS,
    LIST,
    SECRET,
    SINGLE,
    TOKEN,
    Service,
    credentials,
    listed,
    options,
    refused,
    single,
    token_answer,
)
from hypothesis import given
from hypothesis import strategies as st

from scalekit_apply import errors
from scalekit_apply.api import ApiOptions, Exchange, ReadClient, WriteClient
from scalekit_apply.api.options import Answer, Method, Request
from scalekit_apply.api.redaction import Redactor
from scalekit_apply.api.refusals import refusal
from scalekit_apply.errors import ApiError, PermissionDenied, RequestRejected, Unavailable, UnusableAnswer
from scalekit_apply.settings import Secret

ENABLE = f"{SINGLE}:enable"
REQUEST = Request(method=Method.GET, path=LIST)


def family(kind: type[BaseException]) -> Iterator[type[BaseException]]:
    yield kind
    for child in kind.__subclasses__():
        yield from family(child)


HTTPX_ERRORS = sorted(
    {
        kind
        for root in (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict, httpx.StreamError)
        for kind in family(root)
        if kind.__module__.startswith("httpx")
    },
    key=lambda kind: kind.__name__,
)


def made(kind: type[BaseException], request: httpx.Request) -> BaseException:
    """Make an error of httpx that holds the request, as those that httpx raises do."""
    if kind is httpx.HTTPStatusError:
        return httpx.HTTPStatusError("x", request=request, response=httpx.Response(500))
    for arguments, named in ((("x",), {"request": request}), (("x",), {}), ((), {})):
        try:
            return kind(*arguments, **named)
        except TypeError:
            continue
    raise AssertionError(kind)


def test_the_list_of_httpx_errors_is_complete() -> None:
    public = {
        value
        for value in vars(httpx).values()
        if isinstance(value, type) and issubclass(value, BaseException)
    }
    assert public == set(HTTPX_ERRORS)
    assert len(HTTPX_ERRORS) > 25


@pytest.mark.parametrize("kind", [*HTTPX_ERRORS, OSError, TimeoutError, ConnectionResetError, UnicodeError])
def test_every_error_of_httpx_ends_as_one_of_ours_and_is_not_chained(kind: type[BaseException]) -> None:
    def step(request: httpx.Request) -> httpx.Response:
        raise made(kind, request)

    for client in (
        ReadClient(options(Service({LIST: [step]}))),
        ReadClient(options(Service({"/oauth/token": [step]}))),
    ):
        with pytest.raises(ApiError) as caught:
            client.list_environment()
        assert type(caught.value) is Unavailable
        assert chain(caught.value) <= {ApiError, Unavailable}
    service = Service({ENABLE: [step], SINGLE: [single(enabled=True)]})
    try:
        assert WriteClient(options(service)).enable(ADDRESS).status is None
    except Unavailable as error:
        assert not error.sent  # noqa: PT017  # either it was read back or it never left


def chain(error: BaseException | None) -> set[type[BaseException]]:
    """Return the classes of an error and of everything that it leads to."""
    found: set[type[BaseException]] = set()
    while error is not None:
        found.add(type(error))
        found |= chain(error.__cause__)
        error = error.__context__
    return found


def canaries() -> list[str]:
    basic = base64.b64encode(f"skc_1:{SECRET}".encode()).decode()
    return [SECRET, TOKEN, basic]


ECHO = f'you sent client_secret={SECRET} and "Authorization: Bearer {TOKEN}" twice {SECRET}'
HOSTILE = [
    httpx.Response(
        400, json={"message": ECHO, "details": [{"error_code": TOKEN}]}, headers={"x-trace-id": TOKEN}
    ),
    httpx.Response(401, json={"error": SECRET, "error_description": ECHO}),
    httpx.Response(403, json={"message": ECHO}),
    httpx.Response(302, headers={"location": f"https://x/?t={TOKEN}&s={SECRET}"}),
    httpx.Response(503, text=ECHO),
    httpx.Response(200, text=ECHO),
    httpx.Response(200, json=ECHO),
    httpx.Response(200, json={"connections": [{"id": TOKEN, "organization_id": "org_1"}]}),
    httpx.Response(200, json={"access_token": TOKEN, "token_type": SECRET, "connections": ECHO}),
    httpx.Response(200, text=f'{{"access_token": "{TOKEN}"'),
]


@pytest.mark.parametrize("answer", HOSTILE)
@pytest.mark.parametrize("path", ["/oauth/token", LIST])
def test_no_secret_and_no_token_is_in_any_error_log_or_repr(
    answer: httpx.Response, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    seen: list[Exchange] = []
    # The token is known, and is to be renewed, when the token request gets the hostile answer.
    script = {LIST: [answer]} if path == LIST else {path: [token_answer(), answer], LIST: [refused(401)]}
    client = ReadClient(options(Service(script), observer=seen.append))
    shown: list[str] = []
    for call in (client.list_environment, client.list_environment):
        try:
            call()
        except ApiError as error:
            shown += traceback.format_exception(error)
            shown += traceback.TracebackException.from_exception(error, capture_locals=True).format()
            shown += [repr(vars(error)), str(error.diagnostics), repr(error.__context__)]
    assert shown
    shown += [caplog.text, repr(seen), repr(client), repr(vars(client)), repr(vars(client._calls))]
    text = "\n".join(shown)
    assert [canary for canary in canaries() if canary in text] == []


@pytest.mark.parametrize(
    "kind", [httpx.ReadError, httpx.LocalProtocolError, httpx.ProxyError, httpx.InvalidURL]
)
def test_an_error_of_the_library_that_quotes_a_header_is_not_repeated(kind: type[Exception]) -> None:
    service = Service({LIST: [kind(f"Illegal header value b'Bearer {TOKEN}'")]})
    with pytest.raises(Unavailable) as caught:
        ReadClient(options(service)).list_environment()
    assert TOKEN not in "".join(traceback.format_exception(caught.value))


def test_options_and_credentials_do_not_show_or_pickle_the_secret() -> None:
    made_options = ApiOptions(credentials=credentials())
    assert SECRET not in repr(made_options) + repr(credentials()) + f"{credentials().client_secret}"
    with pytest.raises(TypeError, match="neither pickled nor copied"):
        pickle.dumps(credentials())


def test_the_body_of_an_answer_is_not_in_its_repr() -> None:
    assert TOKEN not in repr(Answer(status=200, body=TOKEN.encode()))
    assert SECRET not in repr(Request(method=Method.POST, path="/oauth/token", form={"s": Secret(SECRET)}))


@pytest.mark.parametrize(
    ("path", "method", "hint"),
    [
        (LIST, "list_environment", "connections_read"),
        ("/api/v1/organizations", "list_organizations", "read organizations"),
    ],
)
def test_a_missing_permission_is_named(path: str, method: str, hint: str) -> None:
    client = ReadClient(options(Service({path: [refused(403, "forbidden")]})))
    with pytest.raises(PermissionDenied) as caught:
        getattr(client, method)()
    assert hint in caught.value.hint


def test_a_missing_permission_to_write_is_named() -> None:
    with pytest.raises(PermissionDenied) as caught:
        WriteClient(options(Service({ENABLE: [refused(403)]}))).enable(ADDRESS)
    assert "connections_write" in caught.value.hint


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(400, json={"code": 3, "message": "bad id"}), "400 (INVALID_ARGUMENT): bad id."),
        (httpx.Response(400, json={"code": 99, "message": "bad\n\x20id."}), "400: bad id."),
        (httpx.Response(400, json={"code": "x", "details": [1, {}]}), "400."),
        (httpx.Response(400, json={"details": {"error_code": "x"}, "message": 3}), "400."),
        (httpx.Response(400, json=["x"]), "400."),
        (httpx.Response(400, text="plain"), "400."),
        (httpx.Response(400), "400."),
        (httpx.Response(400, text="[" * 60_000), "400."),
        (httpx.Response(400, html="<b>no</b>"), "400: an HTML page, not an answer of the service."),
        (httpx.Response(400, text=" <html>"), "400: an HTML page, not an answer of the service."),
        (httpx.Response(400, text=r'{"message": "m\ud800"}'), "400: m?."),
        (httpx.Response(400, json={"message": "m" * 1000}), f"400: {'m' * 299}…."),
    ],
)
def test_the_message_says_what_failed_and_what_the_service_said(answer: httpx.Response, said: str) -> None:
    with pytest.raises(RequestRejected) as caught:
        ReadClient(options(Service({SINGLE: [answer]}))).read_connection(ADDRESS)
    assert caught.value.message == f"GET {SINGLE} answered {said}"


@pytest.mark.parametrize(
    ("answer", "kind", "hint"),
    [
        (httpx.Response(429), Unavailable, "--concurrency"),
        (httpx.Response(500), Unavailable, "report it to Scalekit"),
        (httpx.Response(503, html="<b>no</b>"), Unavailable, "try again later"),
        (httpx.Response(505), Unavailable, "report it to Scalekit"),
        (httpx.Response(200, text="no"), UnusableAnswer, "SCALEKIT_ENVIRONMENT_URL"),
        (httpx.ReadTimeout(""), Unavailable, "--timeout"),
        (httpx.ConnectError("refused"), Unavailable, "SCALEKIT_ENVIRONMENT_URL"),
        (httpx.ConnectTimeout(""), Unavailable, "the network"),
    ],
)
def test_a_failure_that_is_not_a_refusal_says_what_to_do(
    answer: httpx.Response | Exception, kind: type[ApiError], hint: str
) -> None:
    def step(_request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    with pytest.raises(kind) as caught:
        ReadClient(options(Service({SINGLE: [step]}), max_retries=0)).read_connection(ADDRESS)
    assert hint in caught.value.hint
    assert "connections_read" not in caught.value.hint


def test_an_error_knows_what_support_asks_for() -> None:
    with pytest.raises(RequestRejected) as caught:
        ReadClient(options(Service({SINGLE: [refused(409, "busy")]}))).read_connection(ADDRESS)
    error = caught.value
    assert (error.status, error.error_code, error.trace_id, error.attempts) == (
        409,
        "SOME_CODE",
        "trace-1",
        1,
    )
    assert (error.sent, error.effect_unknown, error.check) == (True, False, "request-rejected")


def test_a_trace_id_is_printable_and_short() -> None:
    answer = httpx.Response(409, headers=[(b"x-trace-id", b"a\x1b[31m\xff" + b"b" * 500)])
    with pytest.raises(RequestRejected) as caught:
        ReadClient(options(Service({SINGLE: [answer]}))).read_connection(ADDRESS)
    assert caught.value.trace_id is not None
    assert caught.value.trace_id.startswith("a[31mb")
    assert len(caught.value.trace_id) == 200


@given(st.binary(max_size=100), st.integers(300, 599), st.text(max_size=20))
def test_any_refusal_is_one_of_our_errors(body: bytes, status: int, kind: str) -> None:
    answer = Answer(status=status, body=body, content_type=kind)
    error = refusal(REQUEST, answer, Redactor())
    assert isinstance(error, ApiError)
    assert error.message.startswith(f"GET {LIST} answered {status}")
    assert error.message.endswith(".")


def test_every_kind_of_error_is_reached_by_a_status() -> None:
    kinds = {
        type(refusal(REQUEST, Answer(status=status, body=b""), Redactor())) for status in range(300, 600)
    }
    assert kinds == {
        errors.AuthenticationError,
        errors.PermissionDenied,
        errors.NotFound,
        errors.RequestRejected,
        errors.Unavailable,
    }


@given(st.text(min_size=4, alphabet=st.characters(min_codepoint=33, max_codepoint=126)), st.text())
def test_what_is_hidden_is_in_no_text(secret: str, around: str) -> None:
    redact = Redactor()
    redact.hide(secret)
    redact.hide("abc")  # too short to be one
    shown = redact(f"{around} {secret} {around}")
    assert secret not in shown.replace("(hidden)", "")


def test_what_looks_like_a_token_is_hidden_without_being_known() -> None:
    shown = Redactor()("Bearer abc.def and eyJhbGciOiJI.eyJzdWIi.c2ln said no")
    assert shown == "(hidden) and (hidden) said no"


def test_a_page_where_an_answer_should_be_is_called_one() -> None:
    service = Service(
        {"/oauth/token": [token_answer()], LIST: [httpx.Response(200, html="<html>"), listed()]}
    )
    with pytest.raises(errors.UnusableAnswer, match="it is an HTML page, not JSON"):
        ReadClient(options(service)).list_environment()
    assert service.sent(LIST) == 1
