"""Running emulators and their seeds, for every test that talks to one.

::

    with running(organization("org_1", connection("conn_1", enabled=True))) as emulator:
        ...  # emulator.url, .client_id, .client_secret, .store, .faults, .requests
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scalekit_apply.emulator import Dialect, Emulator, EmulatorOptions
from scalekit_apply.emulator.records import READ_PERMISSION
from scalekit_apply.emulator.seed import parse_seed

CLIENT_ID = "skc_70000000000000001"
# Canaries: nothing that the tool writes may ever hold one of these.
CLIENT_SECRET = "canary-client-secret-b0b81f6d"
OIDC_SECRET = "canary-oidc-client-secret-5a1e77c9"
READ_ONLY_ID = "skc_70000000000000002"
READ_ONLY_SECRET = "canary-read-only-secret-83d2c0aa"

CLIENTS: tuple[dict[str, Any], ...] = (
    {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
    {"client_id": READ_ONLY_ID, "client_secret": READ_ONLY_SECRET, "permissions": [READ_PERMISSION]},
)
"""The clients of every emulator that :func:`running` starts."""


def certificate(*, expiry_time: str = "2099-01-01T00:00:00.000Z", **values: Any) -> dict[str, Any]:
    """An IdP certificate in the form of the seed; ``expiry_in_days`` takes the place of the time."""
    times = {} if "expiry_in_days" in values else {"expiry_time": expiry_time}
    return {"id": "cert_1", "issuer": "CN=idp.example", "certificate": "MIIC", **times, **values}


def connection(connection_id: str, *, enabled: bool = False, **values: Any) -> dict[str, Any]:
    """A connection in the form of the seed: OKTA, SAML, COMPLETED, with a certificate until 2099.

    With ``type="OIDC"`` it has an ``oidc_config`` with :data:`OIDC_SECRET` in place of the certificate.
    """
    document: dict[str, Any] = {
        "id": connection_id,
        "provider": "OKTA",
        "type": "SAML",
        "status": "COMPLETED",
        "enabled": enabled,
        "domains": ["example.com"],
        **values,
    }
    if document["type"] == "SAML":
        document.setdefault("saml_config", {"idp_certificates": [certificate()]})
    if document["type"] == "OIDC":
        document.setdefault("oidc_config", {"client_id": "at-the-idp", "client_secret": OIDC_SECRET})
    return document


def organization(
    organization_id: str, *connections: Mapping[str, Any], name: str | None = None, **values: Any
) -> dict[str, Any]:
    """An organization in the form of the seed; its display name is the id unless ``name`` is given."""
    return {
        "id": organization_id,
        "display_name": organization_id if name is None else name,
        "connections": [*connections],
        **values,
    }


def seed_document(
    *organizations: Mapping[str, Any], connections: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """A whole seed; ``connections`` are those of the environment itself."""
    return {
        "environment": "test",
        "clients": [*CLIENTS],
        "organizations": [*organizations],
        "connections": [*connections],
    }


@contextmanager
def running(
    *organizations: Mapping[str, Any],
    connections: Sequence[Mapping[str, Any]] = (),
    faults: Sequence[str] = (),
    latency: float = 0,
    db: Path | None = None,
    dialect: Dialect | None = None,
    **emulator: Any,
) -> Iterator[Emulator]:
    """Run an emulator with these organizations; it fails the test if the emulator itself broke."""
    options = EmulatorOptions(faults=tuple(faults), latency=latency, db=db, dialect=dialect or Dialect())
    seed = parse_seed(seed_document(*organizations, connections=connections), now=time.time())
    with Emulator(options, seed=seed, **emulator) as running_emulator:
        yield running_emulator
        failures = running_emulator.failures
    assert not failures, "\n".join(failures)
