"""A plain HTTP client of the standard library, for the tests of the emulator itself."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

from scalekit_apply.emulator import Emulator

FORM = "application/x-www-form-urlencoded"


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Got:
    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:  # noqa: ANN401  # whatever the body holds
        return json.loads(self.body)

    @property
    def error(self) -> tuple[int, int, str]:
        """Status, gRPC number and error code of an error body."""
        body = self.json
        return self.status, body["code"], body["details"][0]["error_code"]


class HttpClient:
    """One kept-alive connection; ``token`` is fetched once and sent with everything."""

    def __init__(self, url: str, token: str | None = None) -> None:
        host = urlsplit(url).netloc
        self._connection = http.client.HTTPConnection(host, timeout=20)
        self.token = token

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Got:
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        self._connection.request(method, path, body, {**sent, **(headers or {})})
        answer = self._connection.getresponse()
        return Got(
            status=answer.status,
            body=answer.read(),
            headers={name.lower(): value for name, value in answer.getheaders()},
        )

    def get(self, path: str) -> Got:
        return self.send("GET", path)

    def patch(self, path: str) -> Got:
        return self.send("PATCH", path)

    def ask_token(self, client_id: str, secret: str, **form: str) -> Got:
        asked = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret, **form}
        return self.send("POST", "/oauth/token", body=urlencode(asked), headers={"Content-Type": FORM})

    def sign_in(self, client_id: str, secret: str) -> Self:
        self.token = self.ask_token(client_id, secret).json["access_token"]
        return self


def token_of(emulator: Emulator) -> str:
    """A token of the emulator's first client."""
    with signed_in(emulator) as client:
        return str(client.token)


def signed_in(emulator: Emulator) -> HttpClient:
    """A client with a token of the emulator's first client."""
    return HttpClient(emulator.url).sign_in(emulator.client_id, emulator.client_secret)
