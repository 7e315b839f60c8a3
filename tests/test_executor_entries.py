"""What the entry of a change says: its message, its attempts, and what the run makes of it."""

from __future__ import annotations

import threading

import pytest
from executor_support import failing, run, states
from fake_api import FakeApi, live

from scalekit_apply.diagnostics import Diagnostic, Severity
from scalekit_apply.errors import ApiError, RequestRejected, Unavailable
from scalekit_apply.executor import ChangeEnded, ChangeStarted, Event, ExecutionOptions, ReadingBack
from scalekit_apply.exits import Outcome
from scalekit_apply.interruption import Interruption
from scalekit_apply.model import WriteAnswer
from scalekit_apply.plan import Change
from scalekit_apply.result import ChangeResult, State
from scalekit_apply.workers import WorkerPool

ON = live("a", "1", enabled=True)
OFF = live("a", "2", enabled=False)
ALSO_OFF = live("a", "4", enabled=False)
OTHER = live("b", "3", enabled=False)


def test_what_holds_already_says_that_it_did_before_any_call() -> None:
    api = FakeApi([live("a", "2", enabled=True)])
    (entry,) = run(api, [OFF], already=[OFF.address]).results
    assert entry.message == "live was as wanted before any call"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (WriteAnswer(enabled=True, error_message="metadata is missing"), "metadata is missing"),
        (WriteAnswer(enabled=False), "the service answered enabled: false"),
    ],
)
def test_an_answer_that_is_not_plain_success_is_a_failure_whatever_live_says(
    answer: WriteAnswer, message: str
) -> None:
    api = FakeApi([OFF])

    def answered(method: str, _subject: str) -> WriteAnswer | None:
        api.set(OFF.address, enabled=True)
        return answer if method == "enable" else None

    api.hook = answered
    (entry,) = run(api, [OFF]).results
    assert (entry.state, entry.message) == (State.FAILED, message)


def test_a_refused_call_keeps_its_trace() -> None:
    api = FakeApi([OFF])
    api.hook = failing("enable", RequestRejected("no", status=400, trace_id="trace-7"))
    assert run(api, [OFF]).results[0].trace_id == "trace-7"


def test_a_disable_that_was_held_back_names_every_enable_it_waits_for() -> None:
    api = FakeApi([ON, OFF, ALSO_OFF])
    api.hook = failing("enable", RequestRejected("no", status=400))
    assert run(api, [ON, OFF, ALSO_OFF]).results[0].message == (
        "not disabled, because it is not certain that conn_2, conn_4 is enabled"
    )


def test_a_failed_enable_is_not_read_back_as_nothing_depends_on_it_any_more() -> None:
    api = FakeApi([ON, OFF])
    api.hook = failing("enable", RequestRejected("no", status=400))
    run(api, [ON, OFF])
    assert api.calls == [("enable", "org_a/conn_2")]


def test_a_read_back_that_fails_says_so_on_every_entry() -> None:
    api = FakeApi([OFF])
    api.hook = failing("list", Unavailable("away"))
    assert run(api, [OFF]).results[0].message == "reading back failed: away"


def test_a_lost_answer_that_cannot_be_read_back_says_both() -> None:
    api = FakeApi([OFF])
    lost = Unavailable("timed out", effect_unknown=True)
    api.hook = lambda method, _: lost if method == "enable" else Unavailable("away")
    assert run(api, [OFF]).results[0].message == "reading back failed: away; timed out"


def test_a_read_back_that_fails_before_anything_was_sent_says_what_kept_the_disables() -> None:
    api = FakeApi([ON, live("a", "2", enabled=True)])
    error = Unavailable("away", hint="Try later.")
    api.hook = lambda _method, _subject: error if len(api.calls) == 1 else None
    execution = run(api, [ON, OFF], already=[OFF.address])
    assert api.writes == []
    # What held before any call was not applied by this run, even when it was out of sight for a while.
    assert states(execution) == [State.SKIPPED, State.ALREADY]
    assert execution.results[1].message == "holds, as reading back shows; reading back failed: away"
    assert execution.outcomes == {Outcome.UNAVAILABLE}
    assert list(execution.diagnostics) == [
        Diagnostic(
            severity=Severity.ERROR,
            check=error.check,
            summary="Reading back org_a failed: away",
            detail="Try later.",
        )
    ]


def test_what_held_already_and_can_no_longer_be_read_back_is_not_known() -> None:
    api = FakeApi([OFF])
    api.hook = failing("list", Unavailable("away"))
    execution = run(api, [OFF], already=[OFF.address])
    assert states(execution) == [State.UNKNOWN]
    assert execution.outcomes == {Outcome.INCOMPLETE}


def test_a_call_that_met_a_defect_counts_as_one_that_was_sent() -> None:
    api = FakeApi([OFF, OTHER])

    def answer(_method: str, subject: str) -> ApiError | None:
        if subject == "org_a/conn_2":
            raise RuntimeError("boom")
        return Unavailable("away", sent=False) if subject == "org_b/conn_3" else None

    api.hook = answer
    execution = run(api, [OFF, OTHER])
    assert states(execution) == [State.FAILED, State.FAILED]
    assert execution.results[0].attempts == 1
    # Not UNAVAILABLE, which promises that nothing changed.
    assert execution.outcomes == {Outcome.INCOMPLETE}


def test_trouble_after_a_write_that_succeeded_is_an_incomplete_apply() -> None:
    api = FakeApi([OFF, OTHER])
    api.hook = lambda _, subject: Unavailable("away", sent=False) if subject == "org_b/conn_3" else None
    execution = run(api, [OFF, OTHER])
    assert states(execution) == [State.APPLIED, State.FAILED]
    assert execution.outcomes == {Outcome.INCOMPLETE}


def test_events_carry_the_change_its_entry_and_how_much_is_read_back() -> None:
    events: list[Event] = []
    change = Change(live=OFF)
    run(FakeApi([OFF]), [OFF], emit=events.append)
    assert events == [
        ChangeStarted(change=change),
        ChangeEnded(
            result=ChangeResult(
                change=change, state=State.APPLIED, attempts=1, status=200, trace_id="trace-1"
            )
        ),
        ReadingBack(organizations=1),
    ]


class _Abandoned:
    """A run that is interrupted while the call for ``OFF`` hangs; the calls for ``OTHER`` came before."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.pool = WorkerPool(1)
        self.events: list[Event] = []
        self.api = FakeApi([ON, OFF, OTHER])
        self.api.hook = self._answer
        self.interruption = Interruption()
        self.execution = run(
            self.api,
            [OTHER, ON, OFF, live("c", "5", enabled=False)],
            pool=self.pool,
            options=ExecutionOptions(grace=0.0),
            interruption=self.interruption,
            emit=self.events.append,
        )

    def _answer(self, _method: str, subject: str) -> ApiError | None:
        if subject == "org_b/conn_3":
            return Unavailable("away", sent=False)
        self.interruption.request(terminated=False)
        self.release.wait(30)
        return None

    def let_go(self) -> None:
        """Let the call end, and return when the only worker is through with everything it had."""
        self.release.set()
        self.pool.map(str, [0])


def test_the_entry_of_an_abandoned_call_says_that_one_was_under_way() -> None:
    abandoned = _Abandoned()
    assert abandoned.execution.results[2] == ChangeResult(
        change=Change(live=OFF),
        state=State.UNKNOWN,
        attempts=1,
        message="interrupted while the call was under way",
    )
    # The call under way may take effect, so nothing that promises an unchanged environment is said.
    assert abandoned.execution.outcomes == {Outcome.INTERRUPTED, Outcome.INCOMPLETE}
    abandoned.let_go()


def test_the_entry_of_a_change_that_was_never_reached_says_why() -> None:
    abandoned = _Abandoned()
    assert abandoned.execution.results[3] == ChangeResult(
        change=Change(live=live("c", "5", enabled=False)),
        state=State.SKIPPED,
        message="not started, because the run was interrupted",
    )
    abandoned.let_go()


def test_nothing_is_told_of_a_call_that_ends_after_it_was_abandoned() -> None:
    abandoned = _Abandoned()
    told = list(abandoned.events)
    abandoned.let_go()
    assert abandoned.events == told
