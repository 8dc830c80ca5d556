"""Paths held to R4 when they are declared: a path that R4 does not have never reaches any data."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from mappings.lens.lists import Bound, ListPlan
from mappings.lens.paths import DeclarationError, Seed, Step, parse
from mappings.lens.shapes import Primitive, Shape, Verbatim
from mappings.r4.definitions import Element, alike, children, is_primitive


def declared_at(depth: int = 2) -> str:
    """File and line of the declaration that called; a site's file with the name of the site."""
    frame = sys._getframe(depth)  # noqa: SLF001  # inspect.stack() reads the source of every caller
    file = frame.f_code.co_filename.replace(chr(92), "/").rsplit("/", 1)[-1]
    site = frame.f_globals.get("__site__")
    return f"{site}/{file}:{frame.f_lineno}" if site else f"{file}:{frame.f_lineno}"


class Binder:
    """Holds the paths of one shape's rules to R4, and gathers whose the items of its lists are."""

    def __init__(self, type_: str) -> None:
        self.type = type_
        self.plans: dict[str, ListPlan] = {}
        self.rank = 0

    def bind(self, path: str, where: str, whole_list: bool = False) -> tuple[tuple[Bound, ...], ListPlan | None]:
        """The steps of a path; with whole_list the last names a list, whose plan comes too."""
        context, prefix, bound = self.type, "", list[Bound]()
        steps = parse(path)
        plan: ListPlan | None = None
        for n, (name, seed) in enumerate(steps):
            element = element_of(context, name)
            if element is None:
                raise DeclarationError(f"{where}: {context} has no {name}")
            last = n == len(steps) - 1
            prefix += f".{name}"
            if element.many:
                plan = self.plans.setdefault(prefix, ListPlan())
                if seed is None and not (last and whole_list):
                    raise DeclarationError(f"{where}: {path}: {name} is a list: say each(), where() or first()")
            elif seed is not None or (last and whole_list):
                raise DeclarationError(f"{where}: {path}: {name} is no list")
            rank = self.rank
            if seed is not None and plan is not None:
                check_seed(alike(element.type), seed, f"{where}: {path}")
                rank = plan.add_slice(self.rank, seed)
                prefix += f"[{seed}]"
            bound.append(Bound(name, seed, element, plan if seed is not None else None, rank))
            context = alike(element.type)
        return tuple(bound), plan if whole_list else None


def element_of(context: str, name: str) -> Element | None:
    """What R4 says of a member, `_birthDate` included."""
    found = children(context).get(name)
    if found is None and name.startswith("_"):
        base = children(context).get(name[1:])
        return base and base._replace(name=name, type="Element", min=0, choice=None, modifier=False)
    return found


def check_seed(context: str, seed: Seed, where: str) -> None:
    for name, value in seed.items():
        element = element_of(context, name)
        if element is None:
            raise DeclarationError(f"{where}: {context} has no {name}")
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict):
                check_seed(alike(element.type), part, where)


NEVER_ASSUMED = frozenset({"status", "lifecycleStatus", "route", "dose", "doseQuantity", "unit", "site", "bodySite"})
"""Safety gate: elements that no mapping may assume."""


def bound_shape(shape: Shape | None, element: Element, where: str) -> Shape:
    """The shape of a rule, held to the element's type; a primitive needs none."""
    if shape is None:
        if not is_primitive(element.type):
            raise DeclarationError(f"{where}: {element.type} needs a shape")
        return Primitive(element.type)
    if isinstance(shape, Verbatim) and element.type != "Extension":
        raise DeclarationError(f"{where}: only an Extension is carried as it stands, not {element.type}")
    return shape


def ends_in_list(context: str, steps: tuple[Step, ...]) -> bool:
    element: Element | None = None
    for name, _ in steps:
        element = element_of(context, name)
        context = alike(element.type) if element else ""
        if element is None:
            return False
    return element is not None and element.many


def loose(context: str, path: str, where: str) -> Iterator[Bound]:
    for name, _ in parse(path):
        element = element_of(context, name)
        if element is None:
            raise DeclarationError(f"{where}: {context} has no {name}")
        yield Bound(name, None, element)
        context = alike(element.type)
