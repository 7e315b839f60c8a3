"""The lists of connections and of organizations."""

from __future__ import annotations

import pytest
from emulator_client import signed_in
from emulator_support import (
    connection,
    organization,
    running,
)

from scalekit_apply.emulator import Defaults, Dialect, UnknownOrganization, WideList

ORG = "/api/v1/organizations/org_1/connections"


def ids(answer: object) -> list[str]:
    assert isinstance(answer, dict)
    return [item["id"] for item in answer.get("connections", [])]


# -- lists ----------------------------------------------------------------------------------------


def test_a_list_holds_only_active_connections_unless_all_are_included() -> None:
    seed = organization(
        "org_1",
        connection("conn_on", enabled=True),
        connection("conn_off"),
        connection("conn_draft", enabled=True, status="DRAFT"),
    )
    with running(seed) as emulator, signed_in(emulator) as client:
        assert ids(client.get("/api/v1/connections").json) == ["conn_on"]
        assert ids(client.get("/api/v1/connections?include=other").json) == ["conn_on"]
        everything = ["conn_on", "conn_off", "conn_draft"]
        assert ids(client.get("/api/v1/connections?include=all").json) == everything
        assert ids(client.get("/api/v1/connections?include=all&organization_id=org_1").json) == everything


def test_a_listed_connection_has_texts_as_domains_and_no_configuration() -> None:
    seed = connection(
        "conn_1",
        enabled=True,
        domains=["a.example", {"id": "dom_9", "domain": "b.example"}],
        key_id="key_1",
        provider_key="okta",
        ui_button_title="Sign in",
        mcp_server_url="https://mcp.example",
    )
    with running(organization("org_1", seed, name="Megasoft")) as emulator, signed_in(emulator) as client:
        assert client.get("/api/v1/connections").json == {
            "connections": [
                {
                    "id": "conn_1",
                    "organization_id": "org_1",
                    "organization_name": "Megasoft",
                    "provider": "OKTA",
                    "type": "SAML",
                    "status": "COMPLETED",
                    "enabled": True,
                    "domains": ["a.example", "b.example"],
                    "key_id": "key_1",
                    "provider_key": "okta",
                    "ui_button_title": "Sign in",
                    "mcp_server_url": "https://mcp.example",
                }
            ]
        }


def test_a_list_is_narrowed_by_organization_and_domain() -> None:
    with (
        running(
            organization("org_1", connection("conn_1"), connection("conn_2", domains=["other.example"])),
            organization("org_2", connection("conn_3", domains=["other.example", "more.example"])),
        ) as emulator,
        signed_in(emulator) as client,
    ):

        def listed(query: str) -> list[str]:
            return ids(client.get(f"/api/v1/connections?include=all&{query}").json)

        assert listed("organization_id=org_1") == ["conn_1", "conn_2"]
        assert listed("domain=other.example") == ["conn_2", "conn_3"]
        assert listed("domain=other.example&organization_id=org_2") == ["conn_3"]
        assert listed("domain=nowhere.example") == []


@pytest.mark.parametrize(
    ("reading", "expected"), [(WideList.ALL, ["conn_1", "conn_env"]), (WideList.ENVIRONMENT, ["conn_env"])]
)
def test_the_wide_list_follows_the_chosen_reading(reading: WideList, expected: list[str]) -> None:
    with (
        running(
            organization("org_1", connection("conn_1")),
            connections=[connection("conn_env")],
            dialect=Dialect(wide_list=reading),
        ) as emulator,
        signed_in(emulator) as client,
    ):
        assert ids(client.get("/api/v1/connections?include=all").json) == expected
        assert ids(client.get("/api/v1/connections?include=all&organization_id=org_1").json) == ["conn_1"]


def test_the_wide_list_shows_every_change_at_once() -> None:
    with running(organization("org_1", connection("conn_1"))) as emulator, signed_in(emulator) as client:
        for enabled in (True, False, True):
            emulator.store.set_enabled("conn_1", enabled)
            assert ids(client.get("/api/v1/connections").json) == ["conn_1"] * enabled
        emulator.store.rename_organization("org_1", "Initech")
        assert client.get("/api/v1/connections").json["connections"][0]["organization_name"] == "Initech"


def test_an_unknown_organization_has_an_empty_list_or_is_not_found() -> None:
    path = "/api/v1/connections?include=all&organization_id=org_none"
    with running() as emulator, signed_in(emulator) as client:
        assert client.get(path).json == {}
    dialect = Dialect(unknown_organization=UnknownOrganization.NOT_FOUND)
    with running(organization("org_1"), dialect=dialect) as emulator, signed_in(emulator) as client:
        assert client.get(path).error == (404, 5, "NOT_FOUND")
        assert client.get("/api/v1/connections?organization_id=org_1").status == 200


def test_values_that_equal_the_default_are_left_out_unless_they_are_asked_for() -> None:
    bare = {"id": "conn_1", "provider": "", "type": "", "status": "", "domains": [], "saml_config": {}}
    seed = organization("org_1", bare)
    with running(seed) as emulator, signed_in(emulator) as client:
        listed = client.get("/api/v1/connections?include=all").json["connections"][0]
        assert listed == {"id": "conn_1", "organization_id": "org_1", "organization_name": "org_1"}
        whole = client.get(f"{ORG}/conn_1").json["connection"]
        assert whole.keys() == {"id", "organization_id", "saml_config", "create_time", "update_time"}
        assert client.patch(f"{ORG}/conn_1:disable").json == {}
        assert client.get("/api/v1/connections").json == {}
    dialect = Dialect(defaults=Defaults.WRITTEN)
    with running(seed, dialect=dialect) as emulator, signed_in(emulator) as client:
        listed = client.get("/api/v1/connections?include=all").json["connections"][0]
        assert (listed["enabled"], listed["status"], listed["domains"]) == (False, "UNSPECIFIED", [])
        whole = client.get(f"{ORG}/conn_1").json["connection"]
        assert whole["debug_enabled"] is False
        assert whole["saml_config"]["want_request_signed"] is False
        assert "oidc_config" not in whole
        assert client.patch(f"{ORG}/conn_1:disable").json == {"enabled": False, "error_message": ""}
        assert client.get("/api/v1/connections").json == {"connections": []}


# -- organizations --------------------------------------------------------------------------------


def test_organizations_come_in_pages_forwards_and_backwards() -> None:
    seeds = [organization(f"org_{number}", name=f"Name {number}") for number in range(25)]
    with running(*seeds) as emulator, signed_in(emulator) as client:
        pages: list[list[str]] = []
        token = ""
        while True:
            page = client.get(f"/api/v1/organizations?page_size=10&page_token={token}").json
            assert page["total_size"] == 25
            pages.append([item["id"] for item in page["organizations"]])
            if not page.get("next_page_token"):
                break
            token = page["next_page_token"]
        assert [len(page) for page in pages] == [10, 10, 5]
        assert [one for page in pages for one in page] == [f"org_{number}" for number in range(25)]
        back = page["prev_page_token"]
        for expected in (pages[1], pages[0]):
            page = client.get(f"/api/v1/organizations?page_size=10&page_token={back}").json
            assert [item["id"] for item in page["organizations"]] == expected
            back = page.get("prev_page_token", "")
        assert back == ""


def test_a_page_of_organizations_survives_a_deletion_in_between() -> None:
    with (
        running(*[organization(f"org_{number}") for number in range(12)]) as emulator,
        signed_in(emulator) as client,
    ):
        first = client.get("/api/v1/organizations").json
        assert len(first["organizations"]) == 10
        emulator.store.delete_organization("org_9")
        second = client.get(f"/api/v1/organizations?page_token={first['next_page_token']}").json
        assert [item["id"] for item in second["organizations"]] == ["org_10", "org_11"]


def test_an_organization_has_its_further_attributes() -> None:
    seed = organization("org_1", name="Megasoft", external_id="42", metadata={"a": "b"}, extra={"new": [1]})
    with running(seed) as emulator, signed_in(emulator) as client:
        assert client.get("/api/v1/organizations").json["organizations"] == [
            {
                "id": "org_1",
                "display_name": "Megasoft",
                "external_id": "42",
                "metadata": {"a": "b"},
                "new": [1],
            }
        ]


@pytest.mark.parametrize(
    "query",
    [
        "page_size=9",
        "page_size=101",
        "page_size=x",
        "page_size=-20",
        "page_size=",
        "page_size=%D9%A3%D9%A0",
        "page_size=99999999999999999999",
        "page_token=%21",
        "page_token=YWZ0ZXI6eA==",
        "page_token=bm9uZTox",
        "page_token=YWZ0ZXI6LTE=",
        "page_token=YWZ0ZXI6OTk5OTk5OTk5OTk5OTk5OTk5OTk5",
        "page_token=w6TDpA==",
    ],
)
def test_a_page_that_cannot_be_is_an_invalid_argument(query: str) -> None:
    with running() as emulator, signed_in(emulator) as client:
        assert client.get(f"/api/v1/organizations?{query}").error == (400, 3, "INVALID_ARGUMENT")
