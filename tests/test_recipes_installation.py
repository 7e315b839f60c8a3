"""What the recipes install, installed for real: by the actions and by pre-commit.

pip needs an index, for the dependencies and to build. Where it reaches none, and only there, this is skipped.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from command_support import clean_environment
from recipes_support import ROOT, configuration, git
from test_wheel import tracked

from scalekit_apply import __version__
from scalekit_apply.discovery import is_configuration

# As it is before a test begins: tests lose the proxies of the one who runs them.
_AT_START = {
    name: value
    for name, value in os.environ.items()
    if name.startswith(("PIP_", "SSL_", "REQUESTS_")) or name.lower().endswith("_proxy")
}


def environment(**variables: str) -> dict[str, str]:
    """A clean environment in which pip finds what the one who runs the tests has set up for it."""
    found = {**clean_environment(), **_AT_START, **variables}
    # pip itself warns, and is not under test.
    del found["PYTHONWARNINGS"]
    return found


@pytest.fixture(scope="module", name="index")
def _index(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skip where pip reaches no index at all, as on a plane."""
    target = tmp_path_factory.mktemp("index")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(target)]
        + ["--retries=1", "--timeout=10", "click>=8.2,<9"],
        check=False,
        capture_output=True,
        env=environment(),
    )
    if done.returncode:
        pytest.skip("pip reaches no index")


@pytest.fixture(scope="module", name="copy")
def _copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of the repository as it is in the work tree, uncommitted changes included."""
    copy = tmp_path_factory.mktemp("clone")
    for name in tracked():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    git(copy, "init", "--quiet", "--initial-branch=main")
    git(copy, "add", "--all")
    git(copy, "commit", "--quiet", "--message", "All")
    return copy


def install(action: Path, temp: Path, version: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the first step of an action."""
    return subprocess.run(
        ["bash", str(action / ".." / "lib" / "install.sh")],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=temp,
        env=environment(
            GITHUB_ACTION_PATH=str(action),
            GITHUB_OUTPUT=str(temp / "output"),
            GITHUB_WORKSPACE=str(temp),
            RUNNER_TEMP=str(temp),
            INPUT_VERSION=version,
            **variables,
        ),
    )


def command(temp: Path) -> list[str]:
    return [(temp / "output").read_text("utf-8").splitlines()[-1].removeprefix("command=")]


@pytest.mark.usefixtures("index")
def test_an_action_installs_the_checkout_that_it_is_part_of_once_a_job(copy: Path, tmp_path: Path) -> None:
    action = copy / ".github" / "actions" / "plan"
    # Files that a pull request could bring must not be taken for modules.
    (tmp_path / "venv.py").write_text("raise SystemExit(1)\n", encoding="utf-8")
    done = install(action, tmp_path, "")
    assert done.returncode == 0, done.stdout
    shown = subprocess.run([*command(tmp_path), "--version"], check=True, capture_output=True, text=True)
    assert shown.stdout == f"scalekit-apply {__version__}\n"
    again = install(action, tmp_path, "", PIP_NO_INDEX="1")
    assert again.returncode == 0, again.stdout


@pytest.mark.usefixtures("index")
def test_an_action_installs_a_wheel_of_the_repository_that_uses_it(copy: Path, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(copy)],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    done = install(ROOT / ".github" / "actions" / "plan", tmp_path, wheel.name)
    assert done.returncode == 0, done.stdout
    assert subprocess.run([*command(tmp_path), "schema", "plan"], check=True, capture_output=True).stdout


@pytest.mark.parametrize("version", ["1.0 --index-url x", "x", "-e .", "missing.whl", "$(touch here)"])
def test_a_version_that_is_none_is_refused_before_pip_sees_it(tmp_path: Path, version: str) -> None:
    done = install(ROOT / ".github" / "actions" / "plan", tmp_path, version)
    assert done.returncode == 1
    assert done.stdout.startswith("::error title=scalekit-apply::The input version ")
    assert list(tmp_path.iterdir()) == []


def test_a_copy_of_the_action_in_another_repository_asks_for_the_version(tmp_path: Path) -> None:
    action = tmp_path / ".github" / "actions" / "scalekit-apply" / "plan"
    shutil.copytree(ROOT / ".github" / "actions", action.parent)
    (tmp_path / "pyproject.toml").write_text('name = "other"\n', encoding="utf-8")
    done = install(action, tmp_path, "")
    assert done.returncode == 1
    assert "give the input version" in done.stdout


def test_the_pre_commit_hook_starts_for_the_files_that_a_search_finds() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    for name in (
        "scalekit.yaml",
        "scalekit.yml",
        "a.scalekit.yaml",
        "a.b.scalekit.yml",
        "xscalekit.yaml",
        ".scalekit.yaml",
        ".a.scalekit.yaml",
        "scalekit.yaml.bak",
        "scalekit.json",
        "a-scalekit.yaml",
        "scalekit.yaml/x",
    ):
        found = is_configuration(name)
        assert bool(re.search(hook["files"], name)) is found, name
        assert bool(re.search(hook["files"], f"teams/sso/{name}")) is found, name


# Half a minute: pre-commit builds the project and installs it with its dependencies, which is what is tested.
@pytest.mark.usefixtures("index")
def test_the_pre_commit_hook_finds_what_no_single_file_shows(copy: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    git(project, "init", "--quiet", "--initial-branch=main")
    (project / "one.scalekit.yaml").write_text(configuration(), encoding="utf-8")
    git(project, "add", "--all")
    hook = [sys.executable, "-m", "pre_commit", "try-repo", str(copy), "scalekit-apply-validate", "--verbose"]
    environ = environment(PRE_COMMIT_HOME=str(tmp_path / "cache"), GIT_CONFIG_GLOBAL=os.devnull)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*hook, *arguments], cwd=project, env=environ, check=False, capture_output=True, text=True
        )

    done = run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Valid: 1 file" in done.stdout
    git(project, "commit", "--quiet", "--message", "One")
    (project / "two.scalekit.yaml").write_text(configuration(), encoding="utf-8")
    git(project, "add", "--all")
    done = run()
    assert done.returncode == 1, done.stdout + done.stderr
    assert "one.scalekit.yaml:5" in done.stdout
    assert "two.scalekit.yaml:5" in done.stdout
    (project / "README.md").write_text("not a configuration\n", encoding="utf-8")
    assert "no files to check" in run("--files", "README.md").stdout
