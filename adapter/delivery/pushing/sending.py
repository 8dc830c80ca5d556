"""What is to be brought to a partner: a version of a plan or of another record, and all that a way may ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from adapter.client import Identifier
from adapter.delivery.outgoing import CannotBeSent, Record, Render, about, usable_identifiers
from adapter.delivery.outgoing import document as as_sent
from adapter.delivery.pushing import parts
from adapter.delivery.pushing.fits.statement import Accepts
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
    parts: str = ""
    """The system of the identifiers of what a plan consists of."""


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
    contained: bool = False
    """Whether all that a plan consists of goes inside it, whatever the partner takes by itself."""
    apart: frozenset[str] = frozenset()
    """The types of what stands by itself there."""

    def document(self, here: str) -> Resource:
        """The record as a resource about that Patient, with all of it contained."""
        return about(self._with_named_parts, here)

    def document_before(self, here: str) -> Resource | None:
        """The version that the partner was brought before, in the same form."""
        return about(self._before_with_named_parts, here) if self._before_with_named_parts is not None else None

    def part_keys(self) -> list[parts.Key]:
        """What the parts are known by that stand by themselves there: those of now, and those that were brought."""
        wholes = [one for one in (self._with_named_parts, self._before_with_named_parts) if one is not None]
        return list(dict.fromkeys(parts.key(one) for whole in wholes for one in parts.parts_of(whole, self.apart)))

    @cached_property
    def named(self) -> Resource:
        """The record as a resource about the patient as it has it."""
        return as_sent(self.record, self.identifier, self.render)

    @cached_property
    def _with_named_parts(self) -> Resource:
        return self.with_named_parts(self.named)

    @cached_property
    def _before_with_named_parts(self) -> Resource | None:
        if self.before is None:
            return None
        return self.with_named_parts(as_sent(self.before, self.identifier, self.render))

    def with_named_parts(self, whole: Resource) -> Resource:
        """The plan with an identifier in each part that stands by itself there."""
        return parts.named(
            whole, self.apart, lambda name: Identifier(self.clinic.parts, f"{self.identifier.value}/{name}")
        )

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
