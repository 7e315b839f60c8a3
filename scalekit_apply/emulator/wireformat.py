"""Records as the JSON of the API, and its errors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final, cast

from scalekit_apply.emulator.messages import Answer
from scalekit_apply.emulator.records import Connection, ListedConnection, Organization

_ERROR_TYPE: Final = "type.googleapis.com/scalekit.v1.errdetails.ErrorInfo"


class Code(IntEnum):
    """The gRPC status numbers; the names are the error codes of the bodies."""

    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


STATUS_OF_CODE: Final[Mapping[Code, int]] = {
    Code.INVALID_ARGUMENT: 400,
    Code.FAILED_PRECONDITION: 400,
    Code.OUT_OF_RANGE: 400,
    Code.UNAUTHENTICATED: 401,
    Code.PERMISSION_DENIED: 403,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.ABORTED: 409,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.CANCELLED: 499,
    Code.INTERNAL: 500,
    Code.UNKNOWN: 500,
    Code.DATA_LOSS: 500,
    Code.UNIMPLEMENTED: 501,
    Code.UNAVAILABLE: 503,
    Code.DEADLINE_EXCEEDED: 504,
}


def code_of_status(status: int) -> Code:
    """Return the first code that goes with an HTTP status, unknown for one that none goes with."""
    return next((code for code, other in STATUS_OF_CODE.items() if other == status), Code.UNKNOWN)


def json_answer(document: object, *, status: int = 200) -> Answer:
    """Return an answer with a JSON body."""
    return Answer(status=status, body=json.dumps(document, separators=(",", ":")).encode())


def error_answer(
    code: Code, message: str, *, status: int | None = None, headers: tuple[tuple[str, str], ...] = ()
) -> Answer:
    """Return an error as the service words it; the status is the one of the code, unless given."""
    body = {
        "code": int(code),
        "message": message,
        "details": [{"@type": _ERROR_TYPE, "error_code": code.name}],
    }
    return Answer(
        status=STATUS_OF_CODE[code] if status is None else status,
        body=json.dumps(body, separators=(",", ":")).encode(),
        headers=headers,
    )


def without_defaults(document: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what the protobuf JSON mapping leaves out: false, zero, empty text and empty lists."""
    kept: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, dict):
            kept[name] = without_defaults(cast("dict[str, Any]", value))
        elif isinstance(value, (list, tuple)) and value:
            kept[name] = [
                without_defaults(cast("dict[str, Any]", item)) if isinstance(item, dict) else item
                for item in cast("list[object]", value)
            ]
        elif value:
            kept[name] = value
    return kept


_UNSPECIFIED: Final = "UNSPECIFIED"
_SAML_FLAGS: Final = (
    "idp_slo_required",
    "assertion_encrypted",
    "want_request_signed",
    "allow_idp_initiated_login",
    "force_authn",
    "jit_provisioning_with_sso_enabled",
    "sync_user_profile_on_login",
)
_OIDC_FLAGS: Final = (
    "pkce_enabled",
    "idp_logout_required",
    "jit_provisioning_with_sso_enabled",
    "sync_user_profile_on_login",
)


class WireFormat:
    """Writes records. ``defaults`` says whether values that equal the protobuf default are written out."""

    def __init__(self, *, url: str, defaults: bool) -> None:
        self._url = url
        self._defaults = defaults

    def answer(self, document: Mapping[str, Any]) -> Answer:
        """Return a successful answer; what stands below the top has been written already."""
        return json_answer({name: value for name, value in document.items() if value or self._defaults})

    def listed(self, item: ListedConnection) -> dict[str, Any]:
        """Return an element of the connection list."""
        document = {
            "id": item.id,
            "organization_id": item.organization_id,
            "organization_name": item.organization_name,
            **self._common(item),
            "domains": [domain.get("domain", "") for domain in item.domains],
        }
        return self._finished(document, item)

    def whole(self, item: Connection) -> dict[str, Any]:
        """Return a connection as the single read shows it."""
        document: dict[str, Any] = {
            "id": item.id,
            "organization_id": item.organization_id,
            **self._common(item),
            "domains": list(item.domains),
            "test_connection_uri": self._test_uri(item),
            **item.details,
        }
        if item.create_time:
            document["create_time"] = item.create_time
        if item.update_time:
            document["update_time"] = item.update_time
        if self._defaults:
            document.setdefault("debug_enabled", False)
            document.setdefault("configuration_type", _UNSPECIFIED)
            for name, flags in (("saml_config", _SAML_FLAGS), ("oidc_config", _OIDC_FLAGS)):
                if name in document:
                    document[name] = {**dict.fromkeys(flags, False), **document[name]}
        else:
            document = without_defaults(document)
        return {**document, **item.extra}

    def organization(self, item: Organization) -> dict[str, Any]:
        """Return an element of the organizations list."""
        document = {"id": item.id, "display_name": item.display_name, **item.attributes}
        return {**(document if self._defaults else without_defaults(document)), **item.extra}

    def _common(self, item: ListedConnection) -> dict[str, Any]:
        unspecified = _UNSPECIFIED if self._defaults else ""
        return {
            "provider": item.provider or unspecified,
            "type": item.type or unspecified,
            "status": item.status or unspecified,
            "enabled": item.enabled,
            "key_id": item.key_id,
            "provider_key": item.provider_key,
            "ui_button_title": item.ui_button_title,
            "mcp_server_url": item.mcp_server_url,
        }

    def _finished(self, document: dict[str, Any], item: ListedConnection) -> dict[str, Any]:
        if not self._defaults:
            document = {name: value for name, value in document.items() if value}
        return {**document, **item.extra} if item.extra else document

    def _test_uri(self, item: ListedConnection) -> str:
        if item.type not in {"OIDC", "SAML"}:
            return ""
        return f"{self._url}/sso/v1/{item.type.lower()}/{item.id}/test"
