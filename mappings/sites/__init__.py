"""What a site does differently, from a folder of its own and without a copy of ours.

    site/referral.py               CHANGES: rules added, replaced, skipped, defaulted, in any shape that we declare
    site/acupuncture_session.py    RECORD: a kind of record that only this site has
    site/terminology/urgency.json  a table that takes the place of ours of the same name
    site/partners/mercy/...        the same once more, for what is exchanged with one partner

A site's files are Python in the words of mappings.lens.words, and run with our rights: only who runs the service may
write there.  What no site may change are the safety gates (mappings.sites.gates).  mappings/README.md teaches it all.
"""

from __future__ import annotations

from mappings.sites.changes import add, default, replace, skip
from mappings.sites.folder import read_site
from mappings.sites.site import AS_SHIPPED, Site

__all__ = ["AS_SHIPPED", "Site", "add", "default", "read_site", "replace", "skip"]
