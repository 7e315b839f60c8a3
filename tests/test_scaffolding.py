from __future__ import annotations

from importlib import resources
from pathlib import Path, PurePosixPath

import pytest

from scalekit_apply import config, scaffolding
from scalekit_apply.model import Environment
from scalekit_apply.scaffolding import CI_TEMPLATES, Template, ci_files, repository_above, starter

HERE = Environment("https://acme.scalekit.com")


@pytest.mark.parametrize("environment", [None, HERE])
def test_the_starter_is_valid_and_asks_for_nothing(environment: Environment | None) -> None:
    loaded = config.load_sources({"scalekit.yaml": starter(environment).encode()})
    assert list(loaded.diagnostics) == []
    assert loaded.desired.environment == environment
    assert not loaded.desired.organizations


def test_the_example_in_the_starter_is_valid_once_its_marks_are_removed() -> None:
    head, _, body = starter(HERE).partition("# One entry for each")
    lines = [line[1:] for line in body.splitlines() if line.startswith("#  ")]
    text = f"{head}organizations:\n" + "\n".join(lines) + "\n"
    loaded = config.load_sources({"scalekit.yaml": text.encode()})
    assert list(loaded.diagnostics) == []
    assert list(loaded.desired.organizations) == ["org_59615193906282635"]


def test_the_files_of_a_ci_service_are_written_as_they_are_packaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "plan.yml").write_bytes(b"on: pull_request\n")

    def packaged(_package: str) -> Path:
        return tmp_path

    monkeypatch.setattr(scaffolding, "files", packaged)
    template = Template(path=PurePosixPath(".github/workflows/scalekit.yml"), resource="plan.yml")
    found = ci_files(Path("here"), "github", templates={"github": (template,)})
    assert found == {Path("here/.github/workflows/scalekit.yml"): b"on: pull_request\n"}


def test_every_template_that_is_named_is_packaged() -> None:
    for templates in CI_TEMPLATES.values():
        for template in templates:
            assert resources.files("scalekit_apply").joinpath("templates", template.resource).is_file()


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_a_folder_below_the_top_of_a_repository_is_told_from_the_top(tmp_path: Path, kind: str) -> None:
    git = tmp_path / ".git"
    git.mkdir() if kind == "folder" else git.write_text("gitdir: elsewhere\n")
    assert repository_above(tmp_path) is None
    assert repository_above(tmp_path / "not" / "there" / "yet") == tmp_path
    (tmp_path / "submodule").mkdir()
    (tmp_path / "submodule" / ".git").touch()
    assert repository_above(tmp_path / "submodule") is None


def test_a_link_into_a_repository_is_below_its_top(tmp_path: Path) -> None:
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    (tmp_path / "repository" / "infra").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "repository" / "infra")
    assert repository_above(tmp_path / "link") == tmp_path / "repository"
