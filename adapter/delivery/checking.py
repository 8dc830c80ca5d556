"""What works between us and a partner, found out step by step without changing anything there.

Each step rests on those before it: after one that failed, what could not be tried is said too.  Nothing that is told
holds a secret, a token or a patient.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from adapter.client import FhirClient, Identifier, PartnerTrouble
from adapter.delivery.partners import client_for, limits_of, tls, tokens
from adapter.delivery.pushing.fits import NoStatement, accepts, choose
from adapter.settings import TOKENS, Partner, Settings

Outcome = Literal["ok", "failed", "not tried"]

SOON = 30
"""Days before the end of a certificate from which it is said."""
NOBODY = Identifier("urn:paingate:check", "nobody")
"""A number that no patient has."""
MINIMAL = {"resourceType": "CarePlan", "status": "draft", "intent": "plan", "subject": {"display": "nobody"}}


@dataclass(frozen=True)
class Step:
    """One thing that was tried, and what to do where it failed."""

    name: str
    outcome: Outcome
    says: str


class _Failed(Exception):
    """A step did not work; the text says what to do."""


def check(settings: Settings, partner: Partner, *, write: bool = False) -> Iterator[Step]:
    """The steps in order; write: whether a resource of nobody may be sent to $validate, which stores nothing.

    The partner is one of the settings', whose keys were found fit (refuse_unfit_keys).
    """
    checking = _Checking(settings, partner)
    steps: list[tuple[str, Callable[[], str], str]] = [
        ("name", checking.name, ""),
        ("connection", checking.connection, "name"),
        ("TLS", checking.tls, "connection"),
        ("metadata", checking.metadata, "TLS"),
        ("token", checking.token, "connection"),
        ("read", checking.read, "token"),
        ("dry write", checking.dry_write if write else checking.not_asked, "read"),
    ]
    failed: dict[str, bool] = {}
    for name, does, rests_on in steps:
        if failed.get(rests_on):
            failed[name] = True
            yield Step(name, "not tried", f"Not tried, since there is no {rests_on}.")
            continue
        try:
            yield Step(name, "ok", does())
        except _NotTried as reason:
            yield Step(name, "not tried", str(reason))
        except _Failed as trouble:
            failed[name] = True
            yield Step(name, "failed", str(trouble))


class _NotTried(Exception):
    """Nothing to try."""


class _Checking:
    """One partner, and what was found out about it so far."""

    def __init__(self, settings: Settings, partner: Partner) -> None:
        self._settings, self._partner = settings, partner
        self._limits = limits_of(settings, partner)
        parts = urlsplit(partner.base_url)
        self._host, self._secure = str(parts.hostname), parts.scheme == "https"
        self._port = parts.port or (443 if self._secure else 80)
        self._validates = False

    def name(self) -> str:
        try:
            found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise _Failed(f"{self._host} is not found: mend base_url, or the name service of this machine.") from None
        addresses = dict.fromkeys(str(one[4][0]) for one in found)
        return f"{self._host} is {', '.join(addresses)}."

    def connection(self) -> str:
        with self._connected():
            return f"Port {self._port} answers."

    def _connected(self) -> socket.socket:
        try:
            return socket.create_connection((self._host, self._port), self._settings.connect_timeout)
        except OSError as trouble:
            why = trouble.strerror or type(trouble).__name__
            text = f"Port {self._port} does not answer ({why}): see whether a firewall stands between."
            raise _Failed(text) from None

    def tls(self) -> str:
        if not self._secure:
            raise _NotTried("base_url is http: everything goes in the clear.")
        of = tls(self._partner)
        try:
            context = ssl.create_default_context(cafile=of.ca_file or None)
            if of.certificate_file:
                context.load_cert_chain(of.certificate_file, of.key_file)
        except (OSError, ssl.SSLError):
            raise _Failed("A file for TLS cannot be read: mend certificate_file, its key, or ca_file.") from None
        try:
            with self._connected() as raw, context.wrap_socket(raw, server_hostname=self._host) as wrapped:
                return _of_certificate(wrapped.getpeercert() or {}, str(wrapped.version()))
        except ssl.SSLCertVerificationError as trouble:
            text = f"The certificate is not taken: {trouble.verify_message}. Set ca_file if its authority is private."
            raise _Failed(text) from None
        except OSError as trouble:
            raise _Failed(f"No TLS connection ({type(trouble).__name__}): it may want a certificate of ours.") from None

    def metadata(self) -> str:
        with FhirClient(self._partner.base_url, limits=self._limits, tls=tls(self._partner)) as client:
            try:
                statement = client.metadata()
            except PartnerTrouble as trouble:
                text = f"/metadata is not read: {trouble}. base_url is the address that it lies under."
                raise _Failed(text) from None
        try:
            accepted = accepts(statement)
        except NoStatement as none:
            raise _Failed(f"/metadata: {none}.") from None
        self._validates = _offers_validate(statement)
        choice = choose(accepted, fixed=self._partner.fit or None, agreed=self._partner.agreed)
        better = "; ".join(f"{one.fit.name}: {', '.join(one.because)}" for one in choice.passed_over)
        told = f"FHIR {statement.get('fhirVersion')}. A plan would go as {choice.fit.name}: {choice.fit.says}."
        return f"{told} Passed over: {better}." if better else told

    def token(self) -> str:
        if self._partner.auth not in TOKENS:
            raise _NotTried(f'auth = "{self._partner.auth}" needs no access token.')
        try:
            held = tokens(self._partner, self._limits).token()
        except PartnerTrouble as trouble:
            raise _Failed(f"There is {trouble}. {_MEND.get(next(iter(trouble.codes), ''), _MEND[''])}") from None
        asked, granted = set(self._partner.scope.split()), set(held.scope.split())
        missing = f" Not granted: {' '.join(sorted(asked - granted))}." if asked - granted else ""
        return f"It counts for {held.seconds:.0f} seconds.{missing}"

    def read(self) -> str:
        with self._client() as client:
            try:
                client.find("Patient", NOBODY)
            except PartnerTrouble as trouble:
                raise _Failed(f"Searching Patient by identifier: {trouble}.") from None
        return "Patient is searched by identifier, and the answer can be trusted."

    def dry_write(self) -> str:
        if not self._validates:
            raise _NotTried("The partner offers no $validate for CarePlan, and nothing else is harmless.")
        with self._client() as client:
            try:
                client.validate(MINIMAL)
            except PartnerTrouble as trouble:
                raise _Failed(f"CarePlan/$validate: {trouble}.") from None
        return "CarePlan/$validate takes what we send; nothing is stored by it."

    def not_asked(self) -> str:
        raise _NotTried("Ask for it with --write: a plan of nobody goes to $validate, which stores nothing.")

    def _client(self) -> FhirClient:
        return client_for(self._settings, self._partner.name)


_MEND = {
    "invalid_client": "See our_client_id, and register our key there (/fhir/.well-known/jwks.json).",
    "invalid_scope": "See scope: it asks for what was not agreed.",
    "unauthorized_client": "We are registered there without client_credentials.",
    "": "See token_endpoint, our_client_id and scope.",
}


def _of_certificate(certificate: Any, version: str) -> str:
    """Names, end and issuer of a certificate that was taken."""
    names = ", ".join(value for kind, value in certificate.get("subjectAltName", ()) if kind == "DNS")
    issuer = {name: value for part in certificate.get("issuer", ()) for name, value in part}
    end = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
    days = (end - datetime.now(UTC)).days
    soon = f", in {days} days: have it renewed" if days < SOON else ""
    by = issuer.get("organizationName") or issuer.get("commonName") or "somebody without a name"
    return f"{version}; a certificate for {names or 'no DNS name'} by {by}, until {end:%Y-%m-%d}{soon}."


def _offers_validate(statement: Any) -> bool:
    for rest in statement.get("rest", []):
        of_plans = [one for one in rest.get("resource", []) if one.get("type") == "CarePlan"]
        for one in [rest, *of_plans]:
            if any(operation.get("name") == "validate" for operation in one.get("operation", [])):
                return True
    return False
