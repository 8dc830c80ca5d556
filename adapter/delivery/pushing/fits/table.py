"""The ways in which a plan can reach a partner, best first, each with what it needs of the partner's server.

The order and the evidence: no large vendor in the United States takes CarePlan from outside, none declares conditional
forms or transactions; a document, a message to a person or an answered form is what they take, and some take nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from adapter.delivery.pushing.fits.statement import Accepts


@dataclass(frozen=True)
class Need:
    """One thing that a way needs, and what is said where it is not there."""

    met: Callable[[Accepts], bool]
    lacking: str


def _system(interaction: str) -> Need:
    return Need(lambda accepted: interaction in accepted.system, f"no {interaction} is declared")


def _can(resource_type: str, interaction: str) -> Need:
    def met(accepted: Accepts) -> bool:
        return interaction in accepted.of(resource_type).interactions

    return Need(met, f"{resource_type}: no {interaction}")


def _searched(resource_type: str, parameter: str) -> Need:
    def met(accepted: Accepts) -> bool:
        of_type = accepted.of(resource_type)
        return "search-type" in of_type.interactions and parameter in of_type.searched_by

    return Need(met, f"{resource_type}: no search by {parameter}")


def _conditional(resource_type: str) -> Need:
    def met(accepted: Accepts) -> bool:
        return accepted.of(resource_type).conditional_create

    return Need(met, f"{resource_type}: no conditional create")


def _known_patient(accepted: Accepts) -> bool:
    patient = accepted.of("Patient")
    return "search-type" in patient.interactions and "identifier" in patient.searched_by


PATIENT_FOUND = Need(_known_patient, "Patient: no search by identifier")
PLAN = "CarePlan"


@dataclass(frozen=True)
class Fit:
    """One way: its name in settings and reports, what it is in words, and what it needs."""

    name: str
    says: str
    needs: tuple[Need, ...] = ()
    conditional: bool = False
    """Whether it rests on the partner's looking at conditions."""
    only_if_agreed: bool = False
    """Whether a site has to have agreed to it: nobody looks for a plan there otherwise."""
    of: str = PLAN
    """What is brought by it."""
    keeps: bool = False
    """Whether what is brought is there as the resource that it is."""

    @property
    def key(self) -> str:
        """By which it is remembered."""
        return self.name if self.of == PLAN else f"{self.of} {self.name}"

    def lacks(self, accepted: Accepts) -> list[str]:
        return lacking(self.needs, accepted)


def lacking(needs: Iterable[Need], accepted: Accepts) -> list[str]:
    """What a partner does not have of what is needed."""
    return [need.lacking for need in needs if not need.met(accepted)]


@functools.cache
def needs_apart(type_: str, *, conditional: bool) -> tuple[Need, ...]:
    """What is needed of a partner for a part of a plan to stand there by itself; `conditional`: as `Fit` has it."""
    needed = (_can(type_, "create"), _can(type_, "update"), _searched(type_, "identifier"))
    return (*needed, _conditional(type_)) if conditional else needed


@functools.cache
def fits_for(type_: str) -> tuple[Fit, ...]:
    """The ways for resources of a type, best first; as something to read goes a plan alone."""
    kept = (_can(type_, "create"), _can(type_, "update"))
    looked_for = (_searched(type_, "identifier"), PATIENT_FOUND)
    conditional = (_can("Patient", "create"), _conditional("Patient"), _conditional(type_))
    in_one = _system("transaction")
    way = functools.partial(Fit, of=type_, keeps=True)
    each_conditional = "one transaction, each entry conditional on its identifier"
    as_it_is = (
        way("conditional-transaction", each_conditional, (in_one, *kept, *conditional), conditional=True),
        way("transaction", "one transaction after a search for what is there", (in_one, *kept, *looked_for)),
        way("conditional-singles", "single conditional creates and updates", (*kept, *conditional), conditional=True),
        way("singles", "single creates and updates, each after a search", (*kept, *looked_for)),
    )
    if type_ == PLAN:
        return (*as_it_is, *_TO_READ, Fit("offered", "nothing is sent: the plan can be read here"))
    return (*as_it_is, Fit("offered", "nothing is sent: it can be read here", of=type_))


_TO_READ = (
    Fit(
        "document",
        "a DocumentReference with the plan as PDF and as FHIR",
        (_can("DocumentReference", "create"), PATIENT_FOUND),
    ),
    Fit("communication", "a Communication with the plan as PDF", (_can("Communication", "create"), PATIENT_FOUND)),
    Fit(
        "questionnaire-response",
        "a QuestionnaireResponse with the plan in words",
        (_can("QuestionnaireResponse", "create"), PATIENT_FOUND),
        only_if_agreed=True,
    ),
)
FITS = fits_for(PLAN)
