"""What cameras and integrators send, from the moment it is whole: who sent it, is it proved, what does it say, is it kept."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol, TypeVar

import structlog
from prometheus_client import CollectorRegistry, Counter

from gtvision_edge.detections.errors import (
    PushRefusedError,
    ReadingTimeRefusedError,
    StalePushError,
    TooManyPushesError,
)
from gtvision_edge.detections.intake import Intake, PushingCamera, SettingsOf, Taken
from gtvision_edge.detections.model import TrustLevel
from gtvision_edge.detections.moments import AHEAD_US, BEHIND_US
from gtvision_edge.detections.plate_sources.model import NOTHING_SET
from gtvision_edge.detections.push_log import PushKind, PushLog
from gtvision_edge.detections.push_secrets import PushSecrets
from gtvision_edge.detections.rates import SendRate
from gtvision_edge.detections.sources import hikvision, intelbras
from gtvision_edge.detections.sources.generic import (
    WebhookMessage,
    named_camera,
    read_webhook,
)
from gtvision_edge.detections.sources.signatures import is_signed_body, is_signed_fields
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.timestamps import to_rfc3339

log = structlog.get_logger(__name__)

T = TypeVar("T")

WINDOW_S: Final = 300.0
"""How far a signed message's time may be from ours, in both directions."""
CAMERA_RATE: Final = (50.0, 400.0)
ADDRESS_RATE: Final = (400.0, 4000.0)
"""Per second and at once; many cameras may come from one address (a recorder, a router)."""
PARSERS: Final = 2
"""Threads that read documents of cameras."""
_NOBODY: Final = "whsec_bm9ib2R5IGhhcyB0aGlzIHNlY3JldCBhdCBhbGwgIQ=="
"""Checked against for cameras that are not known, so that both take the same time."""


class PushDirectory(Protocol):
    """The site's cameras, in memory."""

    def find_camera(self, camera_id: str) -> PushingCamera | None: ...
    def find_by_uuid(self, camera_uuid: str) -> PushingCamera | None: ...


@dataclass(frozen=True, slots=True)
class SignatureHeaders:
    """The headers of Standard Webhooks; all '' where the signature is in the body."""

    message_id: str = ""
    timestamp: str = ""
    signature: str = ""

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> "SignatureHeaders":
        return cls(
            headers.get("webhook-id", "")[:128],
            headers.get("webhook-timestamp", "")[:20],
            headers.get("webhook-signature", "")[:2000],
        )


class PushDesk:
    """Takes pushes of every kind.

    Documents of cameras are parsed in two threads of its own, so that no other work with files waits for them; those that come
    meanwhile wait with their bodies, of which there are few at a time (``api.raw_body.BodyPlaces``).
    """

    def __init__(
        self,
        intake: Intake,
        secrets: PushSecrets,
        cameras: PushDirectory,
        clock: Clock,
        log: PushLog,
        *,
        keep_s: float,
        settings_of: SettingsOf = lambda _: NOTHING_SET,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._log = log
        self._keep_s = keep_s
        self._intake = intake
        self._secrets = secrets
        self._cameras = cameras
        self._clock = clock
        self._settings_of = settings_of
        self._disbelieved = Counter(
            "gtvision_edge_pushes_disbelieved",
            "Proved pushes that were refused by the settings of their camera",
            ["reason"],
            registry=registry or CollectorRegistry(),
        )
        self._of_camera = SendRate(clock, per_s=CAMERA_RATE[0], burst=CAMERA_RATE[1])
        self._parsers = ThreadPoolExecutor(PARSERS, "push-parsing")
        self._telling = SendRate(clock, per_s=1 / 60, burst=1)
        self._of_address = SendRate(clock, per_s=ADDRESS_RATE[0], burst=ADDRESS_RATE[1])

    def close(self) -> None:
        """Parse no more; what waits is dropped, its camera was promised nothing."""
        self._parsers.shutdown(wait=False, cancel_futures=True)

    async def _parse(self, read: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._parsers, read)

    def admit(self, address: str) -> None:
        """Count a push of *address* before anything is read of it.

        Raises:
            TooManyPushesError: it sends too many.

        """
        self._of_address.take(address)

    def believes(self, camera: PushingCamera, trust: TrustLevel, address: str) -> bool:
        """Tell whether the settings of *camera* let a push be taken that proved *trust* and comes from *address*."""
        settings = self._settings_of(camera.camera_uuid)
        if not settings.accepts(trust):
            reason = "trust"
        elif not settings.believes(address):
            reason = "address"
        else:
            return True
        self._disbelieved.labels(reason).inc()
        self._tell_of(camera, reason, address)
        return False

    def _tell_of(self, camera: PushingCamera, reason: str, address: str) -> None:
        try:
            self._telling.take(camera.camera_uuid)
        except TooManyPushesError:
            return
        log.warning("push_disbelieved", camera_id=camera.camera_id, reason=reason, address=address)

    async def webhook(self, raw: bytes, headers: SignatureHeaders, *, address: str) -> Taken:
        """Take the customer's webhook.

        Raises:
            InvalidInputError: it is no such message.
            PushRefusedError: unknown camera, bad signature, or not from *address*; which, is not said.
            StalePushError: signed, and its time is too far from ours.
            ReadingTimeRefusedError: signed, and of a time that is too long ago, or has not come.
            TooManyPushesError, StorageError: it shall be sent again later.

        """
        try:
            message = read_webhook(raw)
        except InvalidInputError as error:
            # As with a wrong signature: who set the sender up shall see why nothing comes, be it a stranger's.
            named = self._cameras.find_camera(named_camera(raw))
            if named is not None:
                self._log.refuse(named, "webhook", error.code)
            raise
        camera = self._cameras.find_camera(message.camera_id)
        with self._log.watch(camera, "webhook"):
            return await self._take_signed(raw, message, camera, headers, address=address)

    async def _take_signed(
        self,
        raw: bytes,
        message: WebhookMessage,
        camera: PushingCamera | None,
        headers: SignatureHeaders,
        *,
        address: str,
    ) -> Taken:
        known = self._secrets.of_camera(camera.camera_uuid) if camera else []
        is_signed = _is_signed(known or [_NOBODY], raw, message, headers)
        if camera is None or not known or not is_signed:
            raise PushRefusedError("The camera is not known or the signature is wrong.")
        if not self.believes(camera, TrustLevel.SIGNED, address):
            raise PushRefusedError("The camera is not known or the signature is wrong.")
        self._require_fresh(message, headers)
        self._require_kept(message)
        # After that: who sends again what was overheard once uses up nothing of the camera's.
        self._of_camera.take(camera.camera_uuid)
        fields = message.fields
        # A picture's address may be made anew for each try of one message; two passages under one id are two readings.
        which = headers.message_id if headers.signature else fields.picture_url
        text = "\n".join((fields.plate, fields.timestamp, which))
        event_id = hashlib.sha256(text.encode()).hexdigest()
        reading = message.whole_reading if headers.signature else message.reading
        return await self._intake.take(
            camera, reading, source="webhook", trust=TrustLevel.SIGNED, event_id=event_id
        )

    def hikvision_camera(self, token: str, *, address: str) -> PushingCamera:
        """Return the camera whose secret address ends in *token*: to be asked before anything of a push is read.

        Raises:
            PushRefusedError: no camera has that secret address, or its settings refuse it.

        """
        uuid = self._secrets.camera_of_path(token)
        camera = self._cameras.find_by_uuid(uuid) if uuid else None
        if camera is not None:
            if self.believes(camera, TrustLevel.SECRET_PATH, address):
                return camera
            self._log.refuse(camera, "hikvision", PushRefusedError.code)
        raise PushRefusedError("The camera is not known or the signature is wrong.")

    async def hikvision(self, camera: PushingCamera, content_type: str, raw: bytes) -> Taken | None:
        """Take what a Hikvision *camera* posts; None: an event of another kind, which it wants a 200 for.

        Raises:
            MalformedPushError: it cannot be read.
            TooManyPushesError, StorageError, PictureNotKeptError: it shall be sent again later.

        """
        with self._log.watch(camera, "hikvision") as push:
            self._of_camera.take(camera.camera_uuid)
            reading = await self._parse(partial(hikvision.read_push, content_type, raw))
            if reading is None:
                push.kind = PushKind.OTHER
                return None
            return await self._intake.take(
                camera, reading, source="hikvision", trust=TrustLevel.SECRET_PATH
            )

    async def tollgate(self, camera: PushingCamera, raw: bytes) -> str:
        """Take a ``TollgateInfo`` of *camera*, which has logged in; return the ``DeviceID`` that it calls itself.

        Raises:
            MalformedPushError: it cannot be read.
            TooManyPushesError, StorageError, PictureNotKeptError: it shall be sent again later.

        """
        with self._log.watch(camera, "itsapi") as push:
            self._of_camera.take(camera.camera_uuid)
            scale = self._settings_of(camera.camera_uuid).confidence_scale
            reading, device = await self._parse(partial(intelbras.read_push, raw, scale=scale))
            if reading is None:
                push.kind = PushKind.OTHER
            else:
                await self._intake.take(
                    camera, reading, source="itsapi", trust=TrustLevel.AUTHENTICATED
                )
        return device

    async def sign_of_life(self, camera: PushingCamera, raw: bytes) -> str:
        """Take what an ITSAPI camera tells of itself, as :meth:`tollgate` does; nothing is kept of it.

        Raises:
            TooManyPushesError: it shall be sent again later.

        """
        with self._log.watch(camera, "itsapi") as push:
            push.kind = PushKind.OTHER
            self._of_camera.take(camera.camera_uuid)
        return await self._parse(partial(intelbras.device_of, raw))

    def turn_away(self, camera: PushingCamera | None) -> None:
        """Note that an ITSAPI login in the name of *camera* was wrong; None = no camera of ours."""
        if camera is not None:
            self._log.refuse(camera, "itsapi", PushRefusedError.code)

    def _require_fresh(self, message: WebhookMessage, headers: SignatureHeaders) -> None:
        if headers.signature:
            sent_us = int(headers.timestamp) * 1_000_000
        else:
            sent_us = message.reading.captured_us or 0
        away_s = abs(self._clock.now_us() - sent_us) / 1e6
        if away_s > WINDOW_S:
            raise StalePushError(
                "The message's time is too far from this box's clock.", away_s=round(away_s)
            )

    def _require_kept(self, message: WebhookMessage) -> None:
        """Refuse what no sender keeps for so long, or has not come: its clock was never set.

        What is older than readings live here is taken: the hub hears of it, and the next night's round has it. By this box's clock, which was just held against the sender's: both are of one mind within five minutes.
        """
        now_us, captured_us = self._clock.now_us(), message.reading.captured_us or 0
        kept_us = max(BEHIND_US, round(self._keep_s * 1e6))
        earliest_us, latest_us = now_us - kept_us, now_us + AHEAD_US
        if not earliest_us <= captured_us <= latest_us:
            raise ReadingTimeRefusedError(
                "Readings of that time are not taken: it has not come, or is too long ago.",
                earliest=to_rfc3339(earliest_us),
                latest=to_rfc3339(latest_us),
            )


def _is_signed(
    secrets: list[str], raw: bytes, message: WebhookMessage, headers: SignatureHeaders
) -> bool:
    if headers.signature:
        if not (headers.timestamp.isascii() and headers.timestamp.isdigit() and headers.message_id):
            raise InvalidInputError(
                "The signature's headers are not right.",
                faults=[{"path": "webhook-timestamp", "message": "must be Unix seconds"}],
            )
        return is_signed_body(
            secrets,
            message_id=headers.message_id,
            timestamp=headers.timestamp,
            body=raw,
            header=headers.signature,
        )
    return is_signed_fields(secrets, message.fields, message.signature)
