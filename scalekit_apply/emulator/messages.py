"""A request as it was understood, and an answer before it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request. ``path`` is as it was sent, without the query; header names are lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """The decoded parts of the path between slashes, the verb behind the last colon cut off."""
        return self._split[0]

    @cached_property
    def verb(self) -> str:
        """What stands behind the colon of the last part: ``enable``, ``disable``, or nothing."""
        return self._split[1]

    @cached_property
    def _split(self) -> tuple[tuple[str, ...], str]:
        # The verb is found before decoding: a colon inside an identifier arrives as %3A.
        parts = self.path.removeprefix("/").split("/")
        parts[-1], _, verb = parts[-1].partition(":")
        return tuple(unquote(part) for part in parts), verb


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer. The sender adds the length, the date and the trace id."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRequest:
    """What is remembered of a request: never a header, never a body.

    ``number`` counts requests in the order of their arrival, from 1. ``arrived`` and ``answered`` are
    seconds of one monotonic clock; ``answered`` is taken right before the answer is sent. ``status`` is
    ``None`` when no answer was sent. ``fault`` names the fault that was at work.
    """

    number: int
    method: str
    path: str
    query: Mapping[str, str]
    status: int | None
    trace_id: str
    fault: str | None
    arrived: float
    answered: float
