"""The XHTML of narratives: what R4 lets stand in it (txt-1) and whether there is anything in it (txt-2).

One pass over the tags; nothing is fetched, expanded or executed.  Allowed is what chapters 7 to 11 and 15 of HTML 4.0
describe, without ins and del (9.4), with links and images; scripts, forms, frames, objects and event handlers are not.
"""

from __future__ import annotations

import functools
import re
from html import unescape
from html.entities import name2codepoint

_ELEMENTS = frozenset(
    """
    a abbr acronym address area b bdo big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4
    h5 h6 hr i img kbd li map ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var
    """.split()  # noqa: SIM905 (sixty quotes more would not make it plainer)
)
_ATTRIBUTES = frozenset(
    """
    abbr accesskey align alt axis bgcolor border cellpadding cellspacing char charoff cite class clear colspan color
    compact coords dir face frame headers height href hreflang hspace id idref ismap lang longdesc name noshade nowrap
    rel rev rowspan rules scope shape size span src start style summary tabindex target title type usemap valign value
    vspace width xmlns xml:lang xml:base
    """.split()  # noqa: SIM905
)
_TOKEN = re.compile(
    r"<!--(?:[^-]|-(?!-))*+-->"
    r"|<(?P<end>/)?(?P<name>[A-Za-z][\w:.-]*+)"
    r"(?P<attributes>(?:\s++[\w:.-]++\s*+=\s*+(?:\"[^\"<]*+\"|'[^'<]*+'))*+)\s*+(?P<alone>/)?>"
    r"|&(?P<entity>#\d++|#x[0-9a-fA-F]++|\w++);"
    r"|(?P<text>[^<&]++)"
)
_ATTRIBUTE = re.compile(r"([\w:.-]++)\s*+=\s*+(\"[^\"]*+\"|'[^']*+')")
_OF_XML = frozenset({"lt", "gt", "amp", "quot", "apos"})
_ENTITIES = _OF_XML | name2codepoint.keys()
_NAMESPACE = "http://www.w3.org/1999/xhtml"
_SCRIPT = re.compile(r"\s*(?:javascript|vbscript|data\s*:\s*text)", re.IGNORECASE)


class _Content:
    """What one pass over a narrative tells."""

    def __init__(self, div: str) -> None:
        self.basic, self.content, self.xml = True, False, True
        self.open: list[str] = []
        at = 0
        while at < len(div) and self.basic:
            token = _TOKEN.match(div, at)
            if token is None:
                self.basic = False
                break
            self.token(token)
            at = token.end()
            if not self.open:
                break
        self.basic = self.basic and not self.open and at == len(div)  # nothing stands after the div

    def token(self, token: re.Match[str]) -> None:
        if token["name"]:
            self.tag(token["name"], token)
        elif token["entity"]:
            entity = token["entity"]
            self.basic = entity.startswith("#") or entity in _ENTITIES
            self.xml = self.xml and (entity.startswith("#") or entity in _OF_XML)
            self.content = self.content or bool(unescape(f"&{entity};").strip())
        elif token["text"]:
            self.content = self.content or bool(token["text"].strip())

    def tag(self, name: str, token: re.Match[str]) -> None:
        if token["end"]:
            self.basic = bool(self.open) and self.open.pop() == name
            return
        self.basic = name in _ELEMENTS and all(
            attribute[1] in _ATTRIBUTES and not _SCRIPT.match(unescape(attribute[2][1:-1]))
            for attribute in _ATTRIBUTE.finditer(token["attributes"])
        )
        self.content = self.content or name == "img"
        if not token["alone"]:
            self.open.append(name)


@functools.lru_cache(maxsize=1)
def _content(div: str) -> _Content:
    return _Content(div.strip())


def is_basic(div: str) -> bool:
    """Whether a narrative is well-formed and made of basic formatting only."""
    return _content(div).basic


def is_xml(div: str) -> bool:
    """Whether a narrative names no entity of HTML such as &nbsp;, of which XML knows nothing."""
    return _content(div).xml


def is_xhtml(div: str) -> bool:
    """Whether the div says that it is of the namespace of XHTML."""
    start = _TOKEN.match(div.lstrip())
    attributes = _ATTRIBUTE.finditer(start["attributes"] or "") if start else ()
    return any(one[1] == "xmlns" and one[2][1:-1] == _NAMESPACE for one in attributes)


def has_content(div: str) -> bool:
    """Whether a narrative has text or an image; one that is not well-formed is not blamed twice."""
    content = _content(div)
    return content.content or not content.basic
