"""Every way in which a command can end, in this process; as a process of its own: tests/interrupts."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TextIO

import pytest
from inprocess_support import invoke
from live_support import BEFORE, World, world

from scalekit_apply.cli.entry import run
from scalekit_apply.cli.runtime import Runtime

MESSAGE = "canary in the message"


class Saying(io.StringIO):
    """Does something the first time that it is written to."""

    def __init__(self, action: Callable[[], None]) -> None:
        super().__init__()
        self._action = action
        self._told = False

    def write(self, text: str, /) -> int:
        if not self._told:
            self._told = True
            self._action()
        return super().write(text)


def interrupt() -> None:
    signal.raise_signal(signal.SIGINT)


def leave() -> None:
    raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def fill() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def broken_clock() -> datetime:
    raise RuntimeError(MESSAGE)


def ended(
    made: World, args: list[str], *, stdout: TextIO | None = None, stderr: TextIO | None = None, **more: str
) -> int:
    return run(
        args,
        Runtime(
            environ={**made.environ, **more},
            stdin=io.StringIO(),
            stdout=stdout or io.StringIO(),
            stderr=stderr or io.StringIO(),
        ),
    )


@pytest.mark.parametrize(
    ("action", "code"), [(interrupt, 130), (leave, 1), (fill, 3)], ids=["signal", "broken pipe", "full"]
)
def test_law_6_a_plan_that_could_not_be_shown_is_not_applied_and_every_change_is_reported(
    action: Callable[[], None], code: int, tmp_path: Path
) -> None:
    with world(tmp_path) as made:
        args = made.args("apply")
        assert ended(made, args, stdout=Saying(action)) == code
        ran = made.ran(code, "", "")
        assert ran.states == dict.fromkeys(BEFORE, "skipped")
        assert made.patches() == []


def test_a_signal_while_the_result_is_told_does_not_keep_it_from_being_told(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        out = Saying(interrupt)
        assert ended(made, made.args("apply", "--format", "json"), stdout=out) == 0
        assert '"state": "applied"' in out.getvalue()


@pytest.mark.parametrize(("action", "code"), [(leave, 7), (fill, 7)], ids=["broken pipe", "full"])
def test_law_5_a_result_that_could_not_be_told_after_a_write_is_7(
    action: Callable[[], None], code: int, tmp_path: Path
) -> None:
    with world(tmp_path) as made:
        args = made.args("apply", "--format", "json")
        assert ended(made, args, stdout=Saying(action)) == code
        assert made.ran(code, "", "").states == dict.fromkeys(BEFORE, "applied")


@pytest.mark.parametrize(("action", "code"), [(leave, 1), (fill, 3)], ids=["broken pipe", "full"])
def test_law_5_a_plan_that_could_not_be_told_is_no_success(
    action: Callable[[], None], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # click puts streams of its own in their place when a pipe breaks.
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    monkeypatch.setattr(sys, "stderr", sys.stderr)
    with world(tmp_path) as made:
        assert ended(made, made.args("plan"), stdout=Saying(action)) == code


def test_an_error_is_told_whole_when_a_signal_arrives_meanwhile(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        err = Saying(interrupt)
        assert ended(made, ["plan", "-c", str(tmp_path / "absent.yaml")], stderr=err) == 3
        assert "absent.yaml" in err.getvalue()


def test_a_signal_before_an_error_is_told_ends_as_a_signal(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        err = Saying(interrupt)
        runtime = Runtime(
            environ={**made.environ, "SCALEKIT_APPLY_DEBUG": "1"},
            stdin=io.StringIO(),
            stdout=io.StringIO(),
            stderr=err,
            now=broken_clock,
        )
        assert run(made.args("plan"), runtime) == 130
        assert "Interrupted" in err.getvalue()


def test_a_defect_is_1_and_shows_frames_without_messages_when_asked_to(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        err = io.StringIO()
        runtime = Runtime(
            environ={**made.environ, "SCALEKIT_APPLY_DEBUG": "1"},
            stdin=io.StringIO(),
            stdout=io.StringIO(),
            stderr=err,
            now=broken_clock,
        )
        assert run(made.args("plan"), runtime) == 1
        assert "broken_clock" in err.getvalue()
        assert MESSAGE not in err.getvalue()


def test_no_command_at_all_is_3_and_shows_the_help(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        err = io.StringIO()
        assert ended(made, [], stderr=err) == 3
        assert "Commands:" in err.getvalue()


@pytest.mark.parametrize(
    ("args", "said", "help_of"),
    [
        (["schema"], "Missing argument 'config|plan|result'. Choose from: config, plan, result.", " schema"),
        (["inspct", "org_1"], "There is no command 'inspct': did you mean inspect?", ""),
        (["unheard-of"], "There is no command 'unheard-of'.", ""),
        (["plan", "--config"], "Option '--config' requires an argument.", " plan"),
        (["plan", "--format"], "Option '--format' requires an argument.", " plan"),
        (["list", "more"], "Got unexpected extra argument (more)", " list"),
        (["--nope"], "No such option '--nope'.", ""),
    ],
)
def test_a_usage_error_is_one_sentence_and_says_whose_help_to_see(
    args: list[str], said: str, help_of: str
) -> None:
    done = invoke(args)
    assert (done.code, done.out) == (3, "")
    assert done.err.splitlines()[0] == f"Error: {said}"
    assert f"See `scalekit-apply{help_of} --help`." in done.err
