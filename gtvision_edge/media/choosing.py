"""Which media server a run works with: the MediaMTX beside us, or our own.

``media.server = "mediamtx"`` is beside MediaMTX and ``"embedded"`` is our own, whatever answers. ``"auto"`` decides once,
at the start, for paths and recordings cannot move between two servers while people watch:

============================================  ===========================================================================
at ``media.api_url``                          what ``auto`` takes
============================================  ===========================================================================
MediaMTX answers                              MediaMTX; that it was there is remembered in the state folder
silent, wants a password, too old, refuses    MediaMTX: it is there and in trouble. The daemon starts, tells of it, and
                                              works with it from its first answer on. Ours would fight it for its ports
somebody else, MediaMTX expected              the same: the admin must choose who has that port
somebody else, MediaMTX not expected          our own, on ports that are free; told
nobody, MediaMTX expected                     waits ``media.wait_for_mediamtx`` for it. In vain: our own, so that the site
                                              is recorded, but on ports that MediaMTX does not need: it can come back.
                                              Both are told: that it is missing, and later that it is there
nobody, MediaMTX not expected                 our own, on its ports; where one is taken, on a free one, and told
============================================  ===========================================================================

MediaMTX is *expected* when ``[media]`` names a secret or an address of it other than the defaults, when its unit
``mediamtx.service`` is enabled, or when it was there at an earlier run, unless the unit that was enabled then no longer is.
``"embedded"`` forgets that it was there.
"""

import asyncio
import contextlib
import errno
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final, Literal
from urllib.parse import urlsplit

import aiohttp
import structlog

from gtvision_edge.errors import EdgeError, ErrorKind
from gtvision_edge.media.client import MediaServerClient, ServerInfo
from gtvision_edge.media.embedded.server import open_embedded_server
from gtvision_edge.media.errors import ForeignServerError, MediaServerUnavailableError
from gtvision_edge.media.model import MediaServerFound
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.durable import write_whole
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.runtime.findings import Finding
from gtvision_edge.runtime.systemd import find_credential
from gtvision_edge.settings import EmbeddedSettings, MediaSettings

log = structlog.get_logger(__name__)

UNIT: Final = "mediamtx.service"
SYSTEMD: Final = Path("/etc/systemd/system")
NOTE: Final = "mediamtx.json"
"""In the state folder: that MediaMTX was there, and whether its unit was enabled then."""

ANSWERS_S: Final = 2.0
ASK_AGAIN_S: Final = 0.5
WATCH_S: Final = 30.0

_PORTS: Final = ("api_port", "hls_port", "rtsp_port")
_PLACES: Final = ("api_url", "hls_url", "rtsp_url", "webrtc_url", "hls_secret")

Sign = Literal["settings", "unit", "remembered"]
"""Why MediaMTX is expected."""


class PortInUseError(EdgeError):
    """Somebody else listens where we should."""

    code: ClassVar[str] = "port_in_use"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


def port_error(error: OSError, ports: str, setting: str) -> PortInUseError:
    """Return what to tell of *error*, which came from listening on *ports*."""
    if error.errno == errno.EADDRINUSE:
        return PortInUseError(f"Port {ports} is in use; choose another in {setting}.", port=ports)
    return PortInUseError(f"Port {ports} cannot be used: {error.strerror}.", port=ports)


async def free_or_any(host: str, port: int) -> int:
    """Return *port* if nobody listens there now, else 0, which means any."""
    try:
        server = await asyncio.start_server(lambda *_: None, host, port)
    except OSError:
        return 0
    server.close()
    await server.wait_closed()
    return port


def find_hls_secret(settings: MediaSettings) -> str | None:
    """Return MediaMTX's CDN secret: the setting, else what its own unit gets from the same file. Reads a file."""
    if settings.hls_secret:
        return settings.hls_secret.get_secret_value()
    for line in (find_credential("mediamtx.env") or "").splitlines():
        name, _, value = line.partition("=")
        if name.strip() == "MTX_HLSCDNSECRET" and value.strip():
            return value.strip().strip("\"'")
    return None


class MediaMtxSigns:
    """What tells that this box has a MediaMTX, also while it does not answer. Every call blocks on the disk."""

    def __init__(
        self, settings: MediaSettings, state_dir: Path, *, systemd: Path = SYSTEMD
    ) -> None:
        self._settings = settings
        self._note = state_dir / NOTE
        self._systemd = systemd

    def find(self) -> Sign | None:
        """Return the first sign of it, None when there is none."""
        default = MediaSettings()
        if any(getattr(self._settings, name) != getattr(default, name) for name in _PLACES):
            return "settings"
        is_enabled = self.is_unit_enabled()
        if is_enabled:
            return "unit"
        was_enabled = self._read_note()
        return "remembered" if was_enabled is False else None

    def is_unit_enabled(self) -> bool:
        return any(self._systemd.glob(f"*.wants/{UNIT}"))

    def remember(self) -> None:
        """Note that MediaMTX is here."""
        is_enabled = self.is_unit_enabled()
        if self._read_note() is is_enabled:
            return
        try:
            write_whole(self._note, json.dumps({"unit_enabled": is_enabled}).encode())
        except OSError as error:  # then it is asked anew at the next start
            log.warning("mediamtx_not_remembered", reason=error.strerror)

    def forget(self) -> None:
        """Take the note back: the admin decided against MediaMTX."""
        with contextlib.suppress(OSError):  # then it is believed once more, which costs a wait
            self._note.unlink(missing_ok=True)

    def _read_note(self) -> bool | None:
        """Return whether the unit was enabled when MediaMTX was here; None = it never was."""
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
            return bool(note["unit_enabled"])
        except (OSError, ValueError, KeyError, TypeError):
            return None


@dataclass(frozen=True, slots=True)
class _Decision:
    is_beside: bool
    ports: Literal["as_set", "free", "any"] = "as_set"
    missing: Sign | None = None
    """The sign of the MediaMTX that was waited for in vain."""


class MediaServer:
    """The media server of this run: where it is, and what there is to tell about how it came to be this one."""

    def __init__(
        self,
        settings: MediaSettings,
        *,
        api_url: str,
        hls_url: str,
        rtsp_url: str,
        signs: MediaMtxSigns,
        bus: EventBus,
        clock: Clock,
        is_beside: bool,
        is_lasting: bool = False,
        missing: Sign | None = None,
        taken: Sequence[int] = (),
    ) -> None:
        """Know that MediaMTX is *missing* though expected, and which ports of ours were *taken*.

        One that *is_lasting* was not taken for want of MediaMTX, and does not look for it.
        """
        self.api_url = api_url
        self.hls_url = hls_url
        self.rtsp_url = rtsp_url
        self._settings = settings
        self._signs = signs
        self._bus = bus
        self._clock = clock
        self._is_beside = is_beside
        self._is_lasting = is_lasting
        self._missing = missing
        self._taken = tuple(taken)
        self._appeared: Finding | None = None

    @property
    def rtsp_urls(self) -> tuple[str, ...]:
        """Return where this box's media servers are: this one, and the MediaMTX that may come back."""
        if self._missing is None:
            return (self.rtsp_url,)
        return self.rtsp_url, self._settings.rtsp_url

    def findings(self) -> list[Finding]:
        """Return what an admin should know of the choice."""
        found = []
        if (
            self._appeared is not None
        ):  # whoever was missing is here now: one thing to do, one finding
            found.append(self._appeared)
        elif self._missing is not None:
            found.append(Finding("media_server_missing", facts={"sign": self._missing}))
        if self._taken:
            found.append(Finding("media_server_ports_taken", facts={"ports": list(self._taken)}))
        return found

    async def run(self) -> None:
        """Until cancelled: beside MediaMTX remember that it was here, in its place look whether it comes."""
        if self._is_beside:
            with self._bus.listen(MediaServerFound, size=2) as mailbox:
                async for found in mailbox:
                    if isinstance(found, MediaServerFound) and found.kind == "mediamtx":
                        await asyncio.to_thread(self._signs.remember)
        while True:
            await self._clock.sleep(WATCH_S)
            if not self._is_lasting:
                await self.look()

    async def look(self) -> None:
        """Look once whether a MediaMTX waits to be taken up."""
        if _place(self._settings.api_url) != _place(self.api_url):
            answer = await ask(self._settings)
            if isinstance(answer, ServerInfo) and answer.kind == "mediamtx":
                self._appeared = Finding("media_server_appeared", facts={"version": answer.version})
            else:
                self._appeared = None
        elif await asyncio.to_thread(self._signs.is_unit_enabled):
            # We have its ports: it cannot even start.
            self._appeared = Finding("media_server_appeared")
        else:
            self._appeared = None


@asynccontextmanager
async def open_media_server(
    settings: MediaSettings,
    signs: MediaMtxSigns,
    *,
    record_root: Path,
    bus: EventBus,
    clock: Clock,
    is_trial: bool = False,
    is_stopping: Callable[[], bool] = lambda: False,
) -> AsyncIterator[MediaServer]:
    """Give the media server of this run; our own lives as long as the block. A trial has its own, on what is free.

    Nobody is waited for once *is_stopping*.

    Raises:
        PortInUseError: our own was asked for by name, and one of its ports is taken.

    """
    if is_trial and settings.server != "mediamtx":
        decision = _Decision(is_beside=False, ports="free")
    else:
        decision = await decide(settings, signs, clock, is_stopping=is_stopping)
    if decision.is_beside:
        yield MediaServer(
            settings,
            api_url=settings.api_url,
            hls_url=settings.hls_url,
            rtsp_url=settings.rtsp_url,
            signs=signs,
            bus=bus,
            clock=clock,
            is_beside=True,
        )
        return
    own, taken = await _with_ports(settings.embedded, decision)
    async with AsyncExitStack() as stack:
        try:
            server = await stack.enter_async_context(
                open_embedded_server(own, record_root=record_root, clock=clock)
            )
        except OSError as error:
            ports = f"{own.api_port}, {own.hls_port} or {own.rtsp_port}"
            raise port_error(error, ports, "media.embedded.*_port") from error
        yield MediaServer(
            settings,
            api_url=server.api_url,
            hls_url=server.hls_url,
            rtsp_url=server.rtsp_url,
            signs=signs,
            bus=bus,
            clock=clock,
            is_beside=False,
            is_lasting=is_trial or settings.server == "embedded",
            missing=decision.missing,
            taken=() if is_trial else taken,
        )


async def decide(
    settings: MediaSettings,
    signs: MediaMtxSigns,
    clock: Clock,
    *,
    is_stopping: Callable[[], bool],
) -> _Decision:
    """Decide as the table above says."""
    if settings.server == "embedded":
        await asyncio.to_thread(signs.forget)
        return _Decision(is_beside=False)
    if settings.server == "mediamtx":
        return _Decision(is_beside=True)
    sign = await asyncio.to_thread(signs.find)
    answer = await ask(settings)
    if sign is not None and _is_nobody(answer):
        log.info("waiting_for_mediamtx", sign=sign, seconds=settings.wait_for_mediamtx)
        until = clock.monotonic() + settings.wait_for_mediamtx
        while _is_nobody(answer) and clock.monotonic() < until and not is_stopping():
            await clock.sleep(ASK_AGAIN_S)
            answer = await ask(settings)
    if _is_nobody(answer):
        if sign is None:
            return _Decision(is_beside=False, ports="free")
        log.warning("mediamtx_missing", sign=sign)
        return _Decision(is_beside=False, ports="any", missing=sign)
    if isinstance(answer, ForeignServerError) and sign is None:
        return _Decision(is_beside=False, ports="free")
    if isinstance(answer, ServerInfo):
        await asyncio.to_thread(signs.remember)
    else:
        log.warning("mediamtx_in_trouble", code=answer.code)
    return _Decision(is_beside=True)


async def ask(settings: MediaSettings) -> ServerInfo | EdgeError:
    """Return what the MediaMTX at ``media.api_url`` says of itself, or what is wrong there."""
    async with aiohttp.ClientSession() as session:
        patience_s = min(settings.api_timeout, ANSWERS_S)
        client = MediaServerClient(settings.api_url, patience_s, session)
        try:
            info = await client.info()
        except EdgeError as error:
            return error
    if info.kind != "mediamtx":
        return ForeignServerError("Another GT-Vision Edge has its media server there.")
    return info


def _is_nobody(answer: ServerInfo | EdgeError) -> bool:
    return type(answer) is MediaServerUnavailableError  # its kinds are somebody


async def _with_ports(
    own: EmbeddedSettings, decision: _Decision
) -> tuple[EmbeddedSettings, list[int]]:
    """Return *own* with the ports that it may have, and those that it wanted and somebody has."""
    if decision.ports == "as_set":
        return own, []
    if decision.ports == "any":
        return own.model_copy(update=dict.fromkeys(_PORTS, 0)), []
    ports = {name: await free_or_any(own.host, getattr(own, name)) for name in _PORTS}
    taken = [getattr(own, name) for name in _PORTS if ports[name] != getattr(own, name)]
    return own.model_copy(update=ports), taken


def _place(url: str) -> tuple[str | None, int | None]:
    parts = urlsplit(url)
    return parts.hostname, parts.port
