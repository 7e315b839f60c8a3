"""incomplete-connection, certificate-expired, certificate-expiring and debug-enabled."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from checks_support import (
    ADDRESS,
    NOW,
    PLACE,
    at,
    changes_of,
    desired_of,
    detail,
    judge,
    live_connection,
    live_of,
    organization,
    wanted,
)

from scalekit_apply.diagnostics import Diagnostic, Severity
from scalekit_apply.model import Check, ConnectionDetail, LiveConnection

DESIRED = desired_of([organization([wanted()])])
NEVER_MIND = detail()
INSTANT = timedelta(microseconds=1)
MONTH = timedelta(days=30)
YEAR = timedelta(days=365)


def enabling(
    check: Check,
    live: LiveConnection | None = None,
    read: ConnectionDetail | None = NEVER_MIND,
) -> tuple[Diagnostic, ...]:
    connection = live or live_connection()
    known = live_of([connection], details=[] if read is None else [read])
    return judge(check, DESIRED, known, changes_of(connection))


@pytest.mark.parametrize(
    "check",
    [
        Check.INCOMPLETE_CONNECTION,
        Check.CERTIFICATE_EXPIRED,
        Check.CERTIFICATE_EXPIRING,
        Check.DEBUG_ENABLED,
    ],
)
def test_only_what_is_about_to_be_enabled_has_to_be_ready(check: Check) -> None:
    broken = detail(certificates=[], debug_enabled=True)
    enabled = live_connection(enabled=True, status="DRAFT")
    live = live_of([enabled], details=[broken])
    assert judge(check, DESIRED, live) == ()
    assert judge(check, DESIRED, live, changes_of(enabled)) == ()


def test_a_completed_connection_is_ready() -> None:
    assert enabling(Check.INCOMPLETE_CONNECTION) == ()


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ("DRAFT", "DRAFT"),
        ("IN_PROGRESS", "IN_PROGRESS"),
        ("completed", "completed"),
        ("", "unspecified"),
        ("NEW\n1", r'"NEW\n1"'),
    ],
)
def test_enabling_a_connection_with_any_other_status_is_an_error(status: str, shown: str) -> None:
    (found,) = enabling(Check.INCOMPLETE_CONNECTION, live_connection(status=status))
    assert found == Diagnostic(
        severity=Severity.ERROR,
        check="incomplete-connection",
        summary=f"org_1/conn_1 would be enabled, but its status is {shown}, not COMPLETED.",
        detail="Finish setting the connection up in Scalekit, or keep `enabled: false`; to enable it all the"
        " same, set `checks: {incomplete-connection: warning}` on the connection, or pass"
        " `--allow incomplete-connection`.",
        address="org_1/conn_1",
        location=PLACE,
    )


def test_the_status_of_a_connection_that_is_not_there_cannot_be_judged() -> None:
    (found,) = judge(Check.INCOMPLETE_CONNECTION, DESIRED, live_of([]), changes_of(live_connection()))
    assert (found.severity, found.location) == (Severity.ERROR, PLACE)
    assert found.summary == ("The check could not be computed for org_1/conn_1: its status was not read.")
    assert found.detail == "Correct the id, or plan again."


@pytest.mark.parametrize(
    "ends",
    [
        [NOW + INSTANT],
        [NOW - YEAR, NOW + YEAR],
        [NOW + YEAR, NOW - YEAR],
        [None, NOW + YEAR],
        [NOW + YEAR, None],
    ],
)
def test_one_certificate_that_is_valid_now_suffices(ends: list[datetime | None]) -> None:
    assert enabling(Check.CERTIFICATE_EXPIRED, read=detail(certificates=ends)) == ()


@pytest.mark.parametrize(
    ("ends", "why"),
    [
        ([], "it has no certificate"),
        ([NOW], "its last certificate ended on 2024-03-01"),
        ([NOW - timedelta(days=1)], "its last certificate ended on 2024-02-29"),
        ([NOW - YEAR, NOW - timedelta(days=1), NOW - 2 * YEAR], "its last certificate ended on 2024-02-29"),
    ],
)
def test_enabling_saml_without_a_valid_certificate_is_an_error(ends: list[datetime | None], why: str) -> None:
    (found,) = enabling(Check.CERTIFICATE_EXPIRED, read=detail(certificates=ends))
    assert found == Diagnostic(
        severity=Severity.ERROR,
        check="certificate-expired",
        summary=f"org_1/conn_1 would be enabled, but {why}.",
        detail="Add a current certificate of the identity provider in Scalekit, or keep `enabled: false`; to"
        " enable it all the same, set `checks: {certificate-expired: warning}` on the connection, or pass"
        " `--allow certificate-expired`.",
        address="org_1/conn_1",
        location=PLACE,
    )


@pytest.mark.parametrize("ends", [[None], [NOW - YEAR, None], [None, NOW]])
def test_a_certificate_without_a_readable_end_cannot_be_judged_unless_another_is_valid(
    ends: list[datetime | None],
) -> None:
    (found,) = enabling(Check.CERTIFICATE_EXPIRED, read=detail(certificates=ends))
    assert found == Diagnostic(
        severity=Severity.ERROR,
        check="certificate-expired",
        summary="The check could not be computed for org_1/conn_1: a certificate of its identity provider"
        " has no readable expiry_time.",
        detail="Look at the connection in Scalekit, and plan again; to enable it all the same, set"
        " `checks: {certificate-expired: warning}` on the connection, or pass `--allow certificate-expired`.",
        address="org_1/conn_1",
        location=PLACE,
    )
    assert enabling(Check.CERTIFICATE_EXPIRING, read=detail(certificates=ends)) == ()


@pytest.mark.parametrize("check", [Check.CERTIFICATE_EXPIRED, Check.CERTIFICATE_EXPIRING])
@pytest.mark.parametrize("read", [None, detail(certificates=None)], ids=["no read", "no SAML part"])
def test_certificates_that_were_not_read_cannot_be_judged(
    check: Check, read: ConnectionDetail | None
) -> None:
    (found,) = enabling(check, read=read)
    assert (found.severity, found.location, found.address) == (Severity.ERROR, PLACE, "org_1/conn_1")
    assert found.summary == (
        "The check could not be computed for org_1/conn_1: its certificates could not be read."
    )
    assert f"pass `--allow {check.value}`" in found.detail


def test_a_connection_that_the_service_denies_cannot_be_judged() -> None:
    connection = live_connection()
    live = live_of([connection])
    denied = type(live)(organizations=live.organizations, details={ADDRESS: None})
    for check in (Check.CERTIFICATE_EXPIRED, Check.CERTIFICATE_EXPIRING, Check.DEBUG_ENABLED):
        (found,) = judge(check, DESIRED, denied, changes_of(connection))
        assert found.severity is Severity.ERROR


@pytest.mark.parametrize("check", [Check.CERTIFICATE_EXPIRED, Check.CERTIFICATE_EXPIRING])
@pytest.mark.parametrize(
    ("listed", "read", "judged"),
    [
        ("SAML", detail(type="", certificates=None), True),
        ("", detail(type="SAML", certificates=None), True),
        ("OIDC", detail(type="SAML", certificates=None), True),
        ("", None, True),
        ("SAML", None, True),
        ("OIDC", None, False),
        ("", detail(type="", certificates=None), False),
        ("", detail(type="OIDC", certificates=None), False),
        ("OIDC", detail(type="", certificates=None), False),
        ("OIDC", detail(type="OIDC", certificates=None), False),
        ("saml", None, False),
    ],
)
def test_certificates_matter_where_either_answer_says_saml_or_nothing_rules_it_out(
    check: Check,
    listed: str,
    read: ConnectionDetail | None,
    judged: bool,
) -> None:
    summaries = [item.summary for item in enabling(check, live_connection(type=listed), read)]
    assert [summary.endswith(": its certificates could not be read.") for summary in summaries] == (
        [True] if judged else []
    )


@pytest.mark.parametrize(("listed", "read_type", "judged"), [("", "", True), ("OIDC", "OIDC", False)])
def test_a_connection_of_unspecified_type_with_a_saml_part_needs_a_certificate(
    listed: str,
    read_type: str,
    judged: bool,
) -> None:
    read = detail(type=read_type, certificates=[])
    assert bool(enabling(Check.CERTIFICATE_EXPIRED, live_connection(type=listed), read)) is judged


def test_a_connection_that_is_not_there_is_judged_by_what_was_read_of_it() -> None:
    live = live_of([], details=[detail(certificates=[])])
    (found,) = judge(Check.CERTIFICATE_EXPIRED, DESIRED, live, changes_of(live_connection()))
    assert found.summary == "org_1/conn_1 would be enabled, but it has no certificate."


@pytest.mark.parametrize("check", [Check.CERTIFICATE_EXPIRED, Check.CERTIFICATE_EXPIRING])
def test_a_connection_of_which_nothing_was_read_may_be_saml_so_it_cannot_be_judged(check: Check) -> None:
    (found,) = judge(check, DESIRED, live_of([]), changes_of(live_connection()))
    assert found.severity is Severity.ERROR
    assert found.summary.endswith(": its certificates could not be read.")


@pytest.mark.parametrize(
    ("ends", "soon"),
    [
        ([], False),
        ([NOW], False),
        ([NOW + INSTANT], True),
        ([NOW + MONTH - INSTANT], True),
        ([NOW + MONTH], True),
        ([NOW + MONTH + INSTANT], False),
        ([NOW + MONTH, NOW + YEAR], False),
        ([NOW + YEAR, NOW + MONTH], False),
        ([NOW - YEAR, NOW + MONTH], True),
        ([None, NOW + MONTH], True),
        ([None, NOW + YEAR], False),
    ],
)
def test_the_last_valid_certificate_ends_soon_up_to_exactly_30_days(
    ends: list[datetime | None],
    soon: bool,
) -> None:
    assert bool(enabling(Check.CERTIFICATE_EXPIRING, read=detail(certificates=ends))) is soon


def test_a_certificate_that_ends_soon_is_a_warning_with_a_date_in_utc() -> None:
    late = datetime(2024, 3, 9, 22, 0, tzinfo=timezone(timedelta(hours=-5)))
    (found,) = enabling(Check.CERTIFICATE_EXPIRING, read=detail(certificates=[late]))
    assert found == Diagnostic(
        severity=Severity.WARNING,
        check="certificate-expiring",
        summary="org_1/conn_1 would be enabled, but its last valid certificate ends on 2024-03-10.",
        detail="Add the next certificate of the identity provider in Scalekit before that day; to silence"
        " this, set `checks: {certificate-expiring: off}` on it.",
        address="org_1/conn_1",
        location=PLACE,
    )
    assert late.astimezone(UTC).day == 10


@pytest.fixture
def far_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose clock stands 14 hours ahead of UTC."""
    monkeypatch.setenv("TZ", "XXX-14")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("far_east")
def test_law_8_the_time_zone_of_the_machine_moves_no_date() -> None:
    late = datetime(2024, 3, 9, 22, 0, tzinfo=UTC)
    (found,) = enabling(Check.CERTIFICATE_EXPIRING, read=detail(certificates=[late]))
    assert found.summary.endswith("ends on 2024-03-09.")


def test_certificates_count_whatever_the_type_says() -> None:
    read = detail(type="OIDC", certificates=[NOW + MONTH])
    assert len(enabling(Check.CERTIFICATE_EXPIRING, live_connection(type="OIDC"), read)) == 1


def test_enabling_in_debug_mode_is_a_warning() -> None:
    (found,) = enabling(Check.DEBUG_ENABLED, read=detail(debug_enabled=True))
    assert found == Diagnostic(
        severity=Severity.WARNING,
        check="debug-enabled",
        summary="org_1/conn_1 would be enabled in debug mode, which allows endpoints without HTTPS.",
        detail="Switch debug mode off in Scalekit; to silence this, set `checks: {debug-enabled: off}` on"
        " the connection.",
        address="org_1/conn_1",
        location=PLACE,
    )
    assert enabling(Check.DEBUG_ENABLED) == ()


def test_debug_mode_of_a_connection_that_was_not_read_cannot_be_judged() -> None:
    (found,) = enabling(Check.DEBUG_ENABLED, read=None)
    assert (found.severity, found.location) == (Severity.ERROR, PLACE)
    assert found.summary == (
        "The check could not be computed for org_1/conn_1: the connection could not be read."
    )
    assert "set `checks: {debug-enabled: note}` on the connection" in found.detail


@pytest.mark.parametrize("check", [Check.CERTIFICATE_EXPIRED, Check.CERTIFICATE_EXPIRING])
def test_a_connection_that_needs_no_certificate_hides_no_other(check: Check) -> None:
    connections = [live_connection(at("conn_0"), type="OIDC"), live_connection(at("conn_1"))]
    (found,) = judge(check, DESIRED, live_of(connections), changes_of(*connections))
    assert found.address == "org_1/conn_1"


def test_every_connection_about_to_be_enabled_is_judged() -> None:
    connections = [live_connection(at(f"conn_{number}")) for number in range(3)]
    for check in (Check.CERTIFICATE_EXPIRED, Check.CERTIFICATE_EXPIRING, Check.DEBUG_ENABLED):
        assert len(judge(check, DESIRED, live_of(connections), changes_of(*connections))) == 3
