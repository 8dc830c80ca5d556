"""What a clinic sets: read once from paingate.toml and the environment, and never changed afterwards.

The environment wins over the file.  Every setting stands in one table (`TABLE`), from which the reading, the refusals
and the documentation come.  A setting that is unknown, or that contradicts another, is refused with a sentence: a
service that starts with half of what was meant does harm later, where nobody looks.
"""

from __future__ import annotations

import ipaddress
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

FILE = "paingate.toml"
NOBODYS_IDENTIFIERS = "http://localhost/paingate"
SENDABLE = ("care_plan",)
AUTHORISATIONS = ("none", "basic", "bearer")
DIALECTS = ("plain",)


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


def read_settings(
    config: Path | None = None, environment: Mapping[str, str] | None = None, **given: object
) -> Settings:
    """The settings of `config` (paingate.toml in the working folder where it is None and there is one).

    The environment wins over the file, and what is `given` by name (a command's options; None says nothing) over both.
    """
    environment = os.environ if environment is None else environment
    document = _document(config)
    values: dict[str, Any] = {}
    for setting in TABLE:
        held = _member(document, setting.table)
        if setting.key in held:
            values[setting.name] = _typed(setting, held[setting.key], f"{setting.key} in {FILE}")
        if setting.variable in environment:
            values[setting.name] = _typed(setting, environment[setting.variable], setting.variable)
    values["partners"] = tuple(_partners(_member(document, "partners"), environment))
    settings = replace(Settings(**values), **{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    _check(settings)
    return settings


def refuse_open_address(settings: Settings) -> None:
    """Patient data without authorisation is for this machine only."""
    if not settings.on_loopback():
        raise SettingsError(
            f"{settings.host} can be reached from other machines, and no authorisation is configured: "
            "listen on 127.0.0.1, or put a proxy that authorises in front of it."
        )


# ---- reading


def _document(config: Path | None) -> Mapping[str, Any]:
    path = config or Path(FILE)
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if config is None:
            return {}
        raise SettingsError(f"There is no settings file {path}: make one or leave --config out.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{path} cannot be read ({type(error).__name__}): mend its rights or its encoding."
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is no TOML: {error}.") from None
    known: dict[str, set[str]] = {}
    for setting in TABLE:
        known.setdefault(setting.table, set()).add(setting.key)
    for key, value in document.items():
        if key in known and isinstance(value, dict):
            _refuse_strangers(value, known[key], f"[{key}]")
        elif key != "partners" and key not in known[""]:
            raise SettingsError(f"{FILE} has no setting called {key}: see the README's table of settings.")
    return document


def _refuse_strangers(table: Mapping[str, Any], known: set[str], where: str) -> None:
    for key in table:
        if key not in known:
            raise SettingsError(f"{where} in {FILE} has no setting called {key}; it has {', '.join(sorted(known))}.")


def _member(document: Mapping[str, Any], table: str) -> Mapping[str, Any]:
    held = document.get(table, {}) if table else document
    if not isinstance(held, dict):
        raise SettingsError(f"{table} in {FILE} is a table: write [{table}] and its settings below.")
    return held


def _typed(setting: Setting, value: object, where: str) -> object:
    """The value in its field's type; text is read where a number is wanted, since the environment holds only text."""
    wanted = type(getattr(Settings, setting.name))
    if wanted is str:
        if isinstance(value, str):
            return value
        raise SettingsError(f"{where} is text: write it in quotes.")
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        try:
            return wanted(value)
        except ValueError:
            pass
    raise SettingsError(f"{where} is a number.")


def _partners(table: Mapping[str, Any], environment: Mapping[str, str]) -> Iterator[Partner]:
    for name, held in table.items():
        where = f"[partners.{name}]"
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,31}", name):
            raise SettingsError(f"{where}: a partner's name is of a-z, 0-9, _ and -, at most 32 of them.")
        if not isinstance(held, dict):
            raise SettingsError(f"{where} in {FILE} is a table: write [partners.{name}] and base_url below.")
        _refuse_strangers(held, set(PARTNER_KEYS), where)
        yield _partner(name, held, environment, where)


def _partner(name: str, held: Mapping[str, Any], environment: Mapping[str, str], where: str) -> Partner:
    prefix = f"PAINGATE_PARTNERS_{name.upper().replace('-', '_')}_"
    texts = {key: environment.get(prefix + key.upper(), held.get(key)) for key in ("base_url", "auth", "dialect")}
    for key, text in texts.items():
        if text is not None and not isinstance(text, str):
            raise SettingsError(f"{key} of {where} is text: write it in quotes.")
    sends = held.get("sends", [])
    if not isinstance(sends, list) or not all(isinstance(kind, str) for kind in sends):
        raise SettingsError(f'sends of {where} is a list of texts, such as ["care_plan"].')
    secret = environment.get(prefix + "SECRET", "")
    if "secret_file" in held:
        if secret:
            raise SettingsError(f"{where} has a secret_file and {prefix}SECRET: keep one of the two.")
        try:
            secret = Path(str(held["secret_file"])).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise SettingsError(f"The secret_file of {where} cannot be read: mend its path or its rights.") from None
    return Partner(
        name=name,
        base_url=(texts["base_url"] or "").rstrip("/"),
        sends=tuple(sends),
        auth=texts["auth"] or "none",
        dialect=texts["dialect"] or "plain",
        secret=secret,
    )


# ---- contradictions


def _check(settings: Settings) -> None:
    for sentence in _contradictions(settings):
        raise SettingsError(sentence)


def _contradictions(settings: Settings) -> Iterator[str]:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s|]*[^\s|/]", settings.identifier_base):
        yield "identifier_base is a URI without a slash at its end and without |, such as https://clinic.example/ids."
    if settings.partners and settings.identifier_base == NOBODYS_IDENTIFIERS:
        yield (
            "Partners are configured but identifier_base is not: two clinics would give the same numbers. "
            f"Set identifier_base under [clinic] in {FILE} to a URI of your own."
        )
    if settings.organization and not re.fullmatch(r"[^|\s]+\|[^|\s]+", settings.organization):
        yield "organization is the clinic's identifier as system|value."
    if not 0 <= settings.port <= 65535:
        yield "port is a number from 0 to 65535."
    if not re.match(r"(sqlite|postgresql)(\+\w+)?://", settings.database_url):
        yield "database_url starts with sqlite:// or postgresql://."
    for name in ("max_body", "max_depth", "retry_base", "connect_timeout", "read_timeout"):
        if not 0 < getattr(settings, name) < float("inf"):
            yield f"{name} is more than 0."
    if not settings.retry_base <= settings.retry_ceiling < float("inf"):
        yield "retry_ceiling is not less than retry_base."
    for partner in settings.partners:
        yield from _partner_contradictions(partner)


def _partner_contradictions(partner: Partner) -> Iterator[str]:
    where = f"[partners.{partner.name}]"
    if not re.fullmatch(r"https?://[^\s?#@/][^\s?#@]*", partner.base_url):
        yield f"base_url of {where} is an http or https address without user, query and fragment."
    for said, known, what in ((partner.auth, AUTHORISATIONS, "auth"), (partner.dialect, DIALECTS, "dialect")):
        if said not in known:
            yield f"{what} of {where} is one of {', '.join(known)}."
    for kind in partner.sends:
        if kind not in SENDABLE:
            yield f"sends of {where} names a kind of record that is not sent; what is sent: {', '.join(SENDABLE)}."
    if partner.auth == "none" and partner.secret:
        yield f'{where} has a secret but auth = "none": say auth = "basic" or "bearer", or take the secret away.'
    if partner.auth != "none" and not partner.secret:
        name = partner.name.upper().replace("-", "_")
        yield f"{where} has auth but no secret: set PAINGATE_PARTNERS_{name}_SECRET or secret_file."
    if partner.auth == "basic" and ":" not in partner.secret:
        yield f"The secret of {where} is user:password."
