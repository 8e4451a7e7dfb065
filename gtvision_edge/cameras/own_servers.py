"""No camera is this box itself: its media server gives every stream to whoever asks on loopback, with no tenant in mind."""

import asyncio
import ipaddress
import socket
from typing import Final
from urllib.parse import urlsplit

from gtvision_edge.cameras.address import Address
from gtvision_edge.cameras.errors import CameraNameUnresolvedError
from gtvision_edge.cameras.names import NameResolver
from gtvision_edge.cameras.urls import DEFAULT_RTSP_PORT, ProfileName
from gtvision_edge.errors import InvalidInputError

_NAME_PATIENCE_S: Final = 2.0


class OwnServers:
    """Refuses addresses that lead to our own media server, by whatever name of this box."""

    def __init__(self, resolver: NameResolver) -> None:
        self._resolver = resolver
        self._ports: set[int] = set()

    def keep_away_from(self, port: int) -> None:
        """Refuse *port* of this box from now on."""
        self._ports.add(port)

    async def check(self, address: Address) -> None:
        """Return if no stream of *address* is served by this box's media server.

        Raises:
            InvalidInputError: one is.

        """
        profiles: tuple[ProfileName, ...] = ("main", "sub")
        for url in filter(None, map(address.url, profiles)):
            parts = urlsplit(url)
            port = parts.port or DEFAULT_RTSP_PORT
            if port in self._ports and await self._is_this_box(parts.hostname or ""):
                message = "This is the media server of this very box, not a camera."
                raise InvalidInputError(message, faults=[{"path": "host", "message": message}])

    async def _is_this_box(self, host: str) -> bool:
        try:
            resolved = await self._resolver.resolve(host, timeout_s=_NAME_PATIENCE_S)
        except CameraNameUnresolvedError:
            return False  # whoever asks that camera will say so
        return await asyncio.to_thread(is_own_address, resolved)


def is_own_address(text: str) -> bool:
    """Tell whether an IP address is one of this machine's, or means "any of them"."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_loopback or address.is_unspecified:
        return True
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    try:
        # Binding asks the kernel whose address it is, without listing interfaces.
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(address), 0))
    except OSError:
        return False
    return True
