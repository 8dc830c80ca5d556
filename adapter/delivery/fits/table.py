"""The ways in which a plan can reach a partner, best first, each with what it needs of the partner's server.

The order and the evidence: no large vendor in the United States takes CarePlan from outside, none declares conditional
forms or transactions; a document, a message to a person or an answered form is what they take, and some take nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from adapter.delivery.fits.statement import Accepts


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


PLAN = (_can("CarePlan", "create"), _can("CarePlan", "update"))
PLAN_FOUND = _searched("CarePlan", "identifier")
PATIENT_FOUND = Need(_known_patient, "Patient: no search by identifier")
CONDITIONAL = (_can("Patient", "create"), _conditional("Patient"), _conditional("CarePlan"))


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

    def lacks(self, accepted: Accepts) -> list[str]:
        return [need.lacking for need in self.needs if not need.met(accepted)]


FITS = (
    Fit(
        "conditional-transaction",
        "one transaction, each entry conditional on its identifier",
        (_system("transaction"), *PLAN, *CONDITIONAL),
        conditional=True,
    ),
    Fit(
        "transaction",
        "one transaction after a search for what is there",
        (_system("transaction"), *PLAN, PLAN_FOUND, PATIENT_FOUND),
    ),
    Fit("conditional-singles", "single conditional creates and updates", (*PLAN, *CONDITIONAL), conditional=True),
    Fit("singles", "single creates and updates, each after a search", (*PLAN, PLAN_FOUND, PATIENT_FOUND)),
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
    Fit("offered", "nothing is sent: the plan can be read here"),
)
