"""`paingate partners`: whom something goes to, and whether it can."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from adapter.cli.database import UnusableDatabase, with_put_partners
from adapter.delivery.partners import refuse_unfit_keys
from adapter.output import flush, say
from adapter.settings import Partner, Settings, SettingsError, read_settings
from mappings.r4.exact_json import dumps

if TYPE_CHECKING:
    import argparse

AUTHORISED = {
    "none": "without authorisation",
    "basic": "with user and password",
    "bearer": "with a token that does not end",
    "smart": "with SMART Backend Services",
    "client_credentials": "with client credentials",
}
_WIDTH = 11


def listed(arguments: argparse.Namespace) -> int:
    """Each partner on a line; no secret is told."""
    settings = _settings(arguments)
    if settings is None:
        return 2
    for partner in settings.partners:
        _tell(arguments, _described(partner), _in_words(partner))
    return 0


def check(arguments: argparse.Namespace) -> int:
    """The steps as they are taken; 0 where none failed, 1 where one did, 2 where there is no such partner."""
    from adapter.delivery.checking import check as steps

    settings = _settings(arguments)
    if settings is None:
        return 2
    partner = settings.partner(arguments.name)
    if partner is None or not partner.base_url:
        known = ", ".join(one.name for one in settings.partners if one.base_url)
        sys.stderr.write(f"paingate: No partner {arguments.name} with a base_url: there is {known or 'none'}.\n")
        return 2
    failed = False
    for step in steps(settings, partner, write=arguments.write):
        failed |= step.outcome == "failed"
        _tell(arguments, vars(step), f"{step.name:<{_WIDTH}}{step.outcome:<{_WIDTH}}{step.says}")
        flush()
    return 1 if failed else 0


def _settings(arguments: argparse.Namespace) -> Settings | None:
    try:
        settings = with_put_partners(read_settings(arguments.config))
        refuse_unfit_keys(settings)
    except (SettingsError, UnusableDatabase) as contradiction:
        sys.stderr.write(f"paingate: {contradiction}\n")
        return None
    return settings


def _described(partner: Partner) -> dict[str, Any]:
    told = {"name": partner.name, "base_url": partner.base_url, "sends": list(partner.sends), "auth": partner.auth}
    return told | {"calls_as": list(partner.client_ids)}


def _in_words(partner: Partner) -> str:
    goes = f"gets {' and '.join(partner.sends)} at {partner.base_url} {AUTHORISED[partner.auth]}"
    calls = f"calls as {', '.join(partner.client_ids)}"
    there = f"is fetched from at {partner.base_url} {AUTHORISED[partner.auth]}"
    first = goes if partner.sends else there if partner.base_url else ""
    return f"{partner.name}: {'; '.join(one for one in (first, calls if partner.client_ids else '') if one)}"


def _tell(arguments: argparse.Namespace, told: dict[str, Any], words: str) -> None:
    say(dumps(told).decode() + "\n" if arguments.json else words + "\n")
