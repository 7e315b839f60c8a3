"""The help of every command, word for word: options, variables and exit codes are what users build on."""

from __future__ import annotations

import os
from pathlib import Path

import click
import pytest

from scalekit_apply.cli.group import root

GOLDEN = Path(__file__).parent.parent / "golden" / "help"
# Read here, because what a test sees is an environment without variables of the program.
UPDATE = "SCALEKIT_APPLY_UPDATE_GOLDEN" in os.environ
COMMANDS = root.list_commands(click.Context(root))


def shown(name: str) -> str:
    args = [] if name == "scalekit-apply" else [name]
    command = root.get_command(click.Context(root), name) if args else root
    assert command is not None
    group = click.Context(root, info_name="scalekit-apply", **root.context_settings)
    if not args:
        return root.get_help(group) + "\n"
    with command.make_context(name, [], parent=group, resilient_parsing=True) as context:
        context.terminal_width = 100
        return command.get_help(context) + "\n"


@pytest.mark.parametrize("name", ["scalekit-apply", *COMMANDS])
def test_the_help_is_the_golden_one(name: str) -> None:
    golden = GOLDEN / f"{name}.txt"
    text = shown(name)
    if UPDATE:
        golden.write_text(text, encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == text, "set SCALEKIT_APPLY_UPDATE_GOLDEN=1 to accept"


def test_every_golden_help_belongs_to_a_command() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == {"scalekit-apply", *COMMANDS}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_the_variable_of_its_name(name: str) -> None:
    command = root.get_command(click.Context(root), name)
    assert command is not None
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            long = next(text for text in parameter.opts if text.startswith("--"))
            assert parameter.envvar == f"SCALEKIT_APPLY_{long[2:].replace('-', '_').upper()}"


@pytest.mark.parametrize("name", COMMANDS)
def test_no_option_takes_the_secret_itself(name: str) -> None:
    command = root.get_command(click.Context(root), name)
    assert command is not None
    names = {text for parameter in command.params for text in parameter.opts}
    assert not {text for text in names if "secret" in text} - {"--client-secret-file"}
