"""One call: a request, its retries, the token it carries, and what to do when a write gets no answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final, Generic, TypeVar

from scalekit_apply.api.auth import TokenFacts, TokenSource, parse_token, token_request
from scalekit_apply.api.options import Answer, ApiOptions, NoAnswer, Request
from scalekit_apply.api.refusals import LIMIT_HINT, UNUSABLE_HINT, refusal, silence
from scalekit_apply.api.retry import RETRIED_STATUSES, Gate, Patience, backoff, parse_retry_after
from scalekit_apply.api.transport import ReadTransport
from scalekit_apply.errors import ApiError, AuthenticationError, NotFound, Unavailable, UnusableAnswer
from scalekit_apply.settings import Secret

T = TypeVar("T")
# A token that lives for a few requests only is refused more than once in a call; that ends, too.
_MAX_REFUSALS: Final = 4
_STOPPING: Final = "the run is being stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Performed(Generic[T]):
    """What a call came to. ``answer`` is ``None`` when reading back had to stand in for it."""

    value: T
    attempts: int
    answer: Answer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failure:
    """One try that failed. ``in_doubt``: the service may have done it all the same."""

    error: ApiError
    retry: bool
    in_doubt: bool
    retry_after: float | None = None
    for_all: bool = False


class Calls:
    """Performs calls, from any thread; all of them share the token and the pauses of the service."""

    def __init__(self, options: ApiOptions, transport: ReadTransport) -> None:
        self._options = options
        self._transport = transport
        self._redact = transport.redact
        self._gate = Gate(options.clock, options.random)
        self._tokens = TokenSource(self._fetch_token, options.clock)

    def token_facts(self) -> TokenFacts:
        """Return what is known of the token in force. Raises ``ApiError`` when there is none to get."""
        return self._tokens.current().facts

    def close(self) -> None:
        """Close every connection; calls in progress end as ``Unavailable``."""
        self._transport.close()

    def perform(
        self,
        request: Request,
        parse: Callable[[Answer], T],
        settle: Callable[[], T | None] | None = None,
    ) -> Performed[T]:
        """Send ``request`` until it is answered, and return what ``parse`` makes of the answer.

        ``parse`` gets answers with a 2xx status, and raises ``UnusableAnswer`` with half a sentence.
        ``settle`` reads back after a write that may or may not have been done: it returns a value when it
        was done and ``None`` when not; only then is the write sent again. Raises ``ApiError``.
        """
        patience = Patience(
            max_retries=self._options.max_retries, budget=self._options.budget, clock=self._options.clock
        )
        try:
            return self._perform(request, parse, settle, patience)
        except ApiError as error:
            error.attempts = patience.tries
            error.sent = patience.sent
            raise

    def _perform(
        self,
        request: Request,
        parse: Callable[[Answer], T],
        settle: Callable[[], T | None] | None,
        patience: Patience,
    ) -> Performed[T]:
        refusals = 0
        while True:
            self._pass_gate(request, patience)
            token = None if request.is_token_request else self._tokens.current()
            outcome = self._try(request, parse, token.value if token else None, patience)
            refused = isinstance(outcome, _Failure) and isinstance(outcome.error, AuthenticationError)
            if token and not refused and patience.answered:
                self._tokens.accept(token)
            if isinstance(outcome, Performed):
                return outcome
            if token and isinstance(outcome.error, AuthenticationError):
                refusals += 1
                if refusals > _MAX_REFUSALS:
                    raise outcome.error
                self._tokens.replace(token, outcome.error)
                continue
            obstacle = self._wait_to_retry(outcome, patience)
            if outcome.in_doubt and settle is not None:
                found = self._read_back(outcome, settle, stopping=obstacle == _STOPPING)
                if found is not None:
                    return Performed(value=found, attempts=patience.tries, answer=None)
            if obstacle is not None:
                raise _worded(outcome.error, obstacle)

    def _try(
        self, request: Request, parse: Callable[[Answer], T], token: Secret | None, patience: Patience
    ) -> Performed[T] | _Failure:
        patience.tries += 1
        timeout = min(self._options.timeout, max(1.0, patience.seconds_left))
        outcome = self._transport.exchange(request, token=token, timeout=timeout)
        patience.answered = isinstance(outcome, Answer)
        if isinstance(outcome, NoAnswer):
            patience.sent = patience.sent or outcome.sent
            error = silence(request, outcome)
            return _Failure(error=error, retry=not outcome.final, in_doubt=outcome.sent)
        patience.sent = True
        if outcome.is_success:
            return self._understood(request, parse, outcome, patience)
        return _Failure(
            error=refusal(request, outcome, self._redact),
            retry=outcome.status in RETRIED_STATUSES,
            in_doubt=outcome.leaves_doubt,
            retry_after=parse_retry_after(outcome.retry_after, self._options.now()),
            for_all=outcome.status == HTTPStatus.TOO_MANY_REQUESTS,
        )

    def _understood(
        self, request: Request, parse: Callable[[Answer], T], answer: Answer, patience: Patience
    ) -> Performed[T] | _Failure:
        if answer.oversized:
            complaint = f"it is larger than {request.limit // (1024 * 1024)} MiB"
        elif answer.undecodable:
            complaint = "it is compressed in a way that cannot be read"
        else:
            try:
                value = parse(answer if request.is_token_request else self._without_secrets(answer))
                return Performed(value=value, attempts=patience.tries, answer=answer)
            except UnusableAnswer as error:
                complaint = error.message
        # Raised by nobody yet, and outside of the handler: the cause may hold the body.
        return _Failure(
            error=UnusableAnswer(
                f"{request} answered {answer.status}, but the answer cannot be used: "
                f"{self._redact(complaint)}.",
                hint=UNUSABLE_HINT,
                status=answer.status,
                trace_id=answer.trace_id,
            ),
            retry=request.is_write,
            in_doubt=True,
        )

    def _without_secrets(self, answer: Answer) -> Answer:
        # A name, a domain or a message may repeat what this client sent, on purpose or by mistake.
        return replace(answer, body=self._redact.body(answer.body))

    def _pass_gate(self, request: Request, patience: Patience) -> None:
        while (pause := self._gate.pause()) > 0:
            if pause > patience.seconds_left:
                raise Unavailable(
                    f"{request} was not sent: the service asks to wait {pause:.0f} s, "
                    f"longer than the {patience.seconds_left:.0f} s that are left for it.",
                    hint=LIMIT_HINT,
                )
            if self._options.wait(pause):
                raise Unavailable(f"{request} was not sent: {_STOPPING}.")

    def _wait_to_retry(self, failure: _Failure, patience: Patience) -> str | None:
        """Wait as long as it takes, and return ``None``; else why there is no further try."""
        patience.failures += 1
        asked = failure.retry_after or 0.0
        if failure.for_all and asked:
            self._gate.close_for(asked)
        if not failure.retry:
            return ""
        if not patience.may_retry:
            return _tries(patience)
        left = patience.seconds_left
        if asked > left:
            return f"the service asks to wait {asked:.0f} s, longer than the {left:.0f} s that are left"
        pause = max(asked, backoff(patience.failures, self._options.random))
        if pause > left:
            return f"{_tries(patience)} in {self._options.budget:.0f} s"
        if failure.for_all:
            self._gate.close_for(pause)
            return None
        return _STOPPING if self._options.wait(pause) else None

    def _read_back(self, failure: _Failure, settle: Callable[[], T | None], *, stopping: bool) -> T | None:
        """Return what the write came to, ``None`` when it has not taken effect.

        Raises ``Unavailable`` with ``effect_unknown`` when that cannot be told.
        """
        unread = f"{_STOPPING}."
        if not stopping and not self._options.wait(0):
            try:
                return settle()
            except NotFound:
                raise
            except ApiError as error:
                unread = error.message
        cause = failure.error
        raise Unavailable(
            f"{cause.message} Whether it has taken effect is not known: {unread}",
            hint=cause.hint,
            status=cause.status,
            error_code=cause.error_code,
            trace_id=cause.trace_id,
            effect_unknown=True,
        )

    def _fetch_token(self) -> tuple[Secret, TokenFacts]:
        started = self._options.clock()
        performed = self.perform(token_request(self._options.credentials), _token)
        value, kind, expires_in, scopes = performed.value
        return value, TokenFacts(
            token_type=kind,
            expires_in=expires_in,
            scopes=tuple(map(self._redact, scopes)),
            milliseconds=(self._options.clock() - started) * 1000,
            tls_version=performed.answer.tls if performed.answer else None,
        )


def _token(answer: Answer) -> tuple[Secret, str, int | None, tuple[str, ...]]:
    return parse_token(answer.body)


def _tries(patience: Patience) -> str:
    return "gave up after 1 attempt" if patience.tries == 1 else f"gave up after {patience.tries} attempts"


def _worded(error: ApiError, obstacle: str) -> ApiError:
    """Return the error with the reason why there was no further try, where there might have been one."""
    if obstacle:
        error.message = f"{error.message[:-1]} ({obstacle})."
        error.args = (error.message,)
    return error
