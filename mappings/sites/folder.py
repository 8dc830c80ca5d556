"""From a site's folder to the site: its Python files run, its tables read, every fault told with its file and line."""

from __future__ import annotations

import re
import traceback
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from mappings.lens.paths import DeclarationError
from mappings.lens.records import ResourceShape
from mappings.lens.tables import Table
from mappings.sites.changes import Change
from mappings.sites.site import Site
from mappings.terminology import known_tables, read_table

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_OF_MODIFIERS = ("request_status",)
"""Safety gate: the words of an element that may change what all the rest means are read by name elsewhere."""


def read_site(folder: Path, ours: tuple[str, ...]) -> Site:
    """The site of a folder.  ours: the kinds of record that there are without it.

    DeclarationError, a line for each fault with its file and line, for whatever in it cannot be right.
    """
    if not folder.is_dir():
        raise DeclarationError(f"{folder}: there is no such folder")
    faults: list[str] = []
    site = _site(folder, folder.name, ours, Site(folder.name), faults)
    rooms = sorted(one for one in folder.glob("partners/*") if one.is_dir())
    partners = {room.name: _site(room, f"{site.name}/partners/{room.name}", ours, site, faults) for room in rooms}
    if faults:
        raise DeclarationError("\n".join(faults))
    return replace(site, partners=partners)


def _site(folder: Path, said: str, ours: tuple[str, ...], within: Site, faults: list[str]) -> Site:
    changes, kinds, tables = list(within.changes), dict(within.kinds), dict(within.tables)
    for file in sorted((*folder.glob("*.py"), *folder.glob("terminology/*.json"))):
        try:
            if file.suffix == ".json":
                tables[file.stem] = _table(file, said)
                continue
            module, where = _run(file, said), f"{said}/{file.name}"
            changes += _changes(module, where)
            kinds |= _records(module, file.stem, ours, where)
            if not hasattr(module, "CHANGES") and not hasattr(module, "RECORD"):
                raise DeclarationError(f"{where}: this says neither CHANGES nor RECORD")
        except DeclarationError as fault:
            faults.append(str(fault))
    return Site(within.name, tables, tuple(changes), kinds)


def _run(file: Path, said: str) -> ModuleType:
    module = ModuleType(f"site.{said.replace('/', '.')}.{file.stem}")
    module.__dict__.update(__file__=str(file), __site__=said)
    try:
        exec(compile(file.read_bytes(), str(file), "exec"), module.__dict__)  # noqa: S102  # the clinic's own code
    except DeclarationError:
        raise
    except Exception as fault:  # noqa: BLE001  # whatever it is, its author is told where
        steps = [step for step in traceback.extract_tb(fault.__traceback__) if step.filename == str(file)]
        line = getattr(fault, "lineno", None) or (steps[-1].lineno if steps else 1)
        raise DeclarationError(f"{said}/{file.name}:{line}: {type(fault).__name__}: {fault}") from None
    return module


def _changes(module: ModuleType, where: str) -> tuple[Change, ...]:
    said = getattr(module, "CHANGES", ())
    if not isinstance(said, tuple | list) or not all(isinstance(one, Change) for one in said):
        raise DeclarationError(f"{where}: CHANGES is a tuple of add(), replace(), skip() and default()")
    return tuple(said)


def _records(module: ModuleType, kind: str, ours: tuple[str, ...], where: str) -> dict[str, dict[str, ResourceShape]]:
    if not hasattr(module, "RECORD"):
        return {}
    said: Any = module.RECORD
    shapes = said if isinstance(said, dict) else {"": said}
    if not shapes or not all(isinstance(one, ResourceShape) for one in shapes.values()):
        raise DeclarationError(f"{where}: RECORD is a resource(), or {{kind: resource()}} where it has several roots")
    if kind in ours or not _NAME.fullmatch(kind):
        raise DeclarationError(f"{where}: {kind} is no name for a record of your own: call the file otherwise")
    return {kind: shapes}


def _table(file: Path, said: str) -> Table:
    where = f"{said}/terminology/{file.name}"
    if file.stem not in known_tables():
        raise DeclarationError(f"{where}: there is no table {file.stem}; there are {', '.join(known_tables())}")
    if file.stem in _OF_MODIFIERS:
        raise DeclarationError(f"{where}: these words decide whether anything may be done: they cannot be changed")
    return read_table(file, f"{said}/terminology")
