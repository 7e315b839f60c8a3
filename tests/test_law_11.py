"""Law 11: all problems of a run are shown at once, each with its place where it has one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from inprocess_support import invoke

CONFIGURATION = """\
version: 1
limits: {max_disables: 010, max_disable_percent: 130}
organizations:
  - id: org_1
    nmae: Megasoft
    connections:
      - {id: conn_1, enabled: yes}
"""
OTHER = """\
version: 1
limits: {max_disables: 5}
organizations:
  - id: org_1
    connections:
      - {id: conn_1, enabled: true}
      - {id: con_2}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scalekit.yaml").write_text(CONFIGURATION, encoding="utf-8")
    (tmp_path / "b.scalekit.yaml").write_text(OTHER, encoding="utf-8")
    return tmp_path


def problems(*arguments: str) -> list[tuple[str, int | None]]:
    done = invoke([*arguments, "--format", "json"])
    assert done.code == 3
    found = json.loads(done.out)["diagnostics"]
    return [(item["check"], (item["location"] or {}).get("line")) for item in found]


def test_law_11_every_problem_of_every_file_is_shown_at_once(folder: Path) -> None:
    assert sorted(problems("validate"), key=str) == [
        ("ambiguous-number", 2),
        ("conflicting-setting", 2),
        ("duplicate-connection", 7),
        ("invalid-value", 2),
        ("invalid-value", 7),
        ("missing-key", 7),
        ("unknown-key", 5),
        ("wrong-type", 7),
    ]


def test_law_11_options_that_cannot_be_used_are_shown_beside_the_configuration(folder: Path) -> None:
    configuration = problems("validate")
    arguments = ["plan", "--output", "json=missing/a", "--out", "missing/b", "--base", "nowhere"]
    found = problems(*arguments, "--allow", "protected-connection", "--allow", "expectation-failed")
    beside = ["output", "output", "usage", "usage", "usage"]
    assert sorted(found, key=str) == sorted([*configuration, *((name, None) for name in beside)], key=str)


def test_law_11_every_target_that_is_not_there_is_named(folder: Path) -> None:
    (folder / "scalekit.yaml").write_text("version: 1\n", encoding="utf-8")
    (folder / "b.scalekit.yaml").write_text(OTHER.replace("      - {id: con_2}\n", ""), encoding="utf-8")
    done = invoke(["plan", "--target", "org_x", "--target", "conn_1", "--target", "conn_y"])
    assert done.code == 3
    assert "--target conn_y, org_x: not in the configuration." in done.err


def test_law_11_apply_without_a_terminal_is_told_with_everything_else(folder: Path) -> None:
    assert ("usage", None) in problems("apply")
    assert len(problems("apply")) == len(problems("validate")) + 1
