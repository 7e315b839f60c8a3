from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from command_support import run
from emulator_support import OIDC_SECRET, certificate, connection, organization, running
from inprocess_support import credentials, invoke

from scalekit_apply.emulator import Emulator

CERTIFICATES = [
    certificate(id="cert_1", expiry_time="2026-01-31T00:00:00Z"),
    certificate(id="cert_2", expiry_time="2025-12-31T12:00:00Z"),
    certificate(id="cert_3", expiry_time="some day"),
]


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with running(
        organization(
            "org_a",
            connection(
                "conn_saml",
                enabled=True,
                create_time="",
                update_time="",
                saml_config={"idp_certificates": CERTIFICATES, "assertion_encrypted": True},
                attribute_mapping={"email": "mail"},
            ),
            connection(
                "conn_oidc",
                type="OIDC",
                oidc_config={
                    "client_id": "at-the-idp",
                    "client_secret": OIDC_SECRET,
                    "scopes": ["openid", "email"],
                },
            ),
            connection("conn_bare", type="OAUTH", domains=[], saml_config={}),
            connection("conn_odd", extra={"saml_config": {"idp_certificates": ["not an object"]}}),
        )
    ) as started:
        yield started


def test_a_connection_is_shown_whole_by_the_command(emulator: Emulator) -> None:
    done = run(["inspect", "org_a", "conn_oidc"], credentials(emulator))
    assert (done.code, done.err) == (0, "")
    assert "client_secret  (hidden)" in done.out
    assert "scopes         openid, email" in done.out
    assert "enabled              false\n" in done.out
    assert OIDC_SECRET not in done.out


def test_text_is_an_outline_with_the_days_that_certificates_have_left(emulator: Emulator) -> None:
    done = invoke(["inspect", "org_a", "conn_saml"], credentials(emulator))
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        "id                   conn_saml\n"
        "organization_id      org_a\n"
        "provider             OKTA\n"
        "type                 SAML\n"
        "status               COMPLETED\n"
        "enabled              true\n"
        f"test_connection_uri  {emulator.url}/sso/v1/saml/conn_saml/test\n"
        "domains\n"
        "  - id      dom_1\n"
        "    domain  example.com\n"
        "attribute_mapping\n"
        "  email  mail\n"
        "saml_config\n"
        "  assertion_encrypted  true\n"
        "  idp_certificates\n"
        "    - id           cert_1\n"
        "      issuer       CN=idp.example\n"
        "      expiry_time  2026-01-31T00:00:00Z\n"
        "      certificate  4 characters, see --format json\n"
        "      days_left    30\n"
        "    - id           cert_2\n"
        "      issuer       CN=idp.example\n"
        "      expiry_time  2025-12-31T12:00:00Z\n"
        "      certificate  4 characters, see --format json\n"
        "      days_left    expired 1 day ago\n"
        "    - id           cert_3\n"
        "      issuer       CN=idp.example\n"
        "      expiry_time  some day\n"
        "      certificate  4 characters, see --format json\n"
        "      days_left    unknown, because expiry_time cannot be read\n"
    )


def test_json_holds_all_and_the_days_too(emulator: Emulator) -> None:
    done = invoke(["inspect", "org_a", "conn_saml", "--format", "json"], credentials(emulator))
    assert (done.code, done.err) == (0, "")
    document = json.loads(done.out)
    assert document["environment"] == emulator.url
    shown = document["connection"]
    assert shown["enabled"] is True
    assert [item["days_left"] for item in shown["saml_config"]["idp_certificates"]] == [30, -1, None]
    assert shown["saml_config"]["idp_certificates"][0]["certificate"] == "MIIC"


def test_what_is_absent_is_left_out_but_whether_it_is_enabled_is_said(emulator: Emulator) -> None:
    done = invoke(["inspect", "org_a", "conn_bare", "--format", "json"], credentials(emulator))
    shown = json.loads(done.out)["connection"]
    assert shown["enabled"] is False
    assert list(shown)[:5] == ["id", "organization_id", "provider", "type", "status"]
    assert "saml_config" not in shown or shown["saml_config"] == {}


@pytest.mark.parametrize("format", ["text", "json"])
def test_certificates_of_another_shape_are_no_obstacle(emulator: Emulator, format: str) -> None:  # noqa: A002
    done = invoke(["inspect", "org_a", "conn_odd", "--format", format], credentials(emulator))
    assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["org_a", "conn_1/../conn_2"], "not the id of a connection"),
        (["conn_1", "conn_1"], "not the id of an organization"),
        (["org_a"], "Missing argument"),
    ],
)
def test_ids_that_cannot_be_used_exit_3_before_anything_is_sent(
    emulator: Emulator, args: list[str], said: str
) -> None:
    emulator.clear_requests()
    done = invoke(["inspect", *args], credentials(emulator))
    assert (done.code, done.out) == (3, "")
    assert said in done.err
    assert emulator.requests == ()


@pytest.mark.parametrize("args", [["org_a", "conn_none"], ["org_none", "conn_saml"]])
def test_a_connection_that_does_not_exist_exits_3_and_says_where_to_look(
    emulator: Emulator, args: list[str]
) -> None:
    done = invoke(["inspect", *args], credentials(emulator))
    assert (done.code, done.out) == (3, "")
    assert f"{args[0]} has no connection {args[1]}" in done.err
    assert f"scalekit-apply list --organization {args[0]}" in done.err


def test_an_unreachable_service_exits_8(emulator: Emulator) -> None:
    env = credentials(emulator, SCALEKIT_ENVIRONMENT_URL="http://127.0.0.1:9")
    done = invoke(["inspect", "org_a", "conn_saml", "--max-retries", "0"], env)
    assert (done.code, done.out) == (8, "")
