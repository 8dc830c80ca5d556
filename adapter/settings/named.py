"""Tables of paingate.toml whose members have names of the clinic's own choice: [partners.NAME] and its like."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from adapter.settings.table import SettingsError

NAME = "[a-z0-9][a-z0-9_-]{0,31}"
"""What the clinic may call a partner, an issuer or a token."""
_WHAT = {"partners": "a partner's name", "issuers": "an issuer's name", "clinic_tokens": "a token's name"}


def member(document: Mapping[str, Any], table: str, file: str) -> Mapping[str, Any]:
    """A table of the document; the document itself for ""."""
    held = document.get(table, {}) if table else document
    if not isinstance(held, dict):
        raise SettingsError(f"{table} in {file} is a table: write [{table}] and its settings below.")
    return held


def refuse_strangers(table: Mapping[str, Any], known: set[str], where: str) -> None:
    for key in table:
        if key not in known:
            raise SettingsError(f"{where} has no setting called {key}; it has {', '.join(sorted(known))}.")


def named_tables(
    document: Mapping[str, Any], section: str, keys: Sequence[str], first: str, file: str
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The members of a section, by name; `first` is the setting that a sentence tells to write."""
    for name, held in member(document, section, file).items():
        where = f"[{section}.{name}]"
        if not re.fullmatch(NAME, name):
            raise SettingsError(f"{where}: {_WHAT[section]} is of a-z, 0-9, _ and -, at most 32 of them.")
        if not isinstance(held, dict):
            raise SettingsError(f"{where} in {file} is a table: write [{section}.{name}] and {first} below.")
        refuse_strangers(held, set(keys), f"{where} in {file}")
        yield name, held


def texts(
    held: Mapping[str, Any], keys: Sequence[str], environment: Mapping[str, str], prefix: str, where: str
) -> dict[str, str]:
    """The settings of a member that are text, "" for one that is not set; the environment wins."""
    said = {key: environment.get(prefix + key.upper(), held.get(key)) for key in keys}
    for key, text in said.items():
        if text is not None and not isinstance(text, str):
            raise SettingsError(f"{key} of {where} is text: write it in quotes.")
    return {key: text or "" for key, text in said.items()}
