"""connection-not-found, expectation-failed and organization-name."""

from __future__ import annotations

from dataclasses import replace

import pytest
from checks_support import (
    ADDRESS,
    CONN,
    EXPECT_PLACE,
    NAME_PLACE,
    ORG,
    ORGANIZATION_PLACE,
    PLACE,
    at,
    changes_of,
    desired_of,
    judge,
    live_connection,
    live_of,
    organization,
    wanted,
)

from scalekit_apply.diagnostics import Diagnostic, Location, Severity
from scalekit_apply.model import Check, DesiredOrganization, Expectation, Live, LiveConnection, OrganizationId
from scalekit_apply.plan import Change

DESIRED = desired_of([organization([wanted()])])


def not_found(live: Live) -> Diagnostic:
    (found,) = judge(Check.CONNECTION_NOT_FOUND, DESIRED, live)
    return found


def test_a_connection_that_is_there_is_found() -> None:
    assert judge(Check.CONNECTION_NOT_FOUND, DESIRED, live_of([live_connection()])) == ()


def test_a_connection_that_its_organization_lacks_is_an_error_at_its_place() -> None:
    found = not_found(live_of([live_connection(at("conn_2"))]))
    assert found == Diagnostic(
        severity=Severity.ERROR,
        check="connection-not-found",
        summary="org_1 has no connection conn_1.",
        detail="Correct the id or remove the entry.",
        address="org_1/conn_1",
        location=PLACE,
    )


def test_a_connection_of_another_organization_names_its_owner() -> None:
    found = not_found(live_of([], empty=[ORG], elsewhere={CONN: OrganizationId("org_2")}))
    assert found.summary == "conn_1 is not a connection of org_1: it belongs to org_2."
    assert found.detail == "Move the entry to org_2, correct the id, or remove the entry."


@pytest.mark.parametrize("live", [Live(), live_of([], empty=[ORG])], ids=["not read", "empty"])
def test_an_organization_without_connections_may_be_unknown_to_the_environment(live: Live) -> None:
    found = not_found(live)
    assert found.summary == (
        "conn_1 was not found: org_1 has no connections or is unknown to this environment."
    )
    assert found.detail == "Correct the id of the organization or the `environment`, or remove the entry."


def test_every_missing_connection_is_named() -> None:
    desired = desired_of([organization([wanted(), wanted(at("conn_2")), wanted(at("conn_3"))])])
    found = judge(Check.CONNECTION_NOT_FOUND, desired, live_of([live_connection(at("conn_2"))]))
    assert [item.address for item in found] == ["org_1/conn_1", "org_1/conn_3"]


def test_a_change_of_a_connection_that_is_gone_is_an_error_although_it_is_not_configured() -> None:
    source = Location(file="scalekit.yaml", line=6)
    change = Change(live=live_connection(at("conn_9"), enabled=True), source=source)
    (found,) = judge(Check.CONNECTION_NOT_FOUND, DESIRED, live_of([live_connection()]), (change,))
    assert (found.address, found.location) == ("org_1/conn_9", source)


def test_a_configured_connection_that_is_changed_and_gone_is_named_once() -> None:
    (found,) = judge(Check.CONNECTION_NOT_FOUND, DESIRED, Live(), changes_of(live_connection()))
    assert found.location == PLACE


def test_an_organization_without_entries_that_has_nothing_may_be_mistyped() -> None:
    (found,) = judge(Check.CONNECTION_NOT_FOUND, desired_of([organization()]), live_of([], empty=[ORG]))
    assert found == Diagnostic(
        severity=Severity.ERROR,
        check="connection-not-found",
        summary="org_1 has no connections or is unknown to this environment.",
        detail="Correct the id of the organization or the `environment`, or remove the entry.",
        address="org_1",
        location=ORGANIZATION_PLACE,
    )


@pytest.mark.parametrize(
    ("asked", "live"),
    [
        (organization(), live_of([live_connection()])),
        (organization(), live_of([])),
        (organization(others=["conn_7"]), live_of([], empty=[ORG])),
    ],
    ids=["it has connections", "it was not read", "it manages others"],
)
def test_an_organization_without_entries_is_no_finding_of_its_own(
    asked: DesiredOrganization, live: Live
) -> None:
    assert judge(Check.CONNECTION_NOT_FOUND, desired_of([asked]), live) == ()


def expectation(expect: Expectation | None, live: LiveConnection) -> tuple[Diagnostic, ...]:
    desired = desired_of([organization([replace(wanted(), expect=expect)])])
    return judge(Check.EXPECTATION_FAILED, desired, live_of([live]))


@pytest.mark.parametrize(
    "expect",
    [
        None,
        Expectation(),
        Expectation(provider="OKTA", type="SAML", status="COMPLETED", domains=("megasoft.com",)),
        Expectation(domains=("MegaSoft.com",)),
        Expectation(domains=("megasoft.com", "MEGASOFT.COM")),
    ],
)
def test_a_connection_that_is_as_expected_is_no_finding(expect: Expectation | None) -> None:
    assert expectation(expect, live_connection()) == ()


def test_domains_that_only_capitals_write_alike_are_two() -> None:
    assert expectation(Expectation(domains=("straße.de",)), live_connection(domains=("strasse.de",)))


@pytest.mark.parametrize(("expected", "live"), [("IN_PROGRESS", "INPROGRESS"), ("INPROGRESS", "IN_PROGRESS")])
def test_the_two_ways_to_write_in_progress_are_one_status(expected: str, live: str) -> None:
    assert expectation(Expectation(status=expected), live_connection(status=live)) == ()


@pytest.mark.parametrize(
    ("expect", "told", "correction"),
    [
        (Expectation(provider="GOOGLE"), "provider is OKTA, expected GOOGLE", "`expect.provider` to OKTA"),
        (Expectation(provider="okta"), "provider is OKTA, expected okta", "`expect.provider` to OKTA"),
        (Expectation(type="OIDC"), "type is SAML, expected OIDC", "`expect.type` to SAML"),
        (Expectation(type="saml"), "type is SAML, expected saml", "`expect.type` to SAML"),
        (Expectation(status="DRAFT"), "status is COMPLETED, expected DRAFT", "`expect.status` to COMPLETED"),
        (
            Expectation(domains=()),
            'domains is ["megasoft.com"], expected []',
            '`expect.domains` to ["megasoft.com"]',
        ),
        (
            Expectation(domains=("b.org", "a.org")),
            'domains is ["megasoft.com"], expected ["a.org", "b.org"]',
            '`expect.domains` to ["megasoft.com"]',
        ),
    ],
)
def test_a_fact_that_differs_names_both_values_and_the_key(
    expect: Expectation, told: str, correction: str
) -> None:
    (found,) = expectation(expect, live_connection())
    assert found.severity is Severity.ERROR
    assert found.summary == f"org_1/conn_1 is not what `expect` says: {told}."
    assert found.detail == (
        f"If this is the wrong connection, correct its `id`; if the fact has changed, set {correction}."
    )


def test_every_fact_that_differs_is_named_at_once() -> None:
    expect = Expectation(provider="GOOGLE", type="OIDC", status="DRAFT", domains=("a.org",))
    (found,) = expectation(expect, live_connection(status="", domains=()))
    assert found.summary == (
        "org_1/conn_1 is not what `expect` says: provider is OKTA, expected GOOGLE; type is SAML, expected"
        ' OIDC; status is unspecified, expected DRAFT; domains is [], expected ["a.org"].'
    )
    assert found.detail.endswith(
        "set `expect.provider` to OKTA and set `expect.type` to SAML and remove `expect.status`"
        " and set `expect.domains` to []."
    )


def test_a_value_that_is_no_plain_word_stands_between_quotes() -> None:
    (found,) = expectation(Expectation(provider="OKTA"), live_connection(provider='A"\n\x1b[m\\'))
    assert r'provider is "A\"\n\x1b[m\\", expected OKTA' in found.summary


@pytest.mark.parametrize("word", ["ÖKTA", "OKTA 2"])
def test_only_ascii_words_stand_without_quotes(word: str) -> None:
    (found,) = expectation(Expectation(provider="OKTA"), live_connection(provider=word))
    assert f'provider is "{word}", expected OKTA' in found.summary


def test_an_expectation_points_at_itself_or_else_at_its_connection() -> None:
    live = live_connection()
    (itself,) = expectation(Expectation(type="OIDC", location=EXPECT_PLACE), live)
    (connection,) = expectation(Expectation(type="OIDC"), live)
    assert (itself.location, connection.location) == (EXPECT_PLACE, PLACE)


def test_expectations_hold_for_connections_that_do_not_change_too() -> None:
    assert len(expectation(Expectation(type="OIDC"), live_connection(enabled=True))) == 1


def test_a_connection_that_is_not_there_fails_no_expectation_and_hides_no_other() -> None:
    expect = Expectation(type="OIDC")
    second = at("conn_2")
    desired = desired_of(
        [organization([replace(wanted(), expect=expect), replace(wanted(second), expect=expect)])]
    )
    (found,) = judge(Check.EXPECTATION_FAILED, desired, live_of([live_connection(second)]))
    assert found.address == str(second)


def label(name: str | None, live_name: str) -> tuple[Diagnostic, ...]:
    desired = desired_of([organization([wanted()], name=name)])
    return judge(Check.ORGANIZATION_NAME, desired, live_of([live_connection()], name=live_name))


def test_a_label_that_differs_is_a_warning_that_names_both() -> None:
    (found,) = label("Megasoft Ltd", 'Mega"soft"')
    assert found == Diagnostic(
        severity=Severity.WARNING,
        check="organization-name",
        summary=r'org_1 is called "Mega\"soft\"", but labelled "Megasoft Ltd".',
        detail=r'Set `name` to "Mega\"soft\"", or correct `id` if this is the wrong organization.',
        address="org_1",
        location=NAME_PLACE,
    )


@pytest.mark.parametrize(
    ("name", "live_name"),
    [("Megasoft", "Megasoft"), (None, "Megasoft"), ("Megasoft", ""), ("", "")],
)
def test_a_label_that_agrees_or_cannot_be_compared_is_no_finding(name: str | None, live_name: str) -> None:
    assert label(name, live_name) == ()


def test_a_label_without_a_place_of_its_own_points_at_the_organization() -> None:
    unplaced = replace(organization(name="Other"), name_location=None)
    (found,) = judge(Check.ORGANIZATION_NAME, desired_of([unplaced]), live_of([live_connection()]))
    assert found.location == ORGANIZATION_PLACE


def test_an_organization_that_was_not_read_has_no_name_to_compare_and_hides_no_other() -> None:
    desired = desired_of([organization(identifier="org_0", name="Zero"), organization(name="One")])
    (found,) = judge(Check.ORGANIZATION_NAME, desired, live_of([live_connection(ADDRESS)]))
    assert found.address == ORG
