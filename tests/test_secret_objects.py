"""Law 9 inside the program: what holds a secret shows it to nobody, and answers keep only what is needed."""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from mirror_support import (
    CLIENT_ID,
    OIDC_SECRET,
    PASSWORD,
    PRIVATE_KEY,
    SECRET,
    Mirror,
    leaked,
)
from secrets_support import (
    ADDRESS,
    planted,
)

from scalekit_apply.api import ApiOptions, ReadClient, WriteClient
from scalekit_apply.api.auth import token_request
from scalekit_apply.api.redaction import Redactor
from scalekit_apply.cli.examination import Examination
from scalekit_apply.cli.runtime import Runtime
from scalekit_apply.model import Environment
from scalekit_apply.settings import Credentials, Secret


@pytest.fixture(autouse=True)
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    with planted(monkeypatch) as running:
        yield running


@dataclass
class _Holders:
    """Every object of a run that holds a secret."""

    credentials: Credentials
    options: ApiOptions
    reader: ReadClient
    writer: WriteClient
    runtime: Runtime
    examination: Examination


def _holders(service: Mirror) -> _Holders:
    credentials = Credentials(
        environment=Environment(service.url), client_id=CLIENT_ID, client_secret=Secret(SECRET)
    )
    options = ApiOptions(credentials=credentials)
    streams = io.StringIO(), io.StringIO(), io.StringIO()
    return _Holders(
        credentials=credentials,
        options=options,
        reader=ReadClient(options),
        writer=WriteClient(options),
        runtime=Runtime(environ=service.environ, stdin=streams[0], stdout=streams[1], stderr=streams[2]),
        examination=Examination(
            environ=service.environ,
            paths=(),
            credentials=lambda: credentials,
            connect=lambda _: ReadClient(options),
        ),
    )


def _reachable(root: object) -> Iterator[object]:
    """Everything of this package that can be reached from an object through its attributes."""
    seen, waiting = set[int](), [root]
    while waiting:
        item = waiting.pop()
        if id(item) in seen or isinstance(item, str | bytes | int | float | type):
            continue
        seen.add(id(item))
        if type(item).__module__.startswith("scalekit_apply"):
            yield item
        if isinstance(item, dict):
            waiting += item.values()
        elif isinstance(item, list | tuple | set | frozenset):
            waiting += item
        else:
            waiting += getattr(item, "__dict__", {}).values()
            names = [name for kind in type(item).__mro__ for name in getattr(kind, "__slots__", ())]
            waiting += [getattr(item, name) for name in names if hasattr(item, name)]


def test_law_9_no_object_that_holds_a_secret_shows_it_or_lets_it_be_pickled(service: Mirror) -> None:
    holders = _holders(service)
    with holders.reader as reader, holders.writer as writer:
        reader.list_environment()
        writer.read_connection(ADDRESS)
        found = [item for holder in vars(holders).values() for item in _reachable(holder)]
        kinds = {type(item).__name__ for item in found}
        assert {"Secret", "Credentials", "Token", "Calls", "ReadTransport", "Redactor", "Runtime"} <= kinds
        for item in found:
            for text in (repr(item), str(item), f"{item}"):
                assert leaked(text) == [], type(item)
            try:
                pickled = pickle.dumps(item)
            except (TypeError, AttributeError, pickle.PicklingError):
                continue
            assert leaked(pickled.decode("latin-1")) == [], type(item)


def test_law_9_a_token_request_shows_its_form_and_not_the_secret(service: Mirror) -> None:
    request = token_request(_holders(service).credentials)
    assert leaked(f"{request!r} {request} {request.form}") == []


def test_law_9_only_what_is_needed_is_kept_of_an_answer(service: Mirror) -> None:
    with _holders(service).reader as reader:
        kept = f"{reader.list_environment()} {reader.read_connection(ADDRESS)}"
        shown = json.dumps(reader.inspect_connection(ADDRESS))
    assert leaked(kept + shown) == []
    for value in (OIDC_SECRET, PRIVATE_KEY):
        assert value not in kept


def test_a_body_without_a_secret_is_handed_on_as_it_is() -> None:
    redact = Redactor()
    redact.hide(SECRET)
    for body in (b'{"name": "caf\\u00e9 \\"x\\" https://x.example/a@b"}', b"not json", b'{"a": "\\\\u0041"}'):
        assert redact.body(body) is body


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://user:pass@idp.example/x", "https://(hidden)@idp.example/x"),
        ("see ldap://admin@host and mailto:a@b", "see ldap://(hidden)@host and mailto:a@b"),
        ("https://x.example/users/@me", "https://x.example/users/@me"),
    ],
)
def test_what_stands_before_the_host_of_a_url_is_hidden(text: str, expected: str) -> None:
    redact = Redactor()
    assert redact(text) == expected
    assert json.loads(redact.body(json.dumps([text]).encode())) == [expected]


def test_a_body_that_repeats_a_secret_and_is_no_json_is_left_to_its_reader() -> None:
    redact = Redactor()
    redact.hide(SECRET)
    assert redact.body(f"<html>{SECRET}".encode()) == f"<html>{SECRET}".encode()


def test_keys_and_numbers_of_a_body_stay_what_they_are() -> None:
    redact = Redactor()
    redact.hide(PASSWORD)
    body = {PASSWORD: [1, True, None, {"a": PASSWORD}], "n": 1.5}
    found = json.loads(redact.body(json.dumps(body).encode()))
    assert found == {"(hidden)": [1, True, None, {"a": "(hidden)"}], "n": 1.5}
