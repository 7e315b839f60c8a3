"""Killed without warning at every request of an apply: running it again gets to the same end state."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest
from command_support import clean_environment, command_line
from live_support import AFTER, World, world

from scalekit_apply.emulator.faultkinds import Fault, Kind, When

REQUESTS = range(1, 15)
WRITES = (8, 10, 11, 13)
OLD = b"what was here before\n"


def start(made: World, *more: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command_line(made.args("apply", *more)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=clean_environment(made.environ),
    )


def killed_at(made: World, number: int, fault: Fault) -> None:
    """Run ``apply``, and kill it when that request has arrived; the fault decides what becomes of it."""
    process: list[subprocess.Popen[bytes]] = []

    def kill() -> Fault:
        process[0].kill()
        process[0].wait(30)
        return fault

    made.at_request(number, kill)
    process.append(start(made))
    _, err = process[0].communicate(timeout=60)
    assert process[0].returncode == -signal.SIGKILL, err
    made.hooks.clear()
    # The request is in the log once the emulator is done with it.
    end = time.monotonic() + 30
    while len(made.lines()) < number:
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.mark.parametrize(
    ("number", "when"),
    [*((number, When.BEFORE) for number in REQUESTS), *((number, When.AFTER) for number in WRITES)],
)
def test_law_12_killed_at_any_request_the_next_run_gets_to_the_same_end(
    number: int, when: When, tmp_path: Path
) -> None:
    with world(tmp_path) as made:
        made.result_file.write_bytes(OLD)
        killed_at(made, number, Fault(kind=Kind.RESET, when=when))
        sent = len(made.patches())
        # A result is written whole at the end, or not at all.
        assert made.result_file.read_bytes() == OLD
        assert made.early_disables == []
        between = made.live()
        again = made.run(made.args("apply"))
        assert again.code == 0, again.err
        assert made.live() == AFTER
        assert made.early_disables == []
        # Law 2: what had been done is not done again.
        left = sum(between[name] is not enabled for name, enabled in AFTER.items())
        assert len(made.patches()) - sent == left
        assert made.run(made.args("plan", "--detailed-exitcode")).code == 0


def test_law_12_a_saved_plan_can_be_applied_again_after_a_kill(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        saved = tmp_path / "saved.plan"
        assert made.run(made.args("plan", "--out", str(saved))).code == 0
        killed_at(made, 10, Fault(kind=Kind.RESET))  # the first disable
        ran = made.run(["apply", str(saved), "--output", f"json={made.result_file}"])
        assert ran.code == 0, ran.err
        assert ran.states == {
            "conn_new": "already",
            "conn_old": "applied",
            "conn_will": "applied",
            "conn_was": "applied",
        }
        assert made.live() == AFTER


_KILLED_WRITING = """\
import os, signal
os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
from scalekit_apply.cli import main
main()
"""


def test_a_kill_while_a_file_is_written_leaves_no_part_of_it(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        made.result_file.write_bytes(OLD)
        done = subprocess.run(
            [*command_line([])[:1], "-c", _KILLED_WRITING, *made.args("plan")],
            check=False,
            capture_output=True,
            env=clean_environment(made.environ),
            timeout=60,
        )
        assert done.returncode == -signal.SIGKILL
        assert made.result_file.read_bytes() == OLD
