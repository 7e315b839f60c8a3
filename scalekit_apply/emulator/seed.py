"""The seed: a JSON document that describes an environment to start from.

::

    {
      "environment": "acme",
      "clients": [
        {"client_id": "skc_1", "client_secret": "…", "permissions": ["connections_read"]}
      ],
      "organizations": [
        {
          "id": "org_1", "display_name": "Megasoft", "external_id": "42",
          "connections": [
            {
              "id": "conn_1", "provider": "OKTA", "type": "SAML", "status": "COMPLETED",
              "enabled": true, "domains": ["megasoft.com"],
              "saml_config": {"idp_certificates": [{"id": "cert_1", "expiry_in_days": 20}]}
            }
          ]
        }
      ],
      "connections": [{"id": "conn_2", "provider": "GOOGLE"}]
    }

Everything is optional but the ``id`` of organizations and connections (1 to 32 characters, unique).

- ``clients``: without any, one with both permissions is made up. ``client_id`` and ``client_secret`` are made
  up where they are missing; ``permissions`` are both, unless given.
- ``organizations``: ``display_name`` and, sent as they stand, ``external_id``, ``create_time``,
  ``update_time``, ``region_code``, ``slug``, ``metadata``.
- ``connections`` inside an organization belong to it; those at the top belong to the environment itself. They
  take every attribute of the connection that the API has, under its name. Left out, ``provider`` is
  ``CUSTOM``, ``type`` is ``OIDC``, ``status`` is ``COMPLETED`` and ``enabled`` is false; an empty text makes
  an enum unspecified. Enums take any text, so that values of a newer server can be tried. ``create_time``
  and ``update_time`` are the time of seeding, unless given; an empty text sends none.
- ``domains`` are texts, or objects with ``domain`` and ``id``.
- Certificates take ``expiry_in_days`` in place of ``expiry_time``: days from the time of seeding, with a
  fraction and negative if you like, so that an example does not age. ``expiry_time`` takes any text.
- ``extra``, on organizations and connections, is an object that is sent besides, and wins over the known
  names: attributes of a newer server, or values of a wrong type.

All problems are reported at once, each with the file and the JSON path.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

from scalekit_apply.diagnostics import Diagnostic, Diagnostics, Location, Severity
from scalekit_apply.emulator.jsonreader import JsonReader, Kind
from scalekit_apply.emulator.records import (
    READ_PERMISSION,
    WRITE_PERMISSION,
    Client,
    Connection,
    Organization,
    Seed,
)
from scalekit_apply.emulator.store import timestamp
from scalekit_apply.errors import ConfigurationError, UsageError

MAX_ID_LENGTH: Final = 32
_SECONDS_A_DAY: Final = 86_400
_KEYS: Final = "scalekit-apply emulator --help shows the keys of a seed."

_SEED: Final = {
    "environment": Kind.TEXT,
    "clients": Kind.LIST,
    "organizations": Kind.LIST,
    "connections": Kind.LIST,
}
_CLIENT: Final = {"client_id": Kind.TEXT, "client_secret": Kind.TEXT, "permissions": Kind.LIST}
_ORGANIZATION: Final = {
    "id": Kind.TEXT,
    "display_name": Kind.TEXT,
    "external_id": Kind.TEXT,
    "create_time": Kind.TEXT,
    "update_time": Kind.TEXT,
    "region_code": Kind.TEXT,
    "slug": Kind.TEXT,
    "metadata": Kind.TEXT_MAP,
    "connections": Kind.LIST,
    "extra": Kind.MAP,
}
_LISTED: Final = {
    "provider": "CUSTOM",
    "type": "OIDC",
    "status": "COMPLETED",
    "key_id": "",
    "provider_key": "",
    "ui_button_title": "",
    "mcp_server_url": "",
}
_DETAILS: Final = {
    "debug_enabled": Kind.FLAG,
    "configuration_type": Kind.TEXT,
    "attribute_mapping": Kind.TEXT_MAP,
    "test_connection_uri": Kind.TEXT,
    "saml_config": Kind.MAP,
    "oidc_config": Kind.MAP,
}
_CONNECTION: Final = {
    "id": Kind.TEXT,
    **dict.fromkeys(_LISTED, Kind.TEXT),
    "enabled": Kind.FLAG,
    "domains": Kind.LIST,
    **_DETAILS,
    "create_time": Kind.TEXT,
    "update_time": Kind.TEXT,
    "extra": Kind.MAP,
}
_PROVISIONING: Final = {
    "jit_provisioning_with_sso_enabled": Kind.FLAG,
    "sync_user_profile_on_login": Kind.FLAG,
}
_SAML: Final = {
    "sp_entity_id": Kind.TEXT,
    "sp_assertion_url": Kind.TEXT,
    "sp_metadata_url": Kind.TEXT,
    "sp_slo_url": Kind.TEXT,
    "idp_entity_id": Kind.TEXT,
    "idp_sso_url": Kind.TEXT,
    "idp_metadata_url": Kind.TEXT,
    "idp_certificates": Kind.LIST,
    "idp_sso_request_binding": Kind.TEXT,
    "idp_slo_request_binding": Kind.TEXT,
    "idp_slo_url": Kind.TEXT,
    "idp_slo_required": Kind.FLAG,
    "saml_signing_option": Kind.TEXT,
    "assertion_encrypted": Kind.FLAG,
    "want_request_signed": Kind.FLAG,
    "allow_idp_initiated_login": Kind.FLAG,
    "certificate_id": Kind.TEXT,
    "default_redirect_uri": Kind.TEXT,
    "force_authn": Kind.FLAG,
    "idp_name_id_format": Kind.TEXT,
    "ui_button_title": Kind.TEXT,
    **_PROVISIONING,
}
_OIDC: Final = {
    "authorize_uri": Kind.TEXT,
    "token_uri": Kind.TEXT,
    "discovery_endpoint": Kind.TEXT,
    "user_info_uri": Kind.TEXT,
    "jwks_uri": Kind.TEXT,
    "issuer": Kind.TEXT,
    "redirect_uri": Kind.TEXT,
    "client_id": Kind.TEXT,
    "client_secret": Kind.TEXT,
    "scopes": Kind.TEXT_OR_LIST,
    "pkce_enabled": Kind.FLAG,
    "token_auth_type": Kind.TEXT,
    "backchannel_logout_redirect_uri": Kind.TEXT,
    "idp_logout_required": Kind.FLAG,
    "post_logout_redirect_uri": Kind.TEXT,
    **_PROVISIONING,
}
_CERTIFICATE: Final = {
    "id": Kind.TEXT,
    "certificate": Kind.TEXT,
    "issuer": Kind.TEXT,
    "create_time": Kind.TEXT,
    "expiry_time": Kind.TEXT,
    "expiry_in_days": Kind.NUMBER,
}
_DOMAIN: Final = {"id": Kind.TEXT, "domain": Kind.TEXT}


def read_seed(path: Path, *, now: float) -> Seed:
    """Read a seed file. ``now`` is seconds since the epoch.

    Raises :class:`UsageError` for a file that cannot be read, :class:`ConfigurationError` with everything
    that is wrong in one that can.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror or "I/O error") if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(
            f"The seed {path} cannot be read: {reason}.", hint=f"Give the path of a JSON file. {_KEYS}"
        ) from error
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        place = Location(file=path.as_posix(), line=error.lineno, column=error.colno)
        raise ConfigurationError(
            Diagnostics([_problem(f"The seed is not JSON: {error.msg}.", place)])
        ) from error
    except RecursionError as error:
        place = Location(file=path.as_posix())
        raise ConfigurationError(Diagnostics([_problem("The seed nests too deep.", place)])) from error
    return parse_seed(document, now=now, file=path.as_posix())


def parse_seed(document: object, *, now: float, file: str = "seed") -> Seed:
    """Turn a seed document into records; ``file`` is what problems name as their place."""
    reader = JsonReader()
    seed = _seed(reader, document, now)
    if reader.problems:
        place = Location(file=file)
        raise ConfigurationError(Diagnostics(_problem(text, place) for text in reader.problems))
    return seed


def _problem(text: str, place: Location) -> Diagnostic:
    return Diagnostic(severity=Severity.ERROR, check="seed", summary=text, detail=_KEYS, location=place)


def _seed(reader: JsonReader, document: object, now: float) -> Seed:
    top = reader.members(document, _SEED, "")
    organizations: list[Organization] = []
    connections: list[Connection] = []
    for path, item in reader.items(top, "organizations", ""):
        found, owned = _organization(reader, item, path, now)
        organizations.append(found)
        connections += owned
    connections += [
        _connection(reader, item, path, now) for path, item in reader.items(top, "connections", "")
    ]
    clients = tuple(_client(reader, item, path) for path, item in reader.items(top, "clients", ""))
    reader.unique("organization", [item.id for item in organizations])
    reader.unique("connection", [item.id for item in connections])
    reader.unique("client", [item.id for item in clients])
    return Seed(
        environment=top.get("environment") or "emulator",
        clients=clients or (_client(reader, {}, ""),),
        organizations=tuple(organizations),
        connections=tuple(connections),
    )


def _client(reader: JsonReader, item: object, path: str) -> Client:
    given = reader.members(item, _CLIENT, path)
    permissions = frozenset({READ_PERMISSION, WRITE_PERMISSION})
    if "permissions" in given:
        wanted = given["permissions"]
        for number, one in enumerate(cast("list[object]", wanted)):
            if not isinstance(one, str) or one not in permissions:
                reader.report(
                    f"{path}.permissions[{number}]", f"must be one of {', '.join(sorted(permissions))}"
                )
        permissions &= frozenset(one for one in wanted if isinstance(one, str))
    return Client(
        id=given.get("client_id") or f"skc_{secrets.randbelow(10**18):018d}",
        secret=given.get("client_secret") or secrets.token_urlsafe(24),
        permissions=permissions,
    )


def _organization(
    reader: JsonReader, item: object, path: str, now: float
) -> tuple[Organization, list[Connection]]:
    given = reader.members(item, _ORGANIZATION, path)
    organization_id = _identifier(reader, given, path)
    attributes = {
        name: value
        for name, value in given.items()
        if name not in {"id", "display_name", "connections", "extra"}
    }
    connections = [
        _connection(reader, one, where, now, organization_id)
        for where, one in reader.items(given, "connections", path)
    ]
    organization = Organization(
        id=organization_id,
        display_name=given.get("display_name", ""),
        attributes=attributes,
        extra=given.get("extra", {}),
    )
    return organization, connections


def _connection(
    reader: JsonReader, item: object, path: str, now: float, organization_id: str = ""
) -> Connection:
    given = reader.members(item, _CONNECTION, path)
    details = {name: given[name] for name in _DETAILS if name in given}
    if "saml_config" in given:
        details["saml_config"] = _saml(reader, given["saml_config"], f"{path}.saml_config", now)
    if "oidc_config" in given:
        details["oidc_config"] = reader.members(given["oidc_config"], _OIDC, f"{path}.oidc_config")
    moment = timestamp(now)
    return Connection(
        id=_identifier(reader, given, path),
        organization_id=organization_id,
        **{name: given.get(name, default) for name, default in _LISTED.items()},
        enabled=given.get("enabled", False),
        domains=_domains(reader, given, path),
        extra=given.get("extra", {}),
        details=details,
        create_time=given.get("create_time", moment),
        update_time=given.get("update_time", moment),
    )


def _identifier(reader: JsonReader, given: Mapping[str, Any], path: str) -> str:
    found: str = given.get("id", "")
    if not 1 <= len(found) <= MAX_ID_LENGTH:
        reader.report(f"{path}.id", f"is required and has 1 to {MAX_ID_LENGTH} characters")
    return found


def _domains(reader: JsonReader, given: Mapping[str, Any], path: str) -> tuple[Mapping[str, Any], ...]:
    found: list[Mapping[str, Any]] = []
    for where, item in reader.items(given, "domains", path):
        if isinstance(item, str):
            found.append({"id": f"dom_{len(found) + 1}", "domain": item})
        else:
            found.append(reader.members(item, _DOMAIN, where))
    return tuple(found)


def _saml(reader: JsonReader, item: object, path: str, now: float) -> Mapping[str, Any]:
    given = reader.members(item, _SAML, path)
    if "idp_certificates" in given:
        given["idp_certificates"] = [
            _certificate(reader, one, where, now)
            for where, one in reader.items(given, "idp_certificates", path)
        ]
    return given


def _certificate(reader: JsonReader, item: object, path: str, now: float) -> Mapping[str, Any]:
    given = reader.members(item, _CERTIFICATE, path)
    if "expiry_in_days" in given:
        days = given.pop("expiry_in_days")
        if "expiry_time" in given:
            reader.report(path, "has both expiry_time and expiry_in_days")
        try:
            given["expiry_time"] = timestamp(now + days * _SECONDS_A_DAY)
        except (OverflowError, ValueError, OSError):
            reader.report(f"{path}.expiry_in_days", "leads to a time that cannot be written")
    return given
