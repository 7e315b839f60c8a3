from __future__ import annotations

import threading

import pytest

from scalekit_apply.workers import WorkerPool


def test_results_keep_the_order_of_the_items_whatever_finishes_first() -> None:
    release = threading.Event()

    def slow_first(item: int) -> int:
        if item == 0:
            release.wait(5)
        else:
            release.set()
        return item * 10

    assert WorkerPool(2).map(slow_first, [0, 1]) == [0, 10]


def test_no_items_need_no_threads() -> None:
    pool = WorkerPool(4)
    before = threading.active_count()
    assert pool.map(str, []) == []
    assert threading.active_count() == before


def test_no_more_calls_run_at_once_than_the_concurrency_allows() -> None:
    lock = threading.Lock()
    running = 0
    most = 0

    def count(_item: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.002)
        with lock:
            running -= 1

    WorkerPool(3).map(count, range(30))
    assert most <= 3


def test_the_error_of_the_earliest_item_that_failed_is_raised() -> None:
    both = threading.Barrier(2)

    def fail(item: int) -> None:
        both.wait(5)
        raise ValueError(str(item))

    with pytest.raises(ValueError, match="0"):
        WorkerPool(2).map(fail, [0, 1])


def test_after_a_failure_nothing_more_is_started() -> None:
    started: list[int] = []

    def fail(item: int) -> None:
        started.append(item)
        raise ValueError(str(item))

    with pytest.raises(ValueError, match="0"):
        WorkerPool(1).map(fail, range(5))
    assert started == [0]


def test_a_cancelled_batch_starts_nothing_and_still_ends() -> None:
    release = threading.Event()
    done: list[int] = []

    def work(item: int) -> None:
        release.wait(5)
        done.append(item)

    pool = WorkerPool(1)
    batch = pool.start(work, range(3))
    batch.cancel()
    assert not batch.wait(0.01) or not done
    release.set()
    assert batch.wait(5)
    assert len(done) <= 1


def test_threads_are_used_again_and_end_when_the_pool_closes() -> None:
    pool = WorkerPool(2)
    first = set(pool.map(lambda _: threading.current_thread(), range(20)))
    second = set(pool.map(lambda _: threading.current_thread(), range(20)))
    assert len(first | second) <= 2
    assert all(thread.daemon for thread in first)
    pool.close()
    for thread in first | second:
        thread.join(5)
        assert not thread.is_alive()
