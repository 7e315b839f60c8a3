"""Frozen values of the domain: checks, what is desired, what is live; and the identifiers they hold."""

# ruff: noqa: PLC0414  # identifiers are part of the model: who imports them need not know where they stand

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from scalekit_apply.diagnostics import Location, Severity
from scalekit_apply.identifiers import CONNECTION_ID_PATTERN as CONNECTION_ID_PATTERN
from scalekit_apply.identifiers import ORGANIZATION_ID_PATTERN as ORGANIZATION_ID_PATTERN
from scalekit_apply.identifiers import Address as Address
from scalekit_apply.identifiers import ConnectionId as ConnectionId
from scalekit_apply.identifiers import Environment as Environment
from scalekit_apply.identifiers import OrganizationId as OrganizationId
from scalekit_apply.identifiers import is_connection_id as is_connection_id
from scalekit_apply.identifiers import is_organization_id as is_organization_id
from scalekit_apply.identifiers import parse_environment as parse_environment


class Level(StrEnum):
    """What a configuration can set a check to."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    OFF = "off"

    @property
    def severity(self) -> Severity | None:
        """The severity of what the check finds; ``None`` when it is off."""
        return None if self is Level.OFF else Severity(self.value)


class Scope(StrEnum):
    """The innermost place where a check's level can be set."""

    ENVIRONMENT = "environment"
    ORGANIZATION = "organization"
    CONNECTION = "connection"


class Check(StrEnum):
    """The closed set of checks that run over a plan."""

    CONNECTION_NOT_FOUND = "connection-not-found"
    EXPECTATION_FAILED = "expectation-failed"
    PROTECTED_CONNECTION = "protected-connection"
    INCOMPLETE_CONNECTION = "incomplete-connection"
    CERTIFICATE_EXPIRED = "certificate-expired"
    MASS_DISABLE = "mass-disable"
    ORGANIZATION_LOCKOUT = "organization-lockout"
    CERTIFICATE_EXPIRING = "certificate-expiring"
    DEBUG_ENABLED = "debug-enabled"
    ORGANIZATION_NAME = "organization-name"
    UNMANAGED_CONNECTION = "unmanaged-connection"

    @property
    def rule(self) -> CheckRule:
        """What the check says, its default level and where it can be set."""
        return CHECK_RULES[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRule:
    """A row of the table of checks. A ``fixed`` check can be neither set nor allowed."""

    says: str
    default: Level
    scope: Scope = Scope.CONNECTION
    fixed: bool = False


CHECK_RULES: Final[Mapping[Check, CheckRule]] = MappingProxyType(
    {
        Check.CONNECTION_NOT_FOUND: CheckRule(
            says="no such connection in that organization", default=Level.ERROR, fixed=True
        ),
        Check.EXPECTATION_FAILED: CheckRule(says="live differs from expect", default=Level.ERROR, fixed=True),
        Check.PROTECTED_CONNECTION: CheckRule(
            says="would disable a protected connection", default=Level.ERROR, fixed=True
        ),
        Check.INCOMPLETE_CONNECTION: CheckRule(
            says="would enable a connection whose status is not COMPLETED", default=Level.ERROR
        ),
        Check.CERTIFICATE_EXPIRED: CheckRule(
            says="would enable a SAML connection without a valid IdP certificate", default=Level.ERROR
        ),
        Check.MASS_DISABLE: CheckRule(
            says="more disables than the limits allow", default=Level.ERROR, scope=Scope.ENVIRONMENT
        ),
        Check.ORGANIZATION_LOCKOUT: CheckRule(
            says="an organization would end without an enabled connection",
            default=Level.WARNING,
            scope=Scope.ORGANIZATION,
        ),
        Check.CERTIFICATE_EXPIRING: CheckRule(
            says="would enable a connection whose last valid certificate ends within 30 days",
            default=Level.WARNING,
        ),
        Check.DEBUG_ENABLED: CheckRule(says="would enable a connection in debug mode", default=Level.WARNING),
        Check.ORGANIZATION_NAME: CheckRule(
            says="the live name differs from the label", default=Level.WARNING, scope=Scope.ORGANIZATION
        ),
        Check.UNMANAGED_CONNECTION: CheckRule(
            says="enabled, but not in the configuration", default=Level.NOTE, scope=Scope.ORGANIZATION
        ),
    }
)

Levels = Mapping[Check, Level]
_NO_LEVELS: Final[Levels] = MappingProxyType({})


def no_levels() -> Levels:
    """The shared empty value: a hundred thousand connections need not hold a dictionary each."""
    return _NO_LEVELS


class Unmanaged(StrEnum):
    """What to do about connections that the configuration does not name."""

    IGNORE = "ignore"
    REPORT = "report"
    DISABLE = "disable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one plan may disable. Exactly at a limit passes. ``location`` is the place of the key."""

    max_disables: int = 10
    max_disable_percent: int = 30
    location: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """Facts about the live connection that must hold. ``None`` expects nothing; domains compare as a set."""

    provider: str | None = None
    type: str | None = None
    status: str | None = None
    domains: tuple[str, ...] | None = None
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredConnection:
    """One connection of the configuration. ``location`` is the place of its ``enabled`` value."""

    address: Address
    enabled: bool
    description: str = ""
    protected: bool = False
    expect: Expectation | None = None
    checks: Levels = field(default_factory=no_levels)
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredOrganization:
    """One organization of the configuration.

    ``others`` are configured connections that this value does not carry: a saved plan keeps only what it
    touches, and still has to know what is managed. ``location`` is the place of the ``id`` value.
    """

    id: OrganizationId
    name: str | None = None
    unmanaged: Unmanaged = Unmanaged.REPORT
    checks: Levels = field(default_factory=no_levels)
    connections: Mapping[ConnectionId, DesiredConnection] = field(
        default_factory=dict[ConnectionId, DesiredConnection]
    )
    others: frozenset[ConnectionId] = frozenset()
    location: Location | None = None
    name_location: Location | None = None
    unmanaged_location: Location | None = None

    def manages(self, connection_id: ConnectionId) -> bool:
        """Whether the configuration names the connection."""
        return connection_id in self.connections or connection_id in self.others


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """What the configuration asks for; the same value is the policy that a saved plan carries.

    ``organizations`` is sorted by id. ``scope`` are the organizations that the percentage of
    ``mass-disable`` is measured over.
    """

    environment: Environment | None = None
    limits: Limits = field(default_factory=Limits)
    checks: Levels = field(default_factory=no_levels)
    organizations: Mapping[OrganizationId, DesiredOrganization] = field(
        default_factory=dict[OrganizationId, DesiredOrganization]
    )
    scope: tuple[OrganizationId, ...] = ()

    def connection(self, address: Address) -> DesiredConnection | None:
        """Return what is asked for one connection, if anything."""
        organization = self.organizations.get(address.organization_id)
        return organization.connections.get(address.connection_id) if organization else None

    def level(self, check: Check, address: Address | OrganizationId | None = None) -> Level:
        """Return the level in force at a connection, an organization or the top: the nearest setting wins."""
        if check.rule.fixed:
            return check.rule.default
        chain: list[Levels] = [self.checks]
        organization_id = address.organization_id if isinstance(address, Address) else address
        if organization_id is not None and (organization := self.organizations.get(organization_id)):
            chain.append(organization.checks)
        if isinstance(address, Address) and (wanted := self.connection(address)):
            chain.append(wanted.checks)
        for levels in reversed(chain):
            if check in levels:
                return levels[check]
        return check.rule.default


def one_spelling(status: str) -> str:
    """Return the one way to write a status: documentation and service write ``IN_PROGRESS`` in two."""
    return "IN_PROGRESS" if status == "INPROGRESS" else status


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveConnection:
    """One connection as a list of the API shows it. Unknown enum values are kept as they came.

    ``status`` is normalised: ``INPROGRESS`` is ``IN_PROGRESS``; an absent enum is the empty string.
    ``domains`` is sorted. ``organization_name`` is what people call the connection's organization.
    """

    address: Address
    enabled: bool
    organization_name: str = ""
    provider: str = ""
    type: str = ""
    status: str = ""
    domains: tuple[str, ...] = ()
    provider_key: str = ""
    key_id: str = ""
    ui_button_title: str = ""
    mcp_server_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate of an identity provider. ``expiry`` is in UTC; ``None`` when absent or unreadable."""

    id: str = ""
    issuer: str = ""
    expiry: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionDetail:
    """What only the single read knows. ``certificates`` is ``None`` when the answer had no SAML part."""

    address: Address
    enabled: bool
    debug_enabled: bool = False
    certificates: tuple[Certificate, ...] | None = None
    provider: str = ""
    type: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveOrganization:
    """An organization as it was read. ``connections`` is sorted by id; ``name`` is empty when unknown."""

    id: OrganizationId
    name: str = ""
    connections: Mapping[ConnectionId, LiveConnection] = field(
        default_factory=dict[ConnectionId, LiveConnection]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What was read. An organization is in ``organizations`` as soon as anything was asked about it.

    ``details`` holds the single reads; ``None`` when the service said there is no such connection.
    ``elsewhere`` names the organization of a wanted connection that its own organization does not have.
    """

    organizations: Mapping[OrganizationId, LiveOrganization] = field(
        default_factory=dict[OrganizationId, LiveOrganization]
    )
    details: Mapping[Address, ConnectionDetail | None] = field(
        default_factory=dict[Address, ConnectionDetail | None]
    )
    elsewhere: Mapping[ConnectionId, OrganizationId] = field(
        default_factory=dict[ConnectionId, OrganizationId]
    )

    def connection(self, address: Address) -> LiveConnection | None:
        """Return the live connection, ``None`` when its organization does not have it."""
        organization = self.organizations.get(address.organization_id)
        return organization.connections.get(address.connection_id) if organization else None


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteAnswer:
    """What the service said to an enable or a disable.

    The change has happened only if ``enabled`` is what was asked for and ``error_message`` is empty.
    ``attempts`` counts the writes that were sent; ``status`` and ``trace_id`` belong to the last answer,
    ``None`` when reading back had to stand in for it.
    """

    enabled: bool
    error_message: str = ""
    attempts: int = 1
    status: int | None = None
    trace_id: str | None = None
