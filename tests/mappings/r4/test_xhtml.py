"""Narratives: well-formed basic XHTML with something in it, as R4 has it (txt-1, txt-2)."""

from __future__ import annotations

import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from mappings.r4 import validity
from mappings.r4.exact_json import loads
from mappings.r4.xhtml import has_content, is_basic

X = 'xmlns="http://www.w3.org/1999/xhtml"'

BASIC = {
    "text": f"<div {X}>text</div>",
    "no namespace": "<div>text</div>",
    "a table": f"<div {X}><table class='a'><tr><th colspan=\"2\">a</th></tr><tr><td>1</td></tr></table></div>",
    "a list and emphasis": f'<div {X}><ul><li><b>a</b> &amp; <i style="color: red">b</i></li></ul></div>',
    "a link": f'<div {X}><a href="http://a.example/b?c=1&amp;d=2" name="e">a</a></div>',
    "an image": f'<div {X}>a<img src="#i" alt="i"/></div>',
    "entities": f"<div {X}>&nbsp;&#160;&#xA0;&lt;&eacute;x</div>",
    "a comment": f"<div {X}><!-- a - b -->text</div>",
    "white space around": f"\n  <div {X} >\n text </div >  \n",
    "a line break": f"<div {X}>a<br/>b<br />c</div>",
    "a greater-than sign": f"<div {X}>a > b</div>",
}
NOT_BASIC = {
    "a script": f"<div {X}><script>alert(1)</script></div>",
    "an event": f'<div {X}><p onclick="a()">a</p></div>',
    "a link that runs": f'<div {X}><a href="javascript:a()">a</a></div>',
    "a link that runs, in disguise": f'<div {X}><a href=" java&#115;cript:a()">a</a></div>',
    "a form": f"<div {X}><form><input type='text'/></form></div>",
    "a frame": f'<div {X}><iframe src="http://a.example"></iframe></div>',
    "an object": f"<div {X}><object data='a'></object></div>",
    "a style sheet": f"<div {X}><style>p {{}}</style></div>",
    "ins and del": f"<div {X}><ins>a</ins></div>",
    "an element that is not closed": f"<div {X}><p>a</div>",
    "elements that cross": f"<div {X}><b><i>a</b></i></div>",
    "a div that is not closed": f"<div {X}>a",
    "a second div": f"<div {X}>a</div><div>b</div>",
    "text after the div": f"<div {X}>a</div>b",
    "a bare ampersand": f"<div {X}>a & b</div>",
    "a bare less-than sign": f"<div {X}>a < b</div>",
    "an unknown entity": f"<div {X}>&nothing;</div>",
    "an attribute without quotes": f"<div {X}><td colspan=2>a</td></div>",
    "an element in capitals": f"<div {X}><P>a</P></div>",
    "a document type": f"<div {X}><!DOCTYPE a [<!ENTITY b 'c'>]>&b;</div>",
    "a processing instruction": f"<div {X}><?php a ?></div>",
}


@pytest.mark.parametrize("div", BASIC.values(), ids=BASIC.keys())
def test_basic_formatting_is_let_through(div: str) -> None:
    assert is_basic(div)
    assert has_content(div)


@pytest.mark.parametrize("div", NOT_BASIC.values(), ids=NOT_BASIC.keys())
def test_anything_else_is_not(div: str) -> None:
    assert not is_basic(div)
    resource = {"resourceType": "Basic", "code": {"text": "c"}, "text": {"status": "additional", "div": div}}
    [issue] = validity.check(resource)
    assert (issue.code, issue.expression) == ("invariant", "Basic.text.`div`")
    assert "(txt-1)" in issue.text


@pytest.mark.parametrize("inner", ["", " \n\t", "<p> </p>", "&nbsp;", "<!-- a -->", "<br/>"])
def test_a_narrative_says_something(inner: str) -> None:
    assert not has_content(f"<div {X}>{inner}</div>")


def test_an_image_says_something() -> None:
    assert has_content(f'<div {X}><img src="#i" alt=""/></div>')


def test_what_is_taken_for_well_formed_is(official_examples: Path) -> None:
    """A parser that we did not write agrees, on the narratives of the examples as they are and cut short."""
    compared = 0
    for path in sorted(official_examples.glob("[A-JL-RT-U]*.json")):
        if path.stat().st_size > 20_000:
            continue
        div = loads(path.read_bytes()).get("text", {}).get("div", "")
        cut = (div, div[:-7], div.replace("</p>", "", 1), div.replace(">", "&", 1))
        for text in cut if div and "&nbsp;" not in div else ():
            assert is_basic(text) == _is_well_formed(text), (path.name, text[:200])
            compared += 1
    assert compared > 1000


def _is_well_formed(text: str) -> bool:
    try:
        return ET.fromstring(text).tag.endswith("div")
    except ET.ParseError:
        return False


@pytest.mark.parametrize("part", ["<", "<a ", "<!--", "&", "<p>", "<a b='", "- ", "<p a='b' "])
def test_no_narrative_takes_more_than_linear_time(part: str) -> None:
    started = time.process_time()
    is_basic(f"<div>{part * 200_000}")
    assert time.process_time() - started < 5
