from __future__ import annotations

from collections.abc import Iterable

import pytest
from fake_api import FakeApi, address, live

from scalekit_apply.errors import (
    ApiError,
    AuthenticationError,
    NotFound,
    PermissionDenied,
    RequestRejected,
    Unavailable,
    UnusableAnswer,
)
from scalekit_apply.model import Live, LiveOrganization, OrganizationId
from scalekit_apply.reading import ReadMode, Wanted, read_details, read_live
from scalekit_apply.workers import WorkerPool


def wanting(**connections: str) -> Wanted:
    return {
        OrganizationId(f"org_{organization}"): [
            address(organization, name).connection_id for name in names.split()
        ]
        for organization, names in connections.items()
    }


def read(
    api: FakeApi,
    wanted: Wanted,
    *,
    mode: ReadMode = ReadMode.AUTO,
    exhaustive: Iterable[str] = (),
) -> Live:
    return read_live(
        api,
        WorkerPool(2),
        wanted=wanted,
        exhaustive={OrganizationId(item) for item in exhaustive},
        mode=mode,
    )


TWO = [live("a", "1", enabled=True), live("b", "2", enabled=False)]


def test_nothing_wanted_needs_no_call() -> None:
    api = FakeApi(TWO)
    assert read(api, {}) == Live()
    assert api.calls == []


def test_one_organization_is_read_by_its_own_list() -> None:
    api = FakeApi(TWO)
    found = read(api, wanting(a="1"))
    assert api.calls == [("list", "org_a")]
    assert found.connection(address("a", "1")) == TWO[0]
    assert found.organizations[OrganizationId("org_a")] == LiveOrganization(
        id=OrganizationId("org_a"), name="Customer a", connections={TWO[0].address.connection_id: TWO[0]}
    )


def test_several_organizations_are_read_by_one_list_of_the_environment() -> None:
    api = FakeApi(TWO)
    found = read(api, wanting(a="1", b="2"))
    assert api.calls == [("list", "environment")]
    assert list(found.organizations) == ["org_a", "org_b"]


def test_what_the_wide_list_lacks_is_asked_of_its_organization() -> None:
    api = FakeApi(TWO, wide=False)
    found = read(api, wanting(a="1", b="2"))
    assert sorted(api.calls) == [("list", "environment"), ("list", "org_a"), ("list", "org_b")]
    assert found.connection(address("b", "2")) == TWO[1]


def test_an_organization_with_a_missing_connection_is_read_by_its_own_list() -> None:
    api = FakeApi(TWO)
    found = read(api, wanting(a="1 9", b="2"))
    assert sorted(api.calls) == [("list", "environment"), ("list", "org_a")]
    assert found.connection(address("a", "9")) is None


def test_exhaustive_organizations_are_always_read_by_their_own_list() -> None:
    api = FakeApi(TWO)
    read(api, wanting(a="1", b="2"), exhaustive=["org_b"])
    assert api.calls == [("list", "environment"), ("list", "org_b")]


@pytest.mark.parametrize("mode", list(ReadMode))
def test_every_mode_asks_the_organization_before_it_says_missing(mode: ReadMode) -> None:
    api = FakeApi(TWO, wide=False)
    found = read(api, wanting(a="1 9"), mode=mode)
    assert ("list", "org_a") in api.calls
    assert found.connection(address("a", "1")) is not None
    assert found.connection(address("a", "9")) is None


def test_organization_mode_never_starts_from_the_wide_list() -> None:
    api = FakeApi(TWO)
    read(api, wanting(a="1", b="2"), mode=ReadMode.ORGANIZATION)
    assert sorted(api.calls) == [("list", "org_a"), ("list", "org_b")]


def test_environment_mode_starts_from_the_wide_list_even_for_one_organization() -> None:
    api = FakeApi(TWO)
    read(api, wanting(a="1"), mode=ReadMode.ENVIRONMENT)
    assert api.calls == [("list", "environment")]


def test_the_owner_of_a_connection_in_the_wrong_place_is_named() -> None:
    api = FakeApi(TWO)
    found = read(api, wanting(a="1 2", b="2"))
    assert found.elsewhere == {address("b", "2").connection_id: "org_b"}


def test_with_one_organization_the_wide_list_is_asked_for_the_owner_only() -> None:
    api = FakeApi(TWO)
    found = read(api, wanting(a="2"))
    assert api.calls == [("list", "org_a"), ("list", "environment")]
    assert found.elsewhere == {address("b", "2").connection_id: "org_b"}


def test_an_owner_that_only_own_lists_know_is_kept_when_the_wide_list_names_no_other() -> None:
    api = FakeApi(TWO, wide=False)
    found = read(api, wanting(a="2 9", b="2"), mode=ReadMode.ORGANIZATION)
    assert found.elsewhere == {address("b", "2").connection_id: "org_b"}


def test_an_owner_that_cannot_be_found_out_is_no_failure() -> None:
    api = FakeApi(TWO)
    api.hook = lambda _, subject: Unavailable("down") if subject == "environment" else None
    assert read(api, wanting(a="2")).elsewhere == {}


@pytest.mark.parametrize("kind", [RequestRejected, NotFound, UnusableAnswer])
def test_auto_falls_back_to_own_lists_when_the_wide_one_is_refused(kind: type[ApiError]) -> None:
    api = FakeApi(TWO)
    api.hook = lambda _, subject: kind("no") if subject == "environment" else None
    found = read(api, wanting(a="1", b="2"))
    assert set(found.organizations) == {"org_a", "org_b"}
    with pytest.raises(kind):
        read(api, wanting(a="1", b="2"), mode=ReadMode.ENVIRONMENT)


@pytest.mark.parametrize("kind", [AuthenticationError, PermissionDenied, Unavailable])
def test_auto_does_not_fall_back_when_the_service_refuses_the_client_or_is_away(kind: type[ApiError]) -> None:
    api = FakeApi(TWO)
    api.hook = lambda _, subject: kind("no") if subject == "environment" else None
    with pytest.raises(kind):
        read(api, wanting(a="1", b="2"))


def test_an_organization_without_connections_has_no_name() -> None:
    found = read(FakeApi(), wanting(a=""))
    assert found.organizations[OrganizationId("org_a")].name == ""


def test_details_are_none_for_what_is_gone_and_other_errors_are_raised() -> None:
    api = FakeApi(TWO)
    gone, there = address("a", "9"), address("a", "1")
    details = read_details(api, WorkerPool(2), [gone, there])
    assert details[gone] is None
    assert (detail := details[there]) is not None
    assert detail.enabled
    api.hook = lambda _method, _subject: Unavailable("down")
    with pytest.raises(Unavailable):
        read_details(api, WorkerPool(2), [there])


def test_own_lists_do_not_stand_in_for_a_token_that_is_not_to_be_had() -> None:
    api = FakeApi(TWO)
    api.hook = lambda _method, _subject: UnusableAnswer("no token", attempts=0)
    with pytest.raises(UnusableAnswer):
        read(api, wanting(a="1", b="2"))
    assert api.calls == [("list", "environment")]
