"""One device, asked over HTTP: logged in as it wants, answers bounded, nothing sent anywhere else.

Every request goes to the address and the port that a person gave. Of what a device says of itself only paths are
used, redirects are not followed, and no proxy of the environment is asked.
"""

import asyncio
import errno
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import aiohttp
from aiohttp import hdrs
from pydantic import SecretStr
from yarl import URL

from gtvision_edge.cameras.agent import USER_AGENT
from gtvision_edge.cameras.digest import Challenge, answer, choose, parse_challenges
from gtvision_edge.cameras.errors import (
    CameraUnauthorizedError,
    CameraUnreachableError,
    CameraUnsupportedAuthError,
    OnvifBadResponseError,
    OnvifNotSupportedError,
)
from gtvision_edge.cameras.onvif.soap import (
    CONTENT_TYPE,
    envelope,
    fault_code,
    fault_of,
    is_refusal,
    username_token,
)
from gtvision_edge.cameras.onvif.tree import MAX_DOCUMENT, Node, UnreadableXmlError, read_tree
from gtvision_edge.cameras.urls.builder import bracketed
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.reading import TooLongError, read_capped

_REDIRECTS: Final = range(300, 400)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a device is: *ip* is what *host* was resolved to."""

    host: str
    ip: str
    port: int
    username: str = ""
    password: SecretStr = field(default=SecretStr(""), repr=False)


class DeviceFaultError(Exception):
    """The device understood, but does not do what was asked."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    challenges: list[str]
    content_type: str
    body: bytes


class OnvifClient:
    """Asks one device. Has no time limit of its own: the caller's ends everything.

    At most two logins are tried in its life, one of each kind: some cameras lock an address after five wrong ones.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        endpoint: Endpoint,
        *,
        clock: Clock,
        threads: ThreadPoolExecutor,
    ) -> None:
        self._session = session
        self._endpoint = endpoint
        self._clock = clock
        self._threads = threads
        self._challenge: Challenge | None = None
        self._uses_token = False
        self._nonce_uses = 0
        self._was_let_in = False
        self.clock_offset_us = 0
        """How far the device's clock is ahead of ours; set by who asked it."""

    async def ask(self, path: str, question: str, *, login: bool = True) -> Node:
        """Send *question* to the service under *path* and return the root of the answer.

        Without *login*, credentials are kept back whatever the device says.

        Raises:
            DeviceFaultError: it answers with a fault that is not about the login.
            CameraUnauthorizedError, CameraUnsupportedAuthError: user or password are refused, or cannot be sent safely.
            OnvifNotSupportedError: what answers is no ONVIF device.
            OnvifBadResponseError: it is one, but its answer breaks a limit or cannot be read.
            CameraUnreachableError: nothing listens there.

        """
        may_renew = True
        for _ in range(4):  # as it stands, digest, a new nonce, token
            reply = await self._post(path, question)
            root = None if reply.status == 401 else await self._read(reply)
            fault = None if root is None else fault_of(root)
            is_refused = root is None or (fault is not None and is_refusal(fault))
            if not is_refused and root is not None:
                if fault is not None:
                    raise DeviceFaultError(fault_code(fault))
                self._was_let_in = self._challenge is not None
                return root
            if not login or not self._endpoint.username:
                break
            if self._challenge is not None and may_renew and self._renew(reply):
                may_renew = False
            elif not self._try_next(reply):
                break
        raise CameraUnauthorizedError("The device refused user and password.", via="onvif")

    def _renew(self, reply: _Reply) -> bool:
        """Take the device's new nonce when the password is not in question: it says so, or it was right before."""
        digests = _digests(reply)
        if digests and (self._was_let_in or any(each.is_stale for each in digests)):
            self._challenge = choose(digests)
            self._nonce_uses = 0
        return self._nonce_uses == 0 and self._challenge is not None

    def _try_next(self, reply: _Reply) -> bool:
        """Choose the next way to log in after a refusal; False = there is none left.

        The way of the first refusal is the device's own. Basic is never answered: over plain HTTP it would hand the
        password to whatever listens at that address, and ONVIF (Core 5.9) demands digest or token of every device.
        """
        digests = _digests(reply)
        if self._challenge is None:
            self._challenge = choose(digests)
            if self._challenge is not None:
                return True
        if self._uses_token or (self._challenge is not None and reply.status == 401):
            if reply.challenges and not digests:
                raise CameraUnsupportedAuthError(
                    "The device offers Basic logins only, which would show the password to the network.",
                    algorithms=["basic"],
                )
            return False
        self._uses_token = True
        return True

    async def _post(self, path: str, question: str) -> _Reply:
        endpoint = self._endpoint
        secret = endpoint.password.get_secret_value()
        header = ""
        if self._uses_token:
            now = self._clock.now_us() + self.clock_offset_us
            header = username_token(endpoint.username, secret, now)
        headers = {
            hdrs.HOST: f"{bracketed(endpoint.host)}:{endpoint.port}",
            hdrs.CONTENT_TYPE: CONTENT_TYPE,
            hdrs.ACCEPT_ENCODING: "identity",  # a small packed answer can be a huge one
            hdrs.USER_AGENT: USER_AGENT,
            hdrs.CONNECTION: "close",
        }
        if self._challenge is not None:
            self._nonce_uses += 1
            headers[hdrs.AUTHORIZATION] = answer(
                self._challenge,
                "POST",
                path,
                endpoint.username,
                secret,
                count=self._nonce_uses,
            )
        url = URL(f"http://{bracketed(endpoint.ip)}:{endpoint.port}{path}", encoded=True)
        try:
            async with self._session.post(
                url, data=envelope(question, header=header), headers=headers, allow_redirects=False
            ) as response:
                if response.status in _REDIRECTS:
                    raise OnvifBadResponseError(
                        "The device sends us to another address, which is not followed.",
                        status=response.status,
                    )
                return _Reply(
                    response.status,
                    response.headers.getall(hdrs.WWW_AUTHENTICATE, []),
                    response.content_type,
                    await _body(response),
                )
        except aiohttp.ClientConnectorError as error:
            raise CameraUnreachableError(
                "Nothing listens on this port of the device.",
                port=endpoint.port,
                cause=errno.errorcode.get(error.errno or 0, ""),
            ) from error
        except (aiohttp.ClientError, ValueError) as error:
            # aiohttp's words may quote what the device sent.
            raise OnvifNotSupportedError(
                "What answers on this port does not speak ONVIF.", port=endpoint.port
            ) from error

    async def _read(self, reply: _Reply) -> Node:
        try:
            root = await asyncio.get_running_loop().run_in_executor(
                self._threads, read_tree, reply.body
            )
        except UnreadableXmlError as error:
            if reply.status != 200 or "xml" not in reply.content_type:
                raise OnvifNotSupportedError(
                    "What answers on this port does not speak ONVIF.",
                    port=self._endpoint.port,
                    status=reply.status,
                ) from error
            raise OnvifBadResponseError("The device's answer cannot be read.") from error
        if root.name != "Envelope":
            raise OnvifNotSupportedError(
                "What answers on this port does not speak ONVIF.",
                port=self._endpoint.port,
                status=reply.status,
            )
        return root


def _digests(reply: _Reply) -> list[Challenge]:
    return [each for each in parse_challenges(reply.challenges) if each.scheme == "digest"]


async def _body(response: aiohttp.ClientResponse) -> bytes:
    if response.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
        raise OnvifBadResponseError("The device packs its answer, which nobody asked for.")
    try:
        return await read_capped(response.content, MAX_DOCUMENT)
    except TooLongError as error:
        raise OnvifBadResponseError("The device's answer does not end.") from error


@asynccontextmanager
async def open_session() -> AsyncIterator[aiohttp.ClientSession]:
    """Open what the questions to one device go through: two connections at most, no cookies, no environment."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=2, force_close=True),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),
        auto_decompress=False,
        trust_env=False,
    ) as session:
        yield session
