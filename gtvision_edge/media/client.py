"""The media server's control API v3: MediaMTX's, and the subset of it that the embedded server speaks."""

import asyncio
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Never
from urllib.parse import quote

import aiohttp
from aiohttp import hdrs
from prometheus_client import CollectorRegistry, Counter

from gtvision_edge.errors import EdgeError
from gtvision_edge.media.errors import (
    ForeignServerError,
    MediaServerOddError,
    MediaServerRefusedError,
    MediaServerSilentError,
    MediaServerTooOldError,
    MediaServerUnauthorizedError,
    MediaServerUnavailableError,
    UnknownPathError,
)
from gtvision_edge.runtime.reading import TooLongError, read_capped

PathConf = Mapping[str, object]
"""Fields of one path's configuration, by MediaMTX's names."""

PAGE_SIZE: Final = 500
MAX_ANSWER: Final = 8 * 2**20
"""Bytes; a page of 500 paths is one MB, so anything above is not the server we mean."""
MAX_PAGES: Final = 20
"""Of a list, whatever the server says how many there are."""
MAX_TEXT: Final = 2000
"""Characters of a name, an address or a version."""

_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")
_UTC_OFFSET = re.compile(r"(?:Z|[+-]\d\d:\d\d)$")
_EMBEDDED = "gtvision-embedded-"
_NAME = "mediamtx"
"""What MediaMTX of every version says of itself in ``Server``."""


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """Who answers. ``started`` changes with each start of the server; but for its zone it is compared, never parsed."""

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

    @property
    def utc_offset(self) -> str:
        """Return how far the server's own time is from UTC, such as ``-03:00``; '' = it is UTC, or is not told."""
        found = _UTC_OFFSET.search(self.started)
        return "" if found is None or found[0] in ("Z", "+00:00") else found[0]


class RuntimePath(NamedTuple):
    """A path as it runs now. ``inbound_bytes`` starts from 0 at each reconnect of the source.

    A tuple, for hundreds are made each second.
    """

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
        self._config_pages: list[tuple[bytes, dict[str, Any]]] = []
        self._config: dict[str, dict[str, Any]] = {}
        self._calls = Counter(
            "gtvision_edge_media_api_calls",
            "Calls to the media server's API",
            ["call", "outcome"],
            registry=registry or CollectorRegistry(),
        )

    async def info(self) -> ServerInfo:
        """Return version and start of the server; the cheapest sign of life.

        Raises:
            MediaServerUnavailableError: nothing answers. True for every call here, and so are these:
            MediaServerSilentError: the answer does not come in time.
            ForeignServerError: the answer is not a media server's.
            MediaServerRefusedError: an answer that says no; MediaServerUnauthorizedError: for want of credentials.
            MediaServerTooOldError: MediaMTX from before 1.15.2. Of this call alone.

        """
        answer = await self._call("info", "GET", "/v3/info")
        try:
            version, started = _text(answer, "version", ""), _text(answer, "started", "")
        except ValueError as error:
            raise _odd("info") from error
        if not version.strip():
            raise _odd("info")
        return ServerInfo(version.strip()[:80], started[:80])

    async def config_paths(self) -> dict[str, dict[str, Any]]:
        """Return every configured path by name, with defaults merged in.

        The values hold camera passwords in clear: compare them, never log or show them. As long as the server answers the
        very same, this returns the very same object, which is nobody's to change: it is asked every two seconds, and parsing
        hundreds of paths costs more than all else.
        """
        call, route = "config_paths", "/v3/config/paths/list"
        pages: list[tuple[bytes, dict[str, Any]]] = []
        for number in range(MAX_PAGES):
            text = await self._ask(call, "GET", route, params=_page(number))
            known = self._config_pages[number : number + 1]
            same = bool(known) and known[0][0] == text
            pages.append(known[0] if same else (text, _parsed(call, text)))
            if number + 1 >= _page_count(call, pages[-1][1]):
                break
        else:
            raise _odd(call)
        if [id(page) for page in pages] != [id(page) for page in self._config_pages]:
            config: dict[str, dict[str, Any]] = {}
            for _, answer in pages:
                config |= _named(call, answer, "name")
            self._config, self._config_pages = config, pages
        return self._config

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
            return {name: _runtime_path(name, item) for name, item in items.items()}
        except ValueError as error:
            raise _odd("runtime_paths") from error

    async def is_available(self, name: str) -> bool:
        """Tell whether path *name* has its stream now; no path is none, too."""
        try:
            item = await self._call("path", "GET", f"/v3/paths/get/{_quoted(name)}")
            return _runtime_path(name, item).available
        except MediaServerRefusedError as error:
            if error.status != 404:
                raise
            return False
        except ValueError as error:
            raise _odd("path") from error

    async def webrtc_sessions(self) -> dict[str, WebRtcSession]:
        """Return every WebRTC session by id; refused by a server that has WebRTC switched off."""
        items = await self._list("webrtc_sessions", "/v3/webrtcsessions/list", key="id")
        try:
            return {
                name: WebRtcSession(name, _text(item, "path", ""), _text(item, "userAgent", ""))
                for name, item in items.items()
            }
        except ValueError as error:
            raise _odd("webrtc_sessions") from error

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
        for page in range(MAX_PAGES):
            answer = await self._call(call, "GET", route, params=_page(page))
            # By name: the list is no snapshot, an item may move to the next page meanwhile.
            items |= _named(call, answer, key)
            if page + 1 >= _page_count(call, answer):
                return items
        raise _odd(call)

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
        text = await self._ask(call, method, route, params=params, body=body)
        return {} if not text and method != "GET" else _parsed(call, text)

    async def _ask(
        self,
        call: str,
        method: str,
        route: str,
        *,
        params: Mapping[str, str] | None = None,
        body: PathConf | None = None,
    ) -> bytes:
        try:
            async with self._session.request(
                method,
                self._url + route,
                params=params,
                json=dict(body) if body is not None else None,
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                status, text = response.status, await read_capped(response.content, MAX_ANSWER)
                name = response.headers.get(hdrs.SERVER, "")
        except TooLongError as error:
            self._calls.labels(call, "odd").inc()
            raise _odd(call) from error
        except TimeoutError as error:
            self._calls.labels(call, "unavailable").inc()
            raise MediaServerSilentError(
                "The media server's API does not answer in time.", call=call
            ) from error
        except aiohttp.ClientResponseError as error:  # it does not even speak HTTP
            self._calls.labels(call, "unavailable").inc()
            raise _odd(call) from error
        except (aiohttp.ClientError, OSError) as error:
            self._calls.labels(call, "unavailable").inc()
            raise MediaServerUnavailableError(
                "The media server's API does not answer.", call=call
            ) from error
        self._calls.labels(call, "ok" if status < 300 else "refused").inc()
        if status >= 300:
            raise _refusal(call, status, name)
        return text


def _page(number: int) -> dict[str, str]:
    return {"itemsPerPage": str(PAGE_SIZE), "page": str(number)}


def _parsed(call: str, text: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise _odd(call) from error
    if not isinstance(answer, dict):
        raise _odd(call)
    if b"\\u" in text and not _is_writable(answer):
        raise _odd(call)
    return answer


def _is_writable(answer: dict[str, Any]) -> bool:
    """Tell whether no half of a surrogate pair stands in it alone: nothing of ours could write such a text again."""
    try:
        json.dumps(answer, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _named(call: str, answer: Mapping[str, Any], key: str) -> dict[str, dict[str, Any]]:
    try:
        return {_text(item, key): item for item in _items(answer)}
    except ValueError as error:
        raise _odd(call) from error


def _page_count(call: str, answer: Mapping[str, Any]) -> int:
    try:
        return _count(answer, "pageCount")
    except ValueError as error:
        raise _odd(call) from error


def _refuse_constant(name: str) -> Never:
    raise ValueError(f"{name} is no JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value


def _refusal(call: str, status: int, name: str) -> EdgeError:
    # The body is not forwarded: in a validation error it may quote a camera's URL with its password.
    if call == "info" and name.lower() != _NAME:
        return _odd(call)  # our own server never refuses this
    if status in (401, 403):
        return MediaServerUnauthorizedError(
            "The media server's API does not let us in.", status=status
        )
    if status == 404 and call in ("patch_path", "delete_path"):
        return UnknownPathError("The media server knows no such path.", status=status)
    if status == 404 and call == "info":
        return MediaServerTooOldError(
            "MediaMTX is too old: its API has no /v3/info.", status=status
        )
    return MediaServerRefusedError(f"The media server refused {call} ({status}).", status=status)


def _odd(call: str) -> ForeignServerError | MediaServerOddError:
    if call != "info":
        return MediaServerOddError("An answer of the media server makes no sense.", call=call)
    return ForeignServerError(
        "What answers at the media server's address is no media server.", call=call
    )


def _quoted(name: str) -> str:
    return quote(name, safe="/")


def _runtime_path(name: str, item: Mapping[str, Any]) -> RuntimePath:
    # "ready" and "bytesReceived" are the names before MediaMTX 1.16 and 1.17.
    tracks, readers = item.get("tracks") or [], item.get("readers") or []
    if not isinstance(tracks, list) or not isinstance(readers, list):
        raise ValueError("no list")  # noqa: TRY004 -- one kind of error for all that is odd
    bytes_name = "inboundBytes" if "inboundBytes" in item else "bytesReceived"
    return RuntimePath(
        name=name,
        available=bool(item.get("available", item.get("ready", False))),
        inbound_bytes=_count(item, bytes_name, 0),
        tracks=tuple(str(track)[:MAX_TEXT] for track in tracks[:16]),
        readers=len(readers),
    )


def _items(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the objects of a page.

    Raises:
        ValueError: it has none, or too many; true of the others below in their way.

    """
    items = answer.get("items")
    if not isinstance(items, list) or len(items) > PAGE_SIZE:
        raise ValueError("no page")
    if not all(isinstance(item, dict) for item in items):
        raise ValueError("no objects")
    return items


def _count(item: Mapping[str, Any], name: str, absent: int | None = None) -> int:
    value = item.get(name, absent)
    value = absent if value is None else value
    if type(value) is not int or not 0 <= value < 2**64:
        raise ValueError(f"{name} is no count")
    return value


def _text(item: Mapping[str, Any], name: str, absent: str | None = None) -> str:
    value = item.get(name, absent)
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise ValueError(f"{name} is no text")
    return value
