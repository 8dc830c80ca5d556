"""Who was found to be which of our patients: by an identifier or by a person, and what was taken back of it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, bindparam, or_, select, text, update

from adapter.store import rows
from adapter.store.clock import now
from adapter.store.tables import patient_link

BY_IDENTIFIER = "identifier"
"""Who decided, where no person did."""


_LEADS = select(patient_link.c.number).where(
    patient_link.c.linked_number == bindparam("of"), patient_link.c.undone_at.is_(None)
)


@dataclass(frozen=True)
class PatientLink:
    id: str
    number: str
    """Our patient."""
    linked_number: str | None
    """The number under which the partner's patient was known before, where a person linked all of it."""
    referral_id: str | None
    """The one referral whose patient was known by an identifier."""
    decided_at: str
    decided_by: str
    undone_at: str | None = None
    undone_by: str | None = None


def hold(connection: Connection, *, alone: bool) -> None:
    """Until the transaction ends no link is made or undone by anybody else; and alone: nobody else goes by them either.

    All of them at once: what a number means may hang on a link of another one.  SQLite has no such lock and needs none:
    its writing transactions take turns.
    """
    if connection.dialect.name == "postgresql":
        mode = "SHARE ROW EXCLUSIVE" if alone else "ROW EXCLUSIVE"
        connection.execute(text(f"LOCK TABLE {patient_link.name} IN {mode} MODE"))


def by_identifier(connection: Connection, number: str, referral_id: str) -> None:
    _add(connection, PatientLink(str(uuid4()), number, None, referral_id, now(), BY_IDENTIFIER))


def by_person(connection: Connection, number: str, linked_number: str, who: str) -> PatientLink:
    return _add(connection, PatientLink(str(uuid4()), number, linked_number, None, now(), who))


def get(connection: Connection, link_id: str) -> PatientLink | None:
    return next(iter(_links(connection, patient_link.c.id == link_id)), None)


def of_patient(connection: Connection, number: str) -> list[PatientLink]:
    """All that lead to a patient or away from it, the oldest first; those that were undone too."""
    return _links(connection, or_(patient_link.c.number == number, patient_link.c.linked_number == number))


def leads_to(connection: Connection, number: str) -> str:
    """The patient that a number means, links followed."""
    for _ in range(100):  # there are no circles; a bound all the same, since this is told of patients
        found = connection.scalars(_LEADS, {"of": number}).first()
        if found is None:
            return number
        number = found
    raise LookupError("the links of a patient go in a circle")


def undo(connection: Connection, link_id: str, who: str) -> bool:
    """False where it was undone before."""
    undone = connection.execute(
        update(patient_link)
        .where(patient_link.c.id == link_id, patient_link.c.undone_at.is_(None))
        .values(undone_at=now(), undone_by=who)
    )
    return undone.rowcount == 1


def _add(connection: Connection, new: PatientLink) -> PatientLink:
    rows.add(connection, patient_link, vars(new))
    return new


def _links(connection: Connection, condition: ColumnElement[bool]) -> list[PatientLink]:
    query = select(patient_link).where(condition).order_by(patient_link.c.decided_at, patient_link.c.id)
    return [PatientLink(**row._asdict()) for row in connection.execute(query)]
