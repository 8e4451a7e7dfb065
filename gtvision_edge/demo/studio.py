"""The thread that draws and encodes all demo cameras, and hands the result to the loop."""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from gtvision_edge.demo.encoder import EncodedPicture, PictureEncoder
from gtvision_edge.demo.planes import Planes
from gtvision_edge.demo.sound import RATE, StreetNoise
from gtvision_edge.media.embedded.rtsp import Publication
from gtvision_edge.runtime.clock import Clock

log = structlog.get_logger(__name__)

_LATE_S = 1.0


class Drawable(Protocol):
    """What the studio needs of a :class:`~gtvision_edge.demo.scene.Scene`."""

    def draw(self, at_us: int) -> Planes: ...

    def loudness(self, at_us: int) -> float: ...


@dataclass(slots=True)
class Feed:
    """One stream: an encoder and where its pictures go."""

    encoder: PictureEncoder
    size: tuple[int, int]
    publication: Publication
    had_readers: bool = False


@dataclass(slots=True)
class Channel:
    """One camera: its scene and its feeds."""

    scene: Drawable
    fps: int
    main: Feed
    sub: Feed | None = None
    noise: StreetNoise | None = None
    drawn: int = field(default=-1)
    sounded: int = 0


class Studio:
    """Draws each channel when its next picture is due, while somebody reads it.

    A picture that would be late is left out, never queued. Start with :meth:`start`; :meth:`stop`
    waits for the picture in work.
    """

    def __init__(self, channels: Sequence[Channel], clock: Clock) -> None:
        self._channels = list(channels)
        self._clock = clock
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._began = 0.0
        self.skipped = 0
        """Pictures left out because the machine was too slow."""

    def start(self) -> None:
        self._began = self._clock.monotonic()
        loop = asyncio.get_running_loop()
        self._thread = threading.Thread(
            target=self._run, args=(loop,), name="demo-cameras", daemon=True
        )
        self._thread.start()

    async def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            while not self._stop.is_set():
                channel = min(self._channels, key=lambda c: (c.drawn + 1) / c.fps)
                wait = (channel.drawn + 1) / channel.fps - self._elapsed()
                if wait > 0:
                    self._stop.wait(wait)
                    continue
                self._serve(channel, loop)
        except RuntimeError:
            # The loop is closed: the process ends without having stopped us.
            if not loop.is_closed():
                log.exception("demo_cameras_failed")
        except Exception:
            log.exception("demo_cameras_failed")

    def _elapsed(self) -> float:
        return self._clock.monotonic() - self._began

    def _serve(self, channel: Channel, loop: asyncio.AbstractEventLoop) -> None:
        number = int(self._elapsed() * channel.fps)
        if channel.main.had_readers:
            self.skipped += number - channel.drawn - 1
        channel.drawn = number
        captured_us = self._clock.now_us()
        ticks = number * 90_000 // channel.fps
        planes: Planes | None = None
        for feed in (channel.main, channel.sub):
            if feed is None:
                continue
            if not feed.publication.has_readers:
                feed.had_readers = False
                continue
            if planes is None:
                planes = channel.scene.draw(captured_us)
            self._encode(
                feed,
                planes if feed.size == planes.size else planes.scaled(feed.size),
                ticks,
                captured_us,
                loop,
            )
        if channel.noise is not None:
            self._sound(channel, channel.noise, captured_us, loop)

    def _encode(
        self,
        feed: Feed,
        planes: Planes,
        ticks: int,
        captured_us: int,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        encoded = feed.encoder.encode(planes, as_key=not feed.had_readers)
        feed.had_readers = True
        if encoded is not None:
            loop.call_soon_threadsafe(
                _deliver_picture, feed.publication, encoded, ticks, captured_us
            )

    def _sound(
        self,
        channel: Channel,
        noise: StreetNoise,
        captured_us: int,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        due = channel.drawn * RATE // channel.fps
        first = channel.sounded if due - channel.sounded < _LATE_S * RATE else due
        channel.sounded = due
        if due == first or not channel.main.publication.has_readers:
            return
        data = noise.take(first, due - first, channel.scene.loudness(captured_us))
        started_us = captured_us - (due - first) * 1_000_000 // RATE
        loop.call_soon_threadsafe(_deliver_sound, channel.main.publication, data, first, started_us)


def _deliver_picture(
    publication: Publication, encoded: EncodedPicture, ticks: int, captured_us: int
) -> None:
    publication.send(0, encoded.data, ticks, encoded.is_key, captured_us=captured_us)


def _deliver_sound(publication: Publication, data: bytes, first: int, captured_us: int) -> None:
    publication.send(1, data, first, captured_us=captured_us)
