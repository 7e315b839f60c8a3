"""Which requests a fault hits."""

from __future__ import annotations

import socket
import threading

from emulator_client import Got, HttpClient, signed_in, token_of
from emulator_support import CLIENT_ID, CLIENT_SECRET, connection, organization, running

from scalekit_apply.emulator.delivery import hang

LIST = "/api/v1/connections?include=all"
READ = "/api/v1/organizations/org_1/connections/conn_1"
ENABLE = f"{READ}:enable"
SEED = organization("org_1", connection("conn_1"), connection("conn_2", enabled=True))


def statuses(client: HttpClient, *paths: str) -> list[int]:
    return [client.send("PATCH" if ":" in path else "GET", path).status for path in paths]


def test_a_fault_hits_so_many_requests_after_so_many() -> None:
    with running(SEED, faults=["status=503,skip=1,times=2"]) as emulator, signed_in(emulator) as client:
        assert statuses(client, *[LIST] * 5) == [200, 503, 503, 200, 200]


def test_a_fault_that_hits_zero_times_hits_nothing() -> None:
    with running(SEED, faults=["status=503,times=0"]) as emulator, signed_in(emulator) as client:
        assert client.get(LIST).status == 200


def test_a_fault_hits_by_method_path_and_id() -> None:
    with running(SEED) as emulator, signed_in(emulator) as client:
        paths = (LIST, READ, ENABLE, f"{READ[:-1]}2", "/api/v1/connections?organization_id=org_1")

        def hit(spec: str) -> list[bool]:
            emulator.faults.clear()
            emulator.faults.add(spec)
            return [status == 503 for status in statuses(client, *paths)]

        assert hit("status=503,method=patch") == [False, False, True, False, False]
        assert hit("status=503,path=*/connections/*") == [False, True, True, True, False]
        assert hit("status=503,path=*:enable") == [False, False, True, False, False]
        assert hit("status=503,id=conn_1") == [False, True, True, False, False]
        assert hit("status=503,id=org_1") == [False, True, True, True, True]
        assert hit("status=503,id=conn_1,method=GET") == [False, True, False, False, False]
        assert hit("status=503,path=/oauth/token") == [False] * 5


def test_the_token_endpoint_is_met_only_by_its_path() -> None:
    with running(SEED, faults=["status=503"]) as emulator, HttpClient(emulator.url) as client:
        assert client.ask_token(CLIENT_ID, CLIENT_SECRET).status == 200
        emulator.faults.add("status=500,path=/oauth/token")
        assert client.ask_token(CLIENT_ID, CLIENT_SECRET).status == 500


def test_the_first_fault_that_matches_is_at_work() -> None:
    with (
        running(SEED, faults=["status=500,times=1", "status=503"]) as emulator,
        signed_in(emulator) as client,
    ):
        assert statuses(client, LIST, LIST) == [500, 503]


def test_faults_count_exactly_under_many_threads() -> None:
    with running(SEED, faults=["status=503,skip=20,times=50"]) as emulator:
        token = token_of(emulator)
        got: list[Got] = []

        def ask() -> None:
            with HttpClient(emulator.url, token) as client:
                got.extend(client.get(LIST) for _ in range(25))

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(item.status == 503 for item in got) == 50
        assert sum(item.status == 200 for item in got) == 150


def test_a_hanging_request_is_bounded() -> None:
    near, far = socket.socketpair()
    with near, far:
        hang(near, threading.Event(), longest=0.01)
