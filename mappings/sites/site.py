"""A site: its tables, changes and record kinds, and any shape as it stands there."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mappings.lens.codes import Code
from mappings.lens.links import Link
from mappings.lens.records import RecordShape, ResourceShape
from mappings.lens.rules import Rule
from mappings.lens.shapes import Again, Bare, Shape
from mappings.lens.tables import Table
from mappings.sites.changes import Change
from mappings.sites.gates import refuse_open_gates

_BOUND = frozenset({"each", "holder", "members", "own", "plan", "steps", "twin"})
"""What a rule gets when it is bound, and gets anew."""


@dataclass(frozen=True, eq=False, repr=False)
class Site:
    """What one site does differently; AS_SHIPPED does nothing so.

    tables: by name, in the place of ours.  kinds: its own records, for each kind the shape of each root by its sort
    ("" where there is one).  partners: the same site as it deals with one partner.
    """

    name: str
    tables: Mapping[str, Table] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    kinds: Mapping[str, Mapping[str, ResourceShape]] = field(default_factory=dict)
    partners: Mapping[str, Site] = field(default_factory=dict)
    _made: dict[int, tuple[RecordShape, RecordShape]] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<site {self.name or 'as shipped'}>"

    def to(self, partner: str) -> Site:
        """The site as it deals with a partner."""
        return self.partners.get(partner, self)

    def root(self, shape: ResourceShape) -> ResourceShape:
        """The shape of a record as it stands here.  DeclarationError where that would open a safety gate."""
        made = self.record(shape) if self.tables or self.changes else shape
        assert isinstance(made, ResourceShape)
        refuse_open_gates(made)
        return made

    def shape(self, shape: Shape) -> Shape:
        if isinstance(shape, Again):
            return Again(lambda: self.shape(shape.shape))
        if isinstance(shape, Code):
            return Code(self.tables[shape.name]) if shape.name in self.tables else shape
        if isinstance(shape, Bare):
            return Bare(self.shape(shape.inner))
        if isinstance(shape, Link):
            kinds = {kind: self.shape(one) for kind, one in shape.kinds.items()}
            return dataclasses.replace(shape, pointer=self.record(shape.pointer), kinds=kinds)  # type: ignore[arg-type]
        return self.record(shape) if isinstance(shape, RecordShape) else shape

    def record(self, shape: RecordShape) -> RecordShape:
        if id(shape) not in self._made:
            rules = tuple(map(self._rule, shape.rules))
            for change in self.changes:
                if change.meets(shape):
                    rules = change.made(rules)
            self._made[id(shape)] = shape, dataclasses.replace(shape, rules=rules)
        return self._made[id(shape)][1]

    def _rule(self, rule: Rule) -> Rule:
        told = {one.name: getattr(rule, one.name) for one in dataclasses.fields(rule) if one.name not in _BOUND}
        made = {name: self._part(value) for name, value in told.items()}
        return dataclasses.replace(rule, **{name: value for name, value in made.items() if value is not told[name]})

    def _part(self, value: Any) -> Any:
        if isinstance(value, Rule):
            return self._rule(value)
        if isinstance(value, tuple) and value and isinstance(value[0], Rule):
            return tuple(map(self._rule, value))
        if isinstance(value, tuple) and value and isinstance(value[0], Table):
            return tuple(self.tables.get(one.name, one) for one in value)
        return self.shape(value) if isinstance(value, Again | Bare | Code | Link | RecordShape) else value


AS_SHIPPED = Site("")
