"""Looking for cameras on the network: thin over the search."""

from typing import Annotated, Literal

from pydantic import Field

from gtvision_edge.api.routing import ADMINS, Answer, Body, Call, Endpoint, Listing
from gtvision_edge.cameras.errors import DiscoveryBusyError, DiscoveryImpossibleError
from gtvision_edge.cameras.onvif.finder import MAX_ADDRESSES
from gtvision_edge.cameras.onvif.search import MAX_S, MIN_S, DeviceSearch, Finding, SearchRequest


class DiscoverBody(Body):
    method: Literal["multicast", "unicast"] = "multicast"
    addresses: Annotated[
        tuple[Annotated[str, Field(max_length=15)], ...], Field(max_length=MAX_ADDRESSES)
    ] = ()
    network: Annotated[str, Field(max_length=40)] | None = None
    """``192.168.1.0/24`` or a range, ``192.168.1.100-192.168.1.200`` or ``192.168.1.100-200``."""
    timeout_s: Annotated[float, Field(ge=MIN_S, le=MAX_S)] = 4.0


class FoundAnswer(Answer):
    """A device that answered. All but ``host`` and ``already_added_as`` is its own word, not checked."""

    host: str
    onvif_port: int
    xaddr_host: str | None
    """The host it gives as its own when that is another one."""
    name: str
    manufacturer: str
    hardware: str
    scopes: list[str]
    already_added_as: str | None


def discovery_endpoints(search: DeviceSearch) -> list[Endpoint]:
    """Return ``/cameras/discover``."""

    async def discover(call: Call) -> Listing[FoundAnswer]:
        body = call.body_as(DiscoverBody)
        request = SearchRequest(body.method, body.addresses, body.network, body.timeout_s)
        found = await search.search(call.principal, request, client_address=call.address)
        return Listing[FoundAnswer](items=[_answer(finding) for finding in found])

    return [
        Endpoint(
            "POST",
            "/cameras/discover",
            discover,
            "Look for ONVIF cameras on the network",
            "cameras",
            ADMINS,
            body=DiscoverBody,
            response=Listing[FoundAnswer],
            errors=(DiscoveryBusyError, DiscoveryImpossibleError),
            description=(
                "multicast asks the networks the box is connected to; unicast asks the given addresses, or a network "
                "or range of at most 256. No password is sent to anyone. One search at a time."
            ),
        )
    ]


def _answer(finding: Finding) -> FoundAnswer:
    device = finding.device
    return FoundAnswer(
        host=device.host,
        onvif_port=device.onvif_port,
        xaddr_host=device.claimed_host or None,
        name=device.name,
        manufacturer=device.manufacturer,
        hardware=device.hardware,
        scopes=list(device.scopes),
        already_added_as=finding.already_added_as,
    )
