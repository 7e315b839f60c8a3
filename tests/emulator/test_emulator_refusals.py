"""Requests that are refused, and with which error."""

from __future__ import annotations

import pytest
from emulator_client import signed_in
from emulator_support import (
    connection,
    organization,
    running,
)

ORG = "/api/v1/organizations/org_1/connections"


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
