"""Every configuration under cases/ is accepted, or refused with exactly what stands beside it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from config_support import CASES, cases, rendered, sources

from scalekit_apply import config
from scalekit_apply.diagnostics import Severity


@pytest.mark.parametrize("name", cases("valid"))
def test_a_valid_configuration_has_no_diagnostics(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASES / "valid")
    loaded = config.load([name])
    assert rendered(loaded.diagnostics) == ""
    assert loaded.files


@pytest.mark.parametrize("name", cases("invalid"))
def test_an_invalid_configuration_has_exactly_the_expected_diagnostics(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(CASES / "invalid")
    expected = Path(f"{name}.expected").read_text(encoding="utf-8")
    assert expected
    assert rendered(config.load([name]).diagnostics) == expected


@pytest.mark.parametrize("name", cases("invalid"))
def test_without_libyaml_the_diagnostics_are_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASES / "invalid")
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    expected = Path(f"{name}.expected").read_text(encoding="utf-8")
    assert rendered(config.load([name]).diagnostics) == expected


@pytest.mark.parametrize("kind", ["valid", "invalid"])
def test_contents_from_memory_say_the_same_as_files(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASES / kind)
    for name in cases(kind):
        from_disk = config.load([name])
        if from_disk.files:
            assert config.load_sources(sources(from_disk.files)) == from_disk


@pytest.mark.parametrize("name", cases("invalid"))
def test_every_summary_is_one_line_and_has_a_place(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASES / "invalid")
    for item in config.load([name]).diagnostics:
        assert item.summary.isprintable()
        assert item.location is not None
        assert len(item.summary) < 250


def test_no_case_leaves_its_secret_in_a_diagnostic(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASES / "invalid")
    assert "hunter2" not in rendered(config.load(["environment-with-a-password.yaml"]).diagnostics)


def test_there_are_enough_cases_and_each_expectation_has_one() -> None:
    assert len(cases("valid")) >= 25
    assert len(cases("invalid")) >= 60
    expectations = {entry.stem for entry in (CASES / "invalid").glob("*.expected")}
    assert expectations == set(cases("invalid"))


def test_a_value_that_this_version_does_not_know_is_a_warning_and_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(CASES / "invalid")
    loaded = config.load(["expectation-of-an-unknown-value.yaml"])
    assert {item.severity for item in loaded.diagnostics} == {Severity.WARNING}
    (organization,) = loaded.desired.organizations.values()
    providers = [wanted.expect.provider for wanted in organization.connections.values() if wanted.expect]
    assert providers == ["OKTAA", "KEYCLOAK"]
