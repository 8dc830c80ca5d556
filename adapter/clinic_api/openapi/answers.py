"""What the clinic API answers with, as marshmallow schemas: they describe; what is sent is made in views.py."""

from __future__ import annotations

from typing import Any, get_args

from marshmallow import RAISE, Schema, fields, validate

from adapter.settings.table import AUTHORISATIONS, DIALECTS, FITS, PATIENTS
from adapter.store.changes import Of
from adapter.store.deliveries import STATES
from adapter.store.referrals import STATUSES


def text(about: str, **more: Any) -> fields.String:
    return fields.String(required=True, metadata={"description": about}, **more)


def maybe(about: str) -> fields.String:
    return fields.String(required=True, allow_none=True, metadata={"description": about})


def optional(about: str, **more: Any) -> fields.String:
    return fields.String(metadata={"description": about}, **more)


def some_words(about: str) -> fields.List[Any]:
    return fields.List(fields.String(), metadata={"description": about})


def number(about: str) -> fields.Integer:
    return fields.Integer(required=True, metadata={"description": about})


def record(about: str, **more: Any) -> fields.Dict:
    return fields.Dict(required=True, metadata={"description": about}, **more)


def words(about: str) -> fields.List[Any]:
    return fields.List(fields.String(), required=True, metadata={"description": about})


def many(schema: type[Schema], about: str) -> fields.List[Any]:
    return fields.List(fields.Nested(schema), required=True, metadata={"description": about})


class Answer(Schema):
    """What is not described is not sent."""

    class Meta:
        unknown = RAISE


class Wrong(Answer):
    """One thing that is wrong with a request."""

    path = text("Where: a place in the record or body, or a parameter.")
    code = text("What kind, as a code of http://hl7.org/fhir/issue-type.")
    text = text("How to mend it.")


class Problem(Answer):
    """An error (RFC 9457)."""

    title = text("The kind, as HTTP names it.")
    status = number("The status.")
    detail = text("What is wrong, in a sentence.")
    errors = many(Wrong, "Each thing that is wrong, with its place.")


Move = Answer.from_dict(  # `from` is a word of Python
    {
        "action": text("What was told."),
        "by": text("Which side: clinic or sender."),
        "who": text("Who."),
        "at": text("When."),
        "from": maybe("Where it stood before."),
        "to": text("Where it stood then."),
        "reason": maybe("Why."),
        "task_version": number("The version of the Task that says so."),
        "resource": maybe("What was answered, as the sender reads it: Type/id."),
        "record": record("What came with it, in the clinic's words.", allow_none=True),
    },
    name="Move",
)
"""A move of a referral: who told what when, and what came with it."""


class Referral(Answer):
    """A referral: where it stands, whose it is, and what it says."""

    id = text("Its id in this API.")
    number = text("Its number, R-000001, to be read out.")
    status = text("Where it stands.", validate=validate.OneOf(STATUSES))
    reason = maybe("Why it stands there.")
    can = words("What may be decided now.")
    actionable = fields.Boolean(required=True, metadata={"description": "False: it holds what is not understood."})
    cannot_be_accepted_because = words("What stands in the way of accepting it.")
    patient_number = text("Whose it is, P-000001.")
    received_at = text("When it came in.")
    changed_at = text("When it was last changed.")
    service_request = text("The request as its sender reads it: ServiceRequest/id.")
    task = text("Where it stands as its sender reads it: Task/id.")
    record = record("What it says: a clinic record of a referral.")


class ReferralInFull(Referral):
    """The same with how it came to where it stands."""

    history = many(Move, "Every move, the first one first.")
    mapping_version = text("The mapping that made the record.")
    report = record("What there was to say about how it was read.")


class Referrals(Answer):
    """A page of the inbox."""

    referrals = many(Referral, "The newest first.")
    next = maybe("The cursor of the next page; null on the last.")


class History(Answer):
    """All moves."""

    history = many(Move, "The first one first.")


class Delivery(Answer):
    """Where something was brought, and what the partner made of it."""

    id = text("Its id.")
    partner = text("To whom.")
    state = text("How far it is.", validate=validate.OneOf(STATES))
    attempts = number("How often it was tried.")
    last_error = maybe("Why the last attempt came to nothing; no patient's data.")
    remote_id = maybe("Its id there.")
    remote_version = maybe("Its version there.")
    updated_at = text("When this changed last.")
    fit = maybe("The way by which it went.")
    because = words("Why by no better one, a line for each.")
    unkept = fields.List(
        fields.String(),
        required=True,
        allow_none=True,
        metadata={"description": "The elements that the partner did not keep as they were sent; null: not known."},
    )
    read_back_at = maybe("When that was looked at.")
    next_attempt_at = maybe("Not before then is it tried next; null where it is settled, or under way.")
    failing_since = maybe("Since when attempts have failed, while it is pending.")
    under_way = fields.Boolean(required=True, metadata={"description": "Whether an attempt is made now."})


class PlanDelivery(Delivery):
    plan_version = number("Which version of the plan.")


class TaskDelivery(Delivery):
    task_version = number("Which version of the Task.")


class AnyDelivery(Delivery):
    kind = text("What was brought: a care_plan, or answers to a referral.")
    item_id = text("The plan's id, or the referral's.")
    item_version = number("Which version of the plan, or of the referral's Task.")


class Deliveries(Answer):
    """A page of deliveries."""

    deliveries = many(AnyDelivery, "The last changed first.")
    next = maybe("The cursor of the next page; null on the last.")


class RecordDeliveries(Answer):
    deliveries = many(AnyDelivery, "The last changed first.")


class Replayed(Answer):
    replayed = number("How many deliveries are pending again.")


class Partner(Answer):
    """A partner, and how it is doing."""

    name = text("Its name in the settings.")
    base_url = text("Where it is.")
    sends = words("What it gets.")
    fit = maybe("The way in which plans go there; null where it was not asked yet.")
    because = words("Why no better one, a line for each.")
    asked_at = maybe("When it was asked what it takes.")
    failures = number("How often it failed in a row.")
    failing_since = maybe("Since when.")
    down = fields.Boolean(required=True, metadata={"description": "Whether it is left alone but for single tries."})
    left_alone_until = maybe("Until when nothing is begun there.")
    last_error = maybe("What the last failure was.")
    deliveries = record("How many deliveries there are in each state.")
    of_api = fields.Boolean(required=True, metadata={"description": "Whether it was put here; else: paingate.toml."})


class Partners(Answer):
    partners = many(Partner, "In the order of the settings.")


class PartnerKeys(Answer):
    """What may be said of a partner, as in [partners.NAME] of paingate.toml; a secret is named, never told."""

    base_url = optional("Its FHIR server.")
    auth = optional("How we are known there.", validate=validate.OneOf(AUTHORISATIONS))
    sends = some_words("What it gets.")
    dialect = optional("How it tells of referrals.", validate=validate.OneOf(DIALECTS))
    secret_file = optional("The name of a file in the folder of secrets: NAME, or NAME. and more.")
    client_ids = some_words("Whose access tokens are its own.")
    issuer = optional("Who issues those.")
    our_client_id = optional("What we are registered as there.")
    scope = optional("What access tokens are asked for.")
    token_endpoint = optional("Where they are had, if its server does not say so.")
    key_id = optional("The `kid` of our key.")
    certificate_file = optional("As secret_file: our certificate.")
    certificate_key_file = optional("As secret_file: its key.")
    ca_file = optional("As secret_file: whom we believe about its certificate.")
    fit = optional("The way in which plans go there; left out for the best.", validate=validate.OneOf(FITS))
    agreed = some_words("The ways that it has agreed to.")
    patients = optional("Whose plans go there.", validate=validate.OneOf(PATIENTS))
    at_once = fields.Integer(metadata={"description": "How much goes there at the same time, for each worker."})
    connect_timeout = fields.Float(metadata={"description": "Seconds that it may take to let us connect."})
    read_timeout = fields.Float(metadata={"description": "Seconds that it may take to answer."})
    contained = fields.Boolean(metadata={"description": "Whether goals, team and orders go inside the plan."})


class PartnerSettings(Answer):
    """A partner's settings."""

    name = text("Its name.")
    settings = fields.Nested(PartnerKeys, required=True, metadata={"description": "What is said of it."})
    of_api = fields.Boolean(required=True, metadata={"description": "Whether it was put here; else: paingate.toml."})
    stored_at = maybe("When it was put; null for one of paingate.toml.")
    stored_by = maybe("By whom.")


class PlanDeliveries(Answer):
    deliveries = many(PlanDelivery, "The oldest version first.")


class TaskDeliveries(Answer):
    deliveries = many(TaskDelivery, "The oldest version first.")


class Plan(Answer):
    """A care plan as it is kept, and where it was brought."""

    id = text("Its id.")
    version = number("Its version.")
    patient_number = text("Whose it is.")
    referral = maybe("The referral that it answers, by its id.")
    stored_at = text("When.")
    mapping_version = text("The mapping that it was checked by.")
    record = record("The plan: a clinic record.")
    deliveries = many(PlanDelivery, "Where it was brought.")


class Kept(Answer):
    """A version of one of the clinic's own records."""

    id = text("Its id; a patient's number.")
    version = number("Its version.")
    record = record("The record.")
    mapping_version = text("The mapping that it was checked by.")
    patient_number = text("Whose it is.")
    stored_at = text("When.")
    stored_by = text("By whom: the name of the clinic's token; empty for what was received.")


class KeptVersions(Answer):
    versions = many(Kept, "The newest first.")


class KeptOfPatient(Answer):
    records = many(Kept, "Each as it stands now, by their ids.")


class Patient(Answer):
    """A patient's record."""

    version = number("Its version; 1 as it was received.")
    number = text("The number here.")
    record = record("The record.")


class Conflict(Answer):
    """What both sides changed."""

    id = text("Its id.")
    field = text("Which field of the record.")
    sides = record("What each side says: as received before, theirs, ours.")
    found_at = text("When it was found.")
    taken = maybe("theirs or ours, once that is decided; superseded where the sender said something else since.")
    decided_at = maybe("When that was decided.")
    decided_by = maybe("By whom.")


class Conflicts(Answer):
    conflicts = many(Conflict, "The oldest first.")


class Change(Answer):
    """One thing that has happened."""

    at = text("When.")
    of = text("Of what.", validate=validate.OneOf(get_args(Of)))
    id = text("Its id; a patient's number.")
    what = text("What.")


class Changes(Answer):
    changes = many(Change, "In their order.")
    next = text("The cursor to go on with.")


class Link(Answer):
    """Who was found to be which patient of ours."""

    id = text("Its id.")
    number = text("Our patient.")
    linked_number = maybe("The number under which the patient was known before, where a person linked all of it.")
    referral_id = maybe("The one referral whose patient was known by an identifier.")
    decided_at = text("When.")
    decided_by = text('By whom; "identifier" where no person did.')
    undone_at = maybe("When it was taken back.")
    undone_by = maybe("By whom.")


class Links(Answer):
    links = many(Link, "In their order.")
