"""What ``doctor`` looks at, one thing after the other, never stopping at a failure."""

from __future__ import annotations

import platform
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from typing import Final
from urllib.parse import urlsplit

from scalekit_apply import __version__, config, settings, yamlsource
from scalekit_apply.api import ReadClient, TokenFacts
from scalekit_apply.diagnostics import Severity
from scalekit_apply.errors import (
    ApiError,
    EnvironmentMismatch,
    ScalekitApplyError,
)
from scalekit_apply.exits import Outcome
from scalekit_apply.findings import Finding, Health
from scalekit_apply.model import Desired, Environment
from scalekit_apply.settings import Credentials
from scalekit_apply.views.wording import counted

_DEPENDENCIES: Final = ("click", "pyyaml", "jsonschema", "httpx", "deepdiff")
_READ: Final = "connections_read"
_WRITE: Final = "connections_write"
_PORTS: Final = {"https": 443, "http": 80}
_SLOW: Final = 2_000
_NOT_REACHED: Final = "not tried, because an earlier step failed"

Resolver = Callable[[str, int], Sequence[str]]


def resolve_host(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host. Raises ``OSError``."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return sorted({str(entry[4][0]) for entry in found})


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """Looks at everything that a plan needs.

    ``credentials`` gets them or raises what is wrong with them; ``connect`` opens a client, which this
    closes. ``named``: somebody asked for the ``paths``, so that nothing there is a failure. ``clock`` is
    monotonic, in seconds.
    """

    environ: Mapping[str, str] = field(repr=False)
    paths: Sequence[str]
    named: bool = False
    credentials: Callable[[], Credentials]
    connect: Callable[[Credentials], ReadClient]
    resolve: Resolver = field(default=resolve_host)
    clock: Callable[[], float] = time.monotonic

    def findings(self) -> Iterator[Finding]:
        """Yield every finding, in a fixed order: first what is here, then what is there."""
        yield from _versions()
        configured, desired = self._configuration()
        yield configured
        credentials, finding = self._credentials()
        yield finding
        if credentials is None:
            for name in ("environment", "network", "token", "read", "write"):
                yield _skipped(name)
            return
        matches = _environment(desired, credentials.environment)
        yield matches
        yield self._network(credentials.environment)
        if matches.outcome is not None:
            # The secret of one environment is not shown to another.
            for name in ("token", "read", "write"):
                yield _skipped(name)
            return
        client = self.connect(credentials)
        try:
            yield from self._service(client, desired)
        finally:
            client.close()

    def _configuration(self) -> tuple[Finding, Desired | None]:
        loaded = config.load(self.paths)
        found = loaded.diagnostics
        if not loaded.files:
            text, advice = f"none found at {', '.join(self.paths)}", found[0].detail if found else ""
            if self.named:
                return _failed("configuration", text, advice, Outcome.INVALID), None
            return _warned("configuration", text, advice), None
        files = counted(len(loaded.files), "file", "files")
        errors, warnings = len(found.of(Severity.ERROR)), len(found.of(Severity.WARNING))
        counts = ", ".join(
            [
                files,
                *([counted(errors, "error", "errors")] if errors else []),
                *([counted(warnings, "warning", "warnings")] if warnings else []),
            ]
        )
        advice = "Run scalekit-apply validate to see what is wrong."
        if errors:
            return _failed("configuration", counts, advice, Outcome.INVALID), None
        if warnings:
            return _warned("configuration", counts, advice), loaded.desired
        connections = sum(len(item.connections) for item in loaded.desired.organizations.values())
        text = f"{files}, valid, {counted(connections, 'connection', 'connections')}"
        return _ok("configuration", text), loaded.desired

    def _credentials(self) -> tuple[Credentials | None, Finding]:
        try:
            found = self.credentials()
        except ScalekitApplyError as error:
            return None, _failed("credentials", error.message, error.hint, error.outcome)
        summary = f"of {found.environment}, secret {settings.HIDDEN}"
        if not found.has_usual_client_id:
            return found, _warned(
                "credentials",
                f"client {settings.HIDDEN} {summary}",
                f"The client id does not look like one (skc_…): is the secret in {settings.CLIENT_ID}?",
            )
        return found, _ok("credentials", f"client {found.client_id} {summary}")

    def _network(self, environment: Environment) -> Finding:
        parts = urlsplit(environment)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        try:
            addresses = self.resolve(host, port)
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else None
            text = f"{host} has no address here: {reason or 'the name cannot be used'}"
            if _has_proxy(self.environ):
                return _warned("network", text, "A proxy is set, and may know it: see the next line.")
            return _failed("network", text, "Check the URL of the environment, and DNS.", Outcome.UNAVAILABLE)
        if list(addresses) == [host]:
            return _ok("network", f"{host} is an address, and needs no name server")
        return _ok("network", f"{host} is at {', '.join(addresses)}")

    def _service(self, client: ReadClient, desired: Desired | None) -> Iterator[Finding]:
        try:
            facts = client.check_token()
        except ApiError as error:
            yield _failed("token", error.message, error.hint, error.outcome)
            for name in ("read", "write"):
                yield _skipped(name)
            return
        yield _token(facts)
        yield self._read(client, desired, facts)
        yield _write(facts)

    def _read(self, client: ReadClient, desired: Desired | None, facts: TokenFacts) -> Finding:
        organization_id = next(iter(desired.organizations), None) if desired else None
        started = self.clock()
        try:
            # The smallest answer that needs the permission.
            found = (
                client.list_organization(organization_id) if organization_id else client.list_environment()
            )
        except ApiError as error:
            return _failed("read", error.message, error.hint, error.outcome)
        milliseconds = (self.clock() - started) * 1_000
        where = organization_id or "the environment"
        listed = counted(len(found), "connection", "connections")
        text = f"{listed} listed for {where} in {milliseconds:.0f} ms"
        if facts.scopes and _READ not in facts.scopes:
            return _warned("read", f"{text}, though the token does not name {_READ}", "")
        if milliseconds > _SLOW:
            return _warned("read", text, "This is slow: a plan makes many such requests. Try --concurrency.")
        return _ok("read", text)


def _versions() -> Iterator[Finding]:
    yield _ok(
        "version",
        f"scalekit-apply {__version__}, Python {platform.python_version()}"
        f" on {platform.system()} {platform.machine()}",
    )
    yaml = "with libyaml" if yamlsource.has_libyaml() else "without libyaml: large configurations load slowly"
    versions = ", ".join(f"{name} {_version(name)}" for name in _DEPENDENCIES)
    yield _ok("dependencies", f"{versions}; YAML {yaml}")


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "(unknown)"


def _environment(desired: Desired | None, used: Environment) -> Finding:
    if desired is None:
        return _skipped("environment", "no configuration to compare with")
    if desired.environment is None:
        return _warned(
            "environment",
            "the configuration does not name its environment",
            f"Add `environment: {used}`, so that it can never be applied to another.",
        )
    try:
        settings.require_same_environment(desired.environment, used)
    except EnvironmentMismatch as error:
        return _failed("environment", error.message, error.hint, error.outcome)
    return _ok("environment", "the configuration is for the environment in use")


def _token(facts: TokenFacts) -> Finding:
    tls = facts.tls_version or "without TLS, on loopback"
    lifetime = "until it is refused" if facts.expires_in is None else f"for {facts.expires_in} s"
    scopes = " ".join(facts.scopes) or "not stated"
    return _ok("token", f"valid {lifetime}, scopes {scopes}, {facts.milliseconds:.0f} ms, {tls}")


def _write(facts: TokenFacts) -> Finding:
    if not facts.scopes:
        return _skipped("write", "the token does not say what it permits, and nothing is written to find out")
    if _WRITE in facts.scopes:
        return _ok("write", f"the token names {_WRITE}; nothing was written")
    return _warned(
        "write",
        f"the token does not name {_WRITE}",
        "Enough to plan. To apply, give the client that permission in the Scalekit dashboard.",
    )


def _has_proxy(environ: Mapping[str, str]) -> bool:
    return any(value and name.lower() in {"https_proxy", "all_proxy"} for name, value in environ.items())


def _ok(name: str, summary: str) -> Finding:
    return Finding(name=name, health=Health.OK, summary=summary)


def _warned(name: str, summary: str, advice: str) -> Finding:
    return Finding(name=name, health=Health.WARN, summary=summary, advice=advice)


def _failed(name: str, summary: str, advice: str, outcome: Outcome) -> Finding:
    return Finding(name=name, health=Health.FAIL, summary=summary, advice=advice, outcome=outcome)


def _skipped(name: str, summary: str = _NOT_REACHED) -> Finding:
    return Finding(name=name, health=Health.SKIP, summary=summary)
