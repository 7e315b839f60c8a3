"""When to try again, and how long to wait before it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Final

RETRIED_STATUSES: Final = frozenset({429, 500, 502, 503, 504})
BACKOFF_BASE: Final = 0.5
BACKOFF_CAP: Final = 20.0
# After a common pause not all workers come back in the same millisecond.
_SPREAD: Final = 0.25
_FOREVER: Final = 1e9
_SECONDS: Final = re.compile(r"[0-9]+(?:\.[0-9]*)?", re.ASCII)


def backoff(retry: int, random: Callable[[], float]) -> float:
    """Return the seconds before the ``retry``-th retry (from 1): full jitter under an exponential bound."""
    return random() * min(BACKOFF_CAP, BACKOFF_BASE * 2.0 ** min(retry - 1, 32))


def parse_retry_after(value: str | None, now: float) -> float | None:
    """Return the seconds that a ``Retry-After`` asks for, never negative; ``None`` without a readable one."""
    text = (value or "").strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), _FOREVER)
    try:
        return min(max(0.0, parsedate_to_datetime(text).timestamp() - now), _FOREVER)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


class Gate:
    """Closed for all workers while the service asked for a pause."""

    def __init__(self, clock: Callable[[], float], random: Callable[[], float]) -> None:
        self._clock = clock
        self._random = random
        self._lock = threading.Lock()
        self._opens_at = clock()

    def close_for(self, seconds: float) -> None:
        """Let nobody through for the next ``seconds``; a longer pause stays."""
        with self._lock:
            self._opens_at = max(self._opens_at, self._clock() + seconds)

    def pause(self) -> float:
        """Return the seconds to wait before asking again whether the gate is open; 0 when it is."""
        left = self._opens_at - self._clock()
        return left + self._random() * _SPREAD if left > 0 else 0.0


class Patience:
    """What one call has done and may still spend.

    ``tries`` counts its requests, ``failures`` those that may be retried; ``sent`` is whether one may have
    reached the service, ``answered`` whether the last one got an answer.
    """

    def __init__(self, *, max_retries: int, budget: float, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._ends_at = clock() + budget
        self._max_retries = max_retries
        self.tries = 0
        self.failures = 0
        self.sent = False
        self.answered = False

    @property
    def seconds_left(self) -> float:
        """Seconds until the budget ends, never negative."""
        return max(0.0, self._ends_at - self._clock())

    @property
    def may_retry(self) -> bool:
        """Whether what failed so far leaves a retry."""
        return self.failures <= self._max_retries and self.seconds_left > 0
