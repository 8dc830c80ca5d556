"""Invariants of code systems, value sets and concept maps."""

from __future__ import annotations

from collections.abc import Iterator

from mappings.r4.invariants.reading import Node, distinct, each, has, how_many, invariant
from mappings.values import Json


@invariant("csd-1", "Define each code once.")
def csd_1(code_system: Node) -> bool:
    return distinct(_codes(code_system))


def _codes(node: Node) -> Iterator[Json]:
    for concept in each(node, "concept"):
        if "code" in concept:
            yield concept["code"]
        yield from _codes(concept)


@invariant("vsd-1", "Say with system or valueSet what is included.")
def vsd_1(include: Node) -> bool:
    return has(include, "valueSet", "system")


@invariant("vsd-2", "Add the system that the concepts or filters are of.")
def vsd_2(include: Node) -> bool:
    return not has(include, "concept", "filter") or has(include, "system")


@invariant("vsd-3", "Leave out concept or filter.")
def vsd_3(include: Node) -> bool:
    return not has(include, "concept") or not has(include, "filter")


@invariant("vsd-6", "Give a code or a display.")
def vsd_6(contains: Node) -> bool:
    return has(contains, "code", "display")


@invariant("vsd-9", "Give the code, or set abstract to true.")
def vsd_9(contains: Node) -> bool:
    return has(contains, "code") or contains.get("abstract") is True


@invariant("vsd-10", "Add the system of the code.")
def vsd_10(contains: Node) -> bool:
    return not has(contains, "code") or has(contains, "system")


@invariant("cmd-1", "Say in a comment how the two concepts differ.")
def cmd_1(target: Node) -> bool:
    return has(target, "comment") or target.get("equivalence") not in {"narrower", "inexact"}


@invariant("cmd-2", "Give the code that is fixed.")
def cmd_2(unmapped: Node) -> bool:
    return unmapped.get("mode") != "fixed" or has(unmapped, "code")


@invariant("cmd-3", "Give the url of the other map.")
def cmd_3(unmapped: Node) -> bool:
    return unmapped.get("mode") != "other-map" or has(unmapped, "url")


@invariant("nsd-1", "Give a root no uuid.")
def nsd_1(naming: Node) -> bool:
    return naming.get("kind") != "root" or all(each_id.get("type") != "uuid" for each_id in each(naming, "uniqueId"))


@invariant("nsd-2", "Prefer one unique id of each type.")
def nsd_2(naming: Node) -> bool:
    return distinct(unique["type"] for unique in each(naming, "uniqueId") if unique.get("preferred") is True)


@invariant("tcp-1", "Give each version its code.")
def tcp_1(code_system: Node) -> bool:
    return how_many(code_system, "version") <= 1 or all(
        has(version, "code") for version in each(code_system, "version")
    )
