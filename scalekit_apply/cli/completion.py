"""``completion``: what a shell needs to complete commands and options."""

from __future__ import annotations

from typing import Any, Final

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from scalekit_apply.cli.group import PROGRAM
from scalekit_apply.cli.options import Talk, take, talk_options
from scalekit_apply.cli.runtime import Runtime
from scalekit_apply.exits import ExitCode

# The name that click itself derives from the program's.
VARIABLE: Final = "_SCALEKIT_APPLY_COMPLETE"
_SHELLS: Final[dict[str, type[ShellComplete]]] = {
    "bash": BashComplete,
    "zsh": ZshComplete,
    "fish": FishComplete,
}


@click.command(name="completion", short_help="Print shell completion.")
@click.argument("shell", metavar="bash|zsh|fish", type=click.Choice(list(_SHELLS)))
@talk_options
@click.pass_context
def command(context: click.Context, /, shell: str, **values: Any) -> ExitCode:
    """Print the script that lets a shell complete commands and options.

    \b
    bash  eval "$(scalekit-apply completion bash)"        in ~/.bashrc
    zsh   eval "$(scalekit-apply completion zsh)"         in ~/.zshrc
    fish  scalekit-apply completion fish | source         in ~/.config/fish/config.fish
    """  # noqa: D301  # click's mark for lines to leave as they are
    runtime = context.ensure_object(Runtime)
    runtime.use(take(Talk, values))
    script = _SHELLS[shell](context.find_root().command, {}, PROGRAM, VARIABLE)
    # Not source(): for bash that starts the shell that happens to be installed here to ask its version.
    runtime.write_out(script.source_template % script.source_vars())
    return ExitCode.SUCCESS
