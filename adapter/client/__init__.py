"""FHIR over requests: what is sent to a partner and what its answers mean.  Knows neither plans nor the store."""

from adapter.client.answers import Placed, Verdict, issue_codes, placed, retry_after, verdict
from adapter.client.authorising import NOBODY, Authorisation, basic, bearer
from adapter.client.errors import AnswerLost, PartnerTrouble, WillAnswerTheSame, WorthAnotherTry
from adapter.client.http import Answer, FhirClient
from adapter.client.searching import Identifier, escaped
from adapter.client.signing import SigningKey, UnfitKey, signing_key
from adapter.client.tokens import Registration, Tokens
from adapter.client.wire import Limits, Tls, Wire

__all__ = [
    "NOBODY",
    "Answer",
    "AnswerLost",
    "Authorisation",
    "FhirClient",
    "Identifier",
    "Limits",
    "PartnerTrouble",
    "Placed",
    "Registration",
    "SigningKey",
    "Tls",
    "Tokens",
    "UnfitKey",
    "Verdict",
    "WillAnswerTheSame",
    "Wire",
    "WorthAnotherTry",
    "basic",
    "bearer",
    "escaped",
    "issue_codes",
    "placed",
    "retry_after",
    "signing_key",
    "verdict",
]
