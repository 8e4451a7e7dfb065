import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from gtvision_edge.settings import (
    BrokenSettingsError,
    IssuerSettings,
    Settings,
    load_settings,
    parse_duration,
)

SAMPLE = Path("config/edge.toml")


def names(model: type[BaseModel], prefix: str = "") -> set[str]:
    found = set()
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found |= names(kind, f"{prefix}{name}.")
        else:
            found.add(f"{prefix}{name}")
    return found


def sample_names(table: dict[str, object], prefix: str = "") -> set[str]:
    found = set()
    for key, value in table.items():
        if isinstance(value, dict):
            found |= sample_names(value, f"{prefix}{key}.")
        else:
            found.add(f"{prefix}{key}")
    return found


def uncommented(text: str) -> str:
    """Return the sample with what stands in it behind "# name = " or "# [[": settings whose default is "not set"."""
    return re.sub(r"(?m)^# (?=\[\[|[a-z_]+ = )", "", text)


def test_the_sample_shows_every_setting_with_its_default() -> None:
    text = SAMPLE.read_text(encoding="utf-8")
    table = tomllib.loads(uncommented(text))

    assert sample_names(table) == names(Settings)
    assert load_settings(SAMPLE).model_dump() == load_settings(None).model_dump()


def test_the_sample_shows_every_setting_of_an_issuer_with_its_default() -> None:
    table = tomllib.loads(uncommented(SAMPLE.read_text(encoding="utf-8")))

    (shown,) = table["identity"]["issuers"]
    assert set(shown) == set(IssuerSettings.model_fields)
    needed = {name: shown[name] for name in ("issuer", "audience", "keys")}
    assert IssuerSettings(**shown) == IssuerSettings(**needed)


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("keys = []", "keys", "from 1 to 8"),
        ('keys = [{ kid = "a" }]', "keys.0", "either"),
        ('keys = [{ pem = "a", file = "b" }]', "keys.0", "either"),
        ('keys = [{ file = "a", jwk = "b" }]', "keys.0.jwk", "not a setting"),
        ('keys = [{ file = "a" }]\nrole_claim = "sub"', "", "names of their own"),
        ('keys = [{ file = "a" }]\nrole_claim = "tenant_id"', "", "names of their own"),
        ('keys = [{ file = "a" }]\nmax_role = "root"', "max_role", "viewer"),
        ('keys = [{ file = "a" }]\nleeway = "1h"', "leeway", "300"),
    ],
)
def test_faults_of_an_issuer_are_told_with_their_path(
    tmp_path: Path, text: str, path: str, words: str
) -> None:
    config = tmp_path / "edge.toml"
    config.write_text(f'[[identity.issuers]]\nissuer = "i"\naudience = "a"\n{text}\n')

    with pytest.raises(BrokenSettingsError) as caught:
        load_settings(config)

    ((where, message),) = caught.value.faults
    assert where == ".".join(filter(None, ["identity.issuers.0", path]))
    assert words in message


def test_an_issuer_named_twice_is_a_fault() -> None:
    issuer = {"issuer": "i", "audience": "a", "keys": [{"file": "k.pem"}]}
    with pytest.raises(BrokenSettingsError) as caught:
        load_settings(None, identity={"issuers": [issuer, issuer]})

    assert caught.value.faults[0][0] == "identity"


def test_all_faults_are_told_with_their_paths(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_text(
        '[site]\nname = ""\ntimezone = "Sao Paulo"\n[api]\nport = 70000\nhots = "x"\n'
        '[media]\napi_timeout = 5\n[media.embedded]\nfragment = "soon"\n[camera]\nx = 1\n'
    )

    with pytest.raises(BrokenSettingsError) as caught:
        load_settings(path)

    faults = dict(caught.value.faults)
    assert set(faults) == {
        "site.name",
        "site.timezone",
        "api.port",
        "api.hots",
        "media.api_timeout",
        "media.embedded.fragment",
        "camera",
    }
    assert "not a setting" in faults["api.hots"]
    assert "America/Sao_Paulo" in faults["site.timezone"]


def test_addresses_and_folders_that_cannot_be_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_text(
        '[storage]\nstate_dir = ""\nvolume = "relative/x"\n'
        '[media]\napi_url = "htp://x"\nhls_url = "nonsense"\nrtsp_url = "http://x"\n'
    )

    with pytest.raises(BrokenSettingsError) as caught:
        load_settings(path)

    assert {name for name, _ in caught.value.faults} == {
        "storage.state_dir",
        "storage.volume",
        "media.api_url",
        "media.hls_url",
        "media.rtsp_url",
    }


def test_two_listeners_on_one_port_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_text("[api]\nport = 8888\n")

    with pytest.raises(BrokenSettingsError) as caught:
        load_settings(path)

    assert "api.port" in caught.value.faults[0][1]


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("30s", 30), ("1h 30min", 5400), ("7d", 604800)]
)
def test_durations_are_read_with_their_unit(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["5", "soon", "-1s", "", "1 h", "5m"])
def test_a_duration_without_a_known_unit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("section", "text", "words"),
    [
        ("detections", 'keep = "1min"', "must be at least 1 day"),
        ("detections", 'keep_pictures = "1min"', "must be at least 1 hour"),
        ("uplink", 'keep = "23h"', "must be at least 1 day"),
    ],
)
def test_the_least_time_to_keep_is_told_in_words(
    tmp_path: Path, section: str, text: str, words: str
) -> None:
    config = tmp_path / "edge.toml"
    config.write_text(f"[{section}]\n{text}\n")

    with pytest.raises(BrokenSettingsError) as caught:
        load_settings(config)

    assert caught.value.faults == [(f"{section}.{text.split()[0]}", words)]


def test_a_missing_file_and_broken_toml_are_faults(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("[site\n")

    for name in ("missing.toml", "broken.toml"):
        with pytest.raises(BrokenSettingsError):
            load_settings(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("trusted_proxies", "10.0.0.0/8", "proxy.example"),
        ("trusted_proxies", "::1", "127.0.0.1:80"),
        ("cors_origins", "https://painel.example:8443", "https://painel.example/"),
        ("cors_origins", "*", "painel.example"),
    ],
)
def test_proxies_and_origins_are_checked_before_anything_starts(
    tmp_path: Path, name: str, good: str, bad: str
) -> None:
    path = tmp_path / "edge.toml"
    path.write_text(f'[api]\n{name} = ["{good}"]\n', encoding="utf-8")
    assert getattr(load_settings(path).api, name) == (good,)

    path.write_text(f'[api]\n{name} = ["{good}", "{bad}"]\n', encoding="utf-8")
    with pytest.raises(BrokenSettingsError) as caught:
        load_settings(path)
    assert [fault[0] for fault in caught.value.faults] == [f"api.{name}.1"]


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ('bucket = "copias"', "archive", "access_key"),
        ('bucket = "copias"\naccess_key = "a"', "archive", "secret_key"),
        ('secret_key = "s"\nsecret_key_file = "/x"', "archive", "either"),
        ('bucket = "Copias_da_Caixa"', "archive.bucket", "3 to 63 small letters"),
        ('prefix = "../outro"', "archive.prefix", "gtvision/prefeitura"),
        ('prefix = "a//b"', "archive.prefix", "gtvision/prefeitura"),
        ('endpoint = "minio:9000"', "archive.endpoint", "https://"),
        ('endpoint = "https://a:b@minio:9000"', "archive.endpoint", "alone"),
        ('endpoint = "https://mi nio:9000"', "archive.endpoint", "no host"),
        ('access_key = "a b"', "archive.access_key", "pattern"),
        ('endpoint = "https://minio:9000/copias"', "archive.endpoint", "alone"),
        ('endpoint = "http://minio:9000"\nca_file = "/ca.pem"', "archive", "https://"),
        ('secret_key_file = "secret"', "archive.secret_key_file", "absolute"),
        ("max_waiting = 10", "archive.max_waiting", "1000"),
        ('keep = "1h"', "archive.keep", "at least 1 day"),
    ],
)
def test_faults_of_the_archive_are_told_with_their_path(
    tmp_path: Path, text: str, path: str, words: str
) -> None:
    config = tmp_path / "edge.toml"
    config.write_text(f"[archive]\n{text}\n")

    with pytest.raises(BrokenSettingsError) as caught:
        load_settings(config)

    ((where, message),) = caught.value.faults
    assert where == path
    assert words in message


def test_a_prefix_is_taken_without_its_slashes(tmp_path: Path) -> None:
    config = tmp_path / "edge.toml"
    config.write_text('[archive]\nprefix = "/gtvision/a/"\nendpoint = "https://minio:9000/"\n')

    archive = load_settings(config).archive

    assert (archive.prefix, archive.endpoint) == ("gtvision/a", "https://minio:9000")
