from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from api_support import ADDRESS, ORG
from hypothesis import given
from hypothesis import strategies as st

from scalekit_apply.api import wire
from scalekit_apply.api.inspection import shown_connection
from scalekit_apply.errors import UnusableAnswer
from scalekit_apply.model import Address, Certificate, ConnectionId, OrganizationId


def encoded(value: object) -> bytes:
    return json.dumps(value).encode()


def element(number: int = 1, **fields: object) -> dict[str, object]:
    return {"id": f"conn_{number}", "organization_id": "org_1", **fields}


FULL = {
    "id": "conn_1",
    "organization_id": "org_1",
    "organization_name": "Mega ☃",
    "provider": "OKTA",
    "provider_key": "okta",
    "key_id": "key",
    "type": "SAML",
    "status": "INPROGRESS",
    "enabled": True,
    "domains": ["b.com", "a.com", "b.com"],
    "ui_button_title": "Sign in",
    "mcp_server_url": "https://x",
    "a_newer_field": {"x": [1]},
    "saml_config": {"idp_certificates": []},
}


def test_a_list_element_keeps_every_attribute_that_the_list_has() -> None:
    (found,) = wire.parse_connections(encoded({"connections": [FULL]}), ORG)
    assert found.address == ADDRESS
    assert found.enabled
    assert found.organization_name == "Mega ☃"
    assert (found.provider, found.type, found.status) == ("OKTA", "SAML", "IN_PROGRESS")
    assert found.domains == ("a.com", "b.com")
    assert (found.provider_key, found.key_id) == ("okta", "key")
    assert (found.ui_button_title, found.mcp_server_url) == ("Sign in", "https://x")


def test_what_is_absent_or_null_is_false_or_empty() -> None:
    (found,) = wire.parse_connections(encoded({"connections": [element(provider=None, enabled=None)]}))
    assert not found.enabled
    assert (found.provider, found.type, found.status, found.domains) == ("", "", "", ())


@pytest.mark.parametrize("body", [b"{}", b'{"connections": null}', b'\xef\xbb\xbf{"connections": []}'])
def test_a_list_without_connections_is_empty(body: bytes) -> None:
    assert wire.parse_connections(body) == ()


def test_unknown_enum_values_are_kept_also_as_numbers() -> None:
    (found,) = wire.parse_connections(encoded({"connections": [element(provider="NEW", type=42)]}))
    assert (found.provider, found.type) == ("NEW", "42")


def test_domains_may_be_objects_and_what_is_neither_is_left_out() -> None:
    domains = [{"id": "dom_1", "domain": "x.com"}, {"id": "dom_2"}, 7, "", "é\ud800.com"]
    (found,) = wire.parse_connections(encoded({"connections": [element(domains=domains)]}))
    assert found.domains == ("x.com", "é?.com")


def test_connections_of_the_environment_itself_are_left_out() -> None:
    body = encoded({"connections": [{"id": "social google"}, element(), {"id": "x", "organization_id": ""}]})
    assert [str(found.address) for found in wire.parse_connections(body)] == ["org_1/conn_1"]
    assert [str(found.address) for found in wire.parse_connections(body, ORG)] == ["org_1/conn_1"]


def test_a_list_is_sorted_by_address() -> None:
    elements = [element(2), {"id": "conn_0", "organization_id": "org_2"}, element(1)]
    found = wire.parse_connections(encoded({"connections": elements}))
    assert [str(item.address) for item in found] == ["org_1/conn_1", "org_1/conn_2", "org_2/conn_0"]


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (b"", "it is not JSON"),
        (b"<html>", "it is an HTML page, not JSON"),
        (b'{"connections": [', "it is not JSON"),
        (b"\xff\xfe\x00", "it is not JSON"),
        (b"[" * 200_000, "it is not JSON"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "it is not JSON"),
        (b"[]", "it is not a JSON object"),
        (b"null", "it is not a JSON object"),
        (encoded({"connections": {}}), "its connections is not an array"),
        (encoded({"connections": "x"}), "its connections is not an array"),
        (encoded({"connections": [element(), 1]}), "its connections holds something else than objects"),
        (
            encoded({"connections": [element(enabled="true")]}),
            "an attribute enabled is neither true nor false",
        ),
        (encoded({"connections": [element(enabled=1)]}), "an attribute enabled is neither true nor false"),
        (encoded({"connections": [element(provider=[])]}), "an attribute provider is not text"),
        (encoded({"connections": [element(provider=True)]}), "an attribute provider is not text"),
        (encoded({"connections": [element(provider=1.5)]}), "an attribute provider is not text"),
        (encoded({"connections": [element(domains={"a": 1})]}), "a domains attribute is not an array"),
        (encoded({"connections": [element(), element()]}), "the connection conn_1 is in it twice"),
        (
            encoded({"connections": [{"id": "conn_1/..", "organization_id": "org_1"}]}),
            "'conn_1/..' is not a connection id",
        ),
        (encoded({"connections": [{"organization_id": "org_1"}]}), "'' is not a connection id"),
        (
            encoded({"connections": [{"id": "conn_1", "organization_id": "o" * 99}]}),
            f"'{'o' * 60}…' is not an organization id",
        ),
    ],
)
def test_an_unusable_list_says_what_is_wrong(value: bytes, complaint: str) -> None:
    with pytest.raises(UnusableAnswer) as caught:
        wire.parse_connections(value)
    assert caught.value.message == complaint
    assert caught.value.__context__ is None


def test_an_element_of_another_organization_makes_the_list_unusable() -> None:
    body = encoded({"connections": [{"id": "conn_1", "organization_id": "org_2"}]})
    with pytest.raises(UnusableAnswer, match="the connection 'conn_1' in it is of 'org_2'"):
        wire.parse_connections(body, ORG)


def test_numbers_that_are_not_json_do_no_harm_where_nobody_reads_them() -> None:
    body = b'{"connections": [{"id": "conn_1", "organization_id": "org_1", "x": NaN, "y": 1e999}]}'
    assert len(wire.parse_connections(body)) == 1


@pytest.mark.parametrize("wrap", [True, False])
def test_the_single_read_comes_wrapped_or_bare(wrap: bool) -> None:
    fields = {**FULL, "debug_enabled": True, "domains": [{"id": "d", "domain": "x.com"}]}
    detail = wire.parse_detail(encoded({"connection": fields} if wrap else fields), ADDRESS)
    assert (detail.enabled, detail.debug_enabled, detail.certificates) == (True, True, ())
    assert (detail.provider, detail.type, detail.status) == ("OKTA", "SAML", "IN_PROGRESS")


def test_certificates_are_read_with_their_expiry_in_utc() -> None:
    saml = {
        "idp_certificates": [
            {"id": "cert_1", "issuer": "CN=☃", "expiry_time": "2030-01-02T03:04:05.123456789+02:00"},
            {"expiry_time": "soon"},
        ]
    }
    detail = wire.parse_detail(encoded({"connection": element(saml_config=saml)}), ADDRESS)
    expiry = datetime(2030, 1, 2, 1, 4, 5, 123456, UTC)
    assert detail.certificates == (Certificate(id="cert_1", issuer="CN=☃", expiry=expiry), Certificate())


def test_without_a_saml_part_certificates_are_unknown() -> None:
    assert wire.parse_detail(encoded(element(saml_config=None)), ADDRESS).certificates is None
    assert wire.parse_detail(encoded(element()), ADDRESS).certificates is None


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"connection": []}, "its connection is not an object"),
        ({"connection": None}, "its connection is not an object"),
        ({"connection": element(2)}, "it is of the connection 'conn_2', not conn_1"),
        ({}, "it is of the connection '', not conn_1"),
        ({"id": "conn_1", "organization_id": "org_2"}, "it is of the organization 'org_2'"),
        (element(saml_config=[]), "its saml_config is not an object"),
        (element(saml_config={"idp_certificates": {}}), "its idp_certificates is not an array"),
    ],
)
def test_a_single_read_of_something_else_is_unusable(fields: dict[str, object], complaint: str) -> None:
    with pytest.raises(UnusableAnswer) as caught:
        wire.parse_detail(encoded(fields), ADDRESS)
    assert caught.value.message == complaint


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"enabled": True, "error_message": ""}, (True, "")),
        ({"enabled": True, "error_message": None}, (True, "")),
        ({}, (False, "")),
        ({"error_message": "no\ud800"}, (False, "no?")),
    ],
)
def test_the_answer_to_a_write_may_leave_out_what_is_empty(
    fields: dict[str, object], expected: tuple[bool, str]
) -> None:
    assert wire.parse_write(encoded(fields)) == expected


@pytest.mark.parametrize(
    "body", [b"[]", b"", b'{"enabled": "yes"}', b'{"enabled": true, "error_message": {}}']
)
def test_an_unusable_answer_to_a_write_is_no_success(body: bytes) -> None:
    with pytest.raises(UnusableAnswer):
        wire.parse_write(body)


def test_a_page_of_organizations_has_ids_names_and_the_next_token() -> None:
    body = encoded(
        {"organizations": [{"id": "org_2", "display_name": "B"}, {"id": "org_1"}], "next_page_token": "n"}
    )
    assert wire.parse_organizations(body) == ((("org_2", "B"), ("org_1", "")), "n")
    assert wire.parse_organizations(b"{}") == ((), "")
    with pytest.raises(UnusableAnswer, match=r"'\.\./x' is not an organization id"):
        wire.parse_organizations(encoded({"organizations": [{"id": "../x"}]}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021-10-05T14:48:00.000Z", datetime(2021, 10, 5, 14, 48, tzinfo=UTC)),
        ("2021-10-05t14:48:00z", datetime(2021, 10, 5, 14, 48, tzinfo=UTC)),
        (" 2021-10-05 14:48:00,5 ", datetime(2021, 10, 5, 14, 48, 0, 500000, UTC)),
        ("2021-10-05T14:48:00.1234567891234Z", datetime(2021, 10, 5, 14, 48, 0, 123456, UTC)),
        ("2021-10-05T14:48:00-0530", datetime(2021, 10, 5, 20, 18, tzinfo=UTC)),
        ("2021-10-05T14:48:00+05", datetime(2021, 10, 5, 9, 48, tzinfo=UTC)),
        ("2021-10-05T14:48:00", datetime(2021, 10, 5, 14, 48, tzinfo=UTC)),
        ("2021-13-05T14:48:00Z", None),
        ("2021-10-05T14:48:00+99:00", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("2021-10-05", None),
        ("٢٠٢١-10-05T14:48:00Z", None),
        ("", None),
        (None, None),
        (1633445280, None),
    ],
)
def test_times_are_read_in_every_way_of_iso_8601_that_has_a_time(
    text: object, expected: datetime | None
) -> None:
    assert wire.parse_time(text) == expected


@given(st.datetimes(timezones=st.timezones()))
def test_every_time_that_python_writes_is_read_back(moment: datetime) -> None:
    text = moment.isoformat()
    try:
        expected = datetime.fromisoformat(text).astimezone(UTC)
    except OverflowError:
        expected = None
    found = wire.parse_time(text)
    assert found is None or found == expected


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "connections",
                    "connection",
                    "organizations",
                    "id",
                    "organization_id",
                    "enabled",
                    "domains",
                    "domain",
                    "status",
                    "saml_config",
                    "idp_certificates",
                    "expiry_time",
                    "error_message",
                    "next_page_token",
                    "oidc_config",
                    "client_secret",
                ]
            )
            | st.text(max_size=3),
            inner | st.sampled_from(["org_1", "conn_1", True]),
            max_size=6,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_nothing_but_unusable_answer_comes_out_of_any_json(value: object) -> None:
    body = json.dumps(value).encode()
    for parse in (
        wire.parse_connections,
        lambda read: wire.parse_connections(read, ORG),
        lambda read: wire.parse_detail(read, ADDRESS),
        wire.parse_write,
        wire.parse_organizations,
        lambda read: json.dumps(shown_connection(wire.connection_fields(read, ADDRESS))),
    ):
        try:
            parse(body)
        except UnusableAnswer as error:
            assert error.message  # noqa: PT017  # the only kind of error that may come


@given(st.binary(max_size=200))
def test_nothing_but_unusable_answer_comes_out_of_any_bytes(body: bytes) -> None:
    try:
        found = wire.parse_connections(body)
    except UnusableAnswer:
        return
    assert found == ()


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), unique_by=lambda pair: pair[0]), st.randoms())
def test_the_order_of_a_list_answer_does_not_matter(pairs: list[tuple[int, bool]], random: Any) -> None:  # noqa: ANN401
    elements = [element(number, enabled=enabled) for number, enabled in pairs]
    shuffled = list(elements)
    random.shuffle(shuffled)
    first = wire.parse_connections(encoded({"connections": elements}))
    assert wire.parse_connections(encoded({"connections": shuffled})) == first
    assert {item.address: item.enabled for item in first} == {
        Address(OrganizationId("org_1"), ConnectionId(f"conn_{number}")): enabled for number, enabled in pairs
    }


def test_inspect_shows_known_attributes_only_and_no_secret() -> None:
    fields = {
        **FULL,
        "internal_note": "hush",
        "domains": [{"id": "dom_1", "domain": "x.com", "txt_record_secret": "hush"}],
        "attribute_mapping": {"email": "mail", "odd": {"deep": "hush"}},
        "oidc_config": {
            "client_id": "id",
            "client_secret": "hush",
            "scopes": ["openid", None],
            "other": "hush",
        },
        "saml_config": {
            "sp_entity_id": "x\ud800",
            "force_authn": False,
            "certificate_id": float("nan"),
            "idp_entity_id": {"not": "plain"},
            "idp_certificates": [
                {"id": "cert_1", "certificate": "-----BEGIN CERTIFICATE-----", "extra": "hush"},
                {"certificate": "-----BEGIN PRIVATE KEY-----hush"},
                "loose",
            ],
        },
    }
    shown = shown_connection(fields)
    assert "hush" not in json.dumps(shown)
    assert shown["domains"] == [{"id": "dom_1", "domain": "x.com"}]
    assert shown["attribute_mapping"] == {"email": "mail"}
    assert shown["oidc_config"] == {"client_id": "id", "scopes": ["openid"], "client_secret": "(hidden)"}
    assert shown["saml_config"] == {
        "sp_entity_id": "x?",
        "force_authn": False,
        "idp_certificates": [
            {"id": "cert_1", "certificate": "-----BEGIN CERTIFICATE-----"},
            {"certificate": "(hidden)"},
        ],
    }
    assert list(shown)[:3] == ["id", "organization_id", "organization_name"]


@pytest.mark.parametrize("value", ["", None])
def test_inspect_says_nothing_of_a_client_secret_that_is_not_there(value: str | None) -> None:
    assert shown_connection({"oidc_config": {"client_secret": value}}) == {"oidc_config": {}}


@pytest.mark.parametrize("value", [["hush"], {"hush": "hush"}, 12345])
def test_inspect_hides_a_client_secret_of_any_shape(value: object) -> None:
    assert shown_connection({"oidc_config": {"client_secret": value}}) == {
        "oidc_config": {"client_secret": "(hidden)"}
    }
