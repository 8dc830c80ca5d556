"""Where care is given: a Location."""

from __future__ import annotations

# a table: one rule a line, in the specification's order
# fmt: off
from mappings.datatypes import (
    ADDRESS,
    CODING,
    CONCEPT,
    EVERY_RESOURCE,
    IDENTIFIER,
    MODIFIER_EXTENSIONS,
    POINTER,
    TELECOM,
    other_extensions,
)
from mappings.lens.words import each, field, part, resource

LOCATION = resource("Location",
    *EVERY_RESOURCE,
    each("identifiers", fhir="identifier", about="Numbers of the place.", shape=IDENTIFIER),
    field("status", fhir="status", about="active, suspended or inactive."),
    field("operational_status", fhir="operationalStatus", about="Whether a bed or room is free.", shape=CODING),
    field("name", fhir="name", about="Its name."),
    each("aliases", fhir="alias", about="Other names of it."),
    field("description", fhir="description", about="What it is, and how to find it."),
    field("mode", fhir="mode", about="instance (this place) or kind (such places)."),
    each("types", fhir="type", about="What is done there.", shape=CONCEPT),
    each("telecoms", fhir="telecom", about="Phone, fax and e-mail.", shape=TELECOM),
    field("address", fhir="address", about="Address.", shape=ADDRESS),
    field("form", fhir="physicalType", about="Building, room, vehicle ...", shape=CONCEPT),
    field("position", fhir="position", about="Where it is on the earth, WGS84.", shape=part("Location.position",
        field("longitude", fhir="longitude", about="Longitude."),
        field("latitude", fhir="latitude", about="Latitude."),
        field("altitude", fhir="altitude", about="Altitude."),
        other_extensions(),
        MODIFIER_EXTENSIONS,
    )),
    field("run_by", fhir="managingOrganization", about="Which organisation runs it.", shape=POINTER),
    field("part_of", fhir="partOf", about="The place that it is part of.", shape=POINTER),
    each("hours", fhir="hoursOfOperation", about="When it is open.", shape=part("Location.hoursOfOperation",
        each("days", fhir="daysOfWeek", about="On which days: mon to sun."),
        field("all_day", fhir="allDay", about="True if all day."),
        field("from_time", fhir="openingTime", about="From which time of the day."),
        field("until_time", fhir="closingTime", about="Until which time of the day."),
        other_extensions(),
        MODIFIER_EXTENSIONS,
    )),
    field("hours_in_words", fhir="availabilityExceptions", about="Exceptions to these times, in words."),
    each("endpoints", fhir="endpoint", about="Where its systems are reached.", shape=POINTER),
    known_by="identifiers",
)
