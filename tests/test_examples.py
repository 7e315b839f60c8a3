"""Every folder of examples is run, as its reader would run it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command_support import clean_environment, run

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
NO_CHANGES = "No changes. Live state matches the configuration."


def emulated(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder inside an emulator with the folder's seed."""
    scripts = Path(sys.executable).parent
    environ = clean_environment()
    environ["PATH"] = f"{scripts}{os.pathsep}{environ['PATH']}"
    return subprocess.run(
        [str(scripts / "scalekit-apply"), "emulator", "--seed", "seed.json", "--", *command],
        cwd=folder,
        env=environ,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


STORY = """\
scalekit-apply plan --format json > 1.out
scalekit-apply apply --auto-approve --format json > 2.out
scalekit-apply plan --format json --detailed-exitcode > 3.out
"""


@pytest.mark.parametrize(
    ("example", "planned"),
    [
        ("quickstart", {"enable": 2, "disable": 1, "unchanged": 3}),
        ("many-files", {"enable": 1, "disable": 3, "unchanged": 1}),
    ],
)
def test_an_example_plans_applies_and_plans_nothing_more(
    example: str, planned: dict[str, int], tmp_path: Path
) -> None:
    folder = tmp_path / example
    shutil.copytree(EXAMPLES / example, folder)
    done = emulated(folder, "sh", "-e", "-c", STORY)
    assert done.returncode == 0, done.stdout + done.stderr
    plan, result, again = (json.loads((folder / f"{step}.out").read_text("utf-8")) for step in (1, 2, 3))
    assert plan["summary"] == planned
    assert result["complete"] is True
    assert again["resource_changes"] == []


def test_the_demo_shows_a_plan_an_apply_and_an_empty_plan() -> None:
    done = emulated(EXAMPLES / "quickstart", "sh", "demo.sh")
    assert done.returncode == 0, done.stderr
    assert len(done.stderr.splitlines()) == 1, "only the emulator says where it serves"
    steps = done.stdout.split("\n$ ")[1:]
    assert [step.splitlines()[0] for step in steps] == [
        "scalekit-apply plan",
        "scalekit-apply apply --auto-approve",
        "scalekit-apply plan",
    ]
    assert "org_59615193906282635  Megasoft" in steps[0]
    assert "Plan: 2 to enable, 1 to disable, 3 unchanged." in steps[0]
    assert "Apply complete: 2 enabled, 1 disabled." in steps[1]
    assert NO_CHANGES in steps[2]


@pytest.mark.parametrize("example", ["quickstart", "many-files"])
def test_an_example_validates_without_a_word_of_warning(example: str) -> None:
    done = run(["validate", "-c", str(EXAMPLES / example), "--format", "json"])
    assert done.code == 0
    assert json.loads(done.out)["diagnostics"] == []


def test_every_file_of_the_examples_names_the_schema_that_lies_beside_it() -> None:
    for file in EXAMPLES.rglob("*scalekit.yaml"):
        first = file.read_text(encoding="utf-8").splitlines()[0]
        path = first.removeprefix("# yaml-language-server: $schema=")
        assert path != first, f"{file} does not name its schema"
        assert path.startswith("https://") or (file.parent / path).is_file()
