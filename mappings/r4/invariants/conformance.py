"""Invariants of what servers say they can do, and of how they are asked."""

from __future__ import annotations

import re

from mappings.r4.invariants.reading import Node, distinct, each, has, invariant

_DESCRIBE = "Give a description, the software or the implementation."
_INSTANCE = "Say with implementation which instance it is."
_CAPABILITY = "Name the software, and leave implementation out."
_REQUIREMENTS = "Leave implementation and software out: it says what is wanted, not what is there."


@invariant("cpb-1", "Give rest, messaging or document.")
def cpb_1(statement: Node) -> bool:
    return has(statement, "rest", "messaging", "document")


@invariant("cpb-2", _DESCRIBE)
def cpb_2(statement: Node) -> bool:
    return has(statement, "description", "software", "implementation")


@invariant("cpb-3", "Leave messaging.endpoint out, or set kind to instance.")
def cpb_3(statement: Node) -> bool:
    return statement.get("kind") == "instance" or not any(each(statement, "messaging", "endpoint"))


@invariant("cpb-7", "Name each document profile once for each mode.")
def cpb_7(statement: Node) -> bool:
    return distinct([document.get("profile"), document.get("mode")] for document in each(statement, "document"))


@invariant("cpb-9", "Name each type of resource once.")
def cpb_9(rest: Node) -> bool:
    return distinct(each(rest, "resource", "type"))


@invariant("cpb-12", "Name each search parameter once.")
def cpb_12(resource: Node) -> bool:
    return distinct(each(resource, "searchParam", "name"))


@invariant("cpb-14", _INSTANCE)
def cpb_14(statement: Node) -> bool:
    return _says_which(statement)


@invariant("cpb-15", _CAPABILITY)
def cpb_15(statement: Node) -> bool:
    return _is_software(statement)


@invariant("cpb-16", _REQUIREMENTS)
def cpb_16(statement: Node) -> bool:
    return _is_wanted_only(statement)


@invariant("tcp-2", _DESCRIBE)
def tcp_2(capabilities: Node) -> bool:
    return cpb_2(capabilities)


@invariant("tcp-3", _INSTANCE)
def tcp_3(capabilities: Node) -> bool:
    return _says_which(capabilities)


@invariant("tcp-4", _CAPABILITY)
def tcp_4(capabilities: Node) -> bool:
    return _is_software(capabilities)


@invariant("tcp-5", _REQUIREMENTS)
def tcp_5(capabilities: Node) -> bool:
    return _is_wanted_only(capabilities)


def _says_which(statement: Node) -> bool:
    return statement.get("kind") != "instance" or has(statement, "implementation")


def _is_software(statement: Node) -> bool:
    is_one = has(statement, "software") and not has(statement, "implementation")
    return statement.get("kind") != "capability" or is_one


def _is_wanted_only(statement: Node) -> bool:
    return statement.get("kind") != "requirements" or not has(statement, "implementation", "software")


@invariant("md-1", "Write max as * or as a number above 0.")
def md_1(focus: Node) -> bool:
    most = focus.get("max", "*")
    return most == "*" or (re.fullmatch(r"\d+", most) is not None and int(most) > 0)


@invariant("opd-1", "Give the parameter a type or parts.")
def opd_1(parameter: Node) -> bool:
    return has(parameter, "type", "part")


@invariant("opd-2", "Set the type to string.")
def opd_2(parameter: Node) -> bool:
    return not has(parameter, "searchType") or parameter.get("type") == "string"


@invariant("opd-3", "Set the type to Reference or canonical.")
def opd_3(parameter: Node) -> bool:
    return not has(parameter, "targetProfile") or parameter.get("type") in {"Reference", "canonical"}


@invariant("smp-1", "Give the context of the element.")
def smp_1(target: Node) -> bool:
    return not has(target, "element") or has(target, "context")


@invariant("smp-2", "Say with contextType what the context is.")
def smp_2(target: Node) -> bool:
    return not has(target, "context") or has(target, "contextType")


@invariant("spd-1", "Say with xpathUsage how the XPath is used.")
def spd_1(parameter: Node) -> bool:
    return not has(parameter, "xpath") or has(parameter, "xpathUsage")


@invariant("spd-2", "Leave the chain out, or set the type to reference.")
def spd_2(parameter: Node) -> bool:
    return not has(parameter, "chain") or parameter.get("type") == "reference"
