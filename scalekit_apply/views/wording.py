"""The sentences that every format for people uses. Their wording is part of the contract."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, LiteralString, assert_never

from scalekit_apply.diagnostics import Diagnostic, Diagnostics, Severity
from scalekit_apply.model import Check, LiveConnection
from scalekit_apply.plan import Action, Change, Origin, Plan
from scalekit_apply.result import ChangeResult, Result, State
from scalekit_apply.views.escaping import Plain, plain, weld, whole

NO_CHANGES: Final = Plain("No changes. Live state matches the configuration.")
NO_DRIFT: Final = Plain("No drift. Live state matches the configuration.")
SHOWN_DOMAINS: Final = 5
DOMAINS_LIMIT: Final = 160
_CHECKS: Final = frozenset(check.value for check in Check)
_SUMMARY_WORDS: Final[Mapping[str, LiteralString]] = {
    word: word for word in ("enabled", "disabled", "already", "failed", "skipped", "unknown")
}


def plan_summary(plan: Plan) -> Plain:
    """The line that sums a plan up."""
    if not plan.changes and not plan.errored:
        return NO_CHANGES
    counts = plan.summary
    return weld(
        "Plan: ",
        counts.enable,
        " to enable, ",
        counts.disable,
        " to disable, ",
        counts.unchanged,
        " unchanged.",
    )


def result_summary(result: Result) -> Plain:
    """The line that sums an apply up."""
    counts = result.summary
    if result.complete:
        return weld("Apply complete: ", counts["enabled"], " enabled, ", counts["disabled"], " disabled.")
    shown = [weld(counts[word], " ", literal) for word, literal in _SUMMARY_WORDS.items() if counts[word]]
    return weld("Apply incomplete: ", listed(shown) if shown else "no change was made", ".")


def drift_summary(plan: Plan) -> Plain:
    """The line that sums drift up: what differs, what is gone, what is enabled and nobody asked for."""
    if not plan.drifted:
        return NO_DRIFT
    found = [item for item in plan.diagnostics if item.check == Check.EXPECTATION_FAILED]
    missing = sum(item.check == Check.CONNECTION_NOT_FOUND for item in plan.diagnostics)
    changed = {str(change.address) for change in plan.changes}
    # The plan leaves these unchanged, and they are not what the configuration describes.
    unlike = {item.address for item in found if item.address} - changed
    differ = len(plan.changes)
    return weld(
        "Drift: ",
        differ,
        " differs" if differ == 1 else " differ",
        " from the configuration, ",
        *((missing, " not found, ") if missing else ()),
        *((len(found), " not as expected, ") if found else ()),
        len(plan.unmanaged),
        " enabled but not in the configuration, ",
        max(plan.unchanged - len(unlike), 0),
        " unchanged.",
    )


def diagnostics_summary(diagnostics: Diagnostics, files: Sequence[str]) -> Plain:
    """The line that sums the problems of some files up."""
    errors, warnings, notes = (len(diagnostics.of(severity)) for severity in Severity)
    parts = [
        *([counted(errors, "error", "errors")] if errors else []),
        *([counted(warnings, "warning", "warnings")] if warnings else []),
        *([counted(notes, "note", "notes")] if notes else []),
    ]
    found = listed(parts) if parts else Plain("no problems")
    verdict = Plain("Invalid" if errors else "Valid")
    return weld(verdict, ": ", counted(len(files), "file", "files"), ", ", found, ".")


def blocked(plan: Plan) -> Plain | None:
    """The sentence beside a plan that apply refuses."""
    errors = len(plan.diagnostics.of(Severity.ERROR))
    return (
        weld("Blocked by ", counted(errors, "error", "errors"), ": apply refuses this plan.")
        if errors
        else None
    )


def listed(parts: Sequence[Plain]) -> Plain:
    """Join with commas."""
    return Plain(", ".join(parts))


def counted(number: int, singular: LiteralString, plural: LiteralString) -> Plain:
    """A number and its noun."""
    return weld(number, " ", singular if number == 1 else plural)


def verb(action: Action) -> LiteralString:
    """What a change will do."""
    match action:
        case Action.ENABLE:
            return "enable"
        case Action.DISABLE:
            return "disable"
        case _:
            assert_never(action)


def participle(action: Action) -> LiteralString:
    """What a connection is after the change."""
    match action:
        case Action.ENABLE:
            return "enabled"
        case Action.DISABLE:
            return "disabled"
        case _:
            assert_never(action)


def ending(item: ChangeResult) -> Plain:
    """How a change ended, as the beginning of a line that goes on with the connection."""
    action = item.change.action
    match item.state:
        case State.APPLIED:
            return Plain(participle(action))
        case State.ALREADY:
            return weld("already ", participle(action))
        case State.FAILED:
            return weld("failed to ", verb(action))
        case State.SKIPPED:
            return weld("skipped ", verb(action))
        case State.UNKNOWN:
            return weld("unknown whether ", participle(action))
        case _:
            assert_never(item.state)


def facts(item: ChangeResult) -> list[Plain]:
    """What support asks for: the last status, how often it was tried, the trace id."""
    found: list[Plain] = []
    if item.status is not None:
        found.append(weld("HTTP ", item.status))
    if item.attempts > 1:
        found.append(weld(item.attempts, " attempts"))
    if item.trace_id:
        found.append(weld("trace id ", plain(item.trace_id)))
    return found


def shared_reasons(result: Result) -> dict[str, int]:
    """Messages that are not repeated with each change, and how many skipped changes carry them.

    Those that several carry, and those that a problem beside the changes says already: these count 0,
    because nothing is left to be said.
    """
    counts = Counter(
        item.message for item in result.results if item.state is State.SKIPPED and plain(item.message).strip()
    )
    said = {words for item in result.diagnostics for words in (item.summary, f"not started: {item.summary}")}
    return {
        message: 0 if message in said else count
        for message, count in counts.items()
        if count > 1 or message in said
    }


BEFORE_APPLYING: Final = Plain("Checks, as they were right before applying:")


def apart(result: Result) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """What the checks said before the first call, and what is to be said about the run itself.

    Checks speak of what would be. As long as nothing was done that is right as it stands, so then the first
    list is empty.
    """
    done = any(item.state not in {State.SKIPPED, State.ALREADY} for item in result.results)
    before = [item for item in result.diagnostics if done and item.check in _CHECKS]
    return before, [item for item in result.diagnostics if item not in before]


def origin_heading(origin: Origin | None, changes: int) -> Plain | None:
    """The heading over the changes of one origin, and how many they are."""
    number = counted(changes, "change", "changes")
    match origin:
        case None:
            return None
        case Origin.CONFIG:
            return weld("config: ", number, " that this edit of the configuration asks for")
        case Origin.DRIFT:
            return weld("drift: ", number, ", because live moved away from the configuration")
        case _:
            assert_never(origin)


ENABLES_FIRST: Final = Plain("Enables come first, and are read back before anything is disabled.")


def has_order(changes: Sequence[Change]) -> bool:
    """Whether something is enabled and something disabled in one organization."""
    actions = {(change.address.organization_id, change.action) for change in changes}
    return len(actions) > len({organization_id for organization_id, _ in actions})


def by_origin(changes: Sequence[Change]) -> list[tuple[Origin | None, list[Change]]]:
    """Changes apart by their origin, in the order config, drift, neither; empty groups left out."""
    groups = [
        (origin, [change for change in changes if change.origin is origin])
        for origin in (Origin.CONFIG, Origin.DRIFT, None)
    ]
    return [(origin, group) for origin, group in groups if group]


def severity_word(severity: Severity) -> LiteralString:
    """The word that a problem begins with."""
    match severity:
        case Severity.ERROR:
            return "Error"
        case Severity.WARNING:
            return "Warning"
        case Severity.NOTE:
            return "Note"
        case _:
            assert_never(severity)


def shown_domains(domains: Sequence[str]) -> str:
    """The first domains, and how many more there are; not escaped."""
    more = len(domains) - SHOWN_DOMAINS
    return ",".join(domains[:SHOWN_DOMAINS]) + (f",+{more} more" if more > 0 else "")


def problem_place(item: Diagnostic) -> list[str]:
    """Where a problem is, and which check found it; not escaped."""
    return [
        *([str(item.location)] if item.location else []),
        item.check,
        *([item.address] if item.address else []),
    ]


def leads_somewhere(item: Diagnostic) -> bool:
    """Whether a problem has a place, or a name that can be looked up and set."""
    return item.location is not None or bool(item.address) or item.check in _CHECKS


def about(live: LiveConnection) -> Plain:
    """Whose connection it is, and what kind."""
    owner = whole(live.address.organization_id)
    if live.organization_name.strip():
        owner = weld(plain(live.organization_name), " (", owner, ")")
    kind = described(live)
    return weld(owner, ": ", kind) if kind else owner


def described(live: LiveConnection) -> Plain:
    """Provider, type, status and domains, as far as they are known."""
    kind = [plain(part) for part in (live.provider, live.type, live.status) if part.strip()]
    domains = plain(shown_domains(live.domains), DOMAINS_LIMIT)
    return Plain(" ".join([*kind, *([domains] if domains.strip() else [])]))


def difference(change: Change) -> Plain:
    """How live differs from what is asked for."""
    connection = whole(change.address.connection_id)
    match change.action:
        case Action.ENABLE:
            return weld(connection, " is disabled, should be enabled")
        case Action.DISABLE:
            return weld(connection, " is enabled, should be disabled")
        case _:
            assert_never(change.action)


_ABOUT_CHANGES: Final = frozenset(
    {
        Check.PROTECTED_CONNECTION,
        Check.INCOMPLETE_CONNECTION,
        Check.CERTIFICATE_EXPIRED,
        Check.MASS_DISABLE,
        Check.ORGANIZATION_LOCKOUT,
        Check.CERTIFICATE_EXPIRING,
        Check.DEBUG_ENABLED,
    }
)
"""What is said of changes about to be made: where nothing is going to be made, it makes no sense."""


def problems(plan: Plan) -> list[Diagnostic]:
    """What the checks found, less the notes that only repeat the list of unmanaged connections."""
    return _without_repeats(plan, plan.diagnostics)


def drift_problems(plan: Plan) -> list[Diagnostic]:
    """The same for a report of drift: nothing about the changes that would end it."""
    return _without_repeats(plan, drift_findings(plan))


def drift_findings(plan: Plan) -> list[Diagnostic]:
    """What was found about live and the configuration, notes about unmanaged connections included."""
    return [item for item in plan.diagnostics if item.check not in _ABOUT_CHANGES]


def _without_repeats(plan: Plan, found: Iterable[Diagnostic]) -> list[Diagnostic]:
    listed_addresses = {str(live.address) for live in plan.unmanaged}
    return [
        item
        for item in found
        if not (
            item.severity is Severity.NOTE
            and item.check == Check.UNMANAGED_CONNECTION
            and item.address in listed_addresses
        )
    ]


def conditions(allowed: Sequence[Check], targets: Sequence[str]) -> list[Plain]:
    """What a plan was made under: the checks that were allowed, and the targets that make it partial."""
    lines: list[Plain] = []
    if allowed:
        lines.append(weld("Allowed: ", listed([plain(check.value) for check in allowed])))
    if targets:
        lines.append(weld("Partial, only these targets: ", listed([whole(target) for target in targets])))
    return lines


def origin(change: Change) -> Plain:
    """Why live differs, as a word before what is said of the change; empty where nothing was compared."""
    return Plain("") if change.origin is None else weld(Plain(change.origin.value), ": ")
