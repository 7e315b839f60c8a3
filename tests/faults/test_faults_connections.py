"""Faults below HTTP, and those of tokens and pauses that concern every worker."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from emulator_support import CLIENT_ID, CLIENT_SECRET, connection, organization, running
from live_support import AFTER, BEFORE, World, world

from scalekit_apply.cli.signals import Signals
from scalekit_apply.emulator import Dialect
from scalekit_apply.emulator.messages import Request
from scalekit_apply.interruption import Interruption


@contextmanager
def deaf_port() -> Iterator[int]:
    """A port on which connections are neither taken nor refused: its queue is full."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        address = server.getsockname()
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(address)
        yield int(address[1])


@contextmanager
def many(folder: Path, *, count: int) -> Iterator[World]:
    """Organizations with one connection to enable each, behind a service that takes its time."""
    organizations = [organization(f"org_{n}", connection(f"conn_{n}")) for n in range(count)]
    entries = "\n".join(
        f"  - id: org_{n}\n    connections: [{{id: conn_{n}, enabled: true}}]" for n in range(count)
    )
    (folder / "scalekit.yaml").write_text(f"version: 1\norganizations:\n{entries}\n", "utf-8")
    with running(*organizations, latency=30) as emulator:
        yield World(emulator=emulator, folder=folder)


def closed_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


def at(port: int) -> dict[str, str]:
    return {
        "SCALEKIT_ENVIRONMENT_URL": f"http://127.0.0.1:{port}",
        "SCALEKIT_CLIENT_ID": CLIENT_ID,
        "SCALEKIT_CLIENT_SECRET": CLIENT_SECRET,
    }


@pytest.mark.parametrize("command", ["plan", "apply", "drift"])
def test_a_service_that_is_not_there_is_8_and_nothing_was_sent(command: str, tmp_path: Path) -> None:
    with world(tmp_path) as made:
        ran = made.run(made.args(command, "--max-retries", "2"), environ=at(closed_port()))
        assert ran.code == 8
        assert "Connection refused" in ran.err
        assert "gave up after 3 attempts" in ran.err
        assert made.lines() == []


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_a_connection_that_is_not_taken_in_time_is_8(command: str, tmp_path: Path) -> None:
    with deaf_port() as port, world(tmp_path) as made:
        args = made.args(command, "--max-retries", "1", "--timeout", "0.3")
        ran = made.run(args, environ=at(port))
        assert ran.code == 8
        assert "gave up after 2 attempts" in ran.err
        assert made.lines() == []


def close_listener(made: World) -> None:
    """From here on connections are refused, and those that are open end with their next answer."""
    made.emulator.faults.add("refuse")
    listener = made.emulator._listener.socket  # a refused connection needs a closed port
    # Closing alone would leave the thread that accepts waiting for this descriptor.
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def test_law_5_a_service_that_is_gone_before_the_first_write_is_8_because_nothing_changed(
    tmp_path: Path,
) -> None:
    with world(tmp_path) as made:
        made.at_request(7, lambda: close_listener(made))
        ran = made.run(made.args("apply", "--max-retries", "1"))
        assert ran.code == 8
        assert ran.states == {
            "conn_new": "failed",
            "conn_old": "skipped",
            "conn_will": "failed",
            "conn_was": "skipped",
        }
        assert made.patches() == []
        assert made.live() == BEFORE


def test_law_5_a_service_that_is_gone_after_the_first_write_is_7(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        made.at_request(8, lambda: close_listener(made))
        ran = made.run(made.args("apply", "--max-retries", "1"))
        assert ran.code == 7
        assert ran.states == {
            "conn_new": "unknown",
            "conn_old": "skipped",
            "conn_will": "failed",
            "conn_was": "skipped",
        }
        assert made.patches() == ["enable conn_new"]


def test_a_wrong_secret_is_4_after_one_request(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        ran = made.run(
            made.args("apply"), environ={**made.environ, "SCALEKIT_CLIENT_SECRET": "not-the-secret"}
        )
        assert ran.code == 4
        assert made.lines() == ["token"]
        assert "not-the-secret" not in ran.err + ran.out


@pytest.mark.parametrize("number", range(2, 15))
def test_a_token_that_ends_in_the_middle_is_renewed_exactly_once(number: int, tmp_path: Path) -> None:
    with world(tmp_path) as made:
        made.at_request(number, made.emulator.store.expire_tokens)
        ran = made.run(made.args("apply"))
        assert ran.code == 0
        assert made.lines().count("token") == 2
        assert made.live() == AFTER


def test_eight_workers_with_an_ended_token_renew_it_once(tmp_path: Path) -> None:
    with many(tmp_path, count=16) as made:
        made.emulator.faults.add("expire-token,method=PATCH,times=1")
        ran = made.run([*made.args("apply"), "--concurrency", "8"])
        assert ran.code == 0
        assert made.lines().count("token") == 2
        refused = [item for item in made.emulator.requests if item.status == 401]
        assert 1 <= len(refused) <= 8
        assert {entry["state"] for entry in ran.entries} == {"applied"}


@pytest.mark.parametrize(
    "spec", ["status=401", "status=400", "status=403", "status=503", "invalid-json", "reset"]
)
def test_a_token_that_cannot_be_renewed_in_the_middle_ends_the_run_as_incomplete(
    spec: str, tmp_path: Path
) -> None:
    with world(tmp_path) as made:
        made.emulator.faults.add("expire-token,path=*:enable,id=org_2,times=1")
        made.emulator.faults.add(f"{spec},path=/oauth/token,skip=1")
        ran = made.run(made.args("apply", "--max-retries", "1"))
        assert ran.code == 7
        assert ran.states["conn_will"] in {"failed", "unknown"}
        assert ran.states["conn_was"] == "skipped"
        # It took effect, but nobody can read that back.
        assert {ran.states["conn_new"], ran.states["conn_old"]} == {"unknown"}
        assert made.patches() == ["enable conn_new", "disable conn_old", "enable conn_will"]


@pytest.mark.parametrize("expires_in", [18446744064486179580, 2**70, 0, -5, 10**9])
def test_an_absurd_lifetime_of_a_token_means_until_a_401(expires_in: int, tmp_path: Path) -> None:
    with world(tmp_path, dialect=Dialect(expires_in=expires_in)) as made:
        made.emulator.faults.add("expire-token,path=*:disable,id=org_1,times=1")
        ran = made.run(made.args("apply"))
        assert ran.code == 0
        assert made.lines().count("token") == 2


class Watched(Interruption):
    """Notes which threads wait, and goes on as usual."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: set[str] = set()

    def wait(self, seconds: float) -> bool:
        if seconds:
            self.waiting.add(f"{threading.get_ident()}")
        return super().wait(seconds)


@pytest.mark.parametrize(
    ("pause", "jitter"), [("retry-after=0.7,", 0.0), ("retry-after=date+2,", 0.0), ("", 0.99)]
)
def test_a_429_to_one_worker_makes_all_of_them_wait(pause: str, jitter: float, tmp_path: Path) -> None:
    signals = Signals()
    signals.interruption = watched = Watched()
    with many(tmp_path, count=24) as made:
        made.emulator.faults.add(f"status=429,{pause}method=PATCH,skip=4,times=1")
        ran = made.run([*made.args("apply"), "--concurrency", "4"], jitter=jitter, signals=signals)
        assert ran.code == 0
        assert len(watched.waiting) == 4
        assert sum(1 for item in made.emulator.requests if item.status == 429) == 1


def test_nothing_new_is_sent_by_anybody_once_the_service_asked_for_a_day(tmp_path: Path) -> None:
    with many(tmp_path, count=24) as made:
        made.emulator.faults.add("status=429,retry-after=86400,method=PATCH,skip=4,times=1")
        ran = made.run([*made.args("apply"), "--concurrency", "4"])
        assert ran.code == 7
        # The requests that were under way, and those that were sent before the answer had been read.
        assert len(made.patches()) <= 5 + 2 * 3
        assert sum(1 for entry in ran.entries if entry["state"] == "skipped") >= 24 - 11


def test_a_pause_longer_than_the_budget_is_told_and_not_waited_for(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        made.emulator.faults.add("status=429,retry-after=121,path=/api/v1/connections")
        ran = made.run(made.args("plan"))
        assert ran.code == 8
        assert "asks to wait 121 s" in ran.err
        assert made.lines() == ["token", "list all"]


def test_501_is_never_asked_again(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        made.emulator.faults.add("status=501,path=*:enable")
        ran = made.run(made.args("apply", "--max-retries", "9"))
        assert ran.code == 7
        assert made.patches() == ["enable conn_new", "enable conn_will"]
        assert made.live() == BEFORE


def test_a_list_that_the_service_does_not_offer_is_replaced_by_those_of_the_organizations(
    tmp_path: Path,
) -> None:
    with world(tmp_path) as made:
        made.emulator.faults.add("status=501,path=/api/v1/connections,times=1")
        ran = made.run(made.args("plan"))
        assert ran.code == 0
        assert made.lines()[:4] == ["token", "list all", "list org_1", "list org_2"]


def test_law_7_the_order_holds_inside_every_organization_whatever_fails(tmp_path: Path) -> None:
    """Many organizations, many workers, faults at random places of the traffic."""
    count = 12
    organizations = [
        organization(f"org_{n}", connection(f"conn_a{n}", enabled=True), connection(f"conn_b{n}"))
        for n in range(count)
    ]
    entries = "\n".join(
        f"  - id: org_{n}\n    connections:\n"
        f"      - {{id: conn_a{n}, enabled: false}}\n      - {{id: conn_b{n}, enabled: true}}"
        for n in range(count)
    )
    (tmp_path / "scalekit.yaml").write_text(
        "version: 1\nlimits: {max_disables: 100, max_disable_percent: 100}\n"
        f"checks: {{organization-lockout: off}}\norganizations:\n{entries}\n",
        "utf-8",
    )
    with running(*organizations) as emulator:
        made = World(emulator=emulator, folder=tmp_path)
        early: list[str] = []
        hit = emulator.faults.hit

        def watched(request: Request) -> object:
            if request.verb == "disable":
                heir = emulator.store.connection(request.segments[-1].replace("_a", "_b"))
                if heir is None or not heir.enabled:
                    early.append(request.path)
            return hit(request)

        setattr(emulator.faults, "hit", watched)  # noqa: B010  # an assignment to a method, seen by nobody
        for spec in (
            "reset,path=*:enable,skip=2,times=2",
            "status=409,path=*:enable,skip=3,times=1",
            "not-sticking,path=*:enable,skip=4,times=2",
            "status=503,when=after,path=*:enable,skip=5,times=1",
            "invalid-json,path=/api/v1/connections,skip=5,times=2",
            "error-message,path=*:disable,skip=2,times=1",
        ):
            emulator.faults.add(spec)
        ran = made.run([*made.args("apply", "--max-retries", "1"), "--concurrency", "6"])
        assert ran.code == 7
        assert early == []
        states = {entry["connection_id"]: entry["state"] for entry in ran.entries}
        assert len(states) == 2 * count
        emulator.faults.clear()
        again = made.run([*made.args("apply"), "--concurrency", "6"])
        assert again.code == 0
        assert early == []
        assert all(item.enabled is item.id.startswith("conn_b") for item in emulator.store.connections())
