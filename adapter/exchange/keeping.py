"""A resource as GET returns it: under our id, in one of its versions, found by all that it says."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from adapter.exchange.identifiers import identifiers
from adapter.store import resources
from adapter.store.resources import New, Stored
from mappings.r4 import exact_json

Node = dict[str, Any]


def version_of(resource: Node, id_: str, version: int, at: str) -> Node:
    """The resource, as this version of what has this id here."""
    meta = {**resource.get("meta", {}), "versionId": str(version), "lastUpdated": at}
    rest = {name: value for name, value in resource.items() if name not in ("resourceType", "id", "meta")}
    return {"resourceType": resource["resourceType"], "id": id_, "meta": meta, **rest}


def kept(version: Node, partner: str, message_id: str | None = None) -> New:
    """How what version_of gave is stored; partner: whose it is; message_id: what brought just this version."""
    meta = version["meta"]
    stored = Stored(
        version["resourceType"],
        version["id"],
        int(meta["versionId"]),
        meta["lastUpdated"],
        exact_json.dumps(version),
        message_id,
        partner,
    )
    return New(stored, version, identifiers(version))


def keep_next(connection: Connection, held: Stored, resource: Node, at: str) -> Stored:
    """What something says from now on, as its next version; it stays its partner's."""
    next_ = kept(version_of(resource, held.id, held.version + 1, at), held.partner)
    resources.add(connection, next_)
    return next_.stored
