"""The laws, tried on every command that only reads."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from emulator_support import CLIENT_SECRET, OIDC_SECRET, connection, organization, running
from inprocess_support import credentials, invoke
from strategies import HOSTILE_SAMPLES

from scalekit_apply.emulator import Emulator

# Everything that a customer or a server can choose. A line of its own for each is what would forge output.
HOSTILE = " ".join(HOSTILE_SAMPLES)
COMMANDS = {
    "list": ["list", "--all"],
    "list-json": ["list", "--all", "--format", "json"],
    "inspect": ["inspect", "org_a", "conn_1"],
    "inspect-json": ["inspect", "org_a", "conn_1", "--format", "json"],
    "export": ["export", "--all"],
    "doctor": ["doctor"],
    "doctor-json": ["doctor", "--format", "json"],
}


class Closed(io.StringIO):
    """A pipe that nobody reads any more."""

    def write(self, _text: str, /) -> int:
        raise BrokenPipeError


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    hostile = connection(
        "conn_1",
        type="OIDC",
        provider=HOSTILE,
        status=HOSTILE,
        domains=[HOSTILE],
        ui_button_title=HOSTILE,
        attribute_mapping={HOSTILE: HOSTILE},
        oidc_config={"client_id": HOSTILE, "client_secret": OIDC_SECRET, "scopes": [HOSTILE]},
    )
    saml = connection("conn_2", saml_config={"idp_entity_id": HOSTILE})
    with running(organization("org_a", hostile, saml, name=HOSTILE)) as started:
        yield started


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("args", COMMANDS.values(), ids=COMMANDS)
def test_law_1_nothing_but_reads_and_the_token_request_is_sent(emulator: Emulator, args: list[str]) -> None:
    before = emulator.store.states()
    emulator.clear_requests()
    assert invoke(args, credentials(emulator)).code == 0
    assert {(item.method, item.path == "/oauth/token") for item in emulator.requests} == {
        ("GET", False),
        ("POST", True),
    }
    assert emulator.store.states() == before


# All but doctor: it says how long an answer took.
REPEATABLE = {name: args for name, args in COMMANDS.items() if args[0] != "doctor"}


@pytest.mark.parametrize("args", REPEATABLE.values(), ids=REPEATABLE)
def test_law_8_the_same_state_gives_the_same_bytes(emulator: Emulator, args: list[str]) -> None:
    first = invoke([*args, "--concurrency", "1"], credentials(emulator))
    assert first.out == invoke([*args, "--concurrency", "8"], credentials(emulator)).out


@pytest.mark.parametrize("args", COMMANDS.values(), ids=COMMANDS)
def test_law_9_no_secret_and_no_token_is_shown(emulator: Emulator, args: list[str]) -> None:
    done = invoke([*args, "-vv"], credentials(emulator))
    for secret in (CLIENT_SECRET, OIDC_SECRET, "Bearer ", "eyJ"):
        assert secret not in done.out + done.err


@pytest.mark.parametrize("args", COMMANDS.values(), ids=COMMANDS)
def test_law_10_text_of_the_server_cannot_forge_output(emulator: Emulator, args: list[str]) -> None:
    done = invoke([*args, "-v"], credentials(emulator))
    for text in (done.out, done.err):
        assert all(line.isprintable() for line in text.split("\n"))
        assert "##" not in text
        assert not any(line.lstrip().startswith("::") for line in text.split("\n"))


@pytest.mark.parametrize("args", COMMANDS.values(), ids=COMMANDS)
def test_a_reader_that_goes_away_is_no_traceback(emulator: Emulator, args: list[str]) -> None:
    done = invoke(args, credentials(emulator), stdout=Closed())
    assert done.code != 0
    assert "Traceback" not in done.err


class Shut(io.StringIO):
    def writable(self) -> bool:
        return False


@pytest.mark.parametrize("args", COMMANDS.values(), ids=COMMANDS)
def test_a_closed_stdout_is_found_before_anything_is_sent(emulator: Emulator, args: list[str]) -> None:
    emulator.clear_requests()
    assert invoke(args, credentials(emulator), stdout=Shut()).code == 3
    assert emulator.requests == ()
