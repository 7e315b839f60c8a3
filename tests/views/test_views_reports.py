"""Annotations, reports of merge requests and tests, code scanning."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import Any

import pytest
from views_support import CHANGES, ERROR, NOTE, PLANS, PROBLEMS, RESULTS, UNPLACED, WARNING, plan_of

from scalekit_apply import schema, views
from scalekit_apply.diagnostics import Diagnostics, Location
from scalekit_apply.model import ConnectionId
from scalekit_apply.plan import Plan
from scalekit_apply.views import Format
from scalekit_apply.views.view import View


def commands(written: str) -> list[str]:
    return [line for line in written.splitlines() if line.startswith("::")]


def test_a_change_is_a_notice_at_its_line() -> None:
    assert commands(views.render_plan(PLANS["partial"], Format.GITHUB)) == [
        (
            "::notice file=scalekit.yaml,line=7,col=18,title=disable conn_2123312131125533::"
            "Megasoft (org_59615193906282635): OKTA SAML COMPLETED megasoft.com"
        )
    ]


def test_a_problem_is_an_annotation_of_its_severity() -> None:
    problems = Diagnostics([ERROR, WARNING, NOTE, UNPLACED])
    kinds = [line.split(" ")[0] for line in commands(views.render_diagnostics(problems, Format.GITHUB))]
    assert kinds == ["::error", "::error", "::warning", "::notice"]


def test_lines_of_a_message_and_signs_of_the_protocol_are_encoded() -> None:
    problem = replace(
        ERROR, summary="100%: a, b", detail="one\ntwo", location=Location(file="./a,b:c%.yaml", line=3)
    )
    (line,) = commands(views.render_diagnostics(Diagnostics([problem]), Format.GITHUB))
    assert line.startswith(
        "::error file=a%2Cb%3Ac%25.yaml,line=3,title=protected-connection::100%25: a, b (org_"
    )
    assert line.endswith(")%0Aone%0Atwo")


@pytest.mark.parametrize(("count", "shown"), [(9, 9), (10, 10), (11, 10), (500, 10)])
def test_there_are_at_most_ten_of_a_kind_and_the_last_says_how_many_more(count: int, shown: int) -> None:
    problems = [replace(ERROR, summary=f"Problem {number}.") for number in range(count)]
    lines = commands(views.render_diagnostics(Diagnostics([*problems, WARNING]), Format.GITHUB))
    errors = [line for line in lines if line.startswith("::error")]
    assert len(errors) == shown
    assert len(lines) == shown + 1
    if count > shown:
        assert f"and {count - 9} more of this kind" in errors[-1]


def test_disables_are_annotated_before_enables() -> None:
    enables = [
        replace(
            CHANGES[1], live=replace(CHANGES[1].live, address=CHANGES[1].address._replace(connection_id=new))
        )
        for new in (ConnectionId(f"conn_0{number:02}") for number in range(30))
    ]
    plan = replace(PLANS["no-changes"], changes=(*enables, CHANGES[0]))
    assert "title=disable " in commands(views.render_plan(plan, Format.GITHUB))[0]


def test_drift_annotates_unmanaged_connections() -> None:
    lines = commands(views.render_drift(PLANS["everything"], Format.GITHUB))
    assert sum("conn_777" in line for line in lines) == 1
    assert sum(line.startswith("::warning") and "drift%3A" in line for line in lines) == 3


def test_drift_annotates_unmanaged_connections_as_a_plan_does() -> None:
    plan = PLANS["everything"]
    (planned,) = (line for line in commands(views.render_plan(plan, Format.GITHUB)) if "conn_777" in line)
    assert planned.startswith("::notice file=scalekit.yaml,line=4,col=9,title=unmanaged-connection::")
    assert planned in commands(views.render_drift(plan, Format.GITHUB))
    # Where the check is off, there is still an enabled connection that nobody asked for.
    (silent,) = (
        line
        for line in commands(views.render_drift(replace(plan, diagnostics=Diagnostics()), Format.GITHUB))
        if "conn_777" in line
    )
    assert silent.startswith("::notice title=unmanaged-connection::")


def test_gitlab_counts_enables_as_created_and_disables_as_deleted() -> None:
    assert json.loads(views.render_plan(PLANS["everything"], Format.GITLAB)) == {
        "create": 2,
        "update": 0,
        "delete": 1,
    }
    done = json.loads(views.render_result(RESULTS["complete"].result, None, Format.GITLAB))
    assert done == {"create": 1, "update": 0, "delete": 1}


def test_code_quality_has_a_place_and_a_fingerprint_of_its_own_for_everything() -> None:
    twice = [replace(ERROR, location=Location(file="a.yaml", line=line)) for line in (1, 2)]
    case = Diagnostics([*twice, UNPLACED, WARNING])
    entries: list[dict[str, Any]] = json.loads(
        views.render_diagnostics(case, Format.GITLAB, files=["first.yaml"])
    )
    assert len({entry["fingerprint"] for entry in entries}) == 4
    assert {entry["location"]["path"] for entry in entries} == {"a.yaml", "first.yaml", "scalekit.yaml"}
    assert all(entry["location"]["lines"]["begin"] >= 1 for entry in entries)
    moved = Diagnostics([replace(WARNING, location=Location(file="scalekit.yaml", line=400))])
    (again,) = json.loads(views.render_diagnostics(moved, Format.GITLAB))
    assert again["fingerprint"] in {entry["fingerprint"] for entry in entries}


def suite(written: str) -> ET.Element:
    root = ET.fromstring(written)  # noqa: S314  # written by the view under test
    (found,) = root
    cases = found.findall("testcase")
    assert root.get("tests") == found.get("tests") == str(len(cases))
    assert found.get("failures") == str(len(found.findall("testcase/failure")))
    assert found.get("skipped") == str(len(found.findall("testcase/skipped")))
    return found


@pytest.mark.parametrize("plan", PLANS.values(), ids=list(PLANS))
def test_junit_has_a_case_for_every_change_and_problem_and_errors_fail(plan: Plan) -> None:
    found = suite(views.render_plan(plan, Format.JUNIT))
    assert found.get("tests") == str(len(plan.changes) + len(plan.diagnostics))
    assert found.get("failures") == str(sum(item.severity == "error" for item in plan.diagnostics))


def test_a_change_that_failed_is_a_failure_and_a_skipped_one_is_skipped() -> None:
    failed = suite(views.render_result(RESULTS["failed"].result, None, Format.JUNIT))
    assert (failed.get("failures"), failed.get("skipped")) == ("2", "1")
    (failure, _) = failed.findall("testcase/failure")
    assert failure.attrib == {"message": "upstream connect error", "type": "failed"}
    interrupted = suite(views.render_result(RESULTS["interrupted"].result, None, Format.JUNIT))
    assert (interrupted.get("failures"), interrupted.get("skipped")) == ("1", "2")


def test_drift_fails_for_every_difference() -> None:
    found = suite(views.render_drift(PLANS["everything"], Format.JUNIT))
    assert found.get("failures") == "4"
    assert found.get("tests") == "4"


def sarif(written: str) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(written)
    (run,) = log["runs"]
    found: dict[str, Any] = run
    return found


def test_sarif_has_a_rule_for_every_result() -> None:
    case = PROBLEMS["invalid"]
    run = sarif(views.render_diagnostics(case.diagnostics, Format.SARIF, files=case.files))
    rules = run["tool"]["driver"]["rules"]
    assert [rules[item["ruleIndex"]]["id"] for item in run["results"]] == [
        item["ruleId"] for item in run["results"]
    ]
    assert [item["level"] for item in run["results"]] == ["error", "error", "warning"]
    region = run["results"][1]["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 9, "startColumn": 9}
    assert len(run["artifacts"]) == 3


def test_sarif_places_a_problem_without_a_place_at_the_first_file() -> None:
    written = views.render_diagnostics(Diagnostics([UNPLACED]), Format.SARIF, files=["a b%.yaml"])
    (item,) = sarif(written)["results"]
    assert item["locations"] == [{"physicalLocation": {"artifactLocation": {"uri": "a%20b%25.yaml"}}}]


def test_sarif_has_a_line_where_there_is_no_column() -> None:
    problem = replace(ERROR, location=Location(file="a.yaml", line=3))
    (item,) = sarif(views.render_diagnostics(Diagnostics([problem]), Format.SARIF))["results"]
    assert item["locations"][0]["physicalLocation"]["region"] == {"startLine": 3}


def test_sarif_text_has_no_links() -> None:
    problem = replace(ERROR, summary=r"[x](https://evil.example) \[y\](1)")
    (item,) = sarif(views.render_diagnostics(Diagnostics([problem]), Format.SARIF))["results"]
    assert item["message"]["text"].splitlines()[0] == r"\[x\](https://evil.example) \\\[y\\\](1)"


def test_sarif_reports_changes_that_failed_and_drift() -> None:
    failed = sarif(views.render_result(RESULTS["failed"].result, None, Format.SARIF))
    assert [item["ruleId"] for item in failed["results"]] == ["unavailable", "apply-incomplete"]
    drifted = sarif(views.render_drift(PLANS["partial"], Format.SARIF))
    assert [item["level"] for item in drifted["results"]] == ["warning"]
    assert sarif(views.render_plan(PLANS["no-changes"], Format.SARIF))["results"] == []


def test_json_of_every_kind_fits_its_schema() -> None:
    for plan in PLANS.values():
        for written in (views.render_plan(plan, Format.JSON), views.render_drift(plan, Format.JSON)):
            assert not schema.violations("plan", json.loads(written))
    for case in RESULTS.values():
        written = views.render_result(case.result, case.plan, Format.JSON)
        assert not schema.violations("result", json.loads(written))
    failure = json.loads(views.render_diagnostics(PROBLEMS["failure"].diagnostics, Format.JSON))
    assert list(failure) == ["format_version", "tool_version", "errored", "diagnostics"]
    assert failure["errored"] is True


@pytest.mark.parametrize("format_", Format)
def test_the_order_in_which_problems_were_found_does_not_show(format_: Format) -> None:
    forwards, backwards = (
        plan_of(CHANGES, *order) for order in ((ERROR, WARNING, NOTE), (NOTE, WARNING, ERROR))
    )
    assert views.render_plan(forwards, format_) == views.render_plan(backwards, format_)


@pytest.mark.parametrize("format_", Format)
def test_every_format_has_a_view_that_ends_its_last_line(format_: Format) -> None:
    view: View = views.view_for(format_)
    for written in (
        view.plan(PLANS["blocked"]),
        view.drift(PLANS["no-changes"]),
        view.result(RESULTS["stale"].result, None),
        view.diagnostics(PROBLEMS["valid"].diagnostics, PROBLEMS["valid"].files),
    ):
        assert written.endswith("\n")
        assert not written.endswith("\n\n")
