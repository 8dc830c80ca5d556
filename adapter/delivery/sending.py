"""What is to be brought to a partner: a version of a plan or of another record, and all that a way may ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from adapter.client import Identifier
from adapter.delivery.fits.statement import Accepts
from adapter.delivery.plan_bundle import CannotBeSent, Record, Render, about, usable_identifiers
from adapter.delivery.plan_bundle import document as as_sent
from adapter.delivery.transaction import Resource
from adapter.documents.beside import Beside, Letterhead
from adapter.documents.letter import letter
from adapter.documents.pdf import Unprintable, plan_pdf
from mappings.roots import mapping
from mappings.sites import AS_SHIPPED, Site


@dataclass(frozen=True)
class Clinic:
    """Who sends it, as documents say it."""

    head: Letterhead = field(default_factory=lambda: Letterhead("", "", "", ""))
    organization: Identifier | None = None
    documents: str = ""
    """The system of the numbers of documents."""


def _to_nobody(_: Resource) -> tuple[str, str]:
    raise LookupError("nothing is offered here")


@dataclass(frozen=True)
class Sending:
    """The stored records, the identifier of what is brought, and how records become resources."""

    record: Record
    """A care plan, or another record of the clinic's."""
    patient: Record
    identifier: Identifier
    render: Render
    patient_number: str = ""
    """The patient's number here."""
    version: int = 1
    fresh: bool = True
    """Whether nothing of this very version ever left for the partner."""
    stored_at: str = "1970-01-01T00:00:00Z"
    before: Record | None = None
    """The version that the partner was brought before this one."""
    patient_there: str | None = None
    """The partner's Patient, where it is known from before."""
    document_there: str | None = None
    """What the partner was brought before, where it is no CarePlan: its id."""
    beside: Callable[[], Beside] = Beside
    """Reads what the clinic keeps of the patient: for what is read by people, and for nothing else."""
    clinic: Clinic = field(default_factory=Clinic)
    site: Site = AS_SHIPPED
    accepted: Accepts | None = None
    """What the partner says that it accepts; None where it does not say."""
    offer: Callable[[Resource], tuple[str, str]] = _to_nobody
    """Keeps a resource for the partner to read here: its id and version."""

    def document(self, here: str, record: Record | None = None) -> Resource:
        """The record as a resource about that Patient, or another version of it."""
        return about(self.named(record), here)

    def named(self, record: Record | None = None) -> Resource:
        """The same about the patient as the record has it."""
        return as_sent(record or self.record, self.identifier, self.render)

    @property
    def type(self) -> str:
        """Of the resource that it becomes."""
        return mapping(self.kind, str(self.record.get("kind", "")), self.site).shape.type

    @property
    def kind(self) -> str:
        """What the record is called."""
        return str(self.record["record"])

    def patient_identifiers(self) -> Iterator[Identifier]:
        """By which the patient may be known at the partner, those that hold first."""
        return usable_identifiers(self.patient, self.render)

    @cached_property
    def pdf(self) -> bytes:
        """CannotBeSent where it cannot be set."""
        try:
            return plan_pdf(self.record, self.clinic.head, self.beside())
        except Unprintable as trouble:
            raise CannotBeSent(f"there is no letter of the plan: {trouble}", "not-supported") from None

    @cached_property
    def words(self) -> dict[str, object]:
        """The plan as people read it, in sections."""
        return letter(self.record, self.clinic.head, self.beside())

    @property
    def title(self) -> str:
        return str(self.record.get("title") or "Care plan")

    @property
    def document_number(self) -> Identifier:
        """Of this version as a document: each version is one of its own."""
        return Identifier(self.clinic.documents, f"{self.identifier.value}/{self.version}")

    @property
    def holds_true(self) -> bool:
        return self.record.get("status") != "entered in error"
