"""Credentials from the environment and from options, and the secret that shows itself to nobody."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, NoReturn

from scalekit_apply.errors import CredentialsError, EnvironmentMismatch, UsageError
from scalekit_apply.model import Environment, parse_environment

ENVIRONMENT_URL: Final = "SCALEKIT_ENVIRONMENT_URL"
ENV_URL: Final = "SCALEKIT_ENV_URL"
CLIENT_ID: Final = "SCALEKIT_CLIENT_ID"
CLIENT_SECRET: Final = "SCALEKIT_CLIENT_SECRET"  # noqa: S105  # the name of a variable
CLIENT_SECRET_FILE: Final = "SCALEKIT_CLIENT_SECRET_FILE"  # noqa: S105  # the name of a variable
HIDDEN: Final = "(hidden)"
_CLIENT_ID_PREFIX: Final = "skc_"
_MAX_SECRET_BYTES: Final = 64 * 1024
_VISIBLE: Final = frozenset(map(chr, range(0x21, 0x7F)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Faults:
    """Everything that is wrong with the credentials: variables without a value, sentences, and what to do."""

    missing: list[str] = field(default_factory=list[str])
    problems: list[str] = field(default_factory=list[str])
    advice: list[str] = field(default_factory=list[str])

    def add(self, problem: str, advice: str = "") -> None:
        self.problems.append(problem)
        self.advice.append(advice)

    @property
    def message(self) -> str:
        missing = [f"Not set: {', '.join(self.missing)}."] if self.missing else []
        return " ".join([*missing, *self.problems])

    @property
    def hint(self) -> str:
        return " ".join(filter(None, [_how_to_set(self.missing), *self.advice]))


class Secret:
    """Text that no ``repr``, format, log, pickle or copy shows. Only ``reveal`` gives it away."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """Return the text, for the one place that sends it."""
        return self.__value

    def __repr__(self) -> str:
        return HIDDEN

    def __format__(self, _specification: str) -> str:
        return HIDDEN

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("a secret is neither pickled nor copied")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Which environment to talk to, and as whom."""

    environment: Environment
    client_id: str
    client_secret: Secret

    @property
    def has_usual_client_id(self) -> bool:
        """Whether the client id looks like one. Another may be the secret, given in the wrong place."""
        return self.client_id.startswith(_CLIENT_ID_PREFIX)


def resolve(
    environ: Mapping[str, str],
    *,
    environment_url: str | None = None,
    client_id: str | None = None,
    client_secret_file: str | None = None,
    stdin: IO[str] | IO[bytes] | None = None,
) -> Credentials:
    """Return the credentials in force: an option beats its variable, an empty variable is an absent one.

    ``client_secret_file`` is a path, or ``-`` for ``stdin``. The URL comes from here alone and never from
    the configuration's ``environment``: a configuration may come from anybody's pull request, and whoever
    names the host is sent the secret.

    Raises ``CredentialsError`` naming everything that is missing or unreadable at once,
    ``EnvironmentMismatch`` when the two variables for the URL disagree, and ``UsageError`` for a URL that
    cannot be used (plain HTTP beyond loopback, for one). No message repeats a value, but for as much of a
    path as exists.
    """
    faults = _Faults()
    environment, unusable = _environment(environ, environment_url)
    if environment is None and not unusable:
        faults.missing.append(ENVIRONMENT_URL)
    client = _client_id(environ, client_id, faults)
    secret = _secret(environ, client_secret_file, stdin, faults)
    if unusable:
        raise UsageError(unusable, hint=faults.message)
    if environment is None or client is None or secret is None:
        raise CredentialsError(faults.message, hint=faults.hint)
    return Credentials(environment=environment, client_id=client, client_secret=secret)


def require_same_environment(desired: Environment | None, used: Environment) -> None:
    """Raise ``EnvironmentMismatch`` unless the configuration names the environment in use, or none."""
    if desired is not None and desired != used:
        raise EnvironmentMismatch(
            f"The configuration is for {desired}, but the environment in use is {used}.",
            hint=f"Set {ENVIRONMENT_URL} (or --environment-url) to the environment of the configuration.",
        )


def _environment(environ: Mapping[str, str], option: str | None) -> tuple[Environment | None, str]:
    """Return the environment, and a sentence when what was given cannot be used."""
    given: dict[str, str] = {}
    if option is not None:
        given["--environment-url"] = option
    else:
        given = {name: environ[name] for name in (ENVIRONMENT_URL, ENV_URL) if environ.get(name, "").strip()}
    found: dict[str, Environment] = {}
    for name, url in given.items():
        try:
            found[name] = parse_environment(url)
        except ValueError as error:
            return None, f"{name} {error}."
    if len(set(found.values())) > 1:
        raise EnvironmentMismatch(
            f"{ENVIRONMENT_URL} is {found[ENVIRONMENT_URL]}, but {ENV_URL} is {found[ENV_URL]}.",
            hint="Set one of them, or both to the same environment.",
        )
    return next(iter(found.values()), None), ""


def _client_id(environ: Mapping[str, str], option: str | None, faults: _Faults) -> str | None:
    text = (environ.get(CLIENT_ID, "") if option is None else option).strip()
    if not text:
        faults.missing.append(CLIENT_ID)
        return None
    if not _VISIBLE.issuperset(text):
        name = CLIENT_ID if option is None else "--client-id"
        faults.add(
            f"{name} holds a space, a control character or a letter beyond ASCII.",
            "Copy the client id again: it looks like skc_….",
        )
        return None
    return text


def _secret(
    environ: Mapping[str, str],
    option: str | None,
    stdin: IO[str] | IO[bytes] | None,
    faults: _Faults,
) -> Secret | None:
    text, path = environ.get(CLIENT_SECRET, ""), environ.get(CLIENT_SECRET_FILE, "")
    source, file, advice = CLIENT_SECRET, "", f"Let {CLIENT_SECRET} hold the secret and nothing else."
    try:
        if option == "-":
            source, advice = "standard input", "Write the secret and nothing else to standard input."
            text = _read_stdin(stdin)
        elif option is None and text and path:
            faults.add(f"{CLIENT_SECRET} and {CLIENT_SECRET_FILE} are both set: unset one of them.")
            return None
        elif option is not None or path:
            source, file = (CLIENT_SECRET_FILE, path) if option is None else ("--client-secret-file", option)
            advice = f"Let {source} name a file that can be read and holds the secret and nothing else."
            text = _read_file(file)
        elif not text:
            faults.missing.append(CLIENT_SECRET)
            return None
        return Secret(_checked(text))
    except OSError as error:
        reason = f"cannot be read: {error.strerror or 'I/O error'}"
    except ValueError as error:
        # Only the text of our own ValueErrors: that of a decoding error quotes what it could not decode.
        reason = f"cannot be used: {'it is not text' if isinstance(error, UnicodeError) else error}"
    faults.add(f"The client secret of {source}{_place(file)} {reason}.", advice)
    return None


def _place(text: str) -> str:
    """Return as much of a path as exists: what does not may be the secret, in the wrong place."""
    path = Path(text)
    found = next((part for part in (path, *path.parents) if text and os.path.lexists(part)), None)
    if found is None or found in {Path(), Path(path.anchor)}:
        return ""
    return f" ({path})" if found == path else f" (a path below {found})"


def _read_stdin(stdin: IO[str] | IO[bytes] | None) -> str:
    if stdin is None:
        raise ValueError("there is no standard input")
    return _bounded(stdin.read(_MAX_SECRET_BYTES + 1))


def _read_file(path: str) -> str:
    try:
        with Path(path).open("rb") as stream:
            return _bounded(stream.read(_MAX_SECRET_BYTES + 1))
    except IsADirectoryError:
        raise ValueError("it is a folder") from None


def _bounded(read: str | bytes) -> str:
    if len(read) > _MAX_SECRET_BYTES:
        raise ValueError("it is larger than 64 KiB")
    return read if isinstance(read, str) else read.decode("utf-8-sig")


def _checked(text: str) -> str:
    """Return the secret without the newline that editors and ``echo`` add."""
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise ValueError("it is empty")
    if not _VISIBLE.issuperset(text):
        raise ValueError("it holds a space, a newline, a control character or a letter beyond ASCII")
    return text


def _how_to_set(missing: list[str]) -> str:
    ways = {
        ENVIRONMENT_URL: f"{ENVIRONMENT_URL} (or --environment-url), like https://acme.scalekit.com",
        CLIENT_ID: f"{CLIENT_ID} (or --client-id)",
        CLIENT_SECRET: f"{CLIENT_SECRET}, {CLIENT_SECRET_FILE} or --client-secret-file PATH|-",
    }
    if not missing:
        return ""
    listed = "; ".join(ways[name] for name in missing)
    them = "it" if len(missing) == 1 else "them"
    return f"Set {listed}. The Scalekit dashboard shows {them} under API credentials."
