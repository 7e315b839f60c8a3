from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from command_support import run
from fake_api import live
from inprocess_support import invoke

from scalekit_apply import planfile
from scalekit_apply.exits import Outcome
from scalekit_apply.model import Desired, DesiredOrganization, Environment, OrganizationId
from scalekit_apply.plan import Change, Plan
from scalekit_apply.result import ChangeResult, Result, State

CHANGE = Change(live=live("a", "1", enabled=False))
PLAN = Plan(
    environment=Environment("https://acme.scalekit.com"),
    changes=(CHANGE,),
    unchanged=2,
    policy=Desired(
        environment=Environment("https://acme.scalekit.com"),
        organizations={OrganizationId("org_a"): DesiredOrganization(id=OrganizationId("org_a"))},
    ),
)
RESULT = Result(
    environment=PLAN.environment,
    fingerprint=PLAN.fingerprint,
    results=(ChangeResult(change=CHANGE, state=State.FAILED, attempts=1, status=409, message="no"),),
    outcomes=frozenset({Outcome.INCOMPLETE}),
)
SAVED_PLAN = planfile.dump(planfile.plan_document(PLAN))
SAVED_RESULT = planfile.dump(planfile.result_document(RESULT))


def test_a_saved_plan_is_shown_by_the_command(tmp_path: Path) -> None:
    (tmp_path / "saved").write_bytes(SAVED_PLAN)
    done = run(["show", "saved"], cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert "Plan: 1 to enable, 0 to disable, 2 unchanged." in done.out
    assert f"Fingerprint: {PLAN.fingerprint}" in done.out


def test_a_saved_plan_may_come_over_stdin() -> None:
    done = run(["show", "-", "--format", "json"], stdin=SAVED_PLAN.decode("ascii"))
    assert (done.code, done.err) == (0, "")
    assert done.out == SAVED_PLAN.decode("ascii")


def test_a_saved_result_is_shown_and_what_it_says_does_not_matter_for_the_exit_code(tmp_path: Path) -> None:
    (tmp_path / "saved").write_bytes(SAVED_RESULT)
    done = invoke(["show", str(tmp_path / "saved")])
    assert (done.code, done.err) == (0, "")
    assert "Apply incomplete: 1 failed." in done.out
    assert invoke(["show", str(tmp_path / "saved"), "--format", "json"]).out == SAVED_RESULT.decode("ascii")


@pytest.mark.parametrize("saved", [SAVED_PLAN, SAVED_RESULT], ids=["plan", "result"])
@pytest.mark.parametrize("format", ["markdown", "github", "gitlab", "junit"])
def test_every_format_is_written_to_files_too(tmp_path: Path, saved: bytes, format: str) -> None:  # noqa: A002
    done = invoke(["show", "-", "--format", format, "--output", f"{format}={tmp_path / 'out'}"], stdin=saved)
    assert (done.code, done.err) == (0, "")
    assert done.out
    assert (tmp_path / "out").read_text("utf-8") == done.out


@pytest.mark.parametrize("format", ["text", "json"])
@pytest.mark.parametrize(
    ("data", "code", "said"),
    [
        (b"", 6, "is empty"),
        (b"{", 6, "cut off"),
        (b"[]", 6, "not a plan or a result"),
        (SAVED_PLAN.replace(b'"unchanged": 2', b'"unchanged": 3'), 6, "was changed"),
    ],
)
def test_law_5_an_unusable_file_exits_6_in_every_format(
    data: bytes,
    code: int,
    said: str,
    format: str,  # noqa: A002
) -> None:
    done = invoke(["show", "-", "--format", format], stdin=data)
    assert done.code == code
    assert said in done.err
    if format == "json":
        assert json.loads(done.out)["errored"] is True
    else:
        assert done.out == ""


def test_a_file_that_is_absent_exits_3_and_is_named(tmp_path: Path) -> None:
    done = invoke(["show", str(tmp_path / "nowhere")])
    assert done.code == 3
    assert f"{tmp_path / 'nowhere'} does not exist." in done.err
    assert "plan --out FILE" in done.err


@pytest.mark.parametrize("name", ["nowhere", "."])
def test_apply_words_a_file_of_no_use_as_show_does(tmp_path: Path, name: str) -> None:
    shown, applied = (invoke([command, f"{tmp_path}/{name}"]) for command in ("show", "apply"))
    assert (applied.code, applied.err) == (shown.code, shown.err)


@pytest.mark.parametrize(("name", "reason"), [(".", "Is a directory"), ("a\0b", "its name cannot be used")])
def test_what_is_no_file_exits_3(tmp_path: Path, name: str, reason: str) -> None:
    done = invoke(["show", f"{tmp_path}/{name}"])
    assert done.code == 3
    assert reason in done.err


def test_a_stdin_that_cannot_be_read_exits_3(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_self: io.BytesIO, _size: int) -> bytes:
        raise OSError(5, "Input/output error")

    class Broken(io.BytesIO):
        read = broken  # type: ignore[assignment]  # it never returns

    monkeypatch.setattr(io, "BytesIO", Broken)
    done = invoke(["show", "-"])
    assert done.code == 3
    assert "Standard input cannot be read: Input/output error." in done.err


def test_an_output_that_cannot_be_written_is_found_before_the_file_is_read(tmp_path: Path) -> None:
    done = invoke(["show", "nowhere", "--output", f"json={tmp_path / 'missing' / 'out'}"])
    assert done.code == 3
    assert "its folder does not exist" in done.err
    assert "nowhere" not in done.err
