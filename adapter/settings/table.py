"""The settings themselves, as the rest of the service holds them, and the table of what may be set."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlsplit

FILE = "paingate.toml"
NOBODYS_IDENTIFIERS = "http://localhost/paingate"
SENDABLE = ("care_plan", "answers", "assessment", "procedure", "medication_request")
"""What may go to a partner: plans, what became of the referrals that it sent, and the clinic's other records."""
TOKENS = ("smart", "client_credentials")
"""How an access token is asked for: by a signed assertion (SMART Backend Services), or with a secret."""
AUTHORISATIONS = ("none", "basic", "bearer", *TOKENS)
FITS = (
    "conditional-transaction", "transaction", "conditional-singles", "singles", "document", "communication",
    "questionnaire-response", "offered",
)  # fmt: skip
"""The ways in which a plan can reach a partner, best first (adapter/delivery/fits)."""
PATIENTS = ("all", "referred")
"""Whose plans a partner gets."""
AGREEABLE = ("questionnaire-response",)
"""Those that nobody looks for there unless it was agreed."""
DIALECTS = ("plain", "bser", "gravity")
ROLES = ("reader", "clinician", "operator", "administrator")
ATTACHMENT_TYPES = (
    # what EHRs write and take as a document (Oracle Health's list for a DocumentReference)
    "application/pdf", "application/xml", "application/xhtml+xml",
    "text/plain", "text/html", "text/rtf", "text/richtext", "text/xml", "application/rtf",
    # C-CDA, and FHIR within FHIR
    "application/hl7-v3+xml", "application/fhir+json", "application/fhir+xml",
    # pictures, as the R4 examples have them, and faxes
    "image/jpeg", "image/png", "image/gif", "image/tiff", "application/dicom",
)  # fmt: skip


class SettingsError(Exception):
    """Settings that contradict each other or say nothing sensible; the message says how to mend them."""


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_safe_address(address: str) -> bool:
    """Whether keys and tokens may be had at an address: over TLS, or on this machine."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return False
    if not host or "@" in parts.netloc or parts.fragment or re.search(r"\s", address):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))


@dataclass(frozen=True)
class Issuer:
    """An authorisation server whose access tokens are taken, and where its keys are."""

    name: str
    issuer: str
    """What its tokens say in `iss`."""
    jwks_uri: str = ""
    jwks_file: str = ""
    token_endpoint: str = ""
    """Where partners get their tokens: only told to them."""


@dataclass(frozen=True)
class ClinicToken:
    """One of the clinic's own callers; of the token itself only its hash is known here."""

    name: str
    role: str
    hash: str = field(repr=False)


@dataclass(frozen=True)
class Partner:
    """An EHR that plans or answers go to, or that refers to us, or both."""

    name: str
    base_url: str
    sends: tuple[str, ...] = ()
    auth: str = "none"
    dialect: str = "plain"
    secret: str = field(default="", repr=False)
    """user:password for basic, the token for bearer, the private key for smart, the client's secret for
    client_credentials; from PAINGATE_PARTNERS_<NAME>_SECRET or secret_file."""
    our_client_id: str = ""
    """What we are registered as at its authorisation server."""
    scope: str = ""
    token_endpoint: str = ""
    """Where tokens are had; "" where its server says that itself."""
    key_id: str = ""
    """The `kid` of our key; "" for its thumbprint."""
    certificate_file: str = ""
    certificate_key_file: str = ""
    ca_file: str = ""
    client_ids: tuple[str, ...] = ()
    """Whose access tokens are this partner's, as its issuer names the client."""
    issuer: str = ""
    """The name of that issuer; may be left out where there is only one."""
    fit: str = ""
    """The way in which plans go there, whatever its statement says; "" for the best that it accepts."""
    agreed: tuple[str, ...] = ()
    """The ways that need an agreement and have it."""
    patients: str = "all"
    """Whose plans go there: everybody's, or theirs whom it referred."""
    at_once: int = 0
    """How much goes there at the same time, for each worker; 0, here and below: what holds for all partners."""
    connect_timeout: float = 0.0
    read_timeout: float = 0.0
    contained: bool = False
    """Whether goals, team and orders go inside the plan, whatever the partner takes by itself."""
    of_api: bool = False
    """Whether it was put through the clinic API, and does not stand in paingate.toml."""


@dataclass(frozen=True)
class Settings:
    """Everything that may differ from one clinic to the next."""

    clinic_name: str = "Pain clinic"
    clinic_address: str = ""
    clinic_telephone: str = ""
    clinic_urgent: str = ""
    identifier_base: str = NOBODYS_IDENTIFIERS
    organization: str = ""
    secrets: str = ""
    partners: tuple[Partner, ...] = ()
    host: str = "127.0.0.1"
    port: int = 8080
    site: str = ""
    database_url: str = field(default="sqlite:///paingate.db", repr=False)  # may hold a password
    max_body: int = 20 * 1024 * 1024
    max_depth: int = 64
    max_entries: int = 500
    max_attachment: int = 10 * 1024 * 1024
    attachment_types: tuple[str, ...] = ATTACHMENT_TYPES
    max_header: int = 32 * 1024
    request_seconds: float = 60.0
    audience: str = ""
    clock_skew: float = 60.0
    jwks_refetch: float = 30.0
    jwks_max_age: float = 3600.0
    issuers: tuple[Issuer, ...] = ()
    clinic_tokens: tuple[ClinicToken, ...] = ()
    retry_base: float = 2.0
    retry_ceiling: float = 3600.0
    connect_timeout: float = 5.0
    read_timeout: float = 30.0
    statement_max_age: float = 24 * 3600.0
    at_once: int = 8
    park_after: float = 6 * 3600.0

    def partner(self, name: str) -> Partner | None:
        return next((partner for partner in self.partners if partner.name == name), None)

    def issuer_of(self, partner: Partner) -> Issuer | None:
        """Who issues a partner's access tokens."""
        if not partner.issuer and len(self.issuers) == 1:
            return self.issuers[0]
        return next((issuer for issuer in self.issuers if issuer.name == partner.issuer), None)

    def system(self, of: str) -> str:
        """The system of an identifier that we give: "patient", "referral", "care-plan"."""
        return f"{self.identifier_base}/{of}"

    def on_loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        return is_loopback(self.host)


class Setting(NamedTuple):
    """A row of the table."""

    table: str
    """The table of paingate.toml, or "" for a top-level one."""
    key: str
    name: str
    """The field of Settings."""
    says: str

    @property
    def variable(self) -> str:
        return f"PAINGATE_{self.name.upper()}"


TABLE = (
    Setting("clinic", "name", "clinic_name", "The clinic's name, as referrers see it on their Task."),
    Setting("clinic", "address", "clinic_address", "The clinic's address, in the head of its letters; lines with \\n between them."),
    Setting("clinic", "telephone", "clinic_telephone", "Whom to call: the clinic's telephone number, in its letters."),
    Setting("clinic", "urgent", "clinic_urgent", "What to do when it cannot wait, in words, in the clinic's letters."),
    Setting("clinic", "identifier_base", "identifier_base", "The clinic's own URI, under which it gives numbers."),
    Setting("clinic", "organization", "organization", "The clinic's identifier as an organisation, as system|value."),
    Setting("clinic", "secrets", "secrets", "The folder of the secrets and certificates of partners that are put through the clinic API."),
    Setting("", "site", "site", "The folder of what this site maps differently (`mappings/README.md`)."),
    Setting("", "host", "host", "The address to listen on; only loopback while no authorisation is configured."),
    Setting("", "port", "port", "The port to listen on; 0 takes a free one."),
    Setting("", "database_url", "database_url", "Where everything is kept: a SQLite file or a PostgreSQL database."),
    Setting("", "max_body", "max_body", f"The largest body that is read, in bytes (default {Settings.max_body})."),
    Setting("", "max_depth", "max_depth", f"How deep objects and lists may lie in each other (default {Settings.max_depth})."),
    Setting("", "max_entries", "max_entries", f"The most entries of a Bundle (default {Settings.max_entries})."),
    Setting("", "max_attachment", "max_attachment", f"The largest attachment, in bytes once decoded (default {Settings.max_attachment})."),
    Setting("", "attachment_types", "attachment_types", "The media types that attachments may be of (default: `adapter/README.md`, Limits)."),
    Setting("", "max_header", "max_header", f"The most bytes of a request's address and headers (default {Settings.max_header})."),
    Setting("", "request_seconds", "request_seconds", f"Seconds that answering a request may take (default {Settings.request_seconds:g})."),
    Setting("authorisation", "audience", "audience", "What access tokens must be for: this service's address under /fhir, as partners know it."),
    Setting("authorisation", "clock_skew", "clock_skew", f"Seconds that an issuer's clock may differ from ours (default {Settings.clock_skew:g})."),
    Setting("authorisation", "jwks_refetch", "jwks_refetch", f"Seconds between two looks at an issuer's keys, at the soonest (default {Settings.jwks_refetch:g})."),
    Setting("authorisation", "jwks_max_age", "jwks_max_age", f"Seconds after which an issuer's keys are looked at again (default {Settings.jwks_max_age:g})."),
    Setting("delivery", "retry_base", "retry_base", "Seconds before the second attempt; it doubles with each one."),
    Setting("delivery", "retry_ceiling", "retry_ceiling", "The longest wait between two attempts, in seconds."),
    Setting("delivery", "statement_max_age", "statement_max_age", f"Seconds after which a partner is asked again what it takes (default {Settings.statement_max_age:g})."),
    Setting("delivery", "at_once", "at_once", f"How many plans and answers go to one partner at the same time, for each worker (default {Settings.at_once})."),
    Setting("delivery", "park_after", "park_after", f"Seconds after which what fails alone, while the partner takes others, is parked as refused (default {Settings.park_after:g})."),
    Setting("delivery", "connect_timeout", "connect_timeout", "Seconds that a partner may take to let us connect."),
    Setting("delivery", "read_timeout", "read_timeout", "Seconds that a partner may take to answer."),
)  # fmt: skip
PARTNER_KEYS = (
    "base_url", "auth", "sends", "dialect", "secret_file", "client_ids", "issuer", "our_client_id", "scope",
    "token_endpoint", "key_id", "certificate_file", "certificate_key_file", "ca_file", "fit", "agreed",
    "patients", "at_once", "connect_timeout", "read_timeout", "contained",
)  # fmt: skip
ISSUER_KEYS = ("issuer", "jwks_uri", "jwks_file", "token_endpoint")
CLINIC_TOKEN_KEYS = ("role", "hash")
SECTIONS = ("partners", "issuers", "clinic_tokens")
"""The tables whose members are tables with names of the clinic's own choice."""
