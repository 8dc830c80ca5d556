"""Dialects: what tells them apart, and that a partner's configuration wins over what a document declares."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from adapter.exchange.receiving.dialects import DIALECTS, asks_for_a_referral, dialect_of
from adapter.exchange.receiving.incoming import Incoming
from adapter.exchange.receiving.opening import opened
from adapter.settings import Partner, Settings
from adapter.settings.table import DIALECTS as CONFIGURABLE
from mappings.r4 import exact_json
from tests.adapter import doors
from tests.adapter.doors import I12
from tests.adapter.speaking import FHIR, Node
from tests.adapter.test_doors import resources


def test_every_dialect_can_be_configured() -> None:
    assert tuple(DIALECTS) == CONFIGURABLE


@pytest.mark.parametrize(
    ("door", "dialect"), [(doors.message, "plain"), (doors.bser, "bser"), (doors.gravity, "gravity")]
)
def test_a_document_tells_its_dialect(door: doors.Dress, dialect: str) -> None:
    _, document = door(resources())
    assert dialect_of(document).name == dialect
    assert dialect_of(document, "plain").name == dialect  # what is not configured is told by the document
    assert dialect_of(document, "bser").name == "bser"


def test_a_partners_dialect_is_its_own(settings: Settings, engine: Engine) -> None:
    partner = Partner("hospital", "http://hospital.invalid/fhir", dialect="bser")
    path, document = doors.message(resources())
    incoming = Incoming(path, FHIR, exact_json.dumps(document), document, sender="hospital")
    assert opened(replace(settings, partners=(partner,)), incoming).dialect.name == "bser"


@pytest.mark.parametrize(
    ("header", "asks"),
    [
        ({"eventCoding": I12}, True),
        ({"eventCoding": {"system": "urn:x:another-spelling", "code": "I12"}}, True),
        ({"eventUri": "http://terminology.hl7.org/CodeSystem/v2-0003#I12"}, True),
        ({"eventUri": "http://terminology.hl7.org/CodeSystem/v2-0003|I12"}, True),
        ({"eventUri": "http://terminology.hl7.org/CodeSystem/v2-0003/I12"}, True),
        ({"eventUri": "I12"}, True),
        ({"eventCoding": {"code": "A01"}}, False),
        ({"eventUri": "http://example.org/message-events#admin-notify"}, False),
        ({}, False),
    ],
)
def test_an_event_is_told_by_coding_or_by_uri(header: Node, asks: bool) -> None:
    assert asks_for_a_referral(header) is asks
