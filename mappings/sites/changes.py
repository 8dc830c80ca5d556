"""The words of a site: what it changes in a shape that is declared here, by the names of the record's fields."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mappings.lens.binding import NEVER_ASSUMED, declared_at
from mappings.lens.conditions import OnlyIf, Says
from mappings.lens.paths import DeclarationError
from mappings.lens.records import RecordShape
from mappings.lens.rules import At, Field, Fill, Rule, Skip

OF_A_DOSE = frozenset({
    "Dosage", "Dosage.doseAndRate", "Quantity", "Range", "Ratio", "Timing", "Timing.repeat",
})  # fmt: skip
"""Safety gate: the types of which nothing may be assumed: how much, of what unit, how often."""


@dataclass(frozen=True, eq=False)
class Change:
    """One change of a shape, and of every shape that was made of it."""

    of: RecordShape
    where: str

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that have to be there already."""
        return ()

    def meets(self, shape: RecordShape) -> bool:
        """Whether a shape goes back to the one that is changed."""
        return shape.declared is self.of.declared

    def checked(self) -> Change:
        """Itself; DeclarationError where it names a field that is not there."""
        if missing := [name for name in self.names if name not in self.of.names]:
            raise self.refused(f"{self.of.type} has no field {', '.join(missing)}")
        return self

    def made(self, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        """The rules of a shape that it meets, changed.  A shape may have lost some of the fields: they stay lost."""
        raise NotImplementedError

    def refused(self, why: str) -> DeclarationError:
        return DeclarationError(f"{self.where}: {why}")


@dataclass(frozen=True, eq=False)
class Added(Change):
    rules: tuple[Rule, ...]

    def checked(self) -> Change:
        for rule in self.rules:
            if taken := [name for name in rule.names if name in self.of.names]:
                raise self.refused(f"{self.of.type} has a field {', '.join(taken)} already: replace it")
            _refuse_assumption(rule, self)
        return self

    def made(self, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        """A rule for part of a list stands before ours for all of it, so that it takes first."""
        out = list(rules)
        for rule in self.rules:
            place = next((n for n, ours in enumerate(out) if _element(ours) == _element(rule)), len(out))
            out.insert(place, rule)
        return tuple(out)


@dataclass(frozen=True, eq=False)
class Replaced(Change):
    rules: tuple[Rule, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for rule in self.rules for name in rule.names)

    def checked(self) -> Change:
        for part in (part for name in self.names if name in self.of.names for part in self.of.names[name].parts()):
            if part.element.modifier:
                raise self.refused(f"{part.element.name} may change what all the rest means: no site can replace it")
        for rule in self.rules:
            if isinstance(rule, Fill | Skip | OnlyIf | Says) or not rule.names:
                raise self.refused("Only rules for fields replace others: add the rest")
            _refuse_assumption(rule, self)
        return super().checked()

    def made(self, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        for rule in self.rules:
            old = {id(one) for one in rules if set(one.names) & set(rule.names)}
            first = next((n for n, one in enumerate(rules) if id(one) in old), None)
            if first is not None:
                rules = (*rules[:first], rule, *(one for one in rules[first:] if id(one) not in old))
        return rules


@dataclass(frozen=True, eq=False)
class Skipped(Change):
    fields: tuple[str, ...]
    because: str

    @property
    def names(self) -> tuple[str, ...]:
        return self.fields

    def checked(self) -> Change:
        super().checked()
        for name in self.fields:
            rule = self.of.names[name]
            if self.of.rules and set(rule.names) - set(self.fields):
                raise self.refused(f"{', '.join(rule.names)} are one rule: skip them together")
            for part in rule.parts():
                if part.element.modifier:
                    raise self.refused(f"{name} may change what all the rest means: no site can skip it")
                if part.element.min and len(part.steps) == 1:
                    raise self.refused(f"R4 demands {part.element.name}: without {name} nothing could be rendered")
        if set(self.fields) & {*self.of.key, *self.of.else_by, *_TOLD_APART_BY.get(self.of.type, ())}:
            raise self.refused(f"{self.of.type} is known by {', '.join(self.fields)}: it cannot be skipped")
        return self

    def made(self, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        out: list[Rule] = []
        for rule in rules:
            if rule.names and set(rule.names) <= set(self.fields):
                out += [Skip(fhir=part.fhir, because=self.because, where=self.where) for part in rule.parts()]
            else:
                out.append(rule)
        return tuple(out)


@dataclass(frozen=True, eq=False)
class Defaulted(Change):
    field: str
    value: Any

    @property
    def names(self) -> tuple[str, ...]:
        return (self.field,)

    def checked(self) -> Change:
        super().checked()
        rule = self.of.names[self.field]
        if not isinstance(rule, Field) or not rule.shape.leaf:
            raise self.refused(f"{self.field} is not one plain value: add a fill() for what all have")
        _refuse_assumption(rule, self, fills=True)
        return self

    def made(self, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        return tuple(
            dataclasses.replace(rule, usual=self.value, defaulted=True, where=self.where)
            if isinstance(rule, Field) and rule.name == self.field
            else rule
            for rule in rules
        )


def add(of: RecordShape, *rules: Rule) -> Change:
    """More rules for a shape: fields, lists, extensions, fill()."""
    return Added(of, declared_at(), rules).checked()


def replace(of: RecordShape, *rules: Rule) -> Change:
    """Rules in the place of ours for the same fields."""
    return Replaced(of, declared_at(), rules).checked()


def skip(of: RecordShape, *fields: str, because: str) -> Change:
    """Fields that the records of this site do not have; the reason is told in the ledger of every message."""
    return Skipped(of, declared_at(), fields, because).checked()


def default(of: RecordShape, field: str, value: Any) -> Change:
    """What a field means where the record leaves it out: written into what we make, and left out when read."""
    return Defaulted(of, declared_at(), field, value).checked()


_TOLD_APART_BY = {"Patient": ("birth_date",)}
"""Safety gate: what else the exchange compares before it takes two patients for one."""


def _element(rule: Rule) -> str:
    """The member of the resource that a rule begins at."""
    path = rule.fhir if isinstance(rule, At) else next((part.fhir for part in rule.parts()), getattr(rule, "fhir", ""))
    return path.split(".")[0].split("(")[0]


def _refuse_assumption(rule: Rule, change: Change, *, fills: bool = False) -> None:
    """Safety gate: dose, unit, route, frequency, status, laterality and negations are never defaulted."""
    for path in _assumed(rule, fills=fills):
        names = {step.split("(")[0] for step in path.replace("'", ".").split(".")}
        if change.of.type in OF_A_DOSE or names & _NEVER or "laterality" in path:
            raise change.refused(f"{path} is never assumed: it has to be said each time")


_NEVER = NEVER_ASSUMED | {
    "clinicalStatus", "doNotPerform", "dosage", "dosageInstruction", "frequency", "implicitRules", "modifierExtension",
    "verificationStatus",
}  # fmt: skip


def _assumed(rule: Rule, *, fills: bool) -> Iterable[str]:
    if isinstance(rule, Fill) or (isinstance(rule, Field) and (fills or rule.usual is not None)):
        yield rule.fhir
    elif not isinstance(rule, At):
        for part in rule.parts():
            if isinstance(part, Field) and part.usual is not None:
                yield part.fhir


__all__ = ["Change", "add", "default", "replace", "skip"]
