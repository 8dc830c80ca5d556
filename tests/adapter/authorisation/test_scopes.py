"""What scopes grant, and what each request needs."""

from __future__ import annotations

from typing import Any

import pytest

from adapter.authorisation import EVERYBODY, Caller
from adapter.authorisation.interactions import needs, needs_of_entries
from adapter.authorisation.scopes import OFFERED, Need, granted
from adapter.exchange.refusal import Refusal


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("system/Task.cruds", "cruds"),
        ("system/Task.rs", "rs"),
        ("system/Task.s", "s"),
        ("system/*.cu", "cu"),
        ("system/Task.r system/Task.u", "ru"),
        ("system/Task.read", "rs"),
        ("system/Task.write", "cud"),
        ("system/Task.*", "cruds"),
        ("system/*.read", "rs"),
        ("openid system/Task.c fhirUser", "c"),
        ("", ""),
        ("system/Patient.cruds", ""),
        ("system/Task.sr", ""),
        ("system/Task.rr", ""),
        ("system/Task.", ""),
        ("system/Task.rs?status=requested", ""),
        ("system/Task.reads", ""),
        ("xsystem/Task.rs", ""),
        ("system/Tas*.rs", ""),
        ("user/Task.rs patient/Task.rs", ""),
        ("SYSTEM/Task.rs", ""),
    ],
)
def test_a_scope_grants_its_letters_and_no_more(text: str, letters: str) -> None:
    scopes = granted(text)
    assert {letter for letter in "cruds" if scopes.grants(Need("Task", letter))} == set(letters)


def test_what_is_offered_is_understood() -> None:
    assert all(granted(scope) for scope in OFFERED)


@pytest.mark.parametrize(
    ("method", "address", "scopes"),
    [
        ("POST", "", ""),
        ("POST", "/Task/$validate", ""),
        ("GET", "/Task", "system/Task.s"),
        ("HEAD", "/Task", "system/Task.s"),
        ("POST", "/Task/_search", "system/Task.s"),
        ("GET", "/Task/_history", "system/Task.s"),
        ("GET", "/_history", "system/*.s"),
        ("GET", "", "system/*.s"),
        ("GET", "/Task/1", "system/Task.r"),
        ("GET", "/Task/1/_history", "system/Task.r"),
        ("GET", "/Task/1/_history/2", "system/Task.r"),
        ("POST", "/ServiceRequest", "system/ServiceRequest.c"),
        ("PUT", "/Task/1", "system/Task.u"),
        ("PUT", "/Task", "system/Task.c system/Task.u"),
        ("PATCH", "/Task/1", "system/Task.u"),
        ("DELETE", "/Task/1", "system/Task.d"),
        ("POST", "/$process-message", "system/ServiceRequest.c"),
    ],
)
def test_a_request_needs_what_smart_says(method: str, address: str, scopes: str) -> None:
    found = needs(method, address)
    assert found is not None
    assert " ".join(need.scope for need in found) == scopes


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("OPTIONS", "/Task"), ("GET", "/Task/$export"), ("POST", "/$export"), ("GET", "/Task/1/2/3"), ("GET", "//Task"),
        ("POST", "/Task/1"), ("PUT", ""), ("GET", "/.well-known/other"), ("TRACE", "/Task"),
    ],
)  # fmt: skip
def test_what_no_rule_knows_is_nobodys(method: str, address: str) -> None:
    assert needs(method, address) is None


def entry(method: Any, url: Any, type_: Any = None) -> dict[str, Any]:
    brought = {"resource": {"resourceType": type_}} if type_ else {}
    return {"request": {"method": method, "url": url}, **brought}


@pytest.mark.parametrize(
    ("one", "scopes"),
    [
        (entry("POST", "Patient", "Patient"), "system/Patient.c"),
        (entry("POST", "/Patient", "Patient"), "system/Patient.c"),
        (entry("PUT", "Patient/1", "Patient"), "system/Patient.u"),
        (entry("PUT", "Patient?identifier=a|b", "Patient"), "system/Patient.c system/Patient.u"),
        (entry("GET", "Task?status=x"), "system/Task.s"),
        (entry("GET", "Task/1"), "system/Task.r"),
        (entry("DELETE", "Task/1"), "system/Task.d"),
        (entry("POST", "Basic", "Patient"), "system/Basic.c system/Patient.c"),
        (entry("POST", "%50atient", "Patient"), "system/Patient.c"),
        ({"resource": {"resourceType": "Patient"}}, "system/Patient.c"),
        ({"resource": {"resourceType": "MessageHeader"}}, ""),
        (entry("POST", "Patient", "Nonsense\r\nX: y"), "system/Patient.c"),
    ],
)
def test_an_entry_needs_what_its_request_would(one: dict[str, Any], scopes: str) -> None:
    (found,) = needs_of_entries({"resourceType": "Bundle", "entry": [one]})
    assert found is not None
    assert " ".join(need.scope for need in found) == scopes
    assert all(need.where.startswith("Bundle.entry[0]") for need in found)


@pytest.mark.parametrize("one", [entry("POST", "$export", "Patient"), entry("LOCK", "Patient"), entry("POST", "")])
def test_an_entry_that_no_rule_knows_is_nobodys(one: dict[str, Any]) -> None:
    assert needs_of_entries({"resourceType": "Bundle", "entry": [one]}) == [None]


def test_entries_of_a_batch_stand_alone() -> None:
    caller = Caller("hospital", granted("system/ServiceRequest.c"))
    entries = [entry("POST", "ServiceRequest", "ServiceRequest"), entry("GET", "Task/1"), entry("LOCK", "Task")]
    caller.check_entry(entries[0], 0)
    for index in (1, 2):
        with pytest.raises(Refusal) as refused:
            caller.check_entry(entries[index], index)
        assert refused.value.status == 403
    EVERYBODY.check_entry(entries[2], 2)


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "x",
        {},
        {"resourceType": "Bundle", "entry": {}},
        {"resourceType": "Bundle", "entry": [1, None, [], {}, entry(1, 2)]},
        {"resourceType": "ServiceRequest", "entry": [entry("POST", "Patient", "Patient")]},
    ],
)
def test_what_is_no_sound_bundle_is_left_to_who_says_so(document: Any) -> None:
    assert not any(needs_of_entries(document))
