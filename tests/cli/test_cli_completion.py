from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import click
import pytest
from command_support import clean_environment, run
from inprocess_support import invoke

from scalekit_apply.cli import group
from scalekit_apply.cli.completion import VARIABLE


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_asks_the_program_for_what_fits(shell: str) -> None:
    done = invoke(["completion", shell])
    assert (done.code, done.err) == (0, "")
    assert f"{VARIABLE}={shell}_complete" in done.out
    assert "scalekit-apply" in done.out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_takes_the_script(shell: str, tmp_path: Path) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "script").write_text(run(["completion", shell]).out)
    done = subprocess.run(
        [program, "-n", str(tmp_path / "script")], check=False, capture_output=True, env=clean_environment()
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_commands_are_completed() -> None:
    done = run([], {VARIABLE: "bash_complete", "COMP_WORDS": "scalekit-apply ex", "COMP_CWORD": "1"})
    assert done.code == 0
    assert done.out.split() == ["plain,export"]


def test_options_are_completed() -> None:
    words = {"COMP_WORDS": "scalekit-apply list --org", "COMP_CWORD": "2"}
    done = run([], {VARIABLE: "bash_complete", **words})
    assert (done.code, done.out.split()) == (0, ["plain,--organization"])


def test_another_shell_is_a_usage_error() -> None:
    assert invoke(["completion", "tcsh"]).code == 3


def test_commands_are_completed_without_importing_any(monkeypatch: pytest.MonkeyPatch) -> None:
    def imported(name: str) -> None:
        pytest.fail(f"{name} is imported")

    monkeypatch.setattr(group, "import_module", imported)
    context = click.Context(group.root)
    assert [item.value for item in group.root.shell_complete(context, "")] == group.root.list_commands(
        context
    )
    assert [(item.value, item.help) for item in group.root.shell_complete(context, "insp")] == [
        ("inspect", "Show one live connection whole.")
    ]
    assert "--version" in [item.value for item in group.root.shell_complete(context, "--")]
