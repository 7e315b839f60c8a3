"""All that ``inspect`` may show of a connection: an attribute that is not listed here is not shown."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Final, cast

from scalekit_apply.settings import HIDDEN

Shown = str | int | float | bool | list["Shown"] | dict[str, "Shown"]
_PLAIN: Final = "plain"
_SECRET: Final = "secret"  # noqa: S105  # a kind of attribute
_NAMES: Final = "names"
_Kind = str | dict[str, "_Kind"]


def _plain(names: str) -> dict[str, _Kind]:
    return dict.fromkeys(names.split(), _PLAIN)


_CERTIFICATE: Final = _plain("id issuer create_time expiry_time certificate")
_SAML: Final[dict[str, _Kind]] = {
    **_plain(
        """sp_entity_id sp_assertion_url sp_metadata_url sp_slo_url idp_entity_id idp_sso_url idp_slo_url
        idp_metadata_url idp_sso_request_binding idp_slo_request_binding idp_slo_required
        idp_name_id_format saml_signing_option assertion_encrypted want_request_signed
        allow_idp_initiated_login certificate_id default_redirect_uri force_authn ui_button_title
        jit_provisioning_with_sso_enabled sync_user_profile_on_login"""
    ),
    "idp_certificates": _CERTIFICATE,
}
_OIDC: Final[dict[str, _Kind]] = {
    **_plain(
        """issuer discovery_endpoint authorize_uri token_uri user_info_uri jwks_uri redirect_uri client_id
        scopes pkce_enabled token_auth_type backchannel_logout_redirect_uri idp_logout_required
        post_logout_redirect_uri jit_provisioning_with_sso_enabled sync_user_profile_on_login"""
    ),
    "client_secret": _SECRET,
}
_CONNECTION: Final[dict[str, _Kind]] = {
    **_plain(
        """id organization_id organization_name provider type status enabled debug_enabled
        configuration_type test_connection_uri create_time update_time key_id provider_key
        ui_button_title mcp_server_url"""
    ),
    "domains": _plain("id domain"),
    "attribute_mapping": _NAMES,
    "saml_config": _SAML,
    "oidc_config": _OIDC,
}


def shown_connection(fields: Mapping[str, object]) -> Mapping[str, Shown]:
    """Return the known attributes, in a fixed order, absent ones left out, a secret replaced by a marker."""
    return _select(fields, _CONNECTION)


def _select(fields: Mapping[str, object], kinds: dict[str, _Kind]) -> dict[str, Shown]:
    shown = {key: _shown(fields[key], kind) for key, kind in kinds.items() if key in fields}
    return {key: value for key, value in shown.items() if value is not None}


def _shown(value: object, kind: _Kind) -> Shown | None:
    """Return what may be shown of a value, ``None`` for nothing."""
    if kind == _SECRET:
        return HIDDEN if value not in (None, "") else None
    if isinstance(value, list):
        parts = [_shown(item, kind) for item in cast("list[object]", value)]
        return [part for part in parts if part is not None]
    if isinstance(value, dict):
        fields = cast("dict[str, object]", value)
        if kind == _NAMES:
            kind = dict.fromkeys(fields, _PLAIN)
        return _select(fields, kind) if isinstance(kind, dict) else None
    return _scalar(value) if kind == _PLAIN else None


def _scalar(value: object) -> Shown | None:
    if isinstance(value, str):
        text = value.encode("utf-8", "replace").decode("utf-8")
        return HIDDEN if "PRIVATE KEY" in text else text
    return value if isinstance(value, bool | int | float) and isfinite(value) else None
