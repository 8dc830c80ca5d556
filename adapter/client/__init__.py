"""FHIR over requests: what is sent to a partner and what its answers mean.  Knows neither plans nor the store."""

from adapter.client.answers import Placed, Verdict, issue_codes, placed, retry_after, verdict
from adapter.client.errors import AnswerLost, PartnerTrouble, WillAnswerTheSame, WorthAnotherTry
from adapter.client.http import Answer, FhirClient, Limits
from adapter.client.searching import Identifier, escaped

__all__ = [
    "Answer",
    "AnswerLost",
    "FhirClient",
    "Identifier",
    "Limits",
    "PartnerTrouble",
    "Placed",
    "Verdict",
    "WillAnswerTheSame",
    "WorthAnotherTry",
    "escaped",
    "issue_codes",
    "placed",
    "retry_after",
    "verdict",
]
