from __future__ import annotations

import os
import signal
import threading

import pytest

from scalekit_apply.cli.signals import Signals
from scalekit_apply.errors import Interrupted


@pytest.mark.parametrize(("number", "terminated"), [(signal.SIGINT, False), (signal.SIGTERM, True)])
def test_a_signal_raises_while_nothing_was_changed(number: signal.Signals, terminated: bool) -> None:
    signals = Signals()
    with signals.installed(), pytest.raises(Interrupted) as caught:
        signal.raise_signal(number)
    assert caught.value.terminated is terminated
    assert signals.interruption.requested


def test_a_second_signal_does_not_raise_into_the_way_out_of_the_first() -> None:
    signals = Signals()
    with signals.installed():
        with pytest.raises(Interrupted):
            signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
    assert signals.interruption.urgent


def test_after_defer_a_signal_asks_to_stop_and_a_second_is_urgent() -> None:
    signals = Signals()
    with signals.installed():
        signals.defer()
        signal.raise_signal(signal.SIGTERM)
        assert signals.interruption.requested
        assert signals.interruption.terminated
        urgent = [signals.interruption.urgent]
        signal.raise_signal(signal.SIGINT)
        urgent.append(signals.interruption.urgent)
        assert urgent == [False, True]
        assert signals.interruption.terminated


def test_a_third_signal_ends_the_process_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr(os, "_exit", ended.append)
    signals = Signals()
    with signals.installed():
        signals.defer()
        for _ in range(3):
            signal.raise_signal(signal.SIGINT)
    assert ended == [130]


def test_the_handlers_of_before_come_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Signals().installed():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_outside_of_the_main_thread_signals_are_left_alone() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen: list[object] = []

    def work() -> None:
        with Signals().installed():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]
