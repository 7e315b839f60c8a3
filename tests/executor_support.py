"""Executing changes against the service in memory, one worker unless a test wants more."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fake_api import FakeApi

from scalekit_apply.errors import ApiError
from scalekit_apply.executor import Event, Execution, ExecutionOptions, execute
from scalekit_apply.interruption import Interruption
from scalekit_apply.model import Address, LiveConnection, WriteAnswer
from scalekit_apply.plan import Change
from scalekit_apply.reading import ReadMode
from scalekit_apply.result import State
from scalekit_apply.workers import WorkerPool


def run(  # noqa: PLR0913  # the knobs of an execution
    api: FakeApi,
    connections: Sequence[LiveConnection],
    *,
    already: Sequence[Address] = (),
    pool: WorkerPool | None = None,
    options: ExecutionOptions | None = None,
    interruption: Interruption | None = None,
    emit: Callable[[Event], None] = lambda _: None,
) -> Execution:
    return execute(
        [Change(live=item) for item in connections],
        already=already,
        writer=api,
        pool=pool or WorkerPool(1),
        options=options or ExecutionOptions(read_mode=ReadMode.ORGANIZATION),
        interruption=interruption or Interruption(),
        emit=emit,
    )


def states(execution: Execution) -> list[State]:
    return [item.state for item in execution.results]


def failing(
    method: str, error: ApiError | WriteAnswer
) -> Callable[[str, str], ApiError | WriteAnswer | None]:
    return lambda called, _subject: error if called == method else None
