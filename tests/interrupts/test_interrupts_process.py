"""The signals of a terminal and of an orchestrator, as a process of its own receives them."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from command_support import clean_environment, command_line
from live_support import AFTER, BEFORE, Ran, World, world

from scalekit_apply.emulator.faultkinds import Fault, Kind

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
HANG = Fault(kind=Kind.HANG)


def start(made: World, args: list[str], *, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command_line(args),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=clean_environment(made.environ),
    )


def ended(made: World, process: subprocess.Popen[bytes], seconds: float = 30) -> Ran:
    out, err = process.communicate(timeout=seconds)
    ran = made.ran(process.returncode, out.decode(), err.decode())
    assert "Traceback" not in ran.err
    return ran


def signalled(made: World, number: signal.Signals, at: int, fault: Fault | None = None) -> Ran:
    """Run ``apply`` and send it a signal when that request has arrived."""
    process: list[subprocess.Popen[bytes]] = []

    def send() -> Fault | None:
        process[0].send_signal(number)
        return fault

    made.at_request(at, send)
    process.append(start(made, made.args("apply")))
    return ended(made, process[0])


@pytest.mark.parametrize(("number", "code"), SIGNALS)
@pytest.mark.parametrize("at", [1, 2, 6])
def test_a_signal_while_reading(number: signal.Signals, code: int, at: int, tmp_path: Path) -> None:
    with world(tmp_path) as made:
        ran = signalled(made, number, at, HANG)
        assert ran.code == code
        assert made.patches() == []


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_signal_while_writing(number: signal.Signals, code: int, tmp_path: Path) -> None:
    with world(tmp_path) as made:
        ran = signalled(made, number, 8, Fault(kind=Kind.DELAY, number=0.3))
        assert ran.code == code
        assert ran.states == {
            "conn_new": "applied",
            "conn_old": "skipped",
            "conn_will": "skipped",
            "conn_was": "skipped",
        }
        assert "Apply incomplete: 1 enabled, 3 skipped." in ran.out


def test_law_6_the_result_is_complete_within_seven_seconds_of_the_first_signal(tmp_path: Path) -> None:
    """The one test that waits for the grace, because seven seconds are promised."""
    with world(tmp_path) as made:
        process: list[subprocess.Popen[bytes]] = []
        sent: list[float] = []

        def send() -> Fault:
            sent.append(time.monotonic())
            process[0].send_signal(signal.SIGTERM)
            return HANG

        made.at_request(10, send)
        process.append(start(made, made.args("apply")))
        while not sent:
            assert process[0].poll() is None
            time.sleep(0.01)
        while not made.result_file.exists():
            assert time.monotonic() - sent[0] < 7
            time.sleep(0.01)
        ran = ended(made, process[0])
        assert ran.code == 143
        assert ran.states == {
            "conn_new": "applied",
            "conn_old": "unknown",
            "conn_will": "skipped",
            "conn_was": "skipped",
        }


@contextmanager
def asked(made: World) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run ``apply`` on a terminal until it asks; gives the process and the terminal to type into."""
    keyboard, terminal = pty.openpty()
    args = [item for item in made.args("apply") if item != "--auto-approve"]
    process = start(made, args, stdin=terminal)
    os.close(terminal)
    try:
        assert process.stderr is not None
        said = b""
        while not said.endswith(b"Answer: "):
            more = os.read(process.stderr.fileno(), 4096)
            assert more, said
            said += more
        yield process, keyboard
    finally:
        process.kill()
        process.wait()
        os.close(keyboard)


@pytest.mark.parametrize(("number", "code"), SIGNALS)
@pytest.mark.parametrize("times", [1, 2])
def test_law_6_a_signal_at_the_prompt_writes_nothing_and_reports_every_change(
    number: signal.Signals, code: int, times: int, tmp_path: Path
) -> None:
    with world(tmp_path) as made, asked(made) as (process, _):
        for _ in range(times):
            process.send_signal(number)
        ran = ended(made, process)
        assert ran.code == code
        assert ran.states == dict.fromkeys(BEFORE, "skipped")
        assert made.patches() == []
        assert made.live() == BEFORE


@pytest.mark.parametrize("typed", [b"no\n", b"y\n", b"YES\n", b"\n", b"\x04"])
def test_anything_but_yes_is_1_and_writes_nothing(typed: bytes, tmp_path: Path) -> None:
    with world(tmp_path) as made, asked(made) as (process, keyboard):
        os.write(keyboard, typed)
        ran = ended(made, process)
        assert ran.code == 1
        assert made.patches() == []


def test_yes_applies(tmp_path: Path) -> None:
    with world(tmp_path) as made, asked(made) as (process, keyboard):
        os.write(keyboard, b"yes\n")
        ran = ended(made, process)
        assert ran.code == 0
        assert made.live() == AFTER


_INTERRUPTED_LOADING = """\
import os, signal, sys

class Finder:
    def find_spec(self, name, *_):
        if name == "click":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Finder())
from scalekit_apply.cli import main
main()
"""


def test_a_signal_while_the_program_is_still_loading_shows_no_traceback(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        done = subprocess.run(
            [*command_line([])[:1], "-c", _INTERRUPTED_LOADING, *made.args("plan")],
            check=False,
            capture_output=True,
            env=clean_environment(made.environ),
            timeout=30,
        )
        assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")
        assert made.lines() == []
