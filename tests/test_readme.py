"""Every command block of README is run, in order, and every other block is compared with what it shows."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from command_support import clean_environment, run

from scalekit_apply import config
from scalekit_apply.exits import ExitCode
from scalekit_apply.model import CHECK_RULES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
_FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# What runs elsewhere: a block of the left is what the test on the right runs.
ELSEWHERE = {
    "make demo\nmake test\n": ".ci/run, and tests/test_examples.py for the demo",
    "pip install .\n": "tests/test_wheel.py",
    "make lint\nmake bench\n": ".ci/run; the benchmark takes minutes",
}


@dataclass(frozen=True)
class Block:
    language: str
    info: str
    text: str


BLOCKS = [Block(*match.groups()) for match in _FENCE.finditer(README)]


def test_every_block_is_of_a_kind_that_is_tested() -> None:
    assert {block.language for block in BLOCKS} == {"sh", "text", "yaml"}
    left_out = [block.info for block in BLOCKS if block.language == "sh" and block.info]
    assert left_out == [" no-run: these are a reader's own"]
    for text in ELSEWHERE:
        assert text in {block.text for block in BLOCKS}


def test_the_commands_of_the_page_run_in_the_order_of_the_page(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    shutil.copytree(ROOT / "examples", folder / "examples")
    shutil.copytree(ROOT / "schemas", folder / "schemas")
    blocks = [
        block.text
        for block in BLOCKS
        if block.language == "sh" and not block.info and block.text not in ELSEWHERE
    ]
    scripts = Path(sys.executable).parent
    environ = clean_environment()
    environ["PATH"] = f"{scripts}{os.pathsep}{environ['PATH']}"
    # Each command is shown before it runs, and the first that fails ends the page.
    script = "set -eux\n" + "".join(blocks)
    done = subprocess.run(
        [str(scripts / "scalekit-apply"), "emulator", "--seed", "examples/quickstart/seed.json", "--"]
        + ["bash", "-c", script],
        cwd=folder,
        env=environ,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No changes. Live state matches the configuration." in done.stdout
    assert "Apply complete: 0 enabled, 2 disabled." in done.stdout


def test_the_picture_of_a_plan_is_what_the_demo_prints() -> None:
    picture = next(block.text for block in BLOCKS if block.language == "text")
    scripts = Path(sys.executable).parent
    shown = subprocess.run(
        [str(scripts / "scalekit-apply"), "emulator", "--seed", "seed.json"]
        + ["--", sys.executable, "-m", "scalekit_apply", "plan"],
        cwd=ROOT / "examples" / "quickstart",
        env=clean_environment(),
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert shown.startswith(picture)


def test_the_configuration_of_the_page_is_valid() -> None:
    text = next(block.text for block in BLOCKS if block.language == "yaml" and not block.info)
    loaded = config.load_sources({"README.yaml": text.encode("utf-8")})
    assert not loaded.diagnostics


def test_every_key_of_the_configuration_stands_in_the_reference() -> None:
    schema = json.loads((ROOT / "schemas" / "config.schema.json").read_text(encoding="utf-8"))
    reference = README[README.index("## Configuration") : README.index("## Commands")]

    def keys(node: object, inside: str = "") -> set[str]:
        found: set[str] = set()
        if isinstance(node, dict):
            if inside == "properties":
                found.update(node)
            for key, value in node.items():
                if key not in {"checks", "topChecks", "organizationChecks", "connectionChecks"}:
                    found |= keys(value, key)
        if isinstance(node, list):
            for value in node:
                found |= keys(value)
        return found

    for key in keys(schema) - {check.value for check in CHECK_RULES}:
        assert re.search(rf"[`.]{key}(\[\]\.|`)", reference), key


def test_the_table_of_exit_codes_is_the_one_of_the_program() -> None:
    for code in ExitCode:
        assert f"| {code.value} | {code.meaning} |" in README


def test_the_table_of_checks_is_the_one_of_the_program() -> None:
    for check, rule in CHECK_RULES.items():
        fixed = ", fixed" if rule.fixed else ""
        row = next(line for line in README.splitlines() if line.startswith(f"| `{check}` |"))
        assert row.replace("`expect`", "expect").startswith(f"| `{check}` | {rule.says}")
        assert row.endswith(f"| {rule.default}{fixed} |")


def test_the_table_of_commands_names_every_command() -> None:
    shown = run(["--help"]).out
    commands = re.findall(r"^  (\w+)  +[A-Z]", shown[shown.index("Commands:") :], re.MULTILINE)
    table = README[README.index("## Commands") : README.index("## Exit codes")]
    assert re.findall(r"^\| `(\w+)", table, re.MULTILINE) == commands


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\((?!https?:|#)([^)]+)\)", README))))
def test_every_link_to_a_file_leads_somewhere(target: str) -> None:
    assert (ROOT / target).exists()


@pytest.mark.parametrize("anchor", sorted(set(re.findall(r"\]\(#([^)]+)\)", README))))
def test_every_link_within_the_page_leads_to_a_heading(anchor: str) -> None:
    headings = re.findall(r"^#+ (.+)$", README, re.MULTILINE)
    assert anchor in {heading.lower().replace(" ", "-") for heading in headings}
