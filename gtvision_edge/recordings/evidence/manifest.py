"""``manifest.json``: what the bundle says of itself. Pure functions."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gtvision_edge.keys import SitePublicKey
from gtvision_edge.recordings.evidence import layout
from gtvision_edge.recordings.evidence.archive import Stored
from gtvision_edge.recordings.evidence.model import (
    MissingSpan,
    Order,
    OrderedCamera,
    OrderedSegment,
)
from gtvision_edge.recordings.evidence.tracks import TrackConfig, parts_of
from gtvision_edge.recordings.evidence.viewing import Part
from gtvision_edge.recordings.model import Span
from gtvision_edge.runtime.timestamps import to_rfc3339


@dataclass(frozen=True, slots=True)
class Original:
    """A recorded file as it lies in the bundle."""

    source: OrderedSegment
    stored: Stored

    @property
    def matches_ingest(self) -> bool | None:
        """Whether it still is what was hashed when it was recorded; None = it was not hashed then."""
        known = self.source.segment.sha256
        return None if known is None else known == self.stored.sha256


@dataclass(frozen=True, slots=True)
class Copy:
    """A part of the viewing copy, and the hash of its pictures from either side."""

    part: Part
    stored: Stored
    pictures_sha256: bytes
    originals_sha256: bytes


@dataclass(frozen=True, slots=True)
class Snapshot:
    time_us: int
    stored: Stored
    source: OrderedSegment


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A recorded file that is not there, or of which the viewing copy could use nothing."""

    source: OrderedSegment
    reason: str


@dataclass(slots=True)
class BundledCamera:
    """A camera as it went into the bundle."""

    camera: OrderedCamera
    originals: list[Original] = field(default_factory=list)
    copies: list[Copy] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    skipped: list[Unreadable] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class BundledReadings:
    """How many readings and pictures of them went into the bundle, and how many readings did not: too many."""

    count: int = 0
    pictures: int = 0
    left_out: int = 0
    not_there: int = 0
    """Pictures that a reading had and whose file is gone or cannot be read."""


def package_id(export_id: str, created_us: int) -> str:
    """Return the number that people call the bundle by."""
    day = to_rfc3339(created_us)[:10].replace("-", "")
    return f"EXP-{day}-{export_id.replace('-', '')[-6:].upper()}"


def seal_number(export_id: str) -> str:
    """Return the number of the package's seal (CPP art. 158-D): random, and its own."""
    text = export_id.replace("-", "")[-18:-6].upper()
    return "-".join(text[at : at + 4] for at in (0, 4, 8))


def to_json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")


def build_manifest(
    order: Order,
    cameras: Sequence[BundledCamera],
    readings: BundledReadings,
    files: Sequence[Stored],
    key: SitePublicKey,
) -> dict[str, Any]:
    """Return the manifest of a bundle that holds *files* so far."""
    return {
        "schema": layout.SCHEMA,
        "package_id": package_id(order.export_id, order.created_us),
        "seal": seal_number(order.export_id),
        "export_id": order.export_id,
        "created_at": to_rfc3339(order.created_us),
        "expires_at": None if order.expires_us is None else to_rfc3339(order.expires_us),
        "site": dict(order.site),
        "software": dict(order.software),
        "key": {"name": key.name, "fingerprint": key.fingerprint},
        "request": {
            "authority": order.request.authority,
            "reference": order.request.reference,
            "legal_basis": order.request.legal_basis,
            "purpose": order.request.purpose,
        },
        "operator": dict(order.operator),
        "incident": dict(order.incident),
        "interval": _span(order.span),
        "clock": dict(order.clock),
        "processing": {
            "originals": "none",
            "viewing": "container rewritten, coded pictures and sound copied, nothing re-encoded",
            "gaps": order.options.gaps,
        },
        "cameras": [_camera(camera) for camera in cameras],
        "readings": {
            "path": layout.READINGS,
            "included": order.options.readings,
            "count": readings.count,
            "pictures": readings.pictures,
            "left_out": readings.left_out,
        },
        "history": {
            "path": layout.HISTORY,
            "entries": len(order.history),
            "viewings_left_out": order.history_left_out,
        },
        "files": [
            {"path": each.path, "bytes": each.size_bytes, "sha256": each.sha256.hex()}
            for each in files
        ],
    }


def _camera(bundled: BundledCamera) -> dict[str, Any]:
    camera = bundled.camera
    paths = {original.source.path: original.stored.path for original in bundled.originals}
    return {
        "camera_id": camera.camera_id,
        "camera_uuid": camera.camera_uuid,
        "name": camera.name,
        **camera.facts,
        "recorded_s": camera.recorded_us / 1_000_000,
        "gaps": [_gap(gap) for gap in camera.gaps],
        "originals": [_original(original) for original in bundled.originals],
        "viewing": [_copy(copy, paths) for copy in bundled.copies],
        "snapshots": [
            {
                "path": each.stored.path,
                "sha256": each.stored.sha256.hex(),
                "time": to_rfc3339(each.time_us),
                "original": paths[each.source.path],
                "derivative": True,
            }
            for each in bundled.snapshots
        ],
        "unreadable": [_unreadable(each) for each in [*bundled.unreadable, *bundled.skipped]],
    }


def _original(original: Original) -> dict[str, Any]:
    segment, stored = original.source.segment, original.stored
    kind = segment.format
    return {
        "path": stored.path,
        "segment_id": str(segment.segment_id),
        "start": to_rfc3339(segment.start_us),
        "end": to_rfc3339(segment.end_us),
        "continues": segment.continues,
        "cut_off": segment.is_cut,
        "media_s": segment.media_us / 1_000_000,
        "video": {"codec": kind.video, "width": kind.width, "height": kind.height},
        "audio": kind.audio or None,
        "bytes": stored.size_bytes,
        "sha256": stored.sha256.hex(),
        "ingest_sha256": segment.sha256.hex() if segment.sha256 else None,
        "match": original.matches_ingest,
        "seal": original.source.seal,
        "init_bytes": segment.init_bytes,
        "parts": [list(part) for part in parts_of(segment.groups)],
        "derivative": False,
    }


def _copy(copy: Copy, paths: Mapping[Any, str]) -> dict[str, Any]:
    part = copy.part
    return {
        "path": copy.stored.path,
        "bytes": copy.stored.size_bytes,
        "sha256": copy.stored.sha256.hex(),
        "derivative": True,
        "pictures": part.frames,
        "length_s": part.length_us / 1_000_000,
        "video": _config(part.video),
        "audio": _config(part.audio),
        "pictures_sha256": copy.pictures_sha256.hex(),
        "originals_pictures_sha256": copy.originals_sha256.hex(),
        "equal": copy.pictures_sha256 == copy.originals_sha256,
        "timeline": [
            {
                "original": paths[stretch.path],
                "pictures": [stretch.first, stretch.last],
                "at_s": stretch.at_us / 1_000_000,
                "length_s": stretch.length_us / 1_000_000,
                "start": to_rfc3339(stretch.start_us),
                "end": to_rfc3339(stretch.end_us),
            }
            for stretch in part.stretches
        ],
    }


def _config(config: TrackConfig | None) -> dict[str, Any] | None:
    if config is None:
        return None
    if config.kind == "audio":
        return {"sample_entry": config.sample_type, "rate": config.timescale}
    return {"sample_entry": config.sample_type, "width": config.width, "height": config.height}


def _unreadable(each: Unreadable) -> dict[str, Any]:
    segment = each.source.segment
    return {
        "segment_id": str(segment.segment_id),
        "start": to_rfc3339(segment.start_us),
        "end": to_rfc3339(segment.end_us),
        "reason": each.reason,
    }


def _gap(gap: MissingSpan) -> dict[str, Any]:
    return {**_span(Span(gap.start_us, gap.end_us)), "cause": gap.cause or None}


def _span(span: Span) -> dict[str, str]:
    return {"start": to_rfc3339(span.start_us), "end": to_rfc3339(span.end_us)}
