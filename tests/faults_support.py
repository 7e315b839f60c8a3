"""Every fault at every step of plan and apply: the cases, how one is measured, and the table of them all."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from emulator_support import CLIENT_SECRET
from live_support import BEFORE, ORGANIZATION_OF, Ran, World, world

from scalekit_apply.emulator.faults import ActiveFault

TABLE: Final = Path(__file__).parent / "faults" / "faults.md"
REFUSE: Final = "refuse"
_PATIENT: Final = ("--max-retries", "2")
_IMPATIENT: Final = ("--max-retries", "1", "--timeout", "0.5")


class Step(Enum):
    """Where a fault hits: how the table calls it, which requests, and after which one a refusal begins.

    With one request at a time an undisturbed apply is: 1 token, 2 list, 3 and 4 single reads; 5 list, 6 and 7
    single reads; 8 enable, 9 list org_1, 10 disable, 11 enable, 12 list org_2, 13 disable, 14 list.
    """

    TOKEN = ("token", "path=/oauth/token", 0)
    LIST = ("plan: list", "path=/api/v1/connections", 1)
    DETAIL = ("plan: single read", "path=*/conn_new", 2)
    LIST_AGAIN = ("apply: list", "path=/api/v1/connections,skip=1", 4)
    DETAIL_AGAIN = ("apply: single read", "path=*/conn_new,skip=1", 5)
    ENABLE = ("enable", "path=*:enable,id=org_1", 7)
    BETWEEN = ("read back before disabling", "path=/api/v1/connections,id=org_1", 8)
    DISABLE = ("disable", "path=*:disable,id=org_1", 9)
    FINAL = ("read back at the end", "path=/api/v1/connections,skip=4", 13)

    def __init__(self, title: str, where: str, before: int) -> None:
        self.title = title
        self.where = where
        self.before = before

    @property
    def writes(self) -> bool:
        """Whether the fault hits a change."""
        return self in _WRITES

    @property
    def precedes_writes(self) -> bool:
        """Whether nothing was written when the fault hits."""
        return self in _EARLY


_WRITES: Final = frozenset({Step.ENABLE, Step.DISABLE})
_PLAN: Final = (Step.TOKEN, Step.LIST, Step.DETAIL)
_EARLY: Final = frozenset({*_PLAN, Step.LIST_AGAIN, Step.DETAIL_AGAIN})
_READS: Final = (Step.LIST, Step.DETAIL, Step.LIST_AGAIN, Step.DETAIL_AGAIN, Step.BETWEEN, Step.FINAL)
_API: Final = (*_READS[:4], Step.ENABLE, Step.BETWEEN, Step.DISABLE, Step.FINAL)
_ALL: Final = (Step.TOKEN, *_API)
_CHANGING: Final = (Step.ENABLE, Step.DISABLE)
_MAIN: Final = (Step.LIST, Step.DETAIL, Step.ENABLE, Step.BETWEEN, Step.DISABLE, Step.FINAL)
_FEW: Final = (Step.LIST, Step.ENABLE, Step.BETWEEN, Step.FINAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A fault in the words of the table, its specification without a place, and where it is tried."""

    title: str
    spec: str
    steps: tuple[Step, ...]
    options: tuple[str, ...] = _PATIENT


TROUBLES: Final = (
    Trouble(title="connection closed at once", spec=REFUSE, steps=_ALL),
    Trouble(title="connection closed at once, twice", spec="refuse,times=2", steps=(Step.TOKEN, *_FEW)),
    Trouble(title="reset before it is dealt with", spec="reset", steps=_ALL),
    Trouble(title="reset once", spec="reset,times=1", steps=_MAIN),
    Trouble(title="reset after it took effect", spec="reset,when=after", steps=_CHANGING),
    Trouble(title="no answer", spec="hang", steps=_ALL, options=_IMPATIENT),
    Trouble(title="no answer once", spec="hang,times=1", steps=(Step.ENABLE,), options=_IMPATIENT),
    Trouble(
        title="no answer after it took effect", spec="hang,when=after", steps=_CHANGING, options=_IMPATIENT
    ),
    Trouble(title="body byte by byte", spec="drip=0.05", steps=(Step.TOKEN, *_FEW), options=_IMPATIENT),
    Trouble(title="body cut", spec="cut", steps=_ALL),
    Trouble(title="body cut at its start", spec="cut=0", steps=_CHANGING),
    Trouble(title="invalid JSON", spec="invalid-json", steps=_ALL),
    Trouble(title="a list in place of an object", spec="wrong-shape=list", steps=_ALL),
    Trouble(title="a text in place of an object", spec="wrong-shape=text", steps=_MAIN),
    Trouble(title="null in place of an object", spec="wrong-shape=null", steps=_MAIN),
    Trouble(title="a number in place of an object", spec="wrong-shape=number", steps=_MAIN),
    Trouble(title="attributes of other types", spec="wrong-shape=types", steps=_ALL),
    Trouble(title="HTML 502", spec="html=502", steps=_ALL),
    Trouble(title="HTML 503 twice", spec="html=503,times=2", steps=_ALL),
    Trouble(title="429 twice, wait in seconds", spec="status=429,retry-after=0.02,times=2", steps=_ALL),
    Trouble(
        title="429 once, wait until a date",
        spec="status=429,retry-after=date+1,times=1",
        steps=(Step.LIST, Step.ENABLE),
    ),
    Trouble(title="429 twice, no Retry-After", spec="status=429,times=2", steps=_ALL),
    Trouble(title="429 without end", spec="status=429", steps=_ALL),
    Trouble(title="429, wait for a day", spec="status=429,retry-after=86400", steps=(Step.TOKEN, *_MAIN)),
    Trouble(
        title="429, wait until a date far off",
        spec="status=429,retry-after=date+86400",
        steps=(Step.LIST, Step.ENABLE),
    ),
    *(
        Trouble(title=f"{status} twice", spec=f"status={status},times=2", steps=_MAIN)
        for status in (500, 502, 503, 504)
    ),
    *(
        Trouble(title=f"{status} three times", spec=f"status={status},times=3", steps=_MAIN)
        for status in (500, 502, 503, 504)
    ),
    Trouble(title="503 without end", spec="status=503", steps=_ALL),
    Trouble(title="503 after it took effect", spec="status=503,when=after", steps=_CHANGING),
    Trouble(title="501", spec="status=501", steps=_ALL),
    Trouble(title="token expired once", spec="expire-token,times=1", steps=_API),
    Trouble(title="401", spec="status=401", steps=_ALL),
    Trouble(title="403", spec="status=403", steps=_ALL),
    Trouble(title="404", spec="status=404", steps=_ALL),
    Trouble(title="409", spec="status=409", steps=_MAIN),
    Trouble(title="400", spec="status=400", steps=(Step.TOKEN, *_MAIN)),
    Trouble(title="200 with error_message", spec="error-message", steps=_CHANGING),
    Trouble(title="200 with the wrong enabled", spec="wrong-enabled", steps=_CHANGING),
    Trouble(title="a change that does not stick", spec="not-sticking", steps=_CHANGING),
    Trouble(title="a change that is gone after one read", spec="reverting=1", steps=_CHANGING),
    Trouble(title="an answer of 5 MiB", spec="oversized=5", steps=(Step.TOKEN, Step.DETAIL, *_CHANGING)),
    Trouble(title="a list of 65 MiB", spec="oversized=65", steps=(Step.LIST, Step.BETWEEN)),
    Trouble(title="redirect", spec="redirect", steps=_ALL),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One fault at one step of a command."""

    command: str
    step: Step
    trouble: Trouble

    @property
    def key(self) -> tuple[str, str, str]:
        """What identifies its row."""
        return self.command, self.step.title, self.trouble.title

    def __str__(self) -> str:
        return ", ".join(self.key).replace(" ", "-")

    @property
    def spec(self) -> str:
        """The specification as the emulator takes it; a refusal has no place, it begins after a request."""
        spec = self.trouble.spec
        if spec.startswith(REFUSE):
            return spec
        kind, comma, rest = spec.partition(",")
        return f"{kind}{comma}{rest},{self.step.where}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What came of a case. ``hit`` counts the requests (of a refusal: connections) that the fault hit."""

    case: Case
    ran: Ran
    hit: int
    lines: tuple[str, ...]
    statuses: tuple[tuple[str, int | None], ...]
    live: dict[str, bool]
    early_disables: tuple[str, ...]

    @property
    def row(self) -> dict[str, str]:
        """The row of the table."""
        row = {
            "step": self.case.step.title,
            "fault": self.case.trouble.title,
            "exit": str(self.ran.code),
            "requests hit": str(self.hit),
        }
        if self.case.command == "apply":
            row |= {
                "enable": self._ended("conn_new"),
                "disable": self._ended("conn_old"),
                "other organization": ", ".join(sorted({self._ended("conn_will"), self._ended("conn_was")})),
            }
        return row

    def _ended(self, name: str) -> str:
        for entry in self.ran.entries:
            if entry["connection_id"] == name:
                writes = entry["attempts"]
                return f"{entry['state']} ({writes})" if writes else str(entry["state"])
        return "no result"


def cases(command: str) -> Iterator[Case]:
    """Every case of ``plan`` or ``apply``."""
    for trouble in TROUBLES:
        for step in trouble.steps:
            if command == "apply" or step in _PLAN:
                yield Case(command=command, step=step, trouble=trouble)


def measure(case: Case, made: World) -> Measured:
    """Run the command into the fault, and note what came of it. The fault is gone afterwards."""
    emulator = made.emulator
    number = case.step.before
    active: list[ActiveFault] = []
    if case.trouble.spec.startswith(REFUSE) and number:
        made.at_request(number, lambda: active.append(emulator.faults.add(case.spec)))
    else:
        active.append(emulator.faults.add(case.spec))
    ran = made.run(made.args(case.command, *case.trouble.options))
    requests = emulator.requests
    fired = sum(item.fired for item in active)
    emulator.faults.clear()
    made.hooks.clear()
    return Measured(
        case=case,
        ran=ran,
        hit=fired,
        lines=tuple(made.lines()),
        statuses=tuple((f"{item.method} {item.path}", item.status) for item in requests),
        live=made.live(),
        early_disables=tuple(made.early_disables),
    )


def measured(command: str) -> Iterator[Measured]:
    """Measure every case of a command, each in an environment of its own."""
    for case in cases(command):
        with tempfile.TemporaryDirectory() as folder, world(Path(folder)) as made:
            yield measure(case, made)


def table(found: Iterable[Measured]) -> str:
    """Return the rows as Markdown, under a heading for each command."""
    lines: list[str] = []
    command = ""
    for item in found:
        row = item.row
        if item.case.command != command:
            command = item.case.command
            lines += ["", f"## {command}", "", _cells(row.keys()), _cells("---" for _ in row)]
        lines.append(_cells(row.values()))
    return "\n".join([*lines[1:], ""])


def _cells(values: Iterable[str]) -> str:
    return f"| {' | '.join(values)} |"


def expected() -> dict[tuple[str, str, str], dict[str, str]]:
    """Read the table back: the rows by command, step and fault."""
    rows: dict[tuple[str, str, str], dict[str, str]] = {}
    command, names = "", list[str]()
    for line in TABLE.read_text("utf-8").splitlines():
        if line.startswith("## "):
            command, names = line.removeprefix("## "), []
        elif line.startswith("| ") and not re.match(r"\| -", line):
            values = line.strip("| ").split(" | ")
            if not names:
                names = values
                continue
            row = dict(zip(names, values, strict=True))
            rows[command, row["step"], row["fault"]] = row
    return rows


def broken_promises(found: Measured) -> list[str]:
    """Return what a run under a fault must never do, and did."""
    ran, live = found.ran, found.live
    broken: list[str] = []

    def demand(holds: bool, what: str) -> None:
        if not holds:
            broken.append(what)

    demand(CLIENT_SECRET not in ran.out + ran.err + str(ran.result), "a secret is shown")
    demand("Traceback" not in ran.err, "a traceback is shown")
    demand("defect" not in ran.err + ran.out, "an error that nobody expected")
    writes = [line for line in found.lines if line.startswith(("enable ", "disable "))]
    if found.case.command == "plan":
        demand(not writes, "plan wrote something")
        demand(ran.code == 0 or "No changes" not in ran.out, "an error stands beside No changes")
        return broken
    entries = {entry["connection_id"]: entry for entry in ran.entries}
    demand(not entries or entries.keys() == BEFORE.keys(), "a change is not reported")
    settled = {name for name, entry in entries.items() if entry["state"] in {"applied", "already"}}
    right = {name for name, enabled in live.items() if enabled is not BEFORE[name]}
    if ran.code == 0:
        demand(settled == right == BEFORE.keys(), "success is claimed, and live is not as wanted")
    else:
        demand("Apply complete" not in ran.out, "an apply that failed says that it is complete")
        demand(settled != BEFORE.keys(), "everything is claimed to be done, and the run failed")
    demand(settled <= right, f"claimed to be done, but live differs: {sorted(settled - right)}")
    for name, entry in entries.items():
        verb = "disable" if BEFORE[name] else "enable"
        sent = sum(1 for line in found.lines if line == f"{verb} {name}")
        refused = found.case.trouble.spec.startswith(REFUSE)
        demand(refused or entry["attempts"] == sent, f"{name}: {entry['attempts']} attempts, {sent} sent")
        demand(entry["state"] != "skipped" or not sent, f"{name} is called skipped, and was sent")
    if not entries:
        demand(not writes, "something was written without a result")
    broken += _order(found, writes)
    return broken


def _order(found: Measured, writes: list[str]) -> list[str]:
    broken: list[str] = []
    if found.case.trouble.spec != "reverting=1" and found.early_disables:
        broken.append(f"law 7: disabled too early: {found.early_disables}")
    for old, new in (("conn_old", "conn_new"), ("conn_was", "conn_will")):
        organization = ORGANIZATION_OF[old]
        if f"disable {old}" not in writes:
            continue
        if f"enable {new}" not in writes:
            broken.append(f"{old} was disabled without an enable")
            continue
        between = found.lines[: found.lines.index(f"disable {old}")]
        after_enable = between[len(between) - 1 - between[::-1].index(f"enable {new}") :]
        if f"list {organization}" not in after_enable:
            broken.append(f"{old} was disabled before {new} was read back")
    return broken
