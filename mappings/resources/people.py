"""Who acts: practitioners, the roles they have, and the organisations they work for."""

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
    link,
    other_extensions,
)
from mappings.lens.words import each, field, main, part, resource

QUALIFICATION = part("Practitioner.qualification",
    each("identifiers", fhir="identifier", about="Numbers of the certificate.", shape=IDENTIFIER),
    field("what", fhir="code", about="What was passed: a degree, a board certificate.", shape=CONCEPT),
    field("period", fhir="period", about="When it is valid.", shape=PERIOD),
    field("issuer", fhir="issuer", about="Who gave it.", shape=POINTER),
    other_extensions(),
    MODIFIER_EXTENSIONS,
)

PRACTITIONER = resource("Practitioner",
    *EVERY_RESOURCE,
    each("identifiers", fhir="identifier", about="Numbers of the practitioner, such as an NPI.", shape=IDENTIFIER),
    field("active", fhir="active", about="Whether this entry is in use."),
    main(fhir="name", shape=HUMAN_NAME, name="name", about="The name to use.",
         others="other_names", others_about="Other names, former ones too.",
         prefer=("use='official'", "use='usual'"), never=("use='old'", "use='maiden'")),
    each("telecoms", fhir="telecom", about="Phone, fax and e-mail.", shape=TELECOM),
    each("addresses", fhir="address", about="Addresses.", shape=ADDRESS),
    field("sex", fhir="gender", about="male, female, other or unknown."),
    field("birth_date", fhir="birthDate", about="Date of birth."),
    each("photos", fhir="photo", about="Pictures.", shape=ATTACHMENT),
    each("qualifications", fhir="qualification", about="Degrees and certificates.", shape=QUALIFICATION),
    each("languages", fhir="communication", about="Languages spoken with patients.", shape=CONCEPT),
    known_by="identifiers",
)

ORGANIZATION = resource("Organization",
    *EVERY_RESOURCE,
    each("identifiers", fhir="identifier", about="Numbers of the organisation, such as an NPI.", shape=IDENTIFIER),
    field("active", fhir="active", about="Whether this entry is in use."),
    each("types", fhir="type", about="What sort of organisation it is.", shape=CONCEPT),
    field("name", fhir="name", about="Its name."),
    each("aliases", fhir="alias", about="Other names of it."),
    each("telecoms", fhir="telecom", about="Phone, fax and e-mail.", shape=TELECOM),
    each("addresses", fhir="address", about="Addresses.", shape=ADDRESS),
    field("part_of", fhir="partOf", about="The organisation that it belongs to.", shape=POINTER),
    each("contacts", fhir="contact", about="Whom to call there, and about what.", shape=part("Organization.contact",
        field("purpose", fhir="purpose", about="About what: billing, complaints, patients ...", shape=CONCEPT),
        field("name", fhir="name", about="Whom.", shape=HUMAN_NAME),
        each("telecoms", fhir="telecom", about="Phone, fax and e-mail.", shape=TELECOM),
        field("address", fhir="address", about="Where to write to.", shape=ADDRESS),
        other_extensions(),
        MODIFIER_EXTENSIONS,
    )),
    each("endpoints", fhir="endpoint", about="Where its systems are reached.", shape=POINTER),
    known_by="identifiers",
)

PRACTITIONER_ROLE = resource("PractitionerRole",
    *EVERY_RESOURCE,
    each("identifiers", fhir="identifier", about="Numbers of the role.", shape=IDENTIFIER),
    field("active", fhir="active", about="Whether this role is in use."),
    field("period", fhir="period", about="When the practitioner has this role.", shape=PERIOD),
    field("practitioner", fhir="practitioner", about="Who has the role.", shape=link(practitioner=PRACTITIONER)),
    field("organization", fhir="organization", about="Where.", shape=link(organization=ORGANIZATION)),
    each("roles", fhir="code", about="Which roles: doctor, nurse.", shape=CONCEPT),
    each("specialties", fhir="specialty", about="Which specialties.", shape=CONCEPT),
    each("locations", fhir="location", about="At which places.", shape=POINTER),
    each("services", fhir="healthcareService", about="For which services.", shape=POINTER),
    each("telecoms", fhir="telecom", about="Phone, fax and e-mail in this role.", shape=TELECOM),
    each("hours", fhir="availableTime", about="When.", shape=part("PractitionerRole.availableTime",
        each("days", fhir="daysOfWeek", about="On which days: mon to sun."),
        field("all_day", fhir="allDay", about="True if all day."),
        field("from_time", fhir="availableStartTime", about="From which time of the day."),
        field("until_time", fhir="availableEndTime", about="Until which time of the day."),
        other_extensions(),
        MODIFIER_EXTENSIONS,
    )),
    each("absences", fhir="notAvailable", about="When not.", shape=part("PractitionerRole.notAvailable",
        field("reason", fhir="description", about="Why not."),
        field("period", fhir="during", about="From when until when.", shape=PERIOD),
        other_extensions(),
        MODIFIER_EXTENSIONS,
    )),
    field("hours_in_words", fhir="availabilityExceptions", about="Exceptions to these times, in words."),
    each("endpoints", fhir="endpoint", about="Where the systems for this role are reached.", shape=POINTER),
    known_by="identifiers",
)

ACTORS = {"practitioner": PRACTITIONER, "practitioner_role": PRACTITIONER_ROLE, "organization": ORGANIZATION}

__all__ = ["ACTORS", "ORGANIZATION", "PRACTITIONER", "PRACTITIONER_ROLE"]
