"""A small environment behind real sockets, and the command run against it in this process.

Two organizations move from one connection to another, so that every law about order has something to hold::

    org_1  conn_new off → on   conn_old on → off
    org_2  conn_will off → on  conn_was on → off
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from emulator_support import CLIENT_ID, CLIENT_SECRET, connection, organization, running

from scalekit_apply.cli.entry import run
from scalekit_apply.cli.runtime import Runtime
from scalekit_apply.cli.signals import Signals
from scalekit_apply.emulator import Dialect, Emulator
from scalekit_apply.emulator.faultkinds import Fault
from scalekit_apply.emulator.messages import Request

CONFIGURATION: Final = """\
version: 1
checks: {organization-lockout: off}
limits: {max_disables: 10, max_disable_percent: 100}
organizations:
  - id: org_1
    connections:
      - {id: conn_old, enabled: false}
      - {id: conn_new, enabled: true}
  - id: org_2
    connections:
      - {id: conn_was, enabled: false}
      - {id: conn_will, enabled: true}
"""
ORGANIZATIONS: Final = (
    organization("org_1", connection("conn_old", enabled=True), connection("conn_new")),
    organization("org_2", connection("conn_was", enabled=True), connection("conn_will")),
)
BEFORE: Final = {"conn_old": True, "conn_new": False, "conn_was": True, "conn_will": False}
AFTER: Final = {name: not enabled for name, enabled in BEFORE.items()}
ORGANIZATION_OF: Final = {"conn_old": "org_1", "conn_new": "org_1", "conn_was": "org_2", "conn_will": "org_2"}
REPLACED_BY: Final = {"conn_old": "conn_new", "conn_was": "conn_will"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a run ended. ``result`` is the JSON of ``--output json=…``, ``None`` if there is no such file."""

    code: int
    out: str
    err: str
    result: dict[str, Any] | None

    @property
    def states(self) -> dict[str, str]:
        """The state of each change by connection; empty without a result."""
        return {item["connection_id"]: item["state"] for item in self.entries}

    @property
    def entries(self) -> list[dict[str, Any]]:
        """The entries of the result."""
        return list(self.result["results"]) if self.result and "results" in self.result else []


@dataclass(slots=True, kw_only=True)
class World:
    """The environment, a configuration for it, and what the environment saw.

    ``early_disables`` are disables that arrived while the connection that takes over was not enabled.
    """

    emulator: Emulator
    folder: Path
    hooks: list[Callable[[Request], Fault | None]] = field(default_factory=list)
    early_disables: list[str] = field(default_factory=list)

    @property
    def environ(self) -> dict[str, str]:
        """The credentials, as the command finds them."""
        return {
            "SCALEKIT_ENVIRONMENT_URL": self.emulator.url,
            "SCALEKIT_CLIENT_ID": CLIENT_ID,
            "SCALEKIT_CLIENT_SECRET": CLIENT_SECRET,
        }

    @property
    def result_file(self) -> Path:
        """Where ``apply`` and ``plan`` of this module write their JSON."""
        return self.folder / "result.json"

    @property
    def configuration(self) -> Path:
        """The configuration that asks for ``AFTER``."""
        return self.folder / "scalekit.yaml"

    def live(self) -> dict[str, bool]:
        """What is enabled now."""
        found = {name: self.emulator.store.connection(name) for name in BEFORE}
        return {name: item.enabled for name, item in found.items() if item is not None}

    def args(self, command: str, *more: str) -> list[str]:
        """The arguments of a command that plans: one request at a time, JSON to a file."""
        approved = ["--auto-approve"] if command == "apply" else []
        given = ["-c", str(self.configuration), "--concurrency", "1", "--output", f"json={self.result_file}"]
        return [command, *approved, *given, *more]

    def run(
        self,
        args: list[str],
        *,
        jitter: float = 0.0,
        environ: Mapping[str, str] | None = None,
        signals: Signals | None = None,
    ) -> Ran:
        """Run the command in this process; retries wait ``jitter`` of the longest wait."""
        out, err = io.StringIO(), io.StringIO()
        self.result_file.unlink(missing_ok=True)
        runtime = Runtime(
            environ=self.environ if environ is None else environ,
            stdin=io.StringIO(),
            stdout=out,
            stderr=err,
            random=lambda: jitter,
            signals=signals or Signals(),
        )
        code = run(args, runtime)
        return self.ran(code, out.getvalue(), err.getvalue())

    def ran(self, code: int, out: str, err: str) -> Ran:
        """Read the result file of a run that ended."""
        text = self.result_file.read_text("utf-8") if self.result_file.exists() else ""
        return Ran(code=code, out=out, err=err, result=json.loads(text) if text else None)

    def patches(self) -> list[str]:
        """The writes that arrived, as ``enable conn_new``, in the order of their arrival."""
        return [_words(item.path) for item in self.emulator.requests if item.method == "PATCH"]

    def lines(self) -> list[str]:
        """All requests in the order of their arrival: writes as in ``patches``, reads by what they read."""
        return [_line(item.method, item.path, item.query) for item in self.emulator.requests]

    def at_request(self, number: int, action: Callable[[], Fault | None]) -> None:
        """Do something when that request (from 1) has arrived and nothing of it was done."""
        seen = [0]

        def count(_: Request) -> Fault | None:
            seen[0] += 1
            return action() if seen[0] == number else None

        self.hooks.append(count)

    def arrived(self, request: Request) -> Fault | None:
        """Watch a request before it is dealt with."""
        name = request.segments[-1]
        if request.verb == "disable" and not self.live().get(REPLACED_BY.get(name, ""), True):
            self.early_disables.append(name)
        for hook in list(self.hooks):
            fault = hook(request)
            if fault is not None:
                return fault
        return None


def _words(path: str) -> str:
    name, _, verb = path.rpartition("/")[2].partition(":")
    return f"{verb} {name}"


def _line(method: str, path: str, query: Mapping[str, str]) -> str:
    match method:
        case "PATCH":
            return _words(path)
        case "POST":
            return "token"
        case _ if path.endswith("/api/v1/connections"):
            return f"list {query.get('organization_id', 'all')}"
        case _:
            return f"read {path.rpartition('/')[2]}"


@contextmanager
def world(folder: Path, *, dialect: Dialect | None = None, latency: float = 0) -> Iterator[World]:
    """Serve the environment and write the configuration for it into ``folder``."""
    (folder / "scalekit.yaml").write_text(CONFIGURATION, "utf-8")
    with running(*ORGANIZATIONS, dialect=dialect, latency=latency) as emulator:
        made = World(emulator=emulator, folder=folder)
        hit = emulator.faults.hit

        def watched(request: Request) -> Fault | None:
            return made.arrived(request) or hit(request)

        # Every request passes here before anything is done about it.
        setattr(emulator.faults, "hit", watched)  # noqa: B010  # an assignment to a method, seen by nobody
        yield made
