"""Invariants of questionnaires and of answers to them."""

from __future__ import annotations

from collections.abc import Iterator

from mappings.r4.invariants.reading import Node, distinct, each, has, how_many, invariant
from mappings.values import Json

_OF_TEXT = frozenset({"boolean", "decimal", "integer", "string", "text", "url", "open-choice"})
_WITH_OPTIONS = frozenset(
    {"choice", "open-choice", "decimal", "integer", "date", "dateTime", "time", "string", "quantity"}
)


@invariant("qrs-1", "Put the items below the answer, or below the item: not both.")
def qrs_1(item: Node) -> bool:
    return not (has(item, "answer") and has(item, "item"))


@invariant("que-1", "Give a group its items, and take them away from a display.")
def que_1(item: Node) -> bool:
    kind = item.get("type")
    return (kind != "group" or has(item, "item")) and (kind != "display" or not has(item, "item"))


@invariant("que-2", "Give each item a linkId of its own.")
def que_2(questionnaire: Node) -> bool:
    return distinct(_link_ids(questionnaire))


def _link_ids(node: Node) -> Iterator[Json]:
    for item in each(node, "item"):
        if "linkId" in item:
            yield item["linkId"]
        yield from _link_ids(item)


@invariant("que-3", "Leave out the code of the display.")
def que_3(item: Node) -> bool:
    return item.get("type") != "display" or not has(item, "code")


@invariant("que-4", "Leave out answerOption or answerValueSet.")
def que_4(item: Node) -> bool:
    return not has(item, "answerOption") or not has(item, "answerValueSet")


@invariant("que-5", "Leave out the options, or make it a choice or open-choice.")
def que_5(item: Node) -> bool:
    return item.get("type") in _WITH_OPTIONS or not has(item, "answerValueSet", "answerOption")


@invariant("que-6", "Leave required and repeats out of the display.")
def que_6(item: Node) -> bool:
    return item.get("type") != "display" or not has(item, "required", "repeats")


@invariant("que-7", "Compare with true or false (answerBoolean), or with another operator.")
def que_7(condition: Node) -> bool:
    return condition.get("operator") != "exists" or has(condition, "answerBoolean")


@invariant("que-8", "Leave out the initial value.")
def que_8(item: Node) -> bool:
    return item.get("type") not in {"group", "display"} or not has(item, "initial")


@invariant("que-9", "Leave readOnly out of the display.")
def que_9(item: Node) -> bool:
    return item.get("type") != "display" or not has(item, "readOnly")


@invariant("que-10", "Leave out maxLength, or ask for text.")
def que_10(item: Node) -> bool:
    return item.get("type") in _OF_TEXT or not has(item, "maxLength")


@invariant("que-11", "Mark the option with initialSelected and leave initial out.")
def que_11(item: Node) -> bool:
    return not has(item, "answerOption") or not has(item, "initial")


@invariant("que-12", "Say with enableBehavior whether all conditions must hold, or any.")
def que_12(item: Node) -> bool:
    return how_many(item, "enableWhen") <= 2 or has(item, "enableBehavior")


@invariant("que-13", "Give one initial value, or set repeats to true.")
def que_13(item: Node) -> bool:
    return item.get("repeats") is True or how_many(item, "initial") <= 1
