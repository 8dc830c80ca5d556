"""What senders get wrong: every row of the table in mappings/README.md does what it says, and no repair does harm."""

from __future__ import annotations

import copy
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings import Refused, from_fhir, to_fhir
from mappings.r4 import structure
from mappings.r4.exact_json import dumps, loads
from mappings.r4.fhirpath import leaves
from mappings.tolerance import repaired
from mappings.tolerance.dates import as_r4
from mappings.tolerance.walk import MOST_TOLD
from mappings.values import Number, same
from tests.mappings.meaning.messages import bundle, make, records

Json = dict[str, Any]
Row = tuple[str, str, str]

README = Path(__file__).parents[2] / "mappings" / "README.md"


def rows() -> list[Row]:
    """What is sent, what it is read as, and what happens."""
    table = re.search(r"^\| what is sent \|.*\n\|[ -|]+\n((?:\|.*\n)*)", README.read_text("utf-8"), re.MULTILINE)
    assert table
    cells = ([cell.strip(" `") for cell in line.split("|")[1:-1]] for line in table[1].splitlines())
    return [(sent, read, what) for sent, read, what, _ in cells]


def of(what: str) -> Any:
    return pytest.mark.parametrize(("sent", "read"), [(s, r) for s, r, w in rows() if w == what], ids=lambda cell: cell)


def whole(cell: str) -> Json:
    """The least resource that says what a cell says."""
    said: Json = loads(cell if cell.startswith("{") else "{" + cell + "}")
    if cell.startswith("{"):
        return said
    type_ = str(said.get("resourceType", "ServiceRequest")).strip()
    return make("ServiceRequest" if type_ == "servicerequest" else type_, "r") | said


def test_every_row_says_what_happens() -> None:
    counted = Counter(what for *_, what in rows())
    assert counted.keys() == {"repaired", "carried", "taken", "refused"}
    assert all(bool(read) == (what == "repaired") for _, read, what in rows())


@of("repaired")
def test_what_is_repaired(sent: str, read: str) -> None:
    document, meant = whole(sent), whole(read)
    before = copy.deepcopy(document)
    reading = from_fhir(document)
    assert same(reading.document, meant)
    assert sum(reading.report.ledger.values()) == len(list(leaves(meant)))
    assert [one.record for one in reading.conversions] == records(meant)
    told = {issue for issue in reading.report.issues if issue not in from_fhir(meant).report.issues}
    assert {issue.severity for issue in told} == {"warning"}
    assert same(document, before)


@of("repaired")
def test_what_is_repaired_comes_back_as_it_was_sent_and_repaired_with_a_change(sent: str, read: str) -> None:
    document, meant = whole(sent), whole(read)
    record = from_fhir(document).conversions[0].record
    assert dumps(to_fhir(record, onto=document).resource) == dumps(document)
    changed = {**record, "language": "en"}
    writing = to_fhir(changed, onto=document)
    assert same(writing.resource, to_fhir(changed, onto=meant).resource)
    assert writing.report.issues[0].severity == "warning"


@of("repaired")
def test_a_repair_needs_no_other(sent: str, read: str) -> None:
    made, _ = repaired(whole(sent))
    assert repaired(made)[0] is made


@of("carried")
def test_what_is_carried(sent: str, read: str) -> None:
    document = whole(sent)
    reading = from_fhir(document)
    assert reading.document is document
    assert "warning" in {issue.severity for issue in reading.report.issues} <= {"warning", "information"}
    assert same(to_fhir(reading.conversions[0].record, onto=document).resource, document)


@of("taken")
def test_what_is_taken(sent: str, read: str) -> None:
    assert from_fhir(whole(sent)).report.issues == ()


@of("refused")
def test_what_is_refused(sent: str, read: str) -> None:
    document = whole(sent)
    with pytest.raises(Refused) as because:
        from_fhir(document)
    assert all(issue.severity == "error" and issue.text.endswith(".") for issue in because.value.issues)
    assert repaired(document)[0] is document


@pytest.mark.parametrize("sent", [sent for sent, *_ in rows()])
def test_no_sentence_tells_a_value(sent: str) -> None:
    document = whole(sent)
    try:
        issues = from_fhir(document).report.issues
    except Refused as because:
        issues = because.issues
    values = [str(value) for *_, value, _ in leaves(document) if len(str(value)) > 8 or str(value).isdigit()]
    assert [issue for issue in issues for value in values if value in issue.text.split()] == []


# ------------------------------------------------------------ what a status may never become


@pytest.mark.parametrize("status", ["Active", "COMPLETED", "Entered-In-Error"])
@pytest.mark.parametrize("type_", ["ServiceRequest", "CarePlan", "MedicationRequest"])
def test_a_status_in_other_capitals_opens_no_gate(type_: str, status: str) -> None:
    (record,) = records(make(type_, "r", status=status))
    assert record["actionable"] is False
    assert record.get("status", status) == status


def test_an_urgency_in_capitals_is_not_lost() -> None:
    (record,) = records(make("ServiceRequest", "r", priority="STAT"))
    assert record["urgency"] == "immediately"


# ------------------------------------------------------------ wherever it stands


def test_a_place_is_named_as_it_is_in_what_was_read() -> None:
    sent = make("patient", "p", contact={"telecom": [{"rank": "1"}], "_gender": {"extension": {"url": "urn:x"}}})
    _, issues = repaired(sent)
    assert [(issue.code, issue.expression) for issue in issues] == [
        ("structure", "Patient.resourceType"),
        ("structure", "Patient.contact"),
        ("structure", "Patient.contact[0].telecom[0].rank"),
        ("structure", "Patient.contact[0].gender.extension"),
    ]


def test_references_and_full_urls_are_read_alike() -> None:
    ann = make("Patient", "ann", birthDate="1970-03-01")
    document = bundle(
        make("ServiceRequest", "s", subject={"reference": "URN:UUID:AB3C3C0E-7A0F-4F3E-9D3E-00000000000F"}), ann
    )
    document["entry"][1]["fullUrl"] = "urn:uuid:ab3c3c0e-7a0f-4f3e-9d3e-00000000000F"
    (record,) = [one for one in records(document) if one["record"] == "referral"]
    assert record["patient"]["birth_date"] == "1970-03-01"
    document = bundle(make("ServiceRequest", "s", subject={"reference": "https://a.example//Patient/ann"}), ann)
    document["entry"][1]["fullUrl"] = "https://a.example//Patient/ann"
    (record,) = [one for one in records(document) if one["record"] == "referral"]
    assert record["patient"]["birth_date"] == "1970-03-01"


@pytest.mark.parametrize("type_", ["ServiceRequest", "Patient", "CarePlan", "Observation", "MedicationRequest"])
def test_what_is_clean_is_not_even_copied(official_examples: Path, type_: str) -> None:
    for path in official_examples.glob(f"{type_}-*.json"):
        document = loads(path.read_bytes())
        made, issues = repaired(document)
        assert made is document or issues


# ------------------------------------------------------------ dates

digits = st.text("0123456789-:.+TtZz /", max_size=30)


@given(digits)
def test_a_date_is_read_in_one_way_or_not_at_all(text: str) -> None:
    """Every digit of what is read was sent, in that order, but for seconds and minutes of a zone that are zero."""
    made = as_r4(text)
    if made is None:
        return
    sent, read = (re.sub(r"\D", "", one) for one in (text, made))
    assert re.fullmatch("(00)?".join(re.escape(pair) for pair in re.findall("..?", sent)) + "(00)?", read)


@pytest.mark.parametrize(
    "text", ["2026-02-30 10:00:00Z", "2026-11-26 24:00:00Z", "2026-13-01 10:00Z", "20260230", "20261326", "2026112"]
)
def test_a_day_that_does_not_exist_is_not_made(text: str) -> None:
    document = make("ServiceRequest", "r", authoredOn=text)
    assert repaired(document)[0] is document
    with pytest.raises(Refused):
        from_fhir(document)


# ------------------------------------------------------------ hostile

LONG = ["x" * 100_000, "/" * 100_000, "urn:uuid:" * 10_000, "http://" + "/" * 90_000, "1." * 50_000, "9" * 50_000]
NASTY: list[Any] = [
    *(
        None,
        True,
        7,
        Number("1.50"),
        "",
        " ",
        "\t",
        "#",
        "urn:",
        "2026-11-26 " * 9000,
        "\u0130",
        "Pat\u0131ent/1",
        *LONG,
    ),
    *([], [[]], [[[{}]]], [None], [True], ["a", "b"], {}, {"": {}}, {"reference": ["x"]}),
    *({"resourceType": "patient"}, {"resourceType": ["Patient"]}),
]
MEMBERS = [
    *(
        "resourceType",
        "id",
        "meta",
        "contained",
        "extension",
        "identifier",
        "status",
        "_status",
        "intent",
        "doNotPerform",
    ),
    *("code", "quantityQuantity", "subject", "authoredOn", "_authoredOn", "entry", "nobody"),
]


@pytest.mark.parametrize("type_", ["ServiceRequest", "Bundle", "Nothing"])
@pytest.mark.parametrize("value", NASTY, ids=range(len(NASTY)))
def test_whatever_comes_in_nothing_falls_over(type_: str, value: Any) -> None:
    assert repaired(value)[0] is value or structure.check(value)
    for member in MEMBERS:
        for within in (value, [value], {"reference": value}, {"coding": [{"system": value, "code": value}]}):
            document = {"resourceType": type_, member: within}
            before = copy.deepcopy(document)
            repaired(document)
            assert document == before


def test_what_lies_too_deep_is_left_alone() -> None:
    document: Json = {"resourceType": "QuestionnaireResponse", "item": []}
    inner = document
    for _ in range(5000):
        inner["item"] = [{"linkId": "1"}]
        inner = inner["item"][0]
    assert repaired(document) == (document, [])


def test_many_errors_are_all_repaired_and_not_all_told() -> None:
    document = make("ServiceRequest", "r", identifier=[{"system": "1.2.3", "value": "x"}] * (MOST_TOLD + 100))
    made, issues = repaired(document)
    assert {one["system"] for one in made["identifier"]} == {"urn:oid:1.2.3"}
    assert len(issues) == MOST_TOLD + 1
    assert issues[-1].text.startswith("100 more")
