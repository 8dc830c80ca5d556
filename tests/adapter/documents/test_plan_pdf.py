"""A plan as a letter: what stands in it, page by page and as a picture, that it is accessible, and that nothing of a
record is read as markup or vanishes in silence.

PAINGATE_DRAW=1 draws the expected pages anew: look at them before they are committed.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from hypothesis import assume, given
from PIL import Image, ImageChops
from pypdf import PdfReader, PdfWriter

from adapter.documents.beside import NOTHING, Beside, Letterhead
from adapter.documents.letter import SPOKEN, letter
from adapter.documents.pdf import Unprintable, plan_pdf
from mappings.r4 import exact_json
from mappings.roots import mapping
from tests.java import maven
from tests.mappings.strategies import labelled

Record = dict[str, Any]

HERE = Path(__file__).parent
FIXTURES = HERE.parents[2] / "fixtures"
HEAD = Letterhead(
    "Lakeside Pain Clinic", "12 Lake Road\nLakeside, MN 55000", "+1 555 0100", "When it cannot wait: call 911."
)
ALIKE = 0.005
"""How much of a page may look different: another version of the library that draws it smooths edges its own way."""


def read(name: str) -> Record:
    record = exact_json.loads((FIXTURES / f"{name}.record.json").read_bytes())
    assert isinstance(record, dict)
    return record


def journey(until: str = "99") -> Beside:
    """What the clinic has of the patient of fixtures/journey, up to a number of a file."""
    names = sorted(path.name.removesuffix(".record.json") for path in (FIXTURES / "journey").glob("*.record.json"))
    records = [read(f"journey/{name}") for name in names if name < until]
    patient = next(one for one in records if one["record"] == "patient")
    return Beside(
        patient, tuple(one for one in records if one["record"] in ("assessment", "procedure", "medication_request"))
    )


def rated(day: str, score: int, *site: Any) -> Record:
    """A rating of pain, at a site or none."""
    what = {"system": "http://loinc.org", "code": "72514-3", "text": "Pain, 0 to 10"}
    told: Record = {"kind": "pain_score", "status": "final", "what": what, "taken_on": day, "number": score}
    return told | {"site": site[0]} if site else told


LEG = {"system": "http://snomed.info/sct", "code": "61685007", "display": "Lower limb", "side": {"word": "right"}}
NECK = {"system": "http://snomed.info/sct", "code": "45048000", "display": "Neck"}
COURSE = [
    *(
        rated(day, score, LEG)
        for day, score in (("2025-01-27", 8), ("2025-03-24", 6), ("2025-06-16", 4), ("2025-09-01", 3))
    ),
    *(rated(day, score, NECK) for day, score in (("2025-02-03", 5), ("2025-06-16", 5), ("2025-08-11", 2))),
    rated("2025-04-14", 7),
]


ASSESSED: Record = {
    "record": "assessment",
    "patient": {"ref_identifier": {"system": "https://lakeside-pain.example/ids/patient", "value": "P-000001"}},
    "findings": COURSE,
}
LETTERS = {
    "first-plan": ("care-plan", NOTHING),
    "back-leg-neck": ("journey/06-care-plan-1", journey(until="11")),
    "stimulator": ("journey/31-care-plan-2", journey()),
    "course": ("care-plan", Beside(None, (ASSESSED,))),
}


def made(name: str) -> bytes:
    fixture, beside = LETTERS[name]
    return plan_pdf(read(fixture), HEAD, beside)


def pages(pdf: bytes) -> list[str]:
    """The text of each page, as a reader takes it out."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]


def drawn(pdf: bytes) -> Iterator[Image.Image]:
    document = pypdfium2.PdfDocument(pdf)
    for page in document:
        yield page.render(scale=1.0, grayscale=True).to_pil().convert("L")
    document.close()


@pytest.mark.parametrize("name", LETTERS)
def test_each_page_is_as_it_was_looked_at(name: str) -> None:
    pdf = made(name)
    for n, (text, picture) in enumerate(zip(pages(pdf), drawn(pdf), strict=True), 1):
        expected = HERE / "pages" / f"{name}-{n}.png"
        if os.environ.get("PAINGATE_DRAW"):
            expected.parent.mkdir(exist_ok=True)
            picture.quantize(16).save(expected, optimize=True)
            expected.with_suffix(".txt").write_text(text + "\n", encoding="utf-8")
        assert text + "\n" == expected.with_suffix(".txt").read_text("utf-8")
        with Image.open(expected) as before:
            difference = ImageChops.difference(before.convert("L"), picture)
        different = sum(difference.point(lambda value: value > 96).histogram()[255:])
        assert different / (picture.width * picture.height) < ALIKE
    assert not (HERE / "pages" / f"{name}-{n + 1}.png").exists()


@pytest.mark.parametrize("name", LETTERS)
def test_it_is_tagged_for_who_cannot_see_it(name: str) -> None:
    reader = PdfReader(io.BytesIO(made(name)))
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    metadata = reader.metadata
    assert metadata is not None
    assert metadata.title == read(LETTERS[name][0])["title"]
    tags = [str(node.get("/S")) for node in elements(root["/StructTreeRoot"])]
    assert tags.count("/H1") == 1
    assert {"/H2", "/Table", "/TR", "/TH", "/TD", "/L", "/LI"} <= set(tags)
    pictures = [node for node in elements(root["/StructTreeRoot"]) if node.get("/S") == "/Figure"]
    assert len(pictures) == (name == "course")  # ratings before and after procedures are no course of the pain
    for page in reader.pages:
        fonts: Any = page["/Resources"]["/Font"]  # type: ignore[index]
        assert fonts
        for font in fonts.values():
            (of_it,) = font.get_object()["/DescendantFonts"]
            assert of_it.get_object()["/FontDescriptor"].get_object().keys() & {"/FontFile2", "/FontFile3"}


def test_verapdf_finds_it_accessible(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """Every letter is PDF/UA-1 to a judge that we did not write; and the judge does judge."""
    for name in LETTERS:
        (tmp_path / f"{name}.pdf").write_bytes(made(name))
    (tmp_path / "untagged.pdf").write_bytes(untagged(made("course")))
    assert pytestconfig.cache is not None
    told = maven.command("accessible", "org.verapdf.apps.GreenfieldCliWrapper", pytestconfig.cache.mkdir("java"))
    files = sorted(str(path) for path in tmp_path.glob("*.pdf"))
    judged = subprocess.run(
        [*told, "--flavour", "ua1", "--format", "text", *files],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    found = {Path(line.split()[1]).stem: line.split()[0] for line in judged.stdout.splitlines()}
    assert found == {**dict.fromkeys(LETTERS, "PASS"), "untagged": "FAIL"}, judged.stdout + judged.stderr


def untagged(pdf: bytes) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf)))
    del writer.root_object["/StructTreeRoot"], writer.root_object["/MarkInfo"]
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


def elements(node: Any) -> Iterator[Any]:
    """The elements of a structure tree, in reading order."""
    node = node.get_object()
    if isinstance(node, list):
        for one in node:
            yield from elements(one)
    elif hasattr(node, "keys"):
        yield node
        if "/K" in node:
            yield from elements(node["/K"])


def test_the_same_record_gives_the_same_bytes_whatever_order_its_members_have() -> None:
    plan = read("care-plan")
    turned = dict(reversed(plan.items()))
    assert plan_pdf(plan, HEAD) == plan_pdf(plan, HEAD) == plan_pdf(turned, HEAD)


def plan(**members: Any) -> Record:
    return {"record": "care_plan", "status": "active", "patient": {"ref_identifier": {"value": "P-1"}}, **members}


def said(record: Record, beside: Beside = NOTHING) -> str:
    return " ".join("\n".join(pages(plan_pdf(record, HEAD, beside))).split())


def test_what_must_not_be_done_is_said_before_it() -> None:
    denied = {"detail": {"what": {"text": "Spinal manipulation"}, "must_not_be_done": True}}
    others = {"detail": {"what": {"text": "Walking"}, "status": "in-progress"}}
    text = said(plan(activities=[others, denied]))
    assert "NOT to be done: Spinal manipulation" in text
    assert text.index("Spinal manipulation") < text.index("Walking")
    withdrawn = {"detail": {"what": {"text": "Surgery"}, "status": "entered-in-error"}}
    assert "Entered in error: Surgery" in said(plan(activities=[withdrawn]))


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"status": "entered in error"}, "Entered in error: this plan does not hold."),
        ({"status": "on hold"}, "This plan is on hold: it is not in force as it stands here."),
        ({"intent": "proposal"}, "This is a proposal, and no plan that was agreed."),
        ({"ruled_out": [{"kind": "ruled_out", "diagnosis": {"text": "Fracture"}}]}, "NOT so: Fracture"),
    ],
)
def test_what_takes_its_meaning_away_is_loud(members: Record, says: str) -> None:
    assert says in said(plan(**members))


def test_prescriptions_come_with_their_doses_and_equivalents() -> None:
    text = said(read("journey/06-care-plan-1"), journey(until="11"))
    assert "tramadol hydrochloride 50 MG Oral Tablet Tramadol, with naloxone 2 tablets four times a day" in text
    assert "Counted, in MME a day: " in text
    assert "Nora Ellison" in text
    later = said(read("journey/06-care-plan-1"), journey())
    assert "replaced since" in later, "the taper, and the patch after it, which was stopped"
    assert "no running opioid prescription is known here" in later
    alone = said(read("journey/06-care-plan-1"))
    assert "Tramadol, with naloxone" in alone
    assert "no MME a day was calculated" in alone


TRAMADOL = read("journey/10-tramadol-watched")


def equivalent(*beside: Record, **members: Any) -> str:
    activity = {"order": {"ref_type": "MedicationRequest", "ref_identifier": TRAMADOL["identifiers"][0]}}
    record = plan(patient=TRAMADOL["patient"], activities=[activity], **members)
    return said(record, Beside(None, beside))


def test_a_prescription_counts_once_and_not_where_another_replaces_it() -> None:
    alone = equivalent(TRAMADOL)
    assert "tramadol hydrochloride 50 MG Oral Tablet (80)" in alone
    told = {name: one for name, one in TRAMADOL.items() if name not in ("record", "co_prescribed")}
    also = {"order": {"kind": "prescription", **told}}
    twice = said(plan(patient=TRAMADOL["patient"], activities=[also]), Beside(None, (TRAMADOL,)))
    assert "Oral Tablet (80)" in twice
    assert twice.count("(80)") == 1
    new = TRAMADOL | {
        "identifiers": [{"system": "urn:rx", "value": "new"}],
        "replaces": {"ref_type": "MedicationRequest", "ref_identifier": TRAMADOL["identifiers"][0]},
    }
    replaced = equivalent(TRAMADOL, new)
    assert replaced.count("(80)") == 1
    stopped = TRAMADOL | {"status": "stopped"}
    assert "(80)" not in equivalent(TRAMADOL, stopped), "the later one of a number holds"


def test_a_picture_says_its_ratings_in_words() -> None:
    rated = {
        "kind": "pain_score", "status": "final", "what": {"system": "http://loinc.org", "code": "72514-3"}, "number": 7,
    }  # fmt: skip
    twice = [rated | {"taken_on": "2026-01-05"}, rated | {"taken_on": "2026-02-05", "number": 4}]
    reader = PdfReader(io.BytesIO(plan_pdf(plan(supporting=twice), HEAD)))
    root: Any = reader.trailer["/Root"]
    (picture,) = [node for node in elements(root["/StructTreeRoot"]) if node.get("/S") == "/Figure"]
    assert picture["/Alt"] == "Pain ratings from 0 to 10 over time: 7 on 2026-01-05, 4 on 2026-02-05."


def test_ratings_of_two_sites_are_two_lines() -> None:
    told = letter(plan(supporting=COURSE), HEAD, NOTHING)["scores"]
    lines = {one["site"]: [each["score"] for each in one["points"]] for one in told["lines"]}
    assert lines == {"Lower limb, right": [8, 6, 4, 3], "Neck": [5, 5, 2], "site not told": [7]}
    assert told["alt"].startswith("Pain ratings from 0 to 10 over time: Lower limb, right: 8 on 2025-01-27, 6 on")


@pytest.mark.parametrize("members", [{"actionable": False}, {"modifier_extensions": [{"url": "urn:x"}]}])
def test_a_plan_that_must_not_be_acted_upon_is_not_printed(members: Record) -> None:
    with pytest.raises(Unprintable, match="must not be acted upon"):
        plan_pdf(plan(**members), HEAD)


def test_records_of_another_patient_are_not_printed() -> None:
    other = {"record": "patient", "identifiers": [{"value": "P-2"}], "birth_date": "1900-01-01"}
    with pytest.raises(Unprintable, match="number"):
        plan_pdf(plan(), HEAD, Beside(other))
    with pytest.raises(Unprintable, match="another patient"):
        plan_pdf(plan(), HEAD, Beside(None, (TRAMADOL,)))


def test_every_page_says_whose_it_is() -> None:
    goals = [{"kind": "goal", "description": {"text": f"Goal number {n}"}} for n in range(60)]
    texts = pages(plan_pdf(plan(goals=goals), HEAD))
    assert len(texts) > 1
    assert all("Patient P-1" in text for text in texts)


def test_ratings_are_drawn_where_there_are_two_with_their_time() -> None:
    rating = {
        "kind": "pain_score", "status": "final", "what": {"system": "http://loinc.org", "code": "72514-3"}, "number": 7,
    }  # fmt: skip
    twice = [rating | {"taken_on": "2026-01-05"}, rating | {"taken_on": "2026-02-05T10:00:00Z", "number": 4}]
    told = letter(plan(supporting=twice), HEAD, NOTHING)["scores"]
    (line,) = told["lines"]
    assert [(one["at"], one["score"]) for one in line["points"]] == [(0.0, 7.0), (1.0, 4.0)]
    for fewer in ([], twice[:1], [rating, twice[0]], [twice[0], twice[1] | {"status": "entered-in-error"}]):
        assert letter(plan(supporting=fewer), HEAD, NOTHING)["scores"] is None


HOSTILE = [
    '#import "@preview/x:1": *', "*bold* _slanted_ $x^2$ `code`", "#panic()", "= Heading", "] #read(\"/etc/passwd\") [",
    "\\u{41} // gone? /* gone? */", "<label> @label", "- list\n+ more", "http://x.example/#a", "~ -- --- ... '\"",
]  # fmt: skip


@pytest.mark.parametrize("words", HOSTILE)
def test_no_text_is_read_as_markup(words: str) -> None:
    record = plan(title=words, description=words, goals=[{"kind": "goal", "description": {"text": words}}])
    told = letter(record, HEAD, NOTHING)
    assert told["title"] == words
    reader = PdfReader(io.BytesIO(plan_pdf(record, HEAD)))
    assert reader.metadata is not None
    assert str(reader.metadata.title).split() == words.split()
    squeezed = "".join("".join(pages(plan_pdf(record, HEAD))).split()).replace("\u2019", "'").replace("\u2018", "'")
    wanted = "".join(words.split())
    assert squeezed.replace("\u201c", '"').replace("\u201d", '"').count(wanted) >= 3


@pytest.mark.parametrize("words", ["\u4e2d\u6587", "\u0e44\u0e17\u0e22", "\U0001f600"])
def test_script_that_the_fonts_do_not_have_is_refused_and_not_left_out(words: str) -> None:
    with pytest.raises(Unprintable, match="Latin, Greek and Cyrillic") as refused:
        plan_pdf(plan(title=f"Plan of {words}"), HEAD)
    assert words not in str(refused.value)


@pytest.mark.parametrize(
    "words", ["\u0395\u03bb\u03bb\u03ac\u03b4\u03b1", "\u0411\u043e\u043b\u044c", "\u0141\u00f3d\u017a \u00e5 \u00e7"]
)
def test_script_that_they_have_is_shown(words: str) -> None:
    assert words in said(plan(title=words))


def test_what_has_no_place_to_break_is_broken_and_what_is_no_character_is_left_out() -> None:
    pdf = plan_pdf(plan(title="x" * 400, description="a\x00b\x1bc"), HEAD)
    for picture in drawn(pdf):
        margin = picture.crop((picture.width - 30, 0, picture.width, picture.height))
        assert margin.getextrema() == (255, 255), "nothing runs over the edge"
    assert "a b c" in " ".join("\n".join(pages(pdf)).split())


def test_a_long_plan_flows_on_and_counts_its_pages() -> None:
    goals = [{"kind": "goal", "description": {"text": f"Goal number {n}"}} for n in range(150)]
    pdf = plan_pdf(plan(title="Long", goals=goals), HEAD)
    texts = pages(pdf)
    assert len(texts) > 3
    assert all(f"Page {n} of {len(texts)}" in text for n, text in enumerate(texts, 1))
    assert all(f"Goal number {n}" in "\n".join(texts) for n in range(150))


@given(labelled(mapping("care_plan").shape))
def test_words_that_have_no_place_are_counted(record: Record) -> None:
    plan_record = {"record": "care_plan", **record}
    told = letter(plan_record, HEAD, NOTHING)
    there = (
        " ".join(texts({name: one for name, one in told.items() if name != "more"})).replace("\u200b", "").casefold()
    )
    missing = sum(1 for words in spoken(plan_record) if plain(words) not in there)
    counted = told["more"].split()[0]
    assert {"Codes": 0, "One": 1}.get(counted, None if not counted.isdigit() else int(counted)) == missing


@given(labelled(mapping("care_plan").shape))
def test_any_sound_plan_is_set_or_refused(record: Record) -> None:
    try:
        pdf = plan_pdf({"record": "care_plan", **record}, HEAD)
    except Unprintable:
        assume(False)
    assert pdf.startswith(b"%PDF-1.7")
    told = letter({"record": "care_plan", **record}, HEAD, NOTHING)
    there = squeezed(" ".join(page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(pdf)))
    wanted = {word for words in texts({**told, "scores": None}) for word in re.findall("[A-Za-z0-9]+", words)}
    assert {word for word in wanted if squeezed(word) not in there} == set()


def squeezed(words: str) -> str:
    """Without what the setting of lines adds."""
    return re.sub("[^A-Za-z0-9]", "", unicodedata.normalize("NFKC", words))


def plain(words: str) -> str:
    """As it is looked for: what cannot be set is a space in the letter."""
    from adapter.documents.letter import NOT_SHOWN

    return NOT_SHOWN.sub(" ", words).casefold()


def spoken(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            if name in SPOKEN and isinstance(one, str):
                yield one
            else:
                yield from spoken(one)
    elif isinstance(value, list):
        for one in value:
            yield from spoken(one)


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)
