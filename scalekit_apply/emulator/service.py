"""Between the socket and the environment: faults, latency, and the memory of what was asked."""

from __future__ import annotations

import itertools
import secrets
import threading
import time
import traceback
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TextIO
from urllib.parse import quote

from scalekit_apply.emulator.delivery import faulty_answer
from scalekit_apply.emulator.faultkinds import Fault, Kind, When
from scalekit_apply.emulator.faults import Faults
from scalekit_apply.emulator.messages import Answer, RecordedRequest, Request
from scalekit_apply.emulator.routes import Effect, Routes
from scalekit_apply.emulator.store import Clock, Store
from scalekit_apply.emulator.wireformat import Code, code_of_status, error_answer

_REMEMBERED: Final = 200_000
_EFFECTS: Final = {
    Kind.ERROR_MESSAGE: Effect.REFUSED,
    Kind.WRONG_ENABLED: Effect.OPPOSITE,
    Kind.NOT_STICKING: Effect.FORGOTTEN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What goes back: an answer or none, the fault that bends its delivery, and the trace id."""

    answer: Answer | None
    fault: Fault | None
    trace_id: str


class Service:
    """Replies to requests, in any number of threads. ``stopping`` ends whatever waits."""

    def __init__(
        self,
        *,
        store: Store,
        routes: Routes,
        faults: Faults,
        latency: float,
        clock: Clock,
        log: TextIO | None,
    ) -> None:
        self.stopping = threading.Event()
        self.faults = faults
        self.failures: list[str] = []
        self._store = store
        self._routes = routes
        self._latency = latency
        self._clock = clock
        self._log = log
        self._numbers = itertools.count(1)
        self._trace_prefix = secrets.token_hex(8)
        self._recorded: deque[RecordedRequest] = deque(maxlen=_REMEMBERED)
        self._reverting: dict[str, tuple[int, bool]] = {}
        self._reverting_lock = threading.Lock()

    def reply(self, request: Request) -> Reply:
        """Do what the request asks, or what a fault makes of it, and remember it."""
        number, trace_id, arrived = self._arrival()
        fault = self.faults.hit(request)
        if self._latency:
            self.stopping.wait(self._latency)
        try:
            answer = self._answer(request, fault)
        except Exception:  # a broken emulator answers as a broken server does, and says so
            self.fail(traceback.format_exc())
            answer = error_answer(Code.INTERNAL, "internal error")
        # Remembered before it is sent: whoever has the answer finds the request in the log.
        self._remember(
            RecordedRequest(
                number=number,
                method=request.method,
                path=request.path,
                query=request.query,
                status=answer.status if answer else None,
                trace_id=trace_id,
                fault=fault.kind if fault else None,
                arrived=arrived,
                answered=time.monotonic(),
            )
        )
        return Reply(answer=answer, fault=fault, trace_id=trace_id)

    def reject(self, method: str, path: str, message: str, status: int) -> Reply:
        """Reply to something that is no proper request, and remember it."""
        number, trace_id, arrived = self._arrival()
        self._remember(
            RecordedRequest(
                number=number,
                method=method,
                path=path,
                query={},
                status=status,
                trace_id=trace_id,
                fault=None,
                arrived=arrived,
                answered=arrived,
            )
        )
        answer = error_answer(code_of_status(status), message, status=status)
        return Reply(answer=answer, fault=None, trace_id=trace_id)

    def requests(self) -> tuple[RecordedRequest, ...]:
        """Return the latest requests (up to 200,000) in the order they arrived."""
        return tuple(sorted(self._recorded.copy(), key=lambda item: item.number))

    def clear_requests(self) -> None:
        """Forget the requests so far."""
        self._recorded.clear()

    def fail(self, what: str) -> None:
        """Note that the emulator itself broke; not while it stops, when anything may be gone."""
        if not self.stopping.is_set():
            self.failures.append(what)
            if self._log:
                self._log.write(what)

    def _arrival(self) -> tuple[int, str, float]:
        number = next(self._numbers)
        return number, f"{self._trace_prefix}{number:016x}", time.monotonic()

    def _remember(self, item: RecordedRequest) -> None:
        self._recorded.append(item)
        if self._log:
            shown = quote(item.path, safe="/:%")
            took = (item.answered - item.arrived) * 1000
            outcome = item.status if item.status is not None else "no answer"
            fault = f" ({item.fault})" if item.fault else ""
            self._log.write(f"{item.method} {shown} {outcome} {took:.1f} ms{fault}\n")

    def _answer(self, request: Request, fault: Fault | None) -> Answer | None:
        if fault is None:
            answer: Answer | None = self._routes.answer(request)
        else:
            answer = self._faulty(request, fault)
        if answer and answer.status == 200 and request.method == "GET" and "connections" in request.segments:  # noqa: PLR2004
            self._count_read()
        return answer

    def _faulty(self, request: Request, fault: Fault) -> Answer | None:
        match fault.kind:
            case Kind.DELAY:
                self.stopping.wait(fault.number)
                return self._routes.answer(request)
            case Kind.EXPIRE_TOKEN:
                self._store.expire_tokens()
                return self._routes.answer(request)
            case Kind.ERROR_MESSAGE | Kind.WRONG_ENABLED | Kind.NOT_STICKING:
                return self._routes.answer(request, effect=_EFFECTS[fault.kind], refusal=fault.text)
            case Kind.REVERTING:
                return self._revert_later(request, int(fault.number))
            case Kind.DRIP | Kind.CUT:
                return self._routes.answer(request)
            case _:
                if fault.when is When.AFTER:
                    self._routes.answer(request)
                return faulty_answer(fault, now=self._clock())

    def _revert_later(self, request: Request, reads: int) -> Answer:
        connection_id = request.segments[-1]
        before = self._store.connection(connection_id)
        answer = self._routes.answer(request)
        after = self._store.connection(connection_id)
        if before and after and before.enabled != after.enabled:
            with self._reverting_lock:
                self._reverting[connection_id] = (reads, before.enabled)
            if not reads:
                self._count_read()
        return answer

    def _count_read(self) -> None:
        if not self._reverting:
            return
        with self._reverting_lock:
            for connection_id, (reads, enabled) in list(self._reverting.items()):
                if reads > 1:
                    self._reverting[connection_id] = (reads - 1, enabled)
                else:
                    del self._reverting[connection_id]
                    with suppress(KeyError):  # deleted meanwhile
                        self._store.set_enabled(connection_id, enabled)
