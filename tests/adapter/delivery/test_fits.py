"""Which way a plan goes to whom, and why no better one."""

from __future__ import annotations

from typing import Any

import pytest

from adapter.delivery.pushing.fits import FITS, NoStatement, accepts, choose
from tests.adapter.delivery.vendors import VENDORS

CHOSEN = {
    "Epic": "document",
    "Oracle Health Millennium": "document",
    "athenahealth": "offered",
    "eClinicalWorks": "offered",
    "Veradigm": "document",
    "NextGen Enterprise": "offered",
    "NextGen Office": "offered",
    "MEDITECH": "communication",
}
AGREED = {"athenahealth": "questionnaire-response", "eClinicalWorks": "questionnaire-response"}


TAKEN = ("Patient", "CarePlan", "DocumentReference", "Communication", "QuestionnaireResponse")


def server(
    *system: str, flags: dict[str, Any] | None = None, without: tuple[str, ...] = (), also: tuple[str, ...] = ()
) -> dict[str, Any]:
    """A server that does all there is, but for what is named as Type.interaction or Type?parameter."""
    return {
        "resourceType": "CapabilityStatement",
        "fhirVersion": "4.0.1",
        "rest": [
            {
                "mode": "server",
                "interaction": [{"code": code} for code in system],
                "resource": [
                    {
                        "type": name,
                        "interaction": [
                            {"code": code}
                            for code in ("create", "update", "read", "search-type")
                            if f"{name}.{code}" not in without
                        ],
                        "searchParam": [
                            {"name": one, "type": "token"} for one in ("identifier",) if f"{name}?{one}" not in without
                        ],
                        **(flags or {}),
                    }
                    for name in (*TAKEN, *also)
                ],
            }
        ],
    }


CONDITIONAL = {"conditionalCreate": True, "conditionalUpdate": True}


@pytest.mark.parametrize("name", VENDORS)
def test_each_vendor_gets_the_best_that_it_takes(name: str) -> None:
    accepted = accepts(VENDORS[name].statement())
    choice = choose(accepted)
    assert choice.fit.name == CHOSEN[name]
    assert [one.fit for one in choice.passed_over] == list(FITS[: FITS.index(choice.fit)])
    assert all(one.because for one in choice.passed_over)
    assert choose(accepted, agreed=["questionnaire-response"]).fit.name == AGREED.get(name, CHOSEN[name])


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        (server("transaction", flags=CONDITIONAL), "conditional-transaction"),
        (server("transaction"), "transaction"),
        (server("batch", flags=CONDITIONAL), "conditional-singles"),
        (server(), "singles"),
        (server(without=("CarePlan.update",)), "document"),
        (server(without=("CarePlan.create", "DocumentReference.create")), "communication"),
        (server(without=("Patient?identifier",)), "offered"),
    ],
)
def test_one_thing_less_is_the_next_way(statement: dict[str, Any], name: str) -> None:
    assert choose(accepts(statement)).fit.name == name


def test_why_not_is_said_in_words() -> None:
    told = choose(accepts(VENDORS["Epic"].statement())).passed_over[0]
    assert told.because == (
        "no transaction is declared", "CarePlan: no create", "CarePlan: no update",
        "Patient: no conditional create", "CarePlan: no conditional create",
    )  # fmt: skip


def test_what_a_server_claims_and_does_not_do_is_passed_over() -> None:
    accepted = accepts(server("transaction", flags=CONDITIONAL))
    failed = {"conditional-transaction": "it answered 501 on 2026-11-26"}
    choice = choose(accepted, failed=failed)
    assert choice.fit.name == "transaction"
    assert choice.passed_over[0].because == ("it answered 501 on 2026-11-26",)


def test_settings_win_over_a_statement() -> None:
    assert choose(accepts(VENDORS["NextGen Office"].statement()), fixed="document").fit.name == "document"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (None, "no CapabilityStatement"),
        ([], "no CapabilityStatement"),
        ({"resourceType": "OperationOutcome"}, "no CapabilityStatement"),
        ({"resourceType": "CapabilityStatement", "fhirVersion": "3.0.2"}, "FHIR 3.0.2"),
        ({"resourceType": "CapabilityStatement", "fhirVersion": "4.3.0"}, "FHIR 4.3.0"),
        ({"resourceType": "CapabilityStatement"}, "another version"),
        ({"resourceType": "CapabilityStatement", "fhirVersion": "4" * 4000}, "another version"),
    ],
)
def test_what_is_no_statement_of_r4_is_told(answer: Any, says: str) -> None:
    with pytest.raises(NoStatement, match=says):
        accepts(answer)


def test_a_statement_of_nonsense_accepts_nothing() -> None:
    broken = {"resource": [{"type": ["x"]}, {"type": "CarePlan", "interaction": "create", "searchParam": [None]}]}
    wrong = {
        "resourceType": "CapabilityStatement",
        "fhirVersion": "4.0.1",
        "rest": [7, {"resource": {"type": 1}}, broken],
    }
    assert choose(accepts(wrong)).fit.name == "offered"


def test_the_client_side_of_a_statement_does_not_count() -> None:
    mine = server("transaction", flags=CONDITIONAL)
    mine["rest"][0]["mode"] = "client"
    assert choose(accepts(mine)).fit.name == "offered"
