"""What a clinic sets: read once from paingate.toml and the environment, and never changed afterwards.

The environment wins over the file.  Every setting stands in one table (`TABLE`), from which the reading, the refusals
and the documentation come.  A setting that is unknown, or that contradicts another, is refused with a sentence: a
service that starts with half of what was meant does harm later, where nobody looks.
"""

from adapter.settings.contradictions import refuse_open_address
from adapter.settings.reading import read_settings
from adapter.settings.table import FILE, PARTNER_KEYS, TABLE, Partner, Setting, Settings, SettingsError

__all__ = [
    "FILE",
    "PARTNER_KEYS",
    "TABLE",
    "Partner",
    "Setting",
    "Settings",
    "SettingsError",
    "read_settings",
    "refuse_open_address",
]
