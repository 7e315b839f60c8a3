from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from scalekit_apply.cli.outputs import discard
from scalekit_apply.cli.runtime import Runtime


def test_the_runtime_of_a_process_has_its_streams() -> None:
    runtime = Runtime.of_process()
    assert (runtime.stdin, runtime.stdout, runtime.stderr) == (sys.stdin, sys.stdout, sys.stderr)
    assert runtime.environ is os.environ


def test_streams_that_were_closed_read_as_empty_and_take_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    runtime = Runtime.of_process()
    assert runtime.stdin.read() == ""
    assert not runtime.stdin.isatty()
    assert not runtime.stdout.writable()
    with pytest.raises(OSError, match="Bad file descriptor"):
        runtime.stdout.write("text")
    runtime.talk("nobody hears it")


def test_letters_that_a_stream_does_not_have_become_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    held = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(held, encoding="ascii"))
    Runtime.of_process().write_out("Łódź\n")
    assert held.getvalue() == b"\\u0141\\xf3d\\u017a\n"


def test_what_a_stream_could_not_write_goes_nowhere() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as stream:
        stream.write("text")
        discard(stream)
        stream.flush()


def test_a_stream_that_is_not_of_the_system_has_nothing_to_discard() -> None:
    discard(io.StringIO())


def test_talk_on_a_full_stream_is_lost_and_nothing_else() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as stream:
        runtime = Runtime(environ={}, stdin=io.StringIO(), stdout=io.StringIO(), stderr=stream)
        runtime.talk("text")
        runtime.talk("more text")
