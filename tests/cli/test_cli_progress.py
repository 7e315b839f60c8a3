from __future__ import annotations

import io

from fake_api import live
from inprocess_support import Terminal

from scalekit_apply.cli.progress import Progress
from scalekit_apply.executor import ChangeEnded, ChangeStarted, ReadingBack
from scalekit_apply.plan import Change
from scalekit_apply.result import ChangeResult, State

FIRST = Change(live=live("a", "1", enabled=False))
SECOND = Change(live=live("a", "2", enabled=False))


def ended(change: Change) -> ChangeEnded:
    return ChangeEnded(result=ChangeResult(change=change, state=State.APPLIED))


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_elsewhere_than_on_a_terminal_there_is_a_plain_line_every_few_seconds() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = Progress(2, stream, clock=clock, quiet=False)
    progress.emit(ChangeStarted(change=FIRST))
    progress.emit(ended(FIRST))
    assert stream.getvalue() == ""
    clock.now = 5.0
    progress.emit(ended(SECOND))
    clock.now = 9.9
    progress.emit(ReadingBack(organizations=1))
    clock.now = 10.0
    progress.emit(ReadingBack(organizations=1))
    clock.now = 15.0
    progress.emit(ReadingBack(organizations=2))
    progress.finish()
    assert stream.getvalue().splitlines() == [
        "Applying: 2 of 2 changes",
        "Applying: reading back 1 organization",
        "Applying: reading back 2 organizations",
    ]


def test_a_terminal_shows_a_bar_that_is_cleared_at_the_end() -> None:
    stream, clock = Terminal(), Clock()
    progress = Progress(2, stream, clock=clock, quiet=False)
    clock.now = 1.0
    progress.emit(ended(FIRST))
    progress.finish()
    assert stream.getvalue() == f"\r\x1b[K[{'#' * 15}{'.' * 15}] 1 of 2 changes\r\x1b[K"


def test_a_change_that_ends_again_is_counted_once() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = Progress(2, stream, clock=clock, quiet=False)
    progress.emit(ended(FIRST))
    clock.now = 6.0
    progress.emit(ended(FIRST))
    assert stream.getvalue() == "Applying: 1 of 2 changes\n"


def test_quiet_shows_nothing() -> None:
    stream, clock = Terminal(), Clock()
    progress = Progress(1, stream, clock=clock, quiet=True)
    clock.now = 60.0
    progress.emit(ended(FIRST))
    progress.finish()
    assert stream.getvalue() == ""


def test_a_closed_stream_ends_the_progress_and_not_the_apply() -> None:
    stream, clock = Terminal(), Clock()
    progress = Progress(1, stream, clock=clock, quiet=False)
    stream.close()
    clock.now = 60.0
    progress.emit(ended(FIRST))
    progress.finish()
