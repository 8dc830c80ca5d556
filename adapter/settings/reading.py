"""From paingate.toml and the environment to settings."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from adapter.settings.callers import clinic_tokens, issuers
from adapter.settings.contradictions import contradictions
from adapter.settings.named import member, refuse_strangers
from adapter.settings.partners import partners
from adapter.settings.table import FILE, SECTIONS, TABLE, Setting, Settings, SettingsError


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
        held = member(document, setting.table, file)
        if setting.key in held:
            values[setting.name] = _typed(setting, held[setting.key], f"{setting.key} in {file}")
        if setting.variable in environment:
            values[setting.name] = _typed(setting, environment[setting.variable], setting.variable)
    values["partners"] = tuple(partners(document, environment, file))
    values["issuers"] = tuple(issuers(document, environment, file))
    values["clinic_tokens"] = tuple(clinic_tokens(document, environment, file))
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
            refuse_strangers(member(document, key, str(path)), known[key], f"[{key}] in {path}")
        elif key not in SECTIONS and key not in known[""]:
            raise SettingsError(f"{path} has no setting called {key}: see the README's table of settings.")
    return document


def _typed(setting: Setting, value: object, where: str) -> object:
    """The value in its field's type; text is read where a number is wanted, since the environment holds only text."""
    wanted = type(getattr(Settings, setting.name))
    if wanted is tuple:
        listed = value.split(",") if isinstance(value, str) else value
        if isinstance(listed, list) and all(isinstance(one, str) for one in listed):
            return tuple(one.strip() for one in listed)
        raise SettingsError(f"{where} is a list of texts.")
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
