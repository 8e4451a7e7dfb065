"""Fetches one picture from where a sender says it is, believing nothing of it."""

import asyncio
import socket
from collections.abc import Sequence
from typing import Final, Protocol

import aiohttp
from aiohttp import AddrInfoType
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from gtvision_edge.cameras.errors import CameraNameUnresolvedError
from gtvision_edge.cameras.own_servers import is_own_address
from gtvision_edge.detections.model import PictureState
from gtvision_edge.detections.pictures.addresses import AddressRefusedError, PictureSources
from gtvision_edge.runtime.short_reads import ShortReadSocket, short_read_socket

MAX_BYTES: Final = 5 * 2**20
WITHIN_S: Final = 5.0
"""For all of it: name, connection, headers, picture."""
_CHUNK: Final = 64 * 1024
_WRAPPING: Final = 128 * 1024
"""Bytes beside the picture that may come: the greeting of TLS, headers, ends of chunks. And once more what the picture has."""
_TRY_AGAIN: Final = frozenset({404, 408, 425, 429})
"""Also 404: senders tell of a picture before it is written."""


class Resolver(Protocol):
    """Finds the address of a host."""

    async def resolve(self, host: str, *, timeout_s: float) -> str:
        """Raise CameraNameUnresolvedError when it does not know."""
        ...


class NotFetchedError(Exception):
    """A picture did not come. *state*: why; *is_final*: trying again would not change it. Neither names the address."""

    def __init__(self, state: PictureState, detail: str, *, is_final: bool) -> None:
        super().__init__(f"{state.value}: {detail}")
        self.state = state
        self.detail = detail
        self.is_final = is_final


class PictureFetcher:
    """Fetches pictures from *sources* only, each from the very address that was judged."""

    def __init__(
        self, sources: PictureSources, resolver: Resolver, *, within_s: float = WITHIN_S
    ) -> None:
        self._sources = sources
        self._resolver = resolver
        self._within_s = within_s

    async def fetch(self, text: str, *, of_camera: Sequence[str] = ()) -> bytes:
        """Return what is at the address *text*, at most ``MAX_BYTES``; that it is a picture is not said.

        *of_camera*: sources that are set for the camera whose picture it is.

        Raises:
            NotFetchedError: it may not be fetched, or it did not come.

        """
        try:
            async with asyncio.timeout(self._within_s):
                url = URL(text)
                address = await self._judged(url, self._sources.with_camera(of_camera))
                return await _get(url, address)
        except AddressRefusedError as error:
            raise NotFetchedError(
                PictureState.ADDRESS_REFUSED, error.reason, is_final=True
            ) from None
        except TimeoutError:
            raise _unreachable("timeout") from None
        except (aiohttp.InvalidURL, ValueError):
            raise NotFetchedError(PictureState.ADDRESS_REFUSED, "url", is_final=True) from None
        except CameraNameUnresolvedError:
            raise _unreachable("name") from None
        except (aiohttp.ClientError, OSError) as error:
            # Its text holds the address, which may hold a secret.
            raise _unreachable(type(error).__name__) from None

    async def _judged(self, url: URL, sources: PictureSources) -> str:
        host = sources.check_url(url)
        address = await self._resolver.resolve(host, timeout_s=self._within_s)
        is_own = await asyncio.to_thread(_is_own, address)
        sources.check_address(url, address, is_own=is_own)
        return address


async def _get(url: URL, address: str) -> bytes:
    opened: list[ShortReadSocket] = []

    def open_socket(address: AddrInfoType) -> ShortReadSocket:
        opened.append(short_read_socket(address))
        return opened[-1]

    connector = aiohttp.TCPConnector(
        resolver=_Pinned(address),
        use_dns_cache=False,
        limit=1,
        force_close=True,
        socket_factory=open_socket,
    )
    async with (
        aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,  # a picture is small already; what unpacks to a thousand times is none
            timeout=aiohttp.ClientTimeout(total=None),
        ) as session,
        session.get(
            url, allow_redirects=False, headers={"Accept-Encoding": "identity"}
        ) as response,
    ):
        _require_picture(response)
        found = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK):
            found += chunk
            if len(found) > MAX_BYTES:
                raise NotFetchedError(PictureState.TOO_LARGE, "body", is_final=True)
            if sum(each.received for each in opened) > 2 * len(found) + _WRAPPING:
                raise NotFetchedError(PictureState.TOO_LARGE, "wrapping", is_final=True)
        return bytes(found)


def _require_picture(response: aiohttp.ClientResponse) -> None:
    status = response.status
    if 300 <= status < 400:
        raise NotFetchedError(PictureState.REDIRECTED, str(status), is_final=True)
    if status in _TRY_AGAIN or status >= 500:
        raise _unreachable(str(status))
    if status != 200:
        raise NotFetchedError(PictureState.DENIED, str(status), is_final=True)
    if (response.content_length or 0) > MAX_BYTES:
        raise NotFetchedError(PictureState.TOO_LARGE, "header", is_final=True)


def _unreachable(detail: str) -> NotFetchedError:
    return NotFetchedError(PictureState.UNREACHABLE, detail, is_final=False)


def _is_own(address: str) -> bool:
    try:
        return is_own_address(address)
    except ValueError:
        return True


class _Pinned(AbstractResolver):
    """Knows one address, whatever is asked: what was judged is what is connected to."""

    def __init__(self, address: str) -> None:
        self._address = address

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 -- there is one answer
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=self._address,
                port=port,
                family=socket.AF_INET6 if ":" in self._address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None: ...
