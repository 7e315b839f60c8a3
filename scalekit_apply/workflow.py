"""The order of things: what a plan is made of, and the steps of applying one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime

from scalekit_apply import checks
from scalekit_apply.diagnostics import Diagnostic, Diagnostics, Severity
from scalekit_apply.diff import diff
from scalekit_apply.errors import ApiError, EnvironmentMismatch, Interrupted, ScalekitApplyError
from scalekit_apply.executor import Event, ExecutionOptions, Writer, execute
from scalekit_apply.exits import Outcome
from scalekit_apply.interruption import Interruption
from scalekit_apply.model import (
    Address,
    Check,
    ConnectionId,
    Desired,
    Environment,
    Live,
    LiveConnection,
    OrganizationId,
    Unmanaged,
)
from scalekit_apply.plan import Action, Change, Plan, policy_for
from scalekit_apply.reading import Reader, ReadMode, read_details, read_live
from scalekit_apply.result import ChangeResult, Result, State
from scalekit_apply.targets import narrow
from scalekit_apply.workers import WorkerPool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """What shapes a plan. ``base`` is the configuration before this change; ``allowed`` are ``--allow``.

    ``found`` is what reading the configuration had to say: it stands in the plan beside the checks.
    """

    targets: tuple[str, ...] = ()
    allowed: tuple[Check, ...] = ()
    base: Desired | None = None
    read_mode: ReadMode = ReadMode.AUTO
    found: Diagnostics = field(default_factory=Diagnostics)


def make_plan(
    desired: Desired,
    *,
    reader: Reader,
    pool: WorkerPool,
    environment: Environment,
    options: PlanOptions,
    now: datetime,
) -> Plan:
    """Read what is live and plan how it becomes what is desired.

    ``now`` is aware. Raises ``ApiError``, ``UsageError`` for an unknown target.
    """
    scoped = narrow(desired, options.targets)
    live = read_live(
        reader,
        pool,
        wanted={item.id: item.connections.keys() for item in scoped.organizations.values()},
        exhaustive={item.id for item in scoped.organizations.values() if item.unmanaged is Unmanaged.DISABLE},
        mode=options.read_mode,
    )
    found = diff(scoped, live, base=options.base)
    live = _with_details(live, found.changes, reader, pool)
    allowed = tuple(sorted(set(options.allowed)))
    return Plan(
        environment=environment,
        changes=found.changes,
        unchanged=found.unchanged,
        policy=replace(policy_for(scoped, found.changes), environment=environment),
        diagnostics=options.found
        + checks.run(desired=scoped, changes=found.changes, live=live, allowed=allowed, now=now),
        unmanaged=found.unmanaged,
        allowed=allowed,
        targets=tuple(sorted(set(options.targets))),
        compared=options.base is not None,
    )


def _with_details(live: Live, changes: Collection[Change], reader: Reader, pool: WorkerPool) -> Live:
    # Only what is about to be enabled: certificates and debug mode matter to nothing else.
    enabling = [change.address for change in changes if change.action is Action.ENABLE]
    return replace(live, details=read_details(reader, pool, enabling))


@dataclass(frozen=True, slots=True, kw_only=True)
class Applying:
    """What applying needs beside the plan.

    ``begin`` is called once, right before the first write: from there on a signal must not raise, but be
    seen through ``interruption``. ``emit`` is called from several threads.
    """

    writer: Writer
    pool: WorkerPool
    environment: Environment
    now: datetime
    execution: ExecutionOptions = field(default_factory=ExecutionOptions)
    interruption: Interruption = field(default_factory=Interruption)
    begin: Callable[[], None] = lambda: None
    emit: Callable[[Event], None] = lambda _: None


def apply_plan(plan: Plan, applying: Applying) -> Result:
    """Make the changes of a plan, and no others.

    Every planned change is in the result, also when nothing could be done. Raises nothing that the plan,
    the service or a signal causes.
    """
    if plan.environment != applying.environment:
        other = EnvironmentMismatch(
            f"The plan is for {plan.environment}, but the credentials are for {applying.environment}.",
            hint="Point SCALEKIT_ENVIRONMENT_URL at the environment of the plan, or plan again.",
        )
        return refused_result(plan, other)
    if not plan.applyable:
        return _nothing_done(
            plan, Outcome.BLOCKED, plan.diagnostics, "not started, because a check blocks the plan"
        )
    if not plan.changes:
        return Result(
            environment=plan.environment, fingerprint=plan.fingerprint, results=(), allowed=plan.allowed
        )
    try:
        return _apply(plan, applying)
    except (ApiError, Interrupted) as error:
        return refused_result(plan, error)


def refused_result(plan: Plan, error: ScalekitApplyError) -> Result:
    """The result of a plan of which nothing was started, for one reason."""
    return _nothing_done(plan, error.outcome, error.diagnostics, f"not started: {error.message}")


def _apply(plan: Plan, applying: Applying) -> Result:
    live = _read_again(plan, applying)
    already = {change.address for change in plan.changes if _enabled(live, change) == change.after}
    conflicts = [conflict for change in plan.changes if (conflict := _conflict(change, live)) is not None]
    if conflicts:
        message = "not started, because the plan is stale"
        return _nothing_done(plan, Outcome.STALE, Diagnostics(conflicts), message, already)
    to_do = tuple(change for change in plan.changes if change.address not in already)
    live = _with_details(live, to_do, applying.writer, applying.pool)
    found = _with_new_lockouts(
        plan,
        checks.run(desired=plan.policy, changes=to_do, live=live, allowed=plan.allowed, now=applying.now),
    )
    if found.has_errors:
        return _nothing_done(
            plan, Outcome.BLOCKED, found, "not started, because a check blocks the plan", already
        )
    applying.begin()
    execution = execute(
        plan.changes,
        already=already,
        writer=applying.writer,
        pool=applying.pool,
        options=applying.execution,
        interruption=applying.interruption,
        emit=applying.emit,
    )
    return Result(
        environment=plan.environment,
        fingerprint=plan.fingerprint,
        results=execution.results,
        outcomes=execution.outcomes,
        diagnostics=found + execution.diagnostics,
        allowed=plan.allowed,
    )


def _with_new_lockouts(plan: Plan, found: Diagnostics) -> Diagnostics:
    """Make an error of every lockout that the plan did not show.

    A warning is for who reviews a plan. One that came up since, because somebody switched off what was to
    stay, was reviewed by nobody.
    """
    shown = {item.address for item in plan.diagnostics if item.check == Check.ORGANIZATION_LOCKOUT}
    return Diagnostics(
        replace(
            item,
            severity=Severity.ERROR,
            detail="The plan did not show this: plan again, and review the new plan.",
        )
        if item.check == Check.ORGANIZATION_LOCKOUT
        and item.severity is Severity.WARNING
        and item.address not in shown
        and Check.ORGANIZATION_LOCKOUT not in plan.allowed
        else item
        for item in found
    )


def _read_again(plan: Plan, applying: Applying) -> Live:
    wanted: dict[OrganizationId, set[ConnectionId]] = defaultdict(set)
    for organization_id in plan.policy.scope:
        # Nothing in particular is wanted of these: they are what the percentage of disables is of.
        wanted[organization_id] = set()
    for change in plan.changes:
        wanted[change.address.organization_id].add(change.address.connection_id)
    return read_live(applying.writer, applying.pool, wanted=wanted, mode=applying.execution.read_mode)


def _enabled(live: Live, change: Change) -> bool | None:
    connection = live.connection(change.address)
    return None if connection is None else connection.enabled


def _conflict(change: Change, live: Live) -> Diagnostic | None:
    connection = live.connection(change.address)
    if connection is None:
        return _stale(change, "is gone", "planned with " + _facts(change.live) + ", live: no such connection")
    differing = [
        f"{name}: planned {planned or 'unspecified'}, live {seen or 'unspecified'}"
        for name, planned, seen in (
            ("provider", change.live.provider, connection.provider),
            ("type", change.live.type, connection.type),
            ("status", change.live.status, connection.status),
        )
        if planned != seen
    ]
    return _stale(change, "is not what the plan showed", "; ".join(differing)) if differing else None


def _facts(connection: LiveConnection) -> str:
    return " ".join(fact for fact in (connection.provider, connection.type, connection.status) if fact)


def _stale(change: Change, what: str, values: str) -> Diagnostic:
    return Diagnostic(
        severity=Severity.ERROR,
        check="stale-plan",
        summary=f"{change.address} {what}: {values}.",
        detail="Plan again and review the new plan; nothing was written.",
        address=str(change.address),
        location=change.source,
    )


def _nothing_done(
    plan: Plan,
    outcome: Outcome,
    diagnostics: Diagnostics,
    message: str,
    already: Collection[Address] = (),
) -> Result:
    return Result(
        environment=plan.environment,
        fingerprint=plan.fingerprint,
        results=tuple(
            ChangeResult(change=change, state=State.ALREADY, message="live was as wanted before any call")
            if change.address in already
            else ChangeResult(change=change, state=State.SKIPPED, message=message)
            for change in plan.changes
        ),
        outcomes=frozenset({outcome}),
        diagnostics=diagnostics,
        allowed=plan.allowed,
    )
