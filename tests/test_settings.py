from __future__ import annotations

import copy
import io
import os
import pickle
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalekit_apply.errors import CredentialsError, EnvironmentMismatch, ScalekitApplyError, UsageError
from scalekit_apply.exits import exit_code
from scalekit_apply.model import parse_environment
from scalekit_apply.settings import Credentials, Secret, require_same_environment, resolve

URL = "https://acme.scalekit.com"
CANARY = "canary-secret-4d1e"
FULL = {"SCALEKIT_ENVIRONMENT_URL": URL, "SCALEKIT_CLIENT_ID": "skc_1", "SCALEKIT_CLIENT_SECRET": CANARY}


def test_the_three_variables_are_enough() -> None:
    found = resolve(FULL)
    assert (found.environment, found.client_id, found.client_secret.reveal()) == (URL, "skc_1", CANARY)


def test_the_other_name_of_the_url_does_as_well() -> None:
    environ = {**FULL, "SCALEKIT_ENVIRONMENT_URL": "", "SCALEKIT_ENV_URL": f"{URL}/"}
    assert resolve(environ).environment == URL


def test_both_names_of_the_url_may_agree() -> None:
    assert resolve({**FULL, "SCALEKIT_ENV_URL": "HTTPS://ACME.scalekit.com:443/"}).environment == URL


def test_both_names_of_the_url_may_not_disagree() -> None:
    with pytest.raises(EnvironmentMismatch) as caught:
        resolve({**FULL, "SCALEKIT_ENV_URL": "https://other.scalekit.com"})
    assert URL in caught.value.message
    assert "https://other.scalekit.com" in caught.value.message
    assert exit_code([caught.value.outcome]) == 4


def test_an_option_beats_its_variable(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from-file\n")
    found = resolve(
        {**FULL, "SCALEKIT_ENV_URL": "nonsense"},
        environment_url="https://other.scalekit.com",
        client_id=" skc_2 ",
        client_secret_file=str(file),
    )
    assert found.environment == "https://other.scalekit.com"
    assert (found.client_id, found.client_secret.reveal()) == ("skc_2", "from-file")


def test_everything_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(CredentialsError) as caught:
        resolve({})
    for name in ("SCALEKIT_ENVIRONMENT_URL", "SCALEKIT_CLIENT_ID", "SCALEKIT_CLIENT_SECRET"):
        assert name in caught.value.message
        assert name in caught.value.hint
    assert "--client-secret-file" in caught.value.hint
    assert exit_code([caught.value.outcome]) == 4


def test_an_empty_variable_is_an_absent_one() -> None:
    with pytest.raises(CredentialsError) as caught:
        resolve({**FULL, "SCALEKIT_CLIENT_SECRET": "", "SCALEKIT_CLIENT_ID": " "})
    assert caught.value.message == "Not set: SCALEKIT_CLIENT_ID, SCALEKIT_CLIENT_SECRET."


def test_what_is_missing_stands_beside_what_is_unreadable() -> None:
    with pytest.raises(CredentialsError) as caught:
        resolve({"SCALEKIT_CLIENT_SECRET_FILE": "/nowhere/at/all"})
    assert caught.value.message == (
        "Not set: SCALEKIT_ENVIRONMENT_URL, SCALEKIT_CLIENT_ID. "
        "The client secret of SCALEKIT_CLIENT_SECRET_FILE cannot be read: No such file or directory."
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://acme.scalekit.com",
        "acme.scalekit.com",
        f"{URL}/path",
        f"https://u:{CANARY}@acme.scalekit.com",
        "",
    ],
)
def test_a_url_that_cannot_be_used_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError, match="--environment-url") as caught:
        resolve(FULL, environment_url=url)
    assert exit_code([caught.value.outcome]) == 3
    assert CANARY not in caught.value.message


def test_a_usage_error_also_says_what_is_missing() -> None:
    with pytest.raises(UsageError, match="SCALEKIT_ENV_URL must use https") as caught:
        resolve({"SCALEKIT_ENV_URL": "http://acme.scalekit.com"})
    assert caught.value.hint == "Not set: SCALEKIT_CLIENT_ID, SCALEKIT_CLIENT_SECRET."


@pytest.mark.parametrize("url", ["http://localhost:8080", "http://127.0.0.1", "http://[::1]:9"])
def test_plain_http_is_for_loopback(url: str) -> None:
    assert resolve(FULL, environment_url=url).environment == url


def test_a_client_id_that_is_none_is_refused_without_repeating_it() -> None:
    for environ, option in (({**FULL, "SCALEKIT_CLIENT_ID": f"a {CANARY}"}, None), (FULL, f"a\n{CANARY}")):
        with pytest.raises(CredentialsError, match="holds a space, a control character") as caught:
            resolve(environ, client_id=option)
        assert CANARY not in caught.value.message


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_one_newline_at_the_end_of_a_secret_is_not_part_of_it(ending: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_bytes((CANARY + ending).encode())
    without = {key: value for key, value in FULL.items() if key != "SCALEKIT_CLIENT_SECRET"}
    assert resolve({**without, "SCALEKIT_CLIENT_SECRET_FILE": str(file)}).client_secret.reveal() == CANARY
    assert resolve({**FULL, "SCALEKIT_CLIENT_SECRET": CANARY + ending}).client_secret.reveal() == CANARY


@pytest.mark.parametrize("stdin", [io.StringIO(f"{CANARY}\n"), io.BytesIO(f"{CANARY}\n".encode())])
def test_a_dash_reads_the_secret_from_standard_input(stdin: io.StringIO | io.BytesIO) -> None:
    found = resolve({**FULL, "SCALEKIT_CLIENT_SECRET": "other"}, client_secret_file="-", stdin=stdin)
    assert found.client_secret.reveal() == CANARY


def test_a_dash_without_standard_input_says_so() -> None:
    with pytest.raises(CredentialsError, match="standard input cannot be used: there is no standard input"):
        resolve(FULL, client_secret_file="-")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b"\n", "it is empty"),
        (b"\r\n", "it is empty"),
        (f"{CANARY}\n\n".encode(), "it holds a space, a newline"),
        (f"{CANARY} x".encode(), "it holds a space"),
        (f"{CANARY}\x00".encode(), "it holds a space"),
        (f"{CANARY}\x1b[0m".encode(), "it holds a space"),
        (f"{CANARY}é".encode(), "a letter beyond ASCII"),
        (f"{CANARY}".encode() + b"\xff", "it is not text"),
        (b"x" * (64 * 1024 + 1), "it is larger than 64 KiB"),
    ],
)
def test_a_file_that_holds_no_secret_is_refused_without_repeating_it(
    content: bytes, reason: str, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    file.write_bytes(content)
    with pytest.raises(CredentialsError, match=reason) as caught:
        resolve(FULL, client_secret_file=str(file))
    assert CANARY not in caught.value.message + repr(caught.value.__context__)
    assert "--client-secret-file" in caught.value.message


def test_a_secret_of_64_kib_is_still_one(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_bytes(b"x" * (64 * 1024))
    assert len(resolve(FULL, client_secret_file=str(file)).client_secret.reveal()) == 64 * 1024


def test_a_byte_order_mark_is_not_part_of_a_secret(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_bytes(b"\xef\xbb\xbfabc\n")
    assert resolve(FULL, client_secret_file=str(file)).client_secret.reveal() == "abc"


@pytest.mark.parametrize("path", [".", "", "a\x00b"])
def test_what_is_no_file_is_refused(path: str) -> None:
    with pytest.raises(CredentialsError, match=r"of --client-secret-file cannot be (used|read)"):
        resolve(FULL, client_secret_file=path)


@pytest.mark.parametrize("source", ["SCALEKIT_CLIENT_SECRET_FILE", "--client-secret-file"])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("absent", "(a path below {0}) cannot be read: No such file or directory."),
        ("not/there/yet", "(a path below {0}) cannot be read: No such file or directory."),
        ("empty", "({0}/empty) cannot be used: it is empty."),
        ("folder", "({0}/folder) cannot be used: it is a folder."),
    ],
)
def test_a_file_that_is_of_no_use_is_named_with_what_named_it(
    tmp_path: Path, source: str, name: str, said: str
) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    file = str(tmp_path / name)
    given = FULL | {"SCALEKIT_CLIENT_SECRET": "", "SCALEKIT_CLIENT_SECRET_FILE": file}
    with pytest.raises(CredentialsError) as caught:
        resolve(given) if source.startswith("S") else resolve(FULL, client_secret_file=file)
    assert caught.value.message == f"The client secret of {source} {said.format(tmp_path)}"
    assert caught.value.hint == (
        f"Let {source} name a file that can be read and holds the secret and nothing else."
    )


@pytest.mark.parametrize(
    "secret", [CANARY, f"{CANARY}/x", f"/{CANARY}", f"/{CANARY}/x", f"/dev/null/{CANARY}", f"./{CANARY}"]
)
def test_a_secret_in_place_of_the_file_that_holds_it_is_not_shown(secret: str) -> None:
    with pytest.raises(CredentialsError) as caught:
        resolve(FULL | {"SCALEKIT_CLIENT_SECRET": "", "SCALEKIT_CLIENT_SECRET_FILE": secret})
    assert CANARY not in caught.value.message + caught.value.hint
    assert "SCALEKIT_CLIENT_SECRET_FILE" in caught.value.hint


@pytest.mark.parametrize(
    ("variables", "advice"),
    [
        ({"SCALEKIT_CLIENT_SECRET": "a b"}, "Let SCALEKIT_CLIENT_SECRET hold the secret"),
        ({"SCALEKIT_CLIENT_ID": "a b"}, "Copy the client id again"),
        ({"SCALEKIT_CLIENT_ID": ""}, "The Scalekit dashboard shows it under API credentials."),
        (
            {"SCALEKIT_CLIENT_ID": "", "SCALEKIT_CLIENT_SECRET": ""},
            "The Scalekit dashboard shows them under API credentials.",
        ),
    ],
)
def test_what_to_do_is_said_to_everything_that_is_wrong(variables: dict[str, str], advice: str) -> None:
    with pytest.raises(CredentialsError) as caught:
        resolve(FULL | variables)
    assert advice in caught.value.hint


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(CANARY)
    file.chmod(0)
    with pytest.raises(CredentialsError, match="Permission denied"):
        resolve(FULL, client_secret_file=str(file))


def test_a_secret_and_a_file_with_a_secret_are_one_too_many() -> None:
    with pytest.raises(CredentialsError, match="are both set: unset one of them"):
        resolve({**FULL, "SCALEKIT_CLIENT_SECRET_FILE": "x"})


def test_the_file_option_beats_both_variables(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("abc")
    environ = {**FULL, "SCALEKIT_CLIENT_SECRET_FILE": "x"}
    assert resolve(environ, client_secret_file=str(file)).client_secret.reveal() == "abc"


def test_a_secret_shows_itself_to_nobody() -> None:
    secret = Secret(CANARY)
    credentials = Credentials(environment=parse_environment(URL), client_id="skc_1", client_secret=secret)
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret:>40}",
        f"{secret}",
        repr(credentials),
        repr([secret]),
    ]
    assert not any(CANARY in text for text in shown)
    assert secret.reveal() == CANARY
    assert not hasattr(secret, "__dict__")
    for leak in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="neither pickled nor copied"):
            leak(secret)
    with pytest.raises(TypeError):
        asdict(credentials)


def test_the_configuration_must_be_of_the_environment_in_use() -> None:
    used = parse_environment(URL)
    require_same_environment(None, used)
    require_same_environment(parse_environment(f"{URL}/"), used)
    with pytest.raises(EnvironmentMismatch) as caught:
        require_same_environment(parse_environment("https://other.scalekit.com"), used)
    assert "https://other.scalekit.com" in caught.value.message
    assert URL in caught.value.message
    assert exit_code([caught.value.outcome]) == 4


@given(
    st.dictionaries(
        st.sampled_from([*FULL, "SCALEKIT_ENV_URL", "SCALEKIT_CLIENT_SECRET_FILE"]),
        st.text(max_size=8) | st.sampled_from([URL, "http://127.0.0.1:1"]),
    )
)
def test_any_environment_gives_credentials_or_one_of_our_errors(environ: dict[str, str]) -> None:
    try:
        found = resolve(environ)
    except ScalekitApplyError as error:
        assert error.message  # noqa: PT017  # the only kind of error that may come
        return
    assert found.environment.startswith("http")
    assert found.client_id.isascii()
    assert found.client_secret.reveal().isascii()
