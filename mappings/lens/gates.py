"""Safety gates: why nothing may be done on a record.  No mapping and no edit of a record opens one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mappings.lens.document import Node
from mappings.lens.reading import Reading

NOT_UNDERSTOOD = {"modifier_extensions": "a modifier extension", "implicit_rules": "implicit rules"}
"""The fields of a record that stop every action, and what they hold."""


def not_actionable(value: Any, where: str = "") -> list[str]:
    """Safety gate: why a record must not be acted on, from what it says itself."""
    reasons: list[str] = []
    if isinstance(value, dict):
        for name, what in NOT_UNDERSTOOD.items():
            if name in value:
                reasons.append(f"{where}{name}: {what} that we do not understand may change what this means")
        for name, member in value.items():
            if not name.endswith("extensions"):
                reasons += not_actionable(member, f"{where}{name}.")
    elif isinstance(value, list):
        for n, item in enumerate(value):
            reasons += not_actionable(item, f"{where.rstrip('.')}[{n}].")
    return reasons


def not_told(reading: Reading, root: Node) -> list[str]:
    """What may change the meaning of something that the record rests on, and that no field of the record tells.

    It may stand in an element that a rule's path crosses, in a resource that is only pointed to, or in the envelope.
    """
    document = reading.document
    led_to = [*(one.resource for one in reading.told.values()), *(one.resource for one in reading.pointed)]
    held = {id(one): one for one in (root, *led_to)}
    found: list[str] = []
    for resource in held.values():
        home = document.home(resource)
        if home is resource or id(home) not in held:  # else it is found within what contains it
            found += _search(resource, str(resource.get("resourceType")), reading)
    if document.is_bundle:
        found += _search({**document.given, "entry": []}, "Bundle", reading)
        for entry in document.given.get("entry", []):
            if id(entry.get("resource")) in held:
                found += _search({**entry, "resource": {}}, "Bundle.entry", reading)
    return [f"{place}: it may change what this means, and nobody here understands it" for place in dict.fromkeys(found)]


def _search(node: Any, place: str, reading: Reading) -> Iterator[str]:
    if isinstance(node, list):
        for n, item in enumerate(node):
            yield from _search(item, f"{place}[{n}]", reading)
    elif isinstance(node, dict):
        for name, value in node.items():
            if not _is_told(node, name, value, reading):
                yield f"{place}.{name}"
            yield from _search(value, f"{place}.{name}", reading)


def _is_told(node: Node, name: str, value: Any, reading: Reading) -> bool:
    """Whether a field of the record says it, and so stops every action already."""
    if name == "implicitRules":
        return (id(node), name) in reading.marks
    if name == "modifierExtension" and isinstance(value, list):
        return all((id(value), n) in reading.marks for n in range(len(value)))
    return True
