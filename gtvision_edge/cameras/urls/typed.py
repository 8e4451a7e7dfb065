"""Addresses that a person types: the credentials in them are split off and kept apart."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

from gtvision_edge.cameras.errors import InvalidAddressError
from gtvision_edge.cameras.urls.builder import (
    DEFAULT_RTSP_PORT,
    IN_PATH_PASSWORD,
    IN_PATH_USER,
    ProfileName,
    Stream,
    UrlBuilder,
    bracketed,
    check_host,
    check_port,
    encode_in_path,
    with_credentials,
)

IN_PATH_MARK: Final = "{password}"
"""Stands in a stored address where the camera wants the password inside the path."""

_MAX_URL: Final = 2000


@dataclass(frozen=True, slots=True)
class TypedAddress:
    """A typed URL, taken apart. *path* is everything after the port, untouched."""

    host: str
    port: int
    path: str
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def url(self) -> str:
        """The address without credentials, as it is stored and shown."""
        return f"rtsp://{bracketed(self.host)}:{self.port}{self.path}"


class TypedUrlBuilder(UrlBuilder):
    """Serves a camera whose streams have addresses of their own; host and channel are not asked."""

    def __init__(self, main_url: str = "", sub_url: str | None = None) -> None:
        self._urls: dict[ProfileName, str | None] = {"main": main_url, "sub": sub_url}

    def build(
        self,
        *,
        ip: str = "",  # noqa: ARG002 -- the typed address has its own
        user: str = "",
        password: str = "",
        profile: ProfileName = "main",
        channel: int = 1,  # noqa: ARG002
        port: int | None = None,  # noqa: ARG002
    ) -> str:
        address = self._address(profile)
        password = password or address.password
        return with_credentials(
            address.host,
            address.port,
            address.path.replace(IN_PATH_MARK, encode_in_path(password)),
            user=user or address.user,
            password=password,
        )

    def path(self, wanted: Stream) -> str:
        return self._address(wanted.profile).path

    def _address(self, profile: ProfileName) -> TypedAddress:
        url = self._urls[profile]
        if not url:
            raise InvalidAddressError(
                "The address of the stream must be typed for this vendor.", field=f"{profile}_url"
            )
        return split_typed_url(url, name=f"{profile}_url")


def split_typed_url(text: str, *, name: str = "main_url") -> TypedAddress:
    """Take a typed RTSP address apart.

    Raises:
        InvalidAddressError: no RTSP address, or one whose password was typed with reserved characters, so that
            nobody can tell where the host begins.

    """
    text = text.strip()
    if len(text) > _MAX_URL or any(ord(c) <= 0x20 or ord(c) == 0x7F for c in text):
        raise InvalidAddressError("An address has no spaces or control characters.", field=name)
    scheme, found, rest = text.partition("://")
    if not found or scheme.lower() != "rtsp":
        raise InvalidAddressError("An address begins with rtsp://", field=name)
    if "#" in rest:
        # Either a fragment, which media servers refuse, or a '#' of a password that was not encoded.
        raise InvalidAddressError(
            "The address contains '#'. Type user and password in their own fields.", field=name
        )
    authority, _, after = rest.partition("/")
    if "@" in after and "@" not in authority:
        # rtsp://admin:12/34@host parses, with "admin" as the host: the password would be stored as a path.
        raise InvalidAddressError(
            "The address contains '@' after a '/'. Type user and password in their own fields.",
            field=name,
        )
    try:
        parts = urlsplit(f"rtsp://{rest}")
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise InvalidAddressError(
            "The address cannot be read. Type user and password in their own fields.", field=name
        ) from error
    path, in_path = _take_password((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
    password = unquote(parts.password or "")
    if in_path and password and in_path != password:
        raise InvalidAddressError("The address carries two different passwords.", field=name)
    user = unquote(parts.username or "")
    if in_path and not user and (named := IN_PATH_USER.search(path)):
        user = unquote(named[1])
    return TypedAddress(
        host=check_host(host),
        port=check_port(DEFAULT_RTSP_PORT if port is None else port),
        path=path,
        user=user,
        password=password or in_path,
    )


def _take_password(path: str) -> tuple[str, str]:
    """Return *path* with its password replaced by the placeholder, and the password ('' = none inside)."""
    found = IN_PATH_PASSWORD.search(path)
    if found is None or found[2] in {"", IN_PATH_MARK}:
        return path, ""
    return f"{path[: found.start(2)]}{IN_PATH_MARK}{path[found.end(2) :]}", unquote(found[2])
