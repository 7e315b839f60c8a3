"""Law 9: no secret and no token ever appears in output, logs, files, errors or ``repr``.

Canaries are planted in the environment and come back in every answer; then every command runs through
every failure, with all formats at once, with and without talk, with tracebacks asked for. Not a piece of a
canary may be seen in what it writes to stdout, stderr or a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from inprocess_support import invoke
from mirror_support import (
    SECRET,
    TOKEN,
    Asked,
    Distortion,
    Mirror,
    Said,
    error,
    leaked,
    said,
)
from secrets_support import (
    COMMANDS,
    TALK,
    command,
    left_behind,
    planted,
)

from scalekit_apply import workflow
from scalekit_apply.api import wire
from scalekit_apply.views import Format


@pytest.fixture(autouse=True)
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    with planted(monkeypatch) as running:
        yield running


WITHOUT_NETWORK = {
    "validate": ["validate"],
    "init": ["init", "new", "--ci", "github"],
    "schema": ["schema", "plan"],
    "completion": ["completion", "bash"],
    "help": ["apply", "--help"],
}


def silent(service: Mirror, args: list[str], talk: tuple[str, ...] = ("-vv",)) -> int:
    """Run a command, and fail if anything that it leaves behind holds a piece of a canary."""
    retries = [] if args[0] in WITHOUT_NETWORK or "--help" in args else ["--max-retries", "0"]
    done = invoke([*args, *retries, *talk], service.environ)
    for path in ("exported", "new"):
        assert not Path(path).is_file()
    for text in (done.out, done.err, left_behind(Path.cwd())):
        assert leaked(text) == [], text
    return done.code


def only(path: str, distortion: Distortion) -> Distortion:
    """Distort the answers to some requests, and no others."""
    return lambda asked: distortion(asked) if path in f"{asked.method} {asked.path}" else None


def _redirect(asked: Asked) -> Said:
    return Said(status=302, headers=(("Location", f"https://x.example/?{asked.repeated}"),))


def _page(asked: Asked) -> Said:
    body = f"<html><title>{asked.repeated}</title></html>"
    return Said(status=502, body=body.encode(), content_type="text/html")


def _raw(text: str) -> Distortion:
    def distort(asked: Asked) -> Said:
        raw = text.format(
            all=asked.repeated, token=asked.token, secret=SECRET, sent=asked.authorization + asked.body
        )
        return Said(raw=raw.encode())

    return distort


FAILURES: dict[str, Distortion] = {
    **{
        str(status): lambda asked, status=status: error(status, asked, **{"x-trace-id": asked.authorization})  # type: ignore[misc]  # bound per turn
        for status in (400, 401, 403, 404, 409, 429, 500, 501, 503)
    },
    "429-and-a-wait": lambda asked: error(429, asked, **{"Retry-After": f"9999 {SECRET}"}),
    "html": _page,
    "redirect": _redirect,
    "not-json": lambda asked: Said(body=asked.repeated.encode()),
    "cut-json": lambda asked: Said(body=f'{{"message": "{asked.repeated}'.encode()),
    "text": lambda asked: said(asked.repeated),
    "list": lambda asked: said([asked.repeated]),
    "wrong-ids": lambda asked: said(
        {
            "connections": [{"id": asked.repeated, "organization_id": asked.repeated}],
            "connection": {"id": SECRET, "organization_id": asked.token},
            "organizations": [{"id": asked.token}],
            "access_token": f"{SECRET} \n",
        }
    ),
    "wrong-types": lambda asked: said(
        {
            "connections": [{"id": asked.token, "enabled": asked.repeated}],
            "connection": {"id": "conn_1", "enabled": SECRET, "saml_config": asked.token},
            "organizations": asked.token,
            "enabled": SECRET,
            "error_message": [asked.token],
            "access_token": [SECRET],
            "token_type": SECRET,
        }
    ),
    "status-line": _raw("HTTP/1.1 {all}\r\n\r\n"),
    "no-http": _raw("{all}"),
    "header-line": _raw("HTTP/1.1 200 OK\r\n{token} {secret}\r\n\r\n"),
    "length": _raw("HTTP/1.1 200 OK\r\nContent-Length: {token}\r\n\r\n"),
    "chunk": _raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{token}\r\n"),
    "encoding": _raw(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 30\r\n\r\n" + TOKEN.ljust(30)
    ),
}
failure = pytest.mark.parametrize("distortion", FAILURES.values(), ids=FAILURES)


@command
@pytest.mark.parametrize("escaped", [False, True], ids=["", "escaped"])
def test_law_9_what_a_service_repeats_in_names_and_messages_is_not_shown(
    service: Mirror, args: list[str], escaped: bool
) -> None:
    service.escaped = escaped
    for talk in TALK:
        silent(service, args, talk)
    assert any(item.path != "/oauth/token" for item in service.asked)


@command
@failure
def test_law_9_no_failure_of_the_api_shows_a_secret(
    service: Mirror, args: list[str], distortion: Distortion
) -> None:
    service.distortion = only("/api/", distortion)
    for talk in (TALK[0], TALK[3]):
        silent(service, args, talk)


@command
@failure
def test_law_9_no_failure_of_the_token_endpoint_shows_a_secret(
    service: Mirror, args: list[str], distortion: Distortion
) -> None:
    service.distortion = only("/oauth/", distortion)
    assert silent(service, args) != 0 or args[0] == "doctor"


@failure
@pytest.mark.parametrize("where", ["PATCH ", "GET /api/v1/organizations/"], ids=["writes", "single-reads"])
def test_law_9_no_failure_in_the_middle_of_an_apply_shows_a_secret(
    service: Mirror, distortion: Distortion, where: str
) -> None:
    service.distortion = only(where, distortion)
    silent(service, COMMANDS["apply"])


@failure
def test_law_9_a_token_that_is_renewed_stays_hidden(service: Mirror, distortion: Distortion) -> None:
    def twice(asked: Asked) -> Said | None:
        if asked.path == "/oauth/token":
            return None if sum(item.path == asked.path for item in service.asked) == 1 else distortion(asked)
        return error(401, asked)

    service.distortion = twice
    silent(service, COMMANDS["plan"])


@pytest.mark.parametrize("args", WITHOUT_NETWORK.values(), ids=WITHOUT_NETWORK)
def test_law_9_commands_without_a_network_have_nothing_to_show(service: Mirror, args: list[str]) -> None:
    for talk in ((), ("-vv",)) if args[0] == "validate" else ((),):
        silent(service, args, talk)


def test_law_9_a_saved_plan_and_result_show_nothing_in_any_format(service: Mirror) -> None:
    silent(service, COMMANDS["plan"])
    silent(service, ["apply", "saved.plan", "--output", "json=done.json"])
    silent(service, COMMANDS["apply"])
    for saved in ("saved.plan", "result.json"):
        for item in Format:
            if item is not Format.SARIF:
                done = invoke(["show", saved, "--format", item.value, "-vv"], service.environ)
                assert (done.code, leaked(done.out + done.err)) == (0, [])


# Defects ----------------------------------------------------------------------------------------------


class Defect(Exception):
    """What nobody expected, with a secret in its text, its arguments and its cause."""


def _broken(*_: object, **__: object) -> None:
    secret = SECRET + TOKEN
    try:
        raise ValueError(secret)  # noqa: TRY301  # a cause is what is wanted
    except ValueError as cause:
        raise Defect(secret, {"authorization": f"Bearer {TOKEN}"}) from cause


@command
@pytest.mark.parametrize("where", ["connections", "connection_fields", "write"])
def test_law_9_a_traceback_that_was_asked_for_shows_places_and_no_values(
    service: Mirror, args: list[str], where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, where if where == "connection_fields" else f"parse_{where}", _broken)
    silent(service, args)


@pytest.mark.parametrize("args", [COMMANDS["plan"], COMMANDS["apply"]], ids=["plan", "apply"])
def test_law_9_a_defect_between_reading_and_showing_is_reported_without_its_text(
    service: Mirror, args: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflow, "diff", _broken)
    done = invoke(args, service.environ)
    assert done.code == 1
    assert "Defect" in done.err
    assert "in _broken" in done.err
    assert leaked(done.out + done.err) == []
