"""How the settings of a partner become a way to talk to it."""

from __future__ import annotations

import functools

from adapter.client import (
    NOBODY,
    Authorisation,
    FhirClient,
    Identifier,
    Limits,
    Registration,
    SigningKey,
    Tls,
    Tokens,
    UnfitKey,
    Wire,
    WorthAnotherTry,
    basic,
    bearer,
    signing_key,
)
from adapter.delivery.outgoing import Render
from adapter.exchange.translation import site_of
from adapter.settings import Partner, Settings, SettingsError


def client_for(settings: Settings, name: str) -> FhirClient:
    """A client for a configured partner."""
    partner = configured(settings, name)
    limits = limits_of(settings, partner)
    return FhirClient(partner.base_url, authorisation=authorisation(partner, limits), limits=limits, tls=tls(partner))


def configured(settings: Settings, name: str) -> Partner:
    """A partner by name.  One that is no longer configured is waited for: its work stays visible."""
    partner = settings.partner(name)
    if partner is None:
        raise WorthAnotherTry("no partner of this name is configured", codes=("configuration",), of_partner=False)
    return partner


def identifier_of(settings: Settings, kind: str, id_: str) -> Identifier:
    """The business identifier of a record: ours, and the same wherever it is brought to."""
    return Identifier(settings.system(kind.replace("_", "-")), id_)


def rendering(settings: Settings, name: str) -> Render:
    """The mappings of the clinic's site as it deals with the partner."""
    from mappings import to_fhir

    site = site_of(settings.site).to(name)
    return lambda record: to_fhir(record, site=site).resource


def limits_of(settings: Settings, partner: Partner) -> Limits:
    """Its own where it has any."""
    return Limits(
        connect_seconds=partner.connect_timeout or settings.connect_timeout,
        read_seconds=partner.read_timeout or settings.read_timeout,
    )


def tls(partner: Partner) -> Tls:
    return Tls(partner.certificate_file, partner.certificate_key_file, partner.ca_file)


@functools.cache
def authorisation(partner: Partner, limits: Limits) -> Authorisation:
    """How a partner knows us: one for all of this process, so that a token is asked for once."""
    match partner.auth:
        case "basic":
            return basic(partner.secret)
        case "bearer":
            return bearer(partner.secret)
        case "smart" | "client_credentials":
            return tokens(partner, limits)
        case _:
            return NOBODY


def key_for(partner: Partner) -> SigningKey | None:
    """What we sign with for a partner; UnfitKey where the settings hold none that can."""
    return signing_key(partner.secret, partner.key_id) if partner.auth == "smart" else None


def refuse_unfit_keys(settings: Settings) -> None:
    """SettingsError for a partner's key that cannot sign: better now than when something is to be sent."""
    for partner in settings.partners:
        try:
            key_for(partner)
        except UnfitKey as unfit:
            raise SettingsError(f"The key of [partners.{partner.name}] cannot be used: {unfit}.") from None


def tokens(partner: Partner, limits: Limits) -> Tokens:
    """The access tokens that we ask for at a partner."""
    key = key_for(partner)
    secret = "" if key else partner.secret
    known_as = Registration(partner.our_client_id, partner.scope, key, secret, partner.token_endpoint)
    return Tokens(partner.base_url, known_as, lambda: Wire(limits, tls(partner)))
