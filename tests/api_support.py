"""A fake of the service at the HTTP edge, and a clock that only waiting moves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import httpx

from scalekit_apply.api import ApiOptions, Exchange
from scalekit_apply.model import Address, ConnectionId, Environment, OrganizationId
from scalekit_apply.settings import Credentials, Secret

SECRET = "canary-client-secret-5up3r"
TOKEN = "canary-access-token-t0k3n"
ORG = OrganizationId("org_1")
ADDRESS = Address(ORG, ConnectionId("conn_1"))
SINGLE = "/api/v1/organizations/org_1/connections/conn_1"
LIST = "/api/v1/connections"

Step = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


@dataclass
class Clock:
    """Time that stands still except while somebody waits. ``stop_after`` waits the run is being stopped."""

    time: float = 1000.0
    waits: list[float] = field(default_factory=list[float])
    stop_after: int | None = None

    def __call__(self) -> float:
        return self.time

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        if self.stop_after is not None and len(self.waits) > self.stop_after:
            return True
        self.time += seconds
        return False


class Service:
    """Answers from a script, one step a request to ``path``; the last step stays."""

    def __init__(self, script: Mapping[str, Iterable[Step]] | None = None) -> None:
        self._lock = threading.Lock()
        self._script = {path: list(steps) for path, steps in (script or {}).items()}
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self.requests.append(request)
            steps = self._script.get(request.url.path)
            if steps is None:
                if request.url.path == "/oauth/token":
                    return token_answer()
                return httpx.Response(404, json={"code": 5, "message": "no such thing"})
            step = steps.pop(0) if len(steps) > 1 else steps[0]
        if isinstance(step, Exception):
            raise step
        return step(request) if callable(step) else copied(step)

    def sent(self, path: str) -> int:
        return sum(request.url.path == path for request in self.requests)

    @property
    def lines(self) -> list[str]:
        return [f"{request.method} {request.url.raw_path.decode()}" for request in self.requests]


def copied(answer: httpx.Response) -> httpx.Response:
    """Return the same answer once more: httpx closes those that it has delivered."""
    return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(answer.content))


def token_answer(value: str = TOKEN, **fields: object) -> httpx.Response:
    return httpx.Response(200, json={"access_token": value, "token_type": "Bearer", **fields})


def single(*, enabled: bool = False, **fields: object) -> httpx.Response:
    body = {"id": "conn_1", "organization_id": "org_1", "enabled": enabled, **fields}
    return httpx.Response(200, json={"connection": body})


def written(*, enabled: bool, **fields: object) -> httpx.Response:
    return httpx.Response(200, json={"enabled": enabled, **fields}, headers={"x-trace-id": "trace-w"})


def listed(*elements: dict[str, object]) -> httpx.Response:
    return httpx.Response(200, json={"connections": list(elements)})


def refused(status: int, message: str = "no", **headers: str) -> httpx.Response:
    body = {
        "code": 13,
        "message": message,
        "details": [{"@type": "type.googleapis.com/x", "error_code": "SOME_CODE"}],
    }
    return httpx.Response(
        status,
        json=body,
        headers={
            "x-trace-id": "trace-1",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        },
    )


def credentials(url: str = "https://acme.scalekit.com") -> Credentials:
    return Credentials(environment=Environment(url), client_id="skc_1", client_secret=Secret(SECRET))


def options(  # the knobs of a client
    service: Callable[[httpx.Request], httpx.Response] | None = None,
    *,
    clock: Clock | None = None,
    url: str = "https://acme.scalekit.com",
    observer: Callable[[Exchange], None] = lambda _exchange: None,
    timeout: float = 30.0,
    max_retries: int = 5,
) -> ApiOptions:
    """Return options with a clock of their own; without a ``service`` they talk to real sockets."""
    time = clock or Clock()
    transport = httpx.MockTransport(service) if service else None
    if service is None:
        return ApiOptions(
            credentials=credentials(url),
            timeout=timeout,
            max_retries=max_retries,
            observer=observer,
            random=lambda: 0.0,
        )
    return ApiOptions(
        credentials=credentials(url),
        timeout=timeout,
        max_retries=max_retries,
        observer=observer,
        clock=time,
        now=time,
        wait=time.wait,
        random=lambda: 0.5,
        transport=transport,
    )
