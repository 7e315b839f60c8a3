from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from views_support import (
    CHANGES,
    ENVIRONMENT,
    ERROR,
    PLANS,
    PROBLEMS,
    RESULTS,
    WARNING,
    Applied,
    desired,
    plan_of,
)

from scalekit_apply import checks, views
from scalekit_apply.diagnostics import Diagnostics, Severity
from scalekit_apply.model import Address, ConnectionId, Environment, Live, LiveOrganization, OrganizationId
from scalekit_apply.plan import Change, Plan, change_order
from scalekit_apply.result import ChangeResult, Result, State
from scalekit_apply.views import Format
from scalekit_apply.views.escaping import prose
from scalekit_apply.views.paging import LIMIT


def many(count: int) -> tuple[Change, ...]:
    """Changes in hundreds of organizations, a tenth of them disables."""
    found: list[Change] = []
    for number in range(count):
        live = replace(
            CHANGES[0].live,
            address=Address(OrganizationId(f"org_{number // 7:017}"), ConnectionId(f"conn_{number:017}")),
            enabled=number % 10 == 0,
        )
        found.append(replace(CHANGES[0], live=live))
    return tuple(sorted(found, key=change_order))


def big_plan(count: int = 3_000) -> Plan:
    return Plan(environment=ENVIRONMENT, changes=many(count), unchanged=0, policy=PLANS["no-changes"].policy)


def test_the_first_line_is_a_marker_that_programs_find() -> None:
    written = views.render_plan(PLANS["everything"], Format.MARKDOWN)
    fingerprint = PLANS["everything"].fingerprint
    assert written.splitlines()[0] == (
        "<!-- scalekit-apply environment=https://acme.scalekit.com"
        f" fingerprint={fingerprint} truncated=false -->"
    )


def test_a_marker_cannot_be_left() -> None:
    plan = replace(PLANS["no-changes"], environment=Environment("https://x --> <b>\n truncated=true"))
    marker = views.render_plan(plan, Format.MARKDOWN).splitlines()[0]
    assert re.fullmatch(r"<!-- \S+ environment=\S+ fingerprint=\S+ truncated=false -->", marker)
    assert marker.index("-->") == len(marker) - 3


def test_three_thousand_changes_fit_into_a_comment_cut_between_rows() -> None:
    written = views.render_plan(big_plan(), Format.MARKDOWN)
    assert LIMIT - 400 < len(written) <= LIMIT
    assert " truncated=true -->" in written.splitlines()[0]
    rows = [line for line in written.splitlines() if "`conn_" in line]
    assert {line.count("|") for line in rows} == {6}
    missing = re.search(r"^_(\d+) more not shown: ", written, re.MULTILINE)
    assert missing
    assert len(rows) + int(missing[1]) == 3_000
    assert "Fingerprint: " in written


def test_no_disable_is_cut_while_an_enable_is_shown() -> None:
    written = views.render_plan(big_plan(), Format.MARKDOWN)
    assert written.count("| **disable** |") == 300
    assert written.index("| enable |") > written.rindex("| **disable** |")


def test_what_is_small_is_not_cut() -> None:
    written = views.render_plan(big_plan(100), Format.MARKDOWN)
    assert "not shown" not in written
    assert "truncated=false" in written


def test_a_failed_apply_of_three_thousand_changes_shows_its_failures_first() -> None:
    ends = tuple(
        ChangeResult(change=change, state=State.FAILED if number % 100 == 0 else State.APPLIED, message="no")
        for number, change in enumerate(many(3_000))
    )
    result = Result(environment=ENVIRONMENT, fingerprint=big_plan().fingerprint, results=ends)
    written = views.render_result(result, None, Format.MARKDOWN)
    assert len(written) <= LIMIT
    assert written.count("| **failed to ") == 30
    assert written.index("| **enabled**") > written.rindex("| **failed to ")


def test_three_thousand_problems_leave_room_for_the_changes() -> None:
    problems = [replace(ERROR, summary=f"Problem {number}.") for number in range(3_000)]
    plan = replace(PLANS["everything"], diagnostics=Diagnostics(problems))
    written = views.render_plan(plan, Format.MARKDOWN)
    assert len(written) <= LIMIT
    assert "`conn_900`" in written
    assert "**Blocked by 3000 errors: apply refuses this plan.**" in written


def test_drift_of_three_thousand_connections_fits_into_an_issue() -> None:
    plan = replace(big_plan(), unmanaged=tuple(change.live for change in many(500)))
    written = views.render_drift(plan, Format.MARKDOWN)
    assert len(written) <= LIMIT
    assert "3000 differ from the configuration" in written


def test_many_targets_are_counted() -> None:
    plan = replace(PLANS["partial"], targets=tuple(f"conn_{number}" for number in range(500)))
    assert "`conn_19`, 480 more" in views.render_plan(plan, Format.MARKDOWN)


@pytest.mark.parametrize("case", RESULTS.values(), ids=list(RESULTS))
def test_a_result_has_a_row_for_every_change(case: Applied) -> None:
    written = views.render_result(case.result, case.plan, Format.MARKDOWN)
    assert len([line for line in written.splitlines() if "`conn_" in line and line.startswith("|")]) == len(
        case.result.results
    )


def test_after_an_apply_checks_are_told_apart_from_problems() -> None:
    case = RESULTS["warned"]
    note = replace(WARNING, severity=Severity.NOTE)
    result = replace(case.result, diagnostics=case.result.diagnostics + [note])
    written = views.render_result(result, case.plan, Format.MARKDOWN)
    problems, _, rest = written.partition("#### Checks, as they were right before applying\n\n- **Warning:**")
    assert "#### Problems\n\n- **Error:** Reading back failed: no answer" in problems
    assert "<summary>Notes of the checks, as they were right before applying (1)</summary>" in rest


def test_notes_are_folded_and_errors_are_not() -> None:
    note = replace(ERROR, severity=Severity.NOTE, summary="Just so you know.")
    written = views.render_plan(plan_of(CHANGES, ERROR, note), Format.MARKDOWN)
    assert written.index("is protected") < written.index("<details>") < written.index("Just so you know.")


def test_ordinary_words_stay_readable() -> None:
    written = views.render_diagnostics(PROBLEMS["invalid"].diagnostics, Format.MARKDOWN)
    assert '- **Error:** Unknown key "enabeld". Did you mean enabled?<br>`b.yaml` `unknown-key`\n' in written
    assert "| Bücher & Söhne GmbH<br>`org_" in views.render_plan(PLANS["everything"], Format.MARKDOWN)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("Set `a: {b: off}` on it.", "Set `a: {b: off}` on it."),
        ('Set `a: b`, or `c: d`; or (`e: f`): "`g`".', 'Set `a: b`, or `c: d`; or (`e: f`): "`g`".'),
        ("It is org_1/conn_zz.", "It is `org_1/conn_zz`."),
        ('Of org_1: has it (see conn_zz), "conn_a"?', 'Of `org_1`: has it (see `conn_zz`), "`conn_a`"?'),
        ('Is ["a.example", "b.example"], not "_".', 'Is `["a.example", "b.example"]`, not "`_`".'),
        ("Not approved!", "Not approved!"),
        ("One ` alone, and `two` words.", "One `\\u0060` alone, and `two` words."),
        ("Glued`together` and `left open", "`Glued\\u0060together\\u0060` and `\\u0060left` open"),
        ("Hostile `a|b <!-- ## \\`.", "Hostile `a\\u007cb \\u003c!-- #\\u0023 \\u005c`."),
        ("All ``` of `` it ` is `x`", "All `\\u0060\\u0060\\u0060` of `\\u0060\\u0060` it `\\u0060` is `x`"),
        ("...", "`...`"),
    ],
)
def test_pairs_of_backticks_are_code_and_punctuation_stays_outside(said: str, written: str) -> None:
    assert prose(said) == written


def test_what_the_checks_write_reads_as_it_was_meant() -> None:
    places = {change.address.organization_id: change.live for change in CHANGES}
    live = Live(
        organizations={
            name: LiveOrganization(
                id=name,
                name='A "name"',
                connections={
                    change.address.connection_id: change.live
                    for change in CHANGES
                    if change.address.organization_id == name
                },
            )
            for name in places
        }
    )
    found = checks.run(
        desired=desired(), changes=CHANGES, live=live, allowed=(), now=datetime(2030, 1, 1, tzinfo=UTC)
    )
    written = views.render_diagnostics(found, Format.MARKDOWN)
    assert len(found) > 3
    assert "\\u0060" not in written
    assert not re.search(r"[.,;:]`", written)
