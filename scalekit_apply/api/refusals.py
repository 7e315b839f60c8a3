"""From an answer that says no, or no answer at all, to the error that says so to the user."""

from __future__ import annotations

import json
from typing import Final, cast

from scalekit_apply.api.options import ORGANIZATIONS_PATH, Answer, NoAnswer, Request
from scalekit_apply.api.redaction import Redactor
from scalekit_apply.api.retry import RETRIED_STATUSES
from scalekit_apply.errors import (
    ApiError,
    AuthenticationError,
    NotFound,
    PermissionDenied,
    RequestRejected,
    Unavailable,
)

_MESSAGE_LENGTH: Final = 300
_CODE_LENGTH: Final = 80
_REDIRECTS: Final = 3
_CLIENT_ERRORS: Final = 4
_SERVER_ERRORS: Final = 5
_KINDS: Final[dict[int, type[ApiError]]] = {
    401: AuthenticationError,
    403: PermissionDenied,
    404: NotFound,
    429: Unavailable,
    501: RequestRejected,
}
_GRPC_NAMES: Final = {
    1: "CANCELLED",
    2: "UNKNOWN",
    3: "INVALID_ARGUMENT",
    4: "DEADLINE_EXCEEDED",
    5: "NOT_FOUND",
    6: "ALREADY_EXISTS",
    7: "PERMISSION_DENIED",
    8: "RESOURCE_EXHAUSTED",
    9: "FAILED_PRECONDITION",
    10: "ABORTED",
    11: "OUT_OF_RANGE",
    12: "UNIMPLEMENTED",
    13: "INTERNAL",
    14: "UNAVAILABLE",
    15: "DATA_LOSS",
    16: "UNAUTHENTICATED",
}
_CREDENTIALS_HINT: Final = (
    "Check SCALEKIT_CLIENT_ID and SCALEKIT_CLIENT_SECRET, and that they are of the environment in "
    "SCALEKIT_ENVIRONMENT_URL."
)
_URL_HINT: Final = "Check that SCALEKIT_ENVIRONMENT_URL is the URL of a Scalekit environment."
_FAILURE_HINT: Final = (
    "The service failed, not the request: try again later. If that does not help, report it to Scalekit; "
    "-v shows the trace id of each request."
)
LIMIT_HINT: Final = (
    "The service limits how often it is asked: try again later, or with a lower --concurrency."
)
UNUSABLE_HINT: Final = (
    "Check that SCALEKIT_ENVIRONMENT_URL is the URL of a Scalekit environment, and that no proxy in between "
    "answers in its place. If both are right, report it to Scalekit; -v shows the trace id of each request."
)


def refusal(request: Request, answer: Answer, redact: Redactor) -> ApiError:
    """Return the error for an answer whose status is not 2xx."""
    code, said = _said(answer)
    message = f"{request} answered {answer.status}"
    if code:
        message += f" ({_cut(redact(code), _CODE_LENGTH)})"
    if said:
        message += f": {_cut(redact(said), _MESSAGE_LENGTH)}"
    return _kind(request, answer.status)(
        message.rstrip(".") + ".",
        hint=_hint(request, answer),
        status=answer.status,
        error_code=_cut(redact(code), _CODE_LENGTH) or None,
        trace_id=answer.trace_id,
    )


def silence(request: Request, outcome: NoAnswer) -> Unavailable:
    """Return the error for a request without an answer."""
    reason = outcome.reason.rstrip(".")
    return Unavailable(f"{request} got no answer: {reason}.", hint=outcome.hint, sent=outcome.sent)


def _kind(request: Request, status: int) -> type[ApiError]:
    if request.is_token_request and status // 100 == _CLIENT_ERRORS and status not in RETRIED_STATUSES:
        return AuthenticationError
    if status in _KINDS:
        return _KINDS[status]
    return Unavailable if status // 100 == _SERVER_ERRORS else RequestRejected


def _hint(request: Request, answer: Answer) -> str:
    """Return what to do about an answer, empty where nobody but the service can do something."""
    match answer.status:
        case 400 if request.is_token_request:
            hint = _CREDENTIALS_HINT
        case 401:
            hint = _CREDENTIALS_HINT
        case 403 if request.path == ORGANIZATIONS_PATH:
            hint = "Give the API client the permission to read organizations, or name the organizations."
        case 403 if not request.is_token_request:
            needed = "connections_write" if request.is_write else "connections_read"
            hint = f"Give the API client the permission {needed}."
        case 403 | 404 | 405 if request.is_token_request:
            hint = _URL_HINT
        case status if status // 100 == _REDIRECTS:
            where = _cut(answer.location or "nowhere", 100)
            hint = f"Redirects are not followed; this one leads to {where}. {_URL_HINT}"
        case 429:
            hint = LIMIT_HINT
        case status if _kind(request, status) is Unavailable:
            hint = _FAILURE_HINT
        case _:
            hint = ""
    return hint


def _said(answer: Answer) -> tuple[str, str]:
    """Return the error code and the message of an error body; empty where it has none."""
    try:
        body: object = json.loads(answer.body)
    except (ValueError, RecursionError):
        is_page = "html" in answer.content_type.lower() or answer.body.lstrip()[:1] == b"<"
        return "", "an HTML page, not an answer of the service" if is_page else ""
    if not isinstance(body, dict):
        return "", ""
    fields = cast("dict[str, object]", body)
    message = _text(fields.get("message")) or _text(fields.get("error_description"))
    return _error_code(fields), message


def _error_code(fields: dict[str, object]) -> str:
    details = fields.get("details")
    for detail in cast("list[object]", details) if isinstance(details, list) else []:
        if isinstance(detail, dict) and (code := _text(cast("dict[str, object]", detail).get("error_code"))):
            return code
    number = fields.get("code")
    named = _GRPC_NAMES.get(number, "") if isinstance(number, int) else ""
    return named or _text(fields.get("error"))


def _text(value: object) -> str:
    return " ".join(value.encode("utf-8", "replace").decode().split()) if isinstance(value, str) else ""


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
