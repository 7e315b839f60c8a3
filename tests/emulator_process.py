"""The ``emulator`` command, in this process and in one of its own."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import IO

from scalekit_apply.emulator import EmulatorOptions
from scalekit_apply.emulator.command import run

ENVIRONMENT = {"PATH": os.environ.get("PATH", os.defpath)}

MAIN = """
import json, os, sys
from pathlib import Path
from scalekit_apply.emulator import EmulatorOptions
from scalekit_apply.emulator.command import run

given = json.loads(sys.argv[1])
options = EmulatorOptions(
    seed=Path(given["seed"]) if "seed" in given else None,
    db=Path(given["db"]) if "db" in given else None,
    command=tuple(sys.argv[2:]),
)
sys.exit(run(options, environ=os.environ, stdout=sys.stdout, stderr=sys.stderr))
"""


@contextmanager
def started(*words: str, **given: str) -> Generator[subprocess.Popen[str]]:
    """Run the command in a process, and session, of its own; a test that fails does not wait for its end."""
    with subprocess.Popen(
        [sys.executable, "-c", MAIN, json.dumps(given), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise


def line(stream: IO[str] | None) -> str:
    assert stream is not None
    return stream.readline().strip()


def run_here(*words: str, **options: object) -> tuple[int, str, str]:
    stdout, stderr = io.StringIO(), io.StringIO()
    code = run(
        EmulatorOptions(command=words, **options),  # type: ignore[arg-type]
        environ=ENVIRONMENT,
        stdout=stdout,
        stderr=stderr,
    )
    return code, stdout.getvalue(), stderr.getvalue()
