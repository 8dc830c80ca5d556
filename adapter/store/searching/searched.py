"""What can be searched: the one list that the index, the routes and the CapabilityStatement go by.

What each parameter means is R4's own (mappings/r4/search_parameters.py); beside them every type here is searched by
_id and _lastUpdated.  A name that is added or taken away makes the index be written again at the next start.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

from mappings.r4 import search_parameters
from mappings.r4.search_parameters import Parameter

_NAMES = {
    "Appointment": "based-on date identifier patient status",
    "CarePlan": "activity-reference category condition date goal identifier intent patient status subject",
    "Condition": "category clinical-status code identifier onset-date patient recorded-date subject"
    " verification-status",
    "DiagnosticReport": "based-on category code date identifier patient status subject",
    "DocumentReference": "author category date identifier patient related status subject type",
    "Goal": "lifecycle-status patient start-date subject",
    "MedicationRequest": "authoredon code identifier intent patient status subject",
    "Observation": "based-on category code date identifier patient status subject",
    "Organization": "identifier name",
    "Patient": "active birthdate email family gender general-practitioner given identifier name organization phone",
    "Practitioner": "family given identifier name",
    "PractitionerRole": "identifier organization practitioner role specialty",
    "Procedure": "based-on category code date identifier patient performer status subject",
    "ServiceRequest": "authored based-on body-site category code encounter identifier intent occurrence patient"
    " performer priority replaces requester requisition status subject",
    "Task": "authored-on based-on business-status code encounter focus group-identifier identifier intent modified"
    " owner part-of patient period priority requester status subject",
}


@functools.cache
def searched(type_: str) -> Mapping[str, Parameter]:
    """The parameters of a type by name; none for a type that is not searched."""
    names = _NAMES.get(type_, "").split()
    return {name: search_parameters.parameters(type_)[name] for name in names}


TYPES = tuple(_NAMES)
