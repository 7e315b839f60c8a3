from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scalekit_apply.cli.baseline import load_base, read_commit
from scalekit_apply.errors import UsageError
from scalekit_apply.model import Desired

ONE = "version: 1\norganizations:\n  - id: org_1\n    connections:\n      - {id: conn_1, enabled: %s}\n"


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=n", "-c", "user.email=e@example.org", *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
    )


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    folder = tmp_path / "infra"
    folder.mkdir()
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    (tmp_path / "README").write_text("nothing yet", encoding="utf-8")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "-m", "empty")
    git(tmp_path, "tag", "empty")
    (folder / "scalekit.yaml").write_text(ONE % "false", encoding="utf-8")
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "scalekit.yaml").write_text("broken: [", encoding="utf-8")
    (folder / "notes.yaml").write_text("broken: [", encoding="utf-8")
    (folder / "sub dir").mkdir()
    (folder / "sub dir" / "b.scalekit.yml").write_text("version: 1\norganizations: []\n", encoding="utf-8")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "-m", "before")
    git(tmp_path, "tag", "before")
    (folder / "scalekit.yaml").write_text(ONE % "true", encoding="utf-8")
    return tmp_path


def asked(desired: Desired | None) -> dict[str, bool]:
    assert desired is not None
    return {
        str(wanted.address): wanted.enabled
        for organization in desired.organizations.values()
        for wanted in organization.connections.values()
    }


@pytest.mark.parametrize("path", ["infra", ".", "infra/scalekit.yaml"])
def test_a_reference_gives_the_configuration_as_it_was_committed(repository: Path, path: str) -> None:
    desired, warnings = load_base([path], base=None, base_ref="before")
    assert warnings == ()
    assert asked(desired) == {"org_1/conn_1": False}


def test_a_search_in_a_commit_leaves_out_what_a_search_on_disk_leaves_out(repository: Path) -> None:
    assert sorted(read_commit("before", ["."])) == ["infra/scalekit.yaml", "infra/sub dir/b.scalekit.yml"]


def test_the_same_file_named_twice_is_read_once(repository: Path) -> None:
    assert sorted(read_commit("before", ["infra/scalekit.yaml", "infra/scalekit.yaml"])) == [
        "infra/scalekit.yaml"
    ]


@pytest.mark.parametrize("path", ["infra", "infra/scalekit.yaml"])
def test_before_the_first_configuration_nothing_was_asked_for(repository: Path, path: str) -> None:
    assert load_base([path], base=None, base_ref="empty") == (Desired(), ())


@pytest.mark.parametrize("reference", ["nowhere", "--upload-pack=x", ""])
def test_a_reference_that_is_not_a_commit_is_refused(repository: Path, reference: str) -> None:
    with pytest.raises(UsageError):
        read_commit(reference, ["infra"])


def test_outside_of_a_repository_git_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(UsageError, match="rev-parse failed"):
        read_commit("main", [str(tmp_path)])


def test_a_path_is_the_other_way_to_name_the_earlier_configuration(repository: Path) -> None:
    desired, warnings = load_base(["ignored"], base="infra/scalekit.yaml", base_ref=None)
    assert warnings == ()
    assert asked(desired) == {"org_1/conn_1": True}


def test_an_earlier_configuration_that_is_broken_is_a_warning_and_gives_no_labels(repository: Path) -> None:
    (repository / "infra" / "scalekit.yaml").write_text("version: 2\n", encoding="utf-8")
    desired, (warning,) = load_base([], base="infra/scalekit.yaml", base_ref=None)
    assert desired is None
    assert "infra/scalekit.yaml:1:" in warning.detail


def test_an_earlier_configuration_that_is_not_there_is_refused(repository: Path) -> None:
    with pytest.raises(UsageError, match=r"missing\.yaml does not exist"):
        load_base([], base="missing.yaml", base_ref=None)


def test_a_folder_without_a_configuration_is_one_from_before_the_first(repository: Path) -> None:
    (repository / "nothing").mkdir()
    assert load_base([], base="nothing", base_ref=None) == (Desired(), ())


def test_without_either_option_there_is_nothing_to_compare_with() -> None:
    assert load_base(["."], base=None, base_ref=None) == (None, ())


def test_both_options_at_once_are_refused() -> None:
    with pytest.raises(UsageError, match="both"):
        load_base(["."], base="a", base_ref="b")


def test_a_machine_without_git_is_told_to_name_a_path(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(repository))
    with pytest.raises(UsageError, match="not installed"):
        read_commit("before", ["infra"])


def test_a_git_that_hangs_is_given_up(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*arguments: object, **_options: object) -> None:
        raise subprocess.TimeoutExpired(str(arguments), 60)

    monkeypatch.setattr("subprocess.run", hang)
    with pytest.raises(UsageError, match="did not answer"):
        read_commit("before", ["infra"])
