"""The safety gates that no site can take away: what may change the meaning of all the rest is always told."""

from __future__ import annotations

from mappings.lens.conditions import OnlyIf, Says
from mappings.lens.paths import DeclarationError
from mappings.lens.records import RecordShape, ResourceShape
from mappings.lens.rules import At, Rule, Skip
from mappings.lens.shapes import everything_in
from mappings.r4.definitions import children


def refuse_open_gates(root: RecordShape) -> None:
    """DeclarationError for a resource in a record whose negations, states or modifier extensions nobody would tell."""
    for shape in everything_in(root):
        if isinstance(shape, ResourceShape):
            told = {name for rule in shape.rules for name in _begins_at(rule)}
            modifiers = {element.name for element in children(shape.type).values() if element.modifier}
            if open_ := sorted(modifiers - told):
                text = "may change what all the rest means: tell it, or ask for it with only_if()"
                raise DeclarationError(f"{shape.where}: {shape.type}: {', '.join(open_)} {text}")


def _begins_at(rule: Rule) -> list[str]:
    """The members of a resource that a rule reads or asks for."""
    if isinstance(rule, Skip):
        return []
    if isinstance(rule, At | OnlyIf | Says) and rule.steps:
        return [rule.steps[0].name]
    return [part.steps[0].name for part in rule.parts()]
