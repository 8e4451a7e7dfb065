"""The media server's control API v3: MediaMTX's, and the subset of it that the embedded server speaks."""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp
from prometheus_client import CollectorRegistry, Counter

from gtvision_edge.media.errors import (
    MediaServerRefusedError,
    MediaServerUnauthorizedError,
    MediaServerUnavailableError,
    UnknownPathError,
)

PathConf = Mapping[str, object]
"""Fields of one path's configuration, by MediaMTX's names."""

PAGE_SIZE = 500
MAX_ANSWER = 64 * 2**20
"""Bytes; a list of thousands of paths is a few MB, so anything above is not the server we mean."""

_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")
_EMBEDDED = "gtvision-embedded-"


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """Who answers. ``started`` changes with each start of the server and is compared, never parsed."""

    version: str
    started: str

    @property
    def kind(self) -> str:
        """Return ``embedded`` or ``mediamtx``."""
        return "embedded" if self.version.startswith(_EMBEDDED) else "mediamtx"

    @property
    def release(self) -> tuple[int, int, int] | None:
        """Return the version as numbers; None for builds that carry none, such as ``dev``."""
        found = _VERSION.match(self.version.removeprefix(_EMBEDDED))
        return (int(found[1]), int(found[2]), int(found[3])) if found else None


@dataclass(frozen=True, slots=True)
class RuntimePath:
    """A path as it runs now. ``inbound_bytes`` starts from 0 at each reconnect of the source."""

    name: str
    available: bool
    inbound_bytes: int
    tracks: tuple[str, ...]
    readers: int


@dataclass(frozen=True, slots=True)
class WebRtcSession:
    """A WebRTC reader that the server has now; ``user_agent`` is that of who negotiated it."""

    session_id: str
    path: str
    user_agent: str


class MediaServerClient:
    """Asks and orders the media server over HTTP.

    Changes go out one at a time: the server applies concurrent changes of one path in no sure order. Every call ends
    within *timeout_s* (a change waits for its turn first). Errors name the call and the path, never a configuration:
    that holds camera passwords. The caller owns *session*.
    """

    def __init__(
        self,
        api_url: str,
        timeout_s: float,
        session: aiohttp.ClientSession,
        *,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._url = api_url.rstrip("/")
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._session = session
        self._writer = asyncio.Lock()
        self._calls = Counter(
            "gtvision_edge_media_api_calls",
            "Calls to the media server's API",
            ["call", "outcome"],
            registry=registry or CollectorRegistry(),
        )

    async def info(self) -> ServerInfo:
        """Return version and start of the server; the cheapest sign of life.

        Raises:
            MediaServerUnavailableError: no answer, or not in time. True for every call here.
            MediaServerRefusedError: an answer that says no. True for every call here.

        """
        answer = await self._call("info", "GET", "/v3/info")
        return ServerInfo(str(answer.get("version", "")).strip(), str(answer.get("started", "")))

    async def config_paths(self) -> dict[str, dict[str, Any]]:
        """Return every configured path by name, with defaults merged in.

        The values hold camera passwords in clear: compare them, never log or show them.
        """
        return await self._list("config_paths", "/v3/config/paths/list")

    async def global_settings(self) -> dict[str, Any]:
        """Return the server's own settings; passwords in them are redacted by it."""
        return await self._call("global_settings", "GET", "/v3/config/global/get")

    async def path_defaults(self) -> dict[str, Any]:
        """Return what paths have where they say nothing."""
        return await self._call("path_defaults", "GET", "/v3/config/pathdefaults/get")

    async def runtime_paths(self) -> dict[str, RuntimePath]:
        """Return every path that exists now by name."""
        items = await self._list("runtime_paths", "/v3/paths/list")
        try:
            return {name: _runtime_path(item) for name, item in items.items()}
        except (KeyError, TypeError, ValueError) as error:
            raise _strange("runtime_paths") from error

    async def is_available(self, name: str) -> bool:
        """Tell whether path *name* has its stream now; no path is none, too."""
        try:
            item = await self._call("path", "GET", f"/v3/paths/get/{_quoted(name)}")
            return _runtime_path(item).available
        except MediaServerRefusedError as error:
            if error.status != 404:
                raise
            return False
        except (KeyError, TypeError, ValueError) as error:
            raise _strange("path") from error

    async def webrtc_sessions(self) -> dict[str, WebRtcSession]:
        """Return every WebRTC session by id; refused by a server that has WebRTC switched off."""
        items = await self._list("webrtc_sessions", "/v3/webrtcsessions/list", key="id")
        return {
            name: WebRtcSession(name, str(item.get("path", "")), str(item.get("userAgent", "")))
            for name, item in items.items()
        }

    async def kick_webrtc_session(self, session_id: str) -> None:
        """End a WebRTC session; one already gone is fine."""
        route = f"/v3/webrtcsessions/kick/{_quoted(session_id)}"
        try:
            await self._call("kick_webrtc_session", "POST", route)
        except MediaServerRefusedError as error:
            if error.status != 404:
                raise

    async def add_path(self, name: str, conf: PathConf) -> None:
        """Create path *name*. The 200 comes before the effect, here and in all changes."""
        await self._change("add_path", "POST", f"/v3/config/paths/add/{_quoted(name)}", conf)

    async def patch_path(self, name: str, conf: PathConf) -> None:
        """Lay *conf* over the path; a field cannot be unset this way.

        Raises:
            UnknownPathError: the server has no such path.

        """
        await self._change("patch_path", "PATCH", f"/v3/config/paths/patch/{_quoted(name)}", conf)

    async def replace_path(self, name: str, conf: PathConf) -> None:
        """Make *conf* the whole configuration of the path; creates it where it is missing."""
        await self._change(
            "replace_path", "POST", f"/v3/config/paths/replace/{_quoted(name)}", conf
        )

    async def delete_path(self, name: str) -> None:
        """Remove the path; a path already gone is fine."""
        try:
            await self._change(
                "delete_path", "DELETE", f"/v3/config/paths/delete/{_quoted(name)}", None
            )
        except UnknownPathError:
            return

    async def _list(self, call: str, route: str, *, key: str = "name") -> dict[str, dict[str, Any]]:
        items: dict[str, dict[str, Any]] = {}
        page = 0
        while True:
            answer = await self._call(
                call, "GET", route, params={"itemsPerPage": str(PAGE_SIZE), "page": str(page)}
            )
            try:
                # By name: the list is no snapshot, an item may move to the next page meanwhile.
                items |= {str(item[key]): item for item in answer["items"]}
                pages = int(answer["pageCount"])
            except (KeyError, TypeError, ValueError) as error:
                raise _strange(call) from error
            page += 1
            if page >= pages:
                return items

    async def _change(self, call: str, method: str, route: str, conf: PathConf | None) -> None:
        async with self._writer:
            await self._call(call, method, route, body=conf)

    async def _call(
        self,
        call: str,
        method: str,
        route: str,
        *,
        params: Mapping[str, str] | None = None,
        body: PathConf | None = None,
    ) -> dict[str, Any]:
        try:
            async with self._session.request(
                method,
                self._url + route,
                params=params,
                json=dict(body) if body is not None else None,
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                status, text = response.status, await _read(response)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._calls.labels(call, "unavailable").inc()
            raise MediaServerUnavailableError(
                "The media server's API does not answer.", call=call
            ) from error
        self._calls.labels(call, "ok" if status < 300 else "refused").inc()
        if status >= 300:
            raise _refusal(call, status)
        if not text and method != "GET":
            return {}
        try:
            answer = json.loads(text)
        except ValueError as error:
            raise _strange(call) from error
        if not isinstance(answer, dict):
            raise _strange(call)
        return answer


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """Return the body. Read to the end, so that the connection can be used again."""
    body = await response.content.read(MAX_ANSWER)
    while chunk := await response.content.read(MAX_ANSWER - len(body)):
        body += chunk
    if len(body) >= MAX_ANSWER:
        raise aiohttp.ClientPayloadError("answer too long")
    return body


def _refusal(call: str, status: int) -> MediaServerRefusedError:
    # The body is not forwarded: in a validation error it may quote a camera's URL with its password.
    if status == 401:
        return MediaServerUnauthorizedError(
            "The media server's API wants credentials.", status=status
        )
    if status == 404 and call in ("patch_path", "delete_path"):
        return UnknownPathError("The media server knows no such path.", status=status)
    return MediaServerRefusedError(f"The media server refused {call} ({status}).", status=status)


def _strange(call: str) -> MediaServerUnavailableError:
    return MediaServerUnavailableError(
        "What answers at the media server's address is no media server.", call=call
    )


def _quoted(name: str) -> str:
    return quote(name, safe="/")


def _runtime_path(item: Mapping[str, Any]) -> RuntimePath:
    # "ready" and "bytesReceived" are the names before MediaMTX 1.16 and 1.17.
    return RuntimePath(
        name=str(item["name"]),
        available=bool(item.get("available", item.get("ready", False))),
        inbound_bytes=int(item.get("inboundBytes", item.get("bytesReceived", 0)) or 0),
        tracks=tuple(str(track) for track in item.get("tracks") or ()),
        readers=len(item.get("readers") or ()),
    )
