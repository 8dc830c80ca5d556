"""The inbox: the referrals that came in, the newest first, by what is asked for."""

from __future__ import annotations

from flask import Blueprint, Response
from sqlalchemy import Engine

from adapter.clinic_api.asking import MOST_REFERRALS, answer, asked, page_of
from adapter.clinic_api.views import referral_view
from adapter.store import referrals
from adapter.store.engine import reading
from adapter.store.referrals import Sought


def inbox_routes(routes: Blueprint, engine: Engine) -> None:
    """Adds the route."""

    @routes.get("/referrals")
    def inbox() -> Response:
        told = asked()
        most = page_of(told, MOST_REFERRALS)
        sought = Sought(
            statuses=tuple(told["status"].split(",")) if "status" in told else (),
            patient_number=told.get("patient"),
            number=told.get("number"),
            sender=told.get("sender"),
            received_from=told.get("received_from"),
            received_before=told.get("received_before"),
            contested="contested" in told,
        )
        with reading(engine) as connection:
            found = referrals.inbox(connection, sought, told.get("cursor"), most + 1)
        page = found[:most]
        following = str(page[-1].serial) if len(found) > most else None
        return answer({"referrals": [referral_view(one) for one in page], "next": following})
