"""The rules of looking for cameras: who may be asked, one search at a time, written down before anything is sent."""

import asyncio
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from gtvision_edge.accounts.model import Principal
from gtvision_edge.audit import AuditLog
from gtvision_edge.cameras.checks import require_may_add
from gtvision_edge.cameras.errors import DiscoveryBusyError
from gtvision_edge.cameras.model import Camera
from gtvision_edge.cameras.onvif.discovery import FoundDevice
from gtvision_edge.cameras.onvif.finder import MAX_ADDRESSES
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.storage import Database, Transaction

MIN_PREFIX: Final = 24
MIN_S: Final = 0.5
MAX_S: Final = 10.0

_NETWORK_HINT: Final = (
    "an IPv4 network or range, such as 192.168.1.0/24 or 192.168.1.10-192.168.1.50"
)


class Finder(Protocol):
    """Sends the probes (see :mod:`gtvision_edge.cameras.onvif.finder`)."""

    async def find_nearby(self, *, timeout_s: float) -> list[FoundDevice]: ...
    async def find_at(self, addresses: Sequence[str], *, timeout_s: float) -> list[FoundDevice]: ...


class CameraDirectory(Protocol):
    def all_cameras(self) -> Sequence[Camera]: ...


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """Where to look: *addresses* and *network* (also a range) belong to 'unicast', and one of them is enough."""

    method: Literal["multicast", "unicast"] = "multicast"
    addresses: Sequence[str] = ()
    network: str | None = None
    timeout_s: float = 4.0


@dataclass(frozen=True, slots=True)
class Finding:
    """A device, and the camera it already is for who asks; None = for them it is a new one."""

    device: FoundDevice
    already_added_as: str | None


class DeviceSearch:
    """Looks for cameras, once at a time for the whole site."""

    def __init__(
        self,
        finder: Finder,
        cameras: CameraDirectory,
        *,
        audit: AuditLog,
        database: Database,
    ) -> None:
        self._finder = finder
        self._cameras = cameras
        self._audit = audit
        self._database = database
        self._searching = asyncio.Lock()

    async def search(
        self, principal: Principal, request: SearchRequest, *, client_address: str = ""
    ) -> list[Finding]:
        """Look for devices for at most ``timeout_s`` seconds (0.5 to 10).

        Raises:
            NotPermittedError: who is limited to some cameras has none to add.
            InvalidInputError: ``faults`` lists what is wrong; nothing was sent.
            DiscoveryBusyError: another search is under way.

        """
        require_may_add(principal)
        addresses = _checked(request)
        if self._searching.locked():
            raise DiscoveryBusyError("A search for cameras is already under way.")
        async with self._searching:
            await self._write_down(principal, request, len(addresses), client_address)
            if request.method == "multicast":
                devices = await self._finder.find_nearby(timeout_s=request.timeout_s)
            else:
                devices = await self._finder.find_at(addresses, timeout_s=request.timeout_s)
        return [Finding(device, self._known_as(principal, device)) for device in devices]

    async def _write_down(
        self, principal: Principal, request: SearchRequest, count: int, client_address: str
    ) -> None:
        details: dict[str, object] = {"method": request.method}
        if request.network is not None:
            details["network"] = request.network
        elif count:
            details["addresses"] = count
            details["first"] = request.addresses[0]

        def work(transaction: Transaction) -> None:
            self._audit.append(
                transaction,
                actor=principal.actor(client_address),
                action="cameras.searched",
                tenant_id=principal.tenant_id,
                details=details,
            )

        await self._database.write(work)

    def _known_as(self, principal: Principal, device: FoundDevice) -> str | None:
        mine = [
            camera
            for camera in self._cameras.all_cameras()
            if camera.host == device.host
            and principal.may_see_camera(camera.camera_id, camera.tenant_id)
        ]
        # Several may share an address behind a router; then the port tells them apart.
        exact = [camera for camera in mine if camera.onvif_port == device.onvif_port]
        return next((camera.camera_id for camera in (*exact, *mine)), None)


def _checked(request: SearchRequest) -> list[str]:
    """Return the addresses to be asked, each once; none for 'multicast'."""
    faults: list[dict[str, str]] = []

    def fault(path: str, message: str) -> None:
        faults.append({"path": path, "message": message})

    addresses: list[str] = []
    if not MIN_S <= request.timeout_s <= MAX_S:
        fault("timeout_s", f"from {MIN_S:g} to {MAX_S:g} seconds")
    if request.method == "multicast":
        if request.addresses or request.network is not None:
            fault("method", "addresses and network go with unicast")
    elif bool(request.addresses) == (request.network is not None):
        fault("addresses", "either addresses or a network")
    elif request.network is not None:
        addresses = _network(request.network, fault)
    elif len(request.addresses) > MAX_ADDRESSES:
        fault("addresses", f"at most {MAX_ADDRESSES}")
    else:
        for number, text in enumerate(request.addresses):
            if _is_askable(text):
                addresses.append(str(ipaddress.IPv4Address(text)))
            else:
                fault(f"addresses.{number}", "an IPv4 address of one device")
    if faults:
        raise InvalidInputError("Cameras cannot be looked for like this.", faults=faults)
    return list(dict.fromkeys(addresses))


def _network(text: str, fault: "Fault") -> list[str]:
    if "-" in text:
        return _range(text, fault)
    try:
        network = ipaddress.IPv4Network(text, strict=False)
    except ValueError:
        fault("network", _NETWORK_HINT)
        return []
    if network.prefixlen < MIN_PREFIX:
        fault("network", f"at most {MAX_ADDRESSES} addresses: /{MIN_PREFIX} or smaller")
        return []
    addresses = [str(address) for address in network.hosts()]
    if not all(_is_askable(address) for address in addresses):
        fault("network", "addresses of single devices")
    return addresses


def _range(text: str, fault: "Fault") -> list[str]:
    start, _, end = (part.strip() for part in text.partition("-"))
    try:
        first = ipaddress.IPv4Address(start)
        # "192.168.1.10-50" means the last part alone.
        last = ipaddress.IPv4Address(end if "." in end else f"{start.rpartition('.')[0]}.{end}")
    except ValueError:
        fault("network", _NETWORK_HINT)
        return []
    if not int(first) <= int(last) < int(first) + MAX_ADDRESSES:
        fault("network", f"a range from the lower to the higher, of at most {MAX_ADDRESSES}")
        return []
    addresses = [str(ipaddress.IPv4Address(each)) for each in range(int(first), int(last) + 1)]
    if not all(_is_askable(address) for address in addresses):
        fault("network", "addresses of single devices")
    return addresses


def _is_askable(text: str) -> bool:
    """Tell whether *text* is the address of one machine: no group, no broadcast, nothing reserved."""
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return not (address.is_multicast or address.is_unspecified or address.is_reserved)


class Fault(Protocol):
    def __call__(self, path: str, message: str) -> None: ...
