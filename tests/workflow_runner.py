"""Runs jobs of GitHub workflows: their ``run`` steps for real, with the files and variables of a runner.

``uses`` knows composite actions of the repository and stand-ins for three actions: checkout, and upload and
download of artifacts. A key, an action or an expression that is not known here fails the test.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from command_support import clean_environment
from github_service import REPOSITORY, Service
from workflow_annotations import read_annotations
from workflow_expressions import NotUnderstoodError, condition, fill

_WORKFLOW_KEYS = {"name", "on", "permissions", "concurrency", "jobs"}
_JOB_KEYS = {"name", "if", "runs-on", "timeout-minutes", "environment", "permissions", "steps"}
_STEP_KEYS = {"name", "id", "if", "uses", "with", "run", "shell", "env", "continue-on-error"}
_SHELL = ["bash", "--noprofile", "--norc", "-eo", "pipefail"]
_PINNED = re.compile(r"(?P<name>[\w-]+/[\w-]+)@[0-9a-f]{40}")
Json = dict[str, Any]


@dataclass
class Job:
    """How a job ended. ``annotations`` are (kind, properties, message); ``outputs`` are by step."""

    conclusion: str = "success"
    log: str = ""
    summary: str = ""
    outputs: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    annotations: list[tuple[str, dict[str, str], str]] = field(
        default_factory=list[tuple[str, dict[str, str], str]]
    )
    exit_codes: list[int] = field(default_factory=list[int])


@dataclass(frozen=True)
class Event:
    """What started a workflow."""

    name: str
    sha: str
    ref: str
    payload: Mapping[str, Any]


def load(path: Path) -> Json:
    """Read a workflow or an action. ``on`` is a truth value to YAML 1.1, and gets its name back."""
    document: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {"on" if key is True else str(key): value for key, value in document.items()}


def starts(workflow: Mapping[str, Any], event: Event, changed: list[str]) -> bool:
    """Whether an event that changed these files starts a workflow."""
    triggers = workflow["on"]
    if event.name not in triggers:
        return False
    filters = triggers[event.name] or {}
    assert set(filters) <= {"branches", "paths"}
    branch = event.ref.removeprefix("refs/heads/")
    if "branches" in filters and branch not in filters["branches"]:
        return False
    return "paths" not in filters or any(_matches(name, filters["paths"]) for name in changed)


def _matches(name: str, patterns: list[str]) -> bool:
    # ``**/`` stands for any number of folders, none included: matching from the right does the same.
    assert all(pattern.startswith("**/") for pattern in patterns)
    return any(PurePosixPath(name).match(pattern.removeprefix("**/")) for pattern in patterns)


@dataclass
class Runner:
    """A repository on GitHub, and a machine that runs its jobs.

    ``origin`` is the repository; ``environments`` has the variables and secrets of each environment.
    """

    origin: Path
    home: Path
    service: Service
    environments: Mapping[str, tuple[Mapping[str, str], Mapping[str, str]]]
    stored: dict[int, Path] = field(default_factory=dict[int, Path])

    def run(self, workflow_name: str, job_name: str, event: Event) -> Job:
        """Run one job to its end."""
        number = self.service.new_id()
        machine = self.home / str(number)
        workspace, temp = machine / "workspace", machine / "temp"
        workspace.mkdir(parents=True)
        temp.mkdir()
        _preinstall(temp)
        self._git(workspace, "init", "--quiet")
        self._git(workspace, "fetch", "--quiet", "--depth=1", str(self.origin), event.sha)
        self._git(workspace, "checkout", "--quiet", event.sha)
        path = f".github/workflows/{workflow_name}.yml"
        workflow = load(workspace / path)
        assert set(workflow) <= _WORKFLOW_KEYS
        job = workflow["jobs"][job_name]
        assert set(job) <= _JOB_KEYS
        fork = _is_fork(event)
        variables, secrets = self.environments.get(job.get("environment", ""), ({}, {}))
        token = self.service.issue_token(_permissions(workflow, job, fork=fork))
        github: Json = {
            "event": event.payload,
            "event_name": event.name,
            "repository": REPOSITORY,
            "sha": event.sha,
            "ref": event.ref,
            "token": token,
        }
        contexts: Json = {
            "github": github,
            "vars": variables,
            "secrets": dict.fromkeys(secrets, "") if fork else secrets,
            "runner": {"temp": str(temp)},
        }
        self.service.runs[number] = {
            "id": number,
            "path": path,
            "event": event.name,
            "conclusion": None,
            "head_sha": _head(event),
        }
        result = Job()
        if not condition(job.get("if"), contexts):
            result.conclusion = "skipped"
            return result
        execution = _Execution(self, event, machine, number, contexts, result)
        failed = execution.steps(job["steps"], contexts, {})
        result.conclusion = "failure" if failed else "success"
        self.service.runs[number]["conclusion"] = result.conclusion
        return result

    def _git(self, folder: Path, *arguments: str) -> None:
        subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)

    def checkout(self, workspace: Path, event: Event, options: Mapping[str, str]) -> None:
        """Stand in for actions/checkout."""
        assert set(options) == {"persist-credentials"} | (set(options) & {"fetch-depth"})
        assert options["persist-credentials"] == "false"
        depth = options.get("fetch-depth", "1")
        how = ["--unshallow"] if depth == "0" else [f"--depth={depth}"]
        self._git(workspace, "fetch", "--quiet", *how, str(self.origin), event.sha)

    def upload(self, number: int, event: Event, workspace: Path, options: Mapping[str, str]) -> None:
        """Stand in for actions/upload-artifact, for one file."""
        assert set(options) == {"name", "path", "if-no-files-found", "overwrite"}
        artifact = self.service.new_id()
        self.stored[artifact] = self.home / f"artifact-{artifact}"
        self.stored[artifact].mkdir()
        shutil.copy(workspace / options["path"], self.stored[artifact])
        self.service.artifacts.append(
            {
                "id": artifact,
                "name": options["name"],
                "expired": False,
                "created_at": f"2026-01-01T00:00:00.{artifact:06}Z",
                "workflow_run": {
                    "id": number,
                    "head_sha": _head(event),
                    "repository_id": 1,
                    "head_repository_id": 2 if _is_fork(event) else 1,
                },
            }
        )

    def download(self, options: Mapping[str, str]) -> None:
        """Stand in for actions/download-artifact, by the number of the artifact."""
        assert set(options) == {"artifact-ids", "run-id", "github-token", "path"}
        assert self.service.tokens[options["github-token"]]["actions"] == "read"
        (artifact,) = [one for one in self.service.artifacts if str(one["id"]) == options["artifact-ids"]]
        assert str(artifact["workflow_run"]["id"]) == options["run-id"]
        shutil.copytree(self.stored[artifact["id"]], options["path"])


def _permissions(workflow: Json, job: Json, *, fork: bool) -> dict[str, str]:
    given: dict[str, str] = {**workflow, **job}["permissions"]
    return {scope: "read" if fork else level for scope, level in given.items()}


def _is_fork(event: Event) -> bool:
    pull: Json = event.payload.get("pull_request", {})
    return bool(pull) and pull["head"]["repo"]["full_name"] != REPOSITORY


def _head(event: Event) -> str:
    pull: Json = event.payload.get("pull_request", {})
    return str(pull["head"]["sha"]) if pull else event.sha


def _preinstall(temp: Path) -> None:
    """Put the command under test where the actions install it, as an earlier step of the job would have."""
    for version in ("0.1.0", "checkout"):
        command = temp / f"scalekit-apply-{version}" / "bin" / "scalekit-apply"
        command.parent.mkdir(parents=True)
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m scalekit_apply "$@"\n', encoding="utf-8")
        command.chmod(0o755)


@dataclass
class _Execution:
    runner: Runner
    event: Event
    machine: Path
    number: int
    contexts: Json
    job: Job
    count: int = 0
    contexts_of_last: Json = field(default_factory=dict[str, Any])

    def steps(self, steps: list[Json], contexts: Json, env: Mapping[str, str]) -> bool:
        """Run steps in a row; return whether they failed. Their outputs become ``contexts.steps``."""
        contexts = {**contexts, "steps": dict[str, Any]()}
        failed = False
        for step in steps:
            assert set(step) <= _STEP_KEYS, step
            outputs: dict[str, str] = {}
            if condition(step.get("if"), contexts, failed=failed):
                step_env = {**env, **{key: fill(str(v), contexts) for key, v in step.get("env", {}).items()}}
                with_ = {key: fill(_text(v), contexts) for key, v in step.get("with", {}).items()}
                ok = self._step(step, contexts, step_env, with_, outputs)
                failed = failed or not (ok or step.get("continue-on-error") is True)
            if "id" in step:
                contexts["steps"][step["id"]] = {"outputs": outputs}
                self.job.outputs[step["id"]] = outputs
        self.contexts_of_last = contexts
        return failed

    def _step(
        self, step: Json, contexts: Json, env: Mapping[str, str], with_: Json, outputs: dict[str, str]
    ) -> bool:
        if "run" in step:
            assert "${{" not in step["run"], "a value inside of a script is a way in"
            return self._run(step["run"], env, outputs)
        uses = step["uses"]
        if uses.startswith("./"):
            return self._composite(uses, contexts, env, with_, outputs)
        pinned = _PINNED.fullmatch(uses)
        assert pinned, f"{uses} is not pinned"
        workspace = self.machine / "workspace"
        match pinned["name"]:
            case "actions/checkout":
                self.runner.checkout(workspace, self.event, with_)
            case "actions/upload-artifact":
                self.runner.upload(self.number, self.event, workspace, with_)
            case "actions/download-artifact":
                self.runner.download(with_)
            case name:
                raise AssertionError(f"{name} is not known here")
        return True

    def _composite(
        self, uses: str, contexts: Json, env: Mapping[str, str], with_: Json, outputs: dict[str, str]
    ) -> bool:
        folder = self.machine / "workspace" / uses
        action = load(folder / "action.yml")
        assert set(action) == {"name", "description", "inputs", "outputs", "runs"}
        assert action["runs"]["using"] == "composite"
        declared = action["inputs"]
        assert set(with_) <= set(declared), f"{uses} has no input {set(with_) - set(declared)}"
        missing = {key for key, value in declared.items() if value["required"]} - set(with_)
        assert not missing, f"{uses} needs {missing}"
        inputs = {**{key: value.get("default", "") for key, value in declared.items()}, **with_}
        # An action sees neither secrets nor variables: only what it is given.
        inner = {"github": contexts["github"], "runner": contexts["runner"], "inputs": inputs}
        failed = self.steps(
            action["runs"]["steps"], inner, {**env, "GITHUB_ACTION_PATH": str(folder.resolve())}
        )
        for name, output in action["outputs"].items():
            try:
                outputs[name] = fill(output["value"], self.contexts_of_last)
            except NotUnderstoodError:
                # A step that failed may not have come as far as its outputs.
                if not failed:
                    raise
        return not failed

    def _run(self, script: str, env: Mapping[str, str], outputs: dict[str, str]) -> bool:
        self.count += 1
        files = self.machine / f"step-{self.count}"
        files.mkdir()
        for name in ("output", "summary"):
            (files / name).touch()
        (files / "script.sh").write_text(script, encoding="utf-8")
        (files / "event.json").write_text(json.dumps(self.event.payload), encoding="utf-8")
        github = self.contexts["github"]
        done = subprocess.run(
            [*_SHELL, str(files / "script.sh")],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.machine / "workspace",
            timeout=120,
            env={
                **clean_environment(),
                "CI": "true",
                "GITHUB_ACTIONS": "true",
                "GITHUB_API_URL": self.runner.service.url,
                "GITHUB_EVENT_NAME": self.event.name,
                "GITHUB_EVENT_PATH": str(files / "event.json"),
                "GITHUB_OUTPUT": str(files / "output"),
                "GITHUB_REF_NAME": self.event.ref.removeprefix("refs/heads/"),
                "GITHUB_REPOSITORY": github["repository"],
                "GITHUB_SHA": github["sha"],
                "GITHUB_STEP_SUMMARY": str(files / "summary"),
                "GITHUB_WORKSPACE": str(self.machine / "workspace"),
                "RUNNER_TEMP": str(self.machine / "temp"),
                "SECONDS_BETWEEN": "0",
                **env,
            },
        )
        log = done.stdout.decode("utf-8")
        self.job.log += log
        self.job.exit_codes.append(done.returncode)
        self.job.annotations += read_annotations(log)
        summary = (files / "summary").read_text(encoding="utf-8")
        assert len(os.fsencode(summary)) < 1 << 20
        self.job.summary += summary
        for line in (files / "output").read_text(encoding="utf-8").splitlines():
            name, equals, value = line.partition("=")
            assert equals
            assert re.fullmatch(r"[a-z-]+", name), f"{line!r} is no output"
            outputs[name] = value
        return done.returncode == 0


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
