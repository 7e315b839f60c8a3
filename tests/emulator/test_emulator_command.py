"""The command: serving for as long as another command runs."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from emulator_process import ENVIRONMENT, MAIN, line, run_here, started
from emulator_support import connection, organization, seed_document

from scalekit_apply.emulator import EmulatorOptions, command
from scalekit_apply.emulator.command import in_foreground, run
from scalekit_apply.errors import UsageError

# Says that it is ready, then which signals it gets; ends with 9 once the one it waits for has come.
_CHILD = """
import signal, sys, time

def note(number, _):
    print(signal.Signals(number).name, flush=True)
    if number == signal.SIGTERM:
        sys.exit(9)

signal.signal(signal.SIGINT, note)
signal.signal(signal.SIGTERM, note)
print("ready", flush=True)
while True:
    time.sleep(0.01)
"""


SERVING = re.compile(r"Serving '[a-z]+' at http://127\.0\.0\.1:[0-9]+: .* It stops when the command ends\.\n")


# -- with a command -------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [0, 1, 7, 255])
def test_the_exit_code_is_that_of_the_command(code: int) -> None:
    assert run_here(sys.executable, "-c", f"raise SystemExit({code})", quiet=True) == (code, "", "")


def test_where_it_serves_and_what_ends_it_is_said_before_the_command_runs() -> None:
    code, stdout, stderr = run_here(sys.executable, "-c", "")
    assert (code, stdout) == (0, "")
    assert SERVING.fullmatch(stderr)
    assert "3 organizations with 4 connections, and 1 connection of the environment itself." in stderr


def test_an_environment_without_connections_of_its_own_is_counted_plainly(tmp_path: Path) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps(seed_document(organization("org_1", connection("conn_1")))))
    assert ": 1 organization with 1 connection. It stops" in run_here(sys.executable, "-c", "", seed=seed)[2]


def test_a_fault_that_never_fired_is_told_in_the_end() -> None:
    ask = """
import os, urllib.error, urllib.request
try:
    urllib.request.urlopen(os.environ["SCALEKIT_ENVIRONMENT_URL"] + "/api/v1/connections")
except urllib.error.HTTPError as error:
    error.close()
"""
    faults = ("status=503,times=1", "reset,path=*:enabel", "refuse,skip=9")
    code, stdout, stderr = run_here(sys.executable, "-c", ask, faults=faults, quiet=True)
    assert (code, stdout) == (0, "")
    assert stderr == (
        "Warning: the fault 'reset,path=*:enabel' never fired.\n"
        "Warning: the fault 'refuse,skip=9' never fired.\n"
    )


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_a_command_that_dies_of_a_signal_ends_with_128_and_its_number(number: signal.Signals) -> None:
    kill = f"import os; os.kill(os.getpid(), {int(number)})"
    assert run_here(sys.executable, "-c", kill)[0] == 128 + number


def test_the_command_finds_a_working_environment(tmp_path: Path) -> None:
    ask = """
import json, os, sys, urllib.parse, urllib.request
url = os.environ["SCALEKIT_ENVIRONMENT_URL"]
form = {
    "grant_type": "client_credentials",
    "client_id": os.environ["SCALEKIT_CLIENT_ID"],
    "client_secret": os.environ["SCALEKIT_CLIENT_SECRET"],
}
token = json.load(urllib.request.urlopen(url + "/oauth/token", urllib.parse.urlencode(form).encode()))
call = urllib.request.Request(
    url + "/api/v1/connections?include=all", headers={"Authorization": "Bearer " + token["access_token"]}
)
found = json.load(urllib.request.urlopen(call))
open(sys.argv[1], "w").write(json.dumps([item["id"] for item in found["connections"]]))
"""
    seed, out = tmp_path / "seed.json", tmp_path / "out.json"
    seed.write_text(json.dumps(seed_document(organization("org_1", connection("conn_1")))))
    assert run_here(sys.executable, "-c", ask, str(out), seed=seed, quiet=True) == (0, "", "")
    assert json.loads(out.read_text()) == ["conn_1"]
    assert run_here(sys.executable, "-c", ask, str(out), quiet=True) == (0, "", "")
    assert len(json.loads(out.read_text())) == 5


def test_the_command_cannot_find_another_environment_by_accident(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    show = "import json, os, sys; open(sys.argv[1], 'w').write(json.dumps(dict(os.environ)))"
    environ = {
        **ENVIRONMENT,
        "KEPT": "yes",
        "SCALEKIT_ENVIRONMENT_URL": "https://real.scalekit.com",
        "SCALEKIT_ENV_URL": "https://real.scalekit.com",
        "SCALEKIT_CLIENT_ID": "skc_real",
        "SCALEKIT_CLIENT_SECRET": "real",
        "SCALEKIT_CLIENT_SECRET_FILE": "/real",
        "SCALEKIT_APPLY_ENVIRONMENT_URL": "https://real.scalekit.com",
        "SCALEKIT_APPLY_CLIENT_ID": "skc_real",
        "SCALEKIT_APPLY_CLIENT_SECRET_FILE": "/real",
        "SCALEKIT_APPLY_FORMAT": "json",
    }
    options = EmulatorOptions(command=(sys.executable, "-c", show, str(out)))
    assert run(options, environ=environ, stdout=io.StringIO(), stderr=io.StringIO()) == 0
    found = json.loads(out.read_text())
    assert not any("real" in value for value in found.values())
    assert (found["KEPT"], found["SCALEKIT_APPLY_FORMAT"]) == ("yes", "json")
    assert not [name for name in found if name.endswith("_FILE")]


@pytest.mark.parametrize("name", ["/nonexistent/command", "", "with\0zero"])
def test_a_command_that_cannot_be_started_is_a_usage_error(name: str) -> None:
    before = threading.active_count()
    with pytest.raises(UsageError, match="cannot be started: "):
        run_here(name)
    assert threading.active_count() == before


def test_requests_are_logged_to_stderr_when_that_is_asked_for() -> None:
    ask = """
import os, urllib.error, urllib.request
try:
    urllib.request.urlopen(os.environ["SCALEKIT_ENVIRONMENT_URL"] + "/nowhere")
except urllib.error.HTTPError as error:
    error.close()
"""
    code, stdout, stderr = run_here(sys.executable, "-c", ask, log_requests=True, quiet=True)
    assert (code, stdout) == (0, "")
    assert stderr.startswith("GET /nowhere 404 ")


def test_the_signals_that_arrive_are_passed_on_and_nothing_else_ends() -> None:
    with started(sys.executable, "-c", _CHILD) as process:
        assert line(process.stdout) == "ready"
        process.send_signal(signal.SIGINT)
        assert line(process.stdout) == "SIGINT"
        process.send_signal(signal.SIGINT)
        assert line(process.stdout) == "SIGINT"
        process.send_signal(signal.SIGTERM)
        stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stdout) == (9, "SIGTERM\n")
    assert SERVING.fullmatch(stderr)


def test_a_signal_to_the_whole_group_reaches_the_command_once() -> None:
    with started(sys.executable, "-c", _CHILD) as process:
        assert line(process.stdout) == "ready"
        os.killpg(process.pid, signal.SIGINT)
        assert line(process.stdout) == "SIGINT"
        process.send_signal(signal.SIGTERM)
        stdout, _ = process.communicate(timeout=30)
    assert (process.returncode, stdout) == (9, "SIGTERM\n")


# Makes the terminal on stdin that of its session, then becomes the program that it is given.
_ON_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


def test_a_ctrl_c_at_the_terminal_reaches_the_command_once() -> None:
    terminal, end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", _ON_TERMINAL, "-c", MAIN, "{}", sys.executable, "-c", _CHILD],
        stdin=end,
        stdout=end,
        stderr=end,
        start_new_session=True,
    )
    os.close(end)
    shown = b""

    def wait_for(text: bytes) -> None:
        nonlocal shown
        late = time.monotonic() + 30
        while text not in shown:
            assert time.monotonic() < late, shown
            if select.select([terminal], [], [], 0.1)[0]:
                shown += os.read(terminal, 4096)

    with process:
        try:
            wait_for(b"ready")
            os.write(terminal, b"\x03")
            wait_for(b"SIGINT")
        finally:
            process.send_signal(signal.SIGTERM)
        wait_for(b"SIGTERM")
    os.close(terminal)
    assert process.returncode == 9
    assert shown.count(b"SIGINT") == 1


def ask_parent_for(*numbers: signal.Signals) -> str:
    """A program that sends signals to its parent and says which come back; SIGTERM ends it with 9."""
    kills = "".join(f"os.kill(os.getppid(), {int(number)})\n" for number in numbers)
    return f"""
import os, signal, sys, time
came = open(sys.argv[1], "w", buffering=1)

def note(number, _):
    came.write(signal.Signals(number).name + " ")
    if number == signal.SIGTERM:
        sys.exit(9)

signal.signal(signal.SIGINT, note)
signal.signal(signal.SIGTERM, note)
{kills}
while True:
    time.sleep(0.01)
"""


def test_a_command_in_the_background_gets_every_signal(tmp_path: Path) -> None:
    program = ask_parent_for(signal.SIGTERM)
    assert run_here(sys.executable, "-c", program, str(tmp_path / "came"))[0] == 9
    assert (tmp_path / "came").read_text() == "SIGTERM "


def test_a_command_in_the_foreground_gets_ctrl_c_from_the_terminal_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "in_foreground", lambda: True)
    program = ask_parent_for(signal.SIGINT, signal.SIGTERM)
    assert run_here(sys.executable, "-c", program, str(tmp_path / "came"))[0] == 9
    assert (tmp_path / "came").read_text() == "SIGTERM "


def test_only_the_foreground_of_a_terminal_is_the_foreground(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    assert not in_foreground(str(path))
    path.touch()
    assert not in_foreground(str(path))
    monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp())
    assert in_foreground(str(path))
    monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp() + 1)
    assert not in_foreground(str(path))


def test_the_handlers_of_signals_are_put_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    run_here(sys.executable, "-c", "")
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_outside_of_the_main_thread_the_command_runs_without_signals() -> None:
    codes: list[int] = []
    thread = threading.Thread(
        target=lambda: codes.append(run_here(sys.executable, "-c", "raise SystemExit(3)")[0])
    )
    thread.start()
    thread.join(30)
    assert codes == [3]
