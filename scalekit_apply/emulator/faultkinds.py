"""Faults as values; :mod:`scalekit_apply.emulator.faults` says what each does and how it is written."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from enum import StrEnum

from scalekit_apply.emulator.messages import Request


class Kind(StrEnum):
    """What goes wrong; the module says what each does."""

    STATUS = "status"
    HTML = "html"
    REDIRECT = "redirect"
    REFUSE = "refuse"
    RESET = "reset"
    HANG = "hang"
    DELAY = "delay"
    DRIP = "drip"
    CUT = "cut"
    OVERSIZED = "oversized"
    INVALID_JSON = "invalid-json"
    WRONG_SHAPE = "wrong-shape"
    ERROR_MESSAGE = "error-message"
    WRONG_ENABLED = "wrong-enabled"
    NOT_STICKING = "not-sticking"
    REVERTING = "reverting"
    EXPIRE_TOKEN = "expire-token"  # noqa: S105  # the name of a fault


class When(StrEnum):
    """Whether a change has taken effect when the fault hits."""

    BEFORE = "before"
    AFTER = "after"


class Shape(StrEnum):
    """JSON that is not what was asked for."""

    LIST = "list"
    TEXT = "text"
    NULL = "null"
    NUMBER = "number"
    TYPES = "types"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault with its conditions.

    ``number`` is the status of ``status`` and ``html``, the seconds of ``delay`` and ``drip``, the bytes of
    ``cut`` (negative: half of the body), the mebibytes of ``oversized``, the reads of ``reverting``.
    ``text`` is the URL of ``redirect``, the message of ``error-message``, the :class:`Shape` of
    ``wrong-shape``. ``times`` is ``None`` for a fault without end. ``retry_after`` is as it was written.
    """

    kind: Kind
    number: float = 0
    text: str = ""
    method: str | None = None
    path: str = "/api/*"
    id: str | None = None
    skip: int = 0
    times: int | None = None
    when: When = When.BEFORE
    retry_after: str | None = None

    def matches(self, request: Request) -> bool:
        """Whether the request meets every condition but the counts."""
        return (
            self.kind is not Kind.REFUSE
            and (self.method is None or self.method == request.method)
            and fnmatch.fnmatchcase(request.path, self.path)
            and (
                self.id is None
                or self.id in request.segments
                or self.id == request.query.get("organization_id")
            )
        )
