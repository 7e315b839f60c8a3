"""Plans, results and problems as a comment under a pull request or the body of an issue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, LiteralString, assert_never

from scalekit_apply.diagnostics import Diagnostic, Diagnostics, Location, Severity
from scalekit_apply.model import Check, Limits, LiveConnection
from scalekit_apply.plan import Action, Change, Origin, Plan
from scalekit_apply.result import ChangeResult, Result, State
from scalekit_apply.views import wording
from scalekit_apply.views.escaping import (
    DETAIL_LIMIT,
    Markup,
    between,
    code,
    detail_lines,
    fuse,
    label,
    prose,
)
from scalekit_apply.views.paging import Section, Tier, page

_SHOWN: Final = 20
_CHECKS: Final = Markup("#### Checks")
_NOTES: Final = Markup("Notes")
_PLAN_TABLE: Final = (
    Markup("| Change | Organization | Connection | Live | Source |"),
    Markup("| :-- | :-- | :-- | :-- | :-- |"),
)
_DRIFT_TABLE: Final = (
    Markup("| Organization | Connection | Is | Should be | Live | Source |"),
    Markup("| :-- | :-- | :-- | :-- | :-- | :-- |"),
)
_UNMANAGED_TABLE: Final = (
    Markup("| Organization | Connection | Live |"),
    Markup("| :-- | :-- | :-- |"),
)
_RESULT_TABLE: Final = (
    Markup("| Outcome | Organization | Connection | Message |"),
    Markup("| :-- | :-- | :-- | :-- |"),
)


class MarkdownView:
    """GitHub-flavoured Markdown, at most ``paging.LIMIT`` characters."""

    __slots__ = ()

    def plan(self, plan: Plan) -> str:
        """Summary, changes (disables first), checks, and the rest folded."""
        head = _head(wording.plan_summary(plan), wording.blocked(plan))
        head.append(_environment(plan.environment))
        head.extend(_conditions(plan.allowed, plan.targets))
        found = wording.problems(plan)
        return page(
            plan.environment,
            plan.fingerprint,
            head,
            [
                *_changes(plan.changes),
                *_checks(found),
                *_folded(plan.unmanaged, found),
                _details(plan.fingerprint, plan.policy.limits),
            ],
        )

    def drift(self, plan: Plan) -> str:
        """Summary, differences, enabled connections that the configuration does not name, checks."""
        head = _head(wording.drift_summary(plan), None)
        head.append(_environment(plan.environment))
        head.extend(_conditions((), plan.targets))
        found = wording.drift_problems(plan)
        differences = Section(
            title=Markup("#### Live differs from the configuration"),
            head=_DRIFT_TABLE,
            rows=[_difference(change) for change in _disables_first(plan.changes)],
            tier=Tier.CHANGES,
        )
        unmanaged = Section(
            title=Markup("#### Enabled, but not in the configuration"),
            head=_UNMANAGED_TABLE,
            rows=[_unmanaged(live) for live in plan.unmanaged],
            tier=Tier.CHECKS,
        )
        return page(
            plan.environment,
            plan.fingerprint,
            head,
            [differences, unmanaged, *_checks(found), *_folded((), found)],
        )

    def result(self, result: Result, plan: Plan | None) -> str:
        """Summary, how every change ended (failures first), problems, and the rest folded."""
        head = _head(wording.result_summary(result), None)
        head.append(_environment(result.environment))
        head.extend(_conditions(result.allowed, plan.targets if plan else ()))
        shared = wording.shared_reasons(result)
        ended = Section(
            title=Markup("#### Changes"),
            head=_RESULT_TABLE,
            rows=[
                _ended(item, said=item.message in shared)
                for item in sorted(result.results, key=lambda item: _urgency(item.state))
            ],
            tier=Tier.CHANGES,
        )
        skipped = Section(
            title=Markup("#### Skipped"),
            head=(),
            rows=[fuse("- ", count, " skipped: ", prose(said)) for said, count in shared.items() if count],
            tier=Tier.CHECKS,
        )
        before, others = wording.apart(result)
        return page(
            result.environment,
            result.fingerprint,
            head,
            [
                ended,
                skipped,
                *_checks(others, Markup("#### Problems")),
                *_checks(before, Markup("#### Checks, as they were right before applying")),
                *_folded((), others),
                *_folded((), before, Markup("Notes of the checks, as they were right before applying")),
                _details(result.fingerprint, None),
            ],
        )

    def diagnostics(self, diagnostics: Diagnostics, files: Sequence[str]) -> str:
        """Problems on their own; the marker knows neither environment nor fingerprint."""
        summary = wording.diagnostics_summary(diagnostics, files) if files else None
        found = [*diagnostics]
        return page("-", "-", _head(summary, None), [*_checks(found), *_folded((), found)])


def _head(*sentences: str | None) -> list[Markup]:
    return [fuse("**", prose(sentence, None), "**") for sentence in sentences if sentence]


def _conditions(allowed: Sequence[Check], targets: Sequence[str]) -> list[Markup]:
    lines: list[Markup] = []
    if allowed:
        lines.append(fuse("Allowed: ", between(", ", [code(check.value) for check in allowed])))
    if targets:
        more = len(targets) - _SHOWN
        names = [code(target, None) for target in targets[:_SHOWN]]
        shown = between(", ", [*names, *([fuse(more, " more")] if more > 0 else [])])
        lines.append(fuse("Partial, only these targets: ", shown))
    return lines


def _changes(changes: Sequence[Change]) -> list[Section]:
    return [
        Section(
            title=_origin_title(origin),
            head=_PLAN_TABLE,
            rows=[_change(change) for change in _disables_first(group)],
            tier=Tier.CHANGES,
        )
        for origin, group in wording.by_origin(changes)
    ]


def _origin_title(origin: Origin | None) -> Markup:
    match origin:
        case None:
            return Markup("#### Changes")
        case Origin.CONFIG:
            return Markup("#### Changes that this edit of the configuration asks for (config)")
        case Origin.DRIFT:
            return Markup("#### Changes because live moved away from the configuration (drift)")
        case _:
            assert_never(origin)


def _disables_first(changes: Iterable[Change]) -> list[Change]:
    """A table that is cut must still show them."""
    return sorted(changes, key=lambda change: change.action is Action.ENABLE)


def _checks(found: Sequence[Diagnostic], title: Markup = _CHECKS) -> list[Section]:
    rows = [_problem(item) for item in found if item.severity is not Severity.NOTE]
    return [Section(title=title, head=(), rows=rows, tier=Tier.CHECKS)]


def _folded(
    unmanaged: Sequence[LiveConnection], found: Sequence[Diagnostic], title: Markup = _NOTES
) -> list[Section]:
    notes = [_problem(item) for item in found if item.severity is Severity.NOTE]
    return [
        Section(
            title=Markup("Enabled, but not in the configuration"),
            head=_UNMANAGED_TABLE,
            rows=[_unmanaged(live) for live in unmanaged],
            tier=Tier.DETAILS,
            folded=True,
        ),
        Section(title=title, head=(), rows=notes, tier=Tier.DETAILS, folded=True),
    ]


def _details(fingerprint: str, limits: Limits | None) -> Section:
    rows = [fuse("- Fingerprint: ", code(fingerprint, None))]
    if limits:
        count, percent = limits.max_disables, limits.max_disable_percent
        rows.append(fuse("- Limits: ", count, " disables, ", percent, "% of what is enabled"))
    title = Markup("Details")
    return Section(title=title, head=(), rows=rows, tier=Tier.IDENTITY, folded=True, counted=False)


def _environment(environment: str) -> Markup:
    return fuse("Environment: ", code(environment, None))


def _row(*cells: Markup) -> Markup:
    return fuse("| ", between(" | ", cells), " |")


def _change(change: Change) -> Markup:
    live = change.live
    return _row(
        _action(change.action),
        _owner(live),
        code(live.address.connection_id, None),
        _kind(live),
        _place(change.source),
    )


def _difference(change: Change) -> Markup:
    live = change.live
    enabled, disabled = Markup("enabled"), Markup("disabled")
    return _row(
        _owner(live),
        code(live.address.connection_id, None),
        enabled if change.before else disabled,
        enabled if change.after else disabled,
        _kind(live),
        _place(change.source),
    )


def _unmanaged(live: LiveConnection) -> Markup:
    return _row(_owner(live), code(live.address.connection_id, None), _kind(live))


def _ended(item: ChangeResult, *, said: bool) -> Markup:
    facts = (
        [prose(fact) for fact in wording.facts(item)] if item.state in {State.FAILED, State.UNKNOWN} else []
    )
    reason = Markup("") if said and item.state is State.SKIPPED else prose(item.message)
    message = between(", ", [part for part in (reason, *facts) if part])
    ending = fuse("**", prose(wording.ending(item)), "**")
    return _row(ending, _owner(item.change.live), code(item.change.address.connection_id, None), message)


def _problem(item: Diagnostic) -> Markup:
    word: LiteralString = wording.severity_word(item.severity)
    place = between(" ", [code(part, None) for part in wording.problem_place(item)])
    said = [prose(item.summary), *(prose(line, DETAIL_LIMIT) for line in detail_lines(item.detail))]
    text = between(" ", [part for part in said if part])
    return fuse("- **", word, ":** ", text, "<br>", place)


def _action(action: Action) -> Markup:
    match action:
        case Action.ENABLE:
            return Markup("enable")
        case Action.DISABLE:
            return Markup("**disable**")
        case _:
            assert_never(action)


def _owner(live: LiveConnection) -> Markup:
    identifier = code(live.address.organization_id, None)
    name = label(live.organization_name)
    return fuse(name, "<br>", identifier) if name else identifier


def _kind(live: LiveConnection) -> Markup:
    kind = code(" ".join(part for part in (live.provider, live.type, live.status) if part.strip()))
    domains = code(wording.shown_domains(live.domains), wording.DOMAINS_LIMIT)
    return between("<br>", [part for part in (kind, domains) if part])


def _place(location: Location | None) -> Markup:
    if location is None:
        return Markup("")
    return code(location.file if location.line is None else f"{location.file}:{location.line}", None)


def _urgency(state: State) -> int:
    match state:
        case State.FAILED:
            return 0
        case State.UNKNOWN:
            return 1
        case State.SKIPPED:
            return 2
        case State.APPLIED:
            return 3
        case State.ALREADY:
            return 4
        case _:
            assert_never(state)
