"""The emulator on its socket: keeping alive, many at once, starting, stopping, sharing a file."""

from __future__ import annotations

import http.client
import io
import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import FrozenInstanceError
from urllib.parse import urlsplit

import pytest
from emulator_client import HttpClient, signed_in, token_of
from emulator_support import (
    CLIENT_SECRET,
    OIDC_SECRET,
    connection,
    organization,
    running,
)

from scalekit_apply.emulator import Emulator, EmulatorOptions
from scalekit_apply.emulator.handler import Handler
from scalekit_apply.errors import ConfigurationError, UsageError

LIST = "/api/v1/connections?include=all"
SEED = organization("org_1", connection("conn_1"), connection("conn_2", type="OIDC", enabled=True))


@contextmanager
def raw(emulator: Emulator) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", urlsplit(emulator.url).port or 0), timeout=20) as opened:
        yield opened


def everything(connected: socket.socket) -> bytes:
    parts: list[bytes] = []
    while part := connected.recv(65536):
        parts.append(part)
    return b"".join(parts)


# -- HTTP -----------------------------------------------------------------------------------------


def test_one_connection_carries_many_requests() -> None:
    with running(SEED) as emulator, raw(emulator) as connected:
        connected.sendall(
            b"GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\nGET /c HTTP/1.1\r\nConnection: close\r\n\r\n"
        )
        answers = everything(connected)
        assert answers.count(b"HTTP/1.1 404 Not Found\r\n") == 3
        assert answers.count(b"Connection: close\r\n") == 1
        assert [item.path for item in emulator.requests] == ["/a", "/b", "/c"]


def test_an_old_client_gets_one_answer() -> None:
    with running(SEED) as emulator, raw(emulator) as connected:
        connected.sendall(b"GET /a HTTP/1.0\r\n\r\n")
        assert b"404" in everything(connected)


def test_a_head_request_gets_no_body() -> None:
    with running(SEED) as emulator, raw(emulator) as connected:
        connected.sendall(b"HEAD /api/v1/connections HTTP/1.1\r\nConnection: close\r\n\r\n")
        head, _, body = everything(connected).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 405 ")
        assert body == b""


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET /a HTTP/9.9\r\n\r\n", 505),
        (b"BREW /a HTTP/1.1\r\n\r\n", 501),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET /a HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", 431),
        (b"PATCH /a HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"PATCH /a HTTP/1.1\r\nContent-Length: many\r\n\r\n", 400),
        (b"PATCH /a HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n", 400),
        (b"PATCH /a HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
        (b"PATCH /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ],
)
def test_what_is_no_proper_request_gets_an_error_and_ends_the_connection(
    request_bytes: bytes, status: int
) -> None:
    with running(SEED) as emulator, raw(emulator) as connected:
        connected.sendall(request_bytes)
        connected.shutdown(socket.SHUT_WR)
        head, _, body = everything(connected).partition(b"\r\n\r\n")
        assert re.match(rb"HTTP/1.1 %d " % status, head)
        assert b"\r\nx-trace-id: " in head
        assert json.loads(body)["details"][0]["error_code"]
        assert emulator.requests[-1].status == status


def test_a_client_that_goes_away_leaves_no_trace() -> None:
    with running(SEED) as emulator:
        for half in (
            b"",
            b"GET",
            b"GET /a HTTP/1.1\r\nA: ",
            b"PATCH /a HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc",
        ):
            with raw(emulator) as connected:
                connected.sendall(half)
        with signed_in(emulator) as client:
            assert client.get(LIST).status == 200


def test_many_clients_at_once_all_get_their_own_answer() -> None:
    seeds = [organization(f"org_{number}", connection(f"conn_{number}")) for number in range(40)]
    with running(*seeds) as emulator:
        token = token_of(emulator)
        wrong: list[object] = []

        def work(number: int) -> None:
            path = f"/api/v1/organizations/org_{number}/connections/conn_{number}"
            with HttpClient(emulator.url, token) as client:
                for verb, enabled in (("enable", True), ("disable", False), ("enable", True)):
                    client.patch(f"{path}:{verb}")
                    found = client.get(path).json["connection"]
                    if (found["id"], found.get("enabled", False)) != (f"conn_{number}", enabled):
                        wrong.append(found)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert all(emulator.store.states().values())
        numbers = [item.number for item in emulator.requests]
        assert numbers == list(range(1, 1 + 1 + 40 * 6))


# -- the record of requests -----------------------------------------------------------------------


def test_the_record_shows_what_was_asked_in_order_and_no_secret() -> None:
    with running(SEED) as emulator, signed_in(emulator) as client:
        client.get(f"{LIST}&organization_id=org_1")
        client.get("/api/v1/organizations/org_1/connections/conn_2")
        client.patch("/api/v1/organizations/org_1/connections/conn_1:enable")
        assert [(item.method, item.path, item.status) for item in emulator.requests] == [
            ("POST", "/oauth/token", 200),
            ("GET", "/api/v1/connections", 200),
            ("GET", "/api/v1/organizations/org_1/connections/conn_2", 200),
            ("PATCH", "/api/v1/organizations/org_1/connections/conn_1:enable", 200),
        ]
        assert emulator.requests[1].query == {"include": "all", "organization_id": "org_1"}
        assert all(item.arrived <= item.answered for item in emulator.requests)
        shown = repr(emulator.requests) + repr(emulator.clients)
        for secret in (CLIENT_SECRET, OIDC_SECRET, str(client.token)):
            assert secret not in shown
        with pytest.raises(FrozenInstanceError):
            emulator.requests[0].status = 1  # type: ignore[misc]
        emulator.clear_requests()
        assert emulator.requests == ()


def test_the_log_has_a_line_for_each_request_that_nobody_can_forge() -> None:
    log = io.StringIO()
    with running(SEED, log=log, faults=["reset,path=/b"]) as emulator:
        with raw(emulator) as connected:
            connected.sendall(b"GET /a\x1b[31m\x07\xe9%0a HTTP/1.1\r\nConnection: close\r\n\r\n")
            everything(connected)
        with HttpClient(emulator.url) as client, pytest.raises(ConnectionResetError):
            client.get("/b?secret=1")
    first, second = log.getvalue().splitlines()
    assert re.fullmatch(r"GET /a%1B%5B31m%07%C3%A9%0a 404 [0-9.]+ ms", first)
    assert re.fullmatch(r"GET /b no answer [0-9.]+ ms \(reset\)", second)


def test_a_defect_of_the_emulator_is_an_internal_error_and_is_told() -> None:
    log = io.StringIO()
    with Emulator(log=log) as emulator, signed_in(emulator) as client:
        emulator.store.close()
        assert client.get(LIST).error == (500, 13, "INTERNAL")
        assert "ProgrammingError" in emulator.failures[0]
        assert "ProgrammingError" in log.getvalue()


def test_a_defect_while_answering_ends_the_connection_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("broken on purpose")

    with Emulator() as emulator, HttpClient(emulator.url) as client:
        monkeypatch.setattr(Handler, "_send", broken)
        with pytest.raises(http.client.RemoteDisconnected):
            client.get(LIST)
        assert "broken on purpose" in emulator.failures[0]


# -- starting and stopping ------------------------------------------------------------------------


def test_an_emulator_without_options_is_an_empty_environment() -> None:
    with Emulator() as emulator, signed_in(emulator) as client:
        assert emulator.url.startswith("http://127.0.0.1:")
        assert emulator.seeded
        assert client.get(LIST).json == {}
        assert emulator.client_id.startswith("skc_")
        assert emulator.client_secret


def test_things_can_be_added_while_it_serves() -> None:
    with running() as emulator, signed_in(emulator) as client:
        emulator.add_organization(organization("org_1", connection("conn_1")))
        emulator.add_connection(connection("conn_2"), organization_id="org_1")
        emulator.add_connection(connection("conn_3"))
        listed = client.get(LIST).json["connections"]
        assert [(item["id"], item.get("organization_id")) for item in listed] == [
            ("conn_1", "org_1"),
            ("conn_2", "org_1"),
            ("conn_3", None),
        ]
        with pytest.raises(ConfigurationError):
            emulator.add_connection({"id": ""})
        with pytest.raises(UsageError):
            emulator.add_connection(connection("conn_4"), organization_id="org_none")


def test_latency_delays_every_answer() -> None:
    with running(SEED, latency=30) as emulator, signed_in(emulator) as client:
        client.get(LIST)
        assert all(item.answered - item.arrived >= 0.03 for item in emulator.requests)


def test_stopping_ends_kept_connections_and_all_threads() -> None:
    before = threading.active_count()
    with running(SEED) as emulator:
        clients = [signed_in(emulator) for _ in range(5)]
    assert threading.active_count() == before
    for client in clients:
        with pytest.raises(ConnectionError):
            client.get(LIST)
        client.close()


def test_a_port_can_be_chosen_once(unused_port: int) -> None:
    with Emulator(EmulatorOptions(port=unused_port)) as emulator:
        assert emulator.url == f"http://127.0.0.1:{unused_port}"
        with pytest.raises(UsageError, match=rf"cannot listen on 127\.0\.0\.1:{unused_port}: "):
            Emulator(EmulatorOptions(port=unused_port))
    with Emulator(EmulatorOptions(port=unused_port)):
        pass


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_port_that_cannot_be_is_a_usage_error(port: int) -> None:
    with pytest.raises(UsageError, match="is not from 0 to 65535"):
        Emulator(EmulatorOptions(port=port))


def test_a_fault_of_no_use_stops_the_start() -> None:
    with pytest.raises(UsageError):
        Emulator(EmulatorOptions(faults=("nonsense",)))


def test_only_loopback_is_served() -> None:
    with running() as emulator:
        assert urlsplit(emulator.url).hostname == "127.0.0.1"
        elsewhere = ("127.0.0.2", urlsplit(emulator.url).port or 0)
        with pytest.raises(ConnectionRefusedError), socket.create_connection(elsewhere, timeout=5):
            pass
