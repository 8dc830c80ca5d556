"""How a plan is brought to a partner that accepts only some of FHIR: what it accepts, the ways there are, and the best.

accepts(statement)             what a CapabilityStatement says that its server takes
choose(accepted, ...)          the best way that fits, and why each better one does not
will_not_keep(accepted, ...)   what of a resource the server's profiles forbid
"""

from adapter.delivery.pushing.fits.choosing import Choice, PassedOver, choose
from adapter.delivery.pushing.fits.profiles import will_not_keep, with_forbidden
from adapter.delivery.pushing.fits.statement import Accepts, NoStatement, OfType, accepts, as_json, of_json
from adapter.delivery.pushing.fits.table import FITS, Fit

__all__ = [
    "FITS",
    "Accepts",
    "Choice",
    "Fit",
    "NoStatement",
    "OfType",
    "PassedOver",
    "accepts",
    "as_json",
    "choose",
    "of_json",
    "will_not_keep",
    "with_forbidden",
]
