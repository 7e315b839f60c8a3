from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_support import run
from emulator_support import connection, organization, running
from inprocess_support import credentials, invoke

from scalekit_apply.emulator import Emulator


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with running(
        organization("org_b", connection("conn_2", enabled=True), connection("conn_1"), name="Umbrella"),
        organization("org_a", connection("conn_3", key_id="key_1", domains=["b.org", "a.org"]), name="Acme"),
        organization("org_c", name="Empty"),
        connections=[connection("conn_9", enabled=True)],
    ) as started:
        yield started


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_all_connections_are_listed_by_the_command(emulator: Emulator, tmp_path: Path) -> None:
    done = run(["list"], credentials(emulator), cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        "ORGANIZATION  NAME      CONNECTION  STATE     PROVIDER  TYPE  STATUS     DOMAINS\n"
        "org_a         Acme      conn_3      disabled  OKTA      SAML  COMPLETED  a.org,b.org\n"
        "org_b         Umbrella  conn_1      disabled  OKTA      SAML  COMPLETED  example.com\n"
        "org_b         Umbrella  conn_2      enabled   OKTA      SAML  COMPLETED  example.com\n"
        "\n"
        "3 connections, 1 enabled, in 3 organizations.\n"
    )


def test_json_has_every_attribute_of_the_list_answer(emulator: Emulator) -> None:
    done = invoke(["list", "--organization", "org_a", "--format", "json"], credentials(emulator))
    assert (done.code, done.err) == (0, "")
    document = json.loads(done.out)
    assert document["environment"] == emulator.url
    assert document["connections"] == [
        {
            "id": "conn_3",
            "organization_id": "org_a",
            "organization_name": "Acme",
            "provider": "OKTA",
            "provider_key": "",
            "key_id": "key_1",
            "type": "SAML",
            "status": "COMPLETED",
            "enabled": False,
            "domains": ["a.org", "b.org"],
            "ui_button_title": "",
            "mcp_server_url": "",
        }
    ]


def test_without_options_the_configuration_says_which_organizations(
    emulator: Emulator, tmp_path: Path
) -> None:
    (tmp_path / "scalekit.yaml").write_text("version: 1\norganizations: [{id: org_a}]\n")
    done = invoke(["list"], credentials(emulator))
    assert "conn_3" in done.out
    assert "conn_1" not in done.out
    assert "conn_1" in invoke(["list", "--all"], credentials(emulator)).out


def test_without_a_configuration_all_are_listed(emulator: Emulator) -> None:
    assert "3 connections" in invoke(["list"], credentials(emulator)).out


def test_a_configuration_without_organizations_lists_all(emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "scalekit.yaml").write_text("version: 1\n")
    assert "3 connections" in invoke(["list"], credentials(emulator)).out


def test_a_configuration_of_another_environment_is_not_listed(emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "scalekit.yaml").write_text("version: 1\nenvironment: https://acme.scalekit.com\n")
    done = invoke(["list"], credentials(emulator))
    assert (done.code, done.out) == (4, "")
    assert emulator.requests == ()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--organization", "org_a", "--all"], "both given"),
        (["--organization", "conn_1"], "not the id of an organization"),
        (["--organization", "org_a/../.."], "not the id of an organization"),
        (["-c", "nowhere"], "no such file"),
        (["--format", "yaml"], "--help"),
    ],
)
def test_options_that_cannot_be_used_exit_3_before_anything_is_sent(
    emulator: Emulator, args: list[str], said: str
) -> None:
    done = invoke(["list", *args], credentials(emulator))
    assert (done.code, done.out) == (3, "")
    assert said in done.err
    assert emulator.requests == ()


@pytest.mark.parametrize(
    ("args", "variables", "shown"),
    [
        (["--all"], {"SCALEKIT_APPLY_ORGANIZATION": "org_a"}, 3),
        (["--all"], {"SCALEKIT_APPLY_ORGANIZATION": "no id"}, 3),
        (["--organization", "org_a"], {"SCALEKIT_APPLY_ALL": "1"}, 1),
        ([], {"SCALEKIT_APPLY_ORGANIZATION": "org_a org_c"}, 1),
        ([], {"SCALEKIT_APPLY_ALL": "1"}, 3),
    ],
)
@pytest.mark.parametrize("name", ["list", "export"])
def test_what_the_command_line_says_takes_the_place_of_a_variable(
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    *,
    name: str,
    args: list[str],
    variables: dict[str, str],
    shown: int,
) -> None:
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value.replace(" org_c", "") if name == "export" else value)
    done = invoke([name, *args], credentials(emulator))
    assert (done.code, done.out.count("conn_")) == (0, shown)


def test_two_variables_that_contradict_each_other_are_both_given(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCALEKIT_APPLY_ORGANIZATION", "org_a")
    monkeypatch.setenv("SCALEKIT_APPLY_ALL", "1")
    done = invoke(["list"], credentials(emulator))
    assert (done.code, done.out) == (3, "")
    assert "both given" in done.err


def test_an_organization_without_connections_lists_nothing(emulator: Emulator) -> None:
    done = invoke(["list", "--organization", "org_c"], credentials(emulator))
    assert (done.code, done.out) == (0, "0 connections, 0 enabled, in 1 organization.\n")
    assert done.err == "org_c has no connections, or is unknown to this environment.\n"
    assert invoke(["list", "--organization", "org_c", "-q"], credentials(emulator)).err == ""


def test_every_organization_that_was_named_and_has_nothing_is_told(
    emulator: Emulator, tmp_path: Path
) -> None:
    args = ["list", "--organization", "org_nope", "--organization", "org_a", "--format", "json"]
    done = invoke(args, credentials(emulator))
    assert (done.code, done.err) == (0, "org_nope has no connections, or is unknown to this environment.\n")
    assert [item["id"] for item in json.loads(done.out)["connections"]] == ["conn_3"]
    (tmp_path / "scalekit.yaml").write_text("version: 1\norganizations: [{id: org_nope}]\n")
    assert "org_nope has no connections" in invoke(["list"], credentials(emulator)).err
    assert invoke(["list", "--all"], credentials(emulator)).err == ""


@pytest.mark.parametrize("format", ["text", "json"])
@pytest.mark.parametrize(
    ("fault", "code"),
    [("status=403,path=/api/v1/organizations", 4), ("status=401", 4), ("status=501", 8), ("wrong-shape", 8)],
)
def test_law_5_a_list_that_failed_does_not_exit_0_in_any_format(
    emulator: Emulator,
    fault: str,
    code: int,
    format: str,  # noqa: A002
) -> None:
    emulator.faults.add(fault)
    done = invoke(["list", "--all", "--format", format], credentials(emulator))
    assert done.code == code
    assert done.err.startswith("Error:")
    assert (json.loads(done.out)["errored"] is True) if format == "json" else (done.out == "")


def test_without_credentials_everything_missing_is_named(emulator: Emulator) -> None:
    done = invoke(["list", "--all"], {})
    assert done.code == 4
    assert "SCALEKIT_ENVIRONMENT_URL, SCALEKIT_CLIENT_ID, SCALEKIT_CLIENT_SECRET" in done.err


def test_verbose_shows_requests_and_neither_headers_nor_bodies(emulator: Emulator) -> None:
    done = invoke(["list", "--organization", "org_a", "-v"], credentials(emulator))
    assert "GET /api/v1/connections?organization_id=org_a&include=all 200" in done.err
    assert "POST /oauth/token 200" in done.err
    assert "Bearer" not in done.err
    assert emulator.client_secret not in done.err
