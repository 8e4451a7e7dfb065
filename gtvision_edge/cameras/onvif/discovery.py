"""WS-Discovery's messages: the probe we send and what a match says. Nothing of a match is trusted, all of it is shown."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from gtvision_edge.cameras.onvif.messages import plain
from gtvision_edge.cameras.onvif.tree import Node, UnreadableXmlError, read_tree

PORT: Final = 3702
GROUP: Final = "239.255.255.250"
DEFAULT_ONVIF_PORT: Final = 80
MAX_MATCH: Final = 32 * 1024

KINDS: Final = (
    ("NetworkVideoTransmitter", "http://www.onvif.org/ver10/network/wsdl"),
    ("Device", "http://www.onvif.org/ver10/device/wsdl"),
)
"""Asked one by one: two kinds in one probe mean a device that is both, and some know one only."""

_MAX_ELEMENTS: Final = 500
_MAX_SCOPES: Final = 32
_SCOPE: Final = "onvif://www.onvif.org/"


@dataclass(frozen=True, slots=True)
class FoundDevice:
    """A device that answered. *host* is where its answer came from; every text is its own word, '' = not said."""

    host: str
    onvif_port: int
    claimed_host: str = ""
    """The host it gives as its own, when that is another one; '' otherwise."""
    name: str = ""
    manufacturer: str = ""
    hardware: str = ""
    scopes: tuple[str, ...] = ()


def probe(message_id: str, kind: tuple[str, str]) -> bytes:
    """Return a probe for devices of *kind*: without line breaks, and with the kind's prefix declared where it is used.

    Some Hikvision parse nothing behind a line break, and some others know no prefix but of the element itself.
    """
    name, namespace = kind
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"'
        ' xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
        ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><e:Header>'
        f"<w:MessageID>{message_id}</w:MessageID>"
        "<w:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>"
        "<w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action>"
        "</e:Header><e:Body><d:Probe>"
        f'<d:Types xmlns:dn="{namespace}">dn:{name}</d:Types>'
        "</d:Probe></e:Body></e:Envelope>"
    ).encode()


def read_match(datagram: bytes, source: str) -> FoundDevice | None:
    """Return the device that *datagram* from the address *source* tells of, None when it tells of none."""
    try:
        root = read_tree(datagram, max_elements=_MAX_ELEMENTS)
    except UnreadableXmlError:
        return None
    match = root.find("ProbeMatch")
    if match is None:
        return None
    port, claimed = _place(match, source)
    scopes = [plain(unquote(scope), 120) for scope in match.value("Scopes").split()[:_MAX_SCOPES]]
    return FoundDevice(
        host=source,
        onvif_port=port,
        claimed_host=claimed,
        name=_scope(scopes, "name"),
        manufacturer=_scope(scopes, "manufacturer") or _scope(scopes, "mfr"),
        hardware=_scope(scopes, "hardware"),
        scopes=tuple(scope.removeprefix(_SCOPE) for scope in scopes),
    )


def merge(found: list[FoundDevice]) -> list[FoundDevice]:
    """Return one entry for each host and port, the one that says most, in the order of addresses.

    Not by the device's own id: whole series of cheap cameras left the factory with the same one.
    """
    best: dict[tuple[str, int], FoundDevice] = {}
    for device in found:
        key = device.host, device.onvif_port
        if key not in best or _words(device) > _words(best[key]):
            best[key] = device
    return [best[key] for key in sorted(best, key=lambda key: (_order(key[0]), key[1]))]


def _place(match: Node, source: str) -> tuple[int, str]:
    """Return the port of the service, and the host it names if that is not *source*."""
    claimed = ""
    port = 0
    for address in match.value("XAddrs").split()[:8]:
        try:
            parts = urlsplit(address)
            host, said = parts.hostname or "", parts.port or DEFAULT_ONVIF_PORT
        except ValueError:
            continue
        if parts.scheme != "http" or not host or not 1 <= said <= 65535:
            continue
        if host == source:
            return said, ""
        if not claimed and ":" not in host:
            claimed, port = plain(host), said
    return port or DEFAULT_ONVIF_PORT, claimed


def _scope(scopes: list[str], name: str) -> str:
    prefix = f"{_SCOPE}{name}/"
    return next(
        (plain(s[len(prefix) :]) for s in scopes if s.lower().startswith(prefix)),
        "",
    )


def _words(device: FoundDevice) -> int:
    return len(device.name) + len(device.hardware) + len(device.scopes)


def _order(host: str) -> tuple[int, ...]:
    return tuple(int(part) for part in host.split(".") if part.isdigit())
