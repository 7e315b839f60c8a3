"""The seed file: what it takes, and what it says about one of no use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalekit_apply.emulator import seed as seed_module
from scalekit_apply.emulator.records import READ_PERMISSION, WRITE_PERMISSION, Client, Connection, Seed
from scalekit_apply.emulator.sample import SAMPLE
from scalekit_apply.emulator.seed import parse_seed, read_seed
from scalekit_apply.errors import ConfigurationError, UsageError

NOW = 1_800_000_000.0
MOMENT = "2027-01-15T08:00:00.000Z"


def problems(document: object) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        parse_seed(document, now=NOW, file="some/seed.json")
    assert all(str(item.location) == "some/seed.json" for item in caught.value.diagnostics)
    assert all(item.check == "seed" for item in caught.value.diagnostics)
    return sorted(item.summary for item in caught.value.diagnostics)


def only_connection(**values: object) -> Connection:
    return parse_seed({"connections": [{"id": "conn_1", **values}]}, now=NOW).connections[0]


def test_an_empty_seed_is_an_empty_environment_with_one_client() -> None:
    seed = parse_seed({}, now=NOW)
    assert (seed.environment, seed.organizations, seed.connections) == ("emulator", (), ())
    (client,) = seed.clients
    assert client.id.startswith("skc_")
    assert len(client.secret) >= 32
    assert client.permissions == {READ_PERMISSION, WRITE_PERMISSION}
    assert client.secret not in repr(seed)


def test_made_up_credentials_are_never_the_same_twice() -> None:
    first, second = parse_seed({}, now=NOW).clients[0], parse_seed({}, now=NOW).clients[0]
    assert first.id != second.id
    assert first.secret != second.secret


def test_clients_are_as_given() -> None:
    document = {
        "clients": [
            {"client_id": "skc_1", "client_secret": "s", "permissions": ["connections_read"]},
            {"client_id": "skc_2", "client_secret": "t", "permissions": []},
        ]
    }
    assert parse_seed(document, now=NOW).clients == (
        Client(id="skc_1", secret="s", permissions=frozenset({READ_PERMISSION})),
        Client(id="skc_2", secret="t", permissions=frozenset()),
    )


def test_a_connection_has_documented_defaults() -> None:
    found = only_connection()
    assert (found.provider, found.type, found.status, found.enabled) == ("CUSTOM", "OIDC", "COMPLETED", False)
    assert (found.create_time, found.update_time, found.organization_id) == (MOMENT, MOMENT, "")


def test_an_empty_text_is_not_a_default() -> None:
    found = only_connection(provider="", status="", create_time="", update_time="")
    assert (found.provider, found.status, found.create_time, found.update_time) == ("", "", "", "")


def test_an_expiry_in_days_counts_from_the_seeding() -> None:
    certificates = [
        {"id": "a", "expiry_in_days": 20},
        {"id": "b", "expiry_in_days": -0.5},
        {"id": "c", "expiry_time": "whenever"},
        {"id": "d"},
    ]
    found = only_connection(saml_config={"idp_certificates": certificates})
    assert [one.get("expiry_time") for one in found.details["saml_config"]["idp_certificates"]] == [
        "2027-02-04T08:00:00.000Z",
        "2027-01-14T20:00:00.000Z",
        "whenever",
        None,
    ]


def test_the_documented_example_is_a_seed() -> None:
    text = (seed_module.__doc__ or "").split("::\n\n", 1)[1].split("\n\nEverything", 1)[0]
    seed = parse_seed(json.loads(text), now=NOW)
    assert [item.id for item in seed.connections] == ["conn_1", "conn_2"]
    assert [item.organization_id for item in seed.connections] == ["org_1", ""]


def test_the_sample_is_a_seed() -> None:
    seed = parse_seed(SAMPLE, now=NOW)
    assert len(seed.organizations) == 3
    assert any(item.enabled for item in seed.connections)
    assert any(not item.enabled for item in seed.connections)


def test_all_problems_are_reported_at_once_each_with_its_path() -> None:
    document = {
        "enviroment": "x",
        "clients": [{"permissions": ["connections_read", "everything", 7, []]}, "no"],
        "organizations": [
            {
                "id": "org_1",
                "display_name": 1,
                "metadata": {"a": 1},
                "connections": [
                    {
                        "id": "c" * 33,
                        "enabled": "yes",
                        "domains": [1],
                        "saml_config": {
                            "idp_certificates": [
                                {"expiry_in_days": True},
                                {"expiry_in_days": 1, "expiry_time": "x"},
                                {"expiry_in_days": 1e300},
                                {"expiry_in_days": float("nan")},
                            ],
                            "force_authn": 1,
                        },
                        "oidc_config": {"scopes": 1, "client-secret": "x"},
                    }
                ],
            },
            {"id": "org_1"},
        ],
        "connections": [{}, {"id": "conn_1"}, {"id": "conn_1"}],
    }
    inner = "organizations[0].connections[0]"
    certificates = f"{inner}.saml_config.idp_certificates"
    permission = "must be one of connections_read, connections_write."
    far = "expiry_in_days leads to a time that cannot be written."
    assert problems(document) == sorted(
        [
            'The document has the unknown key "enviroment" (did you mean environment?).',
            f"clients[0].permissions[1] {permission}",
            f"clients[0].permissions[2] {permission}",
            f"clients[0].permissions[3] {permission}",
            'clients[1] must be an object, not "no".',
            "organizations[0].display_name must be a string, not 1.",
            'organizations[0].metadata must be an object of strings, not {"a": 1}.',
            f"{inner}.id is required and has 1 to 32 characters.",
            f'{inner}.enabled must be true or false, not "yes".',
            f"{inner}.domains[0] must be an object, not 1.",
            f"{certificates}[0].expiry_in_days must be a number, not true.",
            f"{certificates}[1] has both expiry_time and expiry_in_days.",
            f"{certificates}[2].{far}",
            f"{certificates}[3].{far}",
            f"{inner}.saml_config.force_authn must be true or false, not 1.",
            f"{inner}.oidc_config.scopes must be a string or an array, not 1.",
            f'{inner}.oidc_config has the unknown key "client-secret" (did you mean client_secret?).',
            'The document has the organization "org_1" twice.',
            "connections[0].id is required and has 1 to 32 characters.",
            'The document has the connection "conn_1" twice.',
        ]
    )


@pytest.mark.parametrize("document", [[], "x", None, 1])
def test_a_document_that_is_no_object_is_refused(document: object) -> None:
    assert problems(document) == [f"The document must be an object, not {json.dumps(document)}."]


def test_a_long_value_is_cut_in_the_message() -> None:
    (found,) = problems({"environment": ["x" * 1000]})
    assert len(found) < 120


def test_two_clients_of_one_id_are_refused() -> None:
    assert problems({"clients": [{"client_id": "a"}, {"client_id": "a"}]}) == [
        'The document has the client "a" twice.'
    ]


def test_a_seed_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "seed.json"
    path.write_bytes(b'\xef\xbb\xbf{"environment": "acme"}')
    assert read_seed(path, now=NOW).environment == "acme"


def test_a_file_that_is_not_json_names_the_place(tmp_path: Path) -> None:
    path = tmp_path / "seed.json"
    path.write_text('{\n  "environment": nope}')
    with pytest.raises(ConfigurationError) as caught:
        read_seed(path, now=NOW)
    (found,) = caught.value.diagnostics
    assert (found.location and (found.location.line, found.location.column)) == (2, 18)
    assert found.summary == "The seed is not JSON: Expecting value."


def test_a_file_that_nests_too_deep_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "seed.json"
    path.write_text("[" * 200_000)
    with pytest.raises(ConfigurationError) as caught:
        read_seed(path, now=NOW)
    assert [item.summary for item in caught.value.diagnostics] == ["The seed nests too deep."]


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_file_that_cannot_be_read_is_a_usage_error(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "seed.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=r"The seed .*seed\.json cannot be read: "):
        read_seed(path, now=NOW)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "clients",
                    "organizations",
                    "connections",
                    "domains",
                    "saml_config",
                    "idp_certificates",
                ]
                + ["expiry_in_days", "extra", "permissions", "metadata"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_json_is_a_seed_or_a_list_of_problems(document: object) -> None:
    found: object
    try:
        found = parse_seed(document, now=NOW)
    except ConfigurationError as error:
        found = error.diagnostics.has_errors
    assert found is True or isinstance(found, Seed)
