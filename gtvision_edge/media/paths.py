"""Which paths the media server should have, and the fewest changes that lead there."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from gtvision_edge.media.client import PathConf
from gtvision_edge.media.layout import RECORD_TEMPLATE

# What a path of ours is called. A hand-made path of such a name counts as ours, and goes.
_OURS = re.compile(r"([a-z0-9][a-z0-9_-]{0,31})_(rec|live|ai)")

# MediaMTX puts regex groups and the reader's query where it finds these in a source.
_SUBSTITUTED = re.compile(r"\$(?=G\d|MTX_QUERY)")

_DURATIONS = frozenset(
    {
        "recordPartDuration",
        "recordSegmentDuration",
        "recordDeleteAfter",
        "sourceOnDemandStartTimeout",
        "sourceOnDemandCloseAfter",
    }
)
_MAX_DURATION = 100
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)")
_DURATION_NS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
    "d": 86400 * 10**9,
}

ON_DEMAND_START_S = 10
ON_DEMAND_CLOSE_S = 30
"""A tile that is scrolled away and back, or a page that is loaded anew, finds the sub stream still running."""
RECORD_PART_S = 1


class PathUse(StrEnum):
    """What a path is for; the end of its name."""

    RECORD = "rec"
    LIVE = "live"
    AI = "ai"


def path_name(camera_id: str, use: PathUse) -> str:
    return f"{camera_id}_{use}"


@lru_cache(maxsize=4096)
def path_names(camera_id: str) -> tuple[str, ...]:
    """Return the names of all paths of a camera; kept, for they are asked for of each camera every second."""
    return tuple(path_name(camera_id, use) for use in PathUse)


def parse_path_name(name: str) -> tuple[str, PathUse] | None:
    """Return the camera id and use of a path of ours; None for a foreign name."""
    found = _OURS.fullmatch(name)
    return (found[1], PathUse(found[2])) if found else None


@dataclass(frozen=True, slots=True)
class PathRules:
    """What all paths of a site share. *volume* is absolute, by the name it is recorded to; *rtsp_url* is the media server's own."""

    volume: Path
    rtsp_url: str
    record_segment_s: float

    def __post_init__(self) -> None:
        if not self.volume.is_absolute():  # MediaMTX would begin at its own directory
            raise ValueError(f"{self.volume} is not absolute")


@dataclass(frozen=True, slots=True)
class Sources:
    """The stream addresses of one camera, with credentials; ``sub`` None = it has no sub stream."""

    main: str
    sub: str | None

    def __repr__(self) -> str:
        return "Sources(…)"  # the addresses hold passwords


def desired_paths(
    camera_id: str, sources: Sources, rules: PathRules, *, record: bool
) -> dict[str, PathConf]:
    """Return the paths of an enabled camera: recorded, watched on demand, analysed on demand.

    ``_ai``, and ``_live`` of a camera without sub stream, are fed from ``_rec`` through the media server, so that a
    camera serves two sessions at most.
    """
    recorded = f"{rules.rtsp_url.rstrip('/')}/{path_name(camera_id, PathUse.RECORD)}"
    return {
        # Every record* field is in the first request: patching one later restarts the recorder and splits the segment.
        path_name(camera_id, PathUse.RECORD): {
            "source": _literal(sources.main),
            "sourceOnDemand": False,
            "rtspTransport": "tcp",
            "record": record,
            "recordPath": f"{rules.volume}/{RECORD_TEMPLATE}",
            "recordFormat": "fmp4",
            "recordPartDuration": f"{RECORD_PART_S}s",
            "recordSegmentDuration": f"{rules.record_segment_s:g}s",
            "recordDeleteAfter": "0s",
        },
        path_name(camera_id, PathUse.LIVE): _on_demand(
            recorded if sources.sub is None else _literal(sources.sub)
        ),
        path_name(camera_id, PathUse.AI): _on_demand(recorded),
    }


def _on_demand(source: str) -> PathConf:
    return {
        "source": source,
        "sourceOnDemand": True,
        "sourceOnDemandStartTimeout": f"{ON_DEMAND_START_S}s",
        "sourceOnDemandCloseAfter": f"{ON_DEMAND_CLOSE_S}s",
        "rtspTransport": "tcp",
        "record": False,
    }


def _literal(source: str) -> str:
    return _SUBSTITUTED.sub("%24", source)


class ActionKind(StrEnum):
    ADD = "add"
    PATCH_RECORD = "patch_record"
    REPLACE = "replace"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Action:
    """One change. ``conf`` is what to send: the whole path, ``{"record": …}``, or nothing for DELETE."""

    kind: ActionKind
    name: str
    conf: PathConf

    def __repr__(self) -> str:
        return f"Action({self.kind}, {self.name})"  # a configuration holds passwords


def diff(desired: Mapping[str, PathConf], actual: Mapping[str, PathConf]) -> list[Action]:
    """Return the changes that turn *actual* into *desired*: removals first, nothing for a path that is right.

    Paths whose name is not ours are left alone.
    """
    return [*_removals(desired, actual), *_changes(desired, actual)]


def _removals(desired: Mapping[str, PathConf], actual: Mapping[str, PathConf]) -> Iterator[Action]:
    for name in actual:
        if name not in desired and parse_path_name(name):
            yield Action(ActionKind.DELETE, name, {})


def _changes(desired: Mapping[str, PathConf], actual: Mapping[str, PathConf]) -> Iterator[Action]:
    for name, wanted in desired.items():
        present = actual.get(name)
        if present is None:
            yield Action(ActionKind.ADD, name, wanted)
            continue
        wrong = differing_fields(wanted, present)
        if wrong == {"record"}:
            # Hot in every version: readers and source are not touched.
            yield Action(ActionKind.PATCH_RECORD, name, {"record": wanted["record"]})
        elif wrong:
            yield Action(ActionKind.REPLACE, name, wanted)


def differing_fields(wanted: PathConf, present: PathConf) -> set[str]:
    """Return the fields of *wanted* whose meaning differs in *present*; fields we do not set are not looked at."""
    return {
        field
        for field, value in wanted.items()
        # The same text is nearly all there is, and quickly compared: this runs over each field of some 1500 paths.
        if value != (seen := present.get(field))
        and _canonical(field, value) != _canonical(field, seen)
    }


def _canonical(field: str, value: object) -> object:
    if field in _DURATIONS and isinstance(value, str):
        nanoseconds = parse_duration_ns(value)
        return value if nanoseconds is None else nanoseconds
    return value


def parse_duration_ns(text: str) -> int | None:
    """Return a duration as MediaMTX prints it (``1d12h0m0s``, ``200ms``, empty = zero) in ns; None if it is none."""
    if len(text) > _MAX_DURATION:  # its number would be too large, too
        return None
    return _parsed_duration_ns(text)


@lru_cache(maxsize=64)  # some few are in the settings of all paths
def _parsed_duration_ns(text: str) -> int | None:
    parts = list(_DURATION_PART.finditer(text))
    if "".join(part[0] for part in parts) != text:
        return None
    return sum(round(float(part[1]) * _DURATION_NS[part[2]]) for part in parts)
