"""A table that cannot be right is refused with its file and element; a sound one says how near each code is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import mappings
from mappings import from_fhir
from mappings.datatypes import CODING
from mappings.lens.document import Document
from mappings.lens.mapping import Mapping
from mappings.lens.paths import DeclarationError
from mappings.lens.tables import NEAR, NEVER
from mappings.lens.words import code, field, part, resource, worded
from mappings.lint import lint
from mappings.r4 import validity
from mappings.r4.bindings import binding
from mappings.r4.definitions import children
from mappings.r4.exact_json import loads
from mappings.terminology import code_table, display_of, known_tables, read_table, table
from mappings.terminology.reader import OURS
from tests.mappings.terminology.maps import SNOMED, concept_map, table_of, target, written

A: Any = {"about": "A."}


# ------------------------------------------------------------ what is refused

FAULTS: dict[str, tuple[Any, str]] = {
    "two codes for a word": (
        concept_map({"on": [target("1")], "off": [target("2"), target("3")]}),
        r'group\[0\]\.element\[1\]\.target\[1\]: 2 codes for the word "off" leave no way back: mark one .* written',
    ),
    "two that are both the way back": (
        concept_map({"off": [target("2", back="written"), target("3", back="written")]}),
        r"element\[0\]\.target\[1\]: 2 codes .* leave no way back",
    ),
    "two words for a code": (
        concept_map({"on": [target("1")], "running": [target("1")]}),
        r'element\[1\]\.target\[0\]: 2 words for the code "1" leave no way back: mark one of them as read',
    ),
    "a near one beside an exact one": (
        concept_map({"off": [target("2"), target("3", "relatedto")]}),
        "2 codes for the word",
    ),
    "an equivalence that R4 does not have": (concept_map({"on": [target("1", "same")]}), "no equivalence of R4"),
    "no code": (concept_map({"on": [target("")]}), '"on" is equal to no code: name it, or say unmatched'),
    "a way back of another name": (concept_map({"on": [target("1", back="there")]}), "there is no way back"),
    "no group": ({"resourceType": "ConceptMap", "status": "active"}, "group: this must be a list"),
    "no equivalence": (concept_map({"on": [{"code": "1"}]}), r"target\[0\]\.equivalence: this must be a text"),
    "no target system": (concept_map({"on": [target("1")]}, system=""), r"group\[0\]\.target: this must be a text"),
    "a code that is no text": (concept_map({"on": [{"code": 1, "equivalence": "equal"}]}), r"\.code: this must be"),
    "an element that is no object": (
        {"resourceType": "ConceptMap", "group": [{"target": "urn:s", "element": ["on"]}]},
        r"group\[0\]\.element\[0\]: this must be an object",
    ),
    "another resource": ({"resourceType": "ValueSet"}, "no ConceptMap"),
    "no object": ([], "no ConceptMap"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_table_that_cannot_be_right_is_refused_where_it_is_wrong(tmp_path: Path, fault: str) -> None:
    said, text = FAULTS[fault]
    with pytest.raises(DeclarationError, match=rf"^terminology/t\.json: .*{text}"):
        read_table(written(tmp_path, "t", said))


def test_every_fault_is_told_on_a_line_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError) as refused:
        table_of(tmp_path, {"a": [target("1"), target("2")], "b": [target("1")], "c": [target("3", "same")]})
    lines = str(refused.value).splitlines()
    assert len(lines) == 3
    assert all(line.startswith("terminology/t.json: group[0].element[") for line in lines)


def test_what_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text("{")
    with pytest.raises(DeclarationError, match=r"^terminology/t\.json: "):
        read_table(tmp_path / "t.json")


def test_a_site_is_told_the_same_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "south"
    written(folder / "terminology", "pain_diagnoses", FAULTS["two words for a code"][0])
    with pytest.raises(
        DeclarationError, match=r"south/terminology/pain_diagnoses\.json: group\[0\].*leave no way back"
    ):
        mappings.site(folder)


def test_one_word_in_two_tables_of_one_element_is_refused(tmp_path: Path) -> None:
    one = table_of(tmp_path, {"massage": [target("1")]}, "one")
    two = table_of(tmp_path, {"massage": [target("2")]}, "two")
    said = worded(one, two, fhir="coding", shape=CODING, others="also", others_about="A.")
    with pytest.raises(DeclarationError, match=r"terminology/two\.json: the table one has massage too"):
        part("CodeableConcept", said)


# ------------------------------------------------------------ required bindings


def test_a_table_for_a_required_binding_covers_every_code(tmp_path: Path) -> None:
    some = table_of(tmp_path, {"soon": [target("urgent")], "now": [target("stat")]})
    with pytest.raises(
        DeclarationError,
        match=r"^terminology/t\.json: priority takes exactly \S+request-priority\S*: no word for asap, routine$",
    ):
        resource("ServiceRequest", field("urgency", fhir="priority", shape=code(some), **A))


def test_and_none_besides(tmp_path: Path) -> None:
    codes = ("routine", "urgent", "asap", "stat", "whenever")
    more = table_of(tmp_path, {f"{one}!": [target(one)] for one in codes})
    with pytest.raises(DeclarationError, match="whenever is no code of it"):
        resource("ServiceRequest", field("urgency", fhir="priority", shape=code(more), **A))


def test_a_site_cannot_leave_a_code_out(tmp_path: Path) -> None:
    folder = tmp_path / "south"
    written(folder / "terminology", "urgency", concept_map({"soon": [target("urgent")]}))
    with pytest.raises(DeclarationError, match=r"south/terminology/urgency\.json: .*no word for asap, routine, stat"):
        mappings.site(folder)


@pytest.mark.parametrize(("name", "element"), [("urgency", "priority"), ("request_status", "status")])
def test_ours_are_total_and_their_codes_of_the_system_that_r4_takes_them_from(name: str, element: str) -> None:
    demanded = binding(children("ServiceRequest")[element].binding or "")
    assert demanded is not None
    assert set(code_table(name).codes) == demanded.codes
    assert {row.system for row in table(name).rows} == demanded.systems.keys()


# ------------------------------------------------------------ how near a code is


def reasons(folder: Path, equivalence: str) -> Mapping:
    words = {"back pain": [target("1", equivalence, display="One")], "all else": [target("2", display="Two")]}
    said = worded(table_of(folder, words), fhir="coding", shape=CODING, others="also", others_about="A.")
    return Mapping("c", "", resource("Condition", field("what", fhir="code", shape=part("CodeableConcept", said), **A)))


CODED = {"resourceType": "Condition", "code": {"coding": [{"system": SNOMED, "code": "1", "display": "One"}]}}


@pytest.mark.parametrize("equivalence", ["equal", "equivalent"])
def test_exact_codes_translate_in_silence(tmp_path: Path, equivalence: str) -> None:
    lens = reasons(tmp_path, equivalence)
    record, reading = lens.read(Document(CODED), CODED)
    assert record == {"record": "c", "what": {"word": "back pain"}}
    assert reading.notes == []
    assert lens.write({"what": {"word": "back pain"}}, None, None, "contained") == (CODED, [])


@pytest.mark.parametrize("equivalence", sorted(NEAR))
def test_near_codes_translate_and_are_told(tmp_path: Path, equivalence: str) -> None:
    lens = reasons(tmp_path, equivalence)
    said = f'The code is {NEAR[equivalence]} the word "back pain".'
    record, reading = lens.read(Document(CODED), CODED)
    assert record["what"] == {"word": "back pain", "system": SNOMED, "code": "1", "display": "One"}
    assert [(note.severity, note.text) for note in reading.notes] == [("information", said)]
    made, notes = lens.write({"what": {"word": "back pain"}}, None, None, "contained")
    assert made == CODED
    assert [(note.expression, note.text) for note in notes] == [("what.word", said)]


@pytest.mark.parametrize("equivalence", sorted(NEVER))
def test_unmatched_ones_never_translate(tmp_path: Path, equivalence: str) -> None:
    lens = reasons(tmp_path, equivalence)
    record, reading = lens.read(Document(CODED), CODED)
    assert record["what"] == {"system": SNOMED, "code": "1", "display": "One"}
    assert [(note.severity, note.code) for note in reading.notes] == [("information", "code-invalid")]
    with pytest.raises(mappings.Refused, match="no word of t: say one of all else"):
        lens.write({"what": {"word": "back pain"}}, None, None, "contained")


def test_a_word_that_no_code_stands_for(tmp_path: Path) -> None:
    found = table_of(tmp_path, {"on": [target("1")], "dream": [target("", "unmatched")]})
    assert list(found.outward) == ["on"]


def test_a_bare_code_that_is_only_near_its_word_is_told(tmp_path: Path) -> None:
    codes = {"routine": "equal", "urgent": "wider", "asap": "equal", "stat": "equal"}
    some = table_of(tmp_path, {one.upper(): [target(one, how)] for one, how in codes.items()})
    lens = Mapping("r", "", resource("ServiceRequest", field("urgency", fhir="priority", shape=code(some), **A)))
    request = {"resourceType": "ServiceRequest", "priority": "urgent"}
    record, reading = lens.read(Document(request), request)
    assert record["urgency"] == "URGENT"
    assert [note.text for note in reading.notes] == ['The code is wider than the word "URGENT".']
    _, notes = lens.write({"urgency": "URGENT"}, None, None, "contained")
    assert [note.text for note in notes] == ['The code is wider than the word "URGENT".']


# ------------------------------------------------------------ several to one


def test_of_several_codes_for_a_word_one_is_written_and_all_are_read(tmp_path: Path) -> None:
    found = table_of(tmp_path, {"pain": [target("1"), target("2", back="written"), target("3", "narrower")]})
    assert found.outward["pain"].code == "2"
    assert {code: row.word for (_, code), row in found.inward.items()} == {"1": "pain", "2": "pain", "3": "pain"}


def test_of_several_words_for_a_code_one_is_read_and_all_are_written(tmp_path: Path) -> None:
    words = {word: [target(word)] for word in ("routine", "asap", "stat")}
    words |= {"soon": [target("urgent", back="read")], "quickly": [target("urgent")]}
    lens = Mapping(
        "r",
        "",
        resource("ServiceRequest", field("urgency", fhir="priority", shape=code(table_of(tmp_path, words)), **A)),
    )
    for word in ("soon", "quickly"):
        made, _ = lens.write({"urgency": word}, None, None, "contained")
        assert made["priority"] == "urgent"
        assert lens.read(Document(made), made)[0]["urgency"] == "soon"


# ------------------------------------------------------------ another folder's


def test_the_table_of_another_folder_takes_the_place_of_ours(tmp_path: Path) -> None:
    mine = concept_map({"hexenschuss": [target("279039007", display="Low back pain")]})
    written(tmp_path / "mine", "pain_diagnoses", mine)
    (tmp_path / "empty").mkdir()
    found = table("pain_diagnoses", tmp_path / "empty", tmp_path / "mine")
    assert list(found.outward) == ["hexenschuss"]
    assert "low back pain" in table("pain_diagnoses", tmp_path / "empty").outward


def test_a_site_says_its_own_words_wherever_the_table_is_used(tmp_path: Path) -> None:
    mine = concept_map({"hexenschuss": [target("279039007", display="Low back pain")]})
    written(tmp_path / "south" / "terminology", "pain_diagnoses", mine)
    south = mappings.site(tmp_path / "south")
    concept = {"coding": [{"system": SNOMED, "code": "279039007", "display": "Low back pain"}]}
    condition = {"resourceType": "Condition", "id": "c", "subject": {"reference": "#p"}, "code": concept}
    document = {
        "resourceType": "ServiceRequest", "status": "active", "intent": "order", "subject": {"reference": "#p"},
        "contained": [{"resourceType": "Patient", "id": "p", "active": True}, condition],
        "reasonCode": [concept], "reasonReference": [{"reference": "#c"}],
    }  # fmt: skip
    (here,), (there,) = from_fhir(document).conversions, from_fhir(document, site=south).conversions
    assert here.record["reasons"] == [{"word": "low back pain"}]
    assert there.record["reasons"] == [{"word": "hexenschuss"}]
    assert there.record["diagnoses"][0]["diagnosis"] == {"word": "hexenschuss"}
    assert mappings.to_fhir(there.record, site=south).resource["reasonCode"] == [concept]
    assert mappings.check_record(there.record)
    assert mappings.check_record(there.record, site=south) == []
    assert mappings.version("referral") != mappings.version("referral", site=south)


# ------------------------------------------------------------ ours

TABLES = known_tables()
FILES = sorted(OURS.rglob("*.json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(OURS)))
def test_every_file_is_valid_fhir_with_a_url_and_a_copyright(file: Path) -> None:
    resource_ = loads(file.read_bytes())
    assert validity.check(resource_) == []
    assert resource_["url"]
    assert resource_["url"].startswith("https://paingate.dev/") or resource_["content"] == "fragment"
    own = file.parent.name == "words" or file.stem == "way_back"
    assert own or resource_["copyright"]


@pytest.mark.parametrize("name", TABLES)
def test_the_words_of_a_table_are_a_code_system(name: str) -> None:
    concept_map_, words = (loads((OURS / folder / f"{name}.json").read_bytes()) for folder in ("", "words"))
    assert {group["source"] for group in concept_map_["group"]} == {words["url"]}
    said = [element["code"] for group in concept_map_["group"] for element in group["element"]]
    assert [concept["code"] for concept in words["concept"]] == list(dict.fromkeys(said))
    assert words["count"] == len(words["concept"])


@pytest.mark.parametrize("name", TABLES)
def test_words_are_readable(name: str) -> None:
    for word in table(name).outward:
        assert re.fullmatch(r"[A-Za-z][A-Za-z -]*", word), word


def test_every_display_is_what_its_terminology_says_and_its_source_is_named() -> None:
    """Codes without a display are those of required bindings."""
    rows = [row for name in TABLES for row in table(name).rows if row.display]
    assert len(rows) > 150
    for row in rows:
        assert display_of(row.system, row.code) == row.display, row


def test_a_near_code_of_ours_says_by_what() -> None:
    for name in TABLES:
        for group in loads((OURS / f"{name}.json").read_bytes())["group"]:
            for element in group["element"]:
                for one in element["target"]:
                    assert one["equivalence"] in ("equal", "equivalent") or one["comment"].startswith("Paired by VSAC ")


def test_no_code_of_one_system_is_ever_written_as_one_of_another() -> None:
    """ICD-10-CM is read as a word, and only SNOMED CT is written."""
    for name in ("pain_diagnoses", "procedures", "therapies", "sides"):
        assert {row.system for row in table(name).outward.values()} == {SNOMED}


def test_the_mappings_have_no_fault() -> None:
    assert lint() == []
