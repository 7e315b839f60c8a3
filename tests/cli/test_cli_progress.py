from __future__ import annotations

import io

from fake_api import live
from inprocess_support import Terminal

from scalekit_apply.cli.progress import Progress, Reading, StatusLine
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
    progress = Progress(2, StatusLine(stream, clock=clock, quiet=False))
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
    progress = Progress(2, StatusLine(stream, clock=clock, quiet=False))
    clock.now = 1.0
    progress.emit(ended(FIRST))
    progress.finish()
    assert stream.getvalue() == f"\r\x1b[K[{'#' * 15}{'.' * 15}] 1 of 2 changes\r\x1b[K"


def test_a_change_that_ends_again_is_counted_once() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = Progress(2, StatusLine(stream, clock=clock, quiet=False))
    progress.emit(ended(FIRST))
    clock.now = 6.0
    progress.emit(ended(FIRST))
    assert stream.getvalue() == "Applying: 1 of 2 changes\n"


def test_quiet_shows_nothing() -> None:
    stream, clock = Terminal(), Clock()
    progress = Progress(1, StatusLine(stream, clock=clock, quiet=True))
    clock.now = 60.0
    progress.emit(ended(FIRST))
    progress.finish()
    assert stream.getvalue() == ""


def test_a_closed_stream_ends_the_progress_and_not_the_apply() -> None:
    stream, clock = Terminal(), Clock()
    progress = Progress(1, StatusLine(stream, clock=clock, quiet=False))
    stream.close()
    clock.now = 60.0
    progress.emit(ended(FIRST))
    progress.finish()


def test_reading_counts_requests_until_the_changes_begin() -> None:
    stream, clock = io.StringIO(), Clock()
    reading = Reading(StatusLine(stream, clock=clock, quiet=False))
    clock.now = 5.0
    reading.request()
    clock.now = 9.0
    reading.request()
    clock.now = 10.0
    reading.request()
    reading.end()
    clock.now = 60.0
    reading.request()
    assert stream.getvalue() == "Reading: 1 request so far\nReading: 3 requests so far\n"


def test_reading_makes_room_on_a_terminal_and_comes_back() -> None:
    stream, clock = Terminal(), Clock()
    reading = Reading(StatusLine(stream, clock=clock, quiet=False))
    clock.now = 1.0
    reading.request()
    reading.clear()
    reading.clear()
    clock.now = 2.0
    reading.request()
    reading.end()
    line = "\r\x1b[KReading: {} so far"
    assert stream.getvalue() == f"{line.format('1 request')}\r\x1b[K{line.format('2 requests')}\r\x1b[K"
