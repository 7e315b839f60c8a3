"""Law 9: no secret and no token ever appears in output, logs, files, errors or ``repr``.

Canaries are planted in the environment and come back in every answer; then every command runs through
every failure, with all formats at once, with and without talk, with tracebacks asked for. Not a piece of a
canary may be seen in what it writes to stdout, stderr or a file.
"""

from __future__ import annotations

import base64
import io
import json
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from command_support import run
from inprocess_support import invoke
from mirror_support import (
    CLIENT_ID,
    OIDC_SECRET,
    PASSWORD,
    PRIVATE_KEY,
    SECRET,
    TOKEN,
    Asked,
    Distortion,
    Mirror,
    Said,
    error,
    leaked,
    mirror,
    said,
)

from scalekit_apply import workflow
from scalekit_apply.api import ApiOptions, ReadClient, WriteClient, wire
from scalekit_apply.api.auth import token_request
from scalekit_apply.api.redaction import Redactor
from scalekit_apply.cli.examination import Examination
from scalekit_apply.cli.runtime import Runtime
from scalekit_apply.model import Address, ConnectionId, Environment, OrganizationId
from scalekit_apply.settings import Credentials, Secret
from scalekit_apply.views import Format

CONFIGURATION = """\
version: 1
limits: {max_disables: 10, max_disable_percent: 100}
organizations:
  - id: org_1
    name: Megasoft
    connections:
      - {id: conn_1, enabled: true}
      - {id: conn_2, enabled: false}
      - {id: conn_3, enabled: false, expect: {provider: OKTA}}
"""
# Without the expectation the plan is applyable, and conn_3 is what the service refuses with a message.
APPLYABLE = CONFIGURATION.replace(", expect: {provider: OKTA}", "")
ADDRESS = Address(OrganizationId("org_1"), ConnectionId("conn_1"))
TALK = (("-q",), (), ("-v",), ("-vv", "--color", "always"))


@pytest.fixture
def service() -> Iterator[Mirror]:
    with mirror() as running:
        yield running


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("scalekit.yaml").write_text(CONFIGURATION, "utf-8")
    Path("applyable.yaml").write_text(APPLYABLE, "utf-8")


def _files(*, plan: bool = True) -> list[str]:
    formats = [item for item in Format if item is not Format.SARIF]
    return [
        *(part for item in formats for part in ("--output", f"{item}=result.{item}")),
        *(["--out", "saved.plan"] if plan else []),
    ]


COMMANDS = {
    "plan": ["plan", *_files()],
    "drift": ["drift"],
    "apply": ["apply", "--auto-approve", "-c", "applyable.yaml", *_files()],
    "apply-blocked": ["apply", "--auto-approve", *_files()],
    "list": ["list", "--all"],
    "list-json": ["list", "--format", "json"],
    "inspect": ["inspect", "org_1", "conn_1"],
    "inspect-json": ["inspect", "org_1", "conn_1", "--format", "json"],
    "export": ["export", "--all"],
    "export-files": ["export", "--all", "--out-dir", "exported"],
    "doctor": ["doctor"],
    "doctor-json": ["doctor", "--format", "json"],
}
WITHOUT_NETWORK = {
    "validate": ["validate"],
    "init": ["init", "new", "--ci", "github"],
    "schema": ["schema", "plan"],
    "completion": ["completion", "bash"],
    "help": ["apply", "--help"],
}
command = pytest.mark.parametrize("args", COMMANDS.values(), ids=COMMANDS)


def _written(folder: Path) -> str:
    given = {"scalekit.yaml", "applyable.yaml"}
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in given]
    return "\n".join(f"{path}\n{path.read_bytes().decode('utf-8', 'replace')}" for path in files)


def silent(service: Mirror, args: list[str], talk: tuple[str, ...] = ("-vv",)) -> int:
    """Run a command, and fail if anything that it leaves behind holds a piece of a canary."""
    retries = [] if args[0] in WITHOUT_NETWORK or "--help" in args else ["--max-retries", "0"]
    done = invoke([*args, *retries, *talk], service.environ)
    for path in ("exported", "new"):
        assert not Path(path).is_file()
    for text in (done.out, done.err, _written(Path.cwd())):
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


# Where the secrets come from --------------------------------------------------------------------------


def test_law_9_a_proxy_that_repeats_its_password_is_not_quoted(
    service: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(asked: Asked) -> Said:
        return Said(raw=f"HTTP/1.1 407 {asked.authorization} {PASSWORD}\r\n\r\n".encode())

    service.distortion = refuse
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:{PASSWORD}@127.0.0.1:{service.port}")
    environ = {**service.environ, "SCALEKIT_ENVIRONMENT_URL": "https://acme.scalekit.com"}
    for args in (COMMANDS["plan"], COMMANDS["doctor"], COMMANDS["doctor-json"]):
        done = invoke([*args, "-vv", "--max-retries", "0"], environ)
        assert "407" in done.out + done.err
        assert leaked(done.out + done.err) == [], done.err
    basic = base64.b64encode(f"user:{PASSWORD}".encode()).decode()
    assert any(basic in item.authorization for item in service.asked)


@pytest.mark.parametrize(
    "url",
    [
        f"://{PASSWORD}",
        f"http://user:{PASSWORD}@",
        f"ftp://u:{PASSWORD}@127.0.0.1:1",
        f"http://u:{PASSWORD}@[::",
    ],
)
def test_law_9_a_proxy_that_cannot_be_used_is_not_quoted(
    service: Mirror, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", url)
    environ = {**service.environ, "SCALEKIT_ENVIRONMENT_URL": "https://127.0.0.1:9"}
    done = invoke(["plan", "-vv", "--max-retries", "0"], environ)
    assert done.code == 8
    assert leaked(done.out + done.err) == []


@pytest.mark.parametrize(
    "given",
    [
        {"SCALEKIT_ENVIRONMENT_URL": f"https://user:{SECRET}@acme.scalekit.com"},
        {"SCALEKIT_ENVIRONMENT_URL": f"https://acme.scalekit.com/?{SECRET}"},
        {"SCALEKIT_ENVIRONMENT_URL": SECRET},
        {"SCALEKIT_ENV_URL": f"https://{PASSWORD}:x@127.0.0.1"},
        {"SCALEKIT_CLIENT_ID": f"{SECRET} "},
        {"SCALEKIT_CLIENT_ID": SECRET, "SCALEKIT_CLIENT_SECRET": CLIENT_ID},
        {"SCALEKIT_CLIENT_SECRET": f"{SECRET}\n{TOKEN}"},
        {"SCALEKIT_CLIENT_SECRET_FILE": SECRET},
        {"SCALEKIT_CLIENT_SECRET": "", "SCALEKIT_CLIENT_SECRET_FILE": SECRET},
        {"SCALEKIT_CLIENT_SECRET": "", "SCALEKIT_CLIENT_SECRET_FILE": f"/dev/null/{SECRET}"},
    ],
    ids=str,
)
@command
def test_law_9_a_secret_in_the_wrong_place_is_not_repeated(
    service: Mirror, args: list[str], given: dict[str, str]
) -> None:
    done = invoke([*args, "-vv", "--max-retries", "0"], {**service.environ, **given})
    assert leaked(done.out + done.err) == []


@pytest.mark.parametrize(
    "options",
    [
        ["--environment-url", f"https://user:{PASSWORD}@acme.scalekit.com"],
        ["--client-secret-file", SECRET],
        ["--client-secret", SECRET],
        [f"--client-secret={SECRET}"],
        ["--client-id", f"{SECRET} {TOKEN}"],
    ],
    ids=str,
)
def test_law_9_a_secret_in_the_wrong_option_is_not_repeated(service: Mirror, options: list[str]) -> None:
    done = invoke(["plan", *options, "-vv"], service.environ)
    assert done.code in {3, 4}
    assert leaked(done.out + done.err) == []


def test_law_9_a_secret_from_a_file_and_from_standard_input_is_as_secret(service: Mirror) -> None:
    Path("applyable.yaml").rename("scalekit.yaml")
    environ = {name: value for name, value in service.environ.items() if name != "SCALEKIT_CLIENT_SECRET"}
    Path("secret").write_text(f"{SECRET}\n", "utf-8")
    for source, stdin in (("secret", b""), ("-", SECRET.encode())):
        done = invoke(["plan", "-vv", "--client-secret-file", source], environ, stdin=stdin)
        assert (done.code, leaked(done.out + done.err)) == (0, [])


@pytest.mark.parametrize(
    "args", [COMMANDS["plan"], COMMANDS["apply"], COMMANDS["doctor"]], ids=lambda args: args[0]
)
def test_law_9_holds_for_a_process_of_its_own(service: Mirror, args: list[str], tmp_path: Path) -> None:
    environ = {**service.environ, "PYTHONFAULTHANDLER": "1", "PYTHONDEVMODE": "1"}
    done = run([*args, "-vv", "--max-retries", "0"], environ, cwd=tmp_path)
    assert leaked(done.out + done.err + _written(tmp_path)) == []
    assert done.code != 1


# Objects ----------------------------------------------------------------------------------------------


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
