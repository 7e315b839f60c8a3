"""The recipe in plain shell, against an emulator."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_support import clean_environment
from emulator_support import connection, organization, running
from inprocess_support import credentials
from recipes_support import GOOGLE, OKTA, OTHER, ROOT, configuration

from scalekit_apply.emulator import Emulator

SHELL = ROOT / "examples" / "shell"


@pytest.fixture(name="emulator")
def _emulator() -> Iterator[Emulator]:
    with running(
        organization("org_1", connection(OKTA), connection(GOOGLE, enabled=True)),
        organization("org_2", connection(OTHER, enabled=True)),
    ) as emulator:
        yield emulator


def script(name: str, emulator: Emulator, folder: Path, **variables: str) -> int:
    environ = clean_environment({**credentials(emulator), **variables})
    environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environ['PATH']}"
    done = subprocess.run(
        ["sh", str(SHELL / name)], cwd=folder, env=environ, check=False, capture_output=True
    )
    assert b"canary" not in done.stdout + done.stderr
    return done.returncode


def test_a_plan_is_kept_and_applied_as_it_is(emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "scalekit.yaml").write_text(configuration(okta=True), encoding="utf-8")
    assert script("plan.sh", emulator, tmp_path) == 2
    assert OKTA in (tmp_path / "scalekit-plan" / "comment.md").read_text("utf-8")
    emulator.store.set_enabled(OTHER, enabled=False)
    assert script("apply.sh", emulator, tmp_path) == 0
    assert emulator.store.states() == {OKTA: True, GOOGLE: True, OTHER: False}
    result = json.loads((tmp_path / "scalekit-plan" / "result.json").read_text("utf-8"))
    assert [item["state"] for item in result["results"]] == ["applied"]


def test_nothing_to_change_exits_0(emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "scalekit.yaml").write_text(configuration(), encoding="utf-8")
    assert script("plan.sh", emulator, tmp_path) == 0


def test_a_connection_that_moved_makes_the_plan_stale(emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "scalekit.yaml").write_text(configuration(okta=True), encoding="utf-8")
    assert script("plan.sh", emulator, tmp_path) == 2
    emulator.store.set_status(OKTA, "DRAFT")
    assert script("apply.sh", emulator, tmp_path) == 6
    assert emulator.store.states()[OKTA] is False


def test_a_plan_that_failed_leaves_none_of_the_run_before(emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "scalekit.yaml").write_text(configuration(okta=True), encoding="utf-8")
    assert script("plan.sh", emulator, tmp_path) == 2
    assert script("plan.sh", emulator, tmp_path, SCALEKIT_CLIENT_SECRET="wrong") == 4
    assert not (tmp_path / "scalekit-plan" / "plan.json").exists()
    assert script("apply.sh", emulator, tmp_path) == 3
    assert emulator.store.states()[OKTA] is False
