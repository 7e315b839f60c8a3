"""Checks over a plan: each a pure function of the plan and what was read.

They never hide a plan; an error among what they find blocks applying it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from scalekit_apply.checks.evidence import (
    CheckFunction,
    Evidence,
    Finding,
    allowance,
    not_computable,
    quoted,
)
from scalekit_apply.checks.facts import connection_not_found, expectation_failed, organization_name
from scalekit_apply.checks.protection import mass_disable, organization_lockout, protected_connection
from scalekit_apply.checks.readiness import (
    certificate_expired,
    certificate_expiring,
    debug_enabled,
    incomplete_connection,
)
from scalekit_apply.checks.unmanaged import unmanaged_connection
from scalekit_apply.diagnostics import Diagnostic, Diagnostics, Severity
from scalekit_apply.model import Check, Desired, Level, Live
from scalekit_apply.plan import Change

REGISTRY: Final[Mapping[Check, CheckFunction]] = MappingProxyType(
    {
        Check.CONNECTION_NOT_FOUND: connection_not_found,
        Check.EXPECTATION_FAILED: expectation_failed,
        Check.PROTECTED_CONNECTION: protected_connection,
        Check.INCOMPLETE_CONNECTION: incomplete_connection,
        Check.CERTIFICATE_EXPIRED: certificate_expired,
        Check.MASS_DISABLE: mass_disable,
        Check.ORGANIZATION_LOCKOUT: organization_lockout,
        Check.CERTIFICATE_EXPIRING: certificate_expiring,
        Check.DEBUG_ENABLED: debug_enabled,
        Check.ORGANIZATION_NAME: organization_name,
        Check.UNMANAGED_CONNECTION: unmanaged_connection,
    }
)

# From the loudest to the quietest, as the enumeration declares them.
_LOUDNESS: Final = tuple(Level)


def run(
    *,
    desired: Desired,
    changes: tuple[Change, ...],
    live: Live,
    allowed: Collection[Check],
    now: datetime,
    registry: Mapping[Check, CheckFunction] = REGISTRY,
) -> Diagnostics:
    """Run every check and return what they found, at the level in force where each finding belongs.

    ``desired`` is the configuration, or at apply the ``policy`` of the plan; ``changes`` are those still to
    be made; ``now`` is aware of its zone. A check that is ``off`` says nothing. One that could not be
    computed is an error, unless it is set below its default. ``allowed`` turns errors into warnings that say
    so. A fixed check is neither lowered nor allowed. Raises nothing: a check that raises was not computed.
    """
    evidence = Evidence(desired=desired, changes=changes, live=live, now=now)
    return Diagnostics(
        shown
        for check in Check
        for finding in _findings(check, registry, evidence)
        if (shown := _diagnostic(check, finding, desired, allowed)) is not None
    )


def _findings(check: Check, registry: Mapping[Check, CheckFunction], evidence: Evidence) -> list[Finding]:
    found: list[Finding] = []
    try:
        found.extend(registry[check](evidence))
    except Exception as error:  # whatever goes wrong in a check must block, not pass
        reason = f"{type(error).__name__} {quoted(str(error))}"
        found.append(not_computable(None, reason, "This is a defect of scalekit-apply; please report it"))
    return found


def _diagnostic(
    check: Check, finding: Finding, desired: Desired, allowed: Collection[Check]
) -> Diagnostic | None:
    level = desired.level(check, finding.about)
    severity = level.severity
    if severity is None:
        return None
    if not finding.computed and _LOUDNESS.index(level) <= _LOUDNESS.index(check.rule.default):
        severity = Severity.ERROR
    detail = finding.detail
    if severity is Severity.ERROR and check in allowed and not check.rule.fixed:
        severity = Severity.WARNING
        # Who passed the option is not told to pass it.
        detail = f"Allowed by `--allow {check.value}`. {detail.replace(allowance(check), '')}"
    return Diagnostic(
        severity=severity,
        check=check.value,
        summary=finding.summary,
        detail=detail,
        address=None if finding.about is None else str(finding.about),
        location=finding.location,
    )
