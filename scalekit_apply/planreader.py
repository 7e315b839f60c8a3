"""JSON documents back to values of the domain. What comes in has passed the schema of its kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

from scalekit_apply.diagnostics import Diagnostic, Diagnostics, Location, Severity
from scalekit_apply.documents import outcome_name
from scalekit_apply.exits import Outcome
from scalekit_apply.model import (
    Address,
    Check,
    ConnectionId,
    Desired,
    DesiredConnection,
    DesiredOrganization,
    Environment,
    Expectation,
    Level,
    Limits,
    LiveConnection,
    OrganizationId,
    Unmanaged,
    is_connection_id,
    is_organization_id,
    parse_environment,
)
from scalekit_apply.plan import Change, Origin, Plan, change_order
from scalekit_apply.result import ChangeResult, Result, State


class Contradiction(Exception):
    """A document that fits its schema and still says two things. The message completes "… says that …"."""


# Every key and type was checked against the schema, which the type checker cannot see.
_Object = Mapping[str, Any]


def read_plan(document: Mapping[str, Any]) -> Plan:
    """Return the plan of a document; raises ``Contradiction``.

    The policy has no places but those of the changes, no descriptions, and only what ``policy_document``
    keeps; live connections have only what a change shows.
    """
    environment = _environment(document["environment"])
    changes = tuple(_change(item) for item in document["resource_changes"])
    if any(change_order(first) >= change_order(second) for first, second in pairwise(changes)):
        raise Contradiction("its changes are not in order, or one stands twice")
    return Plan(
        environment=environment,
        changes=changes,
        unchanged=document["summary"]["unchanged"],
        policy=_policy(document["policy"], environment, changes),
        diagnostics=_diagnostics(document["diagnostics"]),
        unmanaged=tuple(_live(item, enabled=True) for item in document["unmanaged"]),
        allowed=tuple(Check(name) for name in document["allowed"]),
        targets=tuple(document["targets"]),
        compared=document["compared"],
    )


def read_result(document: Mapping[str, Any]) -> Result:
    """Return the result of a document; raises ``Contradiction``."""
    outcomes = {outcome_name(outcome): outcome for outcome in Outcome}
    return Result(
        environment=_environment(document["environment"]),
        fingerprint=document["fingerprint"],
        results=tuple(_change_result(item) for item in document["results"]),
        outcomes=frozenset(outcomes[name] for name in document["outcomes"]),
        diagnostics=_diagnostics(document["diagnostics"]),
        allowed=tuple(Check(name) for name in document["allowed"]),
    )


def _environment(text: str) -> Environment:
    try:
        environment = parse_environment(text)
    except ValueError as error:
        raise Contradiction(f"its environment {error}") from None
    if environment != text:
        raise Contradiction("its environment is not written as scheme and host alone")
    return environment


def _change_result(item: _Object) -> ChangeResult:
    return ChangeResult(
        change=_change(item),
        state=State(item["state"]),
        attempts=item["attempts"],
        status=item["status"],
        message=item["message"],
        trace_id=item["trace_id"],
    )


def _change(item: _Object) -> Change:
    before, after = item["change"]["before"]["enabled"], item["change"]["after"]["enabled"]
    if before == after:
        raise Contradiction(f"{item['address']} changes from {str(before).lower()} to the same")
    return Change(
        live=_live(item, enabled=before),
        source=_location(item["source"]),
        origin=Origin(item["origin"]) if item["origin"] is not None else None,
    )


def _live(item: _Object, *, enabled: bool) -> LiveConnection:
    facts: _Object = item["live"]
    return LiveConnection(
        address=_address(item["address"]),
        enabled=enabled,
        organization_name=facts["name"],
        provider=facts["provider"],
        type=facts["type"],
        status=facts["status"],
        domains=tuple(facts["domains"]),
    )


def _address(text: str) -> Address:
    organization_id, _, connection_id = text.partition("/")
    if not is_organization_id(organization_id) or not is_connection_id(connection_id):
        raise Contradiction("an address is not that of a connection")
    return Address(OrganizationId(organization_id), ConnectionId(connection_id))


def _location(value: _Object | None) -> Location | None:
    if value is None:
        return None
    return Location(file=value["file"], line=value["line"], column=value["column"])


def _diagnostics(items: list[_Object]) -> Diagnostics:
    return Diagnostics(
        Diagnostic(
            severity=Severity(item["severity"]),
            check=item["check"],
            summary=item["summary"],
            detail=item["detail"],
            address=item["address"],
            location=_location(item["location"]),
        )
        for item in items
    )


def _policy(value: _Object, environment: Environment, changes: tuple[Change, ...]) -> Desired:
    by_address = {change.address: change for change in changes}
    organizations: dict[OrganizationId, DesiredOrganization] = {}
    for text, item in value["organizations"].items():
        organization_id = OrganizationId(text)
        organizations[organization_id] = _organization(organization_id, item, by_address)
    for change in changes:
        if (owner := organizations.get(change.address.organization_id)) is None:
            raise Contradiction(f"{change.address} changes, and its policy does not know the organization")
        if change.address.connection_id not in owner.connections and owner.unmanaged_location is None:
            organizations[owner.id] = replace(owner, unmanaged_location=change.source)
    return Desired(
        environment=environment,
        limits=Limits(
            max_disables=value["limits"]["max_disables"],
            max_disable_percent=value["limits"]["max_disable_percent"],
        ),
        checks=_levels(value["checks"]),
        organizations=organizations,
        scope=tuple(OrganizationId(text) for text in value["scope"]),
    )


def _organization(
    organization_id: OrganizationId, item: _Object, changes: Mapping[Address, Change]
) -> DesiredOrganization:
    connections: dict[ConnectionId, DesiredConnection] = {}
    for text, wanted in item["connections"].items():
        address = Address(organization_id, ConnectionId(text))
        if (change := changes.get(address)) is None:
            raise Contradiction(f"its policy has {address}, which does not change")
        connections[address.connection_id] = DesiredConnection(
            address=address,
            enabled=change.after,
            protected=wanted["protected"],
            expect=_expectation(wanted["expect"]),
            checks=_levels(wanted["checks"]),
            location=change.source,
        )
    return DesiredOrganization(
        id=organization_id,
        name=item["name"],
        unmanaged=Unmanaged(item["unmanaged"]),
        checks=_levels(item["checks"]),
        connections=connections,
        others=frozenset(ConnectionId(text) for text in item["others"]),
    )


def _expectation(value: _Object | None) -> Expectation | None:
    if value is None:
        return None
    domains = value.get("domains")
    return Expectation(
        provider=value.get("provider"),
        type=value.get("type"),
        status=value.get("status"),
        domains=None if domains is None else tuple(domains),
    )


def _levels(value: Mapping[str, str]) -> dict[Check, Level]:
    return {Check(name): Level(level) for name, level in value.items()}
