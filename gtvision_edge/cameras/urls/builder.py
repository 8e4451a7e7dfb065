"""What every strategy shares: hosts checked, credentials encoded once, and the mask for what people may read."""

import ipaddress
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import quote

from gtvision_edge.cameras.errors import InvalidAddressError

ProfileName = Literal["main", "sub"]

DEFAULT_RTSP_PORT: Final = 554
MAX_CHANNEL: Final = 1024

_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_MAX_NAME: Final = 253
_USERINFO = re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^/?#\s]*@", re.IGNORECASE)
# XM's firmware wants user and password once more inside the path, parted by '&' or, when older, by '_';
# others take them in the query.
IN_PATH_PASSWORD = re.compile(
    r"((?<![a-z])(?:password|passwd|pwd|pass|senha)=)(.*?)(?=_channel=|_stream=|[&/?#\s]|$)",
    re.IGNORECASE,
)
IN_PATH_USER = re.compile(
    r"(?<![a-z])(?:user|username|usr)=(.*?)(?=_pass|_pwd|[&/?#\s]|$)", re.IGNORECASE
)
_IN_PATH_PLAIN: Final = "!$()*+,;:=@"
"""Left as they are, for the firmware reads the path undecoded; '&', '/', '?', '#', '%' and quotes would break URL or mask."""


def encode_credential(text: str, *, name: str = "password") -> str:
    """Percent-encode *text* (UTF-8) for the userinfo of a URL: only unreserved characters stay.

    Raises:
        InvalidAddressError: control characters, or text that UTF-8 cannot carry; no camera takes them.

    """
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in text):
        raise InvalidAddressError(
            "User names and passwords cannot contain control characters.", field=name
        )
    try:
        return quote(text, safe="")
    except UnicodeEncodeError as error:
        raise InvalidAddressError(
            "User names and passwords must be valid Unicode.", field=name
        ) from error


def encode_in_path(text: str) -> str:
    """Encode a credential for vendors that want it inside the path: as little as a URL bears."""
    encode_credential(text)  # for its checks
    return quote(text, safe=_IN_PATH_PLAIN)


def check_host(host: str) -> str:
    """Return *host* as it is stored: an IPv4 address, an IPv6 address without brackets, or an ASCII name.

    Raises:
        InvalidAddressError: it is none of these.

    """
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if ":" in bare or bare != host:
        try:
            return str(ipaddress.IPv6Address(_without_zone(bare)))
        except ValueError as error:
            raise InvalidAddressError(
                "This is not an IPv6 address; a port goes into its own field.", field="host"
            ) from error
    try:
        return str(ipaddress.IPv4Address(bare))
    except ValueError:
        return _check_name(bare)


def check_port(port: int, name: str = "rtsp_port") -> int:
    if not 1 <= port <= 65535:
        raise InvalidAddressError("A port is a number from 1 to 65535.", field=name)
    return port


def check_channel(channel: int) -> int:
    if not 1 <= channel <= MAX_CHANNEL:
        raise InvalidAddressError(
            f"A channel is a number from 1 to {MAX_CHANNEL}.", field="channel"
        )
    return channel


def bracketed(host: str) -> str:
    """Return a checked *host* as it stands in a URL."""
    return f"[{host}]" if ":" in host else host


def with_credentials(host: str, port: int, path: str, *, user: str, password: str) -> str:
    """Put an RTSP URL together; *path* is what follows the port, already encoded. No user, no userinfo."""
    userinfo = ""
    if user or password:
        userinfo = f"{encode_credential(user)}:{encode_credential(password)}@"
    return f"rtsp://{userinfo}{bracketed(host)}:{port}{path}"


def mask_url(url: str) -> str:
    """Return *url* for people's eyes: without userinfo, and with XM's in-path password starred out."""
    return IN_PATH_PASSWORD.sub(r"\1***", _USERINFO.sub(r"\1", url))


@dataclass(frozen=True, slots=True)
class Stream:
    """Which stream of a device is wanted. Few vendors need the credentials in the path as well."""

    profile: ProfileName
    channel: int
    user: str = ""
    password: str = field(default="", repr=False)


class UrlBuilder(ABC):
    """Builds the RTSP URL of a camera's stream from its address and credentials."""

    def build(
        self,
        *,
        ip: str,
        user: str = "",
        password: str = "",
        profile: ProfileName = "main",
        channel: int = 1,
        port: int | None = None,
    ) -> str:
        """Return the URL with credentials percent-encoded once; *ip* may be a name, IPv6 with or without brackets.

        Raises:
            InvalidAddressError: host, port, channel or credentials cannot be right.

        """
        host = check_host(ip)
        port = check_port(DEFAULT_RTSP_PORT if port is None else port)
        path = self.path(Stream(profile, check_channel(channel), user, password))
        return with_credentials(host, port, path, user=user, password=password)

    @abstractmethod
    def path(self, wanted: Stream) -> str:
        """Return what follows ``host:port``, encoded."""


def _without_zone(address: str) -> str:
    if "%" in address:  # fe80::1%eth0: no player's URL parser agrees with another's about it
        raise ValueError("zone")
    return address


def _check_name(name: str) -> str:
    try:
        ascii_name = name.encode("idna").decode("ascii").removesuffix(".")
    except UnicodeError as error:
        raise InvalidAddressError("This is no host name.", field="host") from error
    labels = ascii_name.split(".")
    is_name = len(ascii_name) <= _MAX_NAME and all(_LABEL.fullmatch(label) for label in labels)
    # A name whose last label is a number would be read as some odd form of an IPv4 address.
    if not is_name or labels[-1].isdigit() or labels[-1].lower().startswith("0x"):
        raise InvalidAddressError("This is neither a host name nor an IP address.", field="host")
    return ascii_name
