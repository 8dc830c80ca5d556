"""Each way in which a plan can reach a partner, by the name that it has among the fits: one module for each sort."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Protocol

from adapter.client import FhirClient
from adapter.delivery.pushing.sending import Sending
from adapter.delivery.pushing.ways import offered, papers, singles, transactions
from adapter.delivery.transaction import Delivered


class Way(Protocol):
    """Brings a plan, or raises what stands in the way; `first`: nothing of it ever left for this partner."""

    def __call__(self, client: FhirClient, sending: Sending, *, first: bool) -> Delivered: ...


WAYS: Mapping[str, Way] = {
    "conditional-transaction": transactions.conditional,
    "transaction": transactions.after_a_look,
    "conditional-singles": singles.conditional,
    "singles": singles.after_a_look,
    **{name: partial(papers.bring, make) for name, (_, make) in papers.PAPERS.items()},
    "offered": offered.bring,
}
