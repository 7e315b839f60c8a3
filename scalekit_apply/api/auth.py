"""The access token: one for all workers, renewed once for each time that it ends."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from math import inf, isfinite
from typing import Final, cast

from scalekit_apply.api.options import TOKEN_PATH, Method, Request
from scalekit_apply.errors import ApiError, AuthenticationError, UnusableAnswer
from scalekit_apply.settings import Credentials, Secret

_MONTH: Final = 31 * 24 * 3600
_AHEAD_SECONDS: Final = 60.0
_AHEAD_SHARE: Final = 0.1
_VISIBLE: Final = frozenset(map(chr, range(0x21, 0x7F)))


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFacts:
    """What a token answer says, without the token. Latency is of the token request, retries included."""

    token_type: str
    expires_in: int | None
    scopes: tuple[str, ...]
    milliseconds: float
    tls_version: str | None


class Token:
    """A token and what became of it. ``renew_at`` is a time of the clock, ``inf`` for "until a 401"."""

    __slots__ = ("accepted", "facts", "first", "renew_at", "value")

    def __init__(self, value: Secret, facts: TokenFacts, renew_at: float, *, first: bool) -> None:
        self.value = value
        self.facts = facts
        self.renew_at = renew_at
        self.first = first
        self.accepted = False


def token_request(credentials: Credentials) -> Request:
    """Return the request for a token."""
    return Request(
        method=Method.POST,
        path=TOKEN_PATH,
        form={
            "grant_type": "client_credentials",
            "client_id": credentials.client_id,
            "client_secret": credentials.client_secret,
        },
    )


def parse_token(body: bytes) -> tuple[Secret, str, int | None, tuple[str, ...]]:
    """Return the token, its type, its seconds (``None`` unless they make sense) and its scopes.

    Raises ``UnusableAnswer`` for what is no bearer token; its message shows nothing of the body.
    """
    try:
        read: object = json.loads(body)
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise UnusableAnswer("it is not a JSON object")
    fields = cast("dict[str, object]", read)
    token, kind, scope = fields.get("access_token"), fields.get("token_type"), fields.get("scope")
    if not isinstance(token, str) or not token or not _VISIBLE.issuperset(token):
        raise UnusableAnswer("it has no usable access_token")
    if kind is not None and (not isinstance(kind, str) or kind.strip().lower() not in {"bearer", ""}):
        raise UnusableAnswer("its token_type is not Bearer")
    scopes = tuple(scope.split()) if isinstance(scope, str) else ()
    return Secret(token), "Bearer", _seconds(fields.get("expires_in")), scopes


def _seconds(value: object) -> int | None:
    """Return a lifetime between a second and a month; anything else says nothing."""
    if isinstance(value, str) and value.isascii() and value.strip().isdigit():
        value = float(value[:20])
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return None
    return int(value) if 1 <= value <= _MONTH else None


class TokenSource:
    """Hands out the token in force. ``fetch`` gets a new one, and is never called twice at a time."""

    def __init__(
        self,
        fetch: Callable[[], tuple[Secret, TokenFacts]],
        clock: Callable[[], float],
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._current: Token | None = None
        self._failures = 0
        self._failure: ApiError | None = None
        self._refused: AuthenticationError | None = None

    def current(self) -> Token:
        """Return the token, a new one when there is none or it is about to end.

        Raises what ``fetch`` raises, and the ``AuthenticationError`` that ended the run before.
        """
        token = self._current
        if token is not None and self._refused is None and self._clock() < token.renew_at:
            return token
        return self._renewed(token)

    def accept(self, token: Token) -> None:
        """The service answered to ``token`` with something else than 401."""
        token.accepted = True

    def replace(self, token: Token, refusal: AuthenticationError) -> Token:
        """The service refused ``token``: return a newer one.

        A token that replaced a refused one and was itself never accepted ends the run: this call and all
        later ones raise ``refusal``.
        """
        with self._lock:
            if token is self._current and not token.first and not token.accepted:
                self._refused = refusal
        return self._renewed(token)

    def _renewed(self, old: Token | None) -> Token:
        failures = self._failures
        with self._lock:
            if self._refused is not None:
                raise copy.copy(self._refused)
            if self._current is not None and self._current is not old:
                return self._current
            if failures != self._failures and self._failure is not None:
                # Another worker asked while this one waited, and it failed: all share the answer.
                raise copy.copy(self._failure)
            try:
                value, facts = self._fetch()
            except ApiError as error:
                failure = error
            else:
                self._current = Token(value, facts, self._renew_at(facts), first=old is None)
                return self._current
            self._failures += 1
            self._failure = failure
            if isinstance(failure, AuthenticationError):
                self._refused = failure
            # A copy for each worker: an exception that is raised twice mixes up its tracebacks.
            raise copy.copy(failure)

    def _renew_at(self, facts: TokenFacts) -> float:
        if facts.expires_in is None:
            return inf
        ahead = min(_AHEAD_SECONDS, facts.expires_in * _AHEAD_SHARE)
        return self._clock() + facts.expires_in - ahead
