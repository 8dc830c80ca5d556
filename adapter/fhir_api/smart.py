"""What a partner's program needs to know to get in, and no more than is so.

hl7.org/fhir/smart-app-launch/conformance.html.  The token endpoint is the issuer's: where there are several issuers
each partner knows its own, and none is named here.
"""

from __future__ import annotations

from typing import Any

from adapter.authorisation.scopes import OFFERED
from adapter.delivery.partners import key_for
from adapter.exchange.refusal import refuse
from adapter.settings import Issuer, Settings

_SERVICES = "http://terminology.hl7.org/CodeSystem/restful-security-service"
_OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"


def configuration(settings: Settings) -> dict[str, Any]:
    """/.well-known/smart-configuration; there is none while no authorisation is configured."""
    if not settings.issuers:
        raise refuse("not found", "not-found", "", "No authorisation is configured here: no token is needed.")
    told: dict[str, Any] = {
        "grant_types_supported": ["client_credentials"],
        "scopes_supported": list(OFFERED),
        "capabilities": ["permission-v1", "permission-v2"],
    }
    issuer = _only(settings)
    if issuer is None:
        return told
    told["issuer"] = issuer.issuer
    if issuer.jwks_uri:
        told["jwks_uri"] = issuer.jwks_uri
    if issuer.token_endpoint:
        told["token_endpoint"] = issuer.token_endpoint
        told["capabilities"].insert(0, "client-confidential-asymmetric")
        told["token_endpoint_auth_methods_supported"] = ["private_key_jwt"]
    return told


def key_set(settings: Settings) -> dict[str, Any]:
    """/.well-known/jwks.json: the keys that we sign with at partners, who may register this address."""
    keys = [key.public for partner in settings.partners if (key := key_for(partner)) is not None]
    return {"keys": [key for n, key in enumerate(keys) if key not in keys[:n]]}


def security(settings: Settings) -> dict[str, Any]:
    """The part of the CapabilityStatement about it; nothing while no authorisation is configured."""
    if not settings.issuers:
        return {}
    told: dict[str, Any] = {
        "service": [{"coding": [{"system": _SERVICES, "code": "SMART-on-FHIR"}]}],
        "description": "SMART Backend Services: Authorization: Bearer, an access token with system/ scopes.",
    }
    issuer = _only(settings)
    if issuer is not None and issuer.token_endpoint:
        uris = [{"url": "token", "valueUri": issuer.token_endpoint}]
        told["extension"] = [{"url": _OAUTH_URIS, "extension": uris}]
    return {"security": told}


def _only(settings: Settings) -> Issuer | None:
    return settings.issuers[0] if len(settings.issuers) == 1 else None
