"""How the settings of a partner become a way to talk to it."""

from __future__ import annotations

from base64 import b64encode

from adapter.client import FhirClient, Identifier, Limits, WorthAnotherTry
from adapter.delivery.plan_bundle import Render
from adapter.exchange.translation import site_of
from adapter.settings import Partner, Settings


def client_for(settings: Settings, name: str) -> FhirClient:
    """A client for a configured partner.  One that is no longer configured is waited for: its work stays visible."""
    partner = settings.partner(name)
    if partner is None:
        raise WorthAnotherTry("no partner of this name is configured", codes=("configuration",))
    limits = Limits(connect_seconds=settings.connect_timeout, read_seconds=settings.read_timeout)
    return FhirClient(partner.base_url, authorization=_authorization(partner), limits=limits)


def plan_identifier(settings: Settings, plan_id: str) -> Identifier:
    """The business identifier of a plan: ours, and the same wherever the plan is pushed to."""
    return Identifier(settings.system("care-plan"), plan_id)


def rendering(settings: Settings, name: str) -> Render:
    """The mappings of the clinic's site as it deals with the partner."""
    from mappings import to_fhir

    site = site_of(settings.site).to(name)
    return lambda record: to_fhir(record, site=site).resource


def _authorization(partner: Partner) -> str | None:
    match partner.auth:
        case "basic":
            return f"Basic {b64encode(partner.secret.encode()).decode()}"
        case "bearer":
            return f"Bearer {partner.secret}"
        case _:
            return None
