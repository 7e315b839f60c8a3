"""Plans, results and problems that every format is shown with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from typing import Final, TypeVar, cast

from scalekit_apply import views
from scalekit_apply.diagnostics import Diagnostic, Diagnostics, Location, Severity
from scalekit_apply.exits import Outcome
from scalekit_apply.model import (
    Address,
    Check,
    ConnectionId,
    Desired,
    DesiredConnection,
    DesiredOrganization,
    Environment,
    Expectation,
    Level,
    Limits,
    LiveConnection,
    OrganizationId,
)
from scalekit_apply.plan import Change, Origin, Plan, policy_for
from scalekit_apply.result import ChangeResult, Result, State
from scalekit_apply.views import Format

_Value = TypeVar("_Value")
ENVIRONMENT: Final = Environment("https://acme.scalekit.com")
MEGASOFT: Final = OrganizationId("org_59615193906282635")
BUECHER: Final = OrganizationId("org_70000000000000001")


def live(organization: OrganizationId, connection: str, *, enabled: bool, **facts: str) -> LiveConnection:
    """A connection of one of two organizations."""
    return LiveConnection(
        address=Address(organization, ConnectionId(connection)),
        enabled=enabled,
        organization_name="Megasoft" if organization == MEGASOFT else "Bücher & Söhne GmbH",
        provider=facts.get("provider", "OKTA"),
        type=facts.get("type", "SAML"),
        status=facts.get("status", "COMPLETED"),
        domains=tuple(facts.get("domains", "megasoft.com").split()),
    )


def at(line: int, column: int = 18, file: str = "scalekit.yaml") -> Location:
    """A place in the configuration."""
    return Location(file=file, line=line, column=column)


CHANGES: Final = (
    Change(live=live(MEGASOFT, "conn_2123312131125533", enabled=True), source=at(7)),
    Change(
        live=live(
            MEGASOFT,
            "conn_88",
            enabled=False,
            provider="GOOGLE",
            type="OIDC",
            domains="megasoft.io megasoft.dev",
        ),
        source=at(12),
    ),
    Change(
        live=live(
            BUECHER, "conn_900", enabled=False, provider="MICROSOFT_AD", domains="xn--bcher-kva.example"
        ),
        source=at(21, file="customers/buecher.scalekit.yaml"),
    ),
)

WARNING: Final = Diagnostic(
    severity=Severity.WARNING,
    check=Check.ORGANIZATION_LOCKOUT,
    summary="org_59615193906282635 would end without an enabled connection:"
    " nobody there could sign in over SSO.",
    detail="Keep one of its connections at `enabled: true`; if the organization is meant to end without SSO,"
    " set `checks: {organization-lockout: off}` on it.",
    address=MEGASOFT,
    location=at(4, 9),
)
NOTE: Final = Diagnostic(
    severity=Severity.NOTE,
    check=Check.UNMANAGED_CONNECTION,
    summary=f"{MEGASOFT}/conn_777 is enabled, but not in the configuration.",
    detail=f"Add `{{id: conn_777, enabled: true}}` to the connections of {MEGASOFT}, or set"
    " `unmanaged: ignore` or `unmanaged: disable` on it.",
    address=f"{MEGASOFT}/conn_777",
    location=at(4, 9),
)
ERROR: Final = Diagnostic(
    severity=Severity.ERROR,
    check=Check.PROTECTED_CONNECTION,
    summary=f"{MEGASOFT}/conn_2123312131125533 is protected, and the plan would disable it.",
    detail="Set `enabled: true`, or remove `protected: true` in a change of its own first.",
    address=f"{MEGASOFT}/conn_2123312131125533",
    location=at(7),
)
GONE: Final = Diagnostic(
    severity=Severity.ERROR,
    check=Check.CONNECTION_NOT_FOUND,
    summary=f"{MEGASOFT} has no connection conn_zz.",
    detail="Correct the id or remove the entry.",
    address=f"{MEGASOFT}/conn_zz",
    location=at(9),
)
UNEXPECTED: Final = Diagnostic(
    severity=Severity.ERROR,
    check=Check.EXPECTATION_FAILED,
    summary=f'{BUECHER}/conn_900 is not what `expect` says: domains is ["a.example", "b.example"],'
    ' expected ["_.example"].',
    detail="If this is the wrong connection, correct its `id`; if the fact has changed, set"
    ' `expect.domains` to ["a.example", "b.example"].',
    address=f"{BUECHER}/conn_900",
    location=at(23, 17, file="customers/buecher.scalekit.yaml"),
)
UNPLACED: Final = Diagnostic(
    severity=Severity.ERROR,
    check="unavailable",
    summary="https://acme.scalekit.com did not answer within 30 s.",
)

DECLINED: Final = Diagnostic(
    severity=Severity.ERROR,
    check="declined",
    summary="Not approved, nothing was changed.",
    detail="Answer yes to apply.",
)


def desired() -> Desired:
    """A configuration that asks for the changes."""
    organizations: dict[OrganizationId, DesiredOrganization] = {}
    for organization_id, name in ((MEGASOFT, "Megasoft"), (BUECHER, None)):
        organizations[organization_id] = DesiredOrganization(
            id=organization_id,
            name=name,
            checks={Check.CERTIFICATE_EXPIRING: Level.OFF} if name else {},
            connections={
                change.address.connection_id: DesiredConnection(
                    address=change.address,
                    enabled=change.after,
                    expect=Expectation(provider=change.live.provider, domains=change.live.domains),
                    location=change.source,
                )
                for change in CHANGES
                if change.address.organization_id == organization_id
            },
        )
    return Desired(
        environment=ENVIRONMENT,
        limits=Limits(max_disables=5),
        checks={Check.DEBUG_ENABLED: Level.ERROR},
        organizations=organizations,
        scope=tuple(organizations),
    )


def plan_of(changes: tuple[Change, ...] = CHANGES, *diagnostics: Diagnostic) -> Plan:
    """A plan of some changes."""
    return Plan(
        environment=ENVIRONMENT,
        changes=changes,
        unchanged=14,
        policy=policy_for(desired(), changes),
        diagnostics=Diagnostics(diagnostics),
    )


def _everything() -> Plan:
    return replace(
        plan_of(CHANGES, WARNING, NOTE),
        unmanaged=(live(MEGASOFT, "conn_777", enabled=True, provider="CUSTOM", domains=""),),
        allowed=(Check.MASS_DISABLE,),
    )


def _compared() -> Plan:
    origins = (Origin.DRIFT, Origin.CONFIG, Origin.CONFIG)
    changes = tuple(replace(change, origin=origin) for change, origin in zip(CHANGES, origins, strict=True))
    return replace(plan_of(changes), compared=True)


PLANS: Final[Mapping[str, Plan]] = {
    "no-changes": plan_of(()),
    "everything": _everything(),
    "blocked": plan_of(CHANGES, ERROR, WARNING),
    "blocked-without-changes": plan_of((), replace(ERROR, check=Check.CONNECTION_NOT_FOUND)),
    "partial": replace(plan_of(CHANGES[:1]), targets=("conn_2123312131125533",)),
    "compared": _compared(),
    "not-as-described": plan_of((), GONE, UNEXPECTED),
}


def _result(plan: Plan, *ends: ChangeResult, outcomes: frozenset[Outcome] = frozenset()) -> Result:
    return Result(
        environment=plan.environment,
        fingerprint=plan.fingerprint,
        results=ends,
        outcomes=outcomes,
        diagnostics=plan.diagnostics,
        allowed=plan.allowed,
    )


def _done(index: int) -> ChangeResult:
    return ChangeResult(change=CHANGES[index], state=State.APPLIED, attempts=1, status=200, trace_id="6b1f")


def _skipped(index: int, message: str) -> ChangeResult:
    return ChangeResult(change=CHANGES[index], state=State.SKIPPED, message=message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A result, and the plan that was applied."""

    result: Result
    plan: Plan | None


RESULTS: Final[Mapping[str, Applied]] = {
    "complete": Applied(
        plan=PLANS["everything"],
        result=_result(
            replace(PLANS["everything"], diagnostics=Diagnostics()),
            _done(0),
            _done(1),
            ChangeResult(change=CHANGES[2], state=State.ALREADY),
        ),
    ),
    "failed": Applied(
        plan=PLANS["partial"],
        result=_result(
            plan_of(CHANGES, UNPLACED),
            _skipped(0, "An enable of the same organization failed."),
            ChangeResult(
                change=CHANGES[1],
                state=State.FAILED,
                attempts=5,
                status=503,
                trace_id="9f8e7d",
                message="upstream connect error",
            ),
            _done(2),
            outcomes=frozenset({Outcome.INCOMPLETE}),
        ),
    ),
    "interrupted": Applied(
        plan=None,
        result=_result(
            plan_of(),
            _skipped(0, "The run was interrupted."),
            ChangeResult(
                change=CHANGES[1], state=State.UNKNOWN, attempts=1, message="No answer before the run ended."
            ),
            _skipped(2, "The run was interrupted."),
            outcomes=frozenset({Outcome.INTERRUPTED, Outcome.INCOMPLETE}),
        ),
    ),
    "warned": Applied(
        plan=PLANS["everything"],
        result=_result(
            plan_of(
                CHANGES, WARNING, replace(UNPLACED, summary="Reading back failed: no answer within 30 s.")
            ),
            _done(0),
            _done(1),
            replace(_done(2), state=State.UNKNOWN, message="reading back failed: no answer within 30 s."),
            outcomes=frozenset({Outcome.INCOMPLETE}),
        ),
    ),
    "blocked": Applied(
        plan=PLANS["blocked"],
        result=_result(
            PLANS["blocked"],
            *(_skipped(number, "not started, because a check blocks the plan") for number in range(3)),
            outcomes=frozenset({Outcome.BLOCKED}),
        ),
    ),
    "declined": Applied(
        plan=PLANS["everything"],
        result=_result(
            plan_of(CHANGES, DECLINED),
            *(_skipped(number, f"not started: {DECLINED.summary}") for number in range(3)),
            outcomes=frozenset({Outcome.DECLINED}),
        ),
    ),
    "nothing-to-do": Applied(plan=PLANS["no-changes"], result=_result(PLANS["no-changes"])),
    "stale": Applied(
        plan=None,
        result=_result(
            plan_of((), replace(UNPLACED, check="stale", summary="conn_88 is gone.")),
            outcomes=frozenset({Outcome.STALE}),
        ),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problems:
    """Diagnostics on their own, and the files that were read."""

    diagnostics: Diagnostics
    files: tuple[str, ...] = ()


_CONFIGURATION: Final = (
    Diagnostic(
        severity=Severity.ERROR,
        check="unknown-key",
        summary='Unknown key "enabeld".',
        detail="Did you mean enabled?",
        location=at(9, 9),
    ),
    replace(
        WARNING, check="empty-organization", address=None, summary="An organization without connections."
    ),
)
PROBLEMS: Final[Mapping[str, Problems]] = {
    "invalid": Problems(
        diagnostics=Diagnostics(
            [*_CONFIGURATION, replace(_CONFIGURATION[0], location=Location(file="b.yaml"))]
        ),
        files=("b.yaml", "c.yaml", "scalekit.yaml"),
    ),
    "valid": Problems(diagnostics=Diagnostics(), files=("scalekit.yaml",)),
    "failure": Problems(diagnostics=Diagnostics([UNPLACED])),
}


def planted(value: _Value, text: str) -> _Value:
    """The value with ``text`` in place of every text in it, however deep; members of closed sets stay."""
    return cast("_Value", _planted(value, text))


def _planted(value: object, text: str) -> object:
    match value:
        case Enum():
            grown: object = value
        case str():
            grown = text
        case Address():
            # Whoever makes an address has checked how it begins; nothing here relies on how it goes on.
            grown = Address(OrganizationId(f"org_{text}"), ConnectionId(f"conn_{text}"))
        case Diagnostics():
            grown = Diagnostics(planted(item, text) for item in value)
        case tuple():
            grown = tuple(_planted(item, text) for item in cast("tuple[object, ...]", value))
        case Desired():
            grown = value  # no view shows text of the policy, and its keys have to stay apart
        case _ if is_dataclass(value) and not isinstance(value, type):
            names = [field.name for field in fields(value)]
            grown = replace(value, **{name: _planted(getattr(value, name), text) for name in names})
        case _:
            grown = value
    return grown


_FULLEST: Final = ("everything", "blocked", "partial", "compared", "not-as-described")


def everything_written(format: Format, text: str) -> list[str]:  # noqa: A002  # the option's name
    """The cases that hold the most in a format, with ``text`` in every place that can hold text."""
    plans = [planted(PLANS[name], text) for name in _FULLEST]
    results = [(planted(case.result, text), planted(case.plan, text)) for case in RESULTS.values()]
    problems = [planted(PROBLEMS[name], text) for name in ("invalid", "failure")]
    return [
        *(views.render_plan(plan, format) for plan in plans),
        *(views.render_drift(plan, format) for plan in (plans[0], plans[-1])),
        *(views.render_result(result, plan, format) for result, plan in results),
        *(views.render_diagnostics(case.diagnostics, format, files=case.files) for case in problems),
    ]
