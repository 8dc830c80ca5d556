"""Who calls, what they may do and what they see.

Partners come to the FHIR API with access tokens of SMART Backend Services, which a configured issuer signs; the
clinic's own programs come to the clinic API with tokens that `paingate token new` makes.  Both are looked at before any
route runs, and a request that no rule here knows is refused.
"""

from adapter.authorisation.caller import EVERYBODY, Caller
from adapter.authorisation.gate import ClinicCaller, caller, clinic_caller, clinic_gate, fhir_gate

__all__ = ["EVERYBODY", "Caller", "ClinicCaller", "caller", "clinic_caller", "clinic_gate", "fhir_gate"]
