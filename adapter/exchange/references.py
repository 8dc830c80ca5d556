"""References of a Bundle: what leads to which entry, and what they become where the entries are kept.

A reference leads to the entry whose fullUrl it is, on the server of whoever holds it where it is relative; else, as
senders differ in what a fullUrl is, to the only entry of that type and id.  A search by identifier
(`Patient?identifier=...`) leads to the only entry that has this identifier.

The specification's rule for a transaction: a link that equals an entry's fullUrl is replaced wherever it stands, in a
Reference and in elements of type uri, url, oid and uuid.  A text that only looks like one (the value of an Identifier,
say) is left alone, and so is the narrative, which is the sender's word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from adapter.exchange.identifiers import carries, searched
from adapter.store.resources import Identifier
from mappings.r4 import definitions

Node = dict[str, Any]
Place = Callable[[int, bool], str]
"""Where an entry is kept, by its index: "Patient/1"; "Patient/1/_history/1" where its version is asked for too."""

_LINKS = frozenset(("uri", "url", "oid", "uuid"))
_RESTFUL = re.compile(r"(?:(.*)/)?([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/[A-Za-z0-9.-]{1,64})?")


class Links:
    """Which references lead to which entry, by its index."""

    def __init__(
        self,
        full_urls: Sequence[str | None],
        resources: Sequence[Node],
        conditions: Sequence[Identifier | None] | None = None,
    ) -> None:
        """conditions: the identifier that each entry is conditional on."""
        self._resources, self._conditions = resources, conditions or [None] * len(resources)
        self._entries = {url: index for index, url in enumerate(full_urls) if url}
        self._bases = [_base(url) for url in full_urls]
        self._named: dict[str, list[int]] = {}
        for index, resource in enumerate(resources):
            if "id" in resource:
                self._named.setdefault(f"{resource.get('resourceType')}/{resource['id']}", []).append(index)

    def exactly(self, link: str) -> int | None:
        return self._entries.get(link)

    def target(self, reference: str, holder: int | None) -> int | None:
        """The entry that a reference within the entry `holder` leads to; within none of them where that is None."""
        if reference in self._entries:
            return self._entries[reference]
        restful = _RESTFUL.fullmatch(reference)
        if restful is None:
            return self._searched(reference)
        base, name = restful[1], f"{restful[2]}/{restful[3]}"
        if base is not None:
            return self._entries.get(f"{base}/{name}")
        base = self._bases[holder] if holder is not None else None
        if base is not None and f"{base}/{name}" in self._entries:
            return self._entries[f"{base}/{name}"]
        there = [one for one in self._named.get(name, []) if base is None or self._bases[one] in (None, base)]
        return self._entries.get(name, there[0] if len(there) == 1 else None)

    def _searched(self, reference: str) -> int | None:
        type_, mark, query = reference.partition("?")
        wanted = searched(query) if mark else None
        if wanted is None:
            return None
        there = [
            index
            for index, resource in enumerate(self._resources)
            if resource.get("resourceType") == type_
            if self._conditions[index] == wanted or carries(resource, wanted)
        ]
        return there[0] if len(there) == 1 else None

    def rewritten(
        self, resource: Node, holder: int, place: Place, elsewhere: Mapping[str, str] = MappingProxyType({})
    ) -> Node:
        """A copy whose links to entries lead to where these are kept; all else is as it was.

        elsewhere: what other references become."""

        def node(value: Any, type_: str) -> Any:
            if isinstance(value, list):
                return [node(item, type_) for item in value]
            if isinstance(value, str):
                return link(value) if type_ in _LINKS else value
            if not isinstance(value, dict) or type_ == "Narrative":
                return value
            if type_ == "Resource":
                type_ = value["resourceType"]
                if type_ == "Bundle":  # its references are its own entries' business
                    return value
            known = definitions.children(definitions.alike(type_))
            copy = {
                # what is no element is the `_` twin of one, which holds extensions
                name: node(inner, known[name].type if name in known else "Element")
                for name, inner in value.items()
            }
            if type_ == "Reference" and "reference" in copy:
                copy["reference"] = reference(copy["reference"])
            return copy

        def link(text: str) -> str:
            index = self.exactly(text)
            return text if index is None else place(index, False)

        def reference(text: str) -> str:
            index = self.target(text, holder)
            return elsewhere.get(text, text) if index is None else place(index, "/_history/" in text)

        rewritten: Node = node(resource, "Resource")
        return rewritten


def _base(full_url: str | None) -> str | None:
    """The server of an entry that has a RESTful address."""
    restful = _RESTFUL.fullmatch(full_url) if full_url else None
    return restful[1] if restful else None
