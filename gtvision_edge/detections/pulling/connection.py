"""One connection to a camera's ``snapManager.cgi``: asked, logged in to, opened.

It goes to the address and the port that a person gave. Redirects are not followed, no proxy of the environment is asked, and a
Basic login is never answered: it would show the password to whatever listens there.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, Protocol

import aiohttp
from aiohttp import hdrs
from pydantic import SecretStr
from yarl import URL

from gtvision_edge.cameras.agent import USER_AGENT
from gtvision_edge.cameras.digest import Challenge, answer, choose, parse_challenges
from gtvision_edge.cameras.errors import CameraError
from gtvision_edge.cameras.urls.builder import bracketed
from gtvision_edge.detections.pulling.events import (
    Pace,
    PulledEvent,
    SilentStreamError,
    boundary_of,
    read_events,
)
from gtvision_edge.detections.pulling.parts import BrokenStreamError
from gtvision_edge.detections.pulling.states import PullFailedError, PullState

HEARTBEAT_S: Final = 5
ANSWER_S: Final = 10.0
"""For name, connection, login and the answer's head together."""


class Resolver(Protocol):
    """Finds the address of a host name."""

    async def resolve(self, host: str, *, timeout_s: float) -> str: ...


@dataclass(frozen=True, slots=True)
class PullTarget:
    """Where a camera is asked, and how to log in."""

    camera_uuid: str
    host: str
    port: int
    channel: int
    username: str
    password: SecretStr = field(repr=False)

    @property
    def path(self) -> str:
        return (
            f"/cgi-bin/snapManager.cgi?action=attachFileProc&channel={self.channel}"
            f"&heartbeat={HEARTBEAT_S}&Flags[0]=Event&Events=[TrafficJunction]"
        )


@asynccontextmanager
async def connect(
    target: PullTarget, resolver: Resolver, *, silent_s: float, pace: Pace
) -> AsyncIterator[AsyncIterator[PulledEvent]]:
    """Open the stream of *target*; its events come while the block is open.

    Raises:
        PullFailedError: here, or from the events; its ``state`` says what to do about it.

    """
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=2, force_close=True),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),
        auto_decompress=False,
        trust_env=False,
    ) as session:
        try:
            async with asyncio.timeout(ANSWER_S):
                ip = await resolver.resolve(target.host, timeout_s=ANSWER_S * 0.8)
                response = await _log_in(session, target, ip)
        except (TimeoutError, CameraError) as error:
            raise PullFailedError(PullState.UNREACHABLE, "it does not answer") from error
        except aiohttp.ClientResponseError as error:
            # aiohttp's words may quote what the camera sent.
            raise PullFailedError(PullState.GARBLED, "what it answers is no HTTP") from error
        except (aiohttp.ClientError, ValueError) as error:
            raise PullFailedError(PullState.UNREACHABLE, "nothing answers there by HTTP") from error
        async with response:
            try:
                boundary = boundary_of(response.headers.get(hdrs.CONTENT_TYPE, ""))
            except BrokenStreamError as error:
                raise PullFailedError(PullState.UNSUPPORTED, str(error)) from error
            async with aclosing(_events(response, boundary, silent_s, pace)) as events:
                yield events


async def _events(
    response: aiohttp.ClientResponse, boundary: bytes, silent_s: float, pace: Pace
) -> AsyncGenerator[PulledEvent, None]:
    try:
        async with aclosing(
            read_events(response.content, boundary, silent_s=silent_s, pace=pace)
        ) as events:
            async for event in events:
                yield event
    except SilentStreamError as error:
        raise PullFailedError(PullState.UNREACHABLE, "it fell silent") from error
    except BrokenStreamError as error:
        raise PullFailedError(PullState.GARBLED, str(error)) from error
    except aiohttp.ClientError as error:
        raise PullFailedError(PullState.UNREACHABLE, "the connection broke") from error


async def _log_in(
    session: aiohttp.ClientSession, target: PullTarget, ip: str
) -> aiohttp.ClientResponse:
    """Return the answer's head: at most one password is tried, since some cameras lock an address after a few wrong ones."""
    challenge: Challenge | None = None
    for is_last in (False, False, True):  # as it stands, with the password, with a fresh nonce
        response = await _ask(session, target, ip, challenge)
        if response.status == 200:
            return response
        status, offered = response.status, response.headers.getall(hdrs.WWW_AUTHENTICATE, [])
        response.close()
        if status in (401, 403):
            digests = [each for each in parse_challenges(offered) if each.scheme == "digest"]
            found = choose(digests)
            is_new = found is not None and (challenge is None or found.is_stale)
            if is_last or not target.username or not is_new:
                raise PullFailedError(PullState.UNAUTHORIZED, "it refuses user and password")
            challenge = found
        elif status >= 500:
            raise PullFailedError(PullState.UNREACHABLE, f"it answers {status}")
        else:
            raise PullFailedError(PullState.UNSUPPORTED, f"it answers {status}")
    raise PullFailedError(PullState.UNAUTHORIZED, "it refuses user and password")


async def _ask(
    session: aiohttp.ClientSession, target: PullTarget, ip: str, challenge: Challenge | None
) -> aiohttp.ClientResponse:
    headers = {
        hdrs.HOST: f"{bracketed(target.host)}:{target.port}",
        hdrs.ACCEPT_ENCODING: "identity",
        hdrs.USER_AGENT: USER_AGENT,
    }
    if challenge is not None:
        headers[hdrs.AUTHORIZATION] = answer(
            challenge, "GET", target.path, target.username, target.password.get_secret_value()
        )
    url = URL(f"http://{bracketed(ip)}:{target.port}{target.path}", encoded=True)
    return await session.get(url, headers=headers, allow_redirects=False)
