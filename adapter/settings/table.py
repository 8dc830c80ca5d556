"""The settings themselves, as the rest of the service holds them, and the table of what may be set."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import NamedTuple

FILE = "paingate.toml"
NOBODYS_IDENTIFIERS = "http://localhost/paingate"
SENDABLE = ("care_plan",)
AUTHORISATIONS = ("none", "basic", "bearer")
DIALECTS = ("plain", "bser", "gravity")


class SettingsError(Exception):
    """Settings that contradict each other or say nothing sensible; the message says how to mend them."""


@dataclass(frozen=True)
class Partner:
    """An EHR that plans are pushed to."""

    name: str
    base_url: str
    sends: tuple[str, ...] = ()
    auth: str = "none"
    dialect: str = "plain"
    secret: str = field(default="", repr=False)
    """user:password for basic, the token for bearer; from PAINGATE_PARTNERS_<NAME>_SECRET or secret_file."""


@dataclass(frozen=True)
class Settings:
    """Everything that may differ from one clinic to the next."""

    clinic_name: str = "Pain clinic"
    identifier_base: str = NOBODYS_IDENTIFIERS
    organization: str = ""
    partners: tuple[Partner, ...] = ()
    host: str = "127.0.0.1"
    port: int = 8080
    site: str = ""
    database_url: str = field(default="sqlite:///paingate.db", repr=False)  # may hold a password
    max_body: int = 20 * 1024 * 1024
    max_depth: int = 64
    retry_base: float = 2.0
    retry_ceiling: float = 3600.0
    connect_timeout: float = 5.0
    read_timeout: float = 30.0

    def partner(self, name: str) -> Partner | None:
        return next((partner for partner in self.partners if partner.name == name), None)

    def system(self, of: str) -> str:
        """The system of an identifier that we give: "patient", "referral", "care-plan"."""
        return f"{self.identifier_base}/{of}"

    def on_loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


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
    Setting("clinic", "identifier_base", "identifier_base", "The clinic's own URI, under which it gives numbers."),
    Setting("clinic", "organization", "organization", "The clinic's identifier as an organisation, as system|value."),
    Setting("", "site", "site", "The folder of what this site maps differently (`mappings/README.md`)."),
    Setting("", "host", "host", "The address to listen on; only loopback while no authorisation is configured."),
    Setting("", "port", "port", "The port to listen on; 0 takes a free one."),
    Setting("", "database_url", "database_url", "Where everything is kept: a SQLite file or a PostgreSQL database."),
    Setting("", "max_body", "max_body", "The largest body that is read, in bytes."),
    Setting("", "max_depth", "max_depth", "How deep objects and lists may lie in each other."),
    Setting("delivery", "retry_base", "retry_base", "Seconds before the second attempt; it doubles with each one."),
    Setting("delivery", "retry_ceiling", "retry_ceiling", "The longest wait between two attempts, in seconds."),
    Setting("delivery", "connect_timeout", "connect_timeout", "Seconds that a partner may take to let us connect."),
    Setting("delivery", "read_timeout", "read_timeout", "Seconds that a partner may take to answer."),
)  # fmt: skip
PARTNER_KEYS = ("base_url", "auth", "sends", "dialect", "secret_file")
