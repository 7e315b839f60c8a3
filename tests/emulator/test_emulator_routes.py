"""Every endpoint of the API, in the form its description gives it."""

from __future__ import annotations

import time

import pytest
from emulator_client import FORM, HttpClient, signed_in
from emulator_support import (
    CLIENT_ID,
    CLIENT_SECRET,
    OIDC_SECRET,
    READ_ONLY_ID,
    READ_ONLY_SECRET,
    certificate,
    connection,
    organization,
    running,
)

from scalekit_apply.emulator import Defaults, Dialect, SingleRead, UnknownOrganization, WideList
from scalekit_apply.emulator.routes import NOT_COMPLETED

ORG = "/api/v1/organizations/org_1/connections"


def ids(answer: object) -> list[str]:
    assert isinstance(answer, dict)
    return [item["id"] for item in answer.get("connections", [])]


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


# -- tokens ---------------------------------------------------------------------------------------


def test_a_token_answer_has_the_documented_attributes() -> None:
    with running() as emulator, HttpClient(emulator.url) as client:
        got = client.ask_token(CLIENT_ID, CLIENT_SECRET)
        assert got.status == 200
        assert got.json["token_type"] == "Bearer"
        assert got.json["expires_in"] == 86_399
        assert got.json["scope"] == "connections_read connections_write"
        client.token = got.json["access_token"]
        assert client.get("/api/v1/connections").status == 200


@pytest.mark.parametrize(
    ("client_id", "secret", "form", "error"),
    [
        (CLIENT_ID, "wrong", {}, (401, 16, "UNAUTHENTICATED")),
        ("skc_other", CLIENT_SECRET, {}, (401, 16, "UNAUTHENTICATED")),
        (CLIENT_ID, READ_ONLY_SECRET, {}, (401, 16, "UNAUTHENTICATED")),
        (CLIENT_ID, "geheim-ß", {}, (401, 16, "UNAUTHENTICATED")),
        (CLIENT_ID, "", {}, (400, 3, "INVALID_ARGUMENT")),
        ("", CLIENT_SECRET, {}, (400, 3, "INVALID_ARGUMENT")),
        (CLIENT_ID, CLIENT_SECRET, {"grant_type": "password"}, (400, 3, "INVALID_ARGUMENT")),
    ],
)
def test_a_token_is_refused_to_whoever_does_not_ask_properly(
    client_id: str, secret: str, form: dict[str, str], error: tuple[int, int, str]
) -> None:
    with running() as emulator, HttpClient(emulator.url) as client:
        assert client.ask_token(client_id, secret, **form).error == error


def test_a_token_request_that_is_not_form_encoded_is_refused() -> None:
    with running() as emulator, HttpClient(emulator.url) as client:
        got = client.send("POST", "/oauth/token", body="{}", headers={"Content-Type": "application/json"})
        assert got.error == (400, 3, "INVALID_ARGUMENT")
        charset = {"Content-Type": f"{FORM}; charset=utf-8"}
        assert client.send("POST", "/oauth/token", body="grant_type=x", headers=charset).status == 400


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer nonsense",
        "Bearer a.b.c",
        "Basic c2tjOnNlY3JldA==",
        "Bearer \xe9.\xe9",
    ],
)
def test_a_call_without_a_good_token_is_unauthenticated(authorization: str) -> None:
    with running() as emulator, HttpClient(emulator.url) as client:
        headers = {"Authorization": authorization} if authorization else {}
        for method, path in (("GET", "/api/v1/connections"), ("PATCH", f"{ORG}/conn_1:enable")):
            got = client.send(method, path, headers=headers)
            assert got.error == (401, 16, "UNAUTHENTICATED")


def test_a_token_with_a_changed_claim_is_not_accepted() -> None:
    with running() as emulator, signed_in(emulator) as client:
        assert client.token is not None
        head, claims, signature = client.token.split(".")
        client.token = f"{head}.{claims[:-1]}{'A' if claims[-1] != 'A' else 'B'}.{signature}"
        assert client.get("/api/v1/connections").status == 401


def test_a_token_ends_when_its_time_is_over() -> None:
    clock = Clock()
    with running(clock=clock, dialect=Dialect(token_ttl=60)) as emulator, signed_in(emulator) as client:
        clock.now += 59
        assert client.get("/api/v1/connections").status == 200
        clock.now += 1
        assert client.get("/api/v1/connections").error == (401, 16, "UNAUTHENTICATED")
        client.sign_in(CLIENT_ID, CLIENT_SECRET)
        assert client.get("/api/v1/connections").status == 200


def test_the_token_answer_can_be_absurd() -> None:
    dialect = Dialect(expires_in=18_446_744_064_486_179_580, token_type="bearer")
    with running(dialect=dialect) as emulator, HttpClient(emulator.url) as client:
        got = client.ask_token(CLIENT_ID, CLIENT_SECRET).json
        assert got["expires_in"] == 18_446_744_064_486_179_580
        assert got["token_type"] == "bearer"


def test_a_client_that_may_only_read_cannot_change_anything() -> None:
    with running(organization("org_1", connection("conn_1"))) as emulator, HttpClient(emulator.url) as client:
        client.sign_in(READ_ONLY_ID, READ_ONLY_SECRET)
        assert client.get("/api/v1/connections").status == 200
        assert client.patch(f"{ORG}/conn_1:enable").error == (403, 7, "PERMISSION_DENIED")
        assert emulator.store.states() == {"conn_1": False}


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


# -- a connection alone ---------------------------------------------------------------------------


def test_a_single_read_shows_everything_of_a_saml_connection() -> None:
    seed = connection(
        "conn_1",
        debug_enabled=True,
        configuration_type="DISCOVERY",
        attribute_mapping={"email": "email"},
        create_time="2021-10-05T14:48:00.000Z",
        update_time="",
        saml_config={"idp_entity_id": "idp", "idp_certificates": [certificate()]},
    )
    with running(organization("org_1", seed)) as emulator, signed_in(emulator) as client:
        assert client.get(f"{ORG}/conn_1").json == {
            "connection": {
                "id": "conn_1",
                "organization_id": "org_1",
                "provider": "OKTA",
                "type": "SAML",
                "status": "COMPLETED",
                "domains": [{"id": "dom_1", "domain": "example.com"}],
                "test_connection_uri": f"{emulator.url}/sso/v1/saml/conn_1/test",
                "debug_enabled": True,
                "configuration_type": "DISCOVERY",
                "attribute_mapping": {"email": "email"},
                "saml_config": {
                    "idp_entity_id": "idp",
                    "idp_certificates": [
                        {
                            "id": "cert_1",
                            "issuer": "CN=idp.example",
                            "certificate": "MIIC",
                            "expiry_time": "2099-01-01T00:00:00.000Z",
                        }
                    ],
                },
                "create_time": "2021-10-05T14:48:00.000Z",
            }
        }


def test_a_single_read_really_holds_the_client_secret_of_an_oidc_connection() -> None:
    with (
        running(organization("org_1", connection("conn_1", type="OIDC"))) as emulator,
        signed_in(emulator) as client,
    ):
        found = client.get(f"{ORG}/conn_1").json["connection"]
        assert found["oidc_config"]["client_secret"] == OIDC_SECRET
        assert OIDC_SECRET.encode() not in client.get("/api/v1/connections?include=all").body


def test_a_single_read_can_be_the_bare_object() -> None:
    dialect = Dialect(single_read=SingleRead.BARE)
    with (
        running(organization("org_1", connection("conn_1")), dialect=dialect) as emulator,
        signed_in(emulator) as client,
    ):
        assert client.get(f"{ORG}/conn_1").json["id"] == "conn_1"


def test_a_newer_server_can_send_what_nobody_knows() -> None:
    seed = connection(
        "conn_1", enabled=True, provider="NEWER", status="INPROGRESS", type="NO_AUTH", extra={"enabled": "x"}
    )
    with running(organization("org_1", seed)) as emulator, signed_in(emulator) as client:
        found = client.get(f"{ORG}/conn_1").json["connection"]
        assert (found["provider"], found["status"], found["enabled"]) == ("NEWER", "INPROGRESS", "x")
        assert "test_connection_uri" not in found
        listed = client.get("/api/v1/connections?include=all").json["connections"][0]
        assert listed["enabled"] == "x"


def test_a_connection_is_found_only_where_it_belongs() -> None:
    with (
        running(
            organization("org_1", connection("conn_1")),
            organization("org_2"),
            connections=[connection("conn_env")],
        ) as emulator,
        signed_in(emulator) as client,
    ):
        assert client.get("/api/v1/connections/conn_env").json["connection"]["id"] == "conn_env"
        for path in (
            "/api/v1/organizations/org_2/connections/conn_1",
            "/api/v1/organizations/org_1/connections/conn_none",
            "/api/v1/organizations/org_none/connections/conn_1",
            "/api/v1/organizations/org_1/connections/conn_env",
            "/api/v1/connections/conn_1",
        ):
            assert client.get(path).error == (404, 5, "NOT_FOUND")
            assert client.patch(f"{path}:enable").error == (404, 5, "NOT_FOUND")
        assert not any(emulator.store.states().values())


# -- changes --------------------------------------------------------------------------------------


def test_a_connection_is_enabled_and_disabled_as_often_as_it_is_asked_for() -> None:
    with running(organization("org_1", connection("conn_1"))) as emulator, signed_in(emulator) as client:
        for _ in range(2):
            assert client.patch(f"{ORG}/conn_1:enable").json == {"enabled": True}
            assert emulator.store.states() == {"conn_1": True}
        for _ in range(2):
            assert client.patch(f"{ORG}/conn_1:disable").json == {}
            assert emulator.store.states() == {"conn_1": False}


def test_a_connection_of_the_environment_is_enabled_and_disabled() -> None:
    with running(connections=[connection("conn_1")]) as emulator, signed_in(emulator) as client:
        assert client.patch("/api/v1/connections/conn_1:enable").json == {"enabled": True}
        assert client.patch("/api/v1/connections/conn_1:disable").json == {}


def test_only_a_real_change_moves_the_update_time() -> None:
    clock = Clock()
    with (
        running(
            organization("org_1", connection("conn_1", update_time="2021-10-05T14:48:00.000Z")), clock=clock
        ) as emulator,
        signed_in(emulator) as client,
    ):

        def updated() -> str:
            return str(client.get(f"{ORG}/conn_1").json["connection"]["update_time"])

        client.patch(f"{ORG}/conn_1:disable")
        assert updated() == "2021-10-05T14:48:00.000Z"
        client.patch(f"{ORG}/conn_1:enable")
        assert updated() == "2027-01-15T08:00:00.000Z"
        clock.now += 5
        client.patch(f"{ORG}/conn_1:enable")
        assert updated() == "2027-01-15T08:00:00.000Z"


@pytest.mark.parametrize("status", ["DRAFT", "IN_PROGRESS", "INPROGRESS", ""])
def test_enabling_what_is_not_completed_answers_200_and_says_no(status: str) -> None:
    with (
        running(organization("org_1", connection("conn_1", status=status))) as emulator,
        signed_in(emulator) as client,
    ):
        got = client.patch(f"{ORG}/conn_1:enable")
        assert (got.status, got.json) == (200, {"error_message": NOT_COMPLETED})
        assert emulator.store.states() == {"conn_1": False}
        assert client.patch(f"{ORG}/conn_1:disable").json == {}


def test_a_body_of_a_change_is_ignored_and_the_connection_stays_usable() -> None:
    with running(organization("org_1", connection("conn_1"))) as emulator, signed_in(emulator) as client:
        assert client.send("PATCH", f"{ORG}/conn_1:enable", body=b"{}" * 1000).json == {"enabled": True}
        assert client.get(f"{ORG}/conn_1").status == 200


# -- what is refused ------------------------------------------------------------------------------

LONG = "c" * 33


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{ORG}/{LONG}"),
        ("GET", f"{ORG}/"),
        ("GET", "/api/v1/organizations//connections/conn_1"),
        ("GET", f"/api/v1/organizations/{LONG}/connections/conn_1"),
        ("GET", f"/api/v1/connections/{LONG}"),
        ("GET", "/api/v1/connections/"),
        ("PATCH", f"{ORG}/{LONG}:enable"),
        ("PATCH", f"{ORG}/:disable"),
        ("GET", f"/api/v1/connections?organization_id={LONG}"),
    ],
)
def test_an_identifier_of_the_wrong_length_is_an_invalid_argument(method: str, path: str) -> None:
    with running(organization("org_1")) as emulator, signed_in(emulator) as client:
        assert client.send(method, path).error == (400, 3, "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/api/v1/connections", "GET"),
        ("PATCH", "/api/v1/organizations", "GET"),
        ("GET", "/oauth/token", "POST"),
        ("PATCH", f"{ORG}/conn_1", "GET"),
        ("GET", f"{ORG}/conn_1:enable", "PATCH"),
        ("POST", f"{ORG}/conn_1:disable", "PATCH"),
        ("DELETE", f"{ORG}/conn_1", "GET"),
        ("PUT", "/api/v1/connections/conn_1", "GET"),
    ],
)
def test_another_method_is_not_allowed(method: str, path: str, allowed: str) -> None:
    with running(organization("org_1", connection("conn_1"))) as emulator, signed_in(emulator) as client:
        got = client.send(method, path)
        assert got.error == (405, 12, "UNIMPLEMENTED")
        assert got.headers["allow"] == allowed
        assert client.get("/api/v1/connections").status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api/v1",
        "/api/v1/other",
        "/api/v2/connections",
        "/api/v1/connections:enable",
        f"{ORG}/conn_1:remove",
        f"{ORG}/conn_1/more",
        "/api/v1/organizations/org_1",
        "/api/v1/organizations/org_1/../org_1/connections/conn_1",
    ],
)
def test_an_unknown_path_is_not_found(path: str) -> None:
    with running(organization("org_1", connection("conn_1"))) as emulator, signed_in(emulator) as client:
        got = client.get(path)
        assert got.error == (404, 5, "NOT_FOUND")
        assert not emulator.store.states()["conn_1"]


def test_an_identifier_may_hold_anything_when_it_is_quoted() -> None:
    with (
        running(organization("org/a:b", connection("conn ?:/é"))) as emulator,
        signed_in(emulator) as client,
    ):
        path = "/api/v1/organizations/org%2Fa%3Ab/connections/conn%20%3F%3A%2F%C3%A9"
        assert client.get(path).json["connection"]["id"] == "conn ?:/é"
        assert client.patch(f"{path}:enable").json == {"enabled": True}


def test_every_answer_has_a_trace_id_of_its_own() -> None:
    with running() as emulator, signed_in(emulator) as client:
        answers = [client.get(path) for path in ("/api/v1/connections", "/nowhere", "/api/v1/connections")]
        seen = [got.headers["x-trace-id"] for got in answers]
        assert len(set(seen)) == 3
        assert [item.trace_id for item in emulator.requests[1:]] == seen


def test_the_certificates_of_a_seed_can_expire_relative_to_now() -> None:
    saml = {"idp_certificates": [certificate(expiry_in_days=20), certificate(expiry_in_days=-0.5)]}
    with (
        running(organization("org_1", connection("conn_1", saml_config=saml))) as emulator,
        signed_in(emulator) as client,
    ):
        found = client.get(f"{ORG}/conn_1").json["connection"]["saml_config"]["idp_certificates"]
        now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        assert found[1]["expiry_time"] < now < found[0]["expiry_time"]
