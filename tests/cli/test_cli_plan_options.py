"""Options of plan and apply, and what is said beside a result."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_support import Completed
from emulator_support import connection, organization, running
from inprocess_support import Terminal, credentials, invoke

from scalekit_apply.cli.entry import run
from scalekit_apply.cli.runtime import Runtime
from scalekit_apply.emulator import Emulator

CONFIGURATION = """\
version: 1
organizations:
  - id: org_1
    connections:
      - {id: conn_1, enabled: false, expect: {provider: OKTA}}
"""


@pytest.fixture
def emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    monkeypatch.chdir(tmp_path)
    Path("scalekit.yaml").write_text(CONFIGURATION, encoding="utf-8")
    with running(organization("org_1", connection("conn_1", enabled=True))) as found:
        yield found


def test_a_configuration_that_names_nothing_says_that_nothing_was_compared(emulator: Emulator) -> None:
    Path("scalekit.yaml").write_text("version: 1\n", encoding="utf-8")
    done = invoke(["plan"], credentials(emulator))
    assert done.code == 0
    assert "names no organization, so nothing was compared" in done.out
    found = json.loads(invoke(["plan", "--format", "json"], credentials(emulator)).out)
    assert [item["check"] for item in found["diagnostics"]] == ["empty-configuration"]


def test_warnings_of_the_configuration_stand_in_the_plan(emulator: Emulator) -> None:
    Path("scalekit.yaml").write_text(CONFIGURATION.replace("OKTA", "OKTAA"), encoding="utf-8")
    done = invoke(["plan", "--format", "json"], credentials(emulator))
    found = {item["check"]: item for item in json.loads(done.out)["diagnostics"]}
    assert found["unknown-expectation"]["location"]["line"] == 5
    assert done.err == ""


def test_saving_a_plan_says_how_to_apply_it_and_quiet_does_not(emulator: Emulator) -> None:
    done = invoke(["plan", "--out", "my plan.json"], credentials(emulator))
    assert done.err == "Saved my plan.json; apply it with: scalekit-apply apply 'my plan.json'\n"
    assert invoke(["plan", "--out", "plan.json", "-q"], credentials(emulator)).err == ""


def test_saving_a_plan_that_is_blocked_says_so(emulator: Emulator) -> None:
    text = CONFIGURATION.replace("enabled: false", "enabled: false, protected: true")
    Path("scalekit.yaml").write_text(text, encoding="utf-8")
    done = invoke(["plan", "--out", "plan.json"], credentials(emulator))
    assert done.code == 5
    assert done.err == "Saved plan.json; apply refuses it, because a check blocks the plan.\n"


def test_saving_a_plan_without_changes_says_nothing(emulator: Emulator) -> None:
    emulator.store.set_enabled("conn_1", enabled=False)
    assert invoke(["plan", "--out", "plan.json"], credentials(emulator)).err == ""


@pytest.mark.parametrize(
    "option",
    [
        ["--config", "."],
        ["--target", "org_1"],
        ["--allow", "mass-disable"],
        ["--base", "."],
        ["--base-ref", "main"],
        ["--out", "other.json"],
    ],
    ids=lambda option: option[0],
)
def test_what_shapes_a_plan_is_refused_beside_a_plan(emulator: Emulator, option: list[str]) -> None:
    invoke(["plan", "--out", "plan.json"], credentials(emulator))
    done = invoke(["apply", "plan.json", *option], credentials(emulator))
    assert done.code == 3
    assert f"{option[0]}: no effect on a plan that is already made" in done.err
    assert emulator.store.states() == {"conn_1": True}


def test_a_variable_that_is_set_for_every_command_is_no_reason_to_refuse_a_plan(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoke(["plan", "--out", "plan.json"], credentials(emulator))
    monkeypatch.setenv("SCALEKIT_APPLY_CONFIG", "elsewhere")
    monkeypatch.setenv("SCALEKIT_APPLY_DETAILED_EXITCODE", "1")
    assert invoke(["apply", "plan.json"], credentials(emulator)).code == 0
    assert emulator.store.states() == {"conn_1": False}


def test_apply_takes_the_option_for_detailed_codes_and_exits_0(emulator: Emulator) -> None:
    assert invoke(["plan", "--detailed-exitcode"], credentials(emulator)).code == 2
    assert invoke(["apply", "--auto-approve", "--detailed-exitcode"], credentials(emulator)).code == 0


def test_a_partial_plan_is_announced_unless_quiet(emulator: Emulator) -> None:
    assert "partial" in invoke(["plan", "--target", "org_1"], credentials(emulator)).err
    assert invoke(["plan", "--target", "org_1", "-q"], credentials(emulator)).err == ""


def test_a_plan_that_is_asked_about_is_shown_where_the_question_is(emulator: Emulator) -> None:
    for arguments in (["apply", "--format", "json"], ["apply"]):
        done = invoke_with_answer(arguments, credentials(emulator), "no\n")
        assert done.code == 1
        shown, question = done.err.index("- disable conn_1"), done.err.index("Only 'yes' will be accepted")
        assert shown < question
    assert emulator.store.states() == {"conn_1": True}


def invoke_with_answer(arguments: list[str], env: dict[str, str], answer: str) -> Completed:
    stdin, stdout, stderr = Terminal(answer), io.StringIO(), Terminal()
    code = run(arguments, Runtime(environ=env, stdin=stdin, stdout=stdout, stderr=stderr))
    return Completed(code=code, out=stdout.getvalue(), err=stderr.getvalue())


def test_another_environment_comes_before_another_fingerprint(emulator: Emulator) -> None:
    invoke(["plan", "--out", "plan.json"], credentials(emulator))
    elsewhere = {**credentials(emulator), "SCALEKIT_ENVIRONMENT_URL": "http://127.0.0.1:1"}
    assert invoke(["apply", "plan.json", "--expect-fingerprint", "sha256:00"], elsewhere).code == 4
    assert (
        invoke(["apply", "plan.json", "--expect-fingerprint", "sha256:00"], credentials(emulator)).code == 6
    )


def test_missing_credentials_come_before_an_unusable_plan(emulator: Emulator) -> None:
    Path("plan.json").write_text("{", encoding="utf-8")
    assert invoke(["apply", "plan.json"], {}).code == 4
    assert invoke(["apply", "plan.json"], credentials(emulator)).code == 6
    assert invoke(["apply", "missing.json"], {}).code == 3


def test_an_organization_that_the_service_does_not_know_is_not_a_match(emulator: Emulator) -> None:
    Path("scalekit.yaml").write_text("version: 1\norganizations: [{id: org_typo}]\n", encoding="utf-8")
    done = invoke(["plan"], credentials(emulator))
    assert done.code == 5
    assert "org_typo has no connections or is unknown to this environment" in done.out
    assert "No changes" not in done.out
