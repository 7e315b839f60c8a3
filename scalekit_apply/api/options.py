"""What a client is made of, and the values that go in and out of one request."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

import httpx

from scalekit_apply import __version__
from scalekit_apply.settings import Credentials, Secret

TOKEN_PATH: Final = "/oauth/token"  # noqa: S105  # a path
CONNECTIONS_PATH: Final = "/api/v1/connections"
ORGANIZATIONS_PATH: Final = "/api/v1/organizations"
USER_AGENT: Final = f"scalekit-apply/{__version__}"
LIST_BYTES: Final = 64 * 1024 * 1024
SMALL_BYTES: Final = 4 * 1024 * 1024
_CLIENT_CLOSED_REQUEST: Final = 499
_WRITE_PATH: Final = re.compile(
    r"/api/v1/organizations/org_[A-Za-z0-9_-]+/connections/conn_[A-Za-z0-9_-]+:(?:enable|disable)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request as ``-v`` shows it. ``status`` is ``None`` and ``failure`` says why without an answer.

    ``path`` has the query with it. There is nothing of headers or bodies in here.
    """

    method: str
    path: str
    status: int | None
    milliseconds: float
    trace_id: str | None = None
    failure: str = ""


def _ignore(_exchange: Exchange) -> None:
    """Observe nothing."""


def _sleep(seconds: float) -> bool:
    time.sleep(seconds)
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiOptions:
    """Everything that a client needs, and everything of the outside world that it touches.

    ``timeout`` bounds one request and its whole answer, ``budget`` one call with all its retries, both in
    seconds. ``wait(seconds)`` sleeps and tells whether the run is being stopped, as
    ``threading.Event().wait`` does. ``clock`` is monotonic, ``now`` is seconds since 1970, ``random`` is
    uniform in [0, 1). ``observer`` is called from many threads. ``transport`` replaces the network.
    """

    credentials: Credentials
    timeout: float = 30.0
    max_retries: int = 5
    budget: float = 120.0
    wait: Callable[[float], bool] = _sleep
    observer: Callable[[Exchange], None] = _ignore
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    random: Callable[[], float] = random.random
    transport: httpx.BaseTransport | None = None


class Method(Enum):
    """The methods in use."""

    GET = "GET"
    POST = "POST"
    PATCH = "PATCH"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, without what authorizes it. ``form`` is for the token request alone."""

    method: Method
    path: str
    query: tuple[tuple[str, str], ...] = ()
    form: Mapping[str, str | Secret] | None = None
    limit: int = SMALL_BYTES

    @property
    def is_token_request(self) -> bool:
        """Whether this asks for a token."""
        return self.method is Method.POST and self.path == TOKEN_PATH

    @property
    def is_write(self) -> bool:
        """Whether this enables or disables one connection."""
        return self.method is Method.PATCH and _WRITE_PATH.fullmatch(self.path) is not None

    @property
    def target(self) -> str:
        """The path with the query."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path

    def __str__(self) -> str:
        return f"{self.method.value} {self.target}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer that arrived. ``body`` is decompressed; one with an error status may be cut."""

    status: int
    body: bytes = field(repr=False)
    content_type: str = ""
    trace_id: str | None = None
    retry_after: str | None = None
    location: str | None = None
    tls: str | None = None
    oversized: bool = False
    undecodable: bool = False

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return self.status // 100 == 2  # noqa: PLR2004  # as the standard names the class

    @property
    def leaves_doubt(self) -> bool:
        """Whether a write that got this answer may have been done all the same.

        A 4xx is a plain no, and so is 501, except for those that only say that the answer took too long.
        """
        if self.status in {HTTPStatus.REQUEST_TIMEOUT, _CLIENT_CLOSED_REQUEST}:
            return True
        return self.status >= HTTPStatus.INTERNAL_SERVER_ERROR and self.status != HTTPStatus.NOT_IMPLEMENTED


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """No answer, or not the whole of one.

    ``sent`` is false when it is certain that the service did not get the request; ``final`` says that
    trying again would end the same way.
    """

    reason: str
    sent: bool
    final: bool = False
    hint: str = ""
