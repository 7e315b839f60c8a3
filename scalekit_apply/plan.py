"""A plan: the changes that apply will make, and everything that decides what apply does."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import groupby
from typing import Final

from scalekit_apply.diagnostics import Diagnostic, Diagnostics, Location, Severity
from scalekit_apply.exits import Outcome
from scalekit_apply.model import (
    Address,
    Check,
    Desired,
    DesiredConnection,
    DesiredOrganization,
    Environment,
    Level,
    LiveConnection,
    OrganizationId,
    Unmanaged,
)

FORMAT_MAJOR: Final = 1
FORMAT_VERSION: Final = "1.0"
_LEFT_ALONE: Final = "drift-left-alone"
# After a plan with one of these, live does not equal the configuration.
_INCOMPLETE: Final = frozenset({Check.CONNECTION_NOT_FOUND.value, _LEFT_ALONE})


class Action(StrEnum):
    """What a change does to a connection."""

    ENABLE = "enable"
    DISABLE = "disable"


class Origin(StrEnum):
    """Why live differs: this change of the configuration asks for it, or live moved away."""

    CONFIG = "config"
    DRIFT = "drift"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One connection to switch. ``live`` is what the plan showed; ``after`` is always ``not live.enabled``.

    ``source`` is the place in the configuration that asks for it. ``origin`` is ``None`` unless the plan
    was compared with an earlier configuration.
    """

    live: LiveConnection
    source: Location | None = None
    origin: Origin | None = None

    @property
    def address(self) -> Address:
        """Which connection."""
        return self.live.address

    @property
    def before(self) -> bool:
        """The live ``enabled`` that the plan saw."""
        return self.live.enabled

    @property
    def after(self) -> bool:
        """The ``enabled`` to reach."""
        return not self.live.enabled

    @property
    def action(self) -> Action:
        """The call that reaches it."""
        return Action.ENABLE if self.after else Action.DISABLE


def change_order(change: Change) -> tuple[str, bool, str]:
    """Key for the order in which changes are listed: by organization, its disables first, by connection."""
    address = change.address
    return (address.organization_id, change.action is Action.ENABLE, address.connection_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSummary:
    """How many connections a plan enables, disables and leaves as they are."""

    enable: int
    disable: int
    unchanged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What apply will do. ``changes`` is in ``change_order``; the list shown is the list executed.

    ``policy`` is the configuration reduced to what the checks need again at apply. ``targets`` are the
    ``--target`` options that made it partial. ``unmanaged`` are enabled connections that the configuration
    does not name and that the plan leaves alone. ``compared`` tells whether changes carry an origin.
    """

    environment: Environment
    changes: tuple[Change, ...]
    unchanged: int
    policy: Desired
    diagnostics: Diagnostics = field(default_factory=Diagnostics)
    unmanaged: tuple[LiveConnection, ...] = ()
    allowed: tuple[Check, ...] = ()
    targets: tuple[str, ...] = ()
    compared: bool = False

    @property
    def summary(self) -> PlanSummary:
        """The counts that every view shows."""
        enable = sum(1 for change in self.changes if change.action is Action.ENABLE)
        return PlanSummary(enable=enable, disable=len(self.changes) - enable, unchanged=self.unchanged)

    @property
    def errored(self) -> bool:
        """Whether a check found an error."""
        return self.diagnostics.has_errors

    @property
    def applyable(self) -> bool:
        """Whether apply accepts it."""
        return not self.errored

    @property
    def complete(self) -> bool:
        """Whether live equals the configuration once the plan is applied."""
        return not self.targets and not any(item.check in _INCOMPLETE for item in self.diagnostics)

    @property
    def drifted(self) -> bool:
        """Whether live is not what the configuration describes, or has more enabled than it names."""
        described = {Check.CONNECTION_NOT_FOUND, Check.EXPECTATION_FAILED}
        return bool(
            self.changes or self.unmanaged or any(item.check in described for item in self.diagnostics)
        )

    @property
    def fingerprint(self) -> str:
        """``sha256:`` and the digest of everything that decides what apply does."""
        return fingerprint(self)

    def outcomes(self, *, detailed: bool = False) -> frozenset[Outcome]:
        """What holds of the run that made this plan. ``detailed`` reports that there are changes."""
        held = set[Outcome]()
        if self.errored:
            held.add(Outcome.BLOCKED)
        if detailed and self.changes:
            held.add(Outcome.CHANGES_PRESENT)
        return frozenset(held)


def asked_for(plan: Plan) -> Plan:
    """Return the part of a plan that the change of the configuration asks for, without the drift beside it.

    Needs a plan that was compared with an earlier configuration; the part of any other is empty. Problems of
    what is left out go with it; all others stay, and the checks of apply judge the part anew. A note says
    what is left out, if anything.
    """
    changes = tuple(change for change in plan.changes if change.origin is Origin.CONFIG)
    left_out = {str(change.address) for change in plan.changes} - {str(change.address) for change in changes}
    kept = Diagnostics(item for item in plan.diagnostics if item.address not in left_out)
    note = Diagnostic(
        severity=Severity.NOTE,
        check=_LEFT_ALONE,
        summary=f"Drift is left alone: {', '.join(sorted(left_out))}.",
        detail="The next plan shows it.",
    )
    return replace(
        plan,
        changes=changes,
        policy=policy_for(plan.policy, changes),
        diagnostics=Diagnostics([*kept, note]) if left_out else kept,
    )


JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]


def canonical_json(value: JsonValue) -> bytes:
    """The one way to write a value: sorted keys, no spaces, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def digest(value: JsonValue) -> str:
    """``sha256:`` and the hexadecimal digest of the canonical JSON."""
    return f"sha256:{hashlib.sha256(canonical_json(value)).hexdigest()}"


def fingerprint(plan: Plan) -> str:
    """Return the fingerprint of a plan. Names, counts, places and diagnostics do not take part."""
    changes: list[JsonValue] = [
        {
            "organization": change.address.organization_id,
            "connection": change.address.connection_id,
            "before": {"enabled": change.before},
            "after": {"enabled": change.after},
        }
        for change in sorted(plan.changes, key=lambda item: item.address)
    ]
    return digest(
        {
            "format": FORMAT_MAJOR,
            "environment": plan.environment,
            "policy": policy_document(plan.policy),
            "allowed": [*sorted({check.value for check in plan.allowed})],
            "changes": changes,
        }
    )


def policy_for(desired: Desired, changes: tuple[Change, ...]) -> Desired:
    """Reduce a configuration to what the checks need again when ``changes`` are applied.

    Only touched organizations and connections stay. Of the rest of an organization the ids stay where an
    unmanaged connection is an error; elsewhere nothing about unmanaged connections can block, so a policy
    does not report them (``report`` becomes ``ignore``), and a fingerprint does not move when an unrelated
    connection enters the configuration. The scope stays only when something is disabled.
    """
    touched = groupby(
        sorted({change.address for change in changes}), key=lambda address: address.organization_id
    )
    organizations: dict[OrganizationId, DesiredOrganization] = {}
    for organization_id, addresses in touched:
        organization = desired.organizations[organization_id]
        connections = {
            address.connection_id: wanted
            for address in addresses
            if (wanted := organization.connections.get(address.connection_id)) is not None
        }
        strict = desired.level(Check.UNMANAGED_CONNECTION, organization_id) is Level.ERROR
        reports = organization.unmanaged is Unmanaged.REPORT
        organizations[organization_id] = DesiredOrganization(
            id=organization_id,
            name=organization.name,
            unmanaged=organization.unmanaged if strict or not reports else Unmanaged.IGNORE,
            checks=organization.checks,
            connections=connections,
            others=organization.others.union(organization.connections).difference(connections)
            if strict
            else frozenset(),
            location=organization.location,
            name_location=organization.name_location,
            unmanaged_location=organization.unmanaged_location,
        )
    disables = any(change.action is Action.DISABLE for change in changes)
    return Desired(
        environment=desired.environment,
        limits=desired.limits,
        checks=desired.checks,
        organizations=organizations,
        scope=desired.scope if disables else (),
    )


def policy_document(policy: Desired) -> dict[str, JsonValue]:
    """The policy as JSON: in the saved plan and under the fingerprint. Places and descriptions stay out.

    Levels at the top are the effective ones of every check that can be set; below, only what is set there.
    """
    return {
        "limits": {
            "max_disables": policy.limits.max_disables,
            "max_disable_percent": policy.limits.max_disable_percent,
        },
        "checks": {check.value: policy.level(check).value for check in Check if not check.rule.fixed},
        "organizations": {
            organization.id: _organization_policy(organization)
            for organization in policy.organizations.values()
        },
        "scope": list(policy.scope),
    }


def _organization_policy(organization: DesiredOrganization) -> JsonValue:
    return {
        "name": organization.name,
        "unmanaged": organization.unmanaged.value,
        "checks": _levels_document(organization.checks),
        "others": [*sorted(organization.others)],
        "connections": {
            connection_id: _connection_policy(wanted)
            for connection_id, wanted in sorted(organization.connections.items())
        },
    }


def _connection_policy(wanted: DesiredConnection) -> JsonValue:
    expect: JsonValue = None
    if wanted.expect is not None:
        facts: dict[str, JsonValue] = {
            "provider": wanted.expect.provider,
            "type": wanted.expect.type,
            "status": wanted.expect.status,
            "domains": None if wanted.expect.domains is None else [*sorted(wanted.expect.domains)],
        }
        expect = {key: value for key, value in facts.items() if value is not None}
    return {"protected": wanted.protected, "expect": expect, "checks": _levels_document(wanted.checks)}


def _levels_document(levels: Mapping[Check, Level]) -> JsonValue:
    return {check.value: level.value for check, level in sorted(levels.items())}
