"""The command as users run it: a process of its own, with an environment that holds nothing by chance."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SECONDS: Final = 60
# What a process needs to start at all, and what measures coverage in it.
_KEPT: Final = ("PATH", "HOME", "TMPDIR", "SYSTEMROOT", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """How a process ended, and what it wrote."""

    code: int
    out: str
    err: str


def clean_environment(env: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment without credentials, options or colors of the one who runs the tests."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", "PYTHONWARNINGS": "error", **(env or {})}


def command_line(args: Sequence[str]) -> list[str]:
    """Return what starts the command, for tests that need to hold the process in their hands."""
    return [sys.executable, "-m", "scalekit_apply", *args]


def run(
    args: Sequence[str],
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str = "",
) -> Completed:
    """Run the command to its end. ``env`` is all that it sees beside what a process needs to start."""
    done = subprocess.run(
        command_line(args),
        check=False,
        capture_output=True,
        cwd=cwd,
        env=clean_environment(env),
        input=stdin.encode("utf-8"),
        timeout=_SECONDS,
    )
    return Completed(code=done.returncode, out=done.stdout.decode("utf-8"), err=done.stderr.decode("utf-8"))
