"""SIGINT and SIGTERM at every request of a run, sent to this process as the request arrives."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest
from live_support import BEFORE, Ran, World, world

from scalekit_apply.emulator.faultkinds import Fault, Kind

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
READING = range(1, 8)
WRITING = range(8, 14)
LAST = 14
# The writes of an undisturbed apply by the number of their request.
WRITES = {8: "enable conn_new", 10: "disable conn_old", 11: "enable conn_will", 13: "disable conn_was"}


def interrupt(
    made: World, at: int, number: signal.Signals, *, fault: Fault | None = None, again: bool = False
) -> None:
    """Signal this process as that request arrives, ``again`` a little later; a fault has the request."""

    def send() -> Fault | None:
        os.kill(os.getpid(), number)
        if again:
            # The same signal twice at once would be one.
            later = threading.Timer(0.3, os.kill, (os.getpid(), number))
            later.daemon = True
            later.start()
        return fault

    made.at_request(at, send)


HANG = Fault(kind=Kind.HANG)
SLOW = Fault(kind=Kind.DELAY, number=0.3)


def demand_order(ran: Ran) -> None:
    assert "Traceback" not in ran.err
    assert "defect" not in ran.err


@pytest.mark.parametrize(("number", "code"), SIGNALS)
@pytest.mark.parametrize("command", ["plan", "drift"])
@pytest.mark.parametrize("request_number", range(1, 5))
def test_a_signal_while_reading_ends_at_once_without_a_plan(
    number: signal.Signals, code: int, command: str, request_number: int, tmp_path: Path
) -> None:
    with world(tmp_path) as made:
        interrupt(made, request_number, number, fault=HANG)
        ran = made.run(made.args(command))
        demand_order(ran)
        assert ran.code == code
        assert ran.out == ""
        assert ("Terminated" if code == 143 else "Interrupted") in ran.err
        # The last two go out side by side: one may be under way, and not be noted yet, when the other ends.
        assert len(made.lines()) in ({request_number} if request_number < 3 else {2, 3, 4})
        assert made.live() == BEFORE


@pytest.mark.parametrize(("number", "code"), SIGNALS)
@pytest.mark.parametrize("request_number", READING)
def test_law_6_a_signal_before_the_first_write_writes_nothing_and_reports_every_change_of_a_plan(
    number: signal.Signals, code: int, request_number: int, tmp_path: Path
) -> None:
    with world(tmp_path) as made:
        interrupt(made, request_number, number, fault=HANG)
        ran = made.run(made.args("apply"))
        demand_order(ran)
        assert ran.code == code
        assert made.patches() == []
        assert made.live() == BEFORE
        # There is a plan once everything was read: by the fourth request.
        assert ran.states == (dict.fromkeys(BEFORE, "skipped") if request_number > 4 else {})


@pytest.mark.parametrize(("number", "code"), SIGNALS)
@pytest.mark.parametrize("request_number", WRITING)
def test_law_6_a_signal_while_writing_lets_the_call_end_and_starts_no_other(
    number: signal.Signals, code: int, request_number: int, tmp_path: Path
) -> None:
    with world(tmp_path) as made:
        interrupt(made, request_number, number, fault=SLOW)
        ran = made.run(made.args("apply"))
        demand_order(ran)
        assert ran.code == code
        done = [words for at, words in WRITES.items() if at <= request_number]
        assert made.patches() == done
        assert len(made.lines()) == request_number
        assert ran.result is not None
        assert ran.result["interrupted"] == ("SIGTERM" if code == 143 else "SIGINT")
        assert ran.states == {
            name: "applied" if f"{'disable' if BEFORE[name] else 'enable'} {name}" in done else "skipped"
            for name in BEFORE
        }
        assert "Apply incomplete" in ran.out


@pytest.mark.parametrize(("number", "code"), SIGNALS)
@pytest.mark.parametrize("request_number", [8, 10, 13])
def test_law_6_a_second_signal_gives_up_a_call_that_hangs_and_calls_it_unknown(
    number: signal.Signals, code: int, request_number: int, tmp_path: Path
) -> None:
    with world(tmp_path) as made:
        interrupt(made, request_number, number, fault=HANG, again=True)
        ran = made.run(made.args("apply"))
        demand_order(ran)
        assert ran.code == code
        hanging = WRITES[request_number].partition(" ")[2]
        assert ran.states[hanging] == "unknown"
        assert ran.states.keys() == BEFORE.keys()
        assert made.early_disables == []


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_second_signal_gives_up_reading_back(number: signal.Signals, code: int, tmp_path: Path) -> None:
    with world(tmp_path) as made:
        interrupt(made, LAST, number, fault=HANG, again=True)
        ran = made.run(made.args("apply"))
        demand_order(ran)
        assert ran.code == code
        assert set(ran.states.values()) == {"applied"}


def test_reading_back_that_ends_in_time_still_counts_after_a_signal(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        made.emulator.faults.add("not-sticking,path=*:disable,id=org_2")
        interrupt(made, LAST, signal.SIGINT, fault=SLOW)
        ran = made.run(made.args("apply"))
        assert ran.code == 130
        assert ran.states["conn_was"] == "failed"


@pytest.mark.parametrize("command", ["plan", "apply"])
@pytest.mark.parametrize("request_number", range(1, 5))
def test_two_signals_at_once_while_reading_end_as_one_does(
    command: str, request_number: int, tmp_path: Path
) -> None:
    with world(tmp_path) as made:
        interrupt(made, request_number, signal.SIGINT)
        interrupt(made, request_number, signal.SIGTERM, fault=HANG)
        ran = made.run(made.args(command))
        demand_order(ran)
        # Which of two signals that are pending at once is seen first is the system's choice.
        assert ran.code in {130, 143}


@pytest.mark.parametrize("spec", ["status=503", "status=429,retry-after=30", "reset", "refuse"])
@pytest.mark.parametrize("request_number", [2, 5, 8])
def test_a_signal_ends_the_wait_before_a_retry(spec: str, request_number: int, tmp_path: Path) -> None:
    with world(tmp_path) as made:
        waiting = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))

        def fail() -> None:
            made.emulator.faults.add(spec)
            waiting.start()

        made.at_request(request_number, fail)
        ran = made.run(made.args("apply", "--max-retries", "100"), jitter=0.999)
        waiting.join()
        demand_order(ran)
        assert ran.code == 130
        if request_number == 8:
            assert ran.states["conn_new"] in {"failed", "unknown", "skipped"}
            assert ran.states["conn_old"] == "skipped"
        else:
            assert made.live() == BEFORE


def test_a_run_that_is_over_leaves_the_handlers_of_its_caller(tmp_path: Path) -> None:
    before = [signal.getsignal(number) for number, _ in SIGNALS]
    with world(tmp_path) as made:
        interrupt(made, 9, signal.SIGTERM)
        assert made.run(made.args("apply")).code == 143
    assert [signal.getsignal(number) for number, _ in SIGNALS] == before
