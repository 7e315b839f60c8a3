"""The main job over processes: an environment in a file, served by one process, changed by others."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from command_support import Completed, clean_environment, command_line, run
from emulator_support import connection, organization, seed_document

CONFIGURATION = """\
version: 1
organizations:
  - id: org_1
    name: Megasoft
    connections:
      - {id: conn_1, enabled: true}
      - {id: conn_2, enabled: false}
  - id: org_2
    connections:
      - {id: conn_3, enabled: false}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "scalekit.yaml").write_text(CONFIGURATION, encoding="utf-8")
    seed = seed_document(
        organization("org_1", connection("conn_1"), connection("conn_2", enabled=True), name="Megasoft"),
        organization("org_2", connection("conn_3", enabled=True), connection("conn_4", enabled=True)),
    )
    (tmp_path / "seed.json").write_text(json.dumps(seed), encoding="utf-8")
    return tmp_path


@contextmanager
def served(folder: Path, *arguments: str) -> Iterator[dict[str, str]]:
    """Serve the environment in a process of its own; yield what it says to set."""
    process = subprocess.Popen(
        command_line(["emulator", "--db", "environment.db", "--seed", "seed.json", *arguments]),
        cwd=folder,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        said: dict[str, str] = {}
        while len(said) < 3:
            line = process.stdout.readline()
            assert line, process.stderr.read() if process.stderr else ""
            if line.startswith("export "):
                name, _, value = line.removeprefix("export ").strip().partition("=")
                said[name] = value.strip("'\"")
        yield said
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


def command(folder: Path, env: dict[str, str], *arguments: str) -> Completed:
    return run(arguments, env=env, cwd=folder)


def moved(folder: Path, **attributes: object) -> None:
    """Change a connection behind the back of everybody, as a person in the dashboard would."""
    from scalekit_apply.emulator.store import Store  # noqa: PLC0415  # only this test needs it

    store = Store(folder / "environment.db")
    try:
        store.change_connection("conn_1", **attributes)
    finally:
        store.close()


def test_plan_apply_and_plan_again_against_an_environment_in_another_process(folder: Path) -> None:
    with served(folder) as env:
        planned = command(folder, env, "plan", "--detailed-exitcode")
        assert planned.code == 2
        assert "Plan: 1 to enable, 2 to disable, 0 unchanged." in planned.out
        applied = command(folder, env, "apply", "--auto-approve")
        assert applied.code == 0, applied.err
        assert "Apply complete: 1 enabled, 2 disabled." in applied.out
        again = command(folder, env, "plan", "--detailed-exitcode")
        assert again.code == 0
        assert "No changes. Live state matches the configuration." in again.out


def test_a_plan_saved_in_one_process_is_applied_in_another_after_a_restart(folder: Path) -> None:
    with served(folder) as env:
        port = env["SCALEKIT_ENVIRONMENT_URL"].rpartition(":")[2]
        assert command(folder, env, "plan", "--out", "plan.json").code == 0
    with served(folder, "--port", port) as env:
        applied = command(folder, env, "apply", "plan.json")
        assert applied.code == 0, applied.out + applied.err
        assert "Apply complete: 1 enabled, 2 disabled." in applied.out
    with served(folder, "--port", port) as env:
        assert "No changes." in command(folder, env, "plan").out
        again = command(folder, env, "apply", "plan.json")
        assert again.code == 0
        assert "already" in again.out


@pytest.mark.parametrize(
    ("attributes", "planned", "live"),
    [
        ({"status": "DRAFT"}, "planned COMPLETED", "live DRAFT"),
        ({"provider": "GOOGLE"}, "planned OKTA", "live GOOGLE"),
    ],
)
def test_a_plan_made_stale_in_between_names_the_connection_the_planned_and_the_live_value(
    folder: Path, attributes: dict[str, str], planned: str, live: str
) -> None:
    with served(folder) as env:
        assert command(folder, env, "plan", "--out", "plan.json").code == 0
        moved(folder, **attributes)
        refused = command(folder, env, "apply", "plan.json", "--output", "json=result.json")
        assert refused.code == 6
        shown = refused.out + refused.err
        assert "org_1/conn_1" in shown
        assert planned in shown
        assert live in shown
        result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        assert {item["state"] for item in result["results"]} == {"skipped"}
        listed = json.loads(command(folder, env, "plan", "--format", "json").out)
        assert listed["summary"]["disable"] == 2


def test_a_plan_of_one_environment_is_not_applied_to_another(folder: Path) -> None:
    with served(folder) as env:
        assert command(folder, env, "plan", "--out", "plan.json").code == 0
    with served(folder) as env:
        refused = command(folder, env, "apply", "plan.json")
        assert refused.code == 4
        assert "No changes" not in refused.out
