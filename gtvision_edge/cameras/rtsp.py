"""Asks a camera to DESCRIBE a stream: quick, bounded in time and size, with a named error for each way it can fail."""

import asyncio
import errno
import re
import time
from dataclasses import dataclass, replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import unquote, urlsplit

from gtvision_edge.cameras.agent import USER_AGENT
from gtvision_edge.cameras.digest import Challenge, answer, choose, parse_challenges
from gtvision_edge.cameras.errors import (
    CameraBadResponseError,
    CameraBusyError,
    CameraError,
    CameraNoVideoError,
    CameraPathNotFoundError,
    CameraTimeoutError,
    CameraUnauthorizedError,
    CameraUnreachableError,
    CameraUnsupportedAuthError,
    InvalidAddressError,
)
from gtvision_edge.cameras.names import NameResolver
from gtvision_edge.cameras.sdp import Track, parse_sdp
from gtvision_edge.cameras.urls import DEFAULT_RTSP_PORT, split_typed_url
from gtvision_edge.cameras.urls.builder import bracketed
from gtvision_edge.runtime.timestamps import from_datetime

_MAX_LINE: Final = 8 * 1024
_MAX_HEAD: Final = 32 * 1024
_MAX_BODY: Final = 64 * 1024
_MAX_HOPS: Final = 3
_STRAY_FRAMES: Final = 200
_BODY_LULL_S: Final = 0.5
"""A body whose length is missing or too large ends when nothing came for so long."""

_PATH_STATUSES: Final = frozenset({404, 410, 451, 454, 457, 459, 460})
_BUSY_STATUSES: Final = frozenset({453, 503})
_REDIRECTS: Final = frozenset({301, 302, 303, 305, 307, 308})


@dataclass(frozen=True, slots=True)
class Description:
    """What a camera says of a stream. *date_us*: its clock, when it told; *round_trip_s*: of the last request."""

    tracks: tuple[Track, ...]
    server: str
    date_us: int | None
    round_trip_s: float
    needs_sha256: bool
    """Only SHA-256 logins are offered: libav cannot play this stream, for it knows MD5 alone."""


@dataclass(frozen=True, slots=True)
class _Target:
    host: str
    port: int
    path: str
    user: str
    password: str

    @property
    def uri(self) -> str:
        return f"rtsp://{bracketed(self.host)}:{self.port}{self.path}"


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    headers: list[tuple[str, str]]
    body: str
    round_trip_s: float

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


async def describe(url: str, *, resolver: NameResolver, timeout_s: float) -> Description:
    """Ask for the description of *url* (credentials percent-encoded inside), within *timeout_s* for everything.

    One login attempt is made at most (two when the camera says that its nonce was stale). Redirects are followed three times at most, to
    the same host only: credentials go nowhere else.

    Raises:
        CameraError: one subclass for each way to fail; none carries the URL.

    """
    parts = urlsplit(url)
    target = _Target(
        host=parts.hostname or "",
        port=parts.port or DEFAULT_RTSP_PORT,
        path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )
    try:
        async with asyncio.timeout(timeout_s):
            address = await resolver.resolve(target.host, timeout_s=timeout_s * 0.8)
            return await _describe(address, target)
    except TimeoutError as error:
        raise CameraTimeoutError("The camera did not answer in time.") from error


async def _describe(address: str, target: _Target) -> Description:
    for _ in range(_MAX_HOPS + 1):
        try:
            reply, challenges = await _ask(address, target)
        except ConnectionRefusedError as error:
            raise CameraUnreachableError(
                "Nothing listens on this port of the camera.", port=target.port
            ) from error
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise CameraBadResponseError(
                "The camera closed the connection without an answer."
            ) from error
        except TimeoutError:  # the caller's, or the kernel gave up: both mean silence
            raise
        except OSError as error:
            raise CameraUnreachableError(
                "No way leads to this address.", cause=errno.errorcode.get(error.errno or 0, "")
            ) from error
        if reply.status not in _REDIRECTS:
            _check_status(reply, challenges)
            return _description(reply, challenges)
        target = _follow(target, reply.header("location"))
    raise CameraBadResponseError("The camera redirects again and again.")


async def _ask(address: str, target: _Target) -> tuple[_Reply, list[Challenge]]:
    """Send DESCRIBE and, when challenged, once more with the answer; return the last reply."""
    challenges: list[Challenge] = []
    challenge: Challenge | None = None
    connection = await _Connection.open(address, target)
    try:
        reply = await connection.describe(None)
        for _ in range(2):
            if reply.status != 401 or not target.user:
                break
            challenges = parse_challenges(reply.all("www-authenticate"))
            if challenge and not any(new.is_stale for new in challenges):
                break
            challenge = choose(challenges)
            if challenge is None:
                break
            login = answer(challenge, "DESCRIBE", target.uri, target.user, target.password)
            try:
                reply = await connection.describe(login)
            except (asyncio.IncompleteReadError, ConnectionError):
                # Some close after a 401, with or without saying so.
                connection.close()
                connection = await _Connection.open(address, target)
                reply = await connection.describe(login)
    finally:
        connection.close()
    return reply, challenges


class _Connection:
    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: _Target
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._target = target
        self._sequence = 0

    @classmethod
    async def open(cls, address: str, target: _Target) -> "_Connection":
        reader, writer = await asyncio.open_connection(address, target.port, limit=_MAX_LINE)
        return cls(reader, writer, target)

    def close(self) -> None:
        self._writer.transport.abort()  # a peer that does not read must not hold us

    async def describe(self, login: str | None) -> _Reply:
        self._sequence += 1
        lines = [
            f"DESCRIBE {self._target.uri} RTSP/1.0",
            f"CSeq: {self._sequence}",
            f"User-Agent: {USER_AGENT}",
            "Accept: application/sdp",
        ]
        if login:
            lines.append(f"Authorization: {login}")
        started = time.perf_counter()
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape"))
        await self._writer.drain()
        status, headers = await self._head()
        elapsed = time.perf_counter() - started
        body = await self._body(dict(headers)) if status == 200 else ""
        if status != 200:
            await self._skip_body(dict(headers))
        return _Reply(status, headers, body, elapsed)

    async def _head(self) -> tuple[int, list[tuple[str, str]]]:
        line = await self._first_line()
        words = line.split(None, 2)
        if (
            len(words) < 2
            or not words[0].upper().startswith("RTSP/")
            or not re.match(r"[0-9]{3}\b", words[1])
        ):
            raise CameraBadResponseError(
                "What answers on this port does not speak RTSP.",
                speaks_http=line.upper().startswith("HTTP/"),
            )
        headers: list[tuple[str, str]] = []
        size = len(line)
        while line := await self._line():
            size += len(line)
            if size > _MAX_HEAD:
                raise CameraBadResponseError("The camera's answer does not end.")
            name, found, value = line.partition(":")
            if found:
                headers.append((name.strip().lower(), value.strip()))
            elif line[:1] in " \t" and headers:
                headers[-1] = (headers[-1][0], f"{headers[-1][1]} {line.strip()}")
        return int(words[1][:3]), headers

    async def _first_line(self) -> str:
        """Return the status line, past media frames and empty lines of a camera that is ahead of itself."""
        for _ in range(_STRAY_FRAMES):
            first = await self._reader.readexactly(1)
            if first == b"$":
                header = await self._reader.readexactly(3)
                await self._reader.readexactly(int.from_bytes(header[1:]))
                continue
            line = "" if first == b"\n" else (first.decode("latin-1") + await self._line()).strip()
            if line:
                return line
        raise CameraBadResponseError("The camera sends media instead of an answer.")

    async def _line(self) -> str:
        try:
            line = await self._reader.readuntil(b"\n")
        except asyncio.LimitOverrunError as error:
            raise CameraBadResponseError("The camera's answer does not end.") from error
        except asyncio.IncompleteReadError as error:
            if not error.partial:
                raise
            line = error.partial
        # A realm comes back byte for byte, in whatever encoding the camera's menu wrote it.
        return line.decode("utf-8", "surrogateescape").rstrip("\r\n")

    async def _body(self, headers: dict[str, str]) -> str:
        told = headers.get("content-length", "").strip()
        length = int(told) if told.isascii() and told.isdigit() and len(told) < 8 else None
        if length is not None and length > _MAX_BODY:
            raise CameraBadResponseError("The camera's description is too long.")
        body = b""
        while length is None or len(body) < length:
            try:
                async with asyncio.timeout(_BODY_LULL_S if b"m=" in body else None):
                    chunk = await self._reader.read(_MAX_BODY)
            except TimeoutError:
                break
            if not chunk:
                break
            body += chunk
            if len(body) > _MAX_BODY:
                raise CameraBadResponseError("The camera's description is too long.")
        return body[:length].decode("utf-8", "replace")

    async def _skip_body(self, headers: dict[str, str]) -> None:
        told = headers.get("content-length", "")
        if told.isascii() and told.isdigit() and 0 < int(told[:8]) <= _MAX_BODY:
            await self._reader.readexactly(int(told))


def _follow(target: _Target, location: str) -> _Target:
    try:
        # Typed addresses have the same needs: everything odd is refused.
        new = split_typed_url(location)
    except InvalidAddressError as error:
        raise CameraBadResponseError("The camera redirects to no RTSP address.") from error
    if new.host.lower() != target.host.lower():
        raise CameraBadResponseError(
            "The camera redirects to another host; add that one instead.", host=new.host
        )
    return replace(target, port=new.port, path=new.path)


def _check_status(reply: _Reply, challenges: list[Challenge]) -> None:
    status = reply.status
    if status == 200:
        return
    if status == 401:
        offered = challenges or parse_challenges(reply.all("www-authenticate"))
        if reply.all("www-authenticate") and choose(offered) is None:
            raise CameraUnsupportedAuthError(
                "The camera asks for a kind of login that is not supported.",
                algorithms=sorted({entry.algorithm for entry in offered}),
            )
        raise CameraUnauthorizedError("The camera refused user and password.", via="rtsp")
    if status in {403, 407}:
        raise CameraUnauthorizedError(
            "The camera does not allow this user.", via="rtsp", status=status
        )
    if status in _PATH_STATUSES:
        raise CameraPathNotFoundError("The camera has no stream under this path.", status=status)
    if status in _BUSY_STATUSES:
        raise CameraBusyError("The camera has no session left.", status=status)
    raise CameraBadResponseError("The camera answered with an error.", status=status)


def _description(reply: _Reply, challenges: list[Challenge]) -> Description:
    tracks = parse_sdp(reply.body)
    if not tracks:
        raise CameraBadResponseError("The camera's description cannot be read.")
    if not any(track.kind == "video" for track in tracks):
        raise CameraNoVideoError("The stream has no video.")
    return Description(
        tracks=tracks,
        server=reply.header("server")[:100].encode("ascii", "replace").decode(),
        date_us=parse_date(reply.header("date")),
        round_trip_s=reply.round_trip_s,
        needs_sha256=bool(challenges)
        and all(entry.algorithm.startswith("sha") for entry in challenges),
    )


def parse_date(text: str) -> int | None:
    """Return the time in a ``Date`` header as UTC µs, None when it is none."""
    try:
        moment = parsedate_to_datetime(text)
        return from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


__all__ = ["CameraError", "Description", "describe", "parse_date"]
