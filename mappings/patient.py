"""The patient: a Patient."""

from __future__ import annotations

# a table: one rule a line, in the specification's order
# fmt: off
from mappings.datatypes import (
    ADDRESS,
    ATTACHMENT,
    CONCEPT,
    EVERY_RESOURCE,
    HUMAN_NAME,
    IDENTIFIER,
    MODIFIER_EXTENSIONS,
    PERIOD,
    POINTER,
    TELECOM,
    extension,
    link,
    other_extensions,
)
from mappings.lens.rules import ABSENT
from mappings.lens.words import each, field, main, one_of, part, resource
from mappings.resources.people import ORGANIZATION, PRACTITIONER, PRACTITIONER_ROLE

BIRTH_TIME = "http://hl7.org/fhir/StructureDefinition/patient-birthTime"
MOTHERS_MAIDEN_NAME = "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName"

CONTACT = part("Patient.contact",
    each("relationships", fhir="relationship", about="What this person is to the patient.", shape=CONCEPT),
    field("name", fhir="name", about="Name.", shape=HUMAN_NAME),
    each("telecoms", fhir="telecom", about="Phone and e-mail.", shape=TELECOM),
    field("address", fhir="address", about="Address.", shape=ADDRESS),
    field("sex", fhir="gender", about="male, female, other or unknown."),
    field("organization", fhir="organization", about="The organisation that this person stands for.", shape=POINTER),
    field("period", fhir="period", about="When this person can be contacted.", shape=PERIOD),
    other_extensions(),
    MODIFIER_EXTENSIONS,
)

LANGUAGE = part("Patient.communication",
    field("language", fhir="language", about="Which language.", shape=CONCEPT),
    field("preferred", fhir="preferred", about="Whether the patient prefers it."),
    other_extensions(),
    MODIFIER_EXTENSIONS,
)

OTHER_RECORD = part("Patient.link",
    field("other", fhir="other", about="The other record.", shape=POINTER),
    field("type", fhir="type", about="replaced-by, replaces, refer or seealso."),
    other_extensions(),
    MODIFIER_EXTENSIONS,
)

PATIENT = resource("Patient",
    *EVERY_RESOURCE,
    extension("mothers_maiden_name", MOTHERS_MAIDEN_NAME, "String", "The maiden name of the patient's mother."),
    each("identifiers", fhir="identifier", about="Record numbers and other numbers, each with who gave it.", shape=IDENTIFIER),
    field("active", fhir="active", about="Whether this patient's record is in use."),
    main(fhir="name", shape=HUMAN_NAME, name="name", about="The name to use now.",
         others="other_names", others_about="Other names: maiden, former, nicknames.",
         prefer=("use='official'", "use='usual'"), never=("use='old'", "use='maiden'")),
    each("telecoms", fhir="telecom", about="Phone, e-mail and so on; those of use old are not to be used.", shape=TELECOM),
    field("sex", fhir="gender", about="Sex for administration: male, female, other or unknown."),
    other_extensions("sex_extensions", at="_gender.extension"),
    field("birth_date", fhir="birthDate", about="Date of birth, as exactly as it is known."),
    extension("born_at", BIRTH_TIME, "DateTime", "Date and time of birth.", on="_birthDate"),
    extension("birth_date_unknown_because", ABSENT, "Code", "Why there is no date of birth: unknown, asked-unknown, masked ...", on="_birthDate"),
    one_of(
        field("deceased", fhir="deceasedBoolean", about="Whether the patient has died."),
        field("died_on", fhir="deceasedDateTime", about="When the patient died."),
    ),
    each("addresses", fhir="address", about="Addresses.", shape=ADDRESS),
    field("marital_status", fhir="maritalStatus", about="Marital status.", shape=CONCEPT),
    one_of(
        field("twin_or_more", fhir="multipleBirthBoolean", about="Whether born as one of several."),
        field("birth_order", fhir="multipleBirthInteger", about="Which of several: 1 for the first born."),
    ),
    each("photos", fhir="photo", about="Pictures of the patient.", shape=ATTACHMENT),
    each("contacts", fhir="contact", about="Who else to speak to: family, guardian, partner.", shape=CONTACT),
    each("languages", fhir="communication", about="Languages in which to speak with the patient about health.", shape=LANGUAGE),
    each("general_practitioners", fhir="generalPractitioner", about="The patient's own doctors or practice.",
         shape=link(practitioner=PRACTITIONER, practitioner_role=PRACTITIONER_ROLE, organization=ORGANIZATION)),
    field("managed_by", fhir="managingOrganization", about="The organisation that keeps this record.",
          shape=link(organization=ORGANIZATION)),
    each("linked_records", fhir="link", about="Other records of the same person.", shape=OTHER_RECORD),
    known_by="identifiers", else_by="name birth_date",  # another name and another birth date: another patient
)

RECORD = PATIENT
