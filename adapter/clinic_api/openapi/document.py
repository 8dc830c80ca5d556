"""The description itself: an operation for each route and method that there is."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from apispec import APISpec
from marshmallow import RAISE, Schema, fields
from werkzeug.routing import Map, Rule

from adapter.bodies import ETAG
from adapter.clinic_api.asking import ID, JSON, PARAMETERS
from adapter.clinic_api.decisions import schema_of as schema_of_decision
from adapter.clinic_api.errors import PROBLEM
from adapter.clinic_api.openapi import answers
from adapter.clinic_api.openapi.record_fields import Describing
from adapter.clinic_api.plans import PDF
from adapter.clinic_api.told import Decided, Linking, OwnRecord, Undoing
from adapter.exchange.sending.own_records import KINDS
from adapter.exchange.workflow.states import ACTIONS
from adapter.settings.named import NAME
from mappings.records.schema import schema_of
from mappings.roots import roots
from mappings.sites import Site

ENDPOINTS = "clinic."


@dataclass(frozen=True)
class Operation:
    """What a route does, what is sent to it, and what it answers."""

    says: str
    tells: type[Schema] | None
    asks: Schema | type[Schema] | dict[str, list[Schema]] | None = None
    needs_body: bool = True
    statuses: tuple[int, ...] = (200,)
    conditional: bool = False
    """Whether If-Match may name the version that it is about."""
    media: str = JSON
    """What the answer is."""


def document(routes: Map, site: Site, *, closed: bool) -> dict[str, Any]:
    """The OpenAPI description of the routes under /clinic/v1; `closed`: they are asked with a token."""
    describing = Describing()
    spec = APISpec(
        "paingate: what the clinic's system sees",
        version("paingate"),
        "3.1.0",
        plugins=[describing],
        info={"description": "Referrals that came in, decisions on them, plans that go out."},
        **({"security": [{"token": []}]} if closed else {}),
    )
    if closed:
        spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    known = operations(site, closed=closed)
    paths: dict[str, dict[str, Any]] = {}
    for rule, method in described(routes):
        path = re.sub(r"<(?:[^:<>]*:)?([^<>]+)>", r"{\1}", rule.rule)
        paths.setdefault(path, {})[method.lower()] = _operation(rule, known[rule.endpoint.removeprefix(ENDPOINTS)])
    for path, found in paths.items():
        spec.path(path=path, operations=found)
    made: dict[str, Any] = spec.to_dict()
    return made


def described(routes: Map) -> Iterator[tuple[Rule, str]]:
    """Each route of the clinic API with each of its methods."""
    for rule in routes.iter_rules():
        if rule.endpoint.startswith(ENDPOINTS):
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method


def operations(site: Site, *, closed: bool = False) -> Mapping[str, Operation]:
    """By the name of the route; `closed`: a token says who tells something, so that nobody has to."""
    plan = schema_of("care_plan", site=site)
    fixed = {
        "inbox": Operation("The inbox: the referrals that came in.", answers.Referrals),
        "referral": Operation("One referral.", answers.ReferralInFull),
        "history": Operation("Every move of it.", answers.History),
        "brought_back": Operation("Where its sender was told how it stands.", answers.TaskDeliveries),
        "bring_again": Operation("Tell its sender again, where that was refused.", answers.TaskDeliveries),
        "put_record": Operation(
            "The clinic's own record of it.",
            answers.ReferralInFull,
            _with_record(OwnRecord, schema_of("referral", site=site)),
        ),
        "conflicts": Operation("What its sender and the clinic both changed.", answers.Conflicts),
        "decide": Operation(
            "Decide what holds: theirs or ours.",
            answers.ReferralInFull,
            _signed(Decided, closed),
        ),
        "links": Operation("Who was found to be this patient.", answers.Links),
        "link": Operation(
            "Who has another number is this patient.",
            answers.Link,
            _signed(Linking, closed),
            statuses=(201,),
        ),
        "undo": Operation("Take a link back.", answers.Link, _signed(Undoing, closed)),
        "feed": Operation("What has happened since.", answers.Changes),
        "put_plan": Operation(
            "Put a plan; it goes to every partner that is to have plans.", answers.Plan, plan, statuses=(200, 201)
        ),
        "plan": Operation("A plan as it stands.", answers.Plan),
        "deliveries": Operation("Where a plan was brought.", answers.PlanDeliveries),
        "pdf": Operation("A plan as a letter.", None, media=PDF),
        "all_deliveries": Operation("What went to whom, and what came of it.", answers.Deliveries),
        "delivery": Operation("One delivery.", answers.AnyDelivery),
        "replay_delivery": Operation("Bring it again, where it was refused or cancelled.", answers.AnyDelivery),
        "cancel_delivery": Operation("Do not send it, or not try again.", answers.AnyDelivery),
        "all_partners": Operation("How the partners are doing.", answers.Partners),
        "partner": Operation("The settings of a partner; no secret is among them.", answers.PartnerSettings),
        "put_partner": Operation(
            "Put a partner, with the keys of [partners.NAME]; a secret is named, never told.",
            answers.PartnerSettings,
            answers.PartnerKeys,
            statuses=(200, 201),
            conditional=True,
        ),
        "remove_partner": Operation(
            "Nothing goes there any more; what waits for it waits.", None, statuses=(204,), conditional=True, media=""
        ),
        "ask_again": Operation("Ask a partner again what it takes, before the next plan goes there.", answers.Partners),
        "replay_all": Operation("Bring all again that a partner refused, ten in a second.", answers.Replayed),
        "openapi": Operation("This description.", None),
    }
    return fixed | dict(_decisions(site)) | dict(_own_records(site))


def _own_records(site: Site) -> Iterator[tuple[str, Operation]]:
    for kind in KINDS:
        sorts = roots(site)[kind]
        schemas = [schema_of(kind, sort, site) for sort in sorts]
        asks: Schema | dict[str, list[Schema]] = schemas[0] if len(schemas) == 1 else {"oneOf": schemas}
        words = kind.replace("_", " ")
        yield f"put_{kind}", Operation(f"Put a {words}.", answers.Kept, asks, statuses=(200, 201), conditional=True)
        yield kind, Operation(f"A {words} as it stands.", answers.Kept)
        yield f"{kind}_history", Operation(f"A {words} in all its versions.", answers.KeptVersions)
        yield f"{kind}_deliveries", Operation(f"Where a {words} was brought.", answers.RecordDeliveries)
        yield f"{kind}_of_patient", Operation(f"Each {words} of a patient.", answers.KeptOfPatient)
    yield "patient", Operation("A patient's record.", answers.Patient)
    whole = schema_of("patient", site=site)
    yield "put_patient", Operation("Mend a patient's record.", answers.Kept, whole, conditional=True)


def _decisions(site: Site) -> Iterator[tuple[str, Operation]]:
    for name, action in ACTIONS.items():
        if action.by != "clinic":
            continue
        needs = action.needs_text or action.needs_record
        asks: Schema | type[Schema] = schema_of_decision(name)
        if action.record == "follow_up":
            asks = _filled_in(schema_of("follow_up", "appointment", site), "AppointmentToMake")
        elif action.record:
            asks = _filled_in(schema_of("consult_note", "document", site), "NoteToSend", "kind")
        says = f"{action.says[0].upper()}{action.says[1:]}."
        yield name, Operation(says, answers.ReferralInFull, asks, needs, conditional=True)


def _signed(schema: type[Schema], closed: bool) -> Schema:
    """A body that says who tells it, where no token does."""
    made = schema()
    made.fields["by"].required = not closed
    return made


def _with_record(schema: type[Schema], record: Schema) -> type[Schema]:
    """A body of which `record` is such a record."""
    members = {**schema().fields, "record": fields.Nested(record, required=True)}
    return type(schema.__name__, (Schema,), {**members, "Meta": type("Meta", (), {"unknown": RAISE})})


def _filled_in(schema: Schema, name: str, *needed: str) -> type[Schema]:
    """A record of which the exchange fills in what it knows: whose it is, which record, and where it stands."""
    members = {}
    for member, field in schema.fields.items():
        members[member] = copy.copy(field)
        members[member].required = member in needed
    return type(name, (Schema,), {**members, "Meta": type("Meta", (), {"unknown": RAISE})})


def _operation(rule: Rule, one: Operation) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {"in": "path", "name": name, "required": True, "schema": {"type": "string", "pattern": _NAMED.get(name, _ID)}}
        for name in sorted(rule.arguments)
    ]
    if (asked := PARAMETERS.get(rule.endpoint)) is not None:
        parameters += [{"in": "query", "schema": type(asked)}]
    if one.conditional:
        about = {"description": "The version that was decided on, as ETag told it."}
        parameters.append({"in": "header", "name": "If-Match", "schema": {"type": "string", "pattern": _ETAG}, **about})
    what = one.tells or ({"type": "object"} if one.media == JSON else {})
    tells = {"content": {one.media: {"schema": what}}} if one.media else {}
    problem = {"description": "What is wrong.", "content": {PROBLEM: {"schema": answers.Problem}}}
    told = {str(status): {"description": _STATUS[status], **tells} for status in one.statuses}
    made: dict[str, Any] = {"operationId": rule.endpoint.removeprefix(ENDPOINTS), "summary": one.says}
    made |= {"parameters": parameters, "responses": told | {"default": problem}}
    if one.asks is not None:
        made["requestBody"] = {"required": one.needs_body, "content": {JSON: {"schema": one.asks}}}
    return made


_ETAG = f"^{ETAG}$"
_ID = f"^{ID}$"
_NAMED = {"name": f"^{NAME}$"}
_STATUS = {200: "As it stands now.", 201: "It is new.", 204: "It is gone."}
