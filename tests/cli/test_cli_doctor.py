from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

import pytest
from command_support import run
from emulator_support import (
    CLIENT_SECRET,
    READ_ONLY_ID,
    READ_ONLY_SECRET,
    connection,
    organization,
    running,
)
from inprocess_support import credentials, invoke

from scalekit_apply import yamlsource
from scalekit_apply.api import ApiOptions, ReadClient, TokenFacts
from scalekit_apply.cli.examination import Examination
from scalekit_apply.emulator import Emulator
from scalekit_apply.findings import Finding, Health
from scalekit_apply.model import Environment
from scalekit_apply.settings import Credentials, Secret

NAMES = [
    "version",
    "dependencies",
    "configuration",
    "credentials",
    "environment",
    "network",
    "token",
    "read",
    "write",
]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with running(organization("org_a", connection("conn_1"), connection("conn_2"))) as started:
        yield started


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def configured(folder: Path, text: str) -> None:
    (folder / "scalekit.yaml").write_text(f"version: 1\n{text}")


def health(out: str) -> dict[str, str]:
    return {item["name"]: item["health"] for item in json.loads(out)["findings"]}


def test_all_is_well_with_the_command(emulator: Emulator, folder: Path) -> None:
    configured(folder, f"environment: {emulator.url}\norganizations: [{{id: org_a}}]\n")
    done = run(["doctor"], credentials(emulator), cwd=folder)
    assert (done.code, done.err) == (0, "")
    assert [line.split()[1] for line in done.out.splitlines()] == NAMES
    assert {line.split()[0] for line in done.out.splitlines()} == {"ok"}
    assert "2 connections listed for org_a" in done.out
    assert "connections_write; nothing was written" in done.out


def test_law_1_the_doctor_writes_nothing_and_tries_nothing(emulator: Emulator, folder: Path) -> None:
    configured(folder, f"environment: {emulator.url}\n")
    assert invoke(["doctor"], credentials(emulator)).code == 0
    assert [(item.method, item.path) for item in emulator.requests] == [
        ("POST", "/oauth/token"),
        ("GET", "/api/v1/connections"),
    ]


@pytest.mark.parametrize("format", ["text", "json"])
def test_law_9_the_doctor_never_shows_the_secret(
    emulator: Emulator,
    folder: Path,
    format: str,  # noqa: A002
) -> None:
    done = invoke(["doctor", "--format", format, "-vv"], credentials(emulator))
    assert CLIENT_SECRET not in done.out + done.err
    assert "(hidden)" in done.out


def test_a_client_that_may_only_read_gets_a_warning(emulator: Emulator, folder: Path) -> None:
    env = credentials(emulator, SCALEKIT_CLIENT_ID=READ_ONLY_ID, SCALEKIT_CLIENT_SECRET=READ_ONLY_SECRET)
    done = invoke(["doctor", "--format", "json"], env)
    assert done.code == 0
    assert health(done.out)["read"] == "ok"
    assert health(done.out)["write"] == "warn"


def test_without_anything_all_that_can_be_known_is_shown(folder: Path) -> None:
    done = invoke(["doctor", "--format", "json"], {})
    assert done.code == 4
    assert list(health(done.out).items()) == [
        ("version", "ok"),
        ("dependencies", "ok"),
        ("configuration", "warn"),
        ("credentials", "fail"),
        *((name, "skip") for name in NAMES[4:]),
    ]
    assert json.loads(done.out)["errored"] is True
    assert "SCALEKIT_CLIENT_SECRET" in done.out


@pytest.mark.parametrize("format", ["text", "json"])
@pytest.mark.parametrize(
    ("configuration", "variables", "fault", "code", "failed"),
    [
        ("unknown: key\n", {}, None, 3, {"configuration"}),
        ("", {"SCALEKIT_ENVIRONMENT_URL": "http://acme.scalekit.com"}, None, 3, {"credentials"}),
        ("", {"SCALEKIT_CLIENT_SECRET": "wrong"}, None, 4, {"token"}),
        ("environment: https://acme.scalekit.com\n", {}, None, 4, {"environment"}),
        ("", {"SCALEKIT_ENVIRONMENT_URL": "http://127.0.0.1:9"}, None, 8, {"token"}),
        ("", {}, "status=403", 4, {"read"}),
        ("", {}, "status=501", 8, {"read"}),
        ("", {}, "html=502", 8, {"read"}),
        ("unknown: key\n", {"SCALEKIT_CLIENT_SECRET": "wrong"}, None, 3, {"configuration", "token"}),
    ],
)
def test_law_5_what_fails_decides_the_exit_code_in_every_format(  # noqa: PLR0913  # a table with many columns
    *,
    emulator: Emulator,
    folder: Path,
    configuration: str,
    variables: dict[str, str],
    fault: str | None,
    code: int,
    failed: set[str],
    format: str,  # noqa: A002
) -> None:
    configured(folder, configuration)
    if fault:
        emulator.faults.add(fault)
    env = credentials(emulator, **variables)
    done = invoke(["doctor", "--format", format, "--max-retries", "0"], env)
    assert done.code == code
    if format == "json":
        assert {name for name, found in health(done.out).items() if found == "fail"} == failed
        assert list(health(done.out)) == NAMES
    else:
        assert {line.split()[1] for line in done.out.splitlines() if line.startswith("fail")} == failed


def test_the_secret_of_one_environment_is_not_sent_to_another(emulator: Emulator, folder: Path) -> None:
    configured(folder, "environment: https://acme.scalekit.com\n")
    assert invoke(["doctor"], credentials(emulator)).code == 4
    assert emulator.requests == ()


def test_warnings_of_the_configuration_are_counted_but_do_not_fail(emulator: Emulator, folder: Path) -> None:
    configured(
        folder,
        "organizations:\n  - id: org_a\n    connections:\n"
        "      - {id: conn_1, enabled: true, expect: {provider: OKTTA}}\n",
    )
    done = invoke(["doctor"], credentials(emulator))
    assert done.code == 0
    assert "warn  configuration  1 file, 1 warning\n" in done.out


def test_one_is_one_and_two_are_two(emulator: Emulator, folder: Path) -> None:
    configured(folder, "one: 1\n")
    assert "configuration  1 file, 1 error\n" in invoke(["doctor"], credentials(emulator)).out
    (folder / "b.scalekit.yaml").write_text("version: 1\none: 1\n")
    assert "configuration  2 files, 2 errors\n" in invoke(["doctor"], credentials(emulator)).out


def test_a_configuration_that_was_named_and_is_not_there_fails_as_it_does_for_validate(
    emulator: Emulator, folder: Path
) -> None:
    done = invoke(["doctor", "-c", "nope"], credentials(emulator))
    assert done.code == invoke(["validate", "-c", "nope"]).code == 3
    assert "fail  configuration  none found at nope\n" in done.out
    assert "ok    read " in done.out
    default = invoke(["doctor"], credentials(emulator))
    assert default.code == 0
    assert "warn  configuration  none found at .\n" in default.out
    (folder / "empty").mkdir()
    assert invoke(["doctor", "-c", "empty"], credentials(emulator)).code == 3


@pytest.mark.parametrize(
    ("fault", "code", "advice"),
    [
        ("status=403", 4, "Give the API client the permission connections_read."),
        ("status=503", 8, "try again later"),
        ("status=429", 8, "--concurrency"),
        ("reset", 8, "the network"),
        ("hang", 8, "--timeout"),
        ("invalid-json", 8, "SCALEKIT_ENVIRONMENT_URL"),
    ],
)
def test_a_read_that_failed_comes_with_the_advice_of_its_reason(
    emulator: Emulator, folder: Path, fault: str, code: int, advice: str
) -> None:
    emulator.faults.add(fault)
    args = ["doctor", "--format", "json", "--max-retries", "0", "--timeout", "1"]
    done = invoke(args, credentials(emulator))
    assert done.code == code
    (found,) = [item for item in json.loads(done.out)["findings"] if item["name"] == "read"]
    assert advice in found["advice"]
    assert ("connections_read" in found["advice"]) is (code == 4)


def test_an_address_in_place_of_a_name_is_called_one(emulator: Emulator, folder: Path) -> None:
    done = invoke(["doctor"], credentials(emulator))
    assert "127.0.0.1 is an address, and needs no name server\n" in done.out


def test_color_is_for_the_marks_alone(emulator: Emulator, folder: Path) -> None:
    done = invoke(["doctor", "--color", "always"], credentials(emulator))
    assert "\x1b[32mok  \x1b[0m  version" in done.out


def test_a_failure_is_tried_once_more_unless_told_otherwise(emulator: Emulator, folder: Path) -> None:
    emulator.faults.add("status=503,retry-after=0")
    invoke(["doctor"], credentials(emulator))
    assert [item.path for item in emulator.requests].count("/api/v1/connections") == 2


class Examined:
    """What an examination is made of, without a network."""

    def __init__(self, folder: Path, environment: str = "https://acme.invalid") -> None:
        self.environ: dict[str, str] = {}
        self.environment = Environment(environment)
        self.folder = folder
        self.time = 0.0
        self.addresses: Sequence[str] | OSError = ("192.0.2.1",)

    def credentials(self) -> Credentials:
        return Credentials(environment=self.environment, client_id="skc_1", client_secret=Secret("s"))

    def resolve(self, _host: str, _port: int) -> Sequence[str]:
        if isinstance(self.addresses, OSError):
            raise self.addresses
        return self.addresses

    def clock(self) -> float:
        self.time += 3
        return self.time

    def findings(self, facts: TokenFacts | None = None) -> dict[str, Finding]:
        client = _Client(facts) if facts else None

        def connect(credentials: Credentials) -> ReadClient:
            return client or ReadClient(ApiOptions(credentials=credentials, max_retries=0, timeout=1))

        found = Examination(
            environ=self.environ,
            paths=(str(self.folder),),
            credentials=self.credentials,
            connect=connect,
            resolve=self.resolve,
            clock=self.clock,
        ).findings()
        return {item.name: item for item in found}


class _Client(ReadClient):
    def __init__(self, facts: TokenFacts) -> None:
        self.facts = facts

    def check_token(self) -> TokenFacts:
        return self.facts

    def list_environment(self) -> tuple[()]:
        return ()

    def close(self) -> None:
        return


def facts(*scopes: str, expires_in: int | None = 1799, tls: str | None = "TLSv1.3") -> TokenFacts:
    return TokenFacts(
        token_type="Bearer", expires_in=expires_in, scopes=scopes, milliseconds=12.3, tls_version=tls
    )


def test_a_host_without_an_address_fails_unless_a_proxy_may_know_it(tmp_path: Path) -> None:
    examined = Examined(tmp_path)
    examined.addresses = OSError(-2, "Name or service not known")
    found = examined.findings(facts())["network"]
    assert (found.health, found.summary) == (
        Health.FAIL,
        "acme.invalid has no address here: Name or service not known",
    )
    examined.environ["https_proxy"] = "http://user:password@proxy.invalid"
    found = examined.findings(facts())["network"]
    assert found.health is Health.WARN
    assert "password" not in repr(found)


def test_a_name_with_addresses_shows_them_all(tmp_path: Path) -> None:
    examined = Examined(tmp_path)
    examined.addresses = ("192.0.2.1", "2001:db8::1")
    assert examined.findings(facts())["network"].summary == "acme.invalid is at 192.0.2.1, 2001:db8::1"


def test_a_name_that_is_no_name_fails(tmp_path: Path) -> None:
    examined = Examined(tmp_path)
    examined.addresses = OSError()
    assert "the name cannot be used" in examined.findings(facts())["network"].summary


def test_the_token_is_described_and_not_shown(tmp_path: Path) -> None:
    found = Examined(tmp_path).findings(facts("connections_read", "connections_write"))["token"]
    assert found.summary == ("valid for 1799 s, scopes connections_read connections_write, 12 ms, TLSv1.3")


def test_a_token_that_says_nothing_leaves_the_permission_to_write_open(tmp_path: Path) -> None:
    found = Examined(tmp_path).findings(facts(expires_in=None, tls=None))
    assert found["token"].summary.startswith(
        "valid until it is refused, scopes not stated, 12 ms, without TLS"
    )
    assert found["write"].health is Health.SKIP


def test_reading_that_is_not_in_the_scopes_or_slow_is_a_warning(tmp_path: Path) -> None:
    assert "does not name connections_read" in Examined(tmp_path).findings(facts("other"))["read"].summary
    assert "slow" in Examined(tmp_path).findings(facts("connections_read"))["read"].advice


def test_an_unknown_version_of_a_dependency_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_name: str) -> str:
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(metadata, "version", missing)
    assert "httpx (unknown)" in Examined(tmp_path).findings(facts())["dependencies"].summary


def test_slow_yaml_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yamlsource, "has_libyaml", lambda: False)
    assert "without libyaml" in Examined(tmp_path).findings(facts())["dependencies"].summary
