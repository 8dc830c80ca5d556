"""The words that a mapping is written in.

    field       one record field at one FHIR path
    each        a list: every item that no neighbouring rule takes
    main        a list of which one item is told first, the others under another name
    one_of      value[x]: a record name for each type, at most one said
    part        a shape of several rules for a data type or backbone element
    as_plain_value   a part of one field, told as that value alone
    resource    a shape of several rules for a resource
    only_if     what makes it one of ours, else it is left to others
    only_if_says, unless_says   the same by what a concept says, in codes of any system or in words
    fill        written into what we make, never into what others made
    tagged      only_if and fill for a category
    same_as_root     a reference told only where it differs from that of the root of the record
    code        a bare code in the clinic's word, through a table
    worded      main, for codings of which the clinic has words: the word is told, and what it does not say beside it
    skip        not told on purpose, with the reason
    derived     the items of a list that are not told because they follow from the rest
    again       a shape defined further down, or that contains itself
    verbatim    FHIR as it stands, for extensions only; pointer: the shape of a Reference

link and link_only, for references, are in mappings/datatypes.py.  `fhir=` is a path as FHIRPath writes it;
`about=` says in a sentence what the field means.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mappings.lens.binding import declared_at
from mappings.lens.choices import OneOf, SameAs
from mappings.lens.codes import Code
from mappings.lens.conditions import OnlyIf, Says
from mappings.lens.derived import Derived
from mappings.lens.links import Link, Pointer
from mappings.lens.many import Each, Main
from mappings.lens.paths import Seed, parse
from mappings.lens.pointing import PointingHere
from mappings.lens.records import RecordShape, ResourceShape
from mappings.lens.rules import Field, Fill, Rule, Skip
from mappings.lens.shapes import Again, Bare, Shape, Verbatim
from mappings.lens.tables import Table
from mappings.lens.worded import Worded

verbatim = Verbatim()


def field(name: str, *, fhir: str, about: str, shape: Shape | None = None, left_out_when: Any = None) -> Field:
    """One field at one path; shape is left out for a primitive.

    left_out_when: the value of a required element that goes without saying: the record leaves it out, FHIR has it.
    """
    made: Any = shape
    return Field(name=name, fhir=fhir, about=about, shape=made, usual=left_out_when, where=declared_at())


def each(name: str, *, fhir: str, about: str, shape: Shape | None = None) -> Each:
    """A list: every item that no neighbouring rule takes."""
    return Each(name=name, fhir=fhir, about=about, shape=shape, where=declared_at())  # type: ignore[arg-type]


def main(
    *, fhir: str, shape: RecordShape, others: str, others_about: str,
    name: str = "", about: str = "", prefer: tuple[str, ...] = (), never: tuple[str, ...] = (),
) -> Main:  # fmt: skip
    """A list of which one item is told first (flat, or under `name`); prefer and never are conditions as in where()."""
    return Main(
        fhir=fhir, shape=shape, name=name, about=about, others=others, others_about=others_about,
        prefer=tuple(map(_seed, prefer)), never=tuple(map(_seed, never)), where=declared_at(),
    )  # fmt: skip


def _seed(condition: str) -> Seed:
    return parse(f"x.where({condition})")[0].seed or {}


def pointing_here(name: str, *, fhir: str, about: str, shape: Link) -> PointingHere:
    """The resources, of the kinds of a link, of which an element (fhir="Observation.partOf") leads to the root."""
    return PointingHere(name=name, fhir=fhir, about=about, link=shape, where=declared_at())


def one_of(*rules: Field) -> OneOf:
    """value[x]: at most one of these."""
    return OneOf(rules=rules, where=declared_at())


def only_if(*, fhir: str, values: tuple[Any, ...] = (), or_absent: bool = False) -> OnlyIf:
    """An element that must be there, or have one of these values; or_absent: or not be there at all."""
    return OnlyIf(fhir=fhir, values=values, or_absent=or_absent, where=declared_at())


def only_if_says(*values: str, fhir: str) -> Says:
    """A concept that says one of these, by a code of any system or in words."""
    return Says(fhir=fhir, values=values, where=declared_at())


def unless_says(*values: str, fhir: str) -> Says:
    """A concept that says none of these, by a code of any system or in words; or none at all."""
    return Says(fhir=fhir, values=values, negated=True, where=declared_at())


def fill(*, fhir: str, value: Any) -> Fill:
    """Written into what we make."""
    return Fill(fhir=fhir, value=value, where=declared_at())


def tagged(*, fhir: str, system: str, code: str) -> tuple[Rule, ...]:
    """The category that marks a kind: required in what is read, written into what is made."""
    path = f"{fhir}.where(coding.exists(system='{system}' and code='{code}'))"
    inner = f"{path}.coding.where(system='{system}' and code='{code}').code"
    where = declared_at()
    return OnlyIf(fhir=path, where=where), Fill(fhir=inner, value=code, where=where)


def same_as_root(rule: Field, *, element: str, follows: bool = False, if_absent: str = "") -> SameAs:
    """A reference that is told only where it differs from that element of the root."""
    return SameAs(rule=rule, of=element, follows=follows, unless=if_absent, where=declared_at())


def skip(*, fhir: str, because: str) -> Skip:
    """An element that is not told on purpose."""
    return Skip(fhir=fhir, because=because, where=declared_at())


def derived(*, fhir: str, of: str, when: Callable[[Any], bool], because: str) -> Derived:
    """The items of a list that are not told because they follow from the rest; of: the field that tells the others."""
    return Derived(fhir=fhir, of=of, when=when, because=because, where=declared_at())


def part(type_: str, *rules: Rule, key: str = "", restates: str = "") -> RecordShape:
    """A shape for a data type or backbone element.

    key: the fields that make it this one and no other.  restates: those that say in other words what the rest says, or
    what one other field says (code:unit).
    """
    return RecordShape(type_, rules, tuple(key.split()), declared_at(), tuple(restates.split()))


def as_plain_value(shape: RecordShape) -> Bare:
    """A record of one field, told as that field's value alone."""
    return Bare(shape)


def pointer(*rules: Rule, key: str = "") -> Pointer:
    """The shape of a Reference that is only a pointer."""
    return Pointer("Reference", rules, tuple(key.split()), declared_at())


def resource(type_: str, *rules: Rule, known_by: str = "", else_by: str = "", restates: str = "") -> ResourceShape:
    """A shape for a whole resource.

    known_by: the fields that make it this one and no other.  else_by: where nothing of that is shared, one of these has
    to be the same.  restates: as of a part.
    """
    known, by, said = (tuple(names.split()) for names in (known_by, else_by, restates))
    return ResourceShape(type_, rules, known, declared_at(), restates=said, else_by=by)


def code(table: Table) -> Code:
    """A bare code in the clinic's word, through a table."""
    return Code(table)


def worded(
    *tables: Table, fhir: str, shape: RecordShape, others: str, others_about: str, where: str = ""
) -> Worded:  # fmt: skip
    """main() for the codings of a concept, of which the clinic's word stands in the place of a code that it knows.

    where: the declaration that it is for, where that is not the one that calls.
    """
    return Worded(
        fhir=fhir, shape=shape, others=others, others_about=others_about, tables=tables, where=where or declared_at()
    )


def again(of: Callable[[], Shape]) -> Again:
    """A shape that is defined further down."""
    return Again(of)
