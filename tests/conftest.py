"""Settings of the whole suite: properties are repeatable, and no test reaches beyond loopback."""

from __future__ import annotations

import os
import socket

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "suite",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    max_examples=100,
)
settings.register_profile(
    "thorough", parent=settings.get_profile("suite"), derandomize=False, max_examples=2_000
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


@pytest.fixture(autouse=True)
def _only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse connections to anything but this machine, and forget the caller's credentials and options."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: tuple[object, ...]) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6}:
            host = str(address[0])
            assert host.startswith("127.") or host in {"::1", "localhost"}, f"a test reached for {host}"
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    for name in list(os.environ):
        if name.startswith(("SCALEKIT_", "GITHUB_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
