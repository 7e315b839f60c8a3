from __future__ import annotations

import threading

import pytest
from executor_support import failing, run, states
from fake_api import FakeApi, live

from scalekit_apply.errors import (
    ApiError,
    AuthenticationError,
    PermissionDenied,
    RequestRejected,
    Unavailable,
)
from scalekit_apply.executor import (
    ChangeEnded,
    ChangeStarted,
    Event,
    ExecutionOptions,
    ReadingBack,
)
from scalekit_apply.exits import Outcome
from scalekit_apply.interruption import Interruption
from scalekit_apply.model import WriteAnswer
from scalekit_apply.reading import ReadMode
from scalekit_apply.result import State
from scalekit_apply.workers import WorkerPool

ON = live("a", "1", enabled=True)
OFF = live("a", "2", enabled=False)
OTHER = live("b", "3", enabled=False)


def test_every_change_is_made_and_read_back() -> None:
    api = FakeApi([ON, OFF, OTHER])
    execution = run(api, [ON, OFF, OTHER], pool=WorkerPool(2))
    assert states(execution) == [State.APPLIED] * 3
    assert execution.outcomes == frozenset()
    assert api.enabled() == {ON.address: False, OFF.address: True, OTHER.address: True}
    assert {item.attempts for item in execution.results} == {1}
    assert {item.status for item in execution.results} == {200}
    assert {item.trace_id for item in execution.results} == {"trace-1"}


def test_law_7_an_organization_enables_and_reads_back_before_it_disables() -> None:
    api = FakeApi([ON, OFF])
    run(api, [ON, OFF])
    assert api.calls == [
        ("enable", "org_a/conn_2"),
        ("list", "org_a"),
        ("disable", "org_a/conn_1"),
        ("list", "org_a"),
    ]


def test_an_organization_that_only_disables_is_not_read_before() -> None:
    api = FakeApi([ON])
    run(api, [ON])
    assert api.calls == [("disable", "org_a/conn_1"), ("list", "org_a")]


@pytest.mark.parametrize(
    "answer",
    [
        RequestRejected("no", status=409),
        Unavailable("away", effect_unknown=True),
        WriteAnswer(enabled=True, error_message="metadata is missing"),
        WriteAnswer(enabled=False),
    ],
)
def test_law_7_nothing_is_disabled_where_an_enable_failed(answer: ApiError | WriteAnswer) -> None:
    api = FakeApi([ON, OFF])
    api.hook = failing("enable", answer)
    execution = run(api, [ON, OFF])
    assert states(execution)[0] is State.SKIPPED
    assert "conn_2" in execution.results[0].message
    assert states(execution)[1] is State.FAILED
    assert execution.outcomes == {Outcome.INCOMPLETE}
    assert api.enabled()[ON.address]


def test_law_7_nothing_is_disabled_where_an_enable_does_not_hold() -> None:
    api = FakeApi([ON, OFF])
    api.hook = failing("enable", WriteAnswer(enabled=True, status=200))
    execution = run(api, [ON, OFF])
    assert states(execution) == [State.SKIPPED, State.FAILED]
    assert "did not hold: reading back, enabled is false" in execution.results[1].message


def test_law_7_nothing_is_disabled_where_the_enables_cannot_be_read_back() -> None:
    api = FakeApi([ON, OFF])
    api.hook = failing("list", Unavailable("away"))
    execution = run(api, [ON, OFF])
    assert states(execution) == [State.SKIPPED, State.UNKNOWN]
    assert execution.diagnostics.has_errors
    assert execution.outcomes == {Outcome.INCOMPLETE}


def test_a_failure_in_one_organization_does_not_stop_another() -> None:
    api = FakeApi([OFF, OTHER])
    api.hook = lambda _, subject: RequestRejected("no", status=400) if subject == "org_a/conn_2" else None
    execution = run(api, [OFF, OTHER])
    assert states(execution) == [State.FAILED, State.APPLIED]
    assert execution.results[0].status == 400


def test_fail_fast_starts_nothing_after_a_failure() -> None:
    api = FakeApi([OFF, OTHER])
    api.hook = failing("enable", RequestRejected("no", status=400))
    execution = run(api, [OFF, OTHER], options=ExecutionOptions(fail_fast=True))
    assert states(execution) == [State.FAILED, State.SKIPPED]
    assert "org_a/conn_2 failed (--fail-fast)" in execution.results[1].message


@pytest.mark.parametrize("kind", [AuthenticationError, PermissionDenied])
def test_a_refused_client_starts_nothing_more_and_is_incomplete_once_a_write_was_sent(
    kind: type[ApiError],
) -> None:
    api = FakeApi([OFF, OTHER])
    api.hook = failing("enable", kind("refused", status=403, hint="Ask for connections_write."))
    execution = run(api, [OFF, OTHER])
    assert states(execution) == [State.FAILED, State.SKIPPED]
    assert execution.results[0].message == "refused Ask for connections_write."
    assert "org_a/conn_2 was refused" in execution.results[1].message
    assert execution.outcomes == {Outcome.INCOMPLETE}


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Unavailable("refused", sent=False), Outcome.UNAVAILABLE),
        (AuthenticationError("no token", sent=False), Outcome.DENIED),
    ],
)
def test_trouble_before_any_write_was_sent_says_that_nothing_changed(
    error: ApiError, outcome: Outcome
) -> None:
    api = FakeApi([OFF])
    api.hook = failing("enable", error)
    execution = run(api, [OFF])
    assert states(execution) == [State.FAILED]
    assert execution.outcomes == {outcome}


def test_a_lost_answer_is_applied_when_reading_back_shows_it() -> None:
    api = FakeApi([OFF])

    def lose(method: str, _subject: str) -> ApiError | None:
        if method != "enable":
            return None
        api.set(OFF.address, enabled=True)
        return Unavailable("timed out", effect_unknown=True, attempts=2)

    api.hook = lose
    execution = run(api, [OFF])
    assert states(execution) == [State.APPLIED]
    assert execution.results[0].message == "took effect, as reading back shows; timed out"
    assert execution.results[0].attempts == 2
    assert execution.outcomes == frozenset()


def test_a_lost_answer_is_failed_when_reading_back_does_not_show_it() -> None:
    api = FakeApi([OFF])
    api.hook = failing("enable", Unavailable("timed out", effect_unknown=True))
    execution = run(api, [OFF])
    assert states(execution) == [State.FAILED]
    assert execution.results[0].message.endswith("enabled is false; timed out")


def test_a_read_back_that_fails_leaves_its_changes_unknown() -> None:
    api = FakeApi([OFF])
    api.hook = failing("list", Unavailable("away", hint="Try later."))
    execution = run(api, [OFF])
    assert states(execution) == [State.UNKNOWN]
    assert execution.outcomes == {Outcome.INCOMPLETE}
    assert [item.summary for item in execution.diagnostics] == ["Reading back failed: away"]


def test_a_change_that_is_gone_when_reading_back_has_failed() -> None:
    api = FakeApi([OFF])

    def lose(method: str, _subject: str) -> None:
        if method == "list":
            api.connections.clear()

    api.hook = lose
    execution = run(api, [OFF])
    assert execution.results[0].message == "did not hold: reading back, the connection is gone"


def test_what_holds_already_is_not_called_but_is_read_back() -> None:
    api = FakeApi([live("a", "2", enabled=True)])
    execution = run(api, [OFF], already=[OFF.address])
    assert states(execution) == [State.ALREADY]
    assert api.calls == [("list", "org_a")]


def test_what_held_already_and_moved_away_has_failed() -> None:
    api = FakeApi([OFF])
    assert states(run(api, [OFF], already=[OFF.address])) == [State.FAILED]


def test_an_enable_that_held_already_lets_the_disables_go_out_when_it_still_holds() -> None:
    api = FakeApi([ON, live("a", "2", enabled=True)])
    execution = run(api, [ON, OFF], already=[OFF.address])
    assert states(execution) == [State.APPLIED, State.ALREADY]


def test_a_defect_behind_one_call_does_not_lose_the_others() -> None:
    api = FakeApi([OFF, OTHER])

    def break_one(_method: str, subject: str) -> None:
        if subject == "org_a/conn_2":
            raise RuntimeError("boom")

    api.hook = break_one
    execution = run(api, [OFF, OTHER])
    assert states(execution) == [State.FAILED, State.APPLIED]
    assert "unexpected RuntimeError" in execution.results[0].message


@pytest.mark.parametrize(
    ("terminated", "outcome"), [(False, Outcome.INTERRUPTED), (True, Outcome.TERMINATED)]
)
def test_an_interruption_before_the_first_call_skips_everything(terminated: bool, outcome: Outcome) -> None:
    interruption = Interruption()
    interruption.request(terminated=terminated)
    api = FakeApi([ON, OFF])
    execution = run(api, [ON, OFF], interruption=interruption)
    assert states(execution) == [State.SKIPPED, State.SKIPPED]
    assert outcome in execution.outcomes
    assert api.calls == []


def test_an_interruption_lets_the_call_in_flight_end_and_starts_no_other() -> None:
    interruption = Interruption()
    api = FakeApi([OFF, OTHER])

    def interrupt(_method: str, _subject: str) -> None:
        interruption.request(terminated=False)

    api.hook = interrupt
    execution = run(api, [OFF, OTHER], interruption=interruption)
    assert states(execution) == [State.APPLIED, State.SKIPPED]
    assert execution.outcomes == {Outcome.INTERRUPTED, Outcome.INCOMPLETE}
    assert api.calls == [("enable", "org_a/conn_2")]


@pytest.mark.parametrize(("requests", "grace"), [(1, 0.0), (2, 60.0)])
def test_a_call_that_outstays_the_grace_or_a_second_signal_is_unknown(requests: int, grace: float) -> None:
    interruption = Interruption()
    release = threading.Event()
    ended = threading.Event()
    api = FakeApi([ON, OFF, OTHER])

    def hang(_method: str, subject: str) -> None:
        if subject == "org_a/conn_2":
            for _ in range(requests):
                interruption.request(terminated=False)
            release.wait(30)
            ended.set()

    api.hook = hang
    execution = run(api, [ON, OFF, OTHER], interruption=interruption, options=ExecutionOptions(grace=grace))
    assert states(execution) == [State.SKIPPED, State.UNKNOWN, State.SKIPPED]
    release.set()
    assert ended.wait(5)
    assert states(execution) == [State.SKIPPED, State.UNKNOWN, State.SKIPPED]


@pytest.mark.parametrize(("requests", "grace"), [(1, 0.0), (2, 60.0)])
def test_reading_back_at_the_end_is_given_up_after_the_grace_or_a_second_signal(
    requests: int, grace: float
) -> None:
    interruption = Interruption()
    release = threading.Event()
    api = FakeApi([OFF])

    def hang(method: str, _subject: str) -> None:
        if method == "list":
            for _ in range(requests):
                interruption.request(terminated=True)
            release.wait(30)

    api.hook = hang
    execution = run(
        api,
        [OFF],
        interruption=interruption,
        options=ExecutionOptions(read_mode=ReadMode.ORGANIZATION, grace=grace),
    )
    release.set()
    # What the service said to the change stands.
    assert states(execution) == [State.APPLIED]
    assert execution.outcomes == {Outcome.TERMINATED}


def test_reading_back_that_ends_within_the_grace_counts() -> None:
    interruption = Interruption()
    api = FakeApi([OFF])

    def interrupt(method: str, _subject: str) -> None:
        if method == "list":
            interruption.request(terminated=False)
            api.set(OFF.address, enabled=False)

    api.hook = interrupt
    execution = run(api, [OFF], interruption=interruption)
    assert states(execution) == [State.FAILED]
    assert execution.outcomes == {Outcome.INTERRUPTED, Outcome.INCOMPLETE}


@pytest.mark.parametrize("kind", [AuthenticationError, PermissionDenied])
def test_a_client_that_may_no_longer_read_back_starts_nothing_more(kind: type[ApiError]) -> None:
    api = FakeApi([ON, OFF, OTHER])
    api.hook = lambda method, subject: (
        kind("refused", status=403) if (method, subject) == ("list", "org_a") else None
    )
    execution = run(api, [ON, OFF, OTHER], options=ExecutionOptions(read_mode=ReadMode.ENVIRONMENT))
    assert states(execution) == [State.SKIPPED, State.APPLIED, State.SKIPPED]
    assert execution.results[2].message == "not started, because org_a could not be read back: refused"


def test_a_call_without_a_single_attempt_was_not_made() -> None:
    api = FakeApi([OFF])
    api.hook = failing("enable", Unavailable("the service asks to wait a day", attempts=0, sent=False))
    execution = run(api, [OFF])
    assert states(execution) == [State.SKIPPED]
    assert execution.outcomes == {Outcome.UNAVAILABLE}


def test_events_tell_what_starts_ends_and_is_read_back() -> None:
    events: list[Event] = []
    api = FakeApi([OFF])
    run(api, [OFF], emit=events.append)
    assert [type(event) for event in events] == [ChangeStarted, ChangeEnded, ReadingBack]


def test_all_of_nothing_is_nothing() -> None:
    api = FakeApi()
    assert run(api, []).results == ()
    assert api.calls == []
