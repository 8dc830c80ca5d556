"""Whether the resources of a document meet profiles: each by itself, and by what it leads to in the same document.

A reference to a resource of the document demands that this one meets a profile in its turn.  Those demands may run in
circles: what demands one another is met together, so everything reached is taken for met until something in it, or in
what it demands, speaks against it.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import Any, NamedTuple

from mappings.issues import Issue
from mappings.lens.document import Document, Node
from mappings.r4 import validity
from mappings.r4.fhirpath import expression
from mappings.us_core.demands import Demands
from mappings.us_core.elements import Keys
from mappings.us_core.profiles import declared_of, profile

Claim = tuple[int, str]
"""A resource, by its identity, and the name of a profile."""


class Own(NamedTuple):
    """What a resource is by itself for a profile: its faults, and where it demands one of several claims of another."""

    issues: list[Issue]
    demands: list[tuple[Keys, tuple[Claim, ...]]]


class Judge:
    """Over one document, which does not change while it is judged."""

    def __init__(self, given: Node) -> None:
        self.given = given
        self.document = Document(given)
        self._own: dict[Claim, Own] = {}
        self._unmet: set[Claim] = set()
        self._settled: set[Claim] = set()

    def met(self, resource: Node) -> list[str]:
        """The names of the profiles that a resource meets, of those that we declare."""
        candidates = declared_of(str(resource.get("resourceType")))
        return [one.name for one in candidates if self.meets(resource, one.name)]

    def meets(self, resource: Node, name: str) -> bool:
        self._settle((id(resource), name))
        return (id(resource), name) not in self._unmet

    def faults(self, resource: Node, name: str) -> list[Issue]:
        """What keeps a resource from meeting a profile, each at its place."""
        self._settle((id(resource), name))
        own = self._own[id(resource), name]
        found = list(own.issues)
        for keys, claims in own.demands:
            if self._unmet.issuperset(claims):
                titles = " or ".join(profile(wanted).title for _, wanted in claims)
                text = f"What this leads to has to meet {titles}, and does not."
                found.append(self._issue(resource, name, keys, "value", text))
        return found

    def place_of(self, resource: Node) -> Keys:
        """The keys that lead to a resource of the document."""
        return self._places[id(resource)]

    def title(self, name: str) -> str:
        return profile(name).title

    def _settle(self, claim: Claim) -> None:
        """Everything that a claim rests on, looked at; what fails by itself fails those that demand it."""
        if claim in self._settled:
            return
        waiting, demanded_by, failing = [claim], defaultdict[Claim, list[Claim]](list), list[Claim]()
        reached = set[Claim]()
        while waiting:
            one = waiting.pop()
            if one in reached:
                continue
            reached.add(one)
            own = self._look(one)
            if own.issues or one in self._unmet:
                failing.append(one)
            for wanted in (each for _, claims in own.demands for each in claims):
                demanded_by[wanted].append(one)
                waiting.append(wanted)
        while failing:
            one = failing.pop()
            self._unmet.add(one)
            failing += [
                other
                for other in demanded_by[one]
                if other not in self._unmet and any(self._unmet.issuperset(c) for _, c in self._own[other].demands)
            ]
        self._settled |= reached

    def _look(self, claim: Claim) -> Own:
        if claim not in self._own:
            self._own[claim] = self._by_itself(self._resource(claim), claim[1])
        return self._own[claim]

    def _by_itself(self, resource: Node, name: str) -> Own:
        wanted = profile(name)
        if resource.get("resourceType") != wanted.type:
            text = f"This is a profile of {wanted.type}."
            return Own([self._issue(resource, name, (), "value", text)], [])
        if self._is_faulty(expression(self.given, self.place_of(resource))):
            text = "What is not valid R4 meets no profile: mend that first."
            return Own([self._issue(resource, name, (), "invalid", text)], [])
        found = Demands(self.document, resource)
        found.of_profile(wanted)
        issues = [self._issue(resource, name, keys, code, text) for keys, code, text in found.faults]
        return Own(issues, [(keys, tuple((id(one), each) for one, each in claims)) for keys, claims in found.claims])

    def _issue(self, resource: Node, name: str, keys: Keys, code: str, text: str) -> Issue:
        where = expression(self.given, (*self.place_of(resource), *keys))
        return Issue("warning", code, where, f"{self.title(name)}: {text}")

    def _resource(self, claim: Claim) -> Node:
        return self._resources[claim[0]]

    @cached_property
    def _resources(self) -> dict[int, Node]:
        return {id(resource): resource for resource in self.document.resources()}

    @cached_property
    def _places(self) -> dict[int, Keys]:
        """The keys that lead to each resource, by its identity."""
        found: dict[int, Keys] = {}
        tops: list[tuple[Keys, Node]] = [((), self.given)]
        if self.document.is_bundle:
            entries: Any = self.given.get("entry")
            tops = [
                (("entry", n, "resource"), entry["resource"])
                for n, entry in enumerate(entries if isinstance(entries, list) else ())
                if isinstance(entry, dict) and isinstance(entry.get("resource"), dict)
            ]
        for keys, top in tops:
            found[id(top)] = keys
            contained = top.get("contained")
            for n, inner in enumerate(contained if isinstance(contained, list) else ()):
                found[id(inner)] = (*keys, "contained", n)
        return found

    def _is_faulty(self, place: str) -> bool:
        """Whether the document is not valid R4 there; what its envelope lacks is no resource's fault."""
        if any(issue.code == "too-costly" for issue in self._faults_of_r4):
            return True
        within = (f"{place}.", f"{place}[")
        return any(one.expression == place or one.expression.startswith(within) for one in self._faults_of_r4)

    @cached_property
    def _faults_of_r4(self) -> list[Issue]:
        return validity.check(self.given)
