"""What the patient agreed to, or not: a Consent."""

from __future__ import annotations

# a table: one rule a line, in the specification's order
# fmt: off
from mappings.datatypes import (
    ATTACHMENT,
    CODING,
    CONCEPT,
    EVERY_RESOURCE,
    IDENTIFIER,
    MODIFIER_EXTENSIONS,
    PERIOD,
    POINTER,
    other_extensions,
    same_patient_if_said,
)
from mappings.lens.records import RecordShape
from mappings.lens.words import again, each, field, one_of, only_if, part, resource

PROVISION: RecordShape = part("Consent.provision",
    field("type", fhir="type", about="Whether this is allowed (permit) or refused (deny)."),
    field("period", fhir="period", about="From when until when.", shape=PERIOD),
    each("actors", fhir="actor", about="Who may or may not.", shape=part("Consent.provision.actor",
        field("role", fhir="role", about="As what.", shape=CONCEPT),
        field("who", fhir="reference", about="Who.", shape=POINTER),
        other_extensions(),
        MODIFIER_EXTENSIONS,
    )),
    each("actions", fhir="action", about="What may or may not be done: collect, access, use, disclose ...", shape=CONCEPT),
    each("security_labels", fhir="securityLabel", about="Data with these labels.", shape=CODING),
    each("purposes", fhir="purpose", about="For which purposes.", shape=CODING),
    each("classes", fhir="class", about="Which sorts of data.", shape=CODING),
    each("codes", fhir="code", about="Which data, by their codes.", shape=CONCEPT),
    field("data_period", fhir="dataPeriod", about="Data from which time.", shape=PERIOD),
    each("data", fhir="data", about="Which data exactly.", shape=part("Consent.provision.data",
        field("meaning", fhir="meaning", about="instance, related, dependents or authoredby."),
        field("what", fhir="reference", about="Which data.", shape=POINTER),
        other_extensions(),
        MODIFIER_EXTENSIONS,
    )),
    each("exceptions", fhir="provision", about="Exceptions to this.", shape=again(lambda: PROVISION)),
    other_extensions(),
    MODIFIER_EXTENSIONS,
)

CONSENT = resource("Consent",
    *EVERY_RESOURCE,
    each("identifiers", fhir="identifier", about="Numbers of this consent.", shape=IDENTIFIER),
    field("status", fhir="status", about="draft, proposed, active, rejected, inactive or entered-in-error."),
    field("scope", fhir="scope", about="To what: treatment, privacy, research, advance directive.", shape=CONCEPT),
    each("categories", fhir="category", about="What sort of consent.", shape=CONCEPT),
    same_patient_if_said("patient"),
    field("agreed_on", fhir="dateTime", about="When it was given."),
    each("agreed_by", fhir="performer", about="Who agreed.", shape=POINTER),
    each("organizations", fhir="organization", about="Who keeps it.", shape=POINTER),
    one_of(
        field("form", fhir="sourceAttachment", about="The signed form.", shape=ATTACHMENT),
        field("form_record", fhir="sourceReference", about="Where the signed form is recorded.", shape=POINTER),
    ),
    each("policies", fhir="policy", about="The rules that it was given under.", shape=part("Consent.policy",
        field("authority", fhir="authority", about="Whose rules."),
        field("url", fhir="uri", about="Where the rules can be read."),
        other_extensions(),
        MODIFIER_EXTENSIONS,
    )),
    field("policy_rule", fhir="policyRule", about="The regulation that it refers to.", shape=CONCEPT),
    each("verifications", fhir="verification", about="Whether it was confirmed with the patient or family.", shape=part("Consent.verification",
        field("verified", fhir="verified", about="Whether it was confirmed."),
        field("with_whom", fhir="verifiedWith", about="With whom.", shape=POINTER),
        field("on", fhir="verificationDate", about="When."),
        other_extensions(),
        MODIFIER_EXTENSIONS,
    )),
    field("provision", fhir="provision", about="What exactly is allowed or refused.", shape=PROVISION),
    known_by="identifiers",
)

GIVEN_OR_REFUSED = CONSENT.plus(only_if(fhir="status", values=("active", "rejected", "inactive", "proposed", "draft")))  # not what was entered in error

# what a patient agreed to for treatment, and that holds: as an opioid treatment agreement does
AGREEMENT = CONSENT.plus(
    only_if(fhir="status", values=("active",)),
    only_if(fhir="scope.coding.where(system='http://terminology.hl7.org/CodeSystem/consentscope').code", values=("treatment",)),
    only_if(fhir="provision.type", values=("permit",), or_absent=True),
)
