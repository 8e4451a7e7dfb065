"""What is set for the readings of one camera."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypedDict
from zoneinfo import ZoneInfo

from gtvision_edge.detections.model import TrustLevel
from gtvision_edge.detections.sources.intelbras import ConfidenceScale

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_RANK: Final = {
    TrustLevel.SECRET_PATH: 0,
    TrustLevel.AUTHENTICATED: 1,
    TrustLevel.FETCHED: 1,
    TrustLevel.SIGNED: 2,
}


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """As it stands for a camera of which nothing was set: all is taken as its source says it."""

    confidence_scale: ConfidenceScale = ConfidenceScale.AUTO
    """For ITSAPI and snapManager; the other sources say what they count to."""
    networks: tuple[Network, ...] = ()
    """Pushes from elsewhere are refused; () = none are."""
    directions: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """What each word of the camera means here; the words in small letters."""
    zone: ZoneInfo | None = None
    """Of the camera's clock; None = the site's."""
    least_trust: TrustLevel = TrustLevel.SECRET_PATH
    """What proves less is refused."""
    is_pulled: bool = False
    """The box asks the camera for its readings (``snapManager.cgi``)."""
    picture_sources: tuple[str, ...] = ()
    """Networks, addresses and names of hosts from where its pictures may be fetched, besides the site's."""

    def believes(self, address: str) -> bool:
        """Tell whether a push may come from *address*."""
        if not self.networks:
            return True
        try:
            found = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        return any(found in network for network in self.networks)

    def accepts(self, trust: TrustLevel) -> bool:
        return _RANK[trust] >= _RANK[self.least_trust]

    def direction_of(self, sent: str) -> str:
        """Return what *sent* means here; itself, where nothing was said about it."""
        return self.directions.get(sent.strip().casefold(), sent)


NOTHING_SET: Final = SourceSettings()


class SourceChanges(TypedDict, total=False):
    """What to set anew, as people write it; absent = left as it is."""

    confidence_scale: ConfidenceScale
    addresses: list[str]
    directions: dict[str, str]
    timezone: str | None
    least_trust: TrustLevel
    is_pulled: bool
    picture_sources: list[str]


@dataclass(frozen=True, slots=True)
class PlateSourceChanged:
    """Other settings hold for a camera's readings."""

    camera_uuid: str
