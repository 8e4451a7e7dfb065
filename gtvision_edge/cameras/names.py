"""Host names of cameras, looked up where a name server that hangs holds up nobody else."""

import asyncio
import ipaddress
import socket
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Final, Self

from gtvision_edge.cameras.errors import CameraNameUnresolvedError
from gtvision_edge.runtime.clock import Clock

_THREADS: Final = 8
_FRESH_S: Final = 60.0
_MAX_CACHED: Final = 1000


class NameResolver:
    """Resolves names in threads of its own, remembers good answers for a minute.

    When all threads hang, a lookup waits until its caller's time is over; an older good answer is given instead where
    there is one. Addresses never enter a thread.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="camera-names")
        self._known: dict[str, tuple[float, str]] = {}

    async def resolve(self, host: str, *, timeout_s: float) -> str:
        """Return an IP address of *host* within *timeout_s* seconds.

        Raises:
            CameraNameUnresolvedError: the name is unknown, or the name server does not answer.

        """
        if _is_address(host):
            return host
        known = self._known.get(host)
        if known and self._clock.monotonic() - known[0] < _FRESH_S:
            return known[1]
        try:
            async with asyncio.timeout(timeout_s):
                address = await asyncio.get_running_loop().run_in_executor(
                    self._threads, _look_up, host
                )
        except (OSError, UnicodeError) as error:  # TimeoutError is an OSError
            if known:
                return known[1]
            raise CameraNameUnresolvedError(
                "The name service does not know this host name.", host=host
            ) from error
        if len(self._known) >= _MAX_CACHED:
            self._known.clear()
        self._known[host] = (self._clock.monotonic(), address)
        return address

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _look_up(host: str) -> str:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    # Cameras with an IPv6 address rarely serve RTSP on it.
    return str(min(found, key=lambda entry: entry[0] != socket.AF_INET)[4][0])
