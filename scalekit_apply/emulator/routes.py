"""What each request does to the environment, and what is answered.

Where the sources about the API are silent, this is what the emulator does:

- Enabling a connection whose status is not ``COMPLETED`` changes nothing and answers 200 with ``enabled``
  as it is and an ``error_message``. One that is enabled already stays so and is answered as a success.
- A body of a ``PATCH`` is read and ignored.
- A value of ``include`` other than ``all`` counts as none.
- ``page_size`` is 10 when it is left out, and 400 outside of 10 to 100; a page token it did not issue is 400.
- An identifier of the wrong length is 400, a known path with another method 405, an unknown path 404.
- A connection of an organization is not found under ``/api/v1/connections/{id}``, nor under another
  organization.
- The token endpoint answers errors with the same body as every other endpoint: 400 for a request that cannot
  be understood or another grant type, 401 for a wrong client or secret. Only the form names the client.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Iterable
from enum import Enum, auto
from typing import Final, assert_never
from urllib.parse import parse_qsl

from scalekit_apply.emulator.messages import Answer, Request
from scalekit_apply.emulator.options import Dialect, SingleRead, UnknownOrganization, WideList
from scalekit_apply.emulator.records import READ_PERMISSION, WRITE_PERMISSION, Connection, ListedConnection
from scalekit_apply.emulator.seed import MAX_ID_LENGTH
from scalekit_apply.emulator.store import Store
from scalekit_apply.emulator.tokens import Tokens
from scalekit_apply.emulator.wireformat import Code, WireFormat, error_answer, json_answer

_SMALLEST_PAGE: Final = 10
_LARGEST_PAGE: Final = 100
_VERBS: Final = frozenset({"enable", "disable"})

NOT_COMPLETED: Final = "the configuration of the connection is not completed"


class Effect(Enum):
    """What becomes of a change that was asked for; all but the first are faults."""

    MADE = auto()
    REFUSED = auto()
    OPPOSITE = auto()
    FORGOTTEN = auto()


class _RefusedError(Exception):
    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class Routes:
    """Answers requests from a store; safe in many threads."""

    def __init__(self, store: Store, tokens: Tokens, wire: WireFormat, dialect: Dialect) -> None:
        self._store = store
        self._tokens = tokens
        self._wire = wire
        self._dialect = dialect
        # Writing out the list of a large environment takes seconds, and it is asked for again and again.
        self._wide_lists: dict[bool, tuple[tuple[int, int], Answer]] = {}

    def answer(self, request: Request, *, effect: Effect = Effect.MADE, refusal: str = "") -> Answer:
        """Do what the request asks and return the answer.

        ``effect`` bends what a change does; ``refusal`` is the ``error_message`` of a refused one.
        """
        try:
            return self._route(request, effect, refusal)
        except _RefusedError as refused:
            return refused.answer

    def _route(self, request: Request, effect: Effect, refusal: str) -> Answer:
        found = self._handlers(request, effect, refusal)
        if not found:
            return error_answer(Code.NOT_FOUND, "no such path")
        if request.method not in found:
            allow = (("Allow", ", ".join(sorted(found))),)
            return error_answer(Code.UNIMPLEMENTED, "method not allowed", status=405, headers=allow)
        return found[request.method]()

    def _handlers(self, request: Request, effect: Effect, refusal: str) -> dict[str, Callable[[], Answer]]:
        found: dict[str, Callable[[], Answer]] = {}
        match request.segments, request.verb:
            case ("oauth", "token"), "":
                found["POST"] = lambda: self._token(request)
            case ("api", "v1", "connections"), "":
                found["GET"] = lambda: self._list(request)
            case ("api", "v1", "organizations"), "":
                found["GET"] = lambda: self._organizations(request)
            case (
                (("api", "v1", "connections", _) | ("api", "v1", "organizations", _, "connections", _)),
                verb,
            ):
                if not verb:
                    found["GET"] = lambda: self._read(request)
                elif verb in _VERBS:
                    found["PATCH"] = lambda: self._write(request, effect, refusal)
            case _:
                pass
        return found

    # -- the token endpoint -----------------------------------------------------------------------

    def _token(self, request: Request) -> Answer:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/x-www-form-urlencoded":
            return error_answer(Code.INVALID_ARGUMENT, "the token request must be form encoded")
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        if form.get("grant_type") != "client_credentials":
            return error_answer(Code.INVALID_ARGUMENT, "grant_type must be client_credentials")
        if not form.get("client_id") or not form.get("client_secret"):
            return error_answer(Code.INVALID_ARGUMENT, "client_id and client_secret are required")
        for client in self._store.clients():
            same_secret = hmac.compare_digest(client.secret.encode(), form["client_secret"].encode())
            if client.id == form["client_id"] and same_secret:
                break
        else:
            return error_answer(Code.UNAUTHENTICATED, "invalid client credentials")
        dialect = self._dialect
        return json_answer(
            {
                "access_token": self._tokens.issue(client.id, client.permissions),
                "token_type": dialect.token_type,
                "expires_in": dialect.token_ttl if dialect.expires_in is None else dialect.expires_in,
                "scope": " ".join(sorted(client.permissions)),
            }
        )

    def _demand(self, request: Request, permission: str) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        permissions = self._tokens.permissions(token.strip()) if scheme.lower() == "bearer" else None
        if permissions is None:
            raise _RefusedError(
                error_answer(
                    Code.UNAUTHENTICATED, "invalid access token", headers=(("WWW-Authenticate", "Bearer"),)
                )
            )
        if permission not in permissions:
            raise _RefusedError(error_answer(Code.PERMISSION_DENIED, f"{permission} is required"))

    # -- reading ----------------------------------------------------------------------------------

    def _list(self, request: Request) -> Answer:
        self._demand(request, READ_PERMISSION)
        organization_id = request.query.get("organization_id") or None
        domain = request.query.get("domain") or None
        if organization_id is not None:
            _check_length(organization_id=organization_id)
            if (
                self._dialect.unknown_organization is UnknownOrganization.NOT_FOUND
                and self._store.organization(organization_id) is None
            ):
                return error_answer(Code.NOT_FOUND, "organization not found")
        active_only = request.query.get("include") != "all"
        if organization_id is None and domain is None:
            return self._wide_list(active_only=active_only)
        return self._listed(
            self._store.connections(organization_id=organization_id, domain=domain, active_only=active_only)
        )

    def _wide_list(self, *, active_only: bool) -> Answer:
        version = self._store.version()
        known = self._wide_lists.get(active_only)
        if known and known[0] == version:
            return known[1]
        answer = self._listed(
            self._store.connections(
                active_only=active_only, environment_only=self._dialect.wide_list is WideList.ENVIRONMENT
            )
        )
        self._wide_lists[active_only] = version, answer
        return answer

    def _listed(self, found: Iterable[ListedConnection]) -> Answer:
        return self._wire.answer({"connections": [self._wire.listed(item) for item in found]})

    def _read(self, request: Request) -> Answer:
        self._demand(request, READ_PERMISSION)
        document = self._wire.whole(self._find(request))
        if self._dialect.single_read is SingleRead.BARE:
            return json_answer(document)
        return json_answer({"connection": document})

    def _find(self, request: Request) -> Connection:
        organization_id = ""
        if request.segments[2] == "organizations":
            organization_id = request.segments[3]
            _check_length(organization_id=organization_id)
        connection_id = request.segments[-1]
        _check_length(connection_id=connection_id)
        found = self._store.connection(connection_id)
        if found is None or found.organization_id != organization_id:
            raise _RefusedError(error_answer(Code.NOT_FOUND, "connection not found"))
        return found

    def _organizations(self, request: Request) -> Answer:
        self._demand(request, READ_PERMISSION)
        size = _page_size(request.query.get("page_size", str(_SMALLEST_PAGE)))
        after, before = _page_place(request.query.get("page_token", ""))
        page = self._store.organizations(limit=size, after=after, before=before)
        first = page[0][0] if page else after + 1
        last = page[-1][0] if page else after
        return self._wire.answer(
            {
                "organizations": [self._wire.organization(item) for _, item in page],
                "next_page_token": _page_token("after", last) if self._more(after=last) else "",
                "prev_page_token": _page_token("before", first) if self._more(before=first) else "",
                "total_size": self._store.count_organizations(),
            }
        )

    def _more(self, *, after: int = 0, before: int | None = None) -> bool:
        return bool(self._store.organizations(limit=1, after=after, before=before))

    # -- changing ---------------------------------------------------------------------------------

    def _write(self, request: Request, effect: Effect, refusal: str) -> Answer:
        self._demand(request, WRITE_PERMISSION)
        found = self._find(request)
        wanted = request.verb == "enable"
        if wanted and found.status != "COMPLETED" and not found.enabled:
            return self._wire.answer({"enabled": False, "error_message": NOT_COMPLETED})
        match effect:
            case Effect.MADE:
                self._store.set_enabled(found.id, wanted)
                return self._wire.answer({"enabled": wanted, "error_message": ""})
            case Effect.FORGOTTEN:
                return self._wire.answer({"enabled": wanted, "error_message": ""})
            case Effect.OPPOSITE:
                return self._wire.answer({"enabled": not wanted, "error_message": ""})
            case Effect.REFUSED:
                return self._wire.answer({"enabled": found.enabled, "error_message": refusal})
            case _:
                assert_never(effect)


def _check_length(**ids: str) -> None:
    for name, value in ids.items():
        if not 1 <= len(value) <= MAX_ID_LENGTH:
            message = f"{name} must have 1 to {MAX_ID_LENGTH} characters"
            raise _RefusedError(error_answer(Code.INVALID_ARGUMENT, message))


def _page_size(text: str) -> int:
    # int() alone would take blanks, signs, underscores and digits of other scripts.
    if not (text.isascii() and text.isdigit()) or not _SMALLEST_PAGE <= int(text[:9]) <= _LARGEST_PAGE:
        message = f"page_size must be from {_SMALLEST_PAGE} to {_LARGEST_PAGE}"
        raise _RefusedError(error_answer(Code.INVALID_ARGUMENT, message))
    return int(text)


def _page_token(side: str, position: int) -> str:
    return base64.urlsafe_b64encode(f"{side}:{position}".encode()).decode()


def _page_place(token: str) -> tuple[int, int | None]:
    if not token:
        return 0, None
    try:
        side, _, position = (
            base64.b64decode(token, altchars=b"-_", validate=True).decode("ascii").partition(":")
        )
        place = int(position)
    except (binascii.Error, UnicodeError, ValueError) as error:
        raise _RefusedError(error_answer(Code.INVALID_ARGUMENT, "page_token is not valid")) from error
    if side not in {"after", "before"} or not 0 <= place < 2**63:
        raise _RefusedError(error_answer(Code.INVALID_ARGUMENT, "page_token is not valid"))
    return (place, None) if side == "after" else (0, place)
