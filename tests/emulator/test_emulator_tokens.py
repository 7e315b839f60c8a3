"""Tokens: who gets one, what it permits, and for how long."""

from __future__ import annotations

import pytest
from emulator_client import FORM, Clock, HttpClient, signed_in
from emulator_support import (
    CLIENT_ID,
    CLIENT_SECRET,
    READ_ONLY_ID,
    READ_ONLY_SECRET,
    connection,
    organization,
    running,
)

from scalekit_apply.emulator import Dialect

ORG = "/api/v1/organizations/org_1/connections"


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
