"""Plate readings as they go into an evidence bundle: what was received, and the pictures that came with it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gtvision_edge.detections.intervals import repository
from gtvision_edge.detections.model import Detection, PictureKind
from gtvision_edge.detections.picture_store import PictureStore
from gtvision_edge.runtime.timestamps import to_rfc3339
from gtvision_edge.storage import Database

_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class HandedPicture:
    """A picture of a reading. ``sha256`` (hex) is what it was kept under; ``size_bytes`` 0 = the file is not there."""

    kind: str
    path: Path
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class HandedReading:
    """A reading; ``document`` holds what can be written as JSON, and no picture."""

    reading_id: str
    captured_us: int
    document: Mapping[str, Any]
    pictures: Sequence[HandedPicture]


@dataclass(frozen=True, slots=True)
class HandedReadings:
    """The first ones in order of time; ``left_out`` is how many there are besides."""

    readings: Sequence[HandedReading]
    left_out: int


class EvidenceReadings:
    """Hands readings over; who may have them, and what for, is the export's business."""

    def __init__(self, database: Database, pictures: PictureStore) -> None:
        self._database = database
        self._pictures = pictures

    async def within(
        self, camera_uuid: str, start_us: int, end_us: int, *, tenant_id: str, most: int
    ) -> HandedReadings:
        """Return up to *most* readings of a camera, those that were its tenant's, from *start_us* on, before *end_us*."""
        found: list[HandedReading] = []
        after = (0, "")
        while len(found) < most:
            page = await repository.fetch_in_order(
                self._database,
                camera_uuid,
                from_us=start_us,
                to_us=end_us,
                tenant_id=tenant_id,
                after=after,
                limit=min(_PAGE, most - len(found)),
            )
            if not page:
                return HandedReadings(found, 0)
            found += await asyncio.to_thread(self._handed, page)
            after = (page[-1].captured_us, page[-1].detection_id)
        total = await repository.count_within(
            self._database, camera_uuid, from_us=start_us, to_us=end_us, tenant_id=tenant_id
        )
        return HandedReadings(found, max(total - len(found), 0))

    def _handed(self, page: Sequence[Detection]) -> list[HandedReading]:
        return [
            HandedReading(each.detection_id, each.captured_us, document(each), self._of(each))
            for each in page
        ]

    def _of(self, detection: Detection) -> list[HandedPicture]:
        named = ((PictureKind.PLATE, detection.crop), (PictureKind.SCENE, detection.scene))
        return [self._picture(kind, name) for kind, name in named if name is not None]

    def _picture(self, kind: PictureKind, name: str) -> HandedPicture:
        path = self._pictures.path_of(name)
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            size = 0
        return HandedPicture(kind.value, path, name, size)


def document(detection: Detection) -> dict[str, Any]:
    """Return what is known of a reading, named as the API names it; nothing of ours is added to what was received."""
    return {
        "detection_id": detection.detection_id,
        "camera_id": detection.camera_id,
        "camera_uuid": detection.camera_uuid,
        "placa": detection.plate,
        "placa_lida": detection.plate_sent,
        "confianca": detection.confidence,
        "timestamp": to_rfc3339(detection.captured_us),
        "received_at": to_rfc3339(detection.received_us),
        "time_source": detection.time_source.value,
        "source": detection.source,
        "trust": detection.trust.value,
        "late": detection.is_late,
        "passage_id": detection.passage_id,
        "facts": dict(detection.facts),
        "anonymised": detection.anonymised_us is not None,
    }
