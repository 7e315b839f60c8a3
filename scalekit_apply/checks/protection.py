"""Checks of what a plan takes away."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from scalekit_apply.checks.evidence import Evidence, Finding, allowance, not_computable
from scalekit_apply.model import Check, ConnectionId, OrganizationId

_PERCENTAGE_COUNTS_FROM: Final = 10


def protected_connection(evidence: Evidence) -> Iterator[Finding]:
    """Every change that disables a connection with ``protected: true``."""
    for change in evidence.disables:
        wanted = evidence.desired.connection(change.address)
        if wanted is not None and wanted.protected:
            yield Finding(
                about=change.address,
                summary=f"{change.address} is protected, and the plan would disable it.",
                detail="Set `enabled: true`, or remove `protected: true` in a change of its own first.",
                location=evidence.place_of(change),
            )


def mass_disable(evidence: Evidence) -> Iterator[Finding]:
    """More disables than the limits allow; exactly at a limit passes."""
    disables = len(evidence.disables)
    limits = evidence.desired.limits
    if disables > limits.max_disables:
        yield Finding(
            about=None,
            summary=f"The plan disables {_connections(disables)}; `limits.max_disables` allows"
            f" {limits.max_disables}.",
            detail=_raise_limit("max_disables", disables),
            location=limits.location,
        )
    if not disables:
        return
    live = evidence.live.organizations
    unread = [organization_id for organization_id in evidence.desired.scope if organization_id not in live]
    if unread:
        yield not_computable(
            None,
            f"{min(unread)} was not read, so the share of disabled connections is unknown",
            f"Plan again{allowance(Check.MASS_DISABLE)}",
        )
        return
    enabled = sum(
        connection.enabled
        for organization_id in evidence.desired.scope
        for connection in live[organization_id].connections.values()
    )
    if enabled >= _PERCENTAGE_COUNTS_FROM and disables * 100 > limits.max_disable_percent * enabled:
        yield Finding(
            about=None,
            summary=f"The plan disables {disables} of {enabled} enabled connections;"
            f" `limits.max_disable_percent` allows {limits.max_disable_percent} percent.",
            # Rounded up: the smallest whole percentage that lets this plan pass.
            detail=_raise_limit("max_disable_percent", -(-disables * 100 // enabled)),
            location=limits.location,
        )


def _connections(count: int) -> str:
    return f"{count} connection" if count == 1 else f"{count} connections"


def _raise_limit(key: str, value: int) -> str:
    return (
        f"If that is intended, set `limits.{key}: {value}`{allowance(Check.MASS_DISABLE)};"
        " otherwise disable fewer at a time."
    )


def organization_lockout(evidence: Evidence) -> Iterator[Finding]:
    """Every organization in which something is disabled and nothing enabled would remain."""
    switched: defaultdict[OrganizationId, dict[ConnectionId, bool]] = defaultdict(dict)
    for change in evidence.changes:
        switched[change.address.organization_id][change.address.connection_id] = change.after
    for organization_id, after in switched.items():
        if all(after.values()):
            continue
        organization = evidence.desired.organizations.get(organization_id)
        location = None if organization is None else organization.location
        live = evidence.live.organizations.get(organization_id)
        if live is None:
            yield not_computable(
                organization_id,
                "its connections were not read",
                f"Plan again{allowance(Check.ORGANIZATION_LOCKOUT)}",
                location,
            )
            continue
        before = {
            connection.address.connection_id: connection.enabled for connection in live.connections.values()
        }
        if not any({**before, **after}.values()):
            yield Finding(
                about=organization_id,
                summary=f"{organization_id} would end without an enabled connection:"
                " nobody there could sign in over SSO.",
                detail="Keep one of its connections at `enabled: true`; if the organization is meant to end"
                f" without SSO, set `checks: {{{Check.ORGANIZATION_LOCKOUT.value}: off}}` on it.",
                location=location,
            )
