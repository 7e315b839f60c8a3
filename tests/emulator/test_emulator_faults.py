"""What goes wrong on order, as a client sees it."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import pytest
from emulator_client import HttpClient, signed_in, token_of
from emulator_support import CLIENT_ID, CLIENT_SECRET, connection, organization, running

from scalekit_apply.emulator import Emulator
from scalekit_apply.emulator.faultkinds import Fault, Kind

LIST = "/api/v1/connections?include=all"
READ = "/api/v1/organizations/org_1/connections/conn_1"
ENABLE = f"{READ}:enable"
SEED = organization("org_1", connection("conn_1"), connection("conn_2", enabled=True))


def enabled(emulator: Emulator) -> bool:
    return emulator.store.states()["conn_1"]


def waits(condition: Callable[[], bool]) -> bool:
    """Whether something becomes true; only a failure takes the whole time."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.002)
    return False


# -- answers in place of the service --------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "name"),
    [
        (400, 3, "INVALID_ARGUMENT"),
        (401, 16, "UNAUTHENTICATED"),
        (403, 7, "PERMISSION_DENIED"),
        (404, 5, "NOT_FOUND"),
        (409, 6, "ALREADY_EXISTS"),
        (429, 8, "RESOURCE_EXHAUSTED"),
        (499, 1, "CANCELLED"),
        (500, 13, "INTERNAL"),
        (501, 12, "UNIMPLEMENTED"),
        (502, 2, "UNKNOWN"),
        (503, 14, "UNAVAILABLE"),
        (504, 4, "DEADLINE_EXCEEDED"),
        (599, 2, "UNKNOWN"),
    ],
)
def test_a_status_comes_with_the_error_body_of_the_service(status: int, code: int, name: str) -> None:
    with running(SEED, faults=[f"status={status}"]) as emulator, signed_in(emulator) as client:
        got = client.patch(ENABLE)
        assert got.error == (status, code, name)
        assert "retry-after" not in got.headers
        assert not enabled(emulator)
        assert emulator.requests[-1].fault == "status"


def test_a_status_can_come_after_the_change_took_effect() -> None:
    with running(SEED, faults=["status=503,when=after"]) as emulator, signed_in(emulator) as client:
        assert client.patch(ENABLE).status == 503
        assert enabled(emulator)


@pytest.mark.parametrize("kind", ["status=429", "html=503"])
def test_a_retry_after_comes_in_seconds_or_as_a_date(kind: str) -> None:
    faults = [f"{kind},retry-after=2,times=1", f"{kind},retry-after=date+90,times=1"]
    with running(SEED, faults=faults) as emulator, signed_in(emulator) as client:
        assert client.get(LIST).headers["retry-after"] == "2"
        got = client.get(LIST)
        ahead = parsedate_to_datetime(got.headers["retry-after"]) - parsedate_to_datetime(got.headers["date"])
        assert 88 <= ahead.total_seconds() <= 91
        assert client.get(LIST).status == 200


def test_html_comes_from_the_load_balancer() -> None:
    with running(SEED, faults=["html=502"]) as emulator, signed_in(emulator) as client:
        got = client.get(LIST)
        assert got.status == 502
        assert got.headers["via"] == "1.1 google"
        assert got.headers["content-type"].startswith("text/html")
        assert got.body.startswith(b"<html>")
        assert got.headers["x-trace-id"]


def test_a_redirect_leads_elsewhere() -> None:
    faults = ["redirect,times=1", "redirect=http://other.invalid/x,times=1"]
    with running(SEED, faults=faults) as emulator, signed_in(emulator) as client:
        first, second = client.get(LIST), client.get(LIST)
        assert (first.status, first.headers["location"]) == (302, "https://elsewhere.invalid/")
        assert second.headers["location"] == "http://other.invalid/x"


def test_invalid_json_has_the_length_it_says() -> None:
    with running(SEED, faults=["invalid-json"]) as emulator, signed_in(emulator) as client:
        got = client.patch(ENABLE)
        assert got.status == 200
        with pytest.raises(json.JSONDecodeError):
            _ = got.json
        assert enabled(emulator)


@pytest.mark.parametrize(
    ("fault", "shape"),
    [
        ("wrong-shape", list),
        ("wrong-shape=list", list),
        ("wrong-shape=text", str),
        ("wrong-shape=null", type(None)),
        ("wrong-shape=number", int),
        ("wrong-shape=types", dict),
    ],
)
def test_json_can_have_another_shape(fault: str, shape: type) -> None:
    with running(SEED, faults=[f"{fault},path=*"]) as emulator, HttpClient(emulator.url) as client:
        got = client.ask_token(CLIENT_ID, CLIENT_SECRET)
        assert got.status == 200
        assert type(got.json) is shape


def test_an_oversized_body_is_valid_json() -> None:
    with running(SEED, faults=["oversized=3,when=before"]) as emulator, signed_in(emulator) as client:
        got = client.patch(ENABLE)
        assert len(got.body) > 3 << 20
        assert isinstance(got.json, dict)
        assert not enabled(emulator)


# -- answers about a change -----------------------------------------------------------------------


def test_an_error_message_comes_with_200_and_without_the_change() -> None:
    with running(SEED, faults=["error-message,times=1"]) as emulator, signed_in(emulator) as client:
        emulator.faults.add(Fault(kind=Kind.ERROR_MESSAGE, text="no, not this one"))
        first, second = client.patch(ENABLE), client.patch(ENABLE)
        assert (first.status, first.json) == (200, {"error_message": "the change was refused"})
        assert second.json == {"error_message": "no, not this one"}
        assert not enabled(emulator)


def test_a_wrong_enabled_is_the_opposite_of_what_was_asked_for() -> None:
    with running(SEED, faults=["wrong-enabled"]) as emulator, signed_in(emulator) as client:
        assert client.patch(ENABLE).json == {}
        assert client.patch(f"{READ}:disable").json == {"enabled": True}
        assert not enabled(emulator)


def test_a_change_that_does_not_stick_looks_like_a_success() -> None:
    with running(SEED, faults=["not-sticking"]) as emulator, signed_in(emulator) as client:
        assert client.patch(ENABLE).json == {"enabled": True}
        assert not enabled(emulator)


@pytest.mark.parametrize("reads", [1, 3])
def test_a_reverting_change_shows_in_some_reads_and_then_is_gone(reads: int) -> None:
    with running(SEED, faults=[f"reverting={reads},times=1"]) as emulator, signed_in(emulator) as client:
        assert client.patch(ENABLE).json == {"enabled": True}
        client.get("/api/v1/organizations")
        for _ in range(reads):
            assert client.get(READ).json["connection"]["enabled"] is True
        assert "enabled" not in client.get(READ).json["connection"]
        assert client.patch(ENABLE).json == {"enabled": True}
        for _ in range(5):
            assert client.get(READ).json["connection"]["enabled"] is True


def test_a_change_can_revert_before_anyone_reads_it() -> None:
    with running(SEED, faults=["reverting=0"]) as emulator, signed_in(emulator) as client:
        assert client.patch(ENABLE).json == {"enabled": True}
        assert not enabled(emulator)


def test_what_changed_nothing_does_not_revert() -> None:
    with running(SEED, faults=["reverting"]) as emulator, signed_in(emulator) as client:
        client.patch(f"{READ}:disable")
        emulator.store.set_enabled("conn_1", True)
        client.get(LIST)
        assert enabled(emulator)


def test_a_reverting_change_of_a_deleted_connection_breaks_nothing() -> None:
    with running(SEED, faults=["reverting"]) as emulator, signed_in(emulator) as client:
        client.patch(ENABLE)
        emulator.store.delete_connection("conn_1")
        assert client.get(LIST).status == 200


@pytest.mark.parametrize("kind", ["error-message", "wrong-enabled", "not-sticking", "reverting"])
def test_faults_about_a_change_leave_reads_and_errors_alone(kind: str) -> None:
    with running(SEED, faults=[kind]) as emulator, signed_in(emulator) as client:
        assert client.get(READ).status == 200
        assert client.patch(f"{READ}x:enable").status == 404
        client.token = "wrong"
        assert client.patch(ENABLE).status == 401
        assert [item.fault for item in emulator.requests] == [None, None, kind, kind]


def test_every_token_so_far_expires_once() -> None:
    with running(SEED, faults=["expire-token,times=1"]) as emulator, signed_in(emulator) as client:
        assert client.get(LIST).status == 401
        assert client.get(LIST).status == 401
        client.sign_in(CLIENT_ID, CLIENT_SECRET)
        assert client.get(LIST).status == 200


# -- connections that fail ------------------------------------------------------------------------


@pytest.mark.parametrize(("when", "took_effect"), [("before", False), ("after", True)])
def test_a_reset_comes_before_or_after_the_change(when: str, took_effect: bool) -> None:
    with running(SEED, faults=[f"reset,when={when}"]) as emulator, signed_in(emulator) as client:
        with pytest.raises(ConnectionResetError):
            client.patch(ENABLE)
        assert enabled(emulator) is took_effect
        assert emulator.requests[-1].status is None


@pytest.mark.parametrize(("when", "took_effect"), [("before", False), ("after", True)])
def test_a_hanging_request_never_gets_an_answer(when: str, took_effect: bool) -> None:
    with (
        running(SEED, faults=[f"hang,when={when},method=PATCH"]) as emulator,
        signed_in(emulator) as client,
        socket.create_connection(("127.0.0.1", urlsplit(emulator.url).port or 0), timeout=0.2) as raw,
    ):
        raw.sendall(f"PATCH {ENABLE} HTTP/1.1\r\nAuthorization: Bearer {client.token}\r\n\r\n".encode())
        with pytest.raises(TimeoutError):
            raw.recv(1)
        assert enabled(emulator) is took_effect
        assert client.get(LIST).status == 200


def test_a_hanging_request_ends_with_its_client() -> None:
    with running(SEED, faults=["hang"]) as emulator:
        before = threading.active_count()
        with socket.create_connection(("127.0.0.1", urlsplit(emulator.url).port or 0)) as raw:
            raw.sendall(b"GET /api/v1/connections HTTP/1.1\r\n\r\nmore")
            assert waits(lambda: len(emulator.requests) == 1)
            assert threading.active_count() == before + 1
        assert waits(lambda: threading.active_count() == before)


def test_a_cut_body_is_shorter_than_its_length() -> None:
    faults = ["cut,times=1", "cut=5,times=1", "cut=0,times=1"]
    with running(SEED, faults=faults) as emulator:
        token = token_of(emulator)
        for expected in (None, 5, 0):
            with (
                HttpClient(emulator.url, token) as client,
                pytest.raises(http.client.IncompleteRead) as caught,
            ):
                client.get(LIST)
            assert caught.value.expected
            if expected is not None:
                assert len(caught.value.partial) == expected


def test_a_dripping_body_comes_whole_in_the_end() -> None:
    with running(SEED, faults=["drip=0.0001"]) as emulator, signed_in(emulator) as client:
        assert len(client.get(LIST).json["connections"]) == 2


def test_a_delay_holds_a_request_back_but_loses_nothing() -> None:
    with running(SEED, faults=["delay=0.05"]) as emulator, signed_in(emulator) as client:
        assert client.patch(ENABLE).json == {"enabled": True}
        record = emulator.requests[-1]
        assert record.answered - record.arrived >= 0.05


@pytest.mark.parametrize("fault", ["hang", "drip=30", "delay=30"])
def test_whatever_waits_ends_when_the_emulator_stops(fault: str) -> None:
    failed: list[BaseException] = []
    with running(SEED) as emulator:
        client = signed_in(emulator)
        active = emulator.faults.add(fault)

        def ask() -> None:
            try:
                client.get(LIST)
            except (OSError, http.client.HTTPException) as error:
                failed.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        assert waits(lambda: active.fired == 1)
    thread.join(10)
    assert not thread.is_alive()
    client.close()


def test_refused_connections_are_closed_before_anything_is_read() -> None:
    with running(SEED) as emulator, signed_in(emulator) as client:
        fault = emulator.faults.add("refuse,times=2,skip=1")
        seen: list[str] = []
        for _ in range(4):
            with HttpClient(emulator.url, client.token) as fresh:
                try:
                    seen.append(str(fresh.get(LIST).status))
                except (ConnectionError, http.client.RemoteDisconnected):
                    seen.append("refused")
        assert seen == ["200", "refused", "refused", "200"]
        assert (fault.matched, fault.fired) == (4, 2)
        assert len(emulator.requests) == 3


def test_a_kept_connection_ends_while_new_ones_are_refused() -> None:
    with running(SEED) as emulator, signed_in(emulator) as client:
        emulator.faults.add("refuse")
        assert client.get(LIST).headers["connection"] == "close"
        with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
            client.get(LIST)
        emulator.faults.clear()
        assert "connection" not in client.get(LIST).headers
