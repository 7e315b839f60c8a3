"""The GitLab pipeline: its scripts run for real, for the events that start its jobs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from command_support import clean_environment
from emulator_support import connection, organization, running
from inprocess_support import credentials
from recipes_support import GOOGLE, OKTA, OTHER, ROOT, configuration, git

from scalekit_apply import __version__
from scalekit_apply.emulator import Emulator

PIPELINE: dict[str, Any] = yaml.safe_load(
    (ROOT / "examples" / "gitlab" / ".gitlab-ci.yml").read_text(encoding="utf-8")
)
JOBS = ("validate", "plan", "apply", "drift")
BRANCH = {"CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main"}
PUSH = {**BRANCH, "CI_PIPELINE_SOURCE": "push"}
SCHEDULE = {**BRANCH, "CI_PIPELINE_SOURCE": "schedule"}
MERGE_REQUEST = {
    "CI_PIPELINE_SOURCE": "merge_request_event",
    "CI_PROJECT_PATH": "acme/sso",
    "CI_MERGE_REQUEST_PROJECT_PATH": "acme/sso",
    "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "acme/sso",
}
# Stands in for ``python -m venv``: what it makes is an environment with the command under test in it.
_PYTHON = """\
#!/bin/sh
test "$1 $2" = "-m venv" || exit 9
mkdir -p "$3/bin"
cp {tools}/pip "$3/bin/python"
cp {tools}/scalekit-apply "$3/bin/scalekit-apply"
"""
_PIP = """\
#!/bin/sh
test "$*" = "-m pip --disable-pip-version-check install --quiet scalekit-apply=={version}"
"""
_COMMAND = """\
#!/bin/sh
exec "{python}" -m scalekit_apply "$@"
"""


def holds(condition: str, variables: Mapping[str, str]) -> bool:
    """Whether a condition of a rule holds; only comparisons joined by && are understood."""
    for part in condition.split(" && "):
        match = re.fullmatch(r'\$(\w+) (==|!=) (?:"([^"]*)"|\$(\w+))', part)
        assert match, part
        left, sign, text, name = match.groups()
        right = text if name is None else variables.get(name)
        if (variables.get(left) == right) is not (sign == "=="):
            return False
    return True


def rule(job: str, variables: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the rule that puts a job into the pipeline of an event, if one does."""
    assert any(holds(item["if"], variables) for item in PIPELINE["workflow"]["rules"])
    found = (item for item in PIPELINE[job]["rules"] if holds(item["if"], variables))
    return next(found, None)


@dataclass
class Project:
    """A clone on a machine of GitLab's, and the environment that it plans against."""

    folder: Path
    emulator: Emulator

    def run(self, job: str, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run the script of a job as it runs there."""
        found = rule(job, variables)
        assert found is not None
        given: dict[str, str] = found.get("variables", {})
        filled = {name: variables.get(value[1:], value) for name, value in given.items()}
        tools = self.folder.parent / "tools"
        environ = clean_environment({**credentials(self.emulator), **variables, **filled})
        environ["PATH"] = f"{tools}{os.pathsep}{environ['PATH']}"
        environ["CI_PROJECT_DIR"] = str(self.folder)
        lines = [*PIPELINE["default"]["before_script"], *PIPELINE[job]["script"]]
        return subprocess.run(
            ["bash", "-eo", "pipefail", "-c", "\n".join(lines)],
            cwd=self.folder,
            env=environ,
            check=False,
            capture_output=True,
            text=True,
        )

    def commit(self, text: str) -> str:
        """Commit a configuration and return what was there before."""
        before = git(self.folder, "rev-parse", "HEAD")
        (self.folder / "scalekit.yaml").write_text(text, encoding="utf-8")
        git(self.folder, "commit", "--quiet", "--all", "--message", "Change")
        return before

    def report(self, job: str, kind: str) -> Any:  # noqa: ANN401  # whatever JSON a report is
        """Return a report that a job declares."""
        return json.loads((self.folder / PIPELINE[job]["artifacts"]["reports"][kind]).read_text("utf-8"))


@pytest.fixture(name="project")
def _project(tmp_path: Path) -> Iterator[Project]:
    folder, tools = tmp_path / "project", tmp_path / "tools"
    folder.mkdir()
    tools.mkdir()
    for name, text in (("python", _PYTHON), ("pip", _PIP), ("scalekit-apply", _COMMAND)):
        filled = text.replace("{tools}", str(tools)).replace("{version}", __version__)
        (tools / name).write_text(filled.replace("{python}", sys.executable), encoding="utf-8")
        (tools / name).chmod(0o755)
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "scalekit.yaml").write_text(configuration(), encoding="utf-8")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Start")
    with running(
        organization("org_1", connection(OKTA), connection(GOOGLE, enabled=True)),
        organization("org_2", connection(OTHER, enabled=True)),
    ) as emulator:
        yield Project(folder=folder, emulator=emulator)


def test_a_merge_request_shows_its_numbers_in_the_terraform_report(project: Project) -> None:
    before = project.commit(configuration(okta=True, google=False))
    done = project.run("plan", {**MERGE_REQUEST, "CI_MERGE_REQUEST_DIFF_BASE_SHA": before})
    assert done.returncode == 0, done.stderr
    assert project.report("plan", "terraform") == {"create": 1, "update": 0, "delete": 1}
    assert "config" in done.stdout
    for name in PIPELINE["plan"]["artifacts"]["paths"]:
        assert (project.folder / name).is_file()


def test_a_problem_of_the_configuration_stands_in_the_code_quality_report(project: Project) -> None:
    project.commit(configuration(extra="limits: {max_disable: 3}\n"))
    done = project.run("validate", MERGE_REQUEST)
    assert done.returncode == 3
    (entry,) = project.report("validate", "codequality")
    assert entry["location"] == {"path": "scalekit.yaml", "lines": {"begin": 13}}


def test_a_push_is_planned_and_its_plan_is_applied_by_hand(project: Project) -> None:
    project.commit(configuration(okta=True))
    assert project.run("plan", PUSH).returncode == 0
    project.emulator.store.set_enabled(OTHER, enabled=False)
    found = rule("apply", PUSH)
    assert found is not None
    assert found["when"] == "manual"
    done = project.run("apply", PUSH)
    assert done.returncode == 0, done.stderr
    assert project.emulator.store.states() == {OKTA: True, GOOGLE: True, OTHER: False}


def test_a_connection_that_moved_between_plan_and_apply_is_refused(project: Project) -> None:
    project.commit(configuration(okta=True))
    assert project.run("plan", PUSH).returncode == 0
    project.emulator.store.set_status(OKTA, "DRAFT")
    assert project.run("apply", PUSH).returncode == 6
    assert project.emulator.store.states()[OKTA] is False


def test_a_blocked_plan_fails_before_there_is_anything_to_apply(project: Project) -> None:
    project.emulator.store.set_status(OKTA, "DRAFT")
    project.commit(configuration(okta=True))
    assert project.run("plan", PUSH).returncode == 5


def test_the_schedule_fails_while_there_is_drift(project: Project) -> None:
    assert project.run("drift", SCHEDULE).returncode == 0
    project.emulator.store.set_enabled(OTHER, enabled=False)
    assert project.run("drift", SCHEDULE).returncode == 2
    assert OTHER in (project.folder / "drift.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("variables", "jobs"),
    [
        (MERGE_REQUEST, {"validate", "plan"}),
        (PUSH, {"validate", "plan", "apply"}),
        (SCHEDULE, {"drift"}),
        (
            {
                **MERGE_REQUEST,
                "CI_PROJECT_PATH": "somebody/sso",
                "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "somebody/sso",
            },
            {"validate"},
        ),
    ],
    ids=["merge request", "push", "schedule", "fork"],
)
def test_an_event_starts_the_jobs_that_are_meant_for_it(variables: dict[str, str], jobs: set[str]) -> None:
    assert {job for job in JOBS if rule(job, variables) is not None} == jobs


def test_only_one_apply_runs_at_a_time_and_nothing_cancels_it() -> None:
    assert PIPELINE["apply"]["resource_group"] == PIPELINE["apply"]["environment"]["name"] == "production"
    assert PIPELINE["apply"]["interruptible"] is False
