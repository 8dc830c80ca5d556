"""`paingate partners`, against servers on loopback: what is told, what is not, and how it ends."""

from __future__ import annotations

import datetime as dt
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from adapter.cli import main
from adapter.client import signing_key
from tests.adapter.authorisation.issuing import pem, private_key
from tests.adapter.authorisation.token_server import TokenServer, token_server
from tests.journeys.push.hospital import Hospital, hospital_in
from tests.journeys.push.waiting import free_port

NOBODY = {"resourceType": "Bundle", "type": "searchset", "total": 0}
STATEMENT = {
    "resourceType": "CapabilityStatement",
    "fhirVersion": "4.0.1",
    "rest": [
        {
            "mode": "server",
            "resource": [
                {
                    "type": "Patient",
                    "interaction": [{"code": "search-type"}],
                    "searchParam": [{"name": "identifier"}],
                },
                {"type": "DocumentReference", "interaction": [{"code": "create"}]},
            ],
        }
    ],
}


@dataclass
class Told:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    def steps(self) -> dict[str, tuple[str, str]]:
        told = [json.loads(line) for line in self.out.splitlines()]
        return {one["name"]: (one["outcome"], one["says"]) for one in told}


class Clinic:
    """A folder with settings, where the command is run."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys

    def partner(self, base_url: str, more: str = "") -> None:
        (self.folder / "paingate.toml").write_text(
            '[clinic]\nidentifier_base = "https://clinic.example/ids"\n\n'
            f'[partners.hospital]\nbase_url = "{base_url}"\nsends = ["care_plan"]\n{more}\n[partners.lab]\nbase_url = "https://lab.example/fhir"\n'
        )

    def run(self, *words: str) -> Told:
        code = main(["partners", *words])
        said = self._capsys.readouterr()
        return Told(code, said.out, said.err)


@pytest.fixture
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Clinic:
    monkeypatch.chdir(tmp_path)
    return Clinic(tmp_path, capsys)


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    with hospital_in(tmp_path_factory.mktemp("hospital")) as running:
        yield running


@contextmanager
def server(statement: bytes, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server that knows /metadata, and nobody."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = statement if self.path.endswith("/metadata") else json.dumps(NOBODY).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        if context is not None:
            running.socket = context.wrap_socket(running.socket, server_side=True)
        thread = threading.Thread(target=running.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield running.server_address[1]
        finally:
            running.shutdown()
            thread.join()


def certificate(folder: Path, days: int) -> ssl.SSLContext:
    """A certificate for localhost by itself, as `ca.pem`, and who serves with it."""
    key, name = private_key("ES384-tls"), x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Private CA")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=days, hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA384())
    )
    (folder / "ca.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "tls.pem").write_text(pem("ES384-tls"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "tls.pem")
    return context


def test_partners_are_listed_without_their_secrets(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAINGATE_PARTNERS_HOSPITAL_SECRET", "user:open-sesame")
    clinic.partner("https://hospital.example/fhir", 'auth = "basic"\n')
    told = clinic.run("list")
    assert told.out.splitlines() == [
        "hospital: gets care_plan at https://hospital.example/fhir with user and password",
        "lab: is fetched from at https://lab.example/fhir without authorisation",
    ]
    as_json = clinic.run("list", "--json")
    assert [json.loads(line)["name"] for line in as_json.out.splitlines()] == ["hospital", "lab"]
    assert "sesame" not in told.out + told.err + as_json.out + as_json.err


def test_all_is_well_with_a_server_that_we_did_not_write(clinic: Clinic, hospital: Hospital) -> None:
    clinic.partner(hospital.base_url)
    before = {type_: hospital.count(type_) for type_ in ("CarePlan", "Patient")}
    told = clinic.run("check", "hospital", "--json", "--write")
    steps = told.steps()
    assert {name: outcome for name, (outcome, _) in steps.items()} == {
        "name": "ok", "connection": "ok", "TLS": "not tried", "metadata": "ok", "token": "not tried", "read": "ok",
        "dry write": "ok",
    }  # fmt: skip
    assert told.code == 0
    assert "conditional-transaction" in steps["metadata"][1]
    assert {type_: hospital.count(type_) for type_ in ("CarePlan", "Patient")} == before
    in_words = clinic.run("check", "hospital")
    assert in_words.out.splitlines()[0] == "name       ok         127.0.0.1 is 127.0.0.1."
    assert "--write" in in_words.out.splitlines()[-1]


@pytest.fixture
def authorised(clinic: Clinic) -> Iterator[TokenServer]:
    (clinic.folder / "ours.pem").write_text(pem("RS384-ours"))
    with token_server() as running:
        more = 'auth = "smart"\nour_client_id = "lakeside-pain"\nscope = "system/CarePlan.c system/Patient.s"\n'
        clinic.partner(running.base_url, f'{more}secret_file = "ours.pem"\n')
        yield running


def test_a_token_is_got_and_what_was_not_granted_is_said(clinic: Clinic, authorised: TokenServer) -> None:
    authorised.clients["lakeside-pain"] = signing_key(pem("RS384-ours")).public
    told = clinic.run("check", "hospital", "--json")
    assert told.steps()["token"] == ("ok", "It counts for 300 seconds.")
    assert "token-" not in told.out + told.err
    authorised.instead = (
        200,
        {},
        b'{"access_token":"x","token_type":"bearer","expires_in":60,"scope":"system/Patient.s"}',
    )
    told = clinic.run("check", "hospital", "--json")
    assert told.steps()["token"] == ("ok", "It counts for 60 seconds. Not granted: system/CarePlan.c.")


def test_a_key_that_is_not_registered_is_said_with_what_to_do(clinic: Clinic, authorised: TokenServer) -> None:
    told = clinic.run("check", "hospital", "--json")
    outcome, says = told.steps()["token"]
    assert (told.code, outcome) == (1, "failed")
    assert "invalid_client" in says
    assert "/fhir/.well-known/jwks.json" in says
    assert "Jane" not in told.out
    assert told.steps()["read"] == ("not tried", "Not tried, since there is no token.")


def test_where_nobody_answers_the_rest_is_not_tried(clinic: Clinic) -> None:
    clinic.partner(f"http://127.0.0.1:{free_port()}/fhir")
    told = clinic.run("check", "hospital", "--json")
    steps = told.steps()
    assert told.code == 1
    assert steps["connection"][0] == "failed"
    assert {steps[name][0] for name in ("TLS", "metadata", "token", "read", "dry write")} == {"not tried"}


def test_a_name_that_is_nobodys(clinic: Clinic) -> None:
    clinic.partner("https://no-such-host.invalid/fhir")
    told = clinic.run("check", "hospital", "--json")
    assert told.steps()["name"][0] == "failed"
    assert "mend base_url" in told.steps()["name"][1]


@pytest.mark.parametrize(("days", "says"), [(300, "until"), (10, "in 10 days: have it renewed")])
def test_a_certificate_is_told_in_words(clinic: Clinic, days: int, says: str) -> None:
    context = certificate(clinic.folder, days)
    with server(json.dumps(STATEMENT).encode(), context) as port:
        clinic.partner(f"https://localhost:{port}/fhir", 'ca_file = "ca.pem"\n')
        steps = clinic.run("check", "hospital", "--json").steps()
        assert steps["TLS"][0] == "ok"
        assert "a certificate for localhost by Private CA" in steps["TLS"][1]
        assert says in steps["TLS"][1]
        assert steps["metadata"][0] == "ok", "the requests themselves take the authority too"
        assert "as document: a DocumentReference" in steps["metadata"][1]
        assert "CarePlan: no create" in steps["metadata"][1]


def test_a_certificate_of_an_unknown_authority_is_not_taken(clinic: Clinic) -> None:
    with server(json.dumps(STATEMENT).encode(), certificate(clinic.folder, 300)) as port:
        clinic.partner(f"https://localhost:{port}/fhir")
        told = clinic.run("check", "hospital", "--json")
    assert told.code == 1
    assert told.steps()["TLS"][0] == "failed"
    assert "Set ca_file" in told.steps()["TLS"][1]
    assert told.steps()["metadata"][0] == "not tried"


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (b"<html>sign in</html>", "not FHIR JSON"),
        (b'{"resourceType":"CapabilityStatement","fhirVersion":"3.0.2"}', "speaks FHIR 3.0.2"),
        (b'{"resourceType":"Patient","id":"1","name":[{"family":"Doe"}]}', "no CapabilityStatement"),
    ],
)
def test_metadata_that_is_something_else(clinic: Clinic, statement: bytes, says: str) -> None:
    with server(statement) as port:
        clinic.partner(f"http://127.0.0.1:{port}/fhir")
        told = clinic.run("check", "hospital", "--json")
    assert told.steps()["metadata"][0] == "failed"
    assert says in told.steps()["metadata"][1]
    assert "Doe" not in told.out


def test_a_partner_that_is_not_there_and_settings_that_are_wrong(clinic: Clinic) -> None:
    clinic.partner("https://hospital.example/fhir")
    told = clinic.run("check", "hospitl")
    assert (told.code, told.out) == (2, "")
    assert "there is hospital, lab" in told.err
    clinic.partner("https://hospital.example/fhir", 'auth = "magic"\n')
    assert clinic.run("list").code == 2
