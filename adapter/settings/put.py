"""Partners that are put through the clinic API, with the keys of [partners.NAME]; what paingate.toml says holds.

A secret is never told to the API: it is in the environment, or in a file of the folder `secrets` that is named after
the partner, so that nobody can have another's sent to an address of their own.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from adapter.settings.contradictions import contradictions
from adapter.settings.named import named_tables
from adapter.settings.partners import partner_of, prefix_of
from adapter.settings.table import FILE, PARTNER_KEYS, Partner, Settings, SettingsError

_FILES = ("secret_file", "certificate_file", "certificate_key_file", "ca_file")


def with_put(settings: Settings, put: Mapping[str, Mapping[str, Any]]) -> tuple[Settings, list[str]]:
    """The settings with these partners instead of those that were put before, and what of them cannot be.

    A secret that is gone, or a name that stands in paingate.toml now too, keeps one partner from being there, and
    nothing else."""
    made = replace(settings, partners=of_file(settings))
    troubles = []
    for name, held in put.items():
        try:
            made = with_partner(made, name, held)
        except SettingsError as trouble:
            troubles.append(str(trouble))
    return made, troubles


def of_file(settings: Settings) -> tuple[Partner, ...]:
    """The partners that stand in paingate.toml."""
    return tuple(one for one in settings.partners if not one.of_api)


def with_partner(settings: Settings, name: str, held: Mapping[str, Any]) -> Settings:
    """The settings with a partner that is put, new or instead of what it was; SettingsError for what cannot be."""
    where = f"[partners.{name}]"
    if any(one.name == name for one in of_file(settings)):
        raise SettingsError(f"{where} stands in {FILE}: change it there.")
    ((_, told),) = named_tables({"partners": {name: held}}, "partners", PARTNER_KEYS, "base_url", "what is put")
    for key, value in told.items():
        if value in ("", None):
            raise SettingsError(f"{key} of {where} says nothing: leave it out.")
    files = {key: _in_folder(settings.secrets, name, told[key], f"{key} of {where}") for key in _FILES if key in told}
    variable = f"{prefix_of(name)}SECRET"
    secret = {variable: os.environ[variable]} if variable in os.environ else {}
    partner = replace(partner_of(name, {**told, **files}, secret, where), of_api=True)
    others = tuple(one for one in settings.partners if one.name != name)
    made = replace(settings, partners=(*others, partner))
    for sentence in contradictions(made, FILE):
        raise SettingsError(sentence)
    return made


def _in_folder(folder: str, name: str, file: object, what: str) -> str:
    if not folder:
        raise SettingsError(f"{what} needs the folder of secrets: set secrets under [clinic] in {FILE}.")
    if not isinstance(file, str) or not re.fullmatch(rf"{re.escape(name)}(\.[A-Za-z0-9._-]{{1,40}})?", file):
        raise SettingsError(f"{what} is the name of a file in the folder of secrets: {name}, or {name}. and more.")
    return str(Path(folder) / file)
