"""Identifiers cannot leave a path, and an environment has one way to be written."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import addresses, connection_ids, environments, hostile_text, organization_ids

from scalekit_apply.identifiers import (
    Address,
    Environment,
    is_connection_id,
    is_organization_id,
    parse_environment,
)

NOT_A_URL = "is not a URL; write it like https://acme.scalekit.com"
USERINFO = "must not hold a user name or a password"
MORE_THAN_A_HOST = "must end after the host: no path, query or fragment"
NOT_HTTPS = "must use https; plain http is accepted for localhost only"


@pytest.mark.parametrize(
    ("url", "environment"),
    [
        ("https://acme.scalekit.com", "https://acme.scalekit.com"),
        ("https://acme.scalekit.com/", "https://acme.scalekit.com"),
        ("  https://acme.scalekit.com\n", "https://acme.scalekit.com"),
        ("HTTPS://ACME.Scalekit.COM", "https://acme.scalekit.com"),
        ("https://acme.scalekit.com:443", "https://acme.scalekit.com"),
        ("https://acme.scalekit.com:0443", "https://acme.scalekit.com"),
        ("https://acme.scalekit.com:", "https://acme.scalekit.com"),
        ("https://acme.scalekit.com:80", "https://acme.scalekit.com:80"),
        ("https://acme.scalekit.com:8443/", "https://acme.scalekit.com:8443"),
        ("https://acme.scalekit.com:08443", "https://acme.scalekit.com:8443"),
        ("https://a", "https://a"),
        ("https://a-1.b", "https://a-1.b"),
        ("https://192.0.2.1", "https://192.0.2.1"),
        ("http://localhost", "http://localhost"),
        ("http://LOCALHOST:80/", "http://localhost"),
        ("http://localhost:443", "http://localhost:443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]", "http://[::1]"),
        ("http://[::1]:80", "http://[::1]"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("https://[::1]:443", "https://[::1]"),
    ],
)
def test_an_environment_has_one_way_to_be_written(url: str, environment: str) -> None:
    assert parse_environment(url) == environment
    assert parse_environment(environment) == environment


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        *[
            (url, NOT_A_URL)
            for url in (
                "",
                "acme.scalekit.com",
                "//acme.scalekit.com",
                "https://",
                "https:///path",
                "https:acme.scalekit.com",
                "ftp://acme.scalekit.com",
                "wss://acme.scalekit.com",
                "https://acme.scalekit.com:x",
                "https://acme.scalekit.com:65536",
                "https://acme.scalekit.com:-1",
                "https://acme.scalekit.com:443:443",
                "https://:443",
                "https://acme .com",
                "https://acme_1.com",
                "https://-acme.com",
                "https://acme.com-",
                "https://acme.com.",
                "https://acme.com%2f",
                "https://%61cme.com",
                "https://acme.com;x",
                "https://bücher.example",
                "https://acme。com",
                "https://\u017fcalekit.com",
                "https://\u212a.com",
                "https://ac\nme.com",
                "https://ac\tme.com",
                "https://acme.com\x00",
                "https://acme.com\x7f",
                "https://[::1",
                "https://[::1]x",
                "https://[2001:db8::1]",
                "https://[0:0:0:0:0:0:0:1]",
                "https://[v1.a]",
                "https://::1",
                "http://*",
            )
        ],
        *[
            (url, USERINFO)
            for url in (
                "https://user:hunter2@acme.com",
                "https://user@acme.com",
                "https://:hunter2@acme.com",
                "https://@acme.com",
                "https://a@b@acme.com",
                "https://acme.com\\@evil.example",
                "http://user:hunter2@evil.example",
            )
        ],
        *[
            (url, MORE_THAN_A_HOST)
            for url in (
                "https://acme.com/api",
                "https://acme.com//",
                "https://acme.com/.",
                "https://acme.com?a=b",
                "https://acme.com/?a",
                "https://acme.com#a",
                "https://acme.com?",
                "https://acme.com/?",
                "https://acme.com#",
                "https://acme.com?#",
                "https://acme.com? ",
                "http://evil.example/path",
            )
        ],
        *[
            (url, NOT_HTTPS)
            for url in (
                "http://acme.com",
                "http://127.0.0.2",
                "http://127.0.0.1.evil.example",
                "http://localhost.evil.example",
                "http://evil-localhost",
                "http://0.0.0.0",
            )
        ],
    ],
)
def test_what_is_not_an_environment_says_why(url: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)) as caught:
        parse_environment(url)
    assert str(caught.value) == complaint
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@given(url=st.text() | hostile_text() | hostile_text().map(lambda text: f"https://{text}"))
@example(url="https://user:hunter2@acme.com/x?y#z")
@example(url="https://[")
def test_law_9_a_refused_url_is_never_repeated(url: str) -> None:
    said = ""
    try:
        parse_environment(url)
    except ValueError as error:
        said = str(error)
    assert said in {"", NOT_A_URL, USERINFO, MORE_THAN_A_HOST, NOT_HTTPS}


@given(environment=environments())
def test_parsing_an_environment_changes_nothing(environment: Environment) -> None:
    assert parse_environment(environment) == environment


@given(url=st.text(alphabet="htps:/acme.com0123456789@[]?#-", max_size=40))
def test_whatever_is_accepted_is_a_scheme_a_host_and_a_port(url: str) -> None:
    try:
        environment = parse_environment(url)
    except ValueError:
        return
    assert parse_environment(environment) == environment
    assert environment.startswith(("https://", "http://"))
    assert not set(environment.partition("://")[2]) & set("/@?# ")


@pytest.mark.parametrize(
    ("text", "organization", "connection"),
    [
        ("org_1", True, False),
        ("conn_1", False, True),
        ("org_" + "a" * 28, True, False),
        ("org_" + "a" * 29, False, False),
        ("conn_" + "a" * 27, False, True),
        ("conn_" + "a" * 28, False, False),
        ("org_aZ09_-", True, False),
        ("conn_aZ09_-", False, True),
        ("org_", False, False),
        ("conn_", False, False),
        ("", False, False),
        ("org_1\n", False, False),
        ("conn_1\n", False, False),
        (" org_1", False, False),
        ("org_1/..", False, False),
        ("org_..", False, False),
        ("org_%2e", False, False),
        ("ORG_1", False, False),
        ("org-1", False, False),
        ("xorg_1", False, False),
        ("org_é", False, False),
        ("conn_\u0661", False, False),
    ],
)
def test_an_identifier_has_its_prefix_and_cannot_leave_a_path(
    text: str, *, organization: bool, connection: bool
) -> None:
    assert is_organization_id(text) is organization
    assert is_connection_id(text) is connection


@given(organization=organization_ids(), connection=connection_ids())
def test_drawn_identifiers_are_identifiers(organization: str, connection: str) -> None:
    assert is_organization_id(organization)
    assert is_connection_id(connection)


@given(one=addresses(), other=addresses())
def test_addresses_sort_by_organization_first(one: Address, other: Address) -> None:
    assert str(one) == f"{one.organization_id}/{one.connection_id}"
    if one.organization_id < other.organization_id:
        assert one < other
    elif one.organization_id == other.organization_id:
        assert (one < other) is (one.connection_id < other.connection_id)
