"""Every endpoint of the API, in the form its description gives it."""

from __future__ import annotations

import time

import pytest
from emulator_client import Clock, signed_in
from emulator_support import (
    OIDC_SECRET,
    certificate,
    connection,
    organization,
    running,
)

from scalekit_apply.emulator import Dialect, SingleRead
from scalekit_apply.emulator.routes import NOT_COMPLETED

ORG = "/api/v1/organizations/org_1/connections"


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
