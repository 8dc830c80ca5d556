"""`paingate token`: the tokens that the clinic's own programs call the clinic API with."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from adapter.authorisation.clinic_tokens import hash_of, new_token
from adapter.output import say

if TYPE_CHECKING:
    import argparse


def new(arguments: argparse.Namespace) -> int:
    """The token goes to standard output, this once and nowhere else; what to configure to standard error."""
    token = new_token()
    say(f"{token}\n")
    sys.stderr.write(
        "Keep the token where its holder reads secrets: it is not shown again.  In paingate.toml, under a name that\n"
        f'says who holds it:\n\n[clinic_tokens.NAME]\nrole = "{arguments.role}"\nhash = "{hash_of(token)}"\n'
    )
    return 0
