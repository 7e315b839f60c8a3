"""Plans, results and problems for a terminal or a log."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from enum import Enum
from itertools import groupby
from typing import Final, LiteralString, assert_never

from scalekit_apply.diagnostics import Diagnostic, Diagnostics, Severity
from scalekit_apply.model import LiveConnection
from scalekit_apply.plan import Action, Change, Plan
from scalekit_apply.result import ChangeResult, Result, State
from scalekit_apply.views import wording
from scalekit_apply.views.escaping import SENTENCE_LIMIT, Plain, plain, spread, weld, whole

_CELL_LIMIT: Final = 200
_GAP: Final = "  "


class _Color(Enum):
    RED = "31"
    GREEN = "32"
    YELLOW = "33"
    CYAN = "36"
    BOLD = "1"
    FAINT = "2"


class TextView:
    """Lines for people. ``color`` adds terminal colours, and nothing else."""

    __slots__ = ("_color",)

    def __init__(self, *, color: bool = False) -> None:
        self._color = color

    def plan(self, plan: Plan) -> str:
        """Changes, what is left alone, problems, and last the summary."""
        blocks = self._changes(plan.changes)
        blocks.extend(self._unmanaged(plan.unmanaged))
        blocks.extend(self._problem(item) for item in wording.problems(plan))
        blocks.append(self._closing(plan, wording.plan_summary(plan)))
        return _text(blocks)

    def drift(self, plan: Plan) -> str:
        """What is live and should not be; only a report, so nothing in it blocks."""
        blocks: list[list[Plain]] = []
        for _, group in groupby(plan.changes, key=lambda change: change.address.organization_id):
            items = list(group)
            width = max(len(wording.difference(item)) for item in items)
            blocks.append(
                [self._organization(items[0].live), *(self._difference(item, width) for item in items)]
            )
        blocks.extend(self._unmanaged(plan.unmanaged))
        blocks.extend(self._problem(item) for item in wording.drift_problems(plan))
        closing = wording.conditions((), plan.targets)
        closing.append(self._paint(_Color.BOLD, wording.drift_summary(plan)))
        closing.append(weld("Environment: ", whole(plan.environment)))
        blocks.append(closing)
        return _text(blocks)

    def result(self, result: Result, plan: Plan | None) -> str:
        """How every change ended, problems, and last the summary."""
        blocks: list[list[Plain]] = []
        shared = wording.shared_reasons(result)
        for _, group in groupby(result.results, key=lambda item: item.change.address.organization_id):
            items = list(group)
            width = max(len(wording.ending(item)) for item in items)
            block = [self._organization(items[0].change.live)]
            for item in items:
                block.extend(self._ended(item, width, said=item.message in shared))
            blocks.append(block)
        blocks.append(
            [
                weld(count, " skipped: ", plain(message, SENTENCE_LIMIT))
                for message, count in shared.items()
                if count
            ]
        )
        before, others = wording.apart(result)
        heading = [self._paint(_Color.BOLD, wording.BEFORE_APPLYING)] if before else []
        for found in before:
            blocks.append([*heading, *self._problem(found)])
            heading = []
        blocks.extend(self._problem(item) for item in others)
        closing = wording.conditions(result.allowed, plan.targets if plan else ())
        closing.append(self._paint(_Color.BOLD, wording.result_summary(result)))
        closing.append(weld("Environment: ", whole(result.environment)))
        closing.append(weld("Fingerprint: ", whole(result.fingerprint)))
        blocks.append(closing)
        return _text(blocks)

    def diagnostics(self, diagnostics: Diagnostics, files: Sequence[str]) -> str:
        """Problems, and a summary where files were read; without either, nothing."""
        blocks = [self._problem(item) for item in diagnostics]
        if files:
            blocks.append([self._paint(_Color.BOLD, wording.diagnostics_summary(diagnostics, files))])
        return _text(blocks)

    def _changes(self, changes: Sequence[Change]) -> list[list[Plain]]:
        blocks: list[list[Plain]] = []
        for origin, members in wording.by_origin(changes):
            title = wording.origin_heading(origin, len(members))
            heading = [self._paint(_Color.BOLD, title)] if title else []
            for _, group in groupby(members, key=lambda change: change.address.organization_id):
                items = list(group)
                longest = max(len(whole(item.address.connection_id)) for item in items)
                lines = [self._change(item, longest) for item in items]
                blocks.append([*heading, self._organization(items[0].live), *lines])
                heading = []
        if wording.has_order(changes):
            # Disables are listed first because they are what a reviewer must not miss.
            blocks.append([wording.ENABLES_FIRST])
        return blocks

    def _organization(self, live: LiveConnection) -> Plain:
        name = weld(_GAP, plain(live.organization_name)) if live.organization_name.strip() else Plain("")
        return weld(self._paint(_Color.BOLD, whole(live.address.organization_id)), name)

    def _change(self, change: Change, longest: int) -> Plain:
        connection = whole(change.address.connection_id)
        match change.action:
            case Action.ENABLE:
                start = self._paint(_Color.GREEN, weld("  + enable  ", connection))
            case Action.DISABLE:
                start = self._paint(_Color.RED, weld("  - disable ", connection))
            case _:
                assert_never(change.action)
        return self._described(start, longest - len(connection), change)

    def _difference(self, change: Change, width: int) -> Plain:
        difference = wording.difference(change)
        start = self._paint(_Color.YELLOW, weld("  ~ ", difference))
        return self._described(start, width - len(difference), change)

    def _described(self, start: Plain, padding: int, change: Change) -> Plain:
        parts = [start]
        if live := wording.described(change.live):
            parts.append(weld(Plain(" " * padding), live))
        if place := change.source:
            shown = place.file if place.line is None else f"{place.file}:{place.line}"
            parts.append(self._paint(_Color.FAINT, weld("# ", whole(shown))))
        return Plain(_GAP.join(parts))

    def _unmanaged(self, unmanaged: Sequence[LiveConnection]) -> list[list[Plain]]:
        if not unmanaged:
            return []
        block = [
            self._paint(
                _Color.BOLD, Plain("Enabled, not in the configuration, left alone (unmanaged-connection):")
            )
        ]
        for connection in unmanaged:
            parts = [whole(str(connection.address))]
            if connection.organization_name.strip():
                parts.append(plain(connection.organization_name))
            if live := wording.described(connection):
                parts.append(live)
            block.append(weld("  ", Plain(_GAP.join(parts))))
        return [block]

    def _ended(self, item: ChangeResult, width: int, *, said: bool) -> list[Plain]:
        mark, color = _mark(item)
        ending = wording.ending(item)
        start = weld("  ", mark, " ", ending, Plain(" " * (width - len(ending))), " ")
        line = self._paint(color, weld(start, whole(item.change.address.connection_id)))
        facts = wording.facts(item) if item.state in {State.FAILED, State.UNKNOWN} else []
        lines = [weld(line, "  (", wording.listed(facts), ")") if facts else line]
        if item.message.strip() and not (said and item.state is State.SKIPPED):
            lines.append(weld("      ", plain(item.message, SENTENCE_LIMIT)))
        return lines

    def _problem(self, item: Diagnostic) -> list[Plain]:
        color = _severity_color(item.severity)
        start = self._paint(color, weld(wording.severity_word(item.severity), ":"))
        block = [weld(start, " ", plain(item.summary, SENTENCE_LIMIT))]
        if wording.leads_somewhere(item):
            place = Plain(_GAP.join(whole(part) for part in wording.problem_place(item)))
            block.append(weld("  ", self._paint(_Color.FAINT, place)))
        detail = spread(item.detail)
        # More than one line could imitate lines of this view, so each carries a mark.
        block.extend(weld("  " if len(detail) == 1 else "  | ", line) for line in detail)
        return block

    def _closing(self, plan: Plan, summary: Plain) -> list[Plain]:
        block = wording.conditions(plan.allowed, plan.targets)
        block.append(self._paint(_Color.BOLD, summary))
        if blocked := wording.blocked(plan):
            block.append(self._paint(_Color.RED, blocked))
        block.append(weld("Environment: ", whole(plan.environment)))
        block.append(weld("Fingerprint: ", whole(plan.fingerprint)))
        return block

    def _paint(self, color: _Color | None, text: Plain) -> Plain:
        return Plain(f"\x1b[{color.value}m{text}\x1b[0m") if self._color and color and text else text


def render_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return columns aligned by the width they take on a terminal; identifiers are never cut.

    ``rows`` have a cell for every header. Cells are escaped; what is longer than any identifier is cut.
    """
    cells = [[plain(cell, _CELL_LIMIT) for cell in row] for row in (headers, *rows)]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in cells
    ]
    return "".join(f"{line}\n" for line in lines)


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def _text(blocks: Iterable[Sequence[Plain]]) -> str:
    return "\n".join("".join(f"{line}\n" for line in block) for block in blocks if block)


def _mark(item: ChangeResult) -> tuple[LiteralString, _Color | None]:
    match item.state:
        case State.APPLIED:
            enabled = item.change.action is Action.ENABLE
            return ("+", _Color.GREEN) if enabled else ("-", _Color.RED)
        case State.ALREADY:
            return "=", None
        case State.FAILED:
            return "!", _Color.RED
        case State.SKIPPED:
            return ".", _Color.YELLOW
        case State.UNKNOWN:
            return "?", _Color.YELLOW
        case _:
            assert_never(item.state)


def _severity_color(severity: Severity) -> _Color:
    match severity:
        case Severity.ERROR:
            return _Color.RED
        case Severity.WARNING:
            return _Color.YELLOW
        case Severity.NOTE:
            return _Color.CYAN
        case _:
            assert_never(severity)
