"""Looks at a camera for a few seconds: DESCRIBE first, then pictures; bounded as a whole, whatever the camera does."""

import asyncio
import base64
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog

from gtvision_edge.cameras.address import Address
from gtvision_edge.cameras.errors import (
    CameraBadResponseError,
    CameraBusyError,
    CameraError,
    CameraNoDataError,
    CameraNoVideoError,
    CameraPathNotFoundError,
    CameraTimeoutError,
    CameraUnreachableError,
    CameraUnsupportedAuthError,
    ProbeBusyError,
)
from gtvision_edge.cameras.model import ProbeReport, Profile
from gtvision_edge.cameras.names import NameResolver
from gtvision_edge.cameras.rtsp import Description, describe, parse_date
from gtvision_edge.cameras.urls.builder import bracketed
from gtvision_edge.runtime.clock import Clock

log = structlog.get_logger(__name__)

MAX_PROBES: Final = 4
"""At once; each is a process with a decoder."""

BROWSER_AUDIO: Final = frozenset({"aac", "opus", "mp3"})
"""What people hear in the console as the camera sends it."""

G711_AUDIO: Final = frozenset({"pcma", "pcmu"})
"""The embedded media server turns it into AAC; MediaMTX records it as it comes, which no browser plays."""

LONG_KEYFRAME_INTERVAL_S: Final = 4.0
NO_SECOND_KEYFRAME_S: Final = 3.25
"""Without a second key frame for so long the interval is called long as well: five seconds do not show more."""
CLOCK_TOLERANCE_S: Final = 5.0

_MARGIN_S: Final = 0.4
"""Kept back of the probe's time: half for the inspector's answer, a quarter for its farewell to the camera."""
_MAX_ANSWER: Final = 2 * 2**20
_CLOCK_S: Final = 1.5

_FAILURES: Final[Mapping[str, tuple[type[CameraError], str]]] = {
    "timeout": (CameraTimeoutError, "The camera did not start the stream in time."),
    "no_data": (CameraNoDataError, "The stream was opened, but no picture came."),
    "no_video": (CameraNoVideoError, "The stream has no video."),
    "path_not_found": (CameraPathNotFoundError, "The camera has no stream under this path."),
    "busy": (CameraBusyError, "The camera described the stream, but refuses to send it."),
    "unreachable": (CameraUnreachableError, "The camera refuses a second connection."),
    # DESCRIBE went through with this password, so it is not wrong.
    "unauthorized": (
        CameraUnsupportedAuthError,
        "The camera described the stream, but refuses the login for playing it.",
    ),
    "bad_response": (CameraBadResponseError, "The stream cannot be read."),
}


class CameraProber:
    """Probes cameras, four at once; a fifth waits for a place, for the time of a probe at most."""

    def __init__(
        self,
        *,
        resolver: NameResolver,
        clock: Clock,
        timeout_s: float,
    ) -> None:
        self._resolver = resolver
        self._clock = clock
        self._timeout_s = timeout_s
        self._places = asyncio.Semaphore(MAX_PROBES)
        self._sound_is_kept = False

    def expect_sound_kept(self) -> None:
        """Warn from now on of sound that is heard in playback only if the media server turns it into AAC: it does not."""
        self._sound_is_kept = True

    async def probe(self, address: Address, *, clock_offset_s: float | None = None) -> ProbeReport:
        """Look at the camera; ends within ``timeout_s`` of getting a place.

        The password is tried once: whoever is refused at DESCRIBE does not go on to the video.
        *clock_offset_s* is what is known of the camera's clock already; what RTSP tells goes before it.

        Raises:
            CameraError: one subclass for each way to fail.
            ProbeBusyError: no place became free.

        """
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._places.acquire()
        except TimeoutError as error:
            raise ProbeBusyError("Too many cameras are being probed; try again.") from error
        try:
            return await self._probe(address, clock_offset_s)
        finally:
            self._places.release()

    async def _probe(self, address: Address, known_offset_s: float | None) -> ProbeReport:
        started = self._clock.monotonic()
        ends = started + self._timeout_s  # of the machine's clock, which the inspector sees as well
        main_url = address.url("main")
        if main_url is None:
            raise CameraPathNotFoundError("The camera has no main stream.")
        described = await describe(
            main_url, resolver=self._resolver, timeout_s=self._timeout_s - _MARGIN_S
        )
        offset_s = self._offset_s(described)
        if offset_s is None:
            offset_s = known_offset_s
        if described.needs_sha256:
            raise CameraUnsupportedAuthError(
                "The camera offers SHA-256 logins only, which the media server does not speak: "
                "allow MD5 digests in its settings.",
                algorithms=["sha-256"],
            )
        async with _open_inspector() as inspector, asyncio.TaskGroup() as tasks:
            await inspector.order("main", main_url, ends - _MARGIN_S, keys=3, picture=True)
            sub_task = tasks.create_task(self._look_at_sub(inspector, address, ends))
            clock_task = None
            if offset_s is None:
                clock_task = tasks.create_task(self._ask_http_clock(address))
            answers = await self._await_answers(inspector, sub_task, ends)
            sub_task.cancel()
            if clock_task is not None:
                done, _ = await asyncio.wait(
                    {clock_task}, timeout=max(ends - _MARGIN_S - self._clock.monotonic(), 0)
                )
                offset_s = clock_task.result() if done else None
                clock_task.cancel()
        main = _profile(answers.get("main", {"error": "timeout"}))
        sub = answers.get("sub", {"error": "timeout"})
        sub_profile = None if "error" in sub else _profile(sub)
        picture = base64.b64decode(str(answers["main"].get("picture") or ""))
        return ProbeReport(
            main=main,
            sub=sub_profile,
            warnings=tuple(self._warnings(answers["main"], main, sub_profile, offset_s)),
            snapshot=picture or None,
            clock_offset_s=None if offset_s is None else round(offset_s, 1),
            elapsed_s=round(self._clock.monotonic() - started, 2),
        )

    async def _await_answers(
        self, inspector: "_Inspector", sub_task: "asyncio.Task[bool]", ends: float
    ) -> dict[str, Mapping[str, Any]]:
        """Collect the answers for main and, if there is such a stream, sub; what is missing at the end stays out."""
        answers: dict[str, Mapping[str, Any]] = {}
        try:
            async with asyncio.timeout(max(ends - _MARGIN_S / 2 - self._clock.monotonic(), 0)):
                wanted = {"main"}
                while wanted - answers.keys():
                    answer = await inspector.next_answer()
                    if answer is None:
                        answers.setdefault("main", {"error": "bad_response"})
                        break
                    answers[str(answer["stream"])] = answer
                    if "main" in answers and "error" not in answers["main"] and await sub_task:
                        wanted.add("sub")
        except TimeoutError:
            pass
        return answers

    async def _look_at_sub(self, inspector: "_Inspector", address: Address, ends: float) -> bool:
        """Have the sub stream looked at when the camera has one."""
        url = address.url("sub")
        left_s = ends - self._clock.monotonic() - _MARGIN_S
        if url is None or left_s <= 0:
            return False
        try:
            await describe(url, resolver=self._resolver, timeout_s=left_s)
        except CameraError:
            return False
        await inspector.order("sub", url, ends - _MARGIN_S, keys=2, picture=False)
        return True

    def _offset_s(self, described: Description) -> float | None:
        if described.date_us is None:
            return None
        ours_us = self._clock.now_us() - round(described.round_trip_s * 500_000)
        return _offset_s(described.date_us, ours_us)

    async def _ask_http_clock(self, address: Address) -> float | None:
        """Read the ``Date`` of the camera's web server, if it has one and answers soon."""
        try:
            async with asyncio.timeout(_CLOCK_S):
                ip = await self._resolver.resolve(address.host, timeout_s=_CLOCK_S)
                reader, writer = await asyncio.open_connection(ip, address.http_port, limit=8192)
                try:
                    host = f"{bracketed(address.host)}:{address.http_port}"
                    writer.write(
                        f"HEAD / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
                    )
                    head = await reader.readuntil(b"\r\n\r\n")
                    ours_us = self._clock.now_us()
                finally:
                    writer.transport.abort()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, CameraError):
            return None
        for line in head.decode("latin-1").split("\r\n"):
            name, _, value = line.partition(":")
            if name.strip().lower() == "date":
                theirs_us = parse_date(value.strip())
                return None if theirs_us is None else _offset_s(theirs_us, ours_us)
        return None

    def _warnings(
        self,
        answer: Mapping[str, Any],
        main: Profile,
        sub: Profile | None,
        offset_s: float | None,
    ) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        for name, profile in (("main", main), ("sub", sub)):
            if profile is None:
                found.append({"code": "no_sub_stream"})
            elif profile.codec == "h265":
                found.append({"code": "h265_in_browser", "profile": name})
            elif profile.codec != "h264":
                found.append(
                    {"code": "unknown_video_codec", "codec": profile.codec, "profile": name}
                )
        interval = main.keyframe_interval_s
        limit = (
            NO_SECOND_KEYFRAME_S if main.keyframe_interval_is_minimum else LONG_KEYFRAME_INTERVAL_S
        )
        if interval is not None and interval > limit:
            found.append(
                {
                    "code": "long_keyframe_interval",
                    "seconds": interval,
                    "at_least": main.keyframe_interval_is_minimum,
                }
            )
        if answer.get("has_irregular_keyframes"):
            found.append({"code": "smart_codec"})
        if offset_s is not None and abs(offset_s) > CLOCK_TOLERANCE_S:
            found.append({"code": "clock_off", "seconds": round(offset_s)})
        if main.audio_codec in G711_AUDIO:
            if self._sound_is_kept:
                found.append({"code": "audio_not_in_playback", "codec": main.audio_codec})
        elif main.audio_codec and main.audio_codec not in BROWSER_AUDIO:
            found.append({"code": "audio_not_in_browser", "codec": main.audio_codec})
        return found


class _Inspector:
    """Our end of the child process (see :mod:`gtvision_edge.cameras.inspector`)."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None  # noqa: S101 -- both were asked for
        assert process.stdout is not None  # noqa: S101
        self._process = process
        self._stdin = process.stdin
        self._stdout = process.stdout

    async def order(self, stream: str, url: str, ends: float, *, keys: int, picture: bool) -> None:
        order = {"stream": stream, "url": url, "ends": ends, "keys": keys, "picture": picture}
        with contextlib.suppress(ConnectionError):  # it died; next_answer() tells
            self._stdin.write(json.dumps(order).encode() + b"\n")
            await self._stdin.drain()

    async def next_answer(self) -> Mapping[str, Any] | None:
        """Return the next stream's answer; None when the process ended: libav crashed, or a limit was met."""
        line = await self._stdout.readline()
        if line:
            answer: Mapping[str, Any] = json.loads(line)
            return answer
        log.warning("probe_process_died", status=await self._process.wait())
        return None


@asynccontextmanager
async def _open_inspector() -> AsyncIterator[_Inspector]:
    """Start the child; on leaving, it may say TEARDOWN for a moment in the background, then it is killed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        "gtvision_edge.cameras.inspector",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # libav would print URLs there
        env={"PYTHONPATH": os.pathsep.join(sys.path), "LC_ALL": "C.UTF-8"},
        limit=_MAX_ANSWER,
    )
    try:
        yield _Inspector(process)
    finally:
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(_MARGIN_S / 4):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _profile(answer: Mapping[str, Any]) -> Profile:
    if "error" in answer:
        kind, message = _FAILURES.get(str(answer["error"]), _FAILURES["bad_response"])
        raise kind(message)
    return Profile(
        codec=answer["codec"],
        width=answer["width"],
        height=answer["height"],
        fps=answer["fps"] or answer["rate"],
        keyframe_interval_s=answer["keyframe_interval_s"],
        keyframe_interval_is_minimum=answer["keyframe_interval_is_minimum"],
        audio_codec=answer["audio_codec"],
        bitrate_bps=answer["bitrate_bps"],
    )


def _offset_s(theirs_us: int, ours_us: int) -> float:
    # A Date has whole seconds, cut off: half a second is what is missing on average.
    return (theirs_us + 500_000 - ours_us) / 1_000_000
