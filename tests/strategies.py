"""Hypothesis strategies for what is desired and what is live, shared by every test that states a law.

Text is hostile by default: it tries to leave every format that a view writes. Identifiers come from a
small pool as often as not, so that independently drawn values meet.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from itertools import combinations

from hostile import HOSTILE_SAMPLES as HOSTILE_SAMPLES  # noqa: PLC0414  # drawn from here
from hypothesis import strategies as st

from scalekit_apply.diagnostics import Location
from scalekit_apply.model import (
    Address,
    Certificate,
    Check,
    ConnectionDetail,
    ConnectionId,
    Desired,
    DesiredConnection,
    DesiredOrganization,
    Environment,
    Expectation,
    Level,
    Levels,
    Limits,
    Live,
    LiveConnection,
    LiveOrganization,
    OrganizationId,
    Scope,
    Unmanaged,
)

_ID_ALPHABET = string.ascii_letters + string.digits + "_-"
ORGANIZATION_POOL = tuple(OrganizationId(f"org_{letter}") for letter in "abcd")
CONNECTION_POOL = tuple(ConnectionId(f"conn_{number}") for number in range(12))


@cache
def hostile_text(*, max_size: int = 40) -> st.SearchStrategy[str]:
    """Text as a server could send it. Never a lone surrogate: JSON that holds one is not accepted."""
    samples = st.sampled_from([sample for sample in HOSTILE_SAMPLES if len(sample) <= max(max_size, 200)])
    return samples | st.text(max_size=max_size) | st.tuples(samples, st.text(max_size=5)).map("".join)


def _identifiers(prefix: str, longest: int) -> st.SearchStrategy[str]:
    return st.text(_ID_ALPHABET, min_size=1, max_size=longest).map(lambda rest: prefix + rest)


@cache
def organization_ids() -> st.SearchStrategy[OrganizationId]:
    """Half of them from a pool of four."""
    return st.sampled_from(ORGANIZATION_POOL) | _identifiers("org_", 28).map(OrganizationId)


@cache
def connection_ids() -> st.SearchStrategy[ConnectionId]:
    """Half of them from a pool of twelve."""
    return st.sampled_from(CONNECTION_POOL) | _identifiers("conn_", 27).map(ConnectionId)


@cache
def addresses() -> st.SearchStrategy[Address]:
    """An organization and a connection, drawn apart from each other."""
    return st.builds(Address, organization_ids(), connection_ids())


@cache
def environments() -> st.SearchStrategy[Environment]:
    """Environments in the one way to write them."""
    return st.sampled_from(
        [
            Environment("https://acme.scalekit.com"),
            Environment("https://acme-dev.scalekit.dev"),
            Environment("https://sso.example.com:8443"),
            Environment("http://127.0.0.1:8080"),
        ]
    )


@cache
def locations() -> st.SearchStrategy[Location]:
    """Places in a file; a column only where there is a line."""
    files = ("scalekit.yaml", "a/b.scalekit.yaml", "with space/%25,:.yaml")
    spots = ((None, None), (1, None), (1, 1), (7, 20), (10, 3), (99_999, 120))
    return st.sampled_from(
        [Location(file=file, line=line, column=column) for file in files for line, column in spots]
    )


@cache
def levels(scope: Scope = Scope.CONNECTION) -> st.SearchStrategy[Levels]:
    """Settings that a configuration could hold at the place that ``scope`` names."""
    wider = {
        Scope.ENVIRONMENT: set(Scope),
        Scope.ORGANIZATION: {Scope.ORGANIZATION, Scope.CONNECTION},
        Scope.CONNECTION: {Scope.CONNECTION},
    }[scope]
    settable = [check for check in Check if not check.rule.fixed and check.rule.scope in wider]
    return st.just({}) | st.dictionaries(st.sampled_from(settable), st.sampled_from(Level), max_size=3)


_EARLIEST = datetime(1990, 1, 1)  # noqa: DTZ001  # hypothesis adds the zone
_LATEST = datetime(2100, 1, 1)  # noqa: DTZ001  # as above


@cache
def instants() -> st.SearchStrategy[datetime]:
    """Instants in UTC that do not overflow when a month is added or taken away."""
    return st.datetimes(min_value=_EARLIEST, max_value=_LATEST, timezones=st.just(UTC))


_PROVIDERS = st.sampled_from(["OKTA", "GOOGLE", "MICROSOFT_AD", "CUSTOM", "", "FUTURE_PROVIDER"])
_TYPES = st.sampled_from(["SAML", "OIDC", "OAUTH", "", "FUTURE_TYPE"])
_STATUSES = st.sampled_from(["COMPLETED", "IN_PROGRESS", "DRAFT", "", "FUTURE_STATUS"])
_DOMAIN_NAMES = ("megasoft.com", "example.org", "xn--bcher-kva.example")
_DOMAINS = st.sampled_from(
    [tuple(sorted(some)) for size in range(4) for some in combinations(_DOMAIN_NAMES, size)]
)
Addresses = st.SearchStrategy[Address]
_SOMEWHERE = st.just(Address(ORGANIZATION_POOL[0], CONNECTION_POOL[0]))


@cache
def live_connections(address: Addresses | None = None) -> st.SearchStrategy[LiveConnection]:
    """One connection of a list, every text of it hostile."""
    return st.builds(
        LiveConnection,
        address=addresses() if address is None else address,
        enabled=st.booleans(),
        organization_name=hostile_text(),
        provider=_PROVIDERS | st.sampled_from(HOSTILE_SAMPLES),
        type=_TYPES,
        status=_STATUSES,
        domains=_DOMAINS,
        provider_key=st.sampled_from(HOSTILE_SAMPLES),
        key_id=st.sampled_from(HOSTILE_SAMPLES),
        ui_button_title=st.sampled_from(HOSTILE_SAMPLES),
        mcp_server_url=st.sampled_from(HOSTILE_SAMPLES),
    )


@cache
def certificates() -> st.SearchStrategy[Certificate]:
    """Certificates, some without a readable end."""
    return st.builds(
        Certificate,
        id=hostile_text(max_size=10),
        issuer=hostile_text(max_size=10),
        expiry=st.none() | instants(),
    )


@cache
def connection_details(
    address: st.SearchStrategy[Address] | None = None,
) -> st.SearchStrategy[ConnectionDetail]:
    """One single read."""
    return st.builds(
        ConnectionDetail,
        address=addresses() if address is None else address,
        enabled=st.booleans(),
        debug_enabled=st.booleans(),
        certificates=st.none() | st.lists(certificates(), max_size=3).map(tuple),
        provider=_PROVIDERS,
        type=_TYPES,
        status=_STATUSES,
    )


@cache
def expectations() -> st.SearchStrategy[Expectation]:
    """Any subset of the facts."""
    return st.builds(
        Expectation,
        provider=st.none() | st.sampled_from(["OKTA", "GOOGLE", "CUSTOM"]),
        type=st.none() | st.sampled_from(["SAML", "OIDC"]),
        status=st.none() | st.sampled_from(["COMPLETED", "IN_PROGRESS", "DRAFT"]),
        domains=st.none() | _DOMAINS,
        location=st.none() | locations(),
    )


@cache
def desired_connections(
    address: st.SearchStrategy[Address] | None = None,
) -> st.SearchStrategy[DesiredConnection]:
    """One entry of a configuration."""
    return st.builds(
        DesiredConnection,
        address=addresses() if address is None else address,
        enabled=st.booleans(),
        description=hostile_text(max_size=20),
        protected=st.booleans(),
        expect=st.none() | expectations(),
        checks=levels(Scope.CONNECTION),
        location=st.none() | locations(),
    )


@cache
def _bare_organizations() -> st.SearchStrategy[DesiredOrganization]:
    return st.builds(
        DesiredOrganization,
        id=st.just(ORGANIZATION_POOL[0]),
        name=st.none() | hostile_text(max_size=20),
        unmanaged=st.sampled_from(Unmanaged),
        checks=levels(Scope.ORGANIZATION),
        connections=st.just({}),
        others=st.just(frozenset()),
        location=st.none() | locations(),
        name_location=st.none() | locations(),
        unmanaged_location=st.none() | locations(),
    )


# The one organization that each connection stands in.
Homes = Mapping[ConnectionId, OrganizationId]


@cache
def _homes() -> st.SearchStrategy[dict[ConnectionId, OrganizationId]]:
    return st.dictionaries(connection_ids(), organization_ids(), max_size=8)


@cache
def _empty_organizations() -> st.SearchStrategy[list[OrganizationId]]:
    return st.lists(organization_ids(), max_size=2)


def _members(homes: Homes, empty: list[OrganizationId]) -> dict[OrganizationId, list[ConnectionId]]:
    found: dict[OrganizationId, list[ConnectionId]] = {organization_id: [] for organization_id in empty}
    for connection_id in sorted(homes):
        found.setdefault(homes[connection_id], []).append(connection_id)
    return dict(sorted(found.items()))


@cache
def _bare_desireds() -> st.SearchStrategy[Desired]:
    return st.builds(
        Desired,
        environment=st.none() | environments(),
        limits=st.builds(Limits, max_disables=st.integers(0, 20), max_disable_percent=st.integers(0, 100)),
        checks=levels(Scope.ENVIRONMENT),
        organizations=st.just({}),
        scope=st.just(()),
    )


@st.composite
def desireds(draw: st.DrawFn, homes: Homes | None = None) -> Desired:
    """A configuration; each connection stands in one organization, as a configuration demands."""
    members = _members(draw(_homes()) if homes is None else homes, draw(_empty_organizations()))
    organizations: dict[OrganizationId, DesiredOrganization] = {}
    for organization_id, ids in members.items():
        connections = {
            connection_id: replace(
                draw(desired_connections(_SOMEWHERE)), address=Address(organization_id, connection_id)
            )
            for connection_id in ids
        }
        organizations[organization_id] = replace(
            draw(_bare_organizations()), id=organization_id, connections=connections
        )
    return replace(draw(_bare_desireds()), organizations=organizations, scope=tuple(organizations))


@st.composite
def lives(draw: st.DrawFn, homes: Homes | None = None) -> Live:
    """What was read: organizations, some empty, and single reads of some connections."""
    members = _members(draw(_homes()) if homes is None else homes, draw(_empty_organizations()))
    organizations: dict[OrganizationId, LiveOrganization] = {}
    details: dict[Address, ConnectionDetail | None] = {}
    for organization_id, ids in members.items():
        name = draw(hostile_text()) if ids else ""
        found: dict[ConnectionId, LiveConnection] = {}
        for connection_id in ids:
            address = Address(organization_id, connection_id)
            found[connection_id] = replace(
                draw(live_connections(_SOMEWHERE)), address=address, organization_name=name
            )
            match draw(st.integers(0, 3)):
                case 0:
                    details[address] = None
                case 1:
                    details[address] = replace(draw(connection_details(_SOMEWHERE)), address=address)
                case _:
                    pass
        organizations[organization_id] = LiveOrganization(id=organization_id, name=name, connections=found)
    return Live(
        organizations=organizations,
        details=details,
        elsewhere=draw(st.dictionaries(connection_ids(), organization_ids(), max_size=2)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A configuration and an environment that have much in common."""

    desired: Desired
    live: Live


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A configuration and what is live, drawn over the same homes, each with some of them missing."""
    homes = draw(_homes())
    asked: dict[ConnectionId, OrganizationId] = {}
    found: dict[ConnectionId, OrganizationId] = {}
    for connection_id, organization_id in homes.items():
        where = draw(st.integers(0, 5))
        if where != 0:
            asked[connection_id] = organization_id
        if where != 1:
            found[connection_id] = organization_id
    return World(desired=draw(desireds(asked)), live=draw(lives(found)))
