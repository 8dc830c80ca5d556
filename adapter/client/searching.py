"""Searching a partner by a business identifier, and believing the answer only as far as it proves itself.

A server that does not know a parameter may drop it in silence and answer with everybody's resources (sekmet does so for
Goal): so the search is strict, the identifier is looked for in what came back, and "none" is believed only where the
self link names the parameter or the answer is complete.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlsplit

from adapter.client.errors import WillAnswerTheSame
from mappings.values import Json


@dataclass(frozen=True)
class Identifier:
    """A business identifier: what makes two resources the same thing, wherever they are stored."""

    system: str
    value: str

    def token(self) -> str:
        """As a token search value: system|value, with what has a meaning in search values escaped."""
        return f"{escaped(self.system)}|{escaped(self.value)}"

    def query(self) -> str:
        """As the query of a conditional interaction, URL-encoded."""
        return f"identifier={quote(self.token(), safe='')}"

    def json(self) -> dict[str, Json]:
        return {"system": self.system, "value": self.value}


def escaped(value: str) -> str:
    r"""A search parameter's value with `\`, `,`, `$` and `|` meaning themselves (R4 search, 3.1.1.4.7)."""
    for special in ("\\", ",", "$", "|"):
        value = value.replace(special, "\\" + special)
    return value


def matches(bundle: Json, resource_type: str, identifier: Identifier) -> list[dict[str, Json]]:
    """The resources of that type which carry the identifier, out of a search's answer; [] only where that is proved."""
    found = resources_in(bundle, resource_type)
    ours = [resource for resource in found if carries(resource, identifier)]
    if not ours and not (_self_link_names(bundle, identifier) or _complete(bundle, len(found))):
        raise WillAnswerTheSame("the search seems to have ignored the identifier", codes=("search-not-trusted",))
    return ours


def resources_in(bundle: Json, resource_type: str) -> list[dict[str, Json]]:
    """The resources of that type that a search's answer found."""
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise WillAnswerTheSame("the search was not answered with a Bundle", codes=("search-not-trusted",))
    entries = [entry for entry in bundle.get("entry") or [] if isinstance(entry, dict)]
    return [resource for entry in entries if (resource := _match(entry, resource_type)) is not None]


def each_of(
    bundle: Json, resource_type: str, identifiers: Sequence[Identifier]
) -> dict[Identifier, list[dict[str, Json]]]:
    """By identifier what a search for several found; nothing where its answer goes on on another page."""
    found = resources_in(bundle, resource_type)
    if isinstance(bundle, dict) and _links(bundle, "next"):
        return {}
    return {one: ours for one in identifiers if (ours := [each for each in found if carries(each, one)])}


def carries(resource: Json, identifier: Identifier) -> bool:
    """Whether the resource has that very identifier."""
    held, master = resource.get("identifier"), resource.get("masterIdentifier")
    return any(
        isinstance(one, dict) and one.get("system") == identifier.system and one.get("value") == identifier.value
        for one in [*(held if isinstance(held, list) else [held]), master]
    )


def _match(entry: dict[str, Json], resource_type: str) -> dict[str, Json] | None:
    resource, search = entry.get("resource"), entry.get("search")
    if isinstance(search, dict) and search.get("mode") in ("include", "outcome"):
        return None
    return resource if isinstance(resource, dict) and resource.get("resourceType") == resource_type else None


def _links(bundle: dict[str, Json], relation: str) -> list[str]:
    links = [link for link in bundle.get("link") or [] if isinstance(link, dict)]
    return [link["url"] for link in links if link.get("relation") == relation and isinstance(link.get("url"), str)]


def _self_link_names(bundle: dict[str, Json], identifier: Identifier) -> bool:
    plain = f"{identifier.system}|{identifier.value}"
    return any(
        name == "identifier" and value in (identifier.token(), plain)
        for url in _links(bundle, "self")
        for name, value in parse_qsl(urlsplit(url).query)
    )


def _complete(bundle: dict[str, Json], count: int) -> bool:
    """All there are came back, and ours is not among them: then it does not matter what was searched for."""
    return not _links(bundle, "next") and bundle.get("total") == count and isinstance(bundle.get("total"), int)
