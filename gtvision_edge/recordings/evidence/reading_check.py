"""Checks that the plate readings of a bundle are those that its manifest tells of."""

import json
from collections.abc import Mapping
from typing import Any, Protocol

from gtvision_edge.recordings.evidence import layout


class Blame(Protocol):
    """Where faults and remarks go."""

    def blame(self, path: str, code: str, **facts: Any) -> None: ...

    def remark(self, code: str, **facts: Any) -> None: ...


def check_readings(manifest: Mapping[str, Any], content: bytes, verdict: Blame) -> None:
    """Compare the list of readings, *content*, with *manifest*; that the files are as they were signed is looked at elsewhere."""
    told = manifest["readings"]
    listed = {each["path"]: each["sha256"] for each in manifest["files"]}
    named = set()
    try:
        readings = json.loads(content)["readings"]
        for reading in readings:
            for picture in reading.get("pictures", {}).values():
                path = picture.get("path")
                if path is None:
                    verdict.remark("reading_picture_not_there", reading=_id_of(reading))
                    continue
                named.add(path)
                if listed.get(path) != picture["sha256"]:
                    verdict.blame(layout.READINGS, "two_hashes", file=str(path)[:200])
                if picture["received_sha256"] != picture["sha256"]:
                    verdict.remark("picture_not_as_received", file=str(path)[:200])
        count = len(readings)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        verdict.blame(layout.READINGS, "odd_readings")
        return
    if count != told["count"]:
        verdict.blame(layout.READINGS, "other_readings", count=count, told=told["count"])
    for path in sorted(set(filter(layout.is_reading_picture, listed)) - named):
        verdict.blame(path, "of_no_reading")
    if left_out := told.get("left_out", 0):
        verdict.remark("readings_left_out", count=left_out)


def _id_of(reading: Mapping[str, Any]) -> str:
    return str(reading.get("detection_id", ""))[:60]
