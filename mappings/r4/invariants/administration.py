"""Invariants of people, organisations, visits and insurance."""

from __future__ import annotations

from mappings.r4.invariants.reading import Node, has, how_many, invariant


@invariant("pat-1", "Give the contact a name, telecom, address or organization.")
def pat_1(contact: Node) -> bool:
    return has(contact, "name", "telecom", "address", "organization")


@invariant("org-1", "Give the organization a name or an identifier.")
def org_1(organization: Node) -> bool:
    return has(organization, "identifier", "name")


@invariant("org-2", "Use work, temp, old or billing.")
def org_2(address: Node) -> bool:
    return address.get("use") != "home"


@invariant("org-3", "Use work, temp, old or mobile.")
def org_3(telecom: Node) -> bool:
    return telecom.get("use") != "home"


@invariant("app-1", "Say who takes part (actor) or as what (type).")
def app_1(participant: Node) -> bool:
    return has(participant, "type", "actor")


@invariant("app-2", "Give start and end, or neither.")
def app_2(appointment: Node) -> bool:
    return has(appointment, "start") == has(appointment, "end")


@invariant("app-3", "Give start and end; only a proposed, cancelled or waitlist appointment may be without.")
def app_3(appointment: Node) -> bool:
    dated = has(appointment, "start") and has(appointment, "end")
    return dated or appointment.get("status") in {"proposed", "cancelled", "waitlist"}


@invariant("app-4", "Leave cancelationReason out, or set the status to cancelled or noshow.")
def app_4(appointment: Node) -> bool:
    return not has(appointment, "cancelationReason") or appointment.get("status") in {"noshow", "no-show", "cancelled"}


@invariant("apr-1", "Say who answers (actor) or as what (participantType).")
def apr_1(response: Node) -> bool:
    return has(response, "participantType", "actor")


@invariant("ces-1", "Give category or productOrService, one of the two.")
def ces_1(item: Node) -> bool:
    return has(item, "category") != has(item, "productOrService")


@invariant("ipn-1", "Give the plan a name or an identifier.")
def ipn_1(plan: Node) -> bool:
    return has(plan, "identifier", "name")


@invariant("grp-1", "Leave the members out, or set actual to true.")
def grp_1(group: Node) -> bool:
    return not has(group, "member") or group.get("actual") is True


@invariant("lnk-1", "Link two items or more.")
def lnk_1(linkage: Node) -> bool:
    return how_many(linkage, "item") > 1


@invariant("lst-1", "Leave emptyReason out: there are entries.")
def lst_1(list_: Node) -> bool:
    return not has(list_, "emptyReason") or not has(list_, "entry")


@invariant("lst-2", "Leave entry.deleted out, or set mode to changes.")
def lst_2(list_: Node) -> bool:
    return list_.get("mode") == "changes" or not any(has(entry, "deleted") for entry in list_.get("entry", ()))


@invariant("lst-3", "Leave entry.date out, or set mode to working.")
def lst_3(list_: Node) -> bool:
    return list_.get("mode") == "working" or not any(has(entry, "date") for entry in list_.get("entry", ()))
