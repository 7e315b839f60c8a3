"""The recipes as files: one source, pinned, nothing forgotten, no value inside of a script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command_support import run
from recipes_support import ROOT
from workflow_runner import load

from scalekit_apply import __version__, scaffolding

TEMPLATES = ROOT / "scalekit_apply" / "templates"
ACTIONS = sorted((ROOT / ".github" / "actions").glob("*/action.yml"))
WORKFLOWS = sorted(
    [
        *ROOT.glob(".github/workflows/*.yml"),
        *ROOT.glob("examples/*/.github/workflows/*.yml"),
        *TEMPLATES.glob("github/workflows/*.yml"),
    ]
)
SHIPPED = [
    *WORKFLOWS,
    *sorted(TEMPLATES.rglob("*.yml")),
    *sorted(ROOT.glob("examples/gitlab/.gitlab-ci.yml")),
]
PIN = re.compile(r"uses: (?P<action>[\w/-]+)@(?P<hash>[0-9a-f]{40}) # (?P<version>v\d+\.\d+\.\d+)")


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def steps(path: Path) -> Iterator[dict[str, Any]]:
    document = load(path)
    if "runs" in document:
        yield from document["runs"]["steps"]
    else:
        for job in document["jobs"].values():
            yield from job["steps"]


def written(folder: Path, service: str) -> dict[str, bytes]:
    """Return what ``init --ci`` writes beside the configuration."""
    done = run(["init", str(folder), "--ci", service])
    assert done.code == 0, done.err
    found = tree(folder)
    assert set(done.out.splitlines()) == {str(folder / name) for name in found}
    del found["scalekit.yaml"]
    return found


def test_the_actions_of_this_repository_are_the_ones_that_init_writes(tmp_path: Path) -> None:
    ours = tree(ROOT / ".github" / "actions")
    found = {name: data for name, data in written(tmp_path, "github").items() if "/actions/" in name}
    assert found == {f".github/actions/scalekit-apply/{name}": data for name, data in ours.items()}


def test_the_workflows_of_the_example_are_the_ones_that_init_writes(tmp_path: Path) -> None:
    found = {name: data for name, data in written(tmp_path, "github").items() if "/workflows/" in name}
    assert found == {
        name: data for name, data in tree(ROOT / "examples" / "github").items() if name.endswith(".yml")
    }


def test_the_pipeline_of_the_example_is_the_one_that_init_writes(tmp_path: Path) -> None:
    assert written(tmp_path, "gitlab") == {
        ".gitlab-ci.yml": (ROOT / "examples" / "gitlab" / ".gitlab-ci.yml").read_bytes()
    }


def test_a_pipeline_that_is_there_already_is_kept_and_nothing_else_is_written(tmp_path: Path) -> None:
    (tmp_path / ".gitlab-ci.yml").write_text("mine: {}\n", encoding="utf-8")
    assert run(["init", str(tmp_path), "--ci", "gitlab"]).code == 3
    assert tree(tmp_path) == {".gitlab-ci.yml": b"mine: {}\n"}


def test_every_template_is_written_by_init_for_one_service() -> None:
    named = [template.resource for templates in scaffolding.CI_TEMPLATES.values() for template in templates]
    assert sorted(named) == sorted(tree(TEMPLATES))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_everything_that_is_used_is_pinned_by_hash_with_its_version_beside_it(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        if "uses:" in line and "uses: ./" not in line:
            assert PIN.search(line), line


def test_one_action_has_one_pin() -> None:
    pins = {match.groups() for path in SHIPPED for match in PIN.finditer(path.read_text(encoding="utf-8"))}
    assert len({action for action, _, _ in pins}) == len(pins)


def test_every_recipe_installs_this_version() -> None:
    found: list[str] = []
    for path in SHIPPED:
        text = path.read_text(encoding="utf-8")
        found += re.findall(r'^ +version: "(.*)"$', text, re.MULTILINE)
        found += re.findall(r"scalekit-apply==(\S+)", text)
    assert len(found) >= 10
    assert set(found) == {__version__}


@pytest.mark.parametrize("path", [*ACTIONS, *WORKFLOWS], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_value_is_put_into_a_script(path: Path) -> None:
    for step in steps(path):
        assert "${{" not in step.get("run", "")


@pytest.mark.parametrize("path", [*ACTIONS, *WORKFLOWS], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_secrets_reach_only_the_step_that_talks_to_the_service(path: Path) -> None:
    for step in steps(path):
        given = {**step.get("env", {}), **step.get("with", {})}
        names = {name for name, value in given.items() if "secret" in str(value).lower()}
        if names:
            assert names <= {"SCALEKIT_CLIENT_SECRET", "client-id", "client-secret"}
            script = step.get("run") or step["uses"]
            assert re.search(r"/(plan|apply|drift)(\.sh\"|)$", script), script


@pytest.mark.parametrize("name", ["plan", "apply", "drift", "validate"])
def test_the_actions_give_the_outputs_that_workflows_branch_on(name: str) -> None:
    outputs = set(load(ROOT / ".github" / "actions" / name / "action.yml")["outputs"])
    wanted = {"exit-code", "summary"}
    if name != "validate":
        wanted |= {"has-changes", "fingerprint"}
    if name in {"plan", "apply"}:
        wanted.add("plan-file")
    assert outputs == wanted


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_workflow_has_no_rights_but_those_of_its_jobs(path: Path) -> None:
    workflow = load(path)
    assert workflow["permissions"] == {}
    assert workflow["concurrency"]["group"]
    for job in workflow["jobs"].values():
        assert job["permissions"]["contents"] == "read"
        assert job["timeout-minutes"]
