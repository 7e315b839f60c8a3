"""The command line: options, wiring, and the only place that exits."""

from __future__ import annotations

import sys

from scalekit_apply import __version__


def main() -> None:
    """Run the command line of this process and exit with its code."""
    if sys.argv[1:] == ["--version"]:
        # Answered before anything is imported: pipelines print it, shells ask for it often.
        sys.stdout.write(f"scalekit-apply {__version__}\n")
        sys.exit(0)
    try:
        from scalekit_apply.cli.entry import run  # noqa: PLC0415  # see above
        from scalekit_apply.cli.runtime import Runtime  # noqa: PLC0415
    except KeyboardInterrupt:
        sys.exit(130)  # loading takes long enough to be interrupted; nothing was done yet
    runtime = Runtime.of_process()
    sys.exit(run(sys.argv[1:], runtime))
