"""Desired paths, and the fewest changes that lead to them."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtvision_edge.media.client import PathConf
from gtvision_edge.media.paths import (
    ActionKind,
    PathRules,
    Sources,
    desired_paths,
    diff,
    parse_duration_ns,
    parse_path_name,
)

RULES = PathRules(Path("/srv/rec"), "rtsp://127.0.0.1:8554", 60.0)
BOTH = Sources("rtsp://u:p@10.0.0.1/main", "rtsp://u:p@10.0.0.1/sub")


def as_server(conf: PathConf) -> dict[str, object]:
    """Show a configuration as MediaMTX 1.20.1 does: canonical durations, and many fields that are not ours."""
    printed = {"60s": "1m0s", "0s": "", "3600s": "1h0m0s", "86400s": "1d"}
    return {
        field: printed.get(value, value) if isinstance(value, str) else value
        for field, value in conf.items()
    } | {"maxReaders": 0, "name": "x", "recordMaxPartSize": "50M"}


def test_a_camera_with_a_sub_stream_is_recorded_from_main_and_watched_from_sub() -> None:
    paths = desired_paths("cam01", BOTH, RULES, record=True)

    assert {name: conf["source"] for name, conf in paths.items()} == {
        "cam01_rec": BOTH.main,
        "cam01_live": BOTH.sub,
        "cam01_ai": "rtsp://127.0.0.1:8554/cam01_rec",
    }
    assert paths["cam01_rec"] == {
        "source": BOTH.main,
        "sourceOnDemand": False,
        "rtspTransport": "tcp",
        "record": True,
        "recordPath": "/srv/rec/%path/%Y-%m-%d/%H-%M-%S-%f",
        "recordFormat": "fmp4",
        "recordPartDuration": "1s",
        "recordSegmentDuration": "60s",
        "recordDeleteAfter": "0s",
    }
    assert paths["cam01_live"]["sourceOnDemand"] is True
    assert paths["cam01_live"]["record"] is False


def test_a_camera_without_sub_stream_serves_one_session_only() -> None:
    paths = desired_paths("cam01", Sources(BOTH.main, None), RULES, record=True)

    sources = [conf["source"] for conf in paths.values()]
    assert sources.count(BOTH.main) == 1
    assert paths["cam01_live"]["source"] == "rtsp://127.0.0.1:8554/cam01_rec"


def test_what_the_server_would_substitute_in_a_source_reaches_the_camera_as_it_is() -> None:
    sources = Sources("rtsp://10.0.0.1/a$G1?b=$MTX_QUERY&price=$5", None)

    paths = desired_paths("cam01", sources, RULES, record=True)

    assert paths["cam01_rec"]["source"] == "rtsp://10.0.0.1/a%24G1?b=%24MTX_QUERY&price=$5"


@pytest.mark.parametrize("segment_s", [60.0, 3600.0, 86400.0])
def test_what_the_server_prints_in_its_own_way_is_no_difference(segment_s: float) -> None:
    desired = desired_paths("cam01", BOTH, replace(RULES, record_segment_s=segment_s), record=True)

    assert diff(desired, {name: as_server(conf) for name, conf in desired.items()}) == []


def test_each_difference_takes_its_least_change() -> None:
    desired = desired_paths("cam01", BOTH, RULES, record=False)
    actual = {name: as_server(conf) for name, conf in desired.items()}
    actual["cam01_rec"]["record"] = True
    actual["cam01_live"]["source"] = "rtsp://elsewhere/"
    del actual["cam01_ai"]

    actions = {action.name: (action.kind, dict(action.conf)) for action in diff(desired, actual)}

    assert actions == {
        "cam01_rec": (ActionKind.PATCH_RECORD, {"record": False}),
        "cam01_live": (ActionKind.REPLACE, dict(desired["cam01_live"])),
        "cam01_ai": (ActionKind.ADD, dict(desired["cam01_ai"])),
    }


def test_record_and_another_field_wrong_is_one_replace() -> None:
    desired = desired_paths("cam01", BOTH, RULES, record=True)
    actual = {name: as_server(conf) for name, conf in desired.items()}
    actual["cam01_rec"] |= {"record": False, "recordPath": "/tmp/%path/%s"}

    (action,) = diff(desired, actual)

    assert (action.kind, action.conf) == (ActionKind.REPLACE, desired["cam01_rec"])


def test_paths_of_a_removed_camera_go_first_and_foreign_ones_stay() -> None:
    desired = desired_paths("cam02", BOTH, RULES, record=True)
    actual: dict[str, PathConf] = {
        name: {} for name in ("cam01_rec", "cam01_live", "cam01_ai", "by_hand", "all_others", "~^x")
    }

    actions = diff(desired, actual)

    assert [(a.kind, a.name) for a in actions[:3]] == [
        (ActionKind.DELETE, "cam01_rec"),
        (ActionKind.DELETE, "cam01_live"),
        (ActionKind.DELETE, "cam01_ai"),
    ]
    assert {a.kind for a in actions[3:]} == {ActionKind.ADD}


def test_nothing_that_may_be_printed_shows_a_password() -> None:
    (action, *_) = diff(desired_paths("cam01", BOTH, RULES, record=True), {})

    assert "u:p" not in repr(action) + repr(BOTH)


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("", 0),
        ("0s", 0),
        ("200ms", 200_000_000),
        ("1.5s", 1_500_000_000),
        ("1h0m0s", 3600 * 10**9),
        ("1d12h0m0s", 36 * 3600 * 10**9),
        ("60m", 3600 * 10**9),
        ("soon", None),
        ("1x", None),
        ("5", None),
    ],
)
def test_durations_are_read_as_the_server_prints_them(text: str, nanoseconds: int | None) -> None:
    assert parse_duration_ns(text) == nanoseconds


@given(st.from_regex(r"[a-z0-9][a-z0-9_-]{0,31}", fullmatch=True))
def test_every_path_of_every_camera_id_leads_back_to_the_camera(camera_id: str) -> None:
    for name in desired_paths(camera_id, BOTH, RULES, record=True):
        parsed = parse_path_name(name)
        assert parsed is not None
        assert parsed[0] == camera_id


def test_a_volume_that_depends_on_whose_directory_it_is_read_from_is_refused() -> None:
    with pytest.raises(ValueError, match="absolute"):
        PathRules(Path("recordings"), "rtsp://127.0.0.1:8554", 60.0)
