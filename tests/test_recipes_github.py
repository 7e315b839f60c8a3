"""The GitHub recipes, from pull request to merge: their steps run for real, against an emulator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from recipes_support import GOOGLE, OKTA, OTHER, Scene, configuration, scene

SOMEONE = {"login": "someone", "type": "User"}


@pytest.fixture(name="it")
def _it(tmp_path: Path) -> Iterator[Scene]:
    with scene(tmp_path) as found:
        yield found


def test_a_pull_request_with_changes_is_planned_commented_on_and_annotated(it: Scene) -> None:
    pull = it.propose(configuration(okta=True, google=False))
    job = it.check(pull)
    assert job.conclusion == "success", job.log
    outputs = job.outputs["plan"]
    assert outputs["has-changes"] == "true"
    assert outputs["summary"] == "Plan: 1 to enable, 1 to disable, 1 unchanged."
    assert outputs["exit-code"] == "0"
    (comment,) = it.comments()
    first = comment.splitlines()[0]
    assert first.startswith(f"<!-- scalekit-apply environment={it.emulator.url} fingerprint=sha256:")
    assert outputs["fingerprint"] in first
    assert OKTA in comment
    assert "asks for (config)" in comment
    assert job.summary == comment
    places = {
        (kind, properties["file"], properties["line"])
        for kind, properties, _ in job.annotations
        if properties
    }
    assert {("notice", "scalekit.yaml", "6"), ("notice", "scalekit.yaml", "8")} <= places
    (artifact,) = it.service.artifacts
    assert artifact["name"] == f"scalekit-plan-7-{pull.head}"
    saved = json.loads((it.runner.stored[artifact["id"]] / "plan.json").read_text("utf-8"))
    assert saved["fingerprint"] == outputs["fingerprint"]
    assert it.states() == {OKTA: False, GOOGLE: True, OTHER: True}


def test_a_pull_request_without_changes_says_so(it: Scene) -> None:
    job = it.check(it.propose(configuration(extra="# nothing\n")))
    assert job.conclusion == "success", job.log
    assert job.outputs["plan"]["has-changes"] == "false"
    assert "No changes. Live state matches the configuration." in it.comments()[0]


def test_a_second_push_writes_over_the_comment_and_over_no_other(it: Scene) -> None:
    first = it.propose(configuration(okta=True))
    it.check(first)
    marker = it.comments()[0].splitlines()[0]
    for body, user in ((marker, SOMEONE), ("Looks good", SOMEONE)):
        it.service.add_comment(7, body, user)
    it.service.add_comment(8, marker)
    for number in range(120):
        it.service.comments.insert(0, {"id": number, "issue": 7, "body": "talk", "user": SOMEONE})
    before = it.comments()
    job = it.check(it.propose(configuration(okta=True, google=False), onto=first))
    assert job.conclusion == "success", job.log
    changed = [(old, new) for old, new in zip(before, it.comments(), strict=True) if old != new]
    assert len(changed) == 1
    assert "1 to disable" in changed[0][1]


def test_a_blocked_plan_fails_the_job_and_says_why_in_the_comment(it: Scene) -> None:
    it.emulator.store.set_status(OKTA, "DRAFT")
    job = it.check(it.propose(configuration(okta=True)))
    assert job.conclusion == "failure"
    assert job.outputs["plan"]["exit-code"] == "5"
    assert job.exit_codes[-1] == 5
    assert "incomplete-connection" in it.comments()[0]
    assert any(kind == "error" for kind, _, _ in job.annotations)
    assert not it.service.artifacts


def test_a_plan_that_cannot_be_made_replaces_the_comment_of_the_one_before(it: Scene) -> None:
    first = it.propose(configuration(okta=True))
    it.check(first)
    job = it.check(it.propose("version: 2\n", onto=first))
    assert job.conclusion == "failure"
    assert job.outputs["plan"]["exit-code"] == "3"
    assert job.outputs["plan"]["has-changes"] == ""
    (comment,) = it.comments()
    assert comment.startswith(f"<!-- scalekit-apply environment={it.emulator.url} fingerprint=- ")
    assert OKTA not in comment


def test_a_pull_request_from_a_fork_is_validated_and_gets_neither_plan_nor_secrets(it: Scene) -> None:
    pull = it.propose(configuration(okta=True), fork=True)
    assert it.check(pull, "validate").conclusion == "success"
    assert it.check(pull).conclusion == "skipped"
    assert not it.comments()
    assert not it.service.artifacts
    assert not it.emulator.requests


def test_a_configuration_that_is_wrong_is_shown_at_its_line(it: Scene) -> None:
    job = it.check(it.propose(configuration(extra="limits: {max_disable: 3}\n"), fork=True), "validate")
    assert job.conclusion == "failure"
    assert job.exit_codes[-1] == 3
    ((kind, properties, _),) = [one for one in job.annotations if one[1]]
    assert (kind, properties["file"], properties["line"]) == ("error", "scalekit.yaml", "13")
    assert job.summary == "Invalid: 1 errors, 0 warnings.\n"


def test_a_comment_that_cannot_be_written_does_not_fail_the_plan(it: Scene) -> None:
    it.service.down = True
    job = it.check(it.propose(configuration(okta=True)))
    assert job.conclusion == "success", job.log
    assert [message for kind, _, message in job.annotations if kind == "warning"] == [
        "The comment could not be written. The plan stands in the summary of this run."
    ]
    assert job.outputs["plan"]["plan-file"]


def test_names_that_look_like_commands_or_markers_stay_names(it: Scene) -> None:
    forged = "::error::forged @acme/admins <!-- scalekit-apply environment=x --> | <b>"
    it.emulator.store.rename_organization("org_1", f"{forged}\n::error::forged\n##[error]forged")
    pull = it.propose(configuration(okta=True))
    job = it.check(pull)
    assert job.conclusion == "success", job.log
    assert not [message for kind, _, message in job.annotations if kind == "error"]
    assert "##[" not in job.log
    assert it.merge(pull).conclusion == "success"


def test_merging_applies_the_plan_that_was_reviewed(it: Scene) -> None:
    pull = it.propose(configuration(okta=True, google=False))
    it.check(pull)
    job = it.merge(pull)
    assert job.conclusion == "success", job.log
    assert it.states() == {OKTA: True, GOOGLE: False, OTHER: True}
    assert "Apply complete: 1 enabled, 1 disabled." in job.summary


def test_merging_after_the_same_connection_moved_is_refused_and_changes_nothing(it: Scene) -> None:
    pull = it.propose(configuration(okta=True, google=False))
    it.check(pull)
    it.emulator.store.set_status(OKTA, "IN_PROGRESS")
    job = it.merge(pull)
    assert job.conclusion == "failure"
    assert job.exit_codes[-1] == 6
    assert it.states() == {OKTA: False, GOOGLE: True, OTHER: True}
    assert "IN_PROGRESS" in job.summary


def test_merging_after_another_connection_moved_applies_what_was_reviewed_and_no_more(it: Scene) -> None:
    pull = it.propose(configuration(okta=True))
    it.check(pull)
    it.emulator.store.set_enabled(OTHER, enabled=False)
    job = it.merge(pull)
    assert job.conclusion == "success", job.log
    assert it.states() == {OKTA: True, GOOGLE: True, OTHER: False}


def test_a_commit_that_no_pull_request_brought_is_not_applied(it: Scene) -> None:
    pull = it.propose(configuration(okta=True))
    job = it.push("main", pull.head)
    assert job.conclusion == "failure"
    assert "nobody reviewed a plan" in job.log
    assert it.states()[OKTA] is False


def test_a_merged_commit_without_a_plan_of_its_own_is_not_applied(it: Scene) -> None:
    first = it.propose(configuration(okta=True))
    it.check(first)
    job = it.merge(it.propose(configuration(okta=True, google=False), onto=first))
    assert job.conclusion == "failure"
    assert "has no plan for the commit that was merged" in job.log
    assert it.states() == {OKTA: False, GOOGLE: True, OTHER: True}


@pytest.mark.parametrize("how", ["fork", "workflow", "event", "conclusion", "expired"])
def test_an_artifact_that_only_looks_like_the_plan_is_not_taken(it: Scene, how: str) -> None:
    pull = it.propose(configuration(okta=True))
    it.check(pull)
    (artifact,) = it.service.artifacts
    run = it.service.runs[artifact["workflow_run"]["id"]]
    match how:
        case "fork":
            artifact["workflow_run"]["head_repository_id"] = 2
        case "workflow":
            run["path"] = ".github/workflows/other.yml"
        case "event":
            run["event"] = "workflow_dispatch"
        case "conclusion":
            run["conclusion"] = "failure"
        case _:
            artifact["expired"] = True
    job = it.merge(pull)
    assert job.conclusion == "failure"
    assert it.states()[OKTA] is False


def test_a_plan_other_than_the_one_in_the_comment_is_refused(it: Scene) -> None:
    pull = it.propose(configuration(okta=True))
    it.check(pull)
    comment = it.service.comments[0]
    words = comment["body"].split(" ")
    words[3] = "fingerprint=sha256:" + "0" * 64
    comment["body"] = " ".join(words)
    job = it.merge(pull)
    assert job.exit_codes[-1] == 6
    assert it.states()[OKTA] is False


def test_drift_opens_one_issue_keeps_it_current_and_closes_it(it: Scene) -> None:
    assert it.drift().outputs["drift"]["has-changes"] == "false"
    assert not it.service.issues
    it.service.add_issue("<!-- scalekit-apply environment=https://other fingerprint=- truncated=false -->")
    it.service.add_issue(f"<!-- scalekit-apply environment={it.emulator.url} fingerprint=- ", SOMEONE)
    it.service.add_issue(f"<!-- scalekit-apply environment={it.emulator.url} fingerprint=- ", pull_request={})
    it.emulator.store.set_enabled(OTHER, enabled=False)
    job = it.drift()
    assert job.conclusion == "success", job.log
    assert job.outputs["drift"]["exit-code"] == "2"
    issue = it.service.issues[-1]
    assert issue["title"] == f"Scalekit drift in {it.emulator.url}"
    assert OTHER in issue["body"]
    it.emulator.store.set_enabled(GOOGLE, enabled=False)
    it.drift()
    assert len(it.service.issues) == 4
    assert GOOGLE in issue["body"]
    it.emulator.store.set_enabled(OTHER, enabled=True)
    it.emulator.store.set_enabled(GOOGLE, enabled=True)
    it.drift()
    assert [one["state"] for one in it.service.issues] == ["open", "open", "open", "closed"]


def test_drift_that_nobody_could_be_told_of_fails(it: Scene) -> None:
    it.emulator.store.set_enabled(OTHER, enabled=False)
    it.service.down = True
    assert it.drift().conclusion == "failure"
