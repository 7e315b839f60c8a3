from __future__ import annotations

from pathlib import Path

import pytest
from command_support import run
from inprocess_support import invoke

from scalekit_apply import config


def test_a_starter_is_written_and_is_valid(tmp_path: Path) -> None:
    done = run(["init"], cwd=tmp_path)
    assert (done.code, done.out) == (0, "scalekit.yaml\n")
    assert "doctor" in done.err
    assert run(["validate"], cwd=tmp_path).code == 0


def test_a_folder_is_made_and_quiet_is_quiet(tmp_path: Path) -> None:
    done = invoke(["init", str(tmp_path / "new" / "er"), "-q"])
    assert (done.code, done.err) == (0, "")
    assert (tmp_path / "new" / "er" / "scalekit.yaml").is_file()


def test_an_existing_file_is_named_and_kept(tmp_path: Path) -> None:
    (tmp_path / "scalekit.yaml").write_text("mine")
    done = invoke(["init", str(tmp_path)])
    assert (done.code, done.out) == (3, "")
    assert f"{tmp_path}/scalekit.yaml exists already" in done.err
    assert "It is kept." in done.err
    assert "remove" not in done.err
    assert (tmp_path / "scalekit.yaml").read_text() == "mine"


def test_a_file_in_place_of_the_folder_exits_3(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = invoke(["init", str(tmp_path / "file")])
    assert done.code == 3
    assert "is not a folder" in done.err


@pytest.mark.parametrize("name", ["SCALEKIT_ENVIRONMENT_URL", "SCALEKIT_ENV_URL"])
def test_the_environment_in_use_is_named_in_the_starter(tmp_path: Path, name: str) -> None:
    assert invoke(["init", str(tmp_path)], {name: "https://ACME.scalekit.com/"}).code == 0
    assert config.load([tmp_path]).desired.environment == "https://acme.scalekit.com"


def test_the_option_beats_the_variable(tmp_path: Path) -> None:
    args = ["init", str(tmp_path), "--environment-url", "https://other.scalekit.com"]
    assert invoke(args, {"SCALEKIT_ENVIRONMENT_URL": "https://acme.scalekit.com"}).code == 0
    assert config.load([tmp_path]).desired.environment == "https://other.scalekit.com"


def test_an_environment_that_cannot_be_used_exits_3_and_writes_nothing(tmp_path: Path) -> None:
    done = invoke(["init", str(tmp_path)], {"SCALEKIT_ENVIRONMENT_URL": "http://acme.scalekit.com"})
    assert done.code == 3
    assert "SCALEKIT_ENVIRONMENT_URL must use https" in done.err
    assert list(tmp_path.iterdir()) == []


CI_FILES = {"github": ".github/workflows/scalekit-plan.yml", "gitlab": ".gitlab-ci.yml"}


@pytest.mark.parametrize("ci", CI_FILES)
@pytest.mark.parametrize("below", ["infra", "new/er"])
def test_ci_files_are_not_written_where_the_service_never_looks(tmp_path: Path, ci: str, below: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "infra").mkdir()
    done = invoke(["init", "--ci", ci, str(tmp_path / below)])
    assert (done.code, done.out) == (3, "")
    assert f"Run `scalekit-apply init --ci {ci} .` in {tmp_path}." in done.err
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == []
    assert invoke(["init", str(tmp_path / below)]).code == 0


@pytest.mark.parametrize("ci", CI_FILES)
@pytest.mark.parametrize("git", [True, False])
def test_ci_files_are_written_at_the_top_and_outside_of_a_repository(
    tmp_path: Path, ci: str, git: bool
) -> None:
    if git:
        (tmp_path / ".git").mkdir()
    assert invoke(["init", "--ci", ci, str(tmp_path)]).code == 0
    assert (tmp_path / CI_FILES[ci]).is_file()
    assert (tmp_path / "scalekit.yaml").is_file()


@pytest.mark.parametrize("ci", CI_FILES)
@pytest.mark.parametrize("name", ["scalekit.yaml", "team.scalekit.yaml", "config/scalekit.yml"])
def test_ci_files_join_a_configuration_that_is_there(tmp_path: Path, ci: str, name: str) -> None:
    configuration = tmp_path / name
    configuration.parent.mkdir(exist_ok=True)
    configuration.write_text("mine")
    done = invoke(["init", "--ci", ci, str(tmp_path)])
    assert done.code == 0
    assert "is kept" in done.err
    assert "scalekit.yaml" not in done.out.replace("scalekit-apply", "")
    assert configuration.read_text() == "mine"
    assert list(tmp_path.rglob("*scalekit.y*ml")) == [configuration]
    assert (tmp_path / CI_FILES[ci]).is_file()


@pytest.mark.parametrize("ci", CI_FILES)
def test_a_ci_file_that_is_there_is_kept_and_nothing_else_is_written(tmp_path: Path, ci: str) -> None:
    there = tmp_path / CI_FILES[ci]
    there.parent.mkdir(parents=True, exist_ok=True)
    there.write_text("mine")
    (tmp_path / "scalekit.yaml").write_text("mine too")
    done = invoke(["init", "--ci", ci, str(tmp_path)])
    assert (done.code, done.out) == (3, "")
    assert f"{there} exists already" in done.err
    assert "remove" not in done.err
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(
        [there, tmp_path / "scalekit.yaml"]
    )
