"""`paingate lint`: the mappings themselves, and what a site changes in them, checked before any data."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from adapter.cli.convert import write
from adapter.cli.site import VARIABLE
from adapter.output import say

if TYPE_CHECKING:
    import argparse


def lint(arguments: argparse.Namespace) -> int:
    """A line for each finding, with the file and line of the rule; 1 where there is any."""
    import mappings
    from mappings import lint as linter
    from mappings.lens.paths import DeclarationError

    folder = arguments.site or os.environ.get(VARIABLE)
    try:
        found = linter.lint()
        if folder:
            mappings.site(folder)
    except DeclarationError as faults:
        found = linter.told(faults)
    for finding in found:
        if arguments.json:
            write(finding._asdict())
        else:
            say(f"{finding.where}: {finding.text}\n")
    if not arguments.json:
        say(f"{len(found)} findings\n" if found else "nothing found\n")
    return 1 if found else 0
