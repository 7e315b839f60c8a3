"""Saved plans that somebody changed: refused with a reason, or provably without effect."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_strategies import plans
from tampering_support import (
    BLOCKED,
    DOCUMENT,
    FORGERIES,
    LEAVES,
    PLAN,
    REVIEWED,
    at,
    attacker,
    change_leaf,
    edits,
    forged,
    loaded,
    made,
    resealed,
    written,
)

from scalekit_apply import planfile
from scalekit_apply.plan import Plan, fingerprint


def test_the_plan_of_these_tests_enables_and_disables_in_two_organizations() -> None:
    assert PLAN.applyable
    assert REVIEWED == [
        ("enable", "org_a/conn_1"),
        ("disable", "org_a/conn_2"),
        ("enable", "org_b/conn_4"),
        ("disable", "org_b/conn_5"),
    ]
    assert len(LEAVES) > 100


@given(document=edits())
def test_an_edit_without_a_new_digest_is_refused(document: dict[str, Any]) -> None:
    result = written(json.dumps(document).encode())
    if planfile.dump(document) == planfile.dump(DOCUMENT):
        assert result == REVIEWED
    else:
        assert result is None


@pytest.mark.parametrize("path", LEAVES, ids=lambda path: "/".join(map(str, path)))
def test_every_single_value_is_under_the_digest(path: tuple[str | int, ...]) -> None:
    *parents, last = path
    before = at(DOCUMENT, path)
    nearly = before + 1.0 if type(before) is int else 1.0
    others: list[Any] = [None, True, False, 0, 1, nearly, "", "x", "org_c/conn_6", [], {}]
    for value in others:
        document = copy.deepcopy(DOCUMENT)
        at(document, tuple(parents))[last] = value
        if planfile.dump(document) != planfile.dump(DOCUMENT):
            assert written(json.dumps(document).encode(), expect=None) is None, f"{before!r} → {value!r}"


@attacker
@given(document=edits())
def test_whoever_edits_a_plan_writes_nothing_that_was_not_reviewed(
    attack: Callable[[dict[str, Any]], bytes], document: dict[str, Any]
) -> None:
    assert REVIEWED is not None
    for entry in written(attack(document)) or ():
        assert entry in REVIEWED


@given(document=edits())
def test_a_plan_that_is_accepted_says_what_it_does(document: dict[str, Any]) -> None:
    """Also the plan of a forger: it writes the changes that it shows, or nothing."""
    data = forged(document)
    shown = {
        ("enable" if item["change"]["after"]["enabled"] else "disable", item["address"])
        for item in document.get("resource_changes", ())
        if isinstance(item, dict) and "address" in item and isinstance(item.get("change"), dict)
        and isinstance(item["change"].get("after"), dict) and "enabled" in item["change"]["after"]
        and isinstance(item["address"], str)
    }  # fmt: skip
    assert set(written(data, expect=None) or ()) <= shown


@given(plan=plans(), document=st.data())
def test_any_plan_with_one_value_changed_keeps_its_fingerprint_or_is_refused_or_says_another(
    plan: Plan, document: st.DataObject
) -> None:
    value: dict[str, Any] = json.loads(planfile.dump(planfile.plan_document(plan)))
    change_leaf(document.draw, value)
    read = loaded(resealed(value))
    if read is None:
        return
    assert read.fingerprint == plan.fingerprint == fingerprint(read)
    assert [(item.address, item.after) for item in read.changes] == [
        (item.address, item.after) for item in plan.changes
    ]
    assert read.allowed == plan.allowed
    assert read.environment == plan.environment


# What a forger gains, and what stops that -----------------------------------------------------------------


@pytest.mark.parametrize("edit", FORGERIES, ids=lambda edit: edit.__name__)
def test_what_decides_what_apply_does_is_under_the_fingerprint(
    edit: Callable[[dict[str, Any]], None],
) -> None:
    document = copy.deepcopy(DOCUMENT)
    edit(document)
    assert written(json.dumps(document).encode(), expect=None) is None
    assert written(resealed(document), expect=None) is None
    # The forger's file is a plan; it is not the one that was reviewed.
    forgery = loaded(forged(document))
    assert forgery is not None
    assert forgery.fingerprint != PLAN.fingerprint
    assert written(forged(document)) is None


def test_the_checks_of_apply_catch_a_verdict_that_was_turned_around() -> None:
    blocked = made(BLOCKED)
    assert not blocked.applyable
    document = planfile.plan_document(blocked)
    document["applyable"], document["errored"], document["diagnostics"] = True, False, []
    data = resealed(document)
    plan = loaded(data)
    assert plan is not None
    assert plan.applyable
    assert written(data, expect=None) == []


@pytest.mark.parametrize(
    "edit", [{"applyable": True}, {"errored": False}, {"applyable": True, "errored": False}]
)
def test_a_verdict_that_does_not_follow_from_the_diagnostics_is_refused(edit: dict[str, bool]) -> None:
    document = {**planfile.plan_document(made(BLOCKED)), **edit}
    assert written(forged(document), expect=None) is None
