"""Invariants of what carries other things: Bundle, Parameters, Task, documents, logs; and what all resources share."""

from __future__ import annotations

from mappings.r4.invariants.reading import Node, distinct, each, has, has_choice, invariant, not_after


@invariant("dom-4", "Leave versionId and lastUpdated out of what is contained: it has no life of its own.")
def dom_4(resource: Node) -> bool:
    return not any(has(meta, "versionId", "lastUpdated") for meta in each(resource, "contained", "meta"))


@invariant("dom-5", "Label the outer resource instead: leave meta.security out of what is contained.")
def dom_5(resource: Node) -> bool:
    return not any(has(meta, "security") for meta in each(resource, "contained", "meta"))


@invariant("bdl-1", "Leave total out.")
def bdl_1(bundle: Node) -> bool:
    return not has(bundle, "total") or bundle.get("type") in {"searchset", "history"}


@invariant("bdl-2", "Leave search out of the entries.")
def bdl_2(bundle: Node) -> bool:
    return bundle.get("type") == "searchset" or not any(has(entry, "search") for entry in each(bundle, "entry"))


@invariant("bdl-3", "Give every entry a request in a batch, transaction or history, and no entry one elsewhere.")
def bdl_3(bundle: Node) -> bool:
    wanted = bundle.get("type") in {"batch", "transaction", "history"}
    return all(has(entry, "request") == wanted for entry in each(bundle, "entry"))


@invariant("bdl-4", "Give every entry a response in an answer or history, and no entry one elsewhere.")
def bdl_4(bundle: Node) -> bool:
    wanted = bundle.get("type") in {"batch-response", "transaction-response", "history"}
    return all(has(entry, "response") == wanted for entry in each(bundle, "entry"))


@invariant("bdl-5", "Give the entry its resource.")
def bdl_5(entry: Node) -> bool:
    return has(entry, "resource", "request", "response")


@invariant("bdl-7", "Give each entry a fullUrl of its own.")
def bdl_7(bundle: Node) -> bool:
    entries = [entry for entry in each(bundle, "entry") if "fullUrl" in entry]
    return bundle.get("type") == "history" or distinct(
        [entry["fullUrl"], next(each(entry, "resource", "meta", "versionId"), "")] for entry in entries
    )


@invariant("bdl-8", "Cut /_history/ and the version off the fullUrl.")
def bdl_8(entry: Node) -> bool:
    return "/_history/" not in entry.get("fullUrl", "")


@invariant("bdl-9", "Give the document an identifier with system and value.")
def bdl_9(bundle: Node) -> bool:
    named = has(bundle.get("identifier", {}), "system") and has(bundle.get("identifier", {}), "value")
    return bundle.get("type") != "document" or named


@invariant("bdl-10", "Say with timestamp when the document was put together.")
def bdl_10(bundle: Node) -> bool:
    return bundle.get("type") != "document" or "timestamp" in bundle


def _starts_with(bundle: Node, type_: str) -> bool:
    first: Node = next(each(bundle, "entry"), {})
    return bool(first.get("resource", {}).get("resourceType") == type_)


@invariant("bdl-11", "Put the Composition into the first entry.")
def bdl_11(bundle: Node) -> bool:
    return bundle.get("type") != "document" or _starts_with(bundle, "Composition")


@invariant("bdl-12", "Put the MessageHeader into the first entry.")
def bdl_12(bundle: Node) -> bool:
    return bundle.get("type") != "message" or _starts_with(bundle, "MessageHeader")


@invariant("inv-1 of Parameters.parameter", "Give the parameter a value, a resource or parts: one of the three.")
def parameter_inv_1(parameter: Node) -> bool:
    value, resource, part = has_choice(parameter, "value"), has(parameter, "resource"), has(parameter, "part")
    return (value + resource + part) == 1


@invariant("inv-1 of Task", "Let the task be modified when it was written or later.")
def task_inv_1(task: Node) -> bool:
    written, modified = task.get("authoredOn"), task.get("lastModified")
    return written is None or modified is None or not_after(written, modified)


@invariant("cmp-1", "Give the section a text, entries or sections.")
def cmp_1(section: Node) -> bool:
    return has(section, "text", "entry", "section")


@invariant("cmp-2", "Leave emptyReason out: there are entries.")
def cmp_2(section: Node) -> bool:
    return not has(section, "emptyReason") or not has(section, "entry")


@invariant("sev-1", "Leave out name or query.")
def sev_1(entity: Node) -> bool:
    return not has(entity, "name") or not has(entity, "query")
