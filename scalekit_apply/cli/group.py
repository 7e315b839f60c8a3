"""The command ``scalekit-apply``: its commands, each imported only when it is asked for."""

from __future__ import annotations

import difflib
from importlib import import_module
from typing import TYPE_CHECKING, Final

import click

from scalekit_apply import __version__
from scalekit_apply.exits import ExitCode

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

PROGRAM: Final = "scalekit-apply"
_COMMANDS: Final = {
    "init": "Write a starter configuration.",
    "validate": "Show every error and warning of the configuration.",
    "plan": "Show what apply would change.",
    "apply": "Make live what the configuration asks for.",
    "drift": "Show what differs from the configuration now.",
    "show": "Render a saved plan or result.",
    "export": "Write configuration for what is live.",
    "list": "List live connections.",
    "inspect": "Show one live connection whole.",
    "schema": "Print a JSON Schema.",
    "doctor": "Check URL, TLS, token, permission and files.",
    "emulator": "Serve a local Scalekit environment.",
    "completion": "Print shell completion.",
}
_MODULES: Final = {"list": "listing"}


def is_command(name: str) -> bool:
    """Whether there is a command of this name."""
    return name in _COMMANDS


_EPILOG: Final = "\n".join(
    ["\b", "Exit codes:", *(f"  {code.value:>3}  {code.meaning}" for code in ExitCode)]
)


class LazyGroup(click.Group):
    """Knows its commands by name and help; the module behind one is imported when it runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Return the names in the order of the documentation."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's
        """Return a command, ``None`` for a name that is not one."""
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"scalekit_apply.cli.{_MODULES.get(cmd_name, cmd_name)}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is asked for, and what is left. Raises ``click.UsageError``."""
        name = args[0]
        if name not in _COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            close = difflib.get_close_matches(name, _COMMANDS, 1)
            ctx.fail(f"There is no command {name!r}{f': did you mean {close[0]}?' if close else '.'}")
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands and options that begin so, without importing any command."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415  # of no use to other runs

        commands = [
            CompletionItem(name, help=text) for name, text in _COMMANDS.items() if name.startswith(incomplete)
        ]
        # Not Group's, which asks every command for its help.
        return commands + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # click's
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


def _version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:  # click's
    if wanted:
        click.echo(f"scalekit-apply {__version__}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    help="Keep the enabled state of Scalekit SSO connections in git.",
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version."
)
def root() -> None:
    """Group of all commands."""
