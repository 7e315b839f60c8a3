from __future__ import annotations

import inspect
import json
import threading

import httpx
import pytest
from api_support import (
    ADDRESS,
    LIST,
    ORG,
    SINGLE,
    Service,
    listed,
    options,
    refused,
    single,
    token_answer,
    written,
)

import scalekit_apply
from scalekit_apply.api import Exchange, ReadClient, WriteClient
from scalekit_apply.api.options import Method, Request
from scalekit_apply.api.transport import ReadTransport, WriteTransport
from scalekit_apply.errors import ApiError, NotFound, RequestRejected, UnusableAnswer
from scalekit_apply.model import Address, ConnectionId, OrganizationId

ORGS = "/api/v1/organizations"
WRITE_PATHS = [f"{SINGLE}:enable", f"{SINGLE}:disable"]


def test_the_client_that_reads_sends_nothing_but_get_and_the_token_request() -> None:
    service = Service(
        {LIST: [listed()], SINGLE: [single()], ORGS: [httpx.Response(200, json={"organizations": []})]}
    )
    client = ReadClient(options(service))
    client.list_environment()
    client.list_organization(ORG)
    client.read_connection(ADDRESS)
    client.inspect_connection(ADDRESS)
    client.list_organizations()
    client.check_token()
    assert {(request.method, request.url.path) for request in service.requests} == {
        ("POST", "/oauth/token"),
        ("GET", LIST),
        ("GET", SINGLE),
        ("GET", ORGS),
    }
    asked = {
        name for name, _ in inspect.getmembers(ReadClient, inspect.isfunction) if not name.startswith("_")
    }
    assert asked == {
        "list_environment",
        "list_organization",
        "read_connection",
        "inspect_connection",
        "list_organizations",
        "check_token",
        "close",
    }


@pytest.mark.parametrize("path", [*WRITE_PATHS, LIST, SINGLE, "/", "/oauth/token"])
@pytest.mark.parametrize("method", list(Method))
def test_what_the_reading_client_sends_with_refuses_every_other_request(method: Method, path: str) -> None:
    service = Service()
    request = Request(method=method, path=path)
    client = ReadClient(options(service))
    transport = client._calls._transport  # the law is about what the client holds
    assert type(transport) is ReadTransport
    if method is Method.GET or (method is Method.POST and path == "/oauth/token"):
        assert transport.permits(request)
        return
    with pytest.raises(RuntimeError, match="ReadTransport does not send"):
        transport.exchange(request, token=None, timeout=1)
    with pytest.raises(RuntimeError):
        client._calls.perform(request, lambda answer: answer)  # the only way to send
    assert {sent.url.path for sent in service.requests} <= {"/oauth/token"}


@pytest.mark.parametrize(
    ("method", "path", "permitted"),
    [
        *((Method.PATCH, path, True) for path in WRITE_PATHS),
        (Method.GET, LIST, True),
        (Method.POST, "/oauth/token", True),
        (Method.PATCH, SINGLE, False),
        (Method.PATCH, f"{SINGLE}:delete", False),
        (Method.PATCH, f"{SINGLE}:enable/x", False),
        (Method.PATCH, f"{SINGLE}:enable\n", False),
        (Method.PATCH, "/api/v1/connections/conn_1:enable", False),
        (Method.PATCH, "/api/v1/organizations/org_1/connections/../conn_1:enable", False),
        (Method.POST, LIST, False),
        (Method.POST, WRITE_PATHS[0], False),
    ],
)
def test_the_writing_client_sends_the_two_writes_and_no_other(
    method: Method, path: str, permitted: bool
) -> None:
    transport = WriteClient(options(Service()))._calls._transport  # the law is about what it holds
    assert type(transport) is WriteTransport
    assert transport.permits(Request(method=method, path=path)) is permitted


def test_lists_ask_for_all_connections_and_not_only_the_active_ones() -> None:
    service = Service({LIST: [listed()]})
    client = ReadClient(options(service))
    client.list_environment()
    client.list_organization(ORG)
    assert service.lines[1:] == [
        "GET /api/v1/connections?include=all",
        "GET /api/v1/connections?organization_id=org_1&include=all",
    ]


def test_requests_say_who_asks_and_for_what() -> None:
    service = Service({LIST: [listed()]})
    ReadClient(options(service)).list_environment()
    headers = service.requests[-1].headers
    assert headers["user-agent"] == f"scalekit-apply/{scalekit_apply.__version__}"
    assert headers["accept"] == "application/json"
    assert headers["accept-encoding"] == "gzip"
    assert "x-api-version" not in headers
    assert str(service.requests[-1].url).startswith("https://acme.scalekit.com/")


def test_cookies_are_not_kept() -> None:
    service = Service({LIST: [httpx.Response(200, json={}, headers={"set-cookie": "a=b; Path=/"})]})
    client = ReadClient(options(service))
    client.list_environment()
    client.list_environment()
    assert "cookie" not in service.requests[-1].headers


def test_an_organization_that_the_service_does_not_know_has_no_connections() -> None:
    assert ReadClient(options(Service({LIST: [refused(404)]}))).list_organization(ORG) == ()
    assert ReadClient(options(Service({LIST: [listed()]}))).list_organization(ORG) == ()


def test_an_environment_list_that_is_not_there_is_an_error() -> None:
    with pytest.raises(NotFound):
        ReadClient(options(Service({LIST: [refused(404)]}))).list_environment()


def test_a_connection_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound) as caught:
        ReadClient(options(Service())).read_connection(ADDRESS)
    assert caught.value.message == f"GET {SINGLE} answered 404 (NOT_FOUND): no such thing."
    assert caught.value.error_code == "NOT_FOUND"


@pytest.mark.parametrize(
    "address",
    [
        ("org_1/../../x", "conn_1"),
        ("org_1", "conn_1:enable"),
        ("org_1", "../../oauth"),
        ("org_1", "conn_1%2f"),
        ("org_1", "conn_1\n"),
        ("", ""),
        ("org_1?", "conn_1"),
    ],
)
def test_an_id_that_could_leave_its_path_is_never_sent(address: tuple[str, str]) -> None:
    service = Service()
    client = WriteClient(options(service))
    odd = Address(OrganizationId(address[0]), ConnectionId(address[1]))
    for call in (client.read_connection, client.inspect_connection, client.enable, client.disable):
        with pytest.raises(RequestRejected) as caught:
            call(odd)
        assert (caught.value.sent, caught.value.attempts) == (False, 0)
    assert service.requests == []


def test_an_odd_organization_is_never_asked_for() -> None:
    service = Service()
    with pytest.raises(RequestRejected, match="'org_1&x=' is not an organization id"):
        ReadClient(options(service)).list_organization(OrganizationId("org_1&x="))
    assert service.requests == []


def page(*ids: str, **fields: object) -> httpx.Response:
    return httpx.Response(
        200, json={"organizations": [{"id": i, "display_name": i.upper()} for i in ids], **fields}
    )


def test_organizations_are_listed_over_all_pages() -> None:
    service = Service(
        {ORGS: [page("org_3", next_page_token="a&b"), page(next_page_token="c"), page("org_1", "org_3")]}
    )
    found = ReadClient(options(service)).list_organizations()
    assert found == (("org_1", "ORG_1"), ("org_3", "ORG_3"))
    assert service.lines[1:] == [
        f"GET {ORGS}?page_size=100",
        f"GET {ORGS}?page_size=100&page_token=a%26b",
        f"GET {ORGS}?page_size=100&page_token=c",
    ]


def test_pages_that_lead_back_are_refused() -> None:
    service = Service(
        {ORGS: [page(next_page_token="a"), page(next_page_token="b"), page(next_page_token="a")]}
    )
    with pytest.raises(UnusableAnswer, match="do not end"):
        ReadClient(options(service)).list_organizations()
    assert service.sent(ORGS) == 3


def test_pages_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scalekit_apply.api.client._MAX_PAGES", 10)
    number = iter(range(1000))
    service = Service({ORGS: [lambda _: page(next_page_token=str(next(number)))]})
    with pytest.raises(UnusableAnswer, match="do not end"):
        ReadClient(options(service)).list_organizations()
    assert service.sent(ORGS) == 10


def test_inspect_shows_a_connection_without_its_secret() -> None:
    service = Service(
        {SINGLE: [single(oidc_config={"client_id": "x", "client_secret": "hush"}, type="OIDC")]}
    )
    shown = ReadClient(options(service)).inspect_connection(ADDRESS)
    assert shown["oidc_config"] == {"client_id": "x", "client_secret": "(hidden)"}
    assert "hush" not in json.dumps(shown)


def test_every_request_is_observed_without_headers_and_bodies() -> None:
    seen: list[Exchange] = []
    service = Service(
        {LIST: [httpx.ConnectError("refused"), httpx.Response(200, json={}, headers={"x-trace-id": "t-1"})]}
    )
    ReadClient(options(service, observer=seen.append)).list_environment()
    assert [(item.method, item.path, item.status, item.trace_id, item.failure) for item in seen] == [
        ("POST", "/oauth/token", 200, None, ""),
        ("GET", f"{LIST}?include=all", None, None, "refused"),
        ("GET", f"{LIST}?include=all", 200, "t-1", ""),
    ]
    assert all(item.milliseconds >= 0 for item in seen)


def test_workers_in_flight_together_do_not_share_a_connection() -> None:
    barrier = threading.Barrier(6)

    def step(_request: httpx.Request) -> httpx.Response:
        barrier.wait(10)
        return listed()

    client = ReadClient(options(Service({LIST: [step]})))
    client.check_token()
    threads = [threading.Thread(target=client.list_environment) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    idle = client._calls._transport._idle  # the connections that are kept
    assert len(idle) == 6
    client.close()
    assert idle[0].http.is_closed


def test_a_closed_client_says_so() -> None:
    service = Service({LIST: [listed()]})
    with ReadClient(options(service)) as client:
        client.list_environment()
    with pytest.raises(ApiError, match="the client is closed") as caught:
        client.list_environment()
    assert not caught.value.sent


def test_a_client_that_is_closed_under_a_call_ends_it() -> None:
    def step(_request: httpx.Request) -> httpx.Response:
        client.close()
        raise httpx.ReadError("gone")

    client = ReadClient(options(Service({LIST: [step]})))
    with pytest.raises(ApiError, match="the client is closed"):
        client.list_environment()


@pytest.mark.parametrize("location", ["https://evil.example/x", None])
def test_redirects_are_not_followed(location: str | None) -> None:
    headers = {"location": location} if location else {}
    service = Service({LIST: [httpx.Response(307, headers=headers)]})
    with pytest.raises(RequestRejected, match="answered 307") as caught:
        ReadClient(options(service)).list_environment()
    assert {request.url.host for request in service.requests} == {"acme.scalekit.com"}
    assert (location or "nowhere") in caught.value.hint
    assert "SCALEKIT_ENVIRONMENT_URL" in caught.value.hint


def test_the_two_clients_fit_the_protocols() -> None:
    answers = Service({f"{SINGLE}:enable": [written(enabled=True)], "/oauth/token": [token_answer()]})
    with WriteClient(options(answers)) as client:
        assert client.enable(ADDRESS).enabled
