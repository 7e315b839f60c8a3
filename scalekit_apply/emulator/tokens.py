"""Access tokens: signed by the environment, so that every process that serves it accepts them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from scalekit_apply.emulator.store import Clock, Store


class Tokens:
    """Issues and checks tokens of one environment.

    A token ends when its time is over, or when :meth:`Store.expire_tokens` ended its epoch.
    """

    def __init__(self, store: Store, *, ttl: int, clock: Clock) -> None:
        self._store = store
        self._ttl = ttl
        self._clock = clock
        self._key = store.signing_key.encode()

    def issue(self, client_id: str, permissions: frozenset[str]) -> str:
        """Return a new token that permits ``permissions``."""
        now = self._clock()
        claims = {
            "sub": client_id,
            "scope": " ".join(sorted(permissions)),
            "iat": now,
            "exp": now + self._ttl,
            "epoch": self._store.token_epoch,
        }
        signed = f"{_packed({'alg': 'HS256', 'typ': 'JWT'})}.{_packed(claims)}"
        return f"{signed}.{self._signature(signed)}"

    def permissions(self, token: str) -> frozenset[str] | None:
        """Return what the token permits, ``None`` if it is not valid (any more)."""
        signed, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(signed).encode()):
            return None
        claims = _unpacked(signed.partition(".")[2])
        if claims["exp"] <= self._clock() or claims["epoch"] != self._store.token_epoch:
            return None
        return frozenset(claims["scope"].split())

    def _signature(self, signed: str) -> str:
        digest = hmac.digest(self._key, signed.encode(errors="surrogateescape"), hashlib.sha256)
        return _text(digest)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _packed(claims: dict[str, Any]) -> str:
    return _text(json.dumps(claims, separators=(",", ":")).encode())


def _unpacked(text: str) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return claims
