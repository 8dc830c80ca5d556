from __future__ import annotations

from pathlib import Path

import pytest

from adapter.settings import Partner, Settings, SettingsError, read_settings, refuse_open_address

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
    ],
)
def test_a_contradiction_is_refused_with_a_sentence(
    tmp_path: Path, text: str, environment: dict[str, str], sentence: str
) -> None:
    path = tmp_path / "clinic.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=sentence):
        read_settings(path, environment)


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
