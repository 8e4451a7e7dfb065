"""The one way a reading becomes a detection, whatever source it came from.

A 2xx to a camera means: the detection, the message to the hub and the alert are on disk (one commit with fsync). A source that
sends a passage again is told the first result; what it lacked then, a picture, is added.
"""

import asyncio
import hashlib
import secrets
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import structlog
from prometheus_client import CollectorRegistry, Counter

from gtvision_edge.detections.acceptance import Acceptance, Accepted, Judged, Send, Tell, Told
from gtvision_edge.detections.errors import PictureNotKeptError
from gtvision_edge.detections.model import (
    Detection,
    DetectionId,
    PictureCame,
    PictureKind,
    PictureState,
    PlateRead,
    Reading,
    TrustLevel,
)
from gtvision_edge.detections.moments import moment_of
from gtvision_edge.detections.picture_store import PictureStore, name_of
from gtvision_edge.detections.pictures.copies import NO_COPIES, Copies
from gtvision_edge.detections.plate_sources.model import NOTHING_SET, SourceSettings
from gtvision_edge.detections.plates import read_plate
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.runtime.ids import new_uuid7
from gtvision_edge.storage import Database

log = structlog.get_logger(__name__)


class PushingCamera(Protocol):
    """What a detection needs to know of its camera."""

    @property
    def camera_id(self) -> str: ...
    @property
    def camera_uuid(self) -> str: ...
    @property
    def tenant_id(self) -> str: ...
    @property
    def name(self) -> str: ...


Seal = Callable[[str, str], bytes]
"""Encrypts a secret, bound to whose it is."""
SettingsOf = Callable[[str], SourceSettings]
"""Returns what is set for the readings of a camera, by its uuid."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a reading; not *is_new*: the source had sent it before."""

    detection_id: DetectionId
    is_new: bool


class Intake:
    """Judges readings, keeps them, and tells of them.

    Where a picture is still to be fetched or cut out, that is kept with the reading and *wake* is called. *seal* closes the
    addresses of such pictures; without it none are fetched.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        bus: EventBus,
        *,
        zone: ZoneInfo,
        pictures: PictureStore,
        send: Send,
        tell: Sequence[Tell] = (),
        tell_of_picture: Sequence[Told] = (),
        copies: Copies = NO_COPIES,
        seal: Seal | None = None,
        wake: Callable[[], None] = lambda: None,
        settings_of: SettingsOf = lambda _: NOTHING_SET,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._bus = bus
        self._zone = zone
        self._pictures = pictures
        self._accept = Acceptance(
            send=send, tell=tell, tell_of_picture=tell_of_picture, copies=copies
        )
        self._seal = seal
        self._wake = wake
        self._settings_of = settings_of
        self._threads = ThreadPoolExecutor(2, "detection-pictures")
        registry = registry or CollectorRegistry()
        accepted = Counter(
            "gtvision_edge_detections", "Plate readings accepted", ["source"], registry=registry
        )
        self._accepted_of = cache(accepted.labels)
        self._repeated = Counter(
            "gtvision_edge_detections_repeated",
            "Plate readings that a source sent again",
            ["source"],
            registry=registry,
        )

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def take(
        self,
        camera: PushingCamera,
        reading: Reading,
        *,
        source: str,
        trust: TrustLevel,
        event_id: str = "",
    ) -> Taken:
        """Keep *reading* of *camera*; return when it is on disk.

        *event_id* is what the source calls it at each try; without it, camera, time, plate and lane say whether it is the same.

        Raises:
            StorageError, PictureNotKeptError: the disk failed; nothing was accepted, the source shall send it again.

        """
        received_us = self._clock.now_us()
        key = source_key(camera.camera_uuid, source, reading, event_id)
        pictures = await self._named(reading) if reading.pictures else {}
        scene, crop = (
            pictures[kind][0] if kind in pictures else None
            for kind in (PictureKind.SCENE, PictureKind.PLATE)
        )
        sizes = {name: len(jpeg) for name, jpeg in pictures.values()}
        fresh = self._judged(camera, reading, source, trust, received_us, scene, crop)
        judged = Judged(
            fresh,
            key,
            camera.name,
            sizes,
            self._sealed_url(fresh, reading),
            reading.plate_area,
        )
        if not sizes:
            accepted = await self._database.write_together(self._accept, judged)
        else:
            async with self._pictures.claims.keeping(sizes):
                await self._keep(jpeg for _, jpeg in pictures.values())
                accepted = await self._database.write_together(self._accept, judged)
        self._publish(accepted, source)
        return Taken(accepted.detection.detection_id, accepted.is_new)

    def _publish(self, accepted: Accepted, source: str) -> None:
        detection = accepted.detection
        if accepted.is_new:
            self._accepted_of(source).inc()
            self._bus.publish(PlateRead(detection))
        else:
            self._repeated.labels(source).inc()
        if accepted.is_added:
            self._bus.publish(PictureCame(detection.detection_id))
        if accepted.is_new and detection.picture_state is PictureState.WAITING:
            self._wake()

    def _sealed_url(self, detection: Detection, reading: Reading) -> bytes | None:
        if self._seal is None or not reading.picture_url or detection.scene is not None:
            return None
        return self._seal(detection.detection_id, reading.picture_url)

    def _judged(
        self,
        camera: PushingCamera,
        reading: Reading,
        source: str,
        trust: TrustLevel,
        received_us: int,
        scene: str | None,
        crop: str | None,
    ) -> Detection:
        plate = read_plate(reading.plate)
        settings = self._settings_of(camera.camera_uuid)
        moment = moment_of(
            reading,
            received_us=received_us,
            zone=settings.zone or self._zone,
            is_signed=trust is TrustLevel.SIGNED,
        )
        is_fetchable = bool(reading.picture_url) and self._seal is not None and scene is None
        is_cuttable = reading.plate_area is not None and scene is not None and crop is None
        state = PictureState.WAITING if is_fetchable or is_cuttable else PictureState.NONE
        detection_id = DetectionId(new_uuid7(self._clock))
        return Detection(
            detection_id=detection_id,
            camera_uuid=camera.camera_uuid,
            camera_id=camera.camera_id,
            tenant_id=camera.tenant_id,
            captured_us=moment.us,
            received_us=received_us,
            time_source=moment.source,
            plate=plate.text if plate else None,
            vehicle=plate.vehicle if plate else None,
            plate_sent=reading.plate[:64],
            confidence=reading.confidence,
            source=source,
            trust=trust,
            is_late=moment.is_late,
            passage_id=detection_id,
            facts=_facts(reading, settings.direction_of(reading.direction)),
            scene=scene,
            crop=crop,
            picture_state=state,
        )

    async def _named(self, reading: Reading) -> dict[PictureKind, tuple[str, bytes]]:
        """Return the first picture of each kind that is kept, with its name."""
        loop = asyncio.get_running_loop()
        found: dict[PictureKind, tuple[str, bytes]] = {}
        for picture in reading.pictures:
            if picture.kind is not PictureKind.VEHICLE and picture.kind not in found:
                name = await loop.run_in_executor(self._threads, name_of, picture.jpeg)
                found[picture.kind] = name, picture.jpeg
        return found

    async def _keep(self, jpegs: Iterable[bytes]) -> None:
        loop = asyncio.get_running_loop()
        for jpeg in jpegs:
            try:
                await loop.run_in_executor(self._threads, self._pictures.keep, jpeg)
            except OSError as error:
                raise PictureNotKeptError("The picture could not be stored.") from error


def source_key(camera_uuid: str, source: str, reading: Reading, event_id: str = "") -> bytes:
    """Return what is the same for a passage however often its source sends it."""
    parts = [camera_uuid, source]
    if event_id or reading.event_id:
        parts.append(event_id or reading.event_id)
    else:
        when = reading.captured_us if reading.captured_us is not None else reading.local_time
        # A source that gives no time cannot say that it is sending the same again.
        parts += ["", str(when or secrets.token_hex(16)), reading.plate, str(reading.lane)]
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).digest()


def _facts(reading: Reading, direction: str) -> dict[str, Any]:
    vehicle = reading.vehicle
    facts: dict[str, Any] = {
        "direction": direction,
        "direction_sent": reading.direction if direction != reading.direction else "",
        "lane": reading.lane,
        "speed_kmh": reading.speed_kmh,
        "country": reading.country,
        "plate_color": reading.plate_color,
        "confidence_sent": reading.confidence_sent,
        "least_character": reading.least_character,
        "offset_min": reading.offset_min,
        "is_resent": reading.is_resent,
        "vehicle": {
            name: value
            for name, value in (
                ("color", vehicle.color),
                ("kind", vehicle.kind),
                ("make", vehicle.make),
                ("model", vehicle.model),
            )
            if value
        },
    }
    return {name: value for name, value in facts.items() if value not in (None, "", {})}
