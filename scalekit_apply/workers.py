"""A pool of threads that never keeps the process alive."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from queue import SimpleQueue
from typing import Final, Generic, TypeVar

from scalekit_apply.interruption import Interruption

_POLL_SECONDS: Final = 0.05
T = TypeVar("T")
R = TypeVar("R")


class Batch(Generic[R]):
    """Calls that were started together. Results keep the order of the items."""

    def __init__(self, size: int) -> None:
        self._finished = threading.Condition()
        self._remaining = size
        self._results: dict[int, R] = {}
        self._errors: dict[int, Exception] = {}
        self._cancelled = False

    def run(self, index: int, call: Callable[[], R]) -> None:
        """Make one call, unless an earlier one failed or the batch was cancelled."""
        try:
            if not self._cancelled:
                self._results[index] = call()
        except Exception as error:  # handed to the thread that waits
            self._errors[index] = error
            self._cancelled = True
        finally:
            with self._finished:
                self._remaining -= 1
                if not self._remaining:
                    self._finished.notify_all()

    def cancel(self) -> None:
        """Start none of the calls that have not started."""
        self._cancelled = True

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until every call has ended or was passed over. Returns whether that is so."""
        with self._finished:
            return self._finished.wait_for(lambda: not self._remaining, seconds)

    def results(self) -> list[R]:
        """Return all results, or raise the error of the first item that failed."""
        if self._errors:
            raise self._errors[min(self._errors)]
        return [self._results[index] for index in sorted(self._results)]


class WorkerPool:
    """Up to ``concurrency`` daemon threads, started when there is work for them.

    Daemon threads, because a call that hangs must not outlive the patience of the main thread: at the end
    of the process they are simply gone. Threads stay for the pool's life, so what they cache (a connection
    to the service) is used again.
    """

    def __init__(self, concurrency: int) -> None:
        self.concurrency = max(1, concurrency)
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    def start(self, function: Callable[[T], R], items: Iterable[T]) -> Batch[R]:
        """Start one call for each item and return without waiting."""
        work: Sequence[T] = tuple(items)
        batch = Batch[R](len(work))
        for _ in range(len(self._threads), min(self.concurrency, len(work))):
            thread = threading.Thread(target=self._serve, daemon=True, name="scalekit-apply-worker")
            self._threads.append(thread)
            thread.start()
        for index, item in enumerate(work):
            self._jobs.put(lambda index=index, item=item: batch.run(index, lambda: function(item)))  # type: ignore[misc]  # bound per turn
        return batch

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """Call ``function`` for each item, side by side; results in the order of the items.

        The first failure stops what has not started; the error of the earliest item that failed is raised
        once what was under way has ended.
        """
        batch = self.start(function, items)
        # Never one long wait: a signal that arrives right before it would be handled only after it.
        while not batch.wait(_POLL_SECONDS):
            pass
        return batch.results()

    def close(self) -> None:
        """Let idle threads end. Busy ones end with their call or with the process."""
        for _ in self._threads:
            self._jobs.put(None)
        self._threads.clear()

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()


def ended(batch: Batch[T], interruption: Interruption, *, grace: float) -> bool:
    """Wait until a batch has ended; once the run is interrupted, no longer than ``grace`` seconds.

    A second interruption ends the grace. A batch that has not ended then is cancelled.
    """
    while not batch.wait(_POLL_SECONDS):
        if interruption.requested:
            break
    deadline = time.monotonic() + grace
    while not batch.wait(_POLL_SECONDS):
        if interruption.urgent or time.monotonic() >= deadline:
            batch.cancel()
            return False
    return True
