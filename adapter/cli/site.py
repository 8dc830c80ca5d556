"""The site whose mappings a command uses."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from mappings import Site

VARIABLE = "PAINGATE_SITE"


def site_of(arguments: argparse.Namespace) -> Site:
    """The site that the command or the environment names, or the mappings as shipped.

    A site that cannot be right ends the command as wrong usage does, with the file, the line and what to mend.
    """
    from mappings import site
    from mappings.lens.paths import DeclarationError
    from mappings.sites import AS_SHIPPED

    folder = arguments.site or os.environ.get(VARIABLE)
    if not folder:
        return AS_SHIPPED
    try:
        return site(folder)
    except DeclarationError as fault:
        parser: argparse.ArgumentParser = arguments.parser
        parser.error(str(fault))
