"""Which addresses a box writes pushes to: those of push services on the internet, never one of its own network.

A browser tells the address, so whoever may subscribe could have the box send requests into the network where cameras are.
"""

import asyncio
import base64
import binascii
import ipaddress
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography.hazmat.primitives.asymmetric import ec

from gtvision_edge.push.errors import PushAddressRefusedError
from gtvision_edge.push.model import PushAddress

LONGEST: Final = 2048
LookUp = Callable[..., list[Any]]
"""As socket.getaddrinfo."""
_AUTH_BYTES: Final = 16
_THREADS: Final = 4
_KEY_BYTES: Final = 65
_NEVER: Final = tuple(
    ipaddress.IPv6Network(each) for each in ("::/96", "::ffff:0:0:0/96", "fec0::/10")
)
"""IPv4 in disguise, and networks of one site: retired, which Python takes for the internet's."""
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


def read_address(endpoint: str, p256dh: str, auth: str, *, allow_private: bool) -> PushAddress:
    """Return the address of a subscription as a browser gave it; both keys in base64url.

    *allow_private*: push services of the own network, and without TLS, are good, too.

    Raises:
        PushAddressRefusedError: it is none.

    """
    check_endpoint(endpoint, allow_private=allow_private)
    key, secret = _decode(p256dh), _decode(auth)
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
    except ValueError as error:
        raise PushAddressRefusedError("The subscription's key is no point of P-256.") from error
    if len(key) != _KEY_BYTES:
        raise PushAddressRefusedError("The subscription's key is not a whole point of P-256.")
    if len(secret) != _AUTH_BYTES:
        raise PushAddressRefusedError(f"The subscription's secret has not {_AUTH_BYTES} bytes.")
    return PushAddress(endpoint, key, secret)


def check_endpoint(endpoint: str, *, allow_private: bool) -> None:
    """Refuse what is no address of a push service.

    Raises:
        PushAddressRefusedError: it is none.

    """
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise PushAddressRefusedError("The push service's address is none.") from error
    is_plain = endpoint.isascii() and endpoint.isprintable() and " " not in endpoint
    if not host or not is_plain or len(endpoint) > LONGEST or parts.username is not None:
        raise PushAddressRefusedError("The push service's address is none.")
    if allow_private:
        if parts.scheme not in ("https", "http"):
            raise PushAddressRefusedError("A push service is reached by HTTPS.")
        return
    if parts.scheme != "https" or port not in (None, 443):
        raise PushAddressRefusedError("A push service is reached by HTTPS, on its usual port.")
    # Whoever resolves "127.1" or "2130706433" makes an address of it, each in another way (WHATWG URL 3.5).
    if _ends_in_number(host) and not _is_ip(host):
        raise PushAddressRefusedError("The push service's address is none.")
    if _is_ip(host) and not is_public(host):
        raise PushAddressRefusedError("The push service's address is of a private network.")


def service_of(endpoint: str) -> str:
    """Return the host of the push service, which is no secret."""
    return urlsplit(endpoint).hostname or ""


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the internet."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if any(found in each for each in _NEVER):
            return False
        if found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast


class PushResolver(AbstractResolver):
    """Looks names up in threads of its own, for a name server that hangs must hold up nobody else.

    Unless *allow_private*, addresses that are not on the internet are dropped, at each connection: a name may change its mind.
    """

    def __init__(self, *, allow_private: bool, look_up: LookUp = socket.getaddrinfo) -> None:
        self._allow_private = allow_private
        self._look_up = look_up
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="push-names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        look_up = partial(self._look_up, host, port, family=family, type=socket.SOCK_STREAM)
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._threads, look_up)
        except UnicodeError as error:  # such as a label of more than 63 letters
            raise OSError(None, "the name is none") from error
        good = [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST,
            )
            for kind, _, protocol, _, address in found
            if self._allow_private or is_public(str(address[0]))
        ]
        if not good:
            raise OSError(None, "the name leads into a private network")
        return good

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _ends_in_number(host: str) -> bool:
    last = host.rstrip(".").rpartition(".")[2].lower()
    return ":" not in host and (last.isdigit() or last.startswith("0x"))


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(
            text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True
        )
    except (binascii.Error, ValueError) as error:
        raise PushAddressRefusedError("The subscription's keys are no base64url.") from error
