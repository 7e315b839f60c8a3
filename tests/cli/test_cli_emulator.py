from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest
from command_support import clean_environment, command_line, run
from inprocess_support import invoke

from scalekit_apply.cli.group import root
from scalekit_apply.emulator.faultkinds import Kind
from scalekit_apply.emulator.faults import parse_fault
from scalekit_apply.emulator.seed import parse_seed

CHILD = [sys.executable, "-c"]


def test_the_command_gets_an_environment_and_decides_the_exit_code() -> None:
    script = (
        "import os, sys; sys.stdout.write(os.environ['SCALEKIT_ENVIRONMENT_URL']);"
        "assert os.environ['SCALEKIT_CLIENT_ID'] and os.environ['SCALEKIT_CLIENT_SECRET']; sys.exit(42)"
    )
    done = run(["emulator", "-q", "--", *CHILD, script])
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
    assert done.code == 0
    assert done.err.startswith("Serving 'sample' at http://127.0.0.1:")
    assert done.err.endswith("It stops when the command ends.\n")
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


def test_a_fault_that_never_fired_is_told_even_to_those_who_want_quiet() -> None:
    done = run(["emulator", "-q", "--fault", "status=503,path=/nowhere", "--", *CHILD, ""])
    assert (done.code, done.out) == (0, "")
    assert done.err == "Warning: the fault 'status=503,path=/nowhere' never fired.\n"


def help_text() -> str:
    command = root.get_command(click.Context(root), "emulator")
    assert command is not None
    with command.make_context("emulator", [], resilient_parsing=True) as context:
        return command.get_help(context)


def test_the_help_names_every_fault_and_every_key() -> None:
    faults, _, keys = help_text().partition("Faults, written")[2].partition("Keys, all of which")
    for kind in Kind:
        assert re.search(rf"(?<![\w-]){kind}(?![\w-])", faults), kind
    for key in ("method=", "path=", "id=", "skip=", "times=", "when=", "retry-after="):
        assert key in keys


def test_the_faults_and_the_seed_of_the_help_can_be_used() -> None:
    specs = re.findall(
        r"^ +--fault (\S+=\S+|reset\S+)  ", help_text().partition("Keys, all")[2], re.MULTILINE
    )
    assert len(specs) == 3
    for spec in specs:
        parse_fault(spec)
    text = help_text().partition("only the ids are required:")[2].partition("Connections at its top")[0]
    seed = parse_seed(json.loads(text), now=0)
    assert [item.id for item in seed.connections] == ["conn_1", "conn_2"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--port", "70000"], "--port"),
        (["--fault", "earthquake"], "earthquake"),
        (["--fault", "html"], "html needs a value, like html=503"),
        (["--seed", "nowhere.json"], "The seed nowhere.json cannot be read: No such file or directory."),
        (["--seed", "nowhere.json"], "emulator --help shows the keys"),
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
