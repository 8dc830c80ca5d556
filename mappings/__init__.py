"""Clinic records to FHIR R4 and back, from one declaration for both directions, with nothing lost in silence.

    from_fhir(document)              what the clinic reads: a record for each root of a resource or Bundle, and a report
    to_fhir(record)                  a fresh FHIR rendering: one resource, the rest contained
    to_fhir(record, onto=document)   the sender's document, changed only where the record says so
    to_bundle(record)                the same as a transaction Bundle
    check_record(record)             what is wrong with a clinic record, by its schema
    version(kind)                    which mapping this is: a hash over its rules and tables
    site(folder)                     what a site does differently; each of these takes it as `site=`
    as_model(resource)               exact JSON as a model of fhir.resources.R4B, and what that holds otherwise
    of_model(model)                  a model's exact JSON

FHIR goes in and out as exact JSON (mappings.r4.exact_json), and wherever it goes in a model of fhir.resources.R4B may;
Refused says why something is not taken, place by place.  Nothing heavy is loaded before it is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mappings.issues import Issue, Refused

if TYPE_CHECKING:
    from os import PathLike

    from fhir_core.fhirabstractmodel import FHIRAbstractModel

    from mappings.conversion import Conversion, Reading, Writing
    from mappings.r4.models import Held
    from mappings.report import Report
    from mappings.sites import Site

__all__ = [
    "Conversion", "Held", "Issue", "Reading", "Refused", "Report", "Site", "Writing",
    "as_model", "check_record", "from_fhir", "of_model", "site", "to_bundle", "to_fhir", "version",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in ("Conversion", "Reading", "Writing"):
        from mappings import conversion

        return getattr(conversion, name)
    if name == "Report":
        from mappings.report import Report

        return Report
    if name == "Site":
        from mappings.sites import Site

        return Site
    if name == "Held":
        from mappings.r4.models import Held

        return Held
    raise AttributeError(name)


def from_fhir(
    document: dict[str, Any] | FHIRAbstractModel,
    *,
    strict: bool = False,
    kinds: tuple[str, ...] | None = None,
    site: Site | None = None,
) -> Reading:
    """The clinic records of a resource or Bundle: of these kinds (all), and what no record of them carries is unmapped.

    What only one thing can be meant by is repaired, and what else is not valid R4 is carried, each with a warning.
    Refused: what is not R4, names no root that a record is made of, or, with strict, holds anything that no record
    carries.
    """
    from mappings import conversion

    return conversion.from_fhir(document, strict=strict, kinds=kinds, site=_here(site))


def to_fhir(
    record: dict[str, Any],
    onto: dict[str, Any] | FHIRAbstractModel | None = None,
    *,
    entry: int | None = None,
    site: Site | None = None,
) -> Writing:
    """A record as one resource with the rest contained, or `onto` changed only where the record says so.

    entry: which entry of a Bundle the record is of, where it has several of the kind (Conversion.entry).
    Refused: a field or value that has no place in FHIR, a record that would read back otherwise, or what would not be
    valid R4, unless `onto` was so before.
    """
    from mappings import conversion

    return conversion.to_fhir(record, onto, entry=entry, site=_here(site))


def to_bundle(record: dict[str, Any], *, site: Site | None = None) -> Writing:
    """A record as a transaction Bundle, its entries tied by urn:uuid; Refused as by to_fhir."""
    from mappings import conversion

    return conversion.to_bundle(record, site=_here(site))


def check_record(record: dict[str, Any], *, site: Site | None = None) -> list[Issue]:
    """What is wrong with a clinic record; expressions are paths of the record (goals[0].description)."""
    from mappings.records import check

    return check(record, _here(site))


def version(kind: str, *, site: Site | None = None) -> str:
    """The version of the mapping of a kind: a hash over its rules, its tables and its record schema."""
    from mappings import roots

    return roots.version(kind, _here(site))


def as_model(resource: dict[str, Any]) -> Held:
    """A resource or Bundle as a model of fhir.resources.R4B, with a warning for each place that it holds otherwise.

    Refused: what is not R4, and what such a model has no place for, as for an extension on an extension's value.
    """
    from mappings.r4 import models

    return models.as_model(resource)


def of_model(model: FHIRAbstractModel) -> dict[str, Any]:
    """The exact JSON of a model of fhir.resources.R4B, which is left as it is.

    Refused: what is no such model (one of R5, say), and a model that holds what is not R4.
    """
    from mappings.r4 import models

    return models.of_model(model)


def site(folder: str | PathLike[str]) -> Site:
    """What a site does differently, from its folder (mappings/README.md): its tables, changes of rules, own records.

    mappings.lens.paths.DeclarationError, a line with file and line for each thing in it that cannot be right.
    """
    from pathlib import Path

    from mappings.lens.paths import DeclarationError
    from mappings.lint import lint
    from mappings.roots import ROOTS
    from mappings.sites import read_site

    found = read_site(Path(folder), tuple(ROOTS))
    if faults := lint(found):
        raise DeclarationError("\n".join(f"{where}: {text}" for where, text in faults))
    return found


def _here(site: Site | None) -> Site:
    from mappings.sites import AS_SHIPPED

    return AS_SHIPPED if site is None else site
