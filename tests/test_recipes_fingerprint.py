"""The GitHub recipe without an artifact: planned again on merge, applied if it is what the comment showed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from recipes_support import GOOGLE, OKTA, OTHER, Scene, configuration, scene


@pytest.fixture(name="it")
def _it(tmp_path: Path) -> Iterator[Scene]:
    with scene(tmp_path, by_fingerprint=True) as found:
        yield found


def test_merging_applies_what_the_comment_showed_without_any_file(it: Scene) -> None:
    pull = it.propose(configuration(okta=True, google=False))
    it.check(pull)
    assert not it.service.artifacts
    job = it.merge(pull)
    assert job.conclusion == "success", job.log
    assert it.states() == {OKTA: True, GOOGLE: False, OTHER: True}
    assert "Apply complete: 1 enabled, 1 disabled." in job.summary
    assert job.outputs["apply"]["fingerprint"] in it.comments()[0]


def test_a_connection_of_the_plan_that_moved_since_makes_it_stale(it: Scene) -> None:
    pull = it.propose(configuration(okta=True, google=False))
    it.check(pull)
    it.emulator.store.set_enabled(GOOGLE, enabled=False)
    job = it.merge(pull)
    assert job.conclusion == "failure"
    assert job.exit_codes[-1] == 6
    assert it.states() == {OKTA: False, GOOGLE: False, OTHER: True}


@pytest.mark.parametrize("google", [True, False])
def test_another_connection_that_moved_since_is_left_alone(it: Scene, google: bool) -> None:
    pull = it.propose(configuration(okta=True, google=google))
    it.check(pull)
    it.emulator.store.set_enabled(OTHER, enabled=False)
    job = it.merge(pull)
    assert job.conclusion == "success", job.log
    assert it.states() == {OKTA: True, GOOGLE: google, OTHER: False}
    assert "drift since the review is left alone: 1 change." in job.log


def test_drift_that_the_comment_showed_is_applied_with_the_rest(it: Scene) -> None:
    it.emulator.store.set_enabled(OTHER, enabled=False)
    pull = it.propose(configuration(okta=True))
    it.check(pull)
    assert "live moved away" in it.comments()[0]
    assert it.merge(pull).conclusion == "success"
    assert it.states() == {OKTA: True, GOOGLE: True, OTHER: True}


def test_a_comment_that_somebody_else_wrote_is_not_believed(it: Scene) -> None:
    pull = it.propose(configuration(okta=True))
    it.check(pull)
    it.service.comments[0]["user"] = {"login": "github-actions", "type": "User"}
    job = it.merge(pull)
    assert job.conclusion == "failure"
    assert "no comment with one plan" in job.log
    assert it.states()[OKTA] is False


def test_two_comments_that_disagree_are_not_believed(it: Scene) -> None:
    pull = it.propose(configuration(okta=True))
    it.check(pull)
    words = it.comments()[0].split(" ")
    words[3] = "fingerprint=sha256:" + "0" * 64
    it.service.add_comment(7, " ".join(words))
    assert it.merge(pull).conclusion == "failure"
    assert it.states()[OKTA] is False


def test_a_push_after_the_comment_is_not_applied_under_its_fingerprint(it: Scene) -> None:
    first = it.propose(configuration(okta=True))
    it.check(first)
    job = it.merge(it.propose(configuration(okta=True, google=False), onto=first))
    assert job.exit_codes[-1] == 6
    assert it.states() == {OKTA: False, GOOGLE: True, OTHER: True}
