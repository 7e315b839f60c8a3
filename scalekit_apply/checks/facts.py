"""Checks of what the configuration says about the environment."""

from __future__ import annotations

from collections.abc import Iterator

from scalekit_apply.checks.evidence import UNSPECIFIED, Evidence, Finding, fact, quoted
from scalekit_apply.diagnostics import Location
from scalekit_apply.model import Address, Expectation, LiveConnection, one_spelling


def connection_not_found(evidence: Evidence) -> Iterator[Finding]:
    """Every connection that is configured, or about to be changed, and that its organization lacks.

    Also every organization that is configured without a connection and has none: its id may be mistyped,
    and then nothing would ever be compared.
    """
    places: dict[Address, Location | None] = {
        change.address: evidence.place_of(change) for change in evidence.changes
    }
    for organization in evidence.desired.organizations.values():
        for wanted in organization.connections.values():
            places[wanted.address] = wanted.location
    for address, location in places.items():
        if evidence.live.connection(address) is None:
            yield _missing(evidence, address, location)
    for organization in evidence.desired.organizations.values():
        live = evidence.live.organizations.get(organization.id)
        if not organization.connections and not organization.others and live and not live.connections:
            yield Finding(
                about=organization.id,
                summary=f"{organization.id} has no connections or is unknown to this environment.",
                detail="Correct the id of the organization or the `environment`, or remove the entry.",
                location=organization.location,
            )


def _missing(evidence: Evidence, address: Address, location: Location | None) -> Finding:
    organization_id, connection_id = address
    owner = evidence.live.elsewhere.get(connection_id)
    organization = evidence.live.organizations.get(organization_id)
    if owner is not None:
        summary = f"{connection_id} is not a connection of {organization_id}: it belongs to {owner}."
        detail = f"Move the entry to {owner}, correct the id, or remove the entry."
    elif organization is None or not organization.connections:
        summary = (
            f"{connection_id} was not found: {organization_id} has no connections"
            " or is unknown to this environment."
        )
        detail = "Correct the id of the organization or the `environment`, or remove the entry."
    else:
        summary = f"{organization_id} has no connection {connection_id}."
        detail = "Correct the id or remove the entry."
    return Finding(about=address, summary=summary, detail=detail, location=location)


def expectation_failed(evidence: Evidence) -> Iterator[Finding]:
    """Every configured connection that is not what its ``expect`` says."""
    for organization in evidence.desired.organizations.values():
        for wanted in organization.connections.values():
            live = evidence.live.connection(wanted.address)
            # A connection that is not there is the other check's to say.
            if wanted.expect is None or live is None:
                continue
            if differing := _differing_facts(wanted.expect, live):
                told = "; ".join(
                    f"{name} is {seen}, expected {expected}" for name, expected, seen in differing
                )
                yield Finding(
                    about=wanted.address,
                    summary=f"{wanted.address} is not what `expect` says: {told}.",
                    detail="If this is the wrong connection, correct its `id`; if the fact has changed, "
                    + " and ".join(_correction(name, seen) for name, _, seen in differing)
                    + ".",
                    location=wanted.expect.location or wanted.location,
                )


def _differing_facts(expect: Expectation, live: LiveConnection) -> list[tuple[str, str, str]]:
    """Name, expected value and live value of each fact that differs, as they are shown."""
    found = [
        (name, fact(expected), fact(seen))
        for name, expected, seen in (
            ("provider", expect.provider, live.provider),
            ("type", expect.type, live.type),
            ("status", expect.status, live.status),
        )
        if expected is not None and one_spelling(expected) != one_spelling(seen)
    ]
    if expect.domains is not None and _as_set(expect.domains) != _as_set(live.domains):
        found.append(("domains", _listed(expect.domains), _listed(live.domains)))
    return found


def _as_set(domains: tuple[str, ...]) -> frozenset[str]:
    return frozenset(domain.lower() for domain in domains)


def _listed(domains: tuple[str, ...]) -> str:
    return f"[{', '.join(quoted(domain) for domain in sorted(domains))}]"


def _correction(name: str, seen: str) -> str:
    # There is no way to expect that the service says nothing.
    return f"remove `expect.{name}`" if seen == UNSPECIFIED else f"set `expect.{name}` to {seen}"


def organization_name(evidence: Evidence) -> Iterator[Finding]:
    """Every organization whose label is not its live name; a live name is known only with connections."""
    for organization in evidence.desired.organizations.values():
        live = evidence.live.organizations.get(organization.id)
        if organization.name is None or live is None or not live.name or live.name == organization.name:
            continue
        yield Finding(
            about=organization.id,
            summary=f"{organization.id} is called {quoted(live.name)},"
            f" but labelled {quoted(organization.name)}.",
            detail=f"Set `name` to {quoted(live.name)}, or correct `id` if this is the wrong organization.",
            location=organization.name_location or organization.location,
        )
