"""Checks of whether what is about to be enabled can work."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from scalekit_apply.checks.evidence import Evidence, Finding, allowance, fact, not_computable
from scalekit_apply.model import Certificate, Check, ConnectionDetail, Level
from scalekit_apply.plan import Change

_SOON: Final = timedelta(days=30)
_SAML: Final = "SAML"


def incomplete_connection(evidence: Evidence) -> Iterator[Finding]:
    """Every connection about to be enabled whose set-up is not finished."""
    for change in evidence.enables:
        live = evidence.live.connection(change.address)
        location = evidence.place_of(change)
        if live is None:
            yield not_computable(
                change.address, "its status was not read", "Correct the id, or plan again", location
            )
        elif live.status != "COMPLETED":
            yield Finding(
                about=change.address,
                summary=f"{change.address} would be enabled, but its status is"
                f" {fact(live.status)}, not COMPLETED.",
                detail="Finish setting the connection up in Scalekit, or keep `enabled: false`;"
                f" to enable it all the same, {_override(Check.INCOMPLETE_CONNECTION)}.",
                location=location,
            )


def certificate_expired(evidence: Evidence) -> Iterator[Finding]:
    """Every SAML connection about to be enabled without a certificate that is valid now."""
    for change in evidence.enables:
        detail = evidence.live.details.get(change.address)
        if not _is_saml(evidence, change, detail):
            continue
        if detail is None or detail.certificates is None:
            yield _unread(evidence, change, Check.CERTIFICATE_EXPIRED, "its certificates could not be read")
        elif _last_valid(detail.certificates, evidence.now) is None:
            yield _without_valid(evidence, change, detail.certificates)


def _without_valid(evidence: Evidence, change: Change, certificates: tuple[Certificate, ...]) -> Finding:
    ends = [certificate.expiry for certificate in certificates if certificate.expiry is not None]
    if len(ends) < len(certificates):
        reason = "a certificate of its identity provider has no readable expiry_time"
        return _unread(evidence, change, Check.CERTIFICATE_EXPIRED, reason)
    why = f"its last certificate ended on {_date(max(ends))}" if ends else "it has no certificate"
    return Finding(
        about=change.address,
        summary=f"{change.address} would be enabled, but {why}.",
        detail="Add a current certificate of the identity provider in Scalekit, or keep `enabled: false`;"
        f" to enable it all the same, {_override(Check.CERTIFICATE_EXPIRED)}.",
        location=evidence.place_of(change),
    )


def certificate_expiring(evidence: Evidence) -> Iterator[Finding]:
    """Every connection about to be enabled whose last valid certificate ends within 30 days.

    Without a valid certificate there is nothing that could end soon: that is ``certificate-expired``.
    """
    for change in evidence.enables:
        detail = evidence.live.details.get(change.address)
        if detail is None or detail.certificates is None:
            if _is_saml(evidence, change, detail):
                reason = "its certificates could not be read"
                yield _unread(evidence, change, Check.CERTIFICATE_EXPIRING, reason)
            continue
        last = _last_valid(detail.certificates, evidence.now)
        if last is not None and last - evidence.now <= _SOON:
            yield Finding(
                about=change.address,
                summary=f"{change.address} would be enabled, but its last valid certificate ends on"
                f" {_date(last)}.",
                detail="Add the next certificate of the identity provider in Scalekit before that day; to"
                f" silence this, set `checks: {{{Check.CERTIFICATE_EXPIRING.value}: off}}` on it.",
                location=evidence.place_of(change),
            )


def debug_enabled(evidence: Evidence) -> Iterator[Finding]:
    """Every connection about to be enabled in debug mode."""
    for change in evidence.enables:
        detail = evidence.live.details.get(change.address)
        if detail is None:
            yield _unread(evidence, change, Check.DEBUG_ENABLED, "the connection could not be read")
        elif detail.debug_enabled:
            yield Finding(
                about=change.address,
                summary=f"{change.address} would be enabled in debug mode, which allows endpoints without"
                " HTTPS.",
                detail="Switch debug mode off in Scalekit; to silence this, set"
                f" `checks: {{{Check.DEBUG_ENABLED.value}: off}}` on the connection.",
                location=evidence.place_of(change),
            )


def _is_saml(evidence: Evidence, change: Change, detail: ConnectionDetail | None) -> bool:
    """Whether certificates matter: either answer says SAML, or neither says anything that rules it out."""
    live = evidence.live.connection(change.address)
    said = {live.type if live else "", detail.type if detail else ""} - {""}
    if said:
        return _SAML in said
    return detail is None or detail.certificates is not None


def _last_valid(certificates: tuple[Certificate, ...], now: datetime) -> datetime | None:
    ends = (certificate.expiry for certificate in certificates)
    return max((end for end in ends if end is not None and end > now), default=None)


def _unread(evidence: Evidence, change: Change, check: Check, reason: str) -> Finding:
    hint = (
        f"Look at the connection in Scalekit, and plan again; to enable it all the same, {_override(check)}"
    )
    return not_computable(change.address, reason, hint, evidence.place_of(change))


def _override(check: Check) -> str:
    quieter = Level.WARNING if check.rule.default is Level.ERROR else Level.NOTE
    return f"set `checks: {{{check.value}: {quieter.value}}}` on the connection{allowance(check)}"


def _date(moment: datetime) -> str:
    return moment.astimezone(UTC).date().isoformat()
