from __future__ import annotations

from scalekit_apply.interruption import Interruption


def test_nothing_is_requested_at_first() -> None:
    interruption = Interruption()
    assert not interruption.requested
    assert not interruption.urgent
    assert not interruption.wait(0)


def test_the_first_request_stops_new_work_and_the_second_is_urgent() -> None:
    interruption = Interruption()
    assert interruption.request(terminated=False) == 1
    assert interruption.requested
    assert not interruption.urgent
    assert interruption.request(terminated=False) == 2
    assert interruption.urgent


def test_the_first_request_decides_which_signal_it_was() -> None:
    interruption = Interruption()
    interruption.request(terminated=True)
    interruption.request(terminated=False)
    assert interruption.terminated


def test_a_wait_ends_with_the_request() -> None:
    interruption = Interruption()
    interruption.request(terminated=False)
    assert interruption.wait(60)
