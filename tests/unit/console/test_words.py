"""The console has words and a cure for everything that can go wrong with a camera."""

import re
from pathlib import Path

import pytest

import gtvision_edge
from gtvision_edge.accounts import errors as account_errors
from gtvision_edge.cameras import errors as camera_errors
from gtvision_edge.errors import EdgeError
from gtvision_edge.media import errors as media_errors
from gtvision_edge.papers import printer as paper_errors
from gtvision_edge.recordings import errors as volume_errors
from gtvision_edge.recordings import purge_papers
from gtvision_edge.recordings.evidence import errors as export_errors
from gtvision_edge.recordings.incidents import errors as incident_errors
from gtvision_edge.recordings.integrity import errors as integrity_errors
from gtvision_edge.recordings.integrity.model import Kind
from gtvision_edge.recordings.retention import errors as retention_errors
from gtvision_edge.recordings.retention.clock_guard import ClockReason

SOURCE = Path(gtvision_edge.__file__).parent / "console" / "src"

UNSEEN = {
    # These end in a login, or never reach a person who looks at the console.
    "not_authenticated",
    "session_ended",
    "not_permitted",
    "login_throttled",
    "internal",
    "fatal",
    "invalid_input",
    "issuer_keys_broken",
}


STATES = {
    each.code
    for each in vars(media_errors).values()
    if isinstance(each, type)
    and issubclass(
        each, media_errors.MediaServerUnavailableError | media_errors.MediaServerRefusedError
    )
    and each is not media_errors.UnknownPathError
}
"""Why the media server does not do its work."""


def codes_of(module: object) -> set[str]:
    return {
        each.code
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, EdgeError)
    }


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_every_failure_of_cameras_and_accounts_has_words(language: str) -> None:
    words = (SOURCE / "i18n" / f"trouble.{language}.ts").read_text(encoding="utf-8")
    failures = words[words.index("export const failures") : words.index("export const volumes")]
    told = set(re.findall(r"^  ([a-z_]+): \{", failures, re.MULTILINE))

    missing = (codes_of(camera_errors) | codes_of(account_errors)) - UNSEEN - told

    assert not missing


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_every_refusal_about_evidence_has_words(language: str) -> None:
    source = "".join(
        (SOURCE / "i18n" / f"{name}.{language}.ts").read_text(encoding="utf-8")
        for name in ("evidence", "trouble")
    )
    modules = (
        export_errors,
        incident_errors,
        integrity_errors,
        retention_errors,
        purge_papers,
        paper_errors,
    )
    codes = set().union(*map(codes_of, modules))

    assert len(codes) >= 12
    assert not codes - UNSEEN - set(re.findall(r"^  ([a-z_]+): \{", source, re.MULTILINE))


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_every_finding_about_the_media_server_has_words(language: str) -> None:
    words = (SOURCE / "i18n" / f"findings.{language}.ts").read_text(encoding="utf-8")
    media = Path(gtvision_edge.__file__).parent / "media"
    source = "".join((media / name).read_text("utf-8") for name in ("findings.py", "choosing.py"))
    codes = set(re.findall(r'Finding\("(\w+)"', source)) | STATES

    assert len(codes) >= 17
    assert codes == set(re.findall(r"^  (media_server_\w+): \(", words, re.MULTILINE))


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_every_way_in_which_the_media_server_is_away_has_a_word_and_is_a_cause(
    language: str,
) -> None:
    findings = (SOURCE / "i18n" / f"findings.{language}.ts").read_text(encoding="utf-8")
    trouble = (SOURCE / "i18n" / f"trouble.{language}.ts").read_text(encoding="utf-8")
    causes = trouble[trouble.index("export const causes") : trouble.index("export const warnings")]

    assert set(re.findall(r'^  (media_server_\w+): "', findings, re.MULTILINE)) == STATES
    assert set(re.findall(r'^  (media_server_\w+): "', causes, re.MULTILINE)) == STATES


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_every_reason_of_a_camera_s_state_has_words(language: str) -> None:
    words = (SOURCE / "i18n" / f"trouble.{language}.ts").read_text(encoding="utf-8")
    causes = words[words.index("export const causes") : words.index("export const warnings")]
    monitor = Path(gtvision_edge.__file__).parent / "cameras" / "monitor.py"
    reasons = set(
        re.findall(r'(?:CameraState\.\w+,|or) "(\w+)"', monitor.read_text(encoding="utf-8"))
    )

    assert {"no_stream", "not_recording", "recording_off"} <= reasons
    assert reasons <= set(re.findall(r"^  (\w+): ", causes, re.MULTILINE)) | {"ok"}


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_every_fault_of_an_issuer_s_keys_has_words(language: str) -> None:
    words = (SOURCE / "i18n" / f"findings.{language}.ts").read_text(encoding="utf-8")
    source = Path(gtvision_edge.__file__).parent / "accounts" / "issuers.py"
    codes = set(re.findall(r'"(issuer_keys_\w+)"', source.read_text(encoding="utf-8")))

    assert len(codes) == 2
    assert codes == set(re.findall(r"^  (issuer_keys_\w+): \(", words, re.MULTILINE))


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_everything_that_can_be_wrong_with_the_volume_has_words(language: str) -> None:
    words = (SOURCE / "i18n" / f"trouble.{language}.ts").read_text(encoding="utf-8")
    told = words[words.index("export const volumes") : words.index("export const causes")]

    codes = {code for code in codes_of(volume_errors) if code.startswith("volume_")}
    assert codes == set(re.findall(r"^  (volume_\w+): \{", told, re.MULTILINE))


def test_no_file_of_the_console_is_longer_than_a_screenful_or_six() -> None:
    long = {
        str(path.relative_to(SOURCE)): lines
        for path in SOURCE.rglob("*.*")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 300
    }

    assert not long


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_everything_that_a_comparison_of_disk_and_index_finds_has_words(language: str) -> None:
    words = (SOURCE / "i18n" / f"storage.{language}.ts").read_text(encoding="utf-8")
    told = words[words.index("    kinds: {") : words.index("  byCamera")]

    assert {each.value for each in Kind} == set(re.findall(r'^      (\w+): "', told, re.MULTILINE))


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_every_reason_to_doubt_the_clock_has_words(language: str) -> None:
    words = (SOURCE / "i18n" / f"storage.{language}.ts").read_text(encoding="utf-8")
    told = words[words.index("  clockReasons: {") :].split("}")[0]

    assert {each.value for each in ClockReason} == set(re.findall(r"(\w+): \"", told))
