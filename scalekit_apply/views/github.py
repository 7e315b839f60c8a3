"""Plans, results and problems as annotations of GitHub Actions.

GitHub keeps ten annotations of a kind from a step and drops the others without a word, so the tenth counts
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, LiteralString, assert_never

from scalekit_apply.diagnostics import Diagnostic, Diagnostics, Location, Severity
from scalekit_apply.model import Check, LiveConnection
from scalekit_apply.plan import Action, Change, Plan
from scalekit_apply.result import ChangeResult, Result, State
from scalekit_apply.views import wording
from scalekit_apply.views.escaping import SENTENCE_LIMIT, Plain, plain, spread, weld, whole

_KEPT: Final = 10
_KINDS: Final[tuple[LiteralString, ...]] = ("error", "warning", "notice")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Annotation:
    kind: LiteralString
    title: Plain
    lines: Sequence[Plain]
    location: Location | None = None


class GithubView:
    """Commands for the log of a step, then the summary as plain lines."""

    __slots__ = ()

    def plan(self, plan: Plan) -> str:
        """A notice a change, an error or a warning a problem."""
        annotations = [
            *(_change(change) for change in _disables_first(plan.changes)),
            *map(_problem, plan.diagnostics),
        ]
        blocked = wording.blocked(plan)
        return _commands(
            annotations,
            [
                wording.plan_summary(plan),
                *([blocked] if blocked else []),
                *wording.conditions(plan.allowed, plan.targets),
                weld("Fingerprint: ", whole(plan.fingerprint)),
            ],
        )

    def result(self, result: Result, plan: Plan | None) -> str:
        """An error for a change that failed, a warning for one that was not made, a notice for the rest."""
        annotations = [*map(_problem, result.diagnostics), *(_ended(item) for item in result.results)]
        return _commands(
            annotations,
            [
                wording.result_summary(result),
                *wording.conditions(result.allowed, plan.targets if plan else ()),
                weld("Fingerprint: ", whole(result.fingerprint)),
            ],
        )

    def drift(self, plan: Plan) -> str:
        """A warning a difference; a notice a connection that is enabled and not in the configuration."""
        found = wording.drift_findings(plan)
        told = {item.address for item in found if item.check == Check.UNMANAGED_CONNECTION}
        annotations = [
            *map(_difference, _disables_first(plan.changes)),
            *(_unmanaged(live) for live in plan.unmanaged if str(live.address) not in told),
            *map(_problem, found),
        ]
        return _commands(annotations, [wording.drift_summary(plan), *wording.conditions((), plan.targets)])

    def diagnostics(self, diagnostics: Diagnostics, files: Sequence[str]) -> str:
        """An error, a warning or a notice a problem."""
        closing = [wording.diagnostics_summary(diagnostics, files)] if files else []
        return _commands([*map(_problem, diagnostics)], closing)


def _disables_first(changes: Sequence[Change]) -> list[Change]:
    """What must not fall under the table when there are more than ten."""
    return sorted(changes, key=lambda change: change.action is Action.ENABLE)


def _problem(item: Diagnostic) -> _Annotation:
    address = [weld("(", whole(item.address), ")")] if item.address else []
    return _Annotation(
        kind=_kind(item.severity),
        title=whole(item.check),
        lines=[Plain(" ".join([plain(item.summary, SENTENCE_LIMIT), *address])), *spread(item.detail)],
        location=item.location,
    )


def _change(change: Change) -> _Annotation:
    return _Annotation(
        kind="notice",
        title=weld(wording.verb(change.action), " ", whole(change.address.connection_id)),
        lines=[weld(wording.origin(change), wording.about(change.live))],
        location=change.source,
    )


def _difference(change: Change) -> _Annotation:
    return _Annotation(
        kind="warning",
        title=weld("drift: ", whole(change.address.connection_id)),
        lines=[weld(wording.difference(change), ". ", wording.about(change.live))],
        location=change.source,
    )


def _unmanaged(live: LiveConnection) -> _Annotation:
    return _Annotation(
        kind="notice",
        title=Plain(Check.UNMANAGED_CONNECTION.value),
        lines=[
            weld(whole(str(live.address)), " is enabled, but not in the configuration. ", wording.about(live))
        ],
    )


def _ended(item: ChangeResult) -> _Annotation:
    facts = wording.facts(item) if item.state in {State.FAILED, State.UNKNOWN} else []
    return _Annotation(
        kind=_kind_of_end(item.state),
        title=weld(wording.ending(item), " ", whole(item.change.address.connection_id)),
        lines=[
            *([plain(item.message, SENTENCE_LIMIT)] if item.message.strip() else []),
            wording.about(item.change.live),
            *([wording.listed(facts)] if facts else []),
        ],
        location=item.change.source,
    )


def _kind(severity: Severity) -> LiteralString:
    match severity:
        case Severity.ERROR:
            return "error"
        case Severity.WARNING:
            return "warning"
        case Severity.NOTE:
            return "notice"
        case _:
            assert_never(severity)


def _kind_of_end(state: State) -> LiteralString:
    match state:
        case State.FAILED | State.UNKNOWN:
            return "error"
        case State.SKIPPED:
            return "warning"
        case State.APPLIED | State.ALREADY:
            return "notice"
        case _:
            assert_never(state)


def _commands(annotations: Sequence[_Annotation], closing: Sequence[Plain]) -> str:
    lines: list[str] = []
    for kind in _KINDS:
        found = [annotation for annotation in annotations if annotation.kind == kind]
        if len(found) > _KEPT:
            hidden = len(found) - _KEPT + 1
            more = weld("… and ", hidden, " more of this kind, which GitHub would not show.")
            found = [
                *found[: _KEPT - 1],
                _Annotation(kind=kind, title=Plain("scalekit-apply"), lines=[more]),
            ]
        lines.extend(map(_command, found))
    return "".join(f"{line}\n" for line in (*lines, *closing))


def _command(annotation: _Annotation) -> str:
    properties: list[str] = []
    if annotation.location:
        place = annotation.location
        properties.append(f"file={_property(whole(place.file.removeprefix('./')))}")
        properties.extend(
            f"{name}={number}"
            for name, number in (("line", place.line), ("col", place.column))
            if number is not None
        )
    properties.append(f"title={_property(annotation.title)}")
    return f"::{annotation.kind} {','.join(properties)}::{_data(annotation.lines)}"


def _data(lines: Sequence[Plain]) -> str:
    return "%0A".join(line.replace("%", "%25") for line in lines)


def _property(text: Plain) -> str:
    return text.replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
