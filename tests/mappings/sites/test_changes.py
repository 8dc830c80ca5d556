"""What a site changes holds in both directions, wherever the shape is told; what it must not change it cannot."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import mappings
from mappings import Refused, Site, check_record, from_fhir, to_fhir, version
from mappings.lens.paths import DeclarationError
from mappings.r4.exact_json import loads
from mappings.roundtrip import roundtrip

ROOT = Path(__file__).parents[3]
NORTH = ROOT / "fixtures" / "sites" / "north"
WARD = "https://north.example/fhir/StructureDefinition/ward"
POINTS = "https://north.example/fhir/StructureDefinition/acupuncture-points"
ACUPUNCTURE = {"coding": [{"system": "http://snomed.info/sct", "code": "44868003"}]}

Make = Callable[..., Site]


@pytest.fixture(scope="module")
def north() -> Site:
    return mappings.site(NORTH)


@pytest.fixture
def site(tmp_path: Path) -> Make:
    """A site of files, each named with what is in it."""

    def made(**files: str) -> Site:
        folder = tmp_path / "south"
        for name, text in files.items():
            file = folder / (f"terminology/{name}.json" if text.startswith("{") else f"{name}.py")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return mappings.site(folder)

    return made


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "identifier": [{"system": "urn:n", "value": "1"}], **more}


def referral(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest", "status": "active", "intent": "order",
        "subject": {"reference": "#p"}, "contained": [{"id": "p", **patient()}], **more,
    }  # fmt: skip


def record_of(document: dict[str, Any], site: Site) -> dict[str, Any]:
    (conversion,) = from_fhir(document, site=site).conversions
    return conversion.record


def test_an_extension_of_the_site_is_a_field_wherever_a_patient_is_told(north: Site) -> None:
    ward = {"extension": [{"url": WARD, "valueString": "B4"}]}
    assert record_of(patient(**ward), north)["ward"] == "B4"
    within = referral(contained=[{"id": "p", **patient(**ward)}])
    record = record_of(within, north)
    assert record["patient"]["ward"] == "B4"
    made = to_fhir({**record, "patient": {**record["patient"], "ward": "C1"}}, onto=within, site=north).resource
    assert made["contained"][0]["extension"] == [{"url": WARD, "valueString": "C1"}]
    assert "ward" not in str(from_fhir(within).conversions[0].record.get("patient", {}).keys())


def test_what_is_skipped_is_dropped_with_the_reason_and_stays_in_the_resource(north: Site) -> None:
    document = patient(photo=[{"url": "https://photos.example/1"}])
    reading = from_fhir(document, site=north)
    assert "photos" not in reading.conversions[0].record
    (line,) = (line for line in reading.report.lineage if line.expression == "Patient.photo[0].url")
    assert (line.fate, "kept in the archive" in line.rule, "north/patient.py:" in line.rule) == ("dropped", True, True)
    assert reading.report.unmapped == []
    assert to_fhir(reading.conversions[0].record, onto=document, site=north).resource == document


def test_a_default_goes_without_saying_and_is_written_into_what_is_made(north: Site) -> None:
    assert "urgency" not in record_of(referral(priority="routine"), north)
    assert record_of(referral(priority="stat"), north)["urgency"] == "today"
    absent = record_of(referral(), north)
    assert to_fhir(absent, onto=referral(), site=north).resource == referral()  # others' resources are left alone
    assert to_fhir(absent, site=north).resource["priority"] == "routine"


def test_a_table_of_the_site_renames_codes_in_both_directions(north: Site) -> None:
    record = record_of(referral(priority="asap"), north)
    assert record["urgency"] == "tomorrow"
    assert to_fhir({**record, "urgency": "this week"}, site=north).resource["priority"] == "urgent"
    with pytest.raises(Refused, match="planned, this week, tomorrow, today"):
        to_fhir({**record, "urgency": "as soon as possible"}, site=north)
    assert [issue.expression for issue in check_record({**record, "urgency": "urgent"}, site=north)] == ["urgency"]
    assert check_record(record, site=north) == []


def test_a_rule_of_the_site_takes_the_place_of_ours(north: Site) -> None:
    document = referral(requisition={"system": "urn:forms", "value": "77"})
    record = record_of(document, north)
    assert (record["form_number"], record["form_numbered_by"]) == ("77", "urn:forms")
    assert to_fhir(record, site=north).resource["requisition"] == {"system": "urn:forms", "value": "77"}
    assert from_fhir(document).conversions[0].record["form_number"] == {"system": "urn:forms", "value": "77"}


def test_a_record_of_the_sites_own(north: Site) -> None:
    document = {
        "resourceType": "Procedure", "status": "completed", "code": ACUPUNCTURE, "subject": {"reference": "Patient/1"},
        "extension": [{"url": POINTS, "valueString": "LI4, ST36"}],
    }  # fmt: skip
    record = record_of(document, north)
    assert record == {
        "record": "acupuncture_session", "status": "completed", "patient": {"ref": "Patient/1"}, "points": "LI4, ST36",
    }  # fmt: skip
    assert check_record(record, site=north) == []
    assert [trip.rebuilt for trip in roundtrip(document, site=north)] == [True]
    assert record_of({**document, "code": {"text": "Massage"}}, north)["record"] == "procedure"
    with pytest.raises(Refused, match="one of care_plan"):
        to_fhir(record)


def test_a_partner_changes_what_the_site_changes(north: Site) -> None:
    said = patient(
        extension=[{"url": WARD, "valueString": "B4"}, {"url": "https://mercy.example/ward", "valueString": "7"}]
    )
    assert record_of(said, north.to("mercy"))["ward_at_mercy"] == "7"
    assert record_of(said, north.to("mercy"))["ward"] == "B4"
    assert "ward_at_mercy" not in record_of(said, north.to("nobody"))


def test_each_site_is_another_version(north: Site) -> None:
    told = {version("patient"), version("patient", site=north), version("patient", site=north.to("mercy"))}
    assert len(told) == 3
    assert version("patient", site=mappings.site(NORTH)) == version("patient", site=north)
    assert version("patient", site=mappings.site(NORTH)) != version("acupuncture_session", site=north)


@pytest.mark.parametrize("name", ["referral.bundle.json", "referral.fhir.json", "journey/01-referral.bundle.json"])
def test_the_laws_hold_for_a_site(north: Site, name: str) -> None:
    document = loads((ROOT / "fixtures" / name).read_bytes())
    assert [(trip.outcome, trip.fresh) for trip in roundtrip(document, site=north)] == [("same", True)]


START = """
from mappings.care_plan import CARE_PLAN
from mappings.datatypes import CONCEPT, DOSAGE, DOSE, EVERY_RESOURCE, POINTER, QUANTITY, SITE, extension, link
from mappings.lens.words import each, field, fill, only_if, resource
from mappings.patient import PATIENT
from mappings.referral import REFERRAL
from mappings.resources.condition import CONDITION
from mappings.sites import add, default, replace, skip
"""

WRONG = {
    "a field that there is not": ('skip(PATIENT, "shoe_size", because="no")', "Patient has no field shoe_size"),
    "an element that R4 does not have": (
        'add(PATIENT, field("shoes", fhir="shoeSize", about="S."))',
        "Patient has no shoeSize",
    ),
    "a field that is there already": (
        'add(PATIENT, field("active", fhir="active", about="A."))',
        "a field active already: replace it",
    ),
    "a place that is told already": (
        'add(PATIENT, field("in_use", fhir="active", about="A."))',
        "active and in_use are both Patient.active",
    ),
    "a list that another takes": (
        'add(CARE_PLAN, each("more", fhir="category", about="M.", shape=CONCEPT))',
        "never has an item",
    ),
    "a code that R4 does not have": ('default(PATIENT, "sex", "f")', "f is no code for gender"),
    "a word that the table does not have": ('default(REFERRAL, "urgency", "soon")', "no word of the table urgency"),
    "a default of what is not one value": ('default(REFERRAL, "service", {"text": "x"})', "not one plain value"),
    "a skipped number": ('skip(PATIENT, "identifiers", because="no")', "known by identifiers"),
    "a skipped birth date": ('skip(PATIENT, "birth_date", because="no")', "known by birth_date"),
    "a skipped demand of R4": ('skip(REFERRAL, "patient", because="no")', "R4 demands subject"),
    "half of a choice": ('skip(PATIENT, "deceased", because="no")', "skip them together"),
    "no change": ('"patient"', "CHANGES is a tuple of"),
    "a fault of Python": ("1 / 0", r"south/patient\.py:11: ZeroDivisionError"),
    "a word that is none": ("change(PATIENT)", r"south/patient\.py:11: NameError"),
}

GATES = {
    "a default status": 'default(REFERRAL, "status", "active")',
    "a status filled in": 'add(REFERRAL, fill(fhir="status", value="active"))',
    "a skipped status": 'skip(REFERRAL, "status", because="no")',
    "a replaced status": 'replace(REFERRAL, field("status", fhir="status", about="S."))',
    "a skipped negation": 'skip(REFERRAL, "must_not_be_done", because="no")',
    "a default negation": 'default(REFERRAL, "must_not_be_done", False)',
    "a skipped modifier extension": 'skip(REFERRAL, "modifier_extensions", because="no")',
    "a default unit": 'default(QUANTITY, "unit", "mg")',
    "a default value": 'default(QUANTITY, "value", 1)',
    "a dose filled in": 'add(DOSE, fill(fhir="doseQuantity.unit", value="mg"))',
    "a route filled in": 'add(DOSAGE, fill(fhir="route.text", value="by mouth"))',
    "a side filled in": (
        "add(SITE, fill(fhir=\"extension('http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-laterality-qualifier')"
        '.valueCodeableConcept.text", value="left"))'
    ),
    "conditions whose refutation nobody would tell": (
        'replace(REFERRAL, each("diagnoses", fhir="reasonReference", about="D.", '
        'shape=link(condition=resource("Condition", field("code", fhir="code", about="C.", shape=CONCEPT)))))'
    ),
}


@pytest.mark.parametrize("fault", WRONG)
def test_what_is_wrong_in_a_site_is_told_with_file_and_line(site: Make, fault: str) -> None:
    said, says = WRONG[fault]
    with pytest.raises(DeclarationError, match=says) as refused:
        site(patient=f"{START}\nCHANGES = (\n    {said},\n)\n")
    assert re.match(r"south/patient\.py(:11)?: ", str(refused.value)), refused.value


@pytest.mark.parametrize("gate", GATES)
def test_no_site_opens_a_safety_gate(site: Make, gate: str) -> None:
    with pytest.raises(DeclarationError, match=r"no site can|never assumed|may change what all the rest means"):
        site(referral=f"{START}\nCHANGES = (\n    {GATES[gate]},\n)\n")


def test_all_faults_are_told_at_once(site: Make) -> None:
    with pytest.raises(DeclarationError) as refused:
        site(patient=f"{START}\nCHANGES = (skip(PATIENT, 'x', because='no'),)", referral="1 / 0", urgency="{")
    assert sorted(line.split(":")[0] for line in str(refused.value).splitlines()) == [
        "south/patient.py", "south/referral.py", "south/terminology/urgency.json",
    ]  # fmt: skip


def test_a_site_gives_no_record_of_ours_another_shape(site: Make) -> None:
    with pytest.raises(DeclarationError, match="no name for a record of your own"):
        site(referral=f"{START}\nRECORD = REFERRAL")


def test_a_file_that_says_nothing_is_a_fault(site: Make) -> None:
    with pytest.raises(DeclarationError, match="neither CHANGES nor RECORD"):
        site(patient=START)


def test_a_table_that_there_is_not(site: Make) -> None:
    with pytest.raises(DeclarationError, match=r"south/terminology/hurry\.json: there is no table hurry"):
        site(hurry="{}")


def test_the_words_of_a_status_are_ours(site: Make) -> None:
    with pytest.raises(DeclarationError, match="decide whether anything may be done"):
        site(request_status="{}")


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="no such folder"):
        mappings.site(tmp_path / "west")


def test_shapes_made_of_a_changed_one_are_changed(site: Make) -> None:
    """A condition among the reasons, and one that was ruled out, are both made of CONDITION."""
    there = site(
        condition=f"{START}\nCHANGES = (add(CONDITION, extension('rank', 'urn:rank', 'Integer', 'Its rank.')),)"
    )
    condition = {
        "resourceType": "Condition", "subject": {"reference": "#p"}, "code": {"text": "x"},
        "extension": [{"url": "urn:rank", "valueInteger": 2}],
    }  # fmt: skip
    refuted = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "refuted"}]}
    document = referral(
        contained=[
            {"id": "p", **patient()},
            {**condition, "id": "a"},
            {**condition, "id": "b", "verificationStatus": refuted},
        ],
        reasonReference=[{"reference": "#a"}, {"reference": "#b"}],
    )
    record = record_of(document, there)
    assert [one["rank"] for name in ("diagnoses", "ruled_out") for one in record[name]] == [2, 2]
