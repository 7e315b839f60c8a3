"""Everything that this package raises on purpose.

::

    ScalekitApplyError
    ├── UsageError                  options, arguments or files that cannot be used
    │   └── OutputError             a file that cannot be written
    ├── ConfigurationError          the configuration or options have errors; carries all of them
    ├── CredentialsError            credentials are missing or unreadable
    ├── EnvironmentMismatch         configuration, plan and URL do not name one environment
    ├── PlanFileError               a saved plan that cannot be used
    ├── Declined                    the prompt was answered with something else than yes
    ├── Interrupted                 SIGINT or SIGTERM arrived
    └── ApiError                    the service, or the way to it, failed
        ├── AuthenticationError     401, also after a new token
        ├── PermissionDenied        403
        ├── NotFound                404
        ├── RequestRejected         any other answer that says no, and is not worth a retry
        ├── UnusableAnswer          an answer that is not what was asked for
        └── Unavailable             no answer, or only answers worth a retry until the budget ended

Foreign exceptions (of httpx, yaml, jsonschema, sqlite3, os) stop at the adapter that met them.
Messages never hold a secret; they may hold text of a server or a file, which views escape.
"""

from __future__ import annotations

from typing import ClassVar

from scalekit_apply.diagnostics import Diagnostic, Diagnostics, Severity
from scalekit_apply.exits import Outcome


class ScalekitApplyError(Exception):
    """Base of all. ``message`` is one sentence, ``hint`` says what to do."""

    outcome: Outcome = Outcome.UNEXPECTED
    check: ClassVar[str] = "unexpected-error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def diagnostics(self) -> Diagnostics:
        """The error as values to show."""
        return Diagnostics(
            [Diagnostic(severity=Severity.ERROR, check=self.check, summary=self.message, detail=self.hint)]
        )


class UsageError(ScalekitApplyError):
    """Options, arguments or files that cannot be used."""

    outcome = Outcome.INVALID
    check = "usage"


class OutputError(UsageError):
    """A file that cannot be written."""

    check = "output"


class ConfigurationError(ScalekitApplyError):
    """The configuration, or the options beside it, have errors: all that were found are shown at once."""

    outcome = Outcome.INVALID
    check = "configuration"

    def __init__(self, found: Diagnostics) -> None:
        super().__init__("The configuration is not valid.")
        self.found = found

    @property
    def diagnostics(self) -> Diagnostics:
        """Every error and warning that was found."""
        return self.found


class CredentialsError(ScalekitApplyError):
    """Credentials are missing or cannot be read."""

    outcome = Outcome.DENIED
    check = "credentials"


class EnvironmentMismatch(ScalekitApplyError):
    """Configuration, plan and URL in use do not name one environment."""

    outcome = Outcome.DENIED
    check = "environment-mismatch"


class PlanFileError(ScalekitApplyError):
    """A saved plan or result that cannot be used."""

    outcome = Outcome.STALE
    check = "plan-file"


class Declined(ScalekitApplyError):
    """The prompt was answered with something else than yes."""

    outcome = Outcome.DECLINED
    check = "declined"


class Interrupted(ScalekitApplyError):
    """A signal ended the run. ``terminated`` tells SIGTERM from SIGINT."""

    outcome = Outcome.INTERRUPTED
    check = "interrupted"

    def __init__(self, *, terminated: bool) -> None:
        super().__init__("Terminated by SIGTERM." if terminated else "Interrupted.")
        self.terminated = terminated
        self.outcome = Outcome.TERMINATED if terminated else Outcome.INTERRUPTED


class ApiError(ScalekitApplyError):
    """The service, or the way to it, failed.

    ``status`` is the HTTP status, ``None`` without an answer. ``error_code`` and ``trace_id`` are the
    service's own, where it gave them. ``attempts`` counts the requests of this one call. ``sent`` is false
    only when it is certain that no request of this call reached the service. ``effect_unknown`` is true when
    a write may or may not have taken effect.
    """

    outcome = Outcome.UNAVAILABLE
    check = "api"

    def __init__(  # noqa: PLR0913  # one keyword for each fact that support asks for
        self,
        message: str,
        *,
        hint: str = "",
        status: int | None = None,
        error_code: str | None = None,
        trace_id: str | None = None,
        attempts: int = 1,
        sent: bool = True,
        effect_unknown: bool = False,
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.error_code = error_code
        self.trace_id = trace_id
        self.attempts = attempts
        self.sent = sent
        self.effect_unknown = effect_unknown


class AuthenticationError(ApiError):
    """401, also after a new token."""

    outcome = Outcome.DENIED
    check = "authentication"


class PermissionDenied(ApiError):
    """403: the client lacks a permission."""

    outcome = Outcome.DENIED
    check = "permission"


class NotFound(ApiError):
    """404."""

    check = "not-found"


class RequestRejected(ApiError):
    """An answer that says no and would say it again."""

    check = "request-rejected"


class UnusableAnswer(ApiError):
    """An answer that is not what was asked for: wrong shape, not JSON, too large."""

    check = "unusable-answer"


class Unavailable(ApiError):
    """No answer, or only answers worth a retry, until the retry budget ended."""

    check = "unavailable"
