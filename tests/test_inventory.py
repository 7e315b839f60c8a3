from __future__ import annotations

from collections.abc import Iterator

import pytest
from fake_api import FakeApi, live

from scalekit_apply.errors import ApiError, PermissionDenied, RequestRejected, Unavailable
from scalekit_apply.inventory import all_organizations, read_organizations
from scalekit_apply.model import OrganizationId, WriteAnswer
from scalekit_apply.workers import WorkerPool


class Inventory(FakeApi):
    """A service that also lists organizations."""

    organizations: tuple[str, ...] = ()
    refusal: ApiError | None = None

    def list_organizations(self) -> tuple[tuple[OrganizationId, str], ...]:
        if self.refusal:
            raise self.refusal
        return tuple((OrganizationId(name), "") for name in self.organizations)


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    made = WorkerPool(2)
    yield made
    made.close()


def test_organizations_come_from_their_list_and_from_the_environment_wide_one() -> None:
    api = Inventory([live("c", "1", enabled=True)])
    api.organizations = ("org_b", "org_a")
    assert all_organizations(api) == ("org_a", "org_b", "org_c")


def test_a_refused_environment_wide_list_costs_nothing() -> None:
    api = Inventory()
    api.organizations = ("org_a",)

    def refuse(_method: str, _subject: str) -> WriteAnswer | ApiError | None:
        return RequestRejected("no such list", status=501)

    api.hook = refuse
    assert all_organizations(api) == ("org_a",)


def test_an_environment_wide_list_that_cannot_be_reached_is_a_failure() -> None:
    api = Inventory()

    def fail(_method: str, _subject: str) -> WriteAnswer | ApiError | None:
        return Unavailable("no answer")

    api.hook = fail
    with pytest.raises(Unavailable):
        all_organizations(api)


def test_without_permission_to_list_organizations_the_way_around_is_named() -> None:
    api = Inventory()
    api.refusal = PermissionDenied("no", hint="Ask for it.", status=403)
    with pytest.raises(PermissionDenied) as caught:
        all_organizations(api)
    assert caught.value.hint.startswith("Ask for it. Name organizations with --organization")


def test_every_organization_is_read_by_its_own_list_even_when_there_is_a_wide_one(pool: WorkerPool) -> None:
    api = Inventory([live("a", "2", enabled=True), live("a", "1", enabled=False)])
    found = read_organizations(api, pool, [OrganizationId("org_b"), OrganizationId("org_a")])
    assert [(item.id, list(item.connections)) for item in found] == [
        ("org_a", ["conn_1", "conn_2"]),
        ("org_b", []),
    ]
    assert sorted(api.calls) == [("list", "org_a"), ("list", "org_b")]
