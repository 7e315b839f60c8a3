from __future__ import annotations

from dataclasses import replace

import pytest
from views_support import CHANGES, ERROR, GONE, PLANS, PROBLEMS, RESULTS, UNEXPECTED, UNPLACED, plan_of

from scalekit_apply import views
from scalekit_apply.diagnostics import Diagnostic, Diagnostics, Severity
from scalekit_apply.exits import Outcome
from scalekit_apply.model import Check
from scalekit_apply.plan import Change
from scalekit_apply.result import ChangeResult, State
from scalekit_apply.views import Format
from scalekit_apply.views.text import render_table


def text_of_plan(name: str) -> str:
    return views.render_plan(PLANS[name], Format.TEXT)


def test_a_plan_without_changes_says_so_in_the_frozen_words() -> None:
    assert text_of_plan("no-changes").startswith("No changes. Live state matches the configuration.\n")


def test_no_changes_never_stands_beside_an_error() -> None:
    written = text_of_plan("blocked-without-changes")
    assert "No changes." not in written
    assert "Plan: 0 to enable, 0 to disable, 14 unchanged.\n" in written
    assert "Blocked by 1 error" in written


def test_every_change_is_one_line_under_its_organization_with_disables_first() -> None:
    lines = text_of_plan("everything").splitlines()
    assert lines[:3] == [
        "org_59615193906282635  Megasoft",
        "  - disable conn_2123312131125533  OKTA SAML COMPLETED megasoft.com  # scalekit.yaml:7",
        f"  + enable  {'conn_88':21}  GOOGLE OIDC COMPLETED megasoft.io,megasoft.dev  # scalekit.yaml:12",
    ]
    assert lines[4] == "org_70000000000000001  Bücher & Söhne GmbH"


def test_a_plan_ends_with_what_it_was_made_for_and_its_fingerprint() -> None:
    assert text_of_plan("everything").splitlines()[-4:] == [
        "Allowed: mass-disable",
        "Plan: 2 to enable, 1 to disable, 14 unchanged.",
        "Environment: https://acme.scalekit.com",
        f"Fingerprint: {PLANS['everything'].fingerprint}",
    ]


def test_a_partial_plan_names_its_targets() -> None:
    assert "Partial, only these targets: conn_2123312131125533\n" in text_of_plan("partial")


def test_a_compared_plan_keeps_what_was_asked_for_apart_from_drift() -> None:
    asked, _, drifted = text_of_plan("compared").partition("\n\ndrift: ")
    assert asked.startswith(
        "config: 2 changes that this edit of the configuration asks for\norg_59615193906282635  Megasoft\n"
    )
    assert "enable  conn_88 " in asked
    assert "conn_2123312131125533" not in asked
    assert drifted.startswith(
        "1 change, because live moved away from the configuration\norg_59615193906282635  Megasoft\n"
        "  - disable conn_2123312131125533"
    )


_ORDER = "Enables come first, and are read back before anything is disabled.\n"


def test_disables_that_are_listed_first_are_said_to_be_made_last() -> None:
    written = text_of_plan("blocked")
    assert written.count(_ORDER) == 1
    assert written.index("conn_900") < written.index(_ORDER) < written.index("Error: ")
    # What makes one organization's enables and disables is applied together, whatever asked for it.
    assert text_of_plan("compared").count(_ORDER) == 1


@pytest.mark.parametrize("changes", [(), CHANGES[:1], CHANGES[1:], (CHANGES[0], CHANGES[2])])
def test_without_an_order_inside_an_organization_nothing_is_said_of_one(changes: tuple[Change, ...]) -> None:
    assert _ORDER not in views.render_plan(plan_of(changes), Format.TEXT)


def test_the_name_of_a_rule_stands_only_where_it_leads_somewhere() -> None:
    assert views.render_diagnostics(Diagnostics([UNPLACED]), Format.TEXT) == f"Error: {UNPLACED.summary}\n"
    for placed in (
        replace(UNPLACED, address="org_1"),
        replace(UNPLACED, location=ERROR.location),
        replace(UNPLACED, check=Check.MASS_DISABLE.value),
    ):
        assert placed.check in views.render_diagnostics(Diagnostics([placed]), Format.TEXT)
    for format_ in (Format.JSON, Format.GITHUB, Format.GITLAB, Format.SARIF, Format.JUNIT):
        assert UNPLACED.check in views.render_diagnostics(Diagnostics([UNPLACED]), format_)


def test_an_unmanaged_connection_is_not_said_twice() -> None:
    plan = PLANS["everything"]
    assert text_of_plan("everything").count("conn_777") == 1
    louder = replace(
        plan,
        diagnostics=Diagnostics(replace(item, severity=Severity.WARNING) for item in plan.diagnostics),
    )
    assert "Warning: org_59615193906282635/conn_777 is enabled" in views.render_plan(louder, Format.TEXT)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("complete", "Apply complete: 1 enabled, 1 disabled."),
        ("nothing-to-do", "Apply complete: 0 enabled, 0 disabled."),
        ("failed", "Apply incomplete: 1 enabled, 1 failed, 1 skipped."),
        ("interrupted", "Apply incomplete: 2 skipped, 1 unknown."),
        ("stale", "Apply incomplete: no change was made."),
    ],
)
def test_a_result_is_summed_up_in_the_frozen_words(name: str, sentence: str) -> None:
    case = RESULTS[name]
    for written in (Format.TEXT, Format.MARKDOWN, Format.GITHUB):
        assert sentence in views.render_result(case.result, case.plan, written)


def test_an_apply_that_found_everything_done_is_complete_without_writes() -> None:
    case = RESULTS["complete"]
    done = tuple(ChangeResult(change=change, state=State.ALREADY) for change in CHANGES)
    written = views.render_result(replace(case.result, results=done), None, Format.TEXT)
    assert "Apply complete: 0 enabled, 0 disabled.\n" in written
    assert written.count("= already ") == 3


def test_a_failure_says_what_support_asks_for() -> None:
    case = RESULTS["failed"]
    written = views.render_result(case.result, case.plan, Format.TEXT)
    assert "  ! failed to enable conn_88  (HTTP 503, 5 attempts, trace id 9f8e7d)\n" in written
    assert "      upstream connect error\n" in written


@pytest.mark.parametrize("format_", [Format.TEXT, Format.MARKDOWN])
def test_a_reason_that_stands_for_several_changes_is_said_once(format_: Format) -> None:
    for name, reason in (("declined", "Not approved, nothing was changed."), ("interrupted", "interrupted.")):
        case = RESULTS[name]
        written = views.render_result(case.result, case.plan, format_)
        assert written.count(reason) == 1
        assert all(item.change.address.connection_id in written for item in case.result.results)
    assert "\n2 skipped: The run was interrupted.\n" in views.render_result(
        RESULTS["interrupted"].result, None, Format.TEXT
    )


def test_a_reason_of_one_change_stands_below_it_unless_a_problem_says_it() -> None:
    declined = RESULTS["declined"].result
    alone = replace(declined, results=declined.results[:1])
    written = views.render_result(alone, None, Format.TEXT)
    assert written.count("Not approved") == 1
    assert "  . skipped disable conn_2123312131125533\n\nError: Not approved" in written
    unsaid = views.render_result(replace(alone, diagnostics=Diagnostics()), None, Format.TEXT)
    assert "conn_2123312131125533\n      not started: Not approved, nothing was changed.\n" in unsaid


def test_after_an_apply_checks_are_told_apart_from_what_happened() -> None:
    case = RESULTS["warned"]
    written = views.render_result(case.result, case.plan, Format.TEXT)
    heading = (
        "\nChecks, as they were right before applying:\nWarning: org_59615193906282635 would end without"
    )
    assert heading in written
    assert written.index(heading) < written.index("Error: Reading back failed") < written.index("Apply ")
    assert "applying" not in views.render_plan(PLANS["everything"], Format.TEXT)
    # Where nothing was done, "would" is right as it stands.
    for name in ("blocked", "declined", "complete"):
        case = RESULTS[name]
        for format_ in (Format.TEXT, Format.MARKDOWN):
            assert "right before" not in views.render_result(case.result, case.plan, format_)


@pytest.mark.parametrize("state", State)
def test_every_state_is_told_apart(state: State) -> None:
    results = tuple(ChangeResult(change=change, state=state) for change in CHANGES)
    result = replace(RESULTS["complete"].result, results=results, outcomes=frozenset({Outcome.INCOMPLETE}))
    marks = {
        State.APPLIED: "-+",
        State.ALREADY: "=",
        State.FAILED: "!",
        State.SKIPPED: ".",
        State.UNKNOWN: "?",
    }
    lines = views.render_result(result, None, Format.TEXT, color=False).splitlines()
    assert {line[2] for line in lines if line.startswith("  ")} == set(marks[state])


def test_no_drift_has_words_of_its_own() -> None:
    assert views.render_drift(PLANS["no-changes"], Format.TEXT).startswith("No drift.")
    for plan in PLANS.values():
        assert ("No drift." in views.render_drift(plan, Format.TEXT)) is not plan.drifted
    quiet = plan_of((), replace(ERROR, check=Check.ORGANIZATION_NAME))
    assert "No drift." in views.render_drift(quiet, Format.TEXT)


@pytest.mark.parametrize(
    ("found", "summary"),
    [
        ([GONE], "Drift: 0 differ from the configuration, 1 not found, 0 enabled but not in"),
        ([UNEXPECTED], "Drift: 0 differ from the configuration, 1 not as expected, 0 enabled but not in"),
        (
            [GONE, UNEXPECTED, replace(GONE, address="org_1/conn_1")],
            "Drift: 0 differ from the configuration, 2 not found, 1 not as expected, 0 enabled but not in",
        ),
    ],
)
@pytest.mark.parametrize("format_", [Format.TEXT, Format.MARKDOWN, Format.GITHUB])
def test_drift_counts_what_is_gone_and_what_is_not_as_expected(
    found: list[Diagnostic], summary: str, format_: Format
) -> None:
    plan = plan_of((), *found)
    assert plan.drifted
    assert summary in views.render_drift(plan, format_)


def test_a_connection_that_is_not_as_expected_is_not_counted_as_unchanged() -> None:
    asked = replace(UNEXPECTED, address=str(CHANGES[2].address))
    assert ", 13 unchanged." in views.render_drift(plan_of((), asked), Format.TEXT)
    assert ", 14 unchanged." in views.render_drift(plan_of(CHANGES, asked), Format.TEXT)


_OF_CHANGES = {
    Check.PROTECTED_CONNECTION,
    Check.INCOMPLETE_CONNECTION,
    Check.CERTIFICATE_EXPIRED,
    Check.CERTIFICATE_EXPIRING,
    Check.MASS_DISABLE,
    Check.ORGANIZATION_LOCKOUT,
    Check.DEBUG_ENABLED,
}


@pytest.mark.parametrize("check", Check)
@pytest.mark.parametrize("format_", [Format.TEXT, Format.MARKDOWN, Format.GITHUB, Format.JUNIT, Format.SARIF])
def test_drift_says_nothing_of_what_the_checks_think_of_changes(check: Check, format_: Format) -> None:
    plan = plan_of(CHANGES, replace(ERROR, check=check, summary="Said by the check."))
    assert ("Said by" in views.render_drift(plan, format_)) is (check not in _OF_CHANGES)
    assert "Said by" in views.render_plan(plan, format_)
    assert "Said by" in views.render_drift(plan, Format.JSON)


def test_an_enabled_connection_that_nobody_asked_for_is_drift() -> None:
    plan = replace(PLANS["no-changes"], unmanaged=PLANS["everything"].unmanaged)
    written = views.render_drift(plan, Format.TEXT)
    assert "Drift: 0 differ from the configuration, 1 enabled but not in the configuration" in written
    assert "org_59615193906282635/conn_777" in written


def test_drift_says_what_is_and_what_should_be() -> None:
    written = views.render_drift(PLANS["everything"], Format.TEXT)
    assert "  ~ conn_2123312131125533 is enabled, should be disabled  OKTA SAML" in written
    assert "disable conn_" not in written


def test_a_problem_has_severity_place_check_and_what_to_do() -> None:
    written = views.render_diagnostics(Diagnostics([ERROR]), Format.TEXT)
    assert written == (
        "Error: org_59615193906282635/conn_2123312131125533 is protected, and the plan would disable it.\n"
        "  scalekit.yaml:7:18  protected-connection  org_59615193906282635/conn_2123312131125533\n"
        "  Set `enabled: true`, or remove `protected: true` in a change of its own first.\n"
    )


def test_lines_of_a_detail_are_marked_so_that_they_cannot_pass_for_others() -> None:
    problem = replace(ERROR, detail="one\n\nPlan: 0 to enable, 0 to disable, 0 unchanged.")
    written = views.render_diagnostics(Diagnostics([problem]), Format.TEXT)
    assert written.endswith("  | one\n  | Plan: 0 to enable, 0 to disable, 0 unchanged.\n")


def test_files_are_given_a_verdict() -> None:
    for name, verdict in (
        ("invalid", "Invalid: 3 files, 2 errors, 1 warning.\n"),
        ("valid", "Valid: 1 file, no problems.\n"),
    ):
        case = PROBLEMS[name]
        assert views.render_diagnostics(case.diagnostics, Format.TEXT, files=case.files).endswith(verdict)
    assert views.render_diagnostics(Diagnostics(), Format.TEXT) == ""


def test_colours_mark_what_is_enabled_and_what_is_disabled() -> None:
    written = views.render_plan(PLANS["everything"], Format.TEXT, color=True)
    assert "\x1b[31m  - disable conn_2123312131125533\x1b[0m" in written
    assert "\x1b[32m  + enable  conn_88\x1b[0m" in written


def test_many_domains_are_counted() -> None:
    domains = tuple(f"d{number}.example" for number in range(8))
    change = replace(CHANGES[0], live=replace(CHANGES[0].live, domains=domains))
    assert "d4.example,+3 more  # " in views.render_plan(plan_of((change,)), Format.TEXT)


def test_what_the_service_did_not_say_leaves_no_hole() -> None:
    bare = replace(CHANGES[0].live, organization_name="", provider="", type="", status="", domains=())
    written = views.render_plan(plan_of((replace(CHANGES[0], live=bare, source=None),)), Format.TEXT)
    assert written.splitlines()[:2] == ["org_59615193906282635", "  - disable conn_2123312131125533"]


def test_a_place_without_a_line_is_its_file() -> None:
    assert CHANGES[0].source
    change = replace(CHANGES[0], source=replace(CHANGES[0].source, line=None, column=None))
    for format_ in (Format.TEXT, Format.MARKDOWN):
        written = views.render_plan(plan_of((change,)), format_)
        assert "scalekit.yaml" in written
        assert "scalekit.yaml:" not in written


def test_a_table_lines_up_by_the_width_on_a_terminal() -> None:
    table = render_table(
        ["NAME", "ID"], [["漢字", "conn_1"], ["e\u0301", "conn_2"], ["plain", "conn_" + "x" * 27]]
    )
    assert table.splitlines() == [
        "NAME   ID",
        "漢字   conn_1",
        "e\u0301      conn_2",
        "plain  conn_" + "x" * 27,
    ]


def test_a_table_escapes_its_cells_and_cuts_only_what_is_longer_than_any_identifier() -> None:
    table = render_table(["A"], [["::error::x"], ["\x1b[31m\n"], ["y" * 500]])
    lines = table.splitlines()
    assert lines[1:3] == ["\\u003a:error::x", "\\u001b[31m\\n"]
    assert len(lines[3]) == 200
    assert lines[3].endswith("…")


def test_a_table_without_rows_is_its_header() -> None:
    assert render_table(["A", "B"], []) == "A  B\n"
