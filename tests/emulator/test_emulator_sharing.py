"""An environment in a file: over restarts, and in several processes."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

from emulator_client import HttpClient, signed_in, token_of
from emulator_support import (
    CLIENT_ID,
    CLIENT_SECRET,
    connection,
    organization,
    running,
    seed_document,
)

from scalekit_apply.emulator import Emulator, EmulatorOptions

LIST = "/api/v1/connections?include=all"
SEED = organization("org_1", connection("conn_1"), connection("conn_2", type="OIDC", enabled=True))


def test_a_file_keeps_state_credentials_and_tokens_over_a_restart(tmp_path: Path) -> None:
    options = EmulatorOptions(db=tmp_path / "environment.db")
    with Emulator(options) as emulator:
        emulator.add_organization(organization("org_1", connection("conn_1")))
        with signed_in(emulator) as client:
            client.patch("/api/v1/organizations/org_1/connections/conn_1:enable")
            token = client.token
        before = (emulator.client_id, emulator.client_secret)
    with Emulator(options) as emulator, HttpClient(emulator.url, token) as client:
        assert not emulator.seeded
        assert (emulator.client_id, emulator.client_secret) == before
        assert client.get(LIST).json["connections"][0]["enabled"] is True
        emulator.faults.add("expire-token,times=1")
        client.get(LIST)
    with Emulator(options) as emulator, HttpClient(emulator.url, token) as client:
        assert client.get(LIST).status == 401


def test_a_seed_does_not_overwrite_what_is_there(tmp_path: Path) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps(seed_document(SEED)))
    options = EmulatorOptions(db=tmp_path / "environment.db", seed=seed)
    with Emulator(options) as emulator:
        assert emulator.seeded
        emulator.store.toggle("conn_1")
    with Emulator(options) as emulator:
        assert not emulator.seeded
        assert emulator.store.states() == {"conn_1": True, "conn_2": True}
        assert (emulator.client_id, emulator.client_secret) == (CLIENT_ID, CLIENT_SECRET)


_OTHER_PROCESS = """
import sys
from pathlib import Path
from scalekit_apply.emulator import Emulator, EmulatorOptions

with Emulator(EmulatorOptions(db=Path(sys.argv[1]))) as emulator:
    print(emulator.url, flush=True)
    sys.stdin.readline()
"""


def test_two_processes_serve_one_environment(tmp_path: Path) -> None:
    path = tmp_path / "environment.db"
    seeds = [organization("org_1", *[connection(f"conn_{number}") for number in range(40)])]
    with running(*seeds, db=path) as emulator:
        other = subprocess.Popen(
            [sys.executable, "-c", _OTHER_PROCESS, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert other.stdout is not None
        urls = (emulator.url, other.stdout.readline().strip())
        token = token_of(emulator)

        def enable(url: str, numbers: range) -> None:
            with HttpClient(url, token) as client:
                for number in numbers:
                    path = f"/api/v1/organizations/org_1/connections/conn_{number}:enable"
                    assert client.patch(path).json == {"enabled": True}

        threads = [
            threading.Thread(target=enable, args=(urls[number % 2], range(number, 40, 4)))
            for number in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        lists = []
        for url in urls:
            with HttpClient(url, token) as client:
                lists.append(client.get("/api/v1/connections").json["connections"])
        assert len(lists[0]) == 40
        assert lists[0] == lists[1]
        other.communicate("\n", timeout=30)
        assert other.returncode == 0
