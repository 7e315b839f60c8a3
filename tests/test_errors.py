"""The tree of errors is the one that is drawn, and every error can be shown."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from scalekit_apply import errors
from scalekit_apply.diagnostics import Diagnostic, Diagnostics, Severity
from scalekit_apply.errors import (
    ApiError,
    ConfigurationError,
    Declined,
    Interrupted,
    ScalekitApplyError,
)
from scalekit_apply.exits import ExitCode, Outcome, exit_code


def drawn() -> dict[str, str]:
    """Each class of the drawing with its parent, and the root with nothing."""
    parents: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.fullmatch(r"    ((?:[│ ]   )*(?:[├└]── )?)(\w+)(?:  .*)?", line)
        if found is None:
            continue
        depth, name = len(found[1]) // 4, found[2]
        while above and above[-1][0] >= depth:
            above.pop()
        parents[name] = above[-1][1] if above else ""
        above.append((depth, name))
    return parents


def classes(root: type[ScalekitApplyError]) -> list[type[ScalekitApplyError]]:
    found = [root]
    for child in root.__subclasses__():
        if child.__module__ == errors.__name__:
            found += classes(child)
    return found


EVERY = classes(ScalekitApplyError)


def test_the_tree_is_the_one_that_the_docstring_draws() -> None:
    assert drawn() == {item.__name__: item.__base__.__name__ for item in EVERY if item.__base__} | {
        "ScalekitApplyError": ""
    }


def test_the_classes_stand_in_the_order_of_the_drawing() -> None:
    defined = [name for name, value in vars(errors).items() if value in EVERY]
    assert list(drawn()) == defined


def test_every_exception_of_the_module_is_in_the_tree() -> None:
    raised = {
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, BaseException)
    }
    assert raised == set(EVERY)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("ScalekitApplyError", ExitCode.UNEXPECTED),
        ("UsageError", ExitCode.INVALID),
        ("OutputError", ExitCode.INVALID),
        ("ConfigurationError", ExitCode.INVALID),
        ("CredentialsError", ExitCode.DENIED),
        ("EnvironmentMismatch", ExitCode.DENIED),
        ("PlanFileError", ExitCode.STALE),
        ("Declined", ExitCode.UNEXPECTED),
        ("Interrupted", ExitCode.INTERRUPTED),
        ("ApiError", ExitCode.UNAVAILABLE),
        ("AuthenticationError", ExitCode.DENIED),
        ("PermissionDenied", ExitCode.DENIED),
        ("NotFound", ExitCode.UNAVAILABLE),
        ("RequestRejected", ExitCode.UNAVAILABLE),
        ("UnusableAnswer", ExitCode.UNAVAILABLE),
        ("Unavailable", ExitCode.UNAVAILABLE),
    ],
)
def test_every_error_leads_to_its_exit_code(name: str, code: ExitCode) -> None:
    (error,) = (item for item in EVERY if item.__name__ == name)
    assert exit_code([error.outcome]) is code


def test_every_error_has_a_name_of_its_own_for_its_diagnostic() -> None:
    names = [error.check for error in EVERY]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in names)


PLAIN: list[Callable[..., ScalekitApplyError]] = [
    error for error in EVERY if error not in {ConfigurationError, Interrupted}
]


@pytest.mark.parametrize("error", PLAIN)
def test_an_error_shows_its_message_and_its_hint(error: type[ScalekitApplyError]) -> None:
    raised = error("It failed.", hint="Try this.")
    assert (str(raised), raised.message, raised.hint) == ("It failed.", "It failed.", "Try this.")
    assert raised.diagnostics == Diagnostics(
        [Diagnostic(severity=Severity.ERROR, check=error.check, summary="It failed.", detail="Try this.")]
    )
    assert error("It failed.").hint == ""


def test_an_invalid_configuration_carries_everything_that_was_found() -> None:
    found = Diagnostics(
        [
            Diagnostic(severity=Severity.ERROR, check="a", summary="A."),
            Diagnostic(severity=Severity.WARNING, check="b", summary="B."),
        ]
    )
    raised = ConfigurationError(found)
    assert raised.diagnostics is found
    assert raised.found is found
    assert str(raised) == "The configuration is not valid."


def test_an_interruption_tells_its_signal() -> None:
    assert (Interrupted(terminated=False).message, Interrupted(terminated=True).message) == (
        "Interrupted.",
        "Terminated by SIGTERM.",
    )
    assert Interrupted(terminated=True).terminated
    assert not Interrupted(terminated=False).terminated


def test_an_error_of_the_service_carries_what_support_asks_for() -> None:
    raised = ApiError(
        "No.",
        status=503,
        error_code="UNAVAILABLE",
        trace_id="abc",
        attempts=6,
        sent=False,
        effect_unknown=True,
    )
    facts = (raised.status, raised.error_code, raised.trace_id, raised.attempts)
    assert facts == (503, "UNAVAILABLE", "abc", 6)
    assert (raised.sent, raised.effect_unknown) == (False, True)


def test_an_error_of_the_service_without_an_answer_knows_nothing() -> None:
    raised = ApiError("No.")
    assert (raised.status, raised.error_code, raised.trace_id, raised.attempts) == (None, None, None, 1)
    assert (raised.sent, raised.effect_unknown) == (True, False)


def test_a_declined_approval_is_not_a_defect() -> None:
    assert Declined("No.").outcome is Outcome.DECLINED
