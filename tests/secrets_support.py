"""Commands that run into a mirror, and what they leave behind."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from mirror_support import (
    Mirror,
    mirror,
)

from scalekit_apply.model import Address, ConnectionId, OrganizationId
from scalekit_apply.views import Format

CONFIGURATION = """\
version: 1
limits: {max_disables: 10, max_disable_percent: 100}
organizations:
  - id: org_1
    name: Megasoft
    connections:
      - {id: conn_1, enabled: true}
      - {id: conn_2, enabled: false}
      - {id: conn_3, enabled: false, expect: {provider: OKTA}}
"""
# Without the expectation the plan is applyable, and conn_3 is what the service refuses with a message.
APPLYABLE = CONFIGURATION.replace(", expect: {provider: OKTA}", "")
ADDRESS = Address(OrganizationId("org_1"), ConnectionId("conn_1"))
TALK = (("-q",), (), ("-v",), ("-vv", "--color", "always"))


@contextmanager
def planted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """A mirror, and a folder to work in with two configurations for it."""
    with tempfile.TemporaryDirectory() as folder, mirror() as running:
        monkeypatch.chdir(folder)
        Path("scalekit.yaml").write_text(CONFIGURATION, "utf-8")
        Path("applyable.yaml").write_text(APPLYABLE, "utf-8")
        yield running
        monkeypatch.undo()


def files_of_all_formats(*, plan: bool = True) -> list[str]:
    formats = [item for item in Format if item is not Format.SARIF]
    return [
        *(part for item in formats for part in ("--output", f"{item}=result.{item}")),
        *(["--out", "saved.plan"] if plan else []),
    ]


COMMANDS = {
    "plan": ["plan", *files_of_all_formats()],
    "drift": ["drift"],
    "apply": ["apply", "--auto-approve", "-c", "applyable.yaml", *files_of_all_formats()],
    "apply-blocked": ["apply", "--auto-approve", *files_of_all_formats()],
    "list": ["list", "--all"],
    "list-json": ["list", "--format", "json"],
    "inspect": ["inspect", "org_1", "conn_1"],
    "inspect-json": ["inspect", "org_1", "conn_1", "--format", "json"],
    "export": ["export", "--all"],
    "export-files": ["export", "--all", "--out-dir", "exported"],
    "doctor": ["doctor"],
    "doctor-json": ["doctor", "--format", "json"],
}
command = pytest.mark.parametrize("args", COMMANDS.values(), ids=COMMANDS)


def left_behind(folder: Path) -> str:
    given = {"scalekit.yaml", "applyable.yaml"}
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in given]
    return "\n".join(f"{path}\n{path.read_bytes().decode('utf-8', 'replace')}" for path in files)
