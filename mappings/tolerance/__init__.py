"""What senders often get wrong, repaired where only one thing can be meant, each time with a warning.

A repair changes how something is written, never what it says: no zone, no code, no resource type and no digit is added
that the sender did not give.  What could mean two things is left as it came, for the structure check to refuse.  The
table of all of it, with an example for each, is in mappings/README.md; a test runs every row.
"""

from __future__ import annotations

from mappings.issues import Issue
from mappings.tolerance.walk import Walk
from mappings.values import Json


def repaired(document: Json) -> tuple[Json, list[Issue]]:
    """The document with what was repaired in it, and a warning for each repair.

    Also a warning for what is R4 and yet not followed: the version in a reference, a code told in words alone.  Where
    nothing is to be repaired it is the document itself; else a copy, which shares with it what is the same.  The places
    are those of the repaired document.  Anything may come in: what is no FHIR goes out as it is.
    """
    walk = Walk()
    made = walk.resource(document)
    return made, walk.issues(made)


__all__ = ["repaired"]
