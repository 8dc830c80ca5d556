"""A batch: each entry by itself, as if it had been sent alone; what one of them gets says nothing about the others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Engine

from adapter.authorisation import caller
from adapter.exchange.receiving.envelope import ROOT
from adapter.exchange.receiving.incoming import Incoming
from adapter.exchange.receiving.intake import receive
from adapter.exchange.receiving.older import refuse_older
from adapter.exchange.references import Node
from adapter.exchange.refusal import Refusal, refuse
from adapter.fhir_api.negotiation import Return
from adapter.fhir_api.outcome import outcome, receipt, warns
from adapter.settings import Settings
from mappings import Issue
from mappings.issues import errors
from mappings.lens.document import references
from mappings.r4 import exact_json, structure

ROUTE = "/fhir (batch)"


def batch_response(engine: Engine, settings: Settings, incoming: Incoming, returns: Return | None) -> Node:
    """The answer to a batch; Refusal where the Bundle itself is broken."""
    bundle = incoming.document
    refuse_older(bundle)
    told = bundle.get("entry", [])
    listed = told if isinstance(told, list) else []
    bare = [{k: v for k, v in one.items() if k != "resource"} if isinstance(one, dict) else one for one in listed]
    found = errors(structure.check(bundle | {"entry": bare or told}))
    if found:
        raise Refusal("unprocessable", found)
    urls = {entry["fullUrl"] for entry in listed if "fullUrl" in entry}
    answers = []
    for index, entry in enumerate(listed):
        try:
            caller().check_entry(entry, index)
            one = _alone(entry, urls, index, incoming.repairs)
            answers.append(_answer(engine, settings, replace(incoming, **one), index, returns))
        except Refusal as refusal:
            answers.append(_refused(refusal, index))
    return {"resourceType": "Bundle", "type": "batch-response", "entry": answers}


def _alone(entry: Node, urls: set[str], index: int, repairs: tuple[Issue, ...]) -> dict[str, Any]:
    """What an entry would be, if it were sent alone."""
    where = f"Bundle.entry[{index}].resource"
    resource, request = entry.get("resource"), entry.get("request", {})
    if (request.get("method"), request.get("url", "").strip("/")) != ("POST", ROOT):
        text = "What is taken in a batch is POST of a ServiceRequest: send other things where they belong."
        raise refuse("unprocessable", "not-supported", f"Bundle.entry[{index}].request", text)
    if not isinstance(resource, dict) or resource.get("resourceType") != ROOT:
        text = "A POST to ServiceRequest needs its resource: a ServiceRequest."
        raise refuse("unprocessable", "invalid", f"Bundle.entry[{index}].resource", text)
    if (urls - {entry.get("fullUrl")}) & references(resource):
        text = "Entries of a batch cannot refer to each other (R4, 3.1.0.11.1): send a transaction, or contain it."
        raise refuse("unprocessable", "invalid", ROOT, text)
    body = exact_json.dumps(resource)
    mended = tuple(
        replace(one, expression=ROOT + one.expression.removeprefix(where))
        for one in repairs
        if one.expression.startswith(where)
    )
    return {
        "repairs": mended,
        "route": ROUTE,
        "body": body,
        "document": resource,
        "condition": request.get("ifNoneExist"),
    }


def _answer(engine: Engine, settings: Settings, incoming: Incoming, index: int, returns: Return | None) -> Node:
    received = receive(engine, settings, incoming)
    made = next(one for one in received.made if one.id == received.referral.service_request_id)
    response: Node = {
        "status": "201 Created" if made.created else "200 OK",
        "location": f"{made.type}/{made.id}/_history/{made.version}",
        "etag": f'W/"{made.version}"',
        "lastModified": made.last_updated,
    }
    report = received.referral.report
    if returns != "minimal" or warns(report):
        response["outcome"] = _placed(receipt(report, ROOT), index)
    return {"response": response}


def _refused(refusal: Refusal, index: int) -> Node:
    issues = [Issue(one.severity, one.code, one.expression, one.text) for one in refusal.issues]
    return {"response": {"status": str(refusal.status), "outcome": _placed(outcome(issues), index)}}


def _placed(told: Node, index: int) -> Node:
    """An outcome with its places as they are in the batch."""
    for issue in told["issue"]:
        if "expression" in issue:
            where = f"Bundle.entry[{index}].resource"
            issue["expression"] = [
                where + place.removeprefix(ROOT) if place.startswith(ROOT) else place for place in issue["expression"]
            ]
    return told
