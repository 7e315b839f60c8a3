from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_support import Completed
from emulator_support import connection, organization, running
from inprocess_support import credentials, invoke
from recipes_support import GOOGLE, OKTA, OTHER, configuration

from scalekit_apply.emulator import Emulator


@pytest.fixture(name="emulator")
def _emulator() -> Iterator[Emulator]:
    with running(
        organization("org_1", connection(OKTA), connection(GOOGLE, enabled=True)),
        organization("org_2", connection(OTHER, enabled=True)),
    ) as emulator:
        yield emulator


@pytest.fixture(name="fingerprint")
def _fingerprint(emulator: Emulator, tmp_path: Path) -> str:
    """The fingerprint of a plan that enables one connection, as it was reviewed."""
    (tmp_path / "before.yaml").write_text(configuration(), encoding="utf-8")
    (tmp_path / "scalekit.yaml").write_text(configuration(okta=True), encoding="utf-8")
    done = invoke(["plan", "-c", str(tmp_path / "scalekit.yaml"), "--format", "json"], credentials(emulator))
    return str(json.loads(done.out)["fingerprint"])


def apply(emulator: Emulator, folder: Path, fingerprint: str, *more: str) -> Completed:
    args = [
        "apply",
        "-c",
        str(folder / "scalekit.yaml"),
        "--auto-approve",
        "--expect-fingerprint",
        fingerprint,
    ]
    return invoke([*args, *more], credentials(emulator))


def test_drift_since_the_review_is_left_alone_and_told(
    emulator: Emulator, tmp_path: Path, fingerprint: str
) -> None:
    emulator.store.set_enabled(OTHER, enabled=False)
    done = apply(emulator, tmp_path, fingerprint, "--base", str(tmp_path / "before.yaml"))
    assert done.code == 0, done.err
    assert "Warning: drift since the review is left alone: 1 change." in done.err
    assert f"Drift is left alone: org_2/{OTHER}." in done.out
    assert f"enable {OTHER}" not in done.out
    assert emulator.store.states() == {OKTA: True, GOOGLE: True, OTHER: False}


def test_without_the_configuration_before_nobody_knows_what_is_drift(
    emulator: Emulator, tmp_path: Path, fingerprint: str
) -> None:
    emulator.store.set_enabled(OTHER, enabled=False)
    assert apply(emulator, tmp_path, fingerprint).code == 6
    assert emulator.store.states() == {OKTA: False, GOOGLE: True, OTHER: False}


def test_a_part_that_is_not_what_was_reviewed_is_refused(
    emulator: Emulator, tmp_path: Path, fingerprint: str
) -> None:
    (tmp_path / "scalekit.yaml").write_text(configuration(okta=True, google=False), encoding="utf-8")
    emulator.store.set_enabled(OTHER, enabled=False)
    done = apply(emulator, tmp_path, fingerprint, "--base", str(tmp_path / "before.yaml"))
    assert done.code == 6
    assert emulator.store.states() == {OKTA: False, GOOGLE: True, OTHER: False}


def test_the_reviewed_plan_needs_no_configuration_before(
    emulator: Emulator, tmp_path: Path, fingerprint: str
) -> None:
    assert apply(emulator, tmp_path, fingerprint).code == 0
    assert emulator.store.states()[OKTA] is True
