"""Who calls at the FHIR API."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from adapter.authorisation.interactions import needs_of_entries, needs_of_entry
from adapter.authorisation.refusals import forbidden, scope_missing
from adapter.authorisation.scopes import Need, Scopes


@dataclass(frozen=True)
class Caller:
    """A partner with what its token grants; "" and no limits while no authorisation is configured."""

    partner: str
    scopes: Scopes | None = field(default=None, repr=False)
    """None grants everything."""

    @property
    def sees(self) -> str | None:
        """Whose resources there are for this caller: None is everybody's."""
        return self.partner or None

    def may(self, type_: str, letter: str) -> bool:
        """Whether this caller may create (c), read (r), update (u), delete (d) or search (s) a type."""
        return self.scopes is None or self.scopes.grants(Need(type_, letter))

    def check(self, needs: Iterable[Need] | None) -> None:
        """Refuses what the token does not grant, naming the scopes; None is what no rule knows."""
        if self.scopes is None:
            return
        if needs is None:
            raise forbidden("No scope is known that would allow this: see /fhir/metadata for what there is.")
        missing = [(need.scope, need.where) for need in needs if not self.scopes.grants(need)]
        if missing:
            raise scope_missing(missing)

    def check_entry(self, entry: Any, index: int) -> None:
        """Refuses an entry that the token does not grant: for a batch, whose entries each stand alone."""
        self.check(needs_of_entry(entry, index))

    def check_entries(self, document: Any) -> None:
        """Refuses a Bundle with entries that the token does not grant, naming all the scopes that it lacks."""
        asked = needs_of_entries(document)
        if None in asked:
            self.check(None)
        self.check(need for needs in asked for need in needs or ())


EVERYBODY = Caller("")
"""While no authorisation is configured, and the service is on loopback."""
