"""What commands that talk to the service have in common: configuration, credentials, client, workers."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from scalekit_apply import config, settings
from scalekit_apply.api import ApiOptions, ReadClient, WriteClient
from scalekit_apply.cli.baseline import load_base
from scalekit_apply.cli.options import Connecting, Planning
from scalekit_apply.cli.progress import Reading
from scalekit_apply.cli.runtime import Runtime
from scalekit_apply.diagnostics import Diagnostic, Diagnostics, Severity
from scalekit_apply.errors import ConfigurationError, UsageError
from scalekit_apply.model import Check, Desired, Environment
from scalekit_apply.plan import Plan
from scalekit_apply.reading import ReadMode
from scalekit_apply.targets import narrow
from scalekit_apply.workers import WorkerPool
from scalekit_apply.workflow import PlanOptions, make_plan

C = TypeVar("C", bound=ReadClient)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(Generic[C]):
    """A client of one environment, and the workers that use it."""

    client: C
    pool: WorkerPool
    environment: Environment


def load_desired(runtime: Runtime, paths: Sequence[str]) -> Desired:
    """Read the configuration. Warnings go to stderr; raises ``ConfigurationError`` with everything found."""
    loaded = config.load(paths)
    if loaded.diagnostics.has_errors:
        raise ConfigurationError(loaded.diagnostics)
    if not runtime.quiet:
        runtime.talk_diagnostics(Diagnostics(loaded.diagnostics.of(Severity.WARNING)))
    return loaded.desired


def _credentials(runtime: Runtime, connecting: Connecting) -> settings.Credentials:
    return settings.resolve(
        runtime.environ,
        environment_url=connecting.environment_url,
        client_id=connecting.client_id,
        client_secret_file=connecting.client_secret_file,
        stdin=runtime.stdin,
    )


def api_options(runtime: Runtime, connecting: Connecting, credentials: settings.Credentials) -> ApiOptions:
    """Return what a client of this run is made of."""
    return ApiOptions(
        credentials=credentials,
        timeout=connecting.timeout,
        max_retries=connecting.max_retries,
        wait=runtime.signals.interruption.wait,
        observer=runtime.observe,
        random=runtime.random,
    )


@contextmanager
def reading(
    runtime: Runtime, connecting: Connecting, desired: Desired | None
) -> Generator[Session[ReadClient], None, None]:
    """Open a session that cannot write. Raises ``CredentialsError`` and its like."""
    with _open(ReadClient, runtime, connecting, desired) as session:
        yield session


@contextmanager
def writing(
    runtime: Runtime, connecting: Connecting, desired: Desired | None
) -> Generator[Session[WriteClient], None, None]:
    """Open the session of apply, the only one that can write."""
    with _open(WriteClient, runtime, connecting, desired) as session:
        yield session


@contextmanager
def _open(
    kind: type[C], runtime: Runtime, connecting: Connecting, desired: Desired | None
) -> Generator[Session[C], None, None]:
    credentials = _credentials(runtime, connecting)
    settings.require_same_environment(desired.environment if desired else None, credentials.environment)
    client = kind(api_options(runtime, connecting, credentials))
    pool = WorkerPool(connecting.concurrency)
    runtime.reading = Reading(runtime.status_line())
    try:
        yield Session(client=client, pool=pool, environment=credentials.environment)
    finally:
        runtime.reading.end()
        pool.close()
        client.close()


_NOTHING_NAMED: Final = Diagnostic(
    severity=Severity.WARNING,
    check="empty-configuration",
    summary="The configuration names no organization, so nothing was compared.",
    detail="Name organizations in it, for a start with `export`; or name the right files with --config.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Everything of a plan that needs no network."""

    desired: Desired
    options: PlanOptions


def prepare(runtime: Runtime, planning: Planning, problems: Diagnostics) -> Prepared:
    """Read the configuration and the options of a plan, before anything is sent.

    ``problems`` are those found so far. Raises ``ConfigurationError`` with them and all others.
    """
    loaded = config.load(planning.config)
    problems += loaded.diagnostics
    for name in planning.allow:
        if Check(name).rule.fixed:
            fixed = UsageError(f"--allow {name}: this check is fixed.", hint="Correct what it reports.")
            problems += fixed.diagnostics
    if not loaded.diagnostics.has_errors:
        # Of a configuration with errors a target may be missing because of them.
        try:
            narrow(loaded.desired, planning.target)
        except UsageError as error:
            problems += error.diagnostics
    base: Desired | None = None
    warnings: tuple[Diagnostic, ...] = ()
    try:
        base, warnings = load_base(planning.config, base=planning.base, base_ref=planning.base_ref)
    except UsageError as error:
        problems += error.diagnostics
    if problems.has_errors:
        raise ConfigurationError(problems)
    desired = loaded.desired
    if not desired.organizations:
        warnings = (*warnings, _NOTHING_NAMED)
    if planning.target and not runtime.quiet:
        runtime.talk(
            "Warning: --target makes this plan partial; live may not equal the configuration afterwards.\n"
        )
    options = PlanOptions(
        targets=planning.target,
        allowed=tuple(Check(name) for name in planning.allow),
        base=base,
        read_mode=ReadMode(planning.read),
        found=problems + warnings,
    )
    return Prepared(desired=desired, options=options)


def plan_now(runtime: Runtime, session: Session[C], prepared: Prepared) -> Plan:
    """Read what is live and plan. Raises ``ApiError``."""
    return make_plan(
        prepared.desired,
        reader=session.client,
        pool=session.pool,
        environment=session.environment,
        options=prepared.options,
        now=runtime.now(),
    )
