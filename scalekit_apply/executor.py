"""Walking a plan: the calls, their order inside an organization, and what became of each change.

Organizations run side by side. Inside one, enables come first and are read back, and only when every one
holds does the first disable go out, so that nobody is locked out between two calls.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Protocol, assert_never

from scalekit_apply.diagnostics import Diagnostic, Diagnostics, Severity
from scalekit_apply.errors import ApiError, AuthenticationError, PermissionDenied
from scalekit_apply.exits import Outcome
from scalekit_apply.interruption import Interruption
from scalekit_apply.model import Address, ConnectionId, LiveConnection, OrganizationId, WriteAnswer
from scalekit_apply.plan import Action, Change
from scalekit_apply.reading import Reader, ReadMode, read_live
from scalekit_apply.result import SETTLED, ChangeResult, State
from scalekit_apply.workers import WorkerPool, ended

GRACE_SECONDS: Final = 6.0
"""How long calls in flight may go on after the first signal."""

_ALREADY: Final = "live was as wanted before any call"
_INTERRUPTED: Final = "not started, because the run was interrupted"
_WITHOUT_A_CLAIM: Final = frozenset({State.FAILED, State.SKIPPED})


class Writer(Reader, Protocol):
    """What executing needs of the API. Every method raises ``ApiError`` and nothing else."""

    def enable(self, address: Address) -> WriteAnswer:
        """Enable one connection."""
        ...

    def disable(self, address: Address) -> WriteAnswer:
        """Disable one connection."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeStarted:
    """A call is about to be made."""

    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeEnded:
    """A change has its state, for now: reading back at the end can still revoke it."""

    result: ChangeResult


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingBack:
    """Organizations are being read to see whether the changes hold."""

    organizations: int


Event = ChangeStarted | ChangeEnded | ReadingBack


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionOptions:
    """How to walk a plan. ``grace`` is in seconds."""

    read_mode: ReadMode = ReadMode.AUTO
    fail_fast: bool = False
    grace: float = GRACE_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """What walking a plan came to. ``results`` is in the order of the changes given."""

    results: tuple[ChangeResult, ...]
    outcomes: frozenset[Outcome]
    diagnostics: Diagnostics


def execute(  # noqa: PLR0913  # one keyword for each thing that can be replaced in a test
    changes: Sequence[Change],
    *,
    already: Collection[Address],
    writer: Writer,
    pool: WorkerPool,
    options: ExecutionOptions,
    interruption: Interruption,
    emit: Callable[[Event], None],
) -> Execution:
    """Make the calls for ``changes``, except for those that hold ``already``.

    Raises nothing that the service, the network or a signal causes: every change ends in exactly one state.
    """
    run = _Run(writer=writer, options=options, interruption=interruption, emit=emit)
    organizations: dict[OrganizationId, list[Change]] = defaultdict(list)
    for change in changes:
        organizations[change.address.organization_id].append(change)
        if change.address in already:
            run.settle(ChangeResult(change=change, state=State.ALREADY, message=_ALREADY))
    batch = pool.start(run.organization, organizations.values())
    if ended(batch, interruption, grace=options.grace):
        batch.results()
    entries = run.close(changes)
    if not interruption.requested:
        entries = _read_back(entries, run, pool)
    results = tuple(entries[change.address] for change in changes)
    return Execution(results=results, outcomes=run.outcomes(results), diagnostics=Diagnostics(run.problems))


_Entries = dict[Address, ChangeResult]


def _read_back(entries: _Entries, run: _Run, pool: WorkerPool) -> _Entries:
    """Hold every state against what is live now."""
    claimed = {address: entry for address, entry in entries.items() if entry.state not in _WITHOUT_A_CLAIM}
    wanted: dict[OrganizationId, set[ConnectionId]] = defaultdict(set)
    for address in claimed:
        wanted[address.organization_id].add(address.connection_id)
    if not wanted:
        return entries
    run.emit(ReadingBack(organizations=len(wanted)))
    # In a thread of its own, so that this one can turn its back on a service that does not answer: all
    # of the pool is for the lists.
    aside = WorkerPool(1)
    batch = aside.start(
        lambda mode: read_live(run.writer, pool, wanted=wanted, mode=mode), [run.options.read_mode]
    )
    aside.close()
    if not ended(batch, run.interruption, grace=run.options.grace):
        return entries
    try:
        (live,) = batch.results()
    except ApiError as error:
        run.problem(error, f"Reading back failed: {error.message}")
        return entries | {address: _unverified(entry, error) for address, entry in claimed.items()}
    return entries | {
        address: _verified(entry, live.connection(address)) for address, entry in claimed.items()
    }


def _verified(entry: ChangeResult, live: LiveConnection | None) -> ChangeResult:
    """The entry after reading back: what is live now is the truth."""
    lost = f"; {entry.message}" if entry.state is State.UNKNOWN else ""
    if live is not None and live.enabled == entry.change.after:
        if not lost:
            return entry
        # Without an attempt it held before: it became unknown when the enables were read back.
        state, what = (State.APPLIED, "took effect") if entry.attempts else (State.ALREADY, "holds")
        return replace(entry, state=state, message=f"{what}, as reading back shows{lost}")
    seen = "the connection is gone" if live is None else f"enabled is {str(live.enabled).lower()}"
    return replace(entry, state=State.FAILED, message=f"did not hold: reading back, {seen}{lost}")


def _unverified(entry: ChangeResult, error: ApiError) -> ChangeResult:
    """The entry after reading back failed."""
    lost = f"; {entry.message}" if entry.state is State.UNKNOWN else ""
    return replace(entry, state=State.UNKNOWN, message=f"reading back failed: {error.message}{lost}")


class _Run:
    """The ledger of one execution, and the rules for writing into it. Shared by all workers."""

    def __init__(
        self,
        *,
        writer: Writer,
        options: ExecutionOptions,
        interruption: Interruption,
        emit: Callable[[Event], None],
    ) -> None:
        self.writer = writer
        self.options = options
        self.interruption = interruption
        self.emit = emit
        self.problems: list[Diagnostic] = []
        self._entries: _Entries = {}
        self._lock = threading.Lock()
        self._closed = False
        self._in_flight: set[Address] = set()
        self._halted = ""
        self._sent = False
        self._trouble: set[Outcome] = set()

    def organization(self, changes: Sequence[Change]) -> None:
        """Make the calls of one organization, in the order that keeps its people signed in."""
        enables = [change for change in changes if change.action is Action.ENABLE]
        disables = [change for change in changes if change.action is Action.DISABLE]
        for change in enables:
            self._perform(change)
        if not disables:
            return
        uncertain = self._uncertain(enables)
        if enables and not uncertain and not self._stopped():
            self._verify(enables)
            uncertain = self._uncertain(enables)
        for change in disables:
            if uncertain:
                names = ", ".join(item.address.connection_id for item in uncertain)
                message = f"not disabled, because it is not certain that {names} is enabled"
                self.settle(ChangeResult(change=change, state=State.SKIPPED, message=message))
            else:
                self._perform(change)

    def _uncertain(self, enables: Sequence[Change]) -> list[Change]:
        with self._lock:
            return [
                change
                for change in enables
                if (entry := self._entries.get(change.address)) is None or entry.state not in SETTLED
            ]

    def _verify(self, enables: Sequence[Change]) -> None:
        organization_id = enables[0].address.organization_id
        try:
            listed = self.writer.list_organization(organization_id)
        except ApiError as error:
            self.problem(error, f"Reading back {organization_id} failed: {error.message}")
            self._halt_if_denied(error, f"{organization_id} could not be read back")
            for change in enables:
                self._amend(change, partial(_unverified, error=error))
            return
        live = {item.address: item for item in listed}
        for change in enables:
            self._amend(change, partial(_verified, live=live.get(change.address)))

    def _amend(self, change: Change, amended: Callable[[ChangeResult], ChangeResult]) -> None:
        with self._lock:
            entry = self._entries.get(change.address)
        if entry is not None:
            self.settle(amended(entry))

    def _perform(self, change: Change) -> None:
        with self._lock:
            if change.address in self._entries or self._closed:
                return
            reason = self._stopped()
            if not reason:
                self._in_flight.add(change.address)
        if reason:
            self.settle(ChangeResult(change=change, state=State.SKIPPED, message=reason))
            return
        self.emit(ChangeStarted(change=change))
        self.settle(self._call(change))

    def _call(self, change: Change) -> ChangeResult:
        try:
            match change.action:
                case Action.ENABLE:
                    answer = self.writer.enable(change.address)
                case Action.DISABLE:
                    answer = self.writer.disable(change.address)
                case _:
                    assert_never(change.action)
        except ApiError as error:
            return self._refused(change, error)
        except Exception as error:  # a defect in here must not lose the state of other changes
            self._sent = True
            message = f"unexpected {type(error).__name__} in this program while the call was made"
            return ChangeResult(change=change, state=State.UNKNOWN, message=message, attempts=1)
        self._sent = True
        message = answer.error_message
        if not message and answer.enabled != change.after:
            message = f"the service answered enabled: {str(answer.enabled).lower()}"
        return ChangeResult(
            change=change,
            state=State.FAILED if message else State.APPLIED,
            message=message,
            attempts=answer.attempts,
            status=answer.status,
            trace_id=answer.trace_id,
        )

    def _refused(self, change: Change, error: ApiError) -> ChangeResult:
        self._sent = self._sent or error.sent
        self._trouble.add(error.outcome)
        self._halt_if_denied(error, f"{change.address} was refused")
        # Without a single attempt (no token to be had, or a pause that is too long) no call was made.
        known = State.FAILED if error.attempts else State.SKIPPED
        return ChangeResult(
            change=change,
            state=State.UNKNOWN if error.effect_unknown else known,
            message=" ".join(part for part in (error.message, error.hint) if part),
            attempts=error.attempts,
            status=error.status,
            trace_id=error.trace_id,
        )

    def _halt_if_denied(self, error: ApiError, what: str) -> None:
        if isinstance(error, AuthenticationError | PermissionDenied):
            self._halted = self._halted or f"not started, because {what}: {error.message}"

    def _stopped(self) -> str:
        """Why no new call may be made; empty when it may."""
        return _INTERRUPTED if self.interruption.requested else self._halted

    def settle(self, entry: ChangeResult) -> None:
        """Write an entry, unless the ledger is closed."""
        address = entry.change.address
        with self._lock:
            if self._closed:
                return
            self._in_flight.discard(address)
            self._entries[address] = entry
            if self.options.fail_fast and entry.state in {State.FAILED, State.UNKNOWN}:
                self._halted = self._halted or f"not started, because {address} failed (--fail-fast)"
        self.emit(ChangeEnded(result=entry))

    def close(self, changes: Sequence[Change]) -> _Entries:
        """Return the entries, and take no more from calls that were abandoned."""
        with self._lock:
            self._closed = True
            return {change.address: self._final(change) for change in changes}

    def _final(self, change: Change) -> ChangeResult:
        if change.address in self._in_flight:
            message = "interrupted while the call was under way"
            return ChangeResult(change=change, state=State.UNKNOWN, attempts=1, message=message)
        missing = ChangeResult(change=change, state=State.SKIPPED, message=_INTERRUPTED)
        return self._entries.get(change.address, missing)

    def problem(self, error: ApiError, summary: str) -> None:
        """Note an error that stands for several changes."""
        self._trouble.add(error.outcome)
        self.problems.append(
            Diagnostic(severity=Severity.ERROR, check=error.check, summary=summary, detail=error.hint)
        )

    def outcomes(self, results: Sequence[ChangeResult]) -> frozenset[Outcome]:
        """What held of the run."""
        held: set[Outcome] = set()
        if self.interruption.requested:
            held.add(Outcome.TERMINATED if self.interruption.terminated else Outcome.INTERRUPTED)
        if any(item.state not in SETTLED for item in results):
            # A write that may have reached the service makes every trouble an incomplete apply, and so does
            # not knowing: the other codes promise that nothing changed.
            unsure = self._sent or any(item.state is State.UNKNOWN for item in results)
            held |= {Outcome.INCOMPLETE} if unsure else (self._trouble or {Outcome.INCOMPLETE})
        return frozenset(held)
