"""The configuration of paths: what is taken, what is refused, and that a refusal changes nothing."""

from pathlib import Path

import pytest

from gtvision_edge.media.embedded.config import (
    InvalidConfigError,
    NoSuchPathError,
    PathConfigs,
    check_name,
)

CAMERA = {"source": "rtsp://user:pass@192.0.2.1/main"}


@pytest.fixture
def configs() -> PathConfigs:
    return PathConfigs(Path("/volume"))


def test_a_path_shows_what_was_set_over_the_defaults(configs: PathConfigs) -> None:
    configs.add("cam01_rec", CAMERA | {"record": True, "recordSegmentDuration": "60m"})

    shown = configs.get("cam01_rec")

    assert shown["name"] == "cam01_rec"
    assert shown["recordSegmentDuration"] == "1h0m0s"
    assert shown["recordDeleteAfter"] == ""
    assert configs.effective["cam01_rec"].segment_s == 3600
    assert configs.effective["cam01_rec"].record_path.startswith("/volume/%path/")


def test_a_patch_keeps_what_it_does_not_name(configs: PathConfigs) -> None:
    configs.add("cam01_rec", CAMERA | {"record": True})

    configs.patch("cam01_rec", {"record": False, "source": None})

    assert configs.effective["cam01_rec"].source == CAMERA["source"]
    assert configs.effective["cam01_rec"].record is False


def test_a_replacement_forgets_what_it_does_not_name(configs: PathConfigs) -> None:
    configs.add("cam01_rec", CAMERA | {"record": True})

    configs.replace("cam01_rec", CAMERA)

    assert configs.effective["cam01_rec"].record is False


def test_defaults_reach_paths_that_do_not_override_them(configs: PathConfigs) -> None:
    configs.add("one", CAMERA)
    configs.add("two", CAMERA | {"recordSegmentDuration": "10s"})

    configs.patch_defaults({"recordSegmentDuration": "2m"})

    assert configs.effective["one"].segment_s == 120
    assert configs.effective["two"].segment_s == 10


@pytest.mark.parametrize(
    "fields",
    [
        {"nope": 1},
        {"record": "yes"},
        {"record": 1},
        {"recordPartDuration": 5},
        {"recordPartDuration": "5x"},
        {"recordSegmentDuration": "25h"},
        {"recordSegmentDuration": "-1s"},
        {"recordDeleteAfter": "1s"},
        {"recordDeleteAfter": "7d"},
        {"recordFormat": "mpegts"},
        {"recordPath": "/volume/%Y-%m-%d/%H-%M-%S"},
        {"recordPath": "/volume/%path/%Y"},
        {"rtspTransport": "udp"},
        {"source": "http://192.0.2.1/x.m3u8"},
        {"source": "rtsp://user:@192.0.2.1/x"},
        {"source": "rtsp://[broken/x"},
        {"source": "publisher", "sourceOnDemand": True},
        {"source": ["rtsp://192.0.2.1/"]},
    ],
)
def test_a_faulty_change_changes_nothing(configs: PathConfigs, fields: dict[str, object]) -> None:
    configs.add("cam01_rec", CAMERA)
    before = configs.list()

    with pytest.raises(InvalidConfigError):
        configs.patch("cam01_rec", fields)
    with pytest.raises(InvalidConfigError):
        configs.add("cam02_rec", CAMERA | fields)

    assert configs.list() == before


def test_a_refusal_never_repeats_the_password(configs: PathConfigs) -> None:
    with pytest.raises(InvalidConfigError) as refused:
        configs.add("cam01_rec", {"source": "ftp://user:secret@192.0.2.1/x"})

    assert "secret" not in str(refused.value)


def test_an_existing_path_is_not_added_again(configs: PathConfigs) -> None:
    configs.add("cam01_rec", CAMERA)

    with pytest.raises(InvalidConfigError, match="already exists"):
        configs.add("cam01_rec", CAMERA)


def test_a_missing_path_can_be_neither_patched_nor_deleted(configs: PathConfigs) -> None:
    with pytest.raises(NoSuchPathError):
        configs.patch("cam01_rec", {})
    with pytest.raises(NoSuchPathError):
        configs.delete("cam01_rec")


@pytest.mark.parametrize("name", ["", "a b", "/a", "a/", "a/../b", "~^x", "all_others", "ä"])
def test_names_that_mediamtx_refuses_are_refused(name: str) -> None:
    with pytest.raises(InvalidConfigError):
        check_name(name)


@pytest.mark.parametrize("name", ["cam01_rec", "site/cam.1", "A-b"])
def test_plain_names_are_taken(name: str) -> None:
    check_name(name)
