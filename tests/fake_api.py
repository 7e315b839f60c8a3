"""A service in memory, for what stands behind the protocol: the order of calls and what follows from answers.

What goes over sockets is tested against the emulator; here an answer, an error or a side effect can be put
behind exactly one call.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace

from scalekit_apply.errors import ApiError, NotFound
from scalekit_apply.model import (
    Address,
    Certificate,
    ConnectionDetail,
    ConnectionId,
    Live,
    LiveConnection,
    OrganizationId,
    WriteAnswer,
)

Hook = Callable[[str, str], WriteAnswer | ApiError | None]


def address(organization: str, connection: str) -> Address:
    return Address(OrganizationId(f"org_{organization}"), ConnectionId(f"conn_{connection}"))


def live(organization: str, connection: str, *, enabled: bool, status: str = "COMPLETED") -> LiveConnection:
    return LiveConnection(
        address=address(organization, connection),
        enabled=enabled,
        organization_name=f"Customer {organization}",
        provider="OKTA",
        type="OIDC",
        status=status,
        domains=("example.org",),
    )


class FakeApi:
    """Holds connections, logs calls, and lets a hook answer instead.

    A hook gets ``(method, subject)``: ``list`` and an organization or ``environment``, ``read``, ``enable``
    or ``disable`` and an address. What it returns is the answer; an error is raised; ``None`` lets the call
    happen.
    """

    def __init__(self, connections: Iterable[LiveConnection] = (), *, wide: bool = True) -> None:
        self.connections = {item.address: item for item in connections}
        self.calls: list[tuple[str, str]] = []
        self.hook: Hook = lambda _method, _subject: None
        self.certificates: dict[Address, tuple[Certificate, ...]] = {}
        self.wide = wide
        self._lock = threading.Lock()

    @classmethod
    def of(cls, found: Live) -> FakeApi:
        """Serve what a drawn live state holds, with every single read possible."""
        return cls(
            connection
            for organization in found.organizations.values()
            for connection in organization.connections.values()
        )

    @property
    def writes(self) -> list[tuple[str, str]]:
        return [call for call in self.calls if call[0] in {"enable", "disable"}]

    def enabled(self) -> dict[Address, bool]:
        return {key: value.enabled for key, value in self.connections.items()}

    def set(self, where: Address, *, enabled: bool) -> None:
        self.connections[where] = replace(self.connections[where], enabled=enabled)

    def list_environment(self) -> tuple[LiveConnection, ...]:
        self._log("list", "environment")
        return tuple(self.connections.values()) if self.wide else ()

    def list_organization(self, organization_id: OrganizationId) -> tuple[LiveConnection, ...]:
        self._log("list", organization_id)
        return tuple(item for key, item in self.connections.items() if key.organization_id == organization_id)

    def read_connection(self, address: Address) -> ConnectionDetail:
        self._log("read", str(address))
        if address not in self.connections:
            raise NotFound("gone", status=404)
        item = self.connections[address]
        return ConnectionDetail(
            address=address,
            enabled=item.enabled,
            certificates=self.certificates.get(address),
            provider=item.provider,
            type=item.type,
            status=item.status,
        )

    def enable(self, address: Address) -> WriteAnswer:
        return self._write("enable", address, enabled=True)

    def disable(self, address: Address) -> WriteAnswer:
        return self._write("disable", address, enabled=False)

    def _write(self, method: str, where: Address, *, enabled: bool) -> WriteAnswer:
        answer = self._log(method, str(where))
        if answer is not None:
            return answer
        with self._lock:
            self.set(where, enabled=enabled)
        return WriteAnswer(enabled=enabled, status=200, trace_id="trace-1")

    def _log(self, method: str, subject: str) -> WriteAnswer | None:
        with self._lock:
            self.calls.append((method, subject))
        answer = self.hook(method, subject)
        if isinstance(answer, ApiError):
            raise answer
        return answer
