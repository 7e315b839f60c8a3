"""A repository with the recipes in it, an environment to plan against, and the ways of a pull request."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulator_support import (
    CLIENT_ID,
    CLIENT_SECRET,
    READ_ONLY_ID,
    READ_ONLY_SECRET,
    connection,
    organization,
)
from emulator_support import running as running_emulator
from github_service import REPOSITORY, Service, serving
from workflow_runner import Event, Job, Runner, load, starts

from scalekit_apply import scaffolding
from scalekit_apply.emulator import Emulator

ROOT = Path(__file__).parent.parent
FINGERPRINT_FLOW = ROOT / "examples" / "github-fingerprint" / ".github" / "workflows"

OKTA, GOOGLE, OTHER = "conn_1000000000000001", "conn_1000000000000002", "conn_2000000000000001"
_CONFIGURATION = """\
version: 1
organizations:
  - id: org_1
    connections:
      - id: {okta}
        enabled: {okta_enabled}
      - id: {google}
        enabled: {google_enabled}
  - id: org_2
    connections:
      - id: {other}
        enabled: true
"""


def configuration(*, okta: bool = False, google: bool = True, extra: str = "") -> str:
    """A configuration of two organizations; as it stands it is what :func:`scene` has live."""
    flags = {"okta_enabled": str(okta).lower(), "google_enabled": str(google).lower()}
    return _CONFIGURATION.format(okta=OKTA, google=GOOGLE, other=OTHER, **flags) + extra


def git(folder: Path, *arguments: str) -> str:
    """Run git as somebody, without the settings of the one who runs the tests."""
    who = ["-c", "user.name=Someone", "-c", "user.email=someone@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@dataclass
class PullRequest:
    """A pull request: its head, and the merge of it that GitHub makes to test."""

    number: int
    head: str
    merge: str
    payload: Mapping[str, Any]


@dataclass
class Scene:
    """Everything of a story: repository, service, environment, runner."""

    origin: Path
    service: Service
    emulator: Emulator
    runner: Runner
    jobs: list[Job] = field(default_factory=list[Job])

    def states(self) -> dict[str, bool]:
        """``enabled`` of every live connection."""
        return self.emulator.store.states()

    def comments(self) -> list[str]:
        """The bodies of all comments."""
        return [one["body"] for one in self.service.comments]

    def propose(
        self, text: str, *, fork: bool = False, number: int = 7, onto: PullRequest | None = None
    ) -> PullRequest:
        """Open a pull request that makes this the configuration, or push again to the one that is open."""
        start = onto.head if onto else "main"
        git(self.origin, "checkout", "--quiet", "--detach", start)
        (self.origin / "scalekit.yaml").write_text(text, encoding="utf-8")
        git(self.origin, "commit", "--quiet", "--all", "--message", "Proposal")
        head = git(self.origin, "rev-parse", "HEAD")
        git(self.origin, "checkout", "--quiet", "--detach", "main")
        git(self.origin, "merge", "--quiet", "--no-ff", "--message", "Merge", head)
        merge = git(self.origin, "rev-parse", "HEAD")
        git(self.origin, "checkout", "--quiet", "main")
        owner = "somebody/sso" if fork else REPOSITORY
        pull = {
            "number": number,
            "head": {"sha": head, "repo": {"full_name": owner}},
            "base": {"ref": "main"},
        }
        return PullRequest(number=number, head=head, merge=merge, payload={"pull_request": pull})

    def check(self, pull: PullRequest, job: str = "plan") -> Job:
        """Run one job of the plan workflow for a pull request."""
        event = Event("pull_request", pull.merge, f"refs/pull/{pull.number}/merge", pull.payload)
        return self.runner.run("scalekit-plan", job, event)

    def merge(self, pull: PullRequest) -> Job:
        """Merge the pull request, and run what the push starts."""
        before = git(self.origin, "rev-parse", "main")
        git(self.origin, "merge", "--quiet", "--no-ff", "--message", f"Merge #{pull.number}", pull.head)
        sha = git(self.origin, "rev-parse", "main")
        self.service.pulls.append(
            {**pull.payload["pull_request"], "merged_at": "2026-01-02T00:00:00Z", "merge_commit_sha": sha}
        )
        return self.push(before, sha)

    def push(self, before: str, sha: str) -> Job:
        """Run what a push to the main branch starts."""
        event = Event("push", sha, "refs/heads/main", {"before": before})
        changed = git(self.origin, "diff", "--name-only", before, sha).splitlines()
        assert starts(load(self.origin / ".github" / "workflows" / "scalekit-apply.yml"), event, changed)
        return self.runner.run("scalekit-apply", "apply", event)

    def drift(self) -> Job:
        """Run the schedule."""
        sha = git(self.origin, "rev-parse", "main")
        return self.runner.run("scalekit-drift", "drift", Event("schedule", sha, "refs/heads/main", {}))


@contextmanager
def scene(folder: Path, *, by_fingerprint: bool = False) -> Iterator[Scene]:
    """Set up a repository as ``init --ci github`` does, on a GitHub and a Scalekit of its own."""
    origin = folder / "origin"
    origin.mkdir()
    git(origin, "init", "--quiet", "--initial-branch=main")
    git(origin, "config", "uploadpack.allowAnySHA1InWant", "true")
    for path, data in (
        scaffolding.starter_files(origin, environment=None) | scaffolding.ci_files(origin, "github")
    ).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    if by_fingerprint:
        for workflow in FINGERPRINT_FLOW.iterdir():
            (origin / ".github" / "workflows" / workflow.name).write_bytes(workflow.read_bytes())
    (origin / "scalekit.yaml").write_text(configuration(), encoding="utf-8")
    git(origin, "add", "--all")
    git(origin, "commit", "--quiet", "--message", "Start")
    with (
        serving() as service,
        running_emulator(
            organization("org_1", connection(OKTA), connection(GOOGLE, enabled=True), name="Megasoft"),
            organization("org_2", connection(OTHER, enabled=True), name="Hooli"),
        ) as emulator,
    ):
        url = {"SCALEKIT_ENVIRONMENT_URL": emulator.url}
        environments = {
            name: (url, {"SCALEKIT_CLIENT_ID": client, "SCALEKIT_CLIENT_SECRET": secret})
            for name, client, secret in (
                ("scalekit-plan", READ_ONLY_ID, READ_ONLY_SECRET),
                ("scalekit-production", CLIENT_ID, CLIENT_SECRET),
            )
        }
        runner = Runner(origin=origin, home=folder / "machines", service=service, environments=environments)
        yield Scene(origin=origin, service=service, emulator=emulator, runner=runner)
        _nothing_leaked(folder / "machines", service)


def _nothing_leaked(machines: Path, service: Service) -> None:
    written = [path for path in machines.rglob("*") if path.is_file() and ".git" not in path.parts]
    shown = [one["body"] for one in (*service.comments, *service.issues)]
    for text in (*(path.read_text("utf-8", "replace") for path in written), *shown):
        assert "canary-" not in text
