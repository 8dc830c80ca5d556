from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adapter.delivery.partners import limits_of
from adapter.settings import (
    ClinicToken,
    Issuer,
    Partner,
    Settings,
    SettingsError,
    read_settings,
    refuse_open_address,
)

SECRET = "sesame-4711"

FILE = """
port = 9000
[clinic]
name = "Lakeside"
identifier_base = "https://lakeside.example/ids"
[delivery]
retry_base = 1
[partners.hospital]
base_url = "https://hospital.example/fhir/"
sends = ["care_plan"]
auth = "bearer"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "paingate.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


def test_the_file_is_read_the_environment_wins_and_options_win_over_both(config: Path) -> None:
    environment = {
        "PAINGATE_PORT": "9001",
        "PAINGATE_CLINIC_NAME": "Hillside",
        "PAINGATE_RETRY_CEILING": "60.5",
        "PAINGATE_PARTNERS_HOSPITAL_SECRET": SECRET,
    }
    settings = read_settings(config, environment, port=9002, host=None)
    assert (settings.port, settings.host, settings.clinic_name) == (9002, "127.0.0.1", "Hillside")
    assert (settings.retry_base, settings.retry_ceiling) == (1.0, 60.5)
    hospital = Partner("hospital", "https://hospital.example/fhir", ("care_plan",), "bearer", secret=SECRET)
    assert settings.partner("hospital") == hospital
    assert settings.partner("nobody") is None
    assert settings.system("patient") == "https://lakeside.example/ids/patient"


def test_there_need_be_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_settings(environment={}).partners == ()


def test_a_secret_may_lie_in_a_file_of_its_own(config: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n", encoding="utf-8")
    config.write_text(f"{FILE}secret_file = '{tmp_path / 'secret'}'\n", encoding="utf-8")
    assert read_settings(config, {}).partners[0].secret == SECRET


def test_no_secret_stands_in_a_repr(config: Path) -> None:
    environment = {
        "PAINGATE_PARTNERS_HOSPITAL_SECRET": SECRET,
        "PAINGATE_DATABASE_URL": f"postgresql://clinic:{SECRET}@localhost/clinic",
    }
    settings = read_settings(config, environment)
    assert SECRET in settings.database_url
    assert SECRET not in repr(settings)


@pytest.mark.parametrize(
    ("text", "environment", "sentence"),
    [
        ("prot = 1", {}, "/clinic.toml has no setting called prot"),
        ("[clinic]\nnmae = 'x'", {}, "in .*/clinic.toml has no setting called nmae"),
        ("[partners.a]\nurl = 'x'", {}, "in .*/clinic.toml has no setting called url"),
        ("clinic = 1", {}, "in .*/clinic.toml is a table: write \\[clinic\\]"),
        ("partners = 1", {}, "write \\[partners\\]"),
        ("[partners]\na = 1", {}, "write \\[partners.a\\]"),
        ("[partners.'A B']\nbase_url = 'http://a'", {}, "a partner's name"),
        ("port = 'many'", {}, "port in .*/clinic.toml is a number"),
        ("port = true", {}, "is a number"),
        ("port = 1.5", {}, "is a number"),
        ("port = 70000", {}, "port is a number from 0 to 65535"),
        ("", {"PAINGATE_PORT": "x"}, "PAINGATE_PORT is a number"),
        ("", {"PAINGATE_MAX_BODY": "0"}, "max_body is more than 0"),
        ("host = 1", {}, "host in .*/clinic.toml is text"),
        ("database_url = 'mysql://x'", {}, "sqlite:// or postgresql://"),
        ("[clinic]\nidentifier_base = 'ids/'", {}, "identifier_base is a URI"),
        ("[clinic]\norganization = 'x'", {}, "system|value"),
        ("[delivery]\nretry_ceiling = 1", {}, "retry_ceiling is not less"),
        ("[partners.a]\nbase_url = 'http://a'", {}, "identifier_base is not: .* in .*/clinic.toml"),
        ("= 1", {}, "is no TOML"),
        ("", {"PAINGATE_MAX_ENTRIES": "0"}, "max_entries is more than 0"),
        ("request_seconds = inf", {}, "request_seconds is more than 0"),
        ("attachment_types = [1]", {}, "attachment_types in .*/clinic.toml is a list of texts"),
        ("attachment_types = 1", {}, "is a list of texts"),
        ("[authorisation]\nclock_skew = 900", {}, "clock_skew is from 0 to 300"),
        ("[authorisation]\naudience = 'x'", {}, "belong together"),
        ("issuers = 1", {}, "write \\[issuers\\]"),
        ("[issuers]\na = 1", {}, "write \\[issuers.a\\] and issuer below"),
        ("[issuers.a]\nuri = 'x'", {}, "has no setting called uri"),
        ("[issuers.a]\nissuer = 1", {}, "issuer of \\[issuers.a\\] is text"),
        ("[issuers.'A B']\nissuer = 'x'", {}, "an issuer's name"),
        ("[clinic_tokens.a]\nrole = 'king'\nhash = 'x'", {}, "role of .* is one of reader"),
        ("[clinic_tokens.a]\nrole = 'reader'\nhash = 'token'", {}, "hash of .* is what `paingate token new` told"),
    ],
)
def test_a_contradiction_is_refused_with_a_sentence(
    tmp_path: Path, text: str, environment: dict[str, str], sentence: str
) -> None:
    path = tmp_path / "clinic.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=sentence):
        read_settings(path, environment)


AUTHORISED = f"""
[clinic]
identifier_base = "https://lakeside.example/ids"
[authorisation]
audience = "https://lakeside.example/fhir"
[issuers.login]
issuer = "https://login.example"
jwks_uri = "https://login.example/jwks"
[partners.hospital]
client_ids = ["hospital-client"]
[clinic_tokens.desk]
role = "reader"
hash = "sha256:{"0" * 64}"
"""


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "clinic.example"])
def test_other_machines_may_ask_once_both_doors_ask_who_they_are(config: Path, host: str) -> None:
    config.write_text(f'host = "{host}"\n{AUTHORISED}', encoding="utf-8")
    settings = read_settings(config, {})
    refuse_open_address(settings)
    for half, door in ((replace(settings, issuers=()), "/fhir"), (replace(settings, clinic_tokens=()), "/clinic/v1")):
        with pytest.raises(SettingsError, match=f"no authorisation is configured for {door}:"):
            refuse_open_address(half)


def test_who_may_call_is_read_and_the_environment_wins(config: Path) -> None:
    config.write_text(AUTHORISED, encoding="utf-8")
    hash_ = f"sha256:{'1' * 64}"
    environment = {
        "PAINGATE_AUDIENCE": "https://other.example/fhir",
        "PAINGATE_ATTACHMENT_TYPES": "application/pdf, text/plain",
        "PAINGATE_ISSUERS_LOGIN_JWKS_URI": "http://127.0.0.1:9/jwks",
        "PAINGATE_CLINIC_TOKENS_DESK_HASH": hash_,
    }
    settings = read_settings(config, environment)
    assert settings.audience == "https://other.example/fhir"
    assert settings.attachment_types == ("application/pdf", "text/plain")
    assert settings.issuers == (Issuer("login", "https://login.example", "http://127.0.0.1:9/jwks"),)
    assert settings.clinic_tokens == (ClinicToken("desk", "reader", hash_),)
    assert settings.issuer_of(settings.partners[0]) == settings.issuers[0]


@pytest.mark.parametrize(
    ("told", "instead", "sentence"),
    [
        ('client_ids = ["hospital-client"]', "client_ids = 1", "client_ids of .* is a list of texts"),
        ('client_ids = ["hospital-client"]', 'client_ids = [""]', "has an empty one"),
        ('client_ids = ["hospital-client"]', 'base_url = "https://h.example"', "nobody could call"),
        ('client_ids = ["hospital-client"]', 'client_ids = ["a"]\nissuer = "b"', "one of login"),
        ('client_ids = ["hospital-client"]', 'client_ids = ["a"]\nsends = ["care_plan"]', "base_url of"),
        ("[partners.hospital]", '[partners.b]\nclient_ids = ["hospital-client"]\n[partners.a]', "same client id"),
        ("[clinic_tokens.desk]", '[issuers.b]\nissuer = "b"\njwks_file = "b"\n[clinic_tokens.desk]', "one of login, b"),
        (
            "[clinic_tokens.desk]",
            '[issuers.b]\nissuer = "https://login.example"\njwks_file = "b"\n[clinic_tokens.desk]',
            "same issuer",
        ),
        (
            "[clinic_tokens.desk]",
            f'[clinic_tokens.b]\nrole = "reader"\nhash = "sha256:{"0" * 64}"\n[clinic_tokens.desk]',
            "same hash",
        ),
        ('issuer = "https://login.example"', "", "what its tokens say in `iss`"),
        ('jwks_uri = "https://login.example/jwks"', "", "either at a jwks_uri or in a jwks_file"),
        ('jwks_uri = "https://login.example/jwks"', 'jwks_uri = "https://a"\njwks_file = "b"', "set one of the two"),
        ("https://login.example/jwks", "http://login.example/jwks", "jwks_uri of .* is an https address"),
        ("https://login.example/jwks", "https://user:pass@login.example/jwks", "is an https address"),
        ("https://login.example/jwks", "file:///etc/passwd", "is an https address"),
        ("https://login.example/jwks", "https://[", "is an https address"),
        ('jwks_uri =', 'token_endpoint = "http://login.example"\njwks_uri =', "token_endpoint of"),
        (AUTHORISED[AUTHORISED.index("[issuers") : AUTHORISED.index("[part")], "", "belong together"),
        ('audience = "https://lakeside.example/fhir"', "", "belong together"),
        (AUTHORISED[AUTHORISED.index("[auth") : AUTHORISED.index("[part")], "", "there is no issuer"),
    ],
)  # fmt: skip
def test_who_may_call_is_said_without_contradiction(config: Path, told: str, instead: str, sentence: str) -> None:
    assert told in AUTHORISED
    config.write_text(AUTHORISED.replace(told, instead), encoding="utf-8")
    with pytest.raises(SettingsError, match=sentence):
        read_settings(config, {})


def test_an_empty_address_is_named_as_one() -> None:
    with pytest.raises(SettingsError, match=r"^An empty host can be reached"):
        refuse_open_address(Settings(host=""))


@pytest.mark.parametrize(
    ("line", "environment", "sentence"),
    [
        ("", {}, "has auth but no secret"),
        ("secret_file = '/nowhere'", {}, "cannot be read"),
        ("secret_file = '/nowhere'", {"PAINGATE_PARTNERS_HOSPITAL_SECRET": SECRET}, "keep one of the two"),
        ("", {"PAINGATE_PARTNERS_HOSPITAL_AUTH": "basic", "PAINGATE_PARTNERS_HOSPITAL_SECRET": "x"}, "user:password"),
        ("", {"PAINGATE_PARTNERS_HOSPITAL_AUTH": "none", "PAINGATE_PARTNERS_HOSPITAL_SECRET": "x"}, "take the secret"),
        ("", {"PAINGATE_PARTNERS_HOSPITAL_AUTH": "magic"}, "auth of .* is one of"),
        ("dialect = 'klingon'", {}, "dialect of .* is one of"),
        ("dialect = 1", {}, "dialect of .* is text"),
        ("", {"PAINGATE_PARTNERS_HOSPITAL_BASE_URL": "ftp://x"}, "http or https"),
        ("", {"PAINGATE_PARTNERS_HOSPITAL_BASE_URL": "http://u:p@x"}, "without user"),
    ],
)
def test_a_partner_that_contradicts_itself_is_refused(
    config: Path, line: str, environment: dict[str, str], sentence: str
) -> None:
    config.write_text(f"{FILE}{line}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=sentence):
        read_settings(config, environment)


@pytest.mark.parametrize("sends", ["'care_plan'", "[1]", "['poems']"])
def test_what_is_sent_is_a_list_of_kinds_that_can_be_sent(config: Path, sends: str) -> None:
    config.write_text(FILE.replace('["care_plan"]', sends), encoding="utf-8")
    with pytest.raises(SettingsError, match="sends of"):
        read_settings(config, {"PAINGATE_PARTNERS_HOSPITAL_SECRET": SECRET})


def test_a_partner_may_have_limits_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "paingate.toml"
    file.write_text(
        '[clinic]\nidentifier_base = "https://clinic.example"\n[partners.slow]\nbase_url = "http://slow.example"\n'
        'at_once = 2\nread_timeout = 90\npatients = "referred"\nagreed = ["questionnaire-response"]\nfit = "document"\n'
    )
    (slow,) = read_settings(file, {"PAINGATE_PARTNERS_SLOW_CONNECT_TIMEOUT": "7.5"}).partners
    assert (slow.at_once, slow.connect_timeout, slow.read_timeout) == (2, 7.5, 90.0)
    assert (slow.patients, slow.agreed, slow.fit) == ("referred", ("questionnaire-response",), "document")
    of_slow = limits_of(Settings(), slow)
    assert (of_slow.connect_seconds, of_slow.read_seconds) == (7.5, 90.0)
    assert limits_of(Settings(), replace(slow, read_timeout=0.0)).read_seconds == Settings.read_timeout
    for wrong in ("at_once = -1", 'read_timeout = "soon"', "at_once = true", 'patients = "none"', 'fit = "best"'):
        file.write_text(
            f'[clinic]\nidentifier_base = "https://c.example"\n[partners.x]\nbase_url = "http://x.example"\n{wrong}\n'
        )
        with pytest.raises(SettingsError, match=wrong.partition(" ")[0]):
            read_settings(file, {})


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="There is no settings file"):
        read_settings(tmp_path / "paingate.toml", {})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_this_machine_may_always_ask(host: str) -> None:
    refuse_open_address(read_settings(environment={"PAINGATE_HOST": host}))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "clinic.example", ""])
def test_other_machines_may_not_ask_without_authorisation(host: str) -> None:
    with pytest.raises(SettingsError, match="no authorisation"):
        refuse_open_address(read_settings(environment={"PAINGATE_HOST": host}))
