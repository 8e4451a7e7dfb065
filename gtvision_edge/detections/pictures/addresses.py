"""From where the box may fetch a picture that a sender names: such an address is a door into the site's own network.

Open are the networks and hosts of ``[detections] picture_sources``, and for a camera those that were set for it. Never open, whatever is listed, are addresses that lead to
other machines than they seem (tunnels), to link-local services, or to the metadata services of clouds. This box itself is open
only where ``[detections] picture_sources`` lists it by itself: what is set for a camera does not open it.
"""

import ipaddress
from collections.abc import Sequence
from typing import Final

from yarl import URL

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_LOOPBACKS: Final = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
_LANS: Final = tuple(
    ipaddress.ip_network(each)
    for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)
_NEVER: Final = tuple(
    ipaddress.ip_network(each)
    for each in (
        "0.0.0.0/8",
        "169.254.0.0/16",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "224.0.0.0/3",
        "100.100.100.200/32",  # metadata: Alibaba
        "168.63.129.16/32",  # Azure
        "::/128",
        "64:ff9b::/96",  # NAT64: an IPv4 address in disguise
        "64:ff9b:1::/48",
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4
        "fd00:ec2::254/128",  # metadata: AWS
        "fd20:ce::254/128",  # Google
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)
_LOW_PORTS: Final = frozenset({*range(80, 100), 443})
"""Below 1024 nothing else serves pictures; what does serve there takes an HTTP request for something else."""


class AddressRefusedError(Exception):
    """A picture may not be fetched from there. *reason* is for people who look after the box; it holds no address."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PictureSources:
    """The hosts and networks of *sources*, which are addresses, networks or names of hosts; *of_camera*: what a camera adds."""

    def __init__(self, sources: Sequence[str], of_camera: Sequence[str] = ()) -> None:
        self._hosts: set[str] = set()
        self._networks: list[Network] = []
        for each in sources:
            self._open(each)
        self._own = tuple(self._networks)
        for each in of_camera:
            self._open(each)
        self._sources = tuple(sources)

    def with_camera(self, sources: Sequence[str]) -> "PictureSources":
        """Return these and *sources*, which open no address of this box."""
        return PictureSources(self._sources, sources) if sources else self

    def _open(self, source: str) -> None:
        try:
            self._networks.append(ipaddress.ip_network(source, strict=False))
        except ValueError:
            self._hosts.add(source.lower().rstrip("."))

    def check_url(self, url: URL) -> str:
        """Return the host of *url* to be resolved.

        Raises:
            AddressRefusedError: not http or https, an odd host, or a port of something else.

        """
        if url.scheme not in ("http", "https") or not url.host or url.port is None:
            raise AddressRefusedError("scheme")
        if url.port < 1024 and url.port not in _LOW_PORTS:
            raise AddressRefusedError("port")
        # Whoever resolves "0x7f.1" or "2130706433" makes an address of it, each in another way (WHATWG URL 3.5).
        if _ends_in_number(url.host) and _address_of(url.host) is None:
            raise AddressRefusedError("host")
        return url.host

    def check_address(self, url: URL, text: str, *, is_own: bool) -> None:
        """Return if *url* may be fetched from the address *text*, to which its host resolved.

        *is_own*: it is an address of this box.

        Raises:
            AddressRefusedError: it may not.

        """
        address = _address_of(text)
        if address is None or any(address in each for each in _NEVER):
            raise AddressRefusedError("never")
        if is_own or any(address in each for each in _LOOPBACKS):
            if not self._lists_own(address):
                raise AddressRefusedError("own")
        elif not self._lists(url.host or "", address):
            raise AddressRefusedError("not_listed")
        elif url.scheme != "https" and not any(address in each for each in _LANS):
            raise AddressRefusedError("plain_http")

    def _lists_own(self, address: Address) -> bool:
        """Tell whether a network is listed for this box alone: one that merely spans it does not count."""
        return any(
            address in each and (each.num_addresses == 1 or _is_within_loopback(each))
            for each in self._own
        )

    def _lists(self, host: str, address: Address) -> bool:
        return host.lower().rstrip(".") in self._hosts or any(
            address in each for each in self._networks
        )


def is_this_box(source: str) -> bool:
    """Tell whether a network or address of a list of sources is this box by its loopback."""
    try:
        return _is_within_loopback(ipaddress.ip_network(source, strict=False))
    except ValueError:
        return source in ("localhost", "localhost.localdomain")


def _is_within_loopback(network: Network) -> bool:
    if isinstance(network, ipaddress.IPv4Network):
        return network.subnet_of(ipaddress.IPv4Network("127.0.0.0/8"))
    return network.subnet_of(ipaddress.IPv6Network("::1/128"))


def _address_of(text: str) -> Address | None:
    """Return *text* as an address, an IPv4 one where IPv6 only wraps it; None = it is none, or bound to an interface."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return None
        return address.ipv4_mapped or address
    return address


def _ends_in_number(host: str) -> bool:
    last = host.rstrip(".").rpartition(".")[2].lower()
    return ":" not in host and (last.isdigit() or last.startswith("0x"))
