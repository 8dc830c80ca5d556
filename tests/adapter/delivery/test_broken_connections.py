"""What the client makes of connections that break, on real sockets: for certain not sent, or unknown."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from adapter.client import AnswerLost, FhirClient, Identifier, Limits, WorthAnotherTry

LIMITS = Limits(connect_seconds=5.0, read_seconds=0.3, answer_seconds=0.5)
BUNDLE = {"resourceType": "Bundle", "type": "transaction"}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: 100\r\n\r\n"


@contextmanager
def partner(behave: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """A partner that accepts one connection and behaves badly on it, until the test is over."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                behave(connection, over)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/fhir"
        finally:
            over.set()
            thread.join()


def hangs_up(connection: socket.socket, over: threading.Event) -> None:
    connection.recv(65536)


def never_answers(connection: socket.socket, over: threading.Event) -> None:
    over.wait(30)


def breaks_off(connection: socket.socket, over: threading.Event) -> None:
    connection.recv(65536)
    connection.sendall(HEAD + b'{"resourceType":"Bun')


def drips(connection: socket.socket, over: threading.Event) -> None:
    connection.recv(65536)
    connection.sendall(HEAD)
    while not over.wait(0.1):
        try:
            connection.sendall(b" ")
        except OSError:
            return


@pytest.mark.parametrize("behaviour", [hangs_up, never_answers, breaks_off, drips])
def test_after_a_write_a_broken_answer_leaves_it_unknown(
    behaviour: Callable[[socket.socket, threading.Event], None],
) -> None:
    with partner(behaviour) as base, FhirClient(base, limits=LIMITS) as client, pytest.raises(AnswerLost):
        client.transaction(BUNDLE)


@pytest.mark.parametrize("behaviour", [hangs_up, never_answers, breaks_off, drips])
def test_after_a_search_it_is_only_worth_another_try(
    behaviour: Callable[[socket.socket, threading.Event], None],
) -> None:
    with (
        partner(behaviour) as base,
        FhirClient(base, limits=LIMITS) as client,
        pytest.raises(WorthAnotherTry) as broken,
    ):
        client.find("CarePlan", Identifier("urn:x", "1"))
    assert not isinstance(broken.value, AnswerLost)


def test_a_refused_connection_sent_nothing_for_certain() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with FhirClient(f"http://127.0.0.1:{port}", limits=LIMITS) as client, pytest.raises(WorthAnotherTry) as refused:
        client.transaction(BUNDLE)
    assert not isinstance(refused.value, AnswerLost)


def test_a_name_that_is_not_found_sent_nothing_for_certain() -> None:
    with FhirClient("http://no-such-host.invalid", limits=LIMITS) as client, pytest.raises(WorthAnotherTry) as unknown:
        client.transaction(BUNDLE)
    assert not isinstance(unknown.value, AnswerLost)


WHOLE = b'{"resourceType":"Patient","id":"7"}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: %d\r\n\r\n%b" % (len(WHOLE), WHOLE)


@contextmanager
def one_that_keeps_no_connection() -> Iterator[tuple[str, list[bytes]]]:
    """It answers once on each connection, and ends it when it is asked a second thing there; what it was asked."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    asked.append(connection.recv(65536).partition(b" ")[0])
                    connection.sendall(ANSWER)
                    if again := connection.recv(65536):
                        asked.append(b"lost " + again.partition(b" ")[0])

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/fhir", asked
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_a_read_that_meets_a_connection_at_its_end_is_made_again() -> None:
    with one_that_keeps_no_connection() as (base, asked), FhirClient(base, limits=LIMITS) as client:
        assert client.read("Patient/7") == client.read("Patient/7")
    assert asked == [b"GET", b"lost GET", b"GET"]


def test_a_write_goes_out_on_a_connection_of_its_own() -> None:
    with one_that_keeps_no_connection() as (base, asked), FhirClient(base, limits=LIMITS) as client:
        client.read("Patient/7")
        assert client.create({"resourceType": "Patient"}).id == "7"
    assert asked[:2] == [b"GET", b"POST"]  # and then the body, as a second thing
