"""From paingate.toml and the environment to settings."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from adapter.settings.contradictions import contradictions
from adapter.settings.table import FILE, PARTNER_KEYS, TABLE, Partner, Setting, Settings, SettingsError


def read_settings(
    config: Path | None = None, environment: Mapping[str, str] | None = None, **given: object
) -> Settings:
    """The settings of `config` (paingate.toml in the working folder where it is None and there is one).

    The environment wins over the file, and what is `given` by name (a command's options; None says nothing) over both.
    """
    environment = os.environ if environment is None else environment
    file = str(config or FILE)
    document = _document(config)
    values: dict[str, Any] = {}
    for setting in TABLE:
        held = _member(document, setting.table, file)
        if setting.key in held:
            values[setting.name] = _typed(setting, held[setting.key], f"{setting.key} in {file}")
        if setting.variable in environment:
            values[setting.name] = _typed(setting, environment[setting.variable], setting.variable)
    values["partners"] = tuple(_partners(_member(document, "partners", file), environment, file))
    settings = replace(Settings(**values), **{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    for sentence in contradictions(settings, file):
        raise SettingsError(sentence)
    return settings


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
    for key in document:
        if key in known:
            _refuse_strangers(_member(document, key, str(path)), known[key], f"[{key}] in {path}")
        elif key != "partners" and key not in known[""]:
            raise SettingsError(f"{path} has no setting called {key}: see the README's table of settings.")
    return document


def _refuse_strangers(table: Mapping[str, Any], known: set[str], where: str) -> None:
    for key in table:
        if key not in known:
            raise SettingsError(f"{where} has no setting called {key}; it has {', '.join(sorted(known))}.")


def _member(document: Mapping[str, Any], table: str, file: str) -> Mapping[str, Any]:
    held = document.get(table, {}) if table else document
    if not isinstance(held, dict):
        raise SettingsError(f"{table} in {file} is a table: write [{table}] and its settings below.")
    return held


def _typed(setting: Setting, value: object, where: str) -> object:
    """The value in its field's type; text is read where a number is wanted, since the environment holds only text."""
    wanted = type(getattr(Settings, setting.name))
    if wanted is str:
        if isinstance(value, str):
            return value
        raise SettingsError(f"{where} is text: write it in quotes.")
    if isinstance(value, (str, int, wanted)) and not isinstance(value, bool):
        try:
            return wanted(value)
        except ValueError:
            pass
    raise SettingsError(f"{where} is a number.")


def _partners(table: Mapping[str, Any], environment: Mapping[str, str], file: str) -> Iterator[Partner]:
    for name, held in table.items():
        where = f"[partners.{name}]"
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,31}", name):
            raise SettingsError(f"{where}: a partner's name is of a-z, 0-9, _ and -, at most 32 of them.")
        if not isinstance(held, dict):
            raise SettingsError(f"{where} in {file} is a table: write [partners.{name}] and base_url below.")
        _refuse_strangers(held, set(PARTNER_KEYS), f"{where} in {file}")
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
