"""Law 9 where secrets come from: variables, options, files, proxies; and where they were put by mistake."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_support import run
from inprocess_support import invoke
from mirror_support import (
    CLIENT_ID,
    PASSWORD,
    SECRET,
    TOKEN,
    Asked,
    Mirror,
    Said,
    leaked,
)
from secrets_support import (
    COMMANDS,
    command,
    left_behind,
    planted,
)


@pytest.fixture(autouse=True)
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    with planted(monkeypatch) as running:
        yield running


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
    assert leaked(done.out + done.err + left_behind(tmp_path)) == []
    assert done.code != 1
