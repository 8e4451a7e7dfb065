"""Hands one message to a push service (RFC 8030) and says what became of it. Nothing of the answer but its status is read."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Final

import aiohttp

from gtvision_edge.push.addresses import PushResolver, check_endpoint, service_of
from gtvision_edge.push.encryption import encrypt
from gtvision_edge.push.errors import (
    PushAddressRefusedError,
    PushRefusedError,
    PushServiceUnreachableError,
)
from gtvision_edge.push.model import Message, PushAddress
from gtvision_edge.push.vapid import Vapid
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.short_reads import short_read_socket

TIMEOUT_S: Final = 15.0
LONGEST_WAIT_S: Final = 3600.0
"""The most of a Retry-After that is kept to."""
_GONE: Final = frozenset({404, 410})
_KEY_REFUSED: Final = frozenset({401, 403})
_LATER: Final = frozenset({408, 425, 429})


class Fate(Enum):
    """What became of a message."""

    ACCEPTED = 1
    GONE = 2
    """There is no such browser any more."""
    UNREACHABLE = 3
    """No answer: the box may be offline."""
    LATER = 4
    """The service answered that it cannot now, or that it does not know our key or clock: to be tried again."""
    REFUSED = 5
    """It will never take this one."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """*code*: a stable one of why it was not accepted. *wait_s*: how long the service wants to be left alone. *detail* holds no secret."""

    fate: Fate
    code: str = ""
    wait_s: float = 0.0
    detail: str = ""


class PushServices:
    """Speaks to push services; one message, one try."""

    def __init__(
        self, http: aiohttp.ClientSession, vapid: Vapid, clock: Clock, *, allow_private: bool
    ) -> None:
        self._http = http
        self._vapid = vapid
        self._clock = clock
        self._allow_private = allow_private

    async def deliver(self, address: PushAddress, message: Message, *, ttl_s: int) -> Outcome:
        """Send *message*, which a browser that is off may still be given for *ttl_s* seconds."""
        try:
            check_endpoint(address.endpoint, allow_private=self._allow_private)
            headers = self._headers(address, message, ttl_s)
            body = encrypt(_text(message), p256dh=address.p256dh, auth=address.auth)
        except (PushAddressRefusedError, ValueError) as error:
            return Outcome(Fate.REFUSED, PushRefusedError.code, detail=type(error).__name__)
        try:
            async with self._http.post(
                address.endpoint, data=body, headers=headers, allow_redirects=False
            ) as answer:
                return _judged(answer.status, answer.headers.get("Retry-After"), self._clock)
        except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
            # Its text may hold the address.
            return Outcome(
                Fate.UNREACHABLE,
                PushServiceUnreachableError.code,
                detail=f"{type(error).__name__} {service_of(address.endpoint)}",
            )

    def _headers(self, address: PushAddress, message: Message, ttl_s: int) -> dict[str, str]:
        return {
            "Authorization": self._vapid.authorization(address.endpoint),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(max(0, ttl_s)),
            "Urgency": message.urgency.value,
            "Topic": topic_of(message.tag),
        }


def topic_of(tag: str) -> str:
    """Return the header by which a later message replaces one that was not delivered; the service learns nothing of *tag*."""
    return base64.urlsafe_b64encode(hashlib.sha256(tag.encode()).digest()[:24]).decode()


@asynccontextmanager
async def open_push_services(
    vapid: Vapid, clock: Clock, *, allow_private: bool
) -> AsyncIterator[PushServices]:
    """Open the connections: without cookies, proxies of the environment, or, unless allowed, private networks."""
    resolver = PushResolver(allow_private=allow_private)
    connector = aiohttp.TCPConnector(
        resolver=resolver, limit=32, limit_per_host=8, socket_factory=short_read_socket
    )
    try:
        async with aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
            auto_decompress=False,
        ) as http:
            yield PushServices(http, vapid, clock, allow_private=allow_private)
    finally:
        await resolver.close()


def _text(message: Message) -> bytes:
    content = {
        "title": message.title,
        "body": message.body,
        "tag": message.tag,
        "path": message.path,
        "at": message.at_us // 1000,
        "stays": message.stays,
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _judged(status: int, retry_after: str | None, clock: Clock) -> Outcome:
    detail = f"HTTP {status}"
    if 200 <= status < 300:
        return Outcome(Fate.ACCEPTED)
    if status in _GONE:
        return Outcome(Fate.GONE, detail=detail)
    if status in _KEY_REFUSED:
        return Outcome(Fate.LATER, PushRefusedError.code, detail=detail)
    if status in _LATER or status >= 500:
        wait_s = _seconds(retry_after, clock)
        return Outcome(Fate.LATER, PushServiceUnreachableError.code, wait_s, detail)
    return Outcome(Fate.REFUSED, PushRefusedError.code, detail=detail)


def _seconds(retry_after: str | None, clock: Clock) -> float:
    """Return how long a Retry-After asks to wait, at most :data:`LONGEST_WAIT_S`; 0 = it says nothing."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return min(float(text), LONGEST_WAIT_S)
    try:
        until_s = parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return 0.0
    return min(max(0.0, until_s - clock.now_us() / 1e6), LONGEST_WAIT_S)
