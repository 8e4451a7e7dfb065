"""The console has words, in both languages, for every code that the daemon can send it."""

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import gtvision_edge
from gtvision_edge.cameras import errors as camera_errors
from gtvision_edge.cameras import monitor
from gtvision_edge.cli_archive import CURES
from gtvision_edge.errors import EdgeError
from gtvision_edge.media import errors as media_errors
from gtvision_edge.recordings import errors as volume_errors
from gtvision_edge.recordings.evidence.states import ExportState
from gtvision_edge.recordings.integrity.model import Kind
from gtvision_edge.recordings.retention.breaker import BreakerState
from gtvision_edge.recordings.retention.clock_guard import ClockReason
from gtvision_edge.recordings.retention.model import OnFull, PurgeKind
from gtvision_edge.recordings.timeline.model import GapCause

PACKAGE = Path(gtvision_edge.__file__).parent
SOURCE = PACKAGE / "console" / "src"

SAID_BY_STATUS = {
    # A 403 is said as such; of a 422 the fields are named; what nobody foresaw has no cure of its own.
    "not_permitted",
    "invalid_input",
    "internal",
}
ON_THE_COMMAND_LINE = {
    # They end the start of the daemon, or a command; nobody looks at the console then.
    "already_running",
    "archive_extra_missing",
    "bad_proof",
    "bad_signature",
    "broken_bundle",
    "broken_settings",
    "database_damaged",
    "database_too_new",
    "disk_changed_meanwhile",
    "fatal",
    "no_hub",
    "no_site",
    "no_trusted_key",
    "nothing_to_adopt",
    "port_in_use",
    "state_folder_unusable",
}
BETWEEN_THE_PARTS = {
    # The monitor, the reconciler and the copier make states of them.
    "file_to_copy",
    "source_failed",
    "source_no_video",
    "source_unauthorized",
    "source_unreachable",
    "unknown_path",
}


def all_codes() -> set[str]:
    for module in pkgutil.walk_packages(gtvision_edge.__path__, "gtvision_edge."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    codes, waiting = set[str](), [EdgeError]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__.startswith("gtvision_edge."):
            codes.add(kind.code)
    return codes


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


def told(language: str, *records: str) -> set[str]:
    """Return the codes for which one of the *records* has words."""
    found = set[str]()
    for name in records:
        texts = [
            path.read_text(encoding="utf-8")
            for path in (SOURCE / "i18n").glob(f"*.{language}.ts")
            if f"export const {name}:" in path.read_text(encoding="utf-8")
        ]
        assert len(texts) == 1, name
        record = texts[0].split(f"export const {name}:", 1)[1].split("\n};", 1)[0]
        found |= set(re.findall(r"^  (\w+): ", record, re.MULTILINE))
    return found


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_every_failure_has_words(language: str) -> None:
    codes = all_codes()
    silent = SAID_BY_STATUS | ON_THE_COMMAND_LINE | BETWEEN_THE_PARTS

    assert len(codes) > 90
    assert silent <= codes
    missing = (
        codes
        - silent
        - told(
            language,
            "failures",
            "refusals",
            "volumes",
            "evidenceFailures",
            "noticeFailures",
            "findings",
            "archiveFindings",
        )
    )
    assert not missing


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_every_reason_of_a_camera_s_state_has_words(language: str) -> None:
    of_cameras = {
        each.code
        for each in vars(camera_errors).values()
        if isinstance(each, type) and issubclass(each, camera_errors.CameraError)
    }
    of_disks = {code for code in codes_of(volume_errors) if code.startswith("volume_")}

    reasons = monitor.OWN_REASONS | of_cameras | of_disks | {"breaker_open", "camera_key_lost"}

    missing = reasons - told(language, "causes")
    assert not missing


def test_the_monitor_gives_no_reason_but_those_it_names() -> None:
    source = (PACKAGE / "cameras" / "monitor.py").read_text(encoding="utf-8")

    assert not re.findall(r'CameraState\.\w+, "\w+"', source)


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_why_the_media_server_counts_as_down_has_words(language: str) -> None:
    assert told(language, "mediaStates") == STATES
    assert not STATES - told(language, "causes")


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_every_cause_of_a_gap_has_words(language: str) -> None:
    words = (SOURCE / "i18n" / f"investigate.{language}.ts").read_text(encoding="utf-8")
    causes = words.split("  causes: {", 1)[1].split("  }", 1)[0]

    assert {cause.value for cause in GapCause} == set(re.findall(r"(\w+): \"", causes))


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_every_warning_about_a_camera_has_words(language: str) -> None:
    source = (PACKAGE / "cameras" / "probe.py").read_text(encoding="utf-8")
    codes = set(re.findall(r'"code": "(\w+)"', source))

    assert len(codes) >= 7
    assert codes == told(language, "warnings")


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_every_finding_has_words(language: str) -> None:
    sources = [path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")]
    codes = {code for text in sources for code in re.findall(r'Finding\(\s*"(\w+)"', text)} | STATES
    codes |= {"issuer_keys_gone", "issuer_keys_broken", "broken_certificate"}  # chosen where told
    codes |= {code for text in sources for code in re.findall(r'LinkState\.\w+: "(\w+)"', text)}

    assert len(codes) >= 20
    assert codes == told(language, "findings", "archiveFindings")


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_everything_that_can_be_wrong_with_the_volume_has_words(language: str) -> None:
    codes = {code for code in codes_of(volume_errors) if code.startswith("volume_")}

    assert codes | {"breaker_open"} == told(language, "volumes")


def kept_in(file: str, language: str, record: str) -> set[str]:
    """Return the keys of a record of words inside another one."""
    words = (SOURCE / "i18n" / f"{file}.{language}.ts").read_text(encoding="utf-8")
    return set(re.findall(r"(\w+): \"", words.split(f" {record}: {{", 1)[1].split("}", 1)[0]))


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_every_act_of_the_audit_log_has_words(language: str) -> None:
    sources = [path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")]
    families = {
        *(
            "alert",
            "archive",
            "audit",
            "breaker",
            "camera",
            "cameras",
            "export",
            "footage",
            "incident",
            "index",
        ),
        *(
            "integrity",
            "mosaic",
            "plates",
            "policy",
            "purge",
            "push",
            "session",
            "site",
            "tenant",
            "uplink",
            "user",
            "view",
            "watch",
        ),
        "volume",
    }
    named = {act for text in sources for act in re.findall(r'"([a-z]+\.[a-z_]+)"', text)}
    files = {"camera.key", "index.html", "push.key", "session.key", "site.key", "volume.json"}
    files |= {"cameras.status"}  # a kind of message to the hub
    acts = {act for act in named if act.split(".")[0] in families} - files
    given = {
        act.split(".")[0]
        for text in sources
        for act in re.findall(r'(?:action|audited_as)="([a-z]+\.[a-z_]+)"', text)
    }

    told_acts = {
        act
        for file in ("acts", "archive")
        for act in re.findall(
            r'^  "([a-z]+\.[a-z_]+)": "',
            (SOURCE / "i18n" / f"{file}.{language}.ts").read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    }

    assert len(acts) >= 45
    assert given <= families
    assert acts == told_acts


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_every_purge_export_and_breaker_is_told_in_words(language: str) -> None:
    assembly = (PACKAGE / "recordings" / "evidence" / "assembly.py").read_text(encoding="utf-8")
    steps = set(re.findall(r'begin\("(\w+)"\)', assembly)) | {"waiting_for_recording"}
    breaker = (PACKAGE / "recordings" / "retention" / "breaker.py").read_text(encoding="utf-8")
    (reasons,) = re.findall(r'_open\(usage, "(\w+)" if .* else "(\w+)"\)', breaker)

    assert {each.value for each in PurgeKind} == kept_in("evidence", language, "kinds")
    assert {each.value for each in ExportState} == kept_in("evidence", language, "exportStates")
    assert steps == kept_in("evidence", language, "steps")
    assert {each.value for each in BreakerState} == kept_in("storage", language, "breakerStates")
    assert set(reasons) == kept_in("storage", language, "breakerReasons")
    assert {each.value for each in OnFull} == kept_in("purging", language, "onFullWords")


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


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_the_console_says_what_to_mend_of_an_object_store_as_the_command_line_does(
    language: str,
) -> None:
    words = (SOURCE / "i18n" / f"archive.{language}.ts").read_text(encoding="utf-8")
    cures = words.partition("const cures: Record<string, string> = {\n")[2].partition("\n};")[0]

    assert set(re.findall(r"^  (\w+): ", cures, re.MULTILINE)) == set(CURES)
