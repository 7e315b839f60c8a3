"""The clients: one that can only read, and one that can also enable and disable."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import TracebackType
from typing import Final, Self

from scalekit_apply.api import wire
from scalekit_apply.api.auth import TokenFacts
from scalekit_apply.api.calls import Calls
from scalekit_apply.api.inspection import Shown, shown_connection
from scalekit_apply.api.options import (
    CONNECTIONS_PATH,
    LIST_BYTES,
    ORGANIZATIONS_PATH,
    Answer,
    ApiOptions,
    Method,
    Request,
)
from scalekit_apply.api.refusals import UNUSABLE_HINT
from scalekit_apply.api.transport import ReadTransport, WriteTransport
from scalekit_apply.errors import NotFound, RequestRejected, UnusableAnswer
from scalekit_apply.model import (
    Address,
    ConnectionDetail,
    LiveConnection,
    OrganizationId,
    WriteAnswer,
    is_connection_id,
    is_organization_id,
)

_ALL: Final = ("include", "all")  # without it the list leaves out what is disabled
_PAGE_SIZE: Final = 100
_MAX_PAGES: Final = 2_000


class ReadClient:
    """Reads an environment. It cannot change anything: what it sends with refuses every other request.

    All methods may be called from any thread, and raise subclasses of ``ApiError`` only.
    """

    def __init__(self, options: ApiOptions) -> None:
        self._calls = Calls(options, self._transport(options))

    @staticmethod
    def _transport(options: ApiOptions) -> ReadTransport:
        return ReadTransport(options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection; calls in other threads end as ``Unavailable``."""
        self._calls.close()

    def list_environment(self) -> tuple[LiveConnection, ...]:
        """Return the connections of all organizations, sorted by address, as far as the service lists them.

        Connections of the environment itself are left out. The list proves that a connection exists, never
        that one does not.
        """
        request = Request(method=Method.GET, path=CONNECTIONS_PATH, query=(_ALL,), limit=LIST_BYTES)
        return self._calls.perform(request, lambda answer: wire.parse_connections(answer.body)).value

    def list_organization(self, organization_id: OrganizationId) -> tuple[LiveConnection, ...]:
        """Return all connections of one organization, sorted; none for one that the service does not know."""
        _require_organization(organization_id)
        request = Request(
            method=Method.GET,
            path=CONNECTIONS_PATH,
            query=(("organization_id", organization_id), _ALL),
            limit=LIST_BYTES,
        )
        try:
            return self._calls.perform(
                request, lambda answer: wire.parse_connections(answer.body, organization_id)
            ).value
        except NotFound:
            return ()

    def read_connection(self, address: Address) -> ConnectionDetail:
        """Return what only the single read knows. Raises ``NotFound``."""
        request = Request(method=Method.GET, path=_path(address))
        return self._calls.perform(request, lambda answer: wire.parse_detail(answer.body, address)).value

    def inspect_connection(self, address: Address) -> Mapping[str, Shown]:
        """Return every known attribute of a connection as JSON values, in a fixed order, without secrets.

        Absent attributes are left out; an OIDC client secret is replaced by a marker. Raises ``NotFound``.
        """
        request = Request(method=Method.GET, path=_path(address))
        return self._calls.perform(
            request, lambda answer: shown_connection(wire.connection_fields(answer.body, address))
        ).value

    def list_organizations(self) -> tuple[tuple[OrganizationId, str], ...]:
        """Return id and display name of every organization, sorted by id, following pages."""
        found: dict[OrganizationId, str] = {}
        tokens: set[str] = {""}
        token = ""
        while True:
            page, token = self._calls.perform(_page(token), _organizations).value
            found.update(page)
            if not token:
                return tuple(sorted(found.items()))
            if token in tokens or len(tokens) >= _MAX_PAGES:
                raise UnusableAnswer(f"The pages of GET {ORGANIZATIONS_PATH} do not end.", hint=UNUSABLE_HINT)
            tokens.add(token)

    def check_token(self) -> TokenFacts:
        """Return facts about the access token, getting one if there is none yet."""
        return self._calls.token_facts()


class WriteClient(ReadClient):
    """Reads an environment, and enables and disables connections."""

    @staticmethod
    def _transport(options: ApiOptions) -> ReadTransport:
        return WriteTransport(options)

    def enable(self, address: Address) -> WriteAnswer:
        """Enable one connection, and return what the service said to it.

        A write without a usable answer is read back first and sent again only if it has not taken effect.
        ``ApiError.sent`` and ``ApiError.effect_unknown`` tell what is known after a failure.
        """
        return self._write(address, enabled=True)

    def disable(self, address: Address) -> WriteAnswer:
        """Disable one connection; otherwise as ``enable``."""
        return self._write(address, enabled=False)

    def _write(self, address: Address, *, enabled: bool) -> WriteAnswer:
        verb = "enable" if enabled else "disable"
        request = Request(method=Method.PATCH, path=f"{_path(address)}:{verb}")
        performed = self._calls.perform(request, _written, partial(self._took_effect, address, enabled))
        state, message = performed.value
        answer = performed.answer
        return WriteAnswer(
            enabled=state,
            error_message=message,
            attempts=performed.attempts,
            status=answer.status if answer else None,
            trace_id=answer.trace_id if answer else None,
        )

    def _took_effect(self, address: Address, enabled: bool) -> tuple[bool, str] | None:
        is_as_wanted = self.read_connection(address).enabled is enabled
        return (enabled, "") if is_as_wanted else None


def _written(answer: Answer) -> tuple[bool, str]:
    return wire.parse_write(answer.body)


def _organizations(answer: Answer) -> tuple[tuple[tuple[OrganizationId, str], ...], str]:
    return wire.parse_organizations(answer.body)


def _page(token: str) -> Request:
    query = (("page_size", str(_PAGE_SIZE)), *((("page_token", token),) if token else ()))
    return Request(method=Method.GET, path=ORGANIZATIONS_PATH, query=query, limit=LIST_BYTES)


def _require_organization(organization_id: OrganizationId) -> None:
    if not is_organization_id(organization_id):
        raise RequestRejected(f"{organization_id!r} is not an organization id.", attempts=0, sent=False)


def _path(address: Address) -> str:
    """Return the path of a connection. Both ids match patterns that leave nothing to quote."""
    _require_organization(address.organization_id)
    if not is_connection_id(address.connection_id):
        raise RequestRejected(f"{address.connection_id!r} is not a connection id.", attempts=0, sent=False)
    return f"{ORGANIZATIONS_PATH}/{address.organization_id}/connections/{address.connection_id}"
