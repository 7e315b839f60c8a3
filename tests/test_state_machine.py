"""All laws at once: anything may happen in any order, and every run is held to what must be true of it.

What a run without faults does is compared with an oracle; what it does under faults, interruptions and
foreign hands is held to the laws, each named where it is asserted. Afterwards a run that nobody disturbs must
reach what is wanted. The command itself is tested with real signals elsewhere; here they are asked for.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from machine_support import (
    CONNECTIONS,
    FORMATS,
    HOMES,
    ORGANIZATIONS,
    SETTLED,
    STATES,
    Changes,
    Laboratory,
    Ran,
    Wanted,
    changes_of,
    reverting,
)

from scalekit_apply.emulator.faultkinds import Fault
from scalekit_apply.emulator.messages import Request
from scalekit_apply.views import Format

_FAULTS = (
    "status=503,times=2",
    "status=503,times=3",
    "status=500,method=PATCH,times=1",
    "status=503,when=after,method=PATCH,times=1",
    "status=503,when=after,method=PATCH",
    "status=429,retry-after=0.01,times=2",
    "status=401",
    "status=401,method=PATCH,times=1",
    "status=403,method=PATCH",
    "status=403,path=*/conn_*",
    "status=404,method=PATCH,times=1",
    "status=404",
    "status=409,method=PATCH,times=1",
    "status=501",
    "status=503,path=/oauth/token",
    "wrong-shape=list,path=/oauth/token",
    "expire-token,times=1",
    "expire-token,method=PATCH",
    "expire-token",
    "reset,times=1",
    "reset,method=PATCH",
    "reset,when=after,method=PATCH,times=1",
    "reset,when=after,method=PATCH",
    "refuse,times=2,skip=1",
    "refuse,skip=2",
    "cut,times=1",
    "cut=0,method=PATCH",
    "invalid-json,method=PATCH",
    "invalid-json,times=1",
    "wrong-shape=types,times=1",
    "wrong-shape=null,method=PATCH",
    "html=502,times=2",
    "html=502",
    "redirect,times=1",
    "error-message",
    "error-message=::error::forged\n##[x],times=1",
    "wrong-enabled,times=1",
    "wrong-enabled",
    "not-sticking,times=1",
    "not-sticking",
    "reverting=1,times=1",
    "reverting=2",
)


_LYING = frozenset({"error-message", "wrong-enabled", "not-sticking", "reverting=1", "reverting=2"})


def _later(spec: str, skip: int) -> str:
    return spec if "skip=" in spec else f"{spec},skip={skip}"


_faults = st.lists(
    st.builds(_later, st.sampled_from(_FAULTS), st.integers(0, 5)), min_size=1, max_size=2
).map(tuple)
_connections = st.sampled_from(CONNECTIONS)
_organizations = st.sampled_from(ORGANIZATIONS)
_deeds = st.sampled_from(["toggle", "toggle", "delete", "status", "rename"])
# What a service does that says one thing and does another, or says nothing.
_lies = st.builds(
    _later,
    st.sampled_from(
        [spec for spec in _FAULTS if "after" in spec or spec.partition(",")[0] in _LYING or "cut=0" in spec]
    ),
    st.integers(0, 3),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A plan on disk, and what the connections that it changes were when it was made."""

    path: Path
    document: dict[str, Any]
    statuses: dict[str, str]

    @property
    def changes(self) -> Changes:
        """Its changes."""
        return changes_of(self.document)


class Laws(RuleBasedStateMachine):
    """One environment, one configuration, everybody who touches either."""

    def __init__(self) -> None:
        super().__init__()
        self.lab = Laboratory()
        self.saved: list[Saved] = []

    def teardown(self) -> None:
        try:
            self._law_12()
        finally:
            self.lab.close()

    @initialize()
    def a_configuration_that_says_what_is(self) -> None:
        for name in ORGANIZATIONS[:2]:
            live = self.lab.live()
            entries = {item: (live[item], False) for item, home in HOMES.items() if home == name}
            self.lab.wanted[name] = Wanted(connections=entries)

    # -- what people do to the configuration ---------------------------------------------------------

    @rule(
        name=_connections,
        enabled=st.none() | st.booleans(),
        protected=st.sampled_from([False, False, False, True]),
        unmanaged=st.sampled_from(["ignore", "report", "disable"]),
    )
    def ask_for(self, name: str, enabled: bool | None, protected: bool, unmanaged: str) -> None:
        wanted = self.lab.wanted.setdefault(HOMES[name], Wanted())
        wanted.unmanaged = unmanaged
        if enabled is None:
            wanted.connections.pop(name, None)
        else:
            wanted.connections[name] = enabled, protected

    @rule()
    def ask_for_the_opposite_of_everything(self) -> None:
        live = self.lab.live()
        for wanted in self.lab.wanted.values():
            for name in wanted.connections:
                wanted.connections[name] = not live.get(name, True), False

    @rule(name=_organizations)
    def no_longer_name_an_organization(self, name: str) -> None:
        self.lab.wanted.pop(name, None)

    # -- what others do to the environment -----------------------------------------------------------

    @rule(name=_connections, deed=_deeds)
    def somebody_else_acts(self, name: str, deed: str) -> None:
        self._somebody(name, deed)

    def _somebody(self, name: str, deed: str) -> None:
        store, organization_id = self.lab.emulator.store, HOMES[name]
        if name not in self.lab.live():
            made = self.lab.seeded(name, enabled=deed == "toggle")
            self.lab.emulator.add_connection(made, organization_id=organization_id)
            return
        match deed:
            case "toggle":
                store.toggle(name)
            case "delete":
                store.delete_connection(name)
            case "rename":
                store.rename_organization(organization_id, f"]]>\n::warning::{name}\x1b]8;;x\x1b\\")
            case _:
                store.set_status(name, "COMPLETED" if self.lab.status(name) != "COMPLETED" else "IN_PROGRESS")

    @rule()
    def the_environment_restarts(self) -> None:
        self.lab.restart()

    # -- runs that nobody disturbs -------------------------------------------------------------------

    @rule(opposite=st.booleans(), concurrency=st.sampled_from(["1", "8"]))
    def plan(self, opposite: bool, concurrency: str) -> None:
        if opposite:
            self.ask_for_the_opposite_of_everything()
        path = self.lab.folder / f"plan-{len(self.saved)}"
        self.lab.write()
        ran = self.lab.run("plan", "--out", str(path), "--concurrency", concurrency)
        expected, blocked = self.lab.expected()
        assert changes_of(ran.document) == expected
        assert ran.code == (5 if blocked else 0)
        _law_1(ran)
        assert expected.keys() <= self.lab.may_change(), "law 4"
        assert path.read_text("utf-8") == ran.files[Format.JSON]
        statuses = {name: self.lab.status(name) for name in expected}
        self.saved.append(Saved(path=path, document=ran.document, statuses=statuses))

    @rule()
    def law_8_plan_it_in_another_order_and_other_files(self) -> None:
        self.lab.write()
        first = self.lab.run("plan", "--concurrency", "1")
        self.lab.write(backwards=True)
        second = self.lab.run("plan", "--concurrency", "8")
        assert _without_places(first) == _without_places(second)
        self.lab.write(files=3, backwards=True)
        third = self.lab.run("plan", "--read", "organization")
        assert _without_places(first) == _without_places(third)
        assert first.document["fingerprint"] == third.document["fingerprint"]

    @rule()
    def law_5_the_exit_code_is_that_of_every_format(self) -> None:
        self.lab.write()
        for command, codes in (("plan", {0, 5}), ("drift", {0, 2})):
            found = {self.lab.run(command, "--format", item.value).code for item in FORMATS}
            assert len(found) == 1
            assert found <= codes

    @rule(concurrency=st.sampled_from(["1", "8"]))
    def apply(self, concurrency: str) -> None:
        self._apply_undisturbed(concurrency)

    @precondition(lambda self: self.saved)
    @rule(data=st.data(), deeds=st.lists(_deeds, max_size=2))
    def apply_what_was_saved(self, data: st.DataObject, deeds: list[str]) -> None:
        saved = data.draw(st.sampled_from(self.saved))
        for deed in deeds:
            self._somebody(data.draw(st.sampled_from([*saved.changes, *CONNECTIONS])), deed)
        self.lab.plan = saved.path
        live = self.lab.live()
        gone = any(
            name not in live or self.lab.status(name) != saved.statuses[name] for name in saved.changes
        )
        to_do = {name: after for name, after in saved.changes.items() if live.get(name) != after}
        for turn in range(2):
            ran = self.lab.run("apply", str(saved.path), config=False)
            if not saved.document["applyable"]:
                assert (ran.code, ran.patches) == (5, ())
            elif gone:
                assert (ran.code, ran.patches) == (6, ())
            else:
                assert ran.code == 0
                # Law 2: these changes and no others, and none of them twice.
                assert sorted(ran.patches) == (sorted(to_do.items()) if turn == 0 else [])
                assert ran.after == {**ran.before, **saved.changes}
            _laws(ran, saved.changes)

    @rule()
    def law_3_an_export_plans_as_no_change(self) -> None:
        if not self.lab.live().keys() & HOMES.keys():
            return
        exported = self.lab.run("export", "--all", config=False)
        _law_1(exported)
        assert exported.code == 0
        folder = self.lab.folder / "config"
        folder.mkdir(exist_ok=True)
        for old in folder.glob("*"):
            old.unlink()
        (folder / "scalekit.yaml").write_text(exported.out, "utf-8")
        again = self.lab.run("plan")
        assert (again.code, changes_of(again.document)) == (0, {})

    @rule()
    def law_1_reading_commands_change_nothing(self) -> None:
        self.lab.write()
        for args in (["drift"], ["list", "--all"], ["doctor"], ["validate"]):
            _law_1(self.lab.run(*args))
        for name in self.lab.live():
            if name in HOMES:
                _law_1(self.lab.run("inspect", HOMES[name], name))

    @rule(problems=st.integers(1, 4))
    def law_11_all_problems_are_shown_at_once(self, problems: int) -> None:
        self.lab.write(files=2)
        path = self.lab.folder / "config" / "broken.scalekit.yaml"
        lines = [f"  - {{id: org_broken{number}, surprise: {number}}}" for number in range(problems)]
        path.write_text("\n".join(["version: 1", "organizations:", *lines, ""]), "utf-8")
        for command in (["plan"], ["apply", "--auto-approve"], ["drift"]):
            ran = self.lab.run(*command)
            assert (ran.code, ran.patches, ran.reads) == (3, (), 0)
            found = json.loads(ran.files[Format.JSON])["diagnostics"]
            assert len(found) == problems
            assert [item["location"]["line"] for item in found] == list(range(3, 3 + problems))
            for item in found:
                assert f"{item['location']['file']}:{item['location']['line']}" in ran.err

    # -- runs that are disturbed -----------------------------------------------------------------------

    @rule(faults=_faults)
    def plan_under_faults(self, faults: tuple[str, ...]) -> None:
        self.lab.write()
        expected, blocked = self.lab.expected()
        ran = self.lab.run("plan", faults=faults)
        _law_1(ran)
        assert ran.code in {0, 4, 5, 8}
        if ran.code == 0:
            assert not blocked
        if "resource_changes" in ran.document and ran.code == 0:
            assert changes_of(ran.document) == expected
        if ran.code in {4, 8}:
            assert "No changes" not in ran.out

    @rule(faults=_faults, concurrency=st.sampled_from(["1", "8"]))
    def apply_under_faults(self, faults: tuple[str, ...], concurrency: str) -> None:
        self.ask_for_the_opposite_of_everything()
        ran = self._apply("--concurrency", concurrency, faults=faults)
        self._hold_disturbed(ran, faults=faults)

    @rule(lie=_lies, concurrency=st.sampled_from(["1", "8"]))
    def apply_to_a_service_that_lies(self, lie: str, concurrency: str) -> None:
        self.ask_for_the_opposite_of_everything()
        ran = self._apply("--concurrency", concurrency, faults=(lie,))
        self._hold_disturbed(ran, faults=(lie,))

    @precondition(lambda self: self.saved)
    @rule(faults=_faults, data=st.data())
    def apply_what_was_saved_under_faults(self, faults: tuple[str, ...], data: st.DataObject) -> None:
        saved = data.draw(st.sampled_from(self.saved))
        self.lab.plan = saved.path
        ran = self.lab.run("apply", str(saved.path), config=False, faults=faults)
        self._hold_disturbed(ran, faults=faults, changes=saved.changes)

    @rule(
        number=st.integers(1, 14),
        terminated=st.booleans(),
        twice=st.booleans(),
        faults=st.just(()) | _faults,
    )
    def apply_and_interrupt(
        self, number: int, terminated: bool, twice: bool, faults: tuple[str, ...]
    ) -> None:
        self.ask_for_the_opposite_of_everything()

        def interrupt(arrived: int, _: Request) -> Fault | None:
            if arrived == number:
                for _turn in range(1 + twice):
                    self.lab.signals.interruption.request(terminated=terminated)
            return None

        self.lab.hook = interrupt
        ran = self._apply("--concurrency", "1", faults=faults)
        asked = self.lab.signals.interruption.requested
        self.lab.hook = lambda _number, _request: None
        self._hold_disturbed(ran, faults=faults, interrupted=asked)
        if asked and "results" in ran.document and ran.document["interrupted"]:
            assert ran.code == (143 if terminated else 130)

    @rule(number=st.integers(1, 14))
    def apply_and_die(self, number: int) -> None:
        self.ask_for_the_opposite_of_everything()

        def die(arrived: int, _: Request) -> Fault | None:
            if arrived == number:
                # Nothing gets out any more, and nobody hears what comes of it.
                self.lab.emulator.faults.add("refuse")
                self.lab.emulator.faults.add("reset,path=*")
                self.lab.signals.interruption.request(terminated=True)
                self.lab.signals.interruption.request(terminated=True)
            return None

        self.lab.hook = die
        self._apply("--concurrency", "1")
        self.lab.hook = lambda _number, _request: None
        self._law_12()

    @rule(number=st.integers(1, 14), name=_connections)
    def apply_while_somebody_toggles(self, number: int, name: str) -> None:
        self.ask_for_the_opposite_of_everything()

        def toggle(arrived: int, _: Request) -> Fault | None:
            if arrived == number and name in self.lab.live():
                self.lab.emulator.store.toggle(name)
            return None

        self.lab.hook = toggle
        ran = self._apply("--concurrency", "1")
        self.lab.hook = lambda _number, _request: None
        if "results" not in ran.document:
            return
        _law_6(ran, changes_of(ran.document))
        assert dict(ran.patches).items() <= changes_of(ran.document).items(), "law 2"
        assert ran.code == 0 or not ran.states or not set(ran.states.values()) <= SETTLED, "law 5"
        assert ran.code != 0 or set(ran.states.values()) <= SETTLED, "law 5"

    # -- what is always true ---------------------------------------------------------------------------

    @invariant()
    def nobody_touched_what_belongs_to_all(self) -> None:
        assert self.lab.live()["conn_of_all"], "law 4"

    def _apply(self, *options: str, faults: tuple[str, ...] = ()) -> Ran:
        self.lab.write()
        self.lab.plan = self.lab.folder / "fresh.plan"
        self.lab.plan.unlink(missing_ok=True)
        return self.lab.run("apply", "--auto-approve", "--out", str(self.lab.plan), *options, faults=faults)

    def _apply_undisturbed(self, concurrency: str = "8") -> bool:
        """Apply, hold it to the oracle, and return whether a check blocked it."""
        expected, blocked = self.lab.expected()
        ran = self._apply("--concurrency", concurrency)
        _laws(ran, expected)
        if blocked:
            assert (ran.code, ran.patches) == (5, ())
            return True
        assert ran.code == 0, ran.err
        assert sorted(ran.patches) == sorted(expected.items()), "law 2"
        assert ran.after == {**ran.before, **expected}
        again = self.lab.run("plan", "--detailed-exitcode")
        assert (again.code, changes_of(again.document)) == (0, {}), "law 3"
        assert "No changes." in again.files[Format.TEXT], "law 3"
        return False

    def _law_12(self) -> None:
        """A run that nobody disturbs gets to what is wanted, unless a check blocks it."""
        if self._apply_undisturbed():
            return
        live = self.lab.live()
        for wanted in self.lab.wanted.values():
            for name, (enabled, _) in wanted.connections.items():
                assert live[name] == enabled, "law 12"

    def _hold_disturbed(
        self, ran: Ran, *, faults: tuple[str, ...], changes: Changes | None = None, interrupted: bool = False
    ) -> None:
        assert ran.code in ({0, 4, 5, 6, 7, 8} | ({130, 143} if interrupted else set()))
        if "results" not in ran.document:
            assert ran.patches == ()
            assert ran.code not in {0, 7}
            return
        planned = changes_of(ran.document)
        assert changes is None or changes == planned, "law 6"
        assert changes is not None or planned.keys() <= self.lab.may_change(), "law 4"
        undone = reverting(faults)
        _laws(ran, planned, undone=undone)
        if ran.code in {4, 6, 8}:
            assert ran.after == ran.before, "nothing changed, says the exit code"
        if not undone:
            for name, state in ran.states.items():
                assert state not in SETTLED or ran.after[name] == planned[name], "law 5: a false success"
                assert state != "skipped" or name not in dict(ran.patches), "skipped, and sent"


def _without_places(ran: Ran) -> object:
    """The plan without the places in the files, which are other files."""
    document = ran.document
    for item in [*document["resource_changes"], *document["diagnostics"]]:
        item.pop("source", None)
        item.pop("location", None)
    document["diagnostics"] = sorted(document["diagnostics"], key=json.dumps)
    return {key: value for key, value in document.items() if key != "digest"}


def _law_1(ran: Ran) -> None:
    assert ran.patches == (), "law 1"
    assert ran.before == ran.after, "law 1"


def _law_6(ran: Ran, changes: Changes) -> None:
    assert ran.states.keys() == changes.keys(), "law 6"
    assert set(ran.states.values()) <= STATES, "law 6"
    assert sum(ran.document["summary"].values()) == len(changes), "law 6"
    for name in changes:
        for item in (Format.TEXT, Format.MARKDOWN, Format.JUNIT):
            assert name in ran.files[item], f"law 6: {name} is not in {item}"


def _laws(ran: Ran, changes: Changes, *, undone: bool = False) -> None:
    """What is true of every apply that came to a result."""
    _law_6(ran, changes)
    changed = {name for name in ran.after if ran.after[name] != ran.before.get(name)}
    assert set(ran.patches) <= set(changes.items()), "law 2"
    assert changed <= changes.keys(), "law 4"
    assert (ran.code == 0) == (ran.document["complete"] is True), "law 5"
    if ran.code == 0:
        assert set(ran.states.values()) <= SETTLED, "law 5"
        assert undone or all(ran.after[name] == after for name, after in changes.items()), "law 5"
    assert ("Apply complete: " in ran.files[Format.TEXT]) <= (ran.code == 0), "law 5"
    assert undone or ran.early_disables == (), "law 7"


_profile = settings.get_profile(settings.get_current_profile_name())
Laws.TestCase.settings = settings(
    _profile,
    max_examples=_profile.max_examples // 10,
    stateful_step_count=10 if _profile.max_examples <= 100 else 30,
    # A failure is a story of a dozen runs of the command: shrinking it would take longer than reading it.
    phases=[phase for phase in Phase if phase is not Phase.shrink and phase is not Phase.explain],
)
TestLaws = Laws.TestCase
