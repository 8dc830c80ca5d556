"""adapter/README.md tells the states and transitions as the table has them.

`python -m tests.adapter.workflow.test_told` writes them anew.
"""

from __future__ import annotations

import re
from pathlib import Path

from adapter.exchange.workflow.states import ACTIONS, STATES, TRANSITIONS, Transition

README = Path(__file__).parents[3] / "adapter" / "README.md"


def states() -> list[str]:
    """The table of states, line by line."""
    lines = ["| state | Task.status | Task.businessStatus | says |", "| --- | --- | --- | --- |"]
    for name, state in STATES.items():
        business = state.business_status
        step = " ".join(business) if isinstance(business, tuple) else "as before" if business else "none"
        lines.append(f"| `{name}` | {state.task_status} | {step} | {state.says} |")
    return lines


def transitions() -> list[str]:
    """The table of transitions, line by line: what leads to the same place stands together."""
    lines = ["| who | tells | needs | from | to | after |", "| --- | --- | --- | --- | --- | --- |"]
    for name, action in ACTIONS.items():
        texts = [(action.text, action.needs_text), (action.record, action.needs_record)]
        needs = " ".join(f"`{one}`" if must else f"(`{one}`)" for one, must in texts if one)
        moves = [one for one in TRANSITIONS if one.action == name]
        for end in dict.fromkeys(map(_end, moves)):
            there = [one for one in moves if _end(one) == end]
            start = ", ".join(one.start for one in there)
            lines.append(f"| {action.by} | `{name}` | {needs} | {start} | {end} | {_sources(there)} |")
    return lines


def _end(move: Transition) -> str:
    return "where it stands" if move.action == "inform" and move.start == move.end else move.end


def _sources(moves: list[Transition]) -> str:
    """Each guide once, with the numbers that it gives."""
    told: dict[str, list[str]] = {}
    for move in moves:
        guide, _, number = move.source.partition(" ")
        told.setdefault(guide, []).extend([number] if number else [])
    return "; ".join(" ".join(filter(None, (guide, ", ".join(numbers)))) for guide, numbers in told.items())


def table(first: str, text: str) -> list[str]:
    found = re.search(rf"^\| {first} \|.*\n(?:\|.*\n)*", text, re.MULTILINE)
    assert found, f"there is no table of {first}"
    return found[0].splitlines()


def test_the_states_are_told_as_they_are() -> None:
    assert table("state", README.read_text(encoding="utf-8")) == states()


def test_the_transitions_are_told_as_they_are() -> None:
    assert table("who", README.read_text(encoding="utf-8")) == transitions()


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    for first, lines in (("state", states()), ("who", transitions())):
        text = text.replace("\n".join(table(first, text)), "\n".join(lines))
    README.write_text(text, encoding="utf-8")
