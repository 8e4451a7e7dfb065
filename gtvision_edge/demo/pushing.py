"""The drawn cameras tell of the plates that pass, as an integrator's software does: signed, over HTTP."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

import aiohttp
import structlog

from gtvision_edge.cameras.model import Camera
from gtvision_edge.demo.cameras import StreetCamera
from gtvision_edge.demo.frames import Frames
from gtvision_edge.demo.recognition import recognise
from gtvision_edge.demo.traffic import Passage
from gtvision_edge.detections.sources.signatures import sign_body
from gtvision_edge.errors import EdgeError
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.timestamps import to_rfc3339

log = structlog.get_logger(__name__)

WEBHOOK: Final = "api/v1/webhooks/lpr"
TRIES_AFTER_S: Final = (1.0, 3.0)
"""Then the passage is forgotten: a camera on the street has others to tell of."""
LOOK_EVERY_S: Final = 1.0
DRAWN_AHEAD_S: Final = 4.0
"""Its picture is drawn so long before a passage: on a busy machine that takes its time, and the reading waits for it."""
_FORGETS_AFTER_US: Final = 30_000_000
_LIMIT: Final = aiohttp.ClientTimeout(total=5.0)


@dataclass(frozen=True, slots=True)
class _Push:
    camera_id: str
    message_id: str
    body: bytes
    secret: str


class PlatePusher:
    """Tells the box at *url* of each passage as it happens. Run :meth:`run` as a service.

    *find* returns the site's camera that a drawn one is; where there is none, nothing is told. *secret_of* returns what its pushes
    are signed with at present.
    """

    def __init__(
        self,
        street: Sequence[StreetCamera],
        *,
        url: str,
        frames: Frames,
        find: Callable[[StreetCamera], Camera | None],
        secret_of: Callable[[Camera], Awaitable[str]],
        zone: tzinfo,
        clock: Clock,
    ) -> None:
        self._street = street
        self._url = f"{url.rstrip('/')}/{WEBHOOK}"
        self._frames = frames
        self._find = find
        self._secret_of = secret_of
        self._zone = zone
        self._clock = clock
        self._is_refused = False

    async def run(self) -> None:
        """Tell of the passages from now on, until cancelled."""
        async with aiohttp.ClientSession(timeout=_LIMIT) as session, asyncio.TaskGroup() as tasks:
            for drawn in self._street:
                tasks.create_task(self._follow(session, drawn), name=f"demo-{drawn.path}")

    async def _follow(self, session: aiohttp.ClientSession, drawn: StreetCamera) -> None:
        since_us = self._clock.now_us()
        while True:
            now_us = self._clock.now_us()
            # A clock that was set, or a machine that slept: nobody wants to hear of all that.
            if not 0 <= now_us - since_us <= _FORGETS_AFTER_US:
                since_us = now_us
            for passage in drawn.scene.passages(since_us, now_us):
                await self._tell(session, drawn, passage)
            since_us = now_us
            self._look_ahead(drawn, now_us)
            await self._clock.sleep(self._until_next_s(drawn, since_us))

    def _look_ahead(self, drawn: StreetCamera, now_us: int) -> None:
        if self._find(drawn) is None:
            return
        for passage in drawn.scene.passages(now_us, now_us + round(DRAWN_AHEAD_S * 1e6)):
            self._frames.expect(drawn, passage)

    def _until_next_s(self, drawn: StreetCamera, since_us: int) -> float:
        now_us = self._clock.now_us()
        horizon_us = now_us + round(LOOK_EVERY_S * 1e6)
        coming = drawn.scene.passages(since_us, horizon_us)
        if not coming:
            return LOOK_EVERY_S
        return max(0.0, (coming[0].at_us + 1 - now_us) / 1e6)

    async def _tell(
        self, session: aiohttp.ClientSession, drawn: StreetCamera, passage: Passage
    ) -> None:
        camera = self._find(drawn)
        if camera is None:
            return
        try:
            push = await self._made(camera, drawn, passage)
        except EdgeError as error:
            self._note(camera.camera_id, error.code)
            return
        for wait_s in (*TRIES_AFTER_S, None):
            status = await self._post(session, push)
            if status == 202:
                self._is_refused = False
                return
            # What the box refuses once it refuses again; what fails on its side, or comes too fast, may go later.
            is_later = isinstance(status, str) or status >= 500 or status == 429
            if not is_later or wait_s is None:
                self._note(push.camera_id, status)
                return
            await self._clock.sleep(wait_s)

    async def _made(self, camera: Camera, drawn: StreetCamera, passage: Passage) -> _Push:
        seen = recognise(passage, drawn.scene.place.light)
        body: dict[str, object] = {
            "camera_id": camera.camera_id,
            "placa": seen.plate,
            "timestamp": to_rfc3339(passage.at_us, self._zone),
            "confianca": seen.confidence,
            "imagem_url": self._frames.url_of(drawn, passage),
            "sentido": seen.direction,
        }
        if seen.plate is not None:
            body["area_placa"] = await self._frames.plate_area(drawn, passage)
        return _Push(
            camera.camera_id,
            f"{drawn.path}-{passage.at_us}",
            json.dumps(body).encode(),
            await self._secret_of(camera),
        )

    async def _post(self, session: aiohttp.ClientSession, push: _Push) -> int | str:
        """Return the status of the answer, or what kept it from coming."""
        stamp = str(self._clock.now_us() // 1_000_000)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": push.message_id,
            "webhook-timestamp": stamp,
            "webhook-signature": sign_body(
                push.secret, message_id=push.message_id, timestamp=stamp, body=push.body
            ),
        }
        try:
            async with session.post(self._url, data=push.body, headers=headers) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, TimeoutError) as error:
            return type(error).__name__

    def _note(self, camera_id: str, status: int | str) -> None:
        write = log.debug if self._is_refused else log.warning
        write("demo_reading_refused", camera_id=camera_id, status=status)
        self._is_refused = True
