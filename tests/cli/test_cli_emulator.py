from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from command_support import clean_environment, command_line, run
from inprocess_support import invoke

CHILD = [sys.executable, "-c"]


def test_the_command_gets_an_environment_and_decides_the_exit_code() -> None:
    script = (
        "import os, sys; sys.stdout.write(os.environ['SCALEKIT_ENVIRONMENT_URL']);"
        "assert os.environ['SCALEKIT_CLIENT_ID'] and os.environ['SCALEKIT_CLIENT_SECRET']; sys.exit(42)"
    )
    done = run(["emulator", "--", *CHILD, script])
    assert (done.code, done.err) == (42, "")
    assert done.out.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("code", [0, 7, 42])
def test_the_code_of_the_command_need_not_be_one_of_ours(code: int) -> None:
    assert invoke(["emulator", "--", *CHILD, f"raise SystemExit({code})"]).code == code


def test_the_options_after_the_command_belong_to_it() -> None:
    done = run(["emulator", *CHILD, "import sys; sys.stdout.write(' '.join(sys.argv[1:]))", "--port", "x"])
    assert (done.code, done.out) == (0, "--port x")


def test_every_command_finds_the_sample(tmp_path: Path) -> None:
    done = run(["emulator", "--", *command_line(["list", "--all", "--format", "json"])], cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert len(json.loads(done.out)["connections"]) > 1


def test_seed_database_and_faults_reach_the_emulator(tmp_path: Path) -> None:
    seed = {
        "organizations": [
            {"id": "org_a", "connections": [{"id": "conn_1"}]},
        ]
    }
    (tmp_path / "seed.json").write_text(json.dumps(seed))
    args = ["emulator", "--seed", "seed.json", "--db", "db.sqlite", "--latency", "1", "-v"]
    listing = command_line(["list", "--organization", "org_a"])
    done = run([*args, "--fault", "status=501,path=/api/v1/connections", "--", *listing], cwd=tmp_path)
    assert done.code == 8
    done = run([*args, "--", *listing], cwd=tmp_path)
    assert done.code == 0
    assert "conn_1" in done.out
    assert "seed.json is not used" in done.err
    assert "/api/v1/connections" in done.err


def test_without_a_command_it_serves_until_it_is_interrupted() -> None:
    with subprocess.Popen(
        command_line(["emulator"]),
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert [line.partition("=")[0] for line in lines] == [
        "export SCALEKIT_ENVIRONMENT_URL",
        "export SCALEKIT_CLIENT_ID",
        "export SCALEKIT_CLIENT_SECRET",
    ]
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--port", "70000"], "--port"),
        (["--fault", "earthquake"], "earthquake"),
        (["--seed", "nowhere.json"], "nowhere.json"),
        (["--", "/nonexistent/command"], "cannot be started"),
    ],
)
def test_what_cannot_be_used_exits_3(args: list[str], said: str, tmp_path: Path) -> None:
    done = invoke(["emulator", *args])
    assert (done.code, done.out) == (3, "")
    assert said in done.err


CONFIGURATION = """\
version: 1
organizations:
  - id: org_a
    connections: [{id: conn_1, enabled: false}]
  - id: org_b
    connections: [{id: conn_2, enabled: false}]
"""


@pytest.mark.parametrize(
    ("dialect", "lists"),
    [([], 1), (["--wide-list", "environment"], 3), (["--single-read", "bare", "--token-ttl", "60"], 1)],
)
def test_both_readings_of_the_environment_list_lead_to_the_same_plan(
    tmp_path: Path, dialect: list[str], lists: int
) -> None:
    seed = {
        "organizations": [
            {"id": "org_a", "connections": [{"id": "conn_1", "enabled": True}]},
            {"id": "org_b", "connections": [{"id": "conn_2", "enabled": True}]},
        ]
    }
    (tmp_path / "seed.json").write_text(json.dumps(seed), encoding="utf-8")
    (tmp_path / "scalekit.yaml").write_text(CONFIGURATION, encoding="utf-8")
    plan = command_line(["plan", "-v"])
    done = run(["emulator", "--seed", "seed.json", *dialect, "--", *plan], cwd=tmp_path)
    assert done.code == 0, done.err
    assert "Plan: 0 to enable, 2 to disable, 0 unchanged." in done.out
    assert done.err.count("GET /api/v1/connections?") == lists


@pytest.mark.parametrize("answer", ["empty", "not-found"])
def test_an_organization_that_does_not_exist_is_told_either_way(tmp_path: Path, answer: str) -> None:
    (tmp_path / "seed.json").write_text("{}", encoding="utf-8")
    (tmp_path / "scalekit.yaml").write_text(CONFIGURATION, encoding="utf-8")
    options = ["--seed", "seed.json", "--unknown-organization", answer]
    done = run(["emulator", *options, "--", *command_line(["plan"])], cwd=tmp_path)
    assert done.code == 5
    assert done.out.count("connection-not-found") == 2
