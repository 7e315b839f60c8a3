"""The command without a command: serving until a signal."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from emulator_client import HttpClient
from emulator_process import line, run_here, started

from scalekit_apply.emulator import EmulatorOptions
from scalekit_apply.emulator.command import run


def exported(process: subprocess.Popen[str]) -> dict[str, str]:
    lines = [line(process.stdout) for _ in range(3)]
    assert all(text.startswith("export ") for text in lines)
    return dict(text.removeprefix("export ").split("=", 1) for text in lines)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_a_signal_and_says_how_to_use_it(number: signal.Signals) -> None:
    with started() as process:
        variables = exported(process)
        assert line(process.stderr).startswith("Serving 'sample' at http://127.0.0.1:")
        with HttpClient(variables["SCALEKIT_ENVIRONMENT_URL"]) as client:
            client.sign_in(variables["SCALEKIT_CLIENT_ID"], variables["SCALEKIT_CLIENT_SECRET"])
            assert client.get("/api/v1/connections").status == 200
            process.send_signal(number)
            assert process.wait(30) == 0


class _Interrupting(io.StringIO):
    """Sends this process a SIGINT once everything has been said."""

    def flush(self) -> None:
        signal.raise_signal(signal.SIGINT)


def test_serving_ends_well_with_a_signal() -> None:
    stdout, stderr = io.StringIO(), _Interrupting()
    assert run(EmulatorOptions(), environ={}, stdout=stdout, stderr=stderr) == 0
    assert stdout.getvalue().count("export ") == 3
    assert (
        "3 organizations with 4 connections, and 1 connection of the environment itself" in stderr.getvalue()
    )


class _InterruptingElsewhere(io.StringIO):
    """Once everything has been said, sends a SIGINT to a thread that is not the main one."""

    def flush(self) -> None:
        def interrupt() -> None:
            time.sleep(0.1)  # for the main thread to wait: any later would do as well
            signal.pthread_kill(threading.get_ident(), signal.SIGINT)

        threading.Thread(target=interrupt).start()


def test_a_signal_that_another_thread_gets_ends_it_as_well() -> None:
    said = _InterruptingElsewhere()
    assert run(EmulatorOptions(), environ={}, stdout=io.StringIO(), stderr=said) == 0


def test_a_shell_can_evaluate_what_is_said(tmp_path: Path) -> None:
    seed = tmp_path / "seed.json"
    clients = [{"client_id": "skc'1 $HOME", "client_secret": '`x` "'}]
    seed.write_text(json.dumps({"environment": "a\nb", "clients": clients}))
    with started(seed=str(seed)) as process:
        script = "".join(f"{line(process.stdout)}\n" for _ in range(3))
        shown = subprocess.run(
            ["/bin/sh", "-c", script + 'printf "%s|%s" "$SCALEKIT_CLIENT_ID" "$SCALEKIT_CLIENT_SECRET"'],
            capture_output=True,
            text=True,
            check=True,
        )
        assert shown.stdout == "skc'1 $HOME|`x` \""
        assert line(process.stderr).startswith("Serving 'a\\nb' at http://127.0.0.1:")
        process.send_signal(signal.SIGINT)


def test_a_seed_that_is_not_used_is_told(tmp_path: Path) -> None:
    seed, db = tmp_path / "seed.json", tmp_path / "environment.db"
    seed.write_text("{}")
    nothing = (sys.executable, "-c", "")
    assert run_here(*nothing, seed=seed, db=db, quiet=True) == (0, "", "")
    code, stdout, stderr = run_here(*nothing, seed=seed, db=db, quiet=True)
    assert (code, stdout) == (0, "")
    assert stderr == f"{db} holds an environment already: the seed {seed} is not used.\n"
    assert run_here(*nothing, db=db, quiet=True) == (0, "", "")
