"""Records as what is delivered: what the database says of one, its patient and the partner, made ready to be sent.

A plan, or another record of the clinic's.  Every version of one goes, since each is a version there too.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import Connection, Engine

from adapter.client import FhirClient, Identifier, PartnerTrouble, WillAnswerTheSame
from adapter.delivery.attempt import Bring, Goods
from adapter.delivery.compare import unkept
from adapter.delivery.outgoing import Record, Render
from adapter.delivery.partners import configured, identifier_of, rendering
from adapter.delivery.pushing.fits import Accepts, NoStatement, accepts, as_json, of_json, will_not_keep, with_forbidden
from adapter.delivery.pushing.plan_letter import letterhead, records_beside
from adapter.delivery.pushing.push import Choosing, push
from adapter.delivery.pushing.sending import Clinic, Sending
from adapter.delivery.transaction import Delivered, Resource
from adapter.documents.beside import Beside
from adapter.exchange import keeping
from adapter.exchange.translation import site_of
from adapter.settings import Partner, Settings
from adapter.store import deliveries, partner_knowledge, patients, plans, records, resources
from adapter.store.clock import now
from adapter.store.deliveries import Delivery, Kind
from adapter.store.engine import committed, reading, writing
from adapter.store.partner_knowledge import Knowledge
from adapter.store.plans import Plan
from adapter.store.records import Kept
from mappings.r4 import exact_json
from mappings.sites import AS_SHIPPED
from mappings.values import same

_NO_STATEMENT = (404, 405, 410, 501)


@dataclass(frozen=True)
class Records:
    """How records are delivered."""

    engine: Engine
    settings: Settings
    render: Callable[[str], Render] | None = None
    """How records are rendered for a partner; the mappings' own where it is not given."""

    def goods(self) -> Goods:
        return Goods(self.load, every_version=True)

    def load(self, connection: Connection, delivery: Delivery) -> Bring:
        """Reads what is to be brought."""
        partner = configured(self.settings, delivery.partner)
        sending = self.sending(connection, partner, delivery.kind, delivery.item_id, delivery.item_version)
        sending = replace(sending, fresh=delivery.attempts <= 1)
        return partial(self._brought, partner, sending)

    def sending(self, connection: Connection, partner: Partner, kind: Kind, id_: str, version: int) -> Sending:
        """A version of a record as it is brought to a partner."""
        kept, patient = _at_version(connection, kind, id_, version)
        return self.sending_of(connection, partner, kind, kept, patient)

    def sending_of(
        self, connection: Connection, partner: Partner, kind: Kind, kept: Plan | Kept, patient: Record
    ) -> Sending:
        """The same of one that need not be stored."""
        before = deliveries.last_delivered(connection, kind, kept.id, partner.name, before=kept.version)
        render = self.render(partner.name) if self.render else rendering(self.settings, partner.name)
        organization = self.settings.organization.partition("|")
        return Sending(
            record=kept.record,
            patient=patient,
            patient_number=kept.patient_number,
            identifier=identifier_of(self.settings, kind, kept.id),
            render=render,
            version=kept.version,
            stored_at=kept.stored_at,
            before=_at_version(connection, kind, kept.id, before.item_version)[0].record if before else None,
            patient_there=partner_knowledge.patient(connection, partner.name, kept.patient_number),
            document_there=before.remote_id if before and before.fit == "document" else None,
            beside=partial(self._beside, kept.patient_number),
            clinic=Clinic(
                letterhead(self.settings),
                Identifier(organization[0], organization[2]) if organization[1] else None,
                self.settings.system("care-plan-document"),
                self.settings.system("care-plan-part"),
            ),
            site=site_of(self.settings.site).to(partner.name) if self.settings.site else AS_SHIPPED,
            offer=partial(self._offered, partner.name, kept.id),
            contained=partner.contained,
        )

    def _beside(self, patient_number: str) -> Beside:
        with reading(self.engine) as connection:
            return records_beside(connection, patient_number)

    def _brought(self, partner: Partner, sending: Sending, client: FhirClient, *, first: bool) -> Delivered:
        known = knowledge_of(self.engine, self.settings, partner, client)
        sending = replace(sending, accepted=accepted_by(known))
        choosing = self.choosing(partner, known)
        try:
            delivered = push(client, sending, choosing, first=first)
        except WillAnswerTheSame:
            if sending.patient_there is None:
                raise
            self._forget_patient(partner, sending)  # it may have been merged or removed there
            delivered = push(client, replace(sending, patient_there=None), choosing, first=False)
        self._learn_patient(partner, sending, delivered)
        return replace(delivered, unkept=read_back(client, sending, delivered))

    def choosing(self, partner: Partner, known: Knowledge) -> Choosing:
        """What a way is chosen by."""

        def remember(fit: str, why: str) -> None:
            with writing(self.engine) as connection:
                partner_knowledge.fit_failed(connection, partner.name, fit, why)

        return Choosing(partner.fit or None, partner.agreed, known.failed, remember)

    def _learn_patient(self, partner: Partner, sending: Sending, delivered: Delivered) -> None:
        there = delivered.patient_there
        if there is None or there == sending.patient_there:
            return
        with writing(self.engine) as connection:
            partner_knowledge.learn_patient(connection, partner.name, sending.patient_number, there)

    def _forget_patient(self, partner: Partner, sending: Sending) -> None:
        with writing(self.engine) as connection:
            partner_knowledge.forget_patient(connection, partner.name, sending.patient_number)

    def _offered(self, partner: str, of_id: str, resource: Resource) -> tuple[str, str]:
        """A resource that a partner may read here, in its next version where it says something new."""
        type_ = resource["resourceType"]
        id_ = str(uuid5(NAMESPACE_URL, f"{partner}/{type_}/{of_id}"))

        def kept(connection: Connection) -> tuple[str, str]:
            held = resources.current(connection, type_, id_)
            if held is None:
                resources.add(connection, keeping.kept(keeping.version_of(resource, id_, 1, now()), partner))
                return id_, "1"
            said = {name: value for name, value in exact_json.loads(held.json).items() if name not in ("id", "meta")}
            if same(said, {name: value for name, value in resource.items() if name != "meta"}):
                return id_, str(held.version)
            return id_, str(keeping.keep_next(connection, held, resource, now()).version)

        return committed(self.engine, kept)


def _at_version(connection: Connection, kind: Kind, id_: str, version: int) -> tuple[Plan | Kept, Record]:
    """A version of a record, and the record of its patient."""
    if kind == "care_plan":
        return plans.at_version(connection, id_, version)
    kept = records.at_version(connection, kind, id_, version)
    patient = patients.get(connection, kept.patient_number)
    if patient is None:
        raise LookupError("the patient of a record is not stored")
    return kept, patient.record


def accepted_by(known: Knowledge | None) -> Accepts | None:
    """What a partner says that it accepts, as far as that is known."""
    return of_json(known.accepts) if known is not None and known.accepts else None


def knowledge_of(engine: Engine, settings: Settings, partner: Partner, client: FhirClient) -> Knowledge:
    """What is known of a partner; its statement is read where there is none yet, or it is old.

    A partner without a statement is one that does not say what it takes; where the answer may be somebody else's (a
    proxy's, a gate's) that is not kept.  WillAnswerTheSame where it speaks another FHIR."""
    with reading(engine) as connection:
        known = partner_knowledge.get(connection, partner.name)
    current = known is not None and known.base_url == partner.base_url
    if known is not None and current and not known.older_than(settings.statement_max_age):
        return known
    accepted = None
    try:
        statement = client.metadata()
        fetch = partial(client.canonical, "StructureDefinition")
        accepted = as_json(with_forbidden(accepts(statement), statement, fetch))
    except WillAnswerTheSame as refused:
        if refused.status not in _NO_STATEMENT:
            return Knowledge(partner.name, partner.base_url, None, {}, now())  # it may say so yet: not kept
    except NoStatement as none:
        if none.version is not None:
            raise WillAnswerTheSame(f"its statement: {none}", codes=("not-supported",)) from None
        return Knowledge(partner.name, partner.base_url, None, {}, now())
    with writing(engine) as connection:
        return partner_knowledge.learn_statement(connection, partner.name, partner.base_url, accepted)


def read_back(client: FhirClient, sending: Sending, delivered: Delivered) -> tuple[str, ...] | None:
    """The elements that the partner did not keep as they were sent; where it cannot be read what it will not keep by
    its profiles, and None where those say nothing."""
    sent, there = delivered.resource, delivered.remote_id
    if sent is not None and delivered.found is not None:
        return unkept(sent, delivered.found)
    if sent is not None and there is not None:
        with suppress(PartnerTrouble):
            return unkept(sent, client.read(f"{sent['resourceType']}/{there}"))
    if delivered.fit == "offered" or sending.accepted is None:
        return None
    return will_not_keep(sending.accepted, sent or sending.named) or None
