"""The command in this process: fast enough for every variant, with streams and a clock of the test's own."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TextIO

from command_support import Completed

from scalekit_apply.cli.entry import run
from scalekit_apply.cli.runtime import Runtime
from scalekit_apply.emulator import Emulator

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def credentials(emulator: Emulator, **more: str) -> dict[str, str]:
    """The variables that lead to an emulator."""
    return {
        "SCALEKIT_ENVIRONMENT_URL": emulator.url,
        "SCALEKIT_CLIENT_ID": emulator.clients[0].id,
        "SCALEKIT_CLIENT_SECRET": emulator.clients[0].secret,
        **more,
    }


def invoke(
    args: Sequence[str],
    env: Mapping[str, str] | None = None,
    *,
    stdin: bytes = b"",
    stdout: TextIO | None = None,
    now: Callable[[], datetime] = lambda: NOW,
) -> Completed:
    """Run the command and return how it ended. Options see the variables of the process, settings ``env``."""
    out, err = stdout or io.StringIO(), io.StringIO()
    runtime = Runtime(
        environ=env or {},
        stdin=io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"),
        stdout=out,
        stderr=err,
        now=now,
    )
    code = run(args, runtime)
    return Completed(
        code=code, out=out.getvalue() if isinstance(out, io.StringIO) else "", err=err.getvalue()
    )
