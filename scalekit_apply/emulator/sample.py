"""The environment that the ``emulator`` command serves when it is given none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

SAMPLE: Final[Mapping[str, Any]] = {
    "environment": "sample",
    "organizations": [
        {
            "id": "org_59615193906282635",
            "display_name": "Megasoft",
            "external_id": "megasoft",
            "connections": [
                {
                    "id": "conn_2123312131125533",
                    "provider": "OKTA",
                    "type": "SAML",
                    "enabled": True,
                    "domains": ["megasoft.com"],
                    "saml_config": {
                        "idp_entity_id": "https://megasoft.okta.example/entity",
                        "idp_sso_url": "https://megasoft.okta.example/sso",
                        "idp_certificates": [
                            {"id": "cert_1", "issuer": "CN=megasoft.okta.example", "expiry_in_days": 400}
                        ],
                    },
                },
                {
                    "id": "conn_2123312131125534",
                    "provider": "GOOGLE",
                    "type": "OIDC",
                    "domains": ["megasoft.com"],
                    "oidc_config": {
                        "issuer": "https://accounts.google.example",
                        "client_id": "megasoft-sign-in",
                        "client_secret": "the-emulated-secret-of-an-emulated-provider",
                        "scopes": "openid profile email",
                        "pkce_enabled": True,
                    },
                },
            ],
        },
        {
            "id": "org_59615193906282636",
            "display_name": "Initech",
            "connections": [
                {
                    "id": "conn_2123312131125535",
                    "provider": "MICROSOFT_AD",
                    "type": "SAML",
                    "domains": ["initech.com", "initech.org"],
                    "saml_config": {
                        "idp_entity_id": "https://initech.entra.example/entity",
                        "idp_certificates": [
                            {"id": "cert_1", "issuer": "CN=initech.entra.example", "expiry_in_days": 20}
                        ],
                    },
                },
                {
                    "id": "conn_2123312131125536",
                    "provider": "PING_IDENTITY",
                    "type": "SAML",
                    "status": "IN_PROGRESS",
                },
            ],
        },
        {"id": "org_59615193906282637", "display_name": "Hooli"},
    ],
    "connections": [
        {"id": "conn_2123312131125537", "provider": "GITHUB", "type": "OAUTH", "enabled": True},
    ],
}
