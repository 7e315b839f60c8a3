"""What the emulator is told: where to serve, from what, and which readings of the API to follow."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class WideList(StrEnum):
    """What the connection list holds when neither an organization nor a domain is asked for."""

    ALL = "all"
    ENVIRONMENT = "environment"


class UnknownOrganization(StrEnum):
    """What the connection list answers for an organization that does not exist."""

    EMPTY = "empty"
    NOT_FOUND = "not-found"


class SingleRead(StrEnum):
    """Whether a connection read alone comes as ``{"connection": {…}}`` or as the bare object."""

    WRAPPED = "wrapped"
    BARE = "bare"


class Defaults(StrEnum):
    """Whether values that equal the protobuf default are left out of the JSON or written out.

    Left out means all of them: false, empty text, zero, unspecified enums and empty lists. A list without
    connections is then ``{}``, and so is the answer to a successful disable.
    """

    OMITTED = "omitted"
    WRITTEN = "written"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One choice for everything on which the sources about the API disagree.

    ``token_ttl`` is how many seconds a token really lives. ``expires_in`` is what the token answer says,
    ``None`` for the truth: an absurd number can be given here. ``token_type`` is sent as it stands.
    """

    wide_list: WideList = WideList.ALL
    unknown_organization: UnknownOrganization = UnknownOrganization.EMPTY
    single_read: SingleRead = SingleRead.WRAPPED
    defaults: Defaults = Defaults.OMITTED
    token_ttl: int = 86_399
    expires_in: int | None = None
    token_type: str = "Bearer"  # noqa: S105  # a kind of token


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatorOptions:
    """Everything that the ``emulator`` command can be told.

    ``seed`` is a JSON file as :mod:`scalekit_apply.emulator.seed` describes it. ``db`` is an SQLite file that
    keeps the environment between runs and shares it between processes; ``None`` keeps it in memory.
    ``port`` 0 takes a free one. ``latency`` is in milliseconds and delays every answer. ``faults`` follow
    the grammar of :mod:`scalekit_apply.emulator.faults`. ``command`` and its arguments are run against the
    emulator, empty to serve until a signal. ``log_requests`` writes a line for each request to stderr;
    ``quiet`` leaves out where it serves when there is a command.
    """

    seed: Path | None = None
    db: Path | None = None
    port: int = 0
    latency: float = 0
    faults: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    dialect: Dialect = field(default_factory=Dialect)
    log_requests: bool = False
    quiet: bool = False
