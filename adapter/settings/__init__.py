"""What a clinic sets: read once from paingate.toml and the environment, and never changed afterwards.

The environment wins over the file.  Every setting stands in one table (`TABLE`), from which the reading, the refusals
and the documentation come.  A setting that is unknown, or that contradicts another, is refused with a sentence: a
service that starts with half of what was meant does harm later, where nobody looks.
"""

from adapter.settings.contradictions import open_doors, refuse_open_address
from adapter.settings.reading import read_settings
from adapter.settings.table import (
    CLINIC_TOKEN_KEYS,
    FILE,
    ISSUER_KEYS,
    PARTNER_KEYS,
    ROLES,
    TABLE,
    TOKENS,
    ClinicToken,
    Issuer,
    Partner,
    Setting,
    Settings,
    SettingsError,
    is_safe_address,
)

__all__ = [
    "CLINIC_TOKEN_KEYS",
    "FILE",
    "ISSUER_KEYS",
    "PARTNER_KEYS",
    "ROLES",
    "TABLE",
    "TOKENS",
    "ClinicToken",
    "Issuer",
    "Partner",
    "Setting",
    "Settings",
    "SettingsError",
    "is_safe_address",
    "open_doors",
    "read_settings",
    "refuse_open_address",
]
