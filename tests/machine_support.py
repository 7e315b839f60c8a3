"""What the state machine stands on: an environment over sockets, a configuration, the command, an oracle."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from emulator_support import CLIENT_ID, CLIENT_SECRET, OIDC_SECRET, connection, organization, seed_document
from hostile_support import check

from scalekit_apply.cli.entry import run
from scalekit_apply.cli.runtime import Runtime
from scalekit_apply.cli.signals import Signals
from scalekit_apply.emulator import Emulator, EmulatorOptions
from scalekit_apply.emulator.faultkinds import Fault, Kind
from scalekit_apply.emulator.messages import Request
from scalekit_apply.emulator.seed import parse_seed
from scalekit_apply.views import Format

HOMES: Final[Mapping[str, str]] = {
    "conn_0": "org_a", "conn_1": "org_a", "conn_2": "org_a",
    "conn_3": "org_b", "conn_4": "org_b",
    "conn_5": "org_c",
}  # fmt: skip
"""Which organization each connection is of. ``org_c`` stands for a customer that many runs never touch."""

CONNECTIONS: Final = tuple(HOMES)
ORGANIZATIONS: Final = tuple(dict.fromkeys(HOMES.values()))
FORMATS: Final = tuple(item for item in Format if item is not Format.SARIF)
STATES: Final = frozenset({"applied", "already", "failed", "skipped", "unknown"})
SETTLED: Final = frozenset({"applied", "already"})
_MEMORY: Final = Path("/dev/shm")  # noqa: S108  # names in it are made up as everywhere
_CONFIGURED: Final = frozenset({"plan", "apply", "drift", "doctor", "validate"})
_RENDERED: Final = frozenset({"plan", "apply", "drift"})
_CANARIES: Final = (CLIENT_SECRET, OIDC_SECRET, "eyJ", "Bearer ")
_NAMES: Final = {
    "org_a": "A\x1b[31m\n::error::x",
    "org_b": "| B `</details>` @x",
    "org_c": "##[group]C\u202e",
}

Changes = dict[str, bool]
"""What becomes of each connection that changes: its ``enabled`` after."""


@dataclass(slots=True, kw_only=True)
class Wanted:
    """What a configuration asks of one organization: ``(enabled, protected)`` by connection."""

    unmanaged: str = "report"
    connections: dict[str, tuple[bool, bool]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a run ended, what arrived meanwhile and what it left."""

    code: int
    out: str
    err: str
    files: dict[Format, str]
    patches: tuple[tuple[str, bool], ...]
    reads: int
    before: dict[str, bool]
    after: dict[str, bool]
    early_disables: tuple[str, ...]

    @property
    def document(self) -> dict[str, Any]:
        """The JSON of the plan or result."""
        found: dict[str, Any] = json.loads(self.files[Format.JSON])
        return found

    @property
    def states(self) -> dict[str, str]:
        """The state of each change by connection."""
        return {item["connection_id"]: item["state"] for item in self.document["results"]}


def changes_of(document: Mapping[str, Any]) -> Changes:
    """The changes of a plan's or a result's JSON."""
    items = document["resource_changes"] if "resource_changes" in document else document["results"]
    return {item["connection_id"]: item["change"]["after"]["enabled"] for item in items}


class Laboratory:
    """An environment that outlives restarts, a configuration, and everything that can be done to them."""

    def __init__(self) -> None:
        # In memory where that can be: every file is written for good, which disks take their time for.
        self._folder = tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None)
        self.folder = Path(self._folder.name)
        self.wanted: dict[str, Wanted] = {}
        self.plan: Path | None = None
        self.signals = Signals()
        self.hook: Callable[[int, Request], Fault | None] = lambda _number, _request: None
        self._early: list[str] = []
        self._arrived = 0
        self.seed = seed_document(
            *(
                organization(
                    name,
                    *(
                        self.seeded(item, enabled=index % 2 == 0)
                        for index, item in enumerate(HOMES)
                        if HOMES[item] == name
                    ),
                    name=_NAMES[name],
                )
                for name in ORGANIZATIONS
            ),
            connections=[connection("conn_of_all", enabled=True)],
        )
        self.emulator = self._start(0)

    @staticmethod
    def seeded(name: str, *, enabled: bool) -> dict[str, Any]:
        """A connection as the seed writes it; every second one is OIDC and has a secret."""
        return connection(
            name, enabled=enabled, type="SAML" if int(name[-1]) % 2 else "OIDC", domains=[_NAMES["org_a"]]
        )

    def _start(self, port: int) -> Emulator:
        options = EmulatorOptions(db=self.folder / "environment.db", port=port)
        emulator = Emulator(options, seed=parse_seed(self.seed, now=0))
        hit = emulator.faults.hit

        def watched(request: Request) -> Fault | None:
            self._watch(request)
            return self.hook(self._arrived, request) or hit(request)

        setattr(emulator.faults, "hit", watched)  # noqa: B010  # an assignment to a method, seen by nobody
        return emulator

    def _watch(self, request: Request) -> None:
        self._arrived += 1
        name = request.segments[-1]
        if request.verb != "disable" or self.plan is None or not self.plan.exists():
            return
        planned = changes_of(json.loads(self.plan.read_bytes()))
        live = self.live()
        for other, after in planned.items():
            if after and HOMES[other] == HOMES[name] and not live.get(other, False):
                self._early.append(f"{name} before {other}")

    def restart(self) -> None:
        """Stop the environment and serve it again, at the same address, from its file."""
        port = int(self.emulator.url.rpartition(":")[2])
        self.emulator.stop()
        self.emulator = self._start(port)

    def close(self) -> None:
        """Stop, and fail if the emulator itself broke."""
        failures = self.emulator.failures
        self.emulator.stop()
        self._folder.cleanup()
        assert not failures, "\n".join(failures)

    def live(self) -> dict[str, bool]:
        """What is enabled, of all connections that there are."""
        return self.emulator.store.states()

    def status(self, name: str) -> str:
        """The status of a connection."""
        found = self.emulator.store.connection(name)
        return found.status if found else ""

    # -- the configuration ------------------------------------------------------------------------

    def write(self, *, files: int = 1, backwards: bool = False) -> None:
        """Write what is wanted, into some number of files and in either order."""
        for old in self.folder.glob("config/*"):
            old.unlink()
        (self.folder / "config").mkdir(exist_ok=True)
        documents = [["version: 1", "organizations:"] for _ in range(files)]
        documents[0][1:1] = [
            f"environment: {self.emulator.url}",
            "limits: {max_disables: 100, max_disable_percent: 100}",
            "checks: {organization-lockout: warning}",
        ]
        names = sorted(self.wanted, reverse=backwards)
        for index, name in enumerate(names):
            wanted, lines = self.wanted[name], documents[index % files]
            lines += [f"  - id: {name}", f"    unmanaged: {wanted.unmanaged}", "    connections:"]
            entries = sorted(wanted.connections.items(), reverse=backwards)
            lines += [
                f"      - {json.dumps({'id': item, 'enabled': enabled, 'protected': protected})}"
                for item, (enabled, protected) in entries
            ]
            if not entries:
                lines[-1] += " []"
        for index, lines in enumerate(documents):
            if lines[-1] == "organizations:":
                lines[-1] += " []"
            path = self.folder / "config" / f"{index}.scalekit.yaml"
            path.write_text("\n".join([*lines, ""]), "utf-8")

    # -- the oracle -------------------------------------------------------------------------------

    def expected(self) -> tuple[Changes, bool]:
        """The changes that a plan must have, and whether a check blocks it."""
        live, found, blocked = self.live(), Changes(), False
        for name, wanted in self.wanted.items():
            for item, (enabled, protected) in wanted.connections.items():
                if item not in live or HOMES[item] != name:
                    blocked = True
                elif live[item] != enabled:
                    found[item] = enabled
                    blocked = blocked or (protected and not enabled)
                    blocked = blocked or (enabled and self.status(item) != "COMPLETED")
            if wanted.unmanaged == "disable":
                found |= {
                    item: False
                    for item, enabled in live.items()
                    if HOMES.get(item) == name and enabled and item not in wanted.connections
                }
        return found, blocked

    def may_change(self) -> set[str]:
        """What the configuration names, or leaves to be disabled."""
        found: set[str] = set()
        for name, wanted in self.wanted.items():
            found |= wanted.connections.keys()
            if wanted.unmanaged == "disable":
                found |= {item for item, home in HOMES.items() if home == name}
        return found

    # -- runs ---------------------------------------------------------------------------------------

    def run(self, *args: str, faults: tuple[str | Fault, ...] = (), config: bool = True) -> Ran:
        """Run a command under faults, hold all that it wrote to laws 9 and 10, and return what came of it."""
        given = ["-c", str(self.folder / "config")] if config and args[0] in _CONFIGURED else []
        if args[0] in _RENDERED:
            given += [part for item in FORMATS for part in ("--output", f"{item.value}={self._out(item)}")]
        for item in FORMATS:
            self._out(item).unlink(missing_ok=True)
        if args[0] != "validate":
            given += ["--max-retries", "2", "--timeout", "1"]
        self._early.clear()
        self._arrived = 0
        self.signals = Signals()
        self.emulator.clear_requests()
        for fault in faults:
            self.emulator.faults.add(fault)
        before = self.live()
        out, err = io.StringIO(), io.StringIO()
        runtime = Runtime(
            environ={
                "SCALEKIT_ENVIRONMENT_URL": self.emulator.url,
                "SCALEKIT_CLIENT_ID": CLIENT_ID,
                "SCALEKIT_CLIENT_SECRET": CLIENT_SECRET,
            },
            stdin=io.StringIO(),
            stdout=out,
            stderr=err,
            random=lambda: 0.0,
            signals=self.signals,
        )
        code = run([*args, *given, "-v"], runtime)
        self.emulator.faults.clear()
        ran = Ran(
            code=code,
            out=out.getvalue(),
            err=err.getvalue(),
            files={item: self._out(item).read_text("utf-8") for item in FORMATS if self._out(item).exists()},
            patches=tuple(
                (item.path.rpartition("/")[2].partition(":")[0], item.path.endswith(":enable"))
                for item in self.emulator.requests
                if item.method == "PATCH"
            ),
            reads=sum(item.method == "GET" for item in self.emulator.requests),
            before=before,
            after=self.live(),
            early_disables=tuple(self._early),
        )
        _hold(ran, Format(args[args.index("--format") + 1]) if "--format" in args else Format.TEXT)
        return ran

    def _out(self, item: Format) -> Path:
        return self.folder / f"out.{item.value}"


def _hold(ran: Ran, shown: Format) -> None:
    everything = [(shown, ran.out), (Format.TEXT, ran.err), *ran.files.items()]
    for item, text in everything:
        check(item, text)  # law 10
        for canary in _CANARIES:
            assert canary not in text, "law 9: a secret is shown"
    assert "Traceback" not in ran.err
    assert "defect" not in ran.err + ran.out, ran.err


def reverting(faults: tuple[str | Fault, ...]) -> bool:
    """Whether a change is undone behind the back of whoever made it, after it was seen to hold."""
    return any(
        "reverting" in fault if isinstance(fault, str) else fault.kind is Kind.REVERTING for fault in faults
    )
