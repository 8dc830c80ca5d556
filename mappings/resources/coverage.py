"""Who pays: a Coverage."""

from __future__ import annotations

# a table: one rule a line, in the specification's order
# fmt: off
from mappings.datatypes import (
    CONCEPT,
    EVERY_RESOURCE,
    IDENTIFIER,
    MODIFIER_EXTENSIONS,
    PERIOD,
    POINTER,
    SIMPLE_QUANTITY,
    link,
    other_extensions,
    same_patient,
)
from mappings.lens.words import each, field, one_of, part, resource
from mappings.resources.people import ORGANIZATION

COVERAGE = resource("Coverage",
    *EVERY_RESOURCE,
    each("identifiers", fhir="identifier", about="The numbers of the card or policy.", shape=IDENTIFIER),
    field("status", fhir="status", about="active, cancelled, draft or entered-in-error."),
    field("type", fhir="type", about="What sort of cover: medical, accident, pay ...", shape=CONCEPT),
    field("policy_holder", fhir="policyHolder", about="Who owns the policy.", shape=POINTER),
    field("subscriber", fhir="subscriber", about="Who signed up for it.", shape=POINTER),
    field("subscriber_number", fhir="subscriberId", about="The insurer's number of the subscriber."),
    same_patient("beneficiary"),
    field("dependent", fhir="dependent", about="The number of the dependent under the policy."),
    field("relationship", fhir="relationship", about="What the patient is to the subscriber: self, child, spouse ...", shape=CONCEPT),
    field("period", fhir="period", about="From when until when it holds.", shape=PERIOD),
    each("payers", fhir="payor", about="Who pays.", shape=link(organization=ORGANIZATION)),
    each("groups", fhir="class", about="Group, plan and other numbers on the card.", shape=part("Coverage.class",
        field("type", fhir="type", about="What it numbers: group, plan, rxbin ...", shape=CONCEPT),
        field("value", fhir="value", about="The number."),
        field("name", fhir="name", about="What it is called."),
        other_extensions(),
        MODIFIER_EXTENSIONS,
    )),
    field("order", fhir="order", about="Which cover pays first: 1 before 2."),
    field("network", fhir="network", about="The insurer's network."),
    each("costs", fhir="costToBeneficiary", about="What the patient pays.", shape=part("Coverage.costToBeneficiary",
        field("type", fhir="type", about="For what: a visit, a specialist, a prescription ...", shape=CONCEPT),
        one_of(
            field("quantity", fhir="valueQuantity", about="How much, as a share or number.", shape=SIMPLE_QUANTITY),
            field("money", fhir="valueMoney", about="How much, in money.", shape=part("Money",
                field("value", fhir="value", about="The amount."),
                field("currency", fhir="currency", about="The currency, such as USD."),
                other_extensions(),
            )),
        ),
        each("exceptions", fhir="exception", about="When it is not to be paid.", shape=part("Coverage.costToBeneficiary.exception",
            field("type", fhir="type", about="Why not: retired, foster child ...", shape=CONCEPT),
            field("period", fhir="period", about="From when until when.", shape=PERIOD),
            other_extensions(),
            MODIFIER_EXTENSIONS,
        )),
        other_extensions(),
        MODIFIER_EXTENSIONS,
    )),
    field("subrogation", fhir="subrogation", about="Whether the insurer may claim it back from others."),
    each("contracts", fhir="contract", about="The contracts behind it.", shape=POINTER),
    known_by="identifiers",
)
