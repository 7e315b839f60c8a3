"""What a command imports: starting must not cost what the command does not use."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from command_support import clean_environment
from emulator_support import connection, organization, running
from inprocess_support import credentials

LIBRARIES = {"click", "yaml", "jsonschema", "httpx", "deepdiff", "sqlite3"}
CONFIGURATION = """\
version: 1
organizations:
  - id: org_1
    connections:
      - {id: conn_1, enabled: %s}
"""
PROBE = """\
import json, sys
from scalekit_apply.cli import main
sys.argv[0] = "scalekit-apply"
try:
    main()
except SystemExit as end:
    code = end.code
print()
print(json.dumps([code, sorted(name for name in sys.modules if "." not in name)]))
"""


def imported(*arguments: str, cwd: Path, env: dict[str, str] | None = None, code: int = 0) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments],
        cwd=cwd,
        env=clean_environment(env),
        check=True,
        capture_output=True,
        text=True,
    )
    ended, modules = json.loads(done.stdout.splitlines()[-1])
    assert ended == code, done.stdout + done.stderr
    return LIBRARIES.intersection(modules)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "scalekit.yaml").write_text(CONFIGURATION % "true", encoding="utf-8")
    return tmp_path


def test_the_version_is_told_without_any_library(folder: Path) -> None:
    assert imported("--version", cwd=folder) == set()


@pytest.mark.parametrize("arguments", [["--help"], ["schema", "config"], ["init", "sub"]])
def test_what_reads_no_file_and_no_service_needs_click_alone(folder: Path, arguments: list[str]) -> None:
    assert imported(*arguments, cwd=folder) == {"click"}


def test_validating_needs_no_library_for_the_network_or_for_differences(folder: Path) -> None:
    assert imported("validate", cwd=folder) == {"click", "yaml", "jsonschema"}


@pytest.mark.parametrize(("enabled", "more"), [("true", set[str]()), ("false", {"deepdiff"})])
def test_the_library_for_differences_is_imported_only_where_something_differs(
    folder: Path, enabled: str, more: set[str]
) -> None:
    (folder / "scalekit.yaml").write_text(CONFIGURATION % enabled, encoding="utf-8")
    with running(organization("org_1", connection("conn_1", enabled=True))) as emulator:
        found = imported("plan", cwd=folder, env=credentials(emulator))
    assert found == {"click", "yaml", "jsonschema", "httpx"} | more
