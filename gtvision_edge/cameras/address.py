"""From what a person gave us to the addresses of a camera's streams."""

from dataclasses import dataclass, field
from typing import Final

from pydantic import SecretStr

from gtvision_edge.cameras.errors import InvalidAddressError
from gtvision_edge.cameras.model import Camera, ProbeRequest
from gtvision_edge.cameras.urls import (
    ProfileName,
    TypedAddress,
    UrlBuilderFactory,
    check_channel,
    check_host,
    check_port,
    encode_credential,
    split_typed_url,
)

_MAX_USERNAME: Final = 128
_MAX_PASSWORD: Final = 256


@dataclass(frozen=True, slots=True)
class Address:
    """A checked address: everything in the form in which it is stored."""

    vendor: str
    host: str
    rtsp_port: int
    http_port: int
    onvif_port: int
    channel: int
    username: str
    password: SecretStr = field(repr=False)
    main_url: str | None
    sub_url: str | None
    has_own_rtsp_port: bool = field(default=False, compare=False)
    """A person chose the RTSP port: a device behind address translation does not know it."""

    @property
    def must_be_asked(self) -> bool:
        """The device has to tell its streams' addresses first."""
        return self.main_url is None and UrlBuilderFactory.get_vendor(self.vendor).asks_device

    def url(self, profile: ProfileName) -> str | None:
        """Return the stream's URL with credentials, None when there is no such stream."""
        if profile == "sub" and self.main_url and not self.sub_url:
            return None
        builder = UrlBuilderFactory.get_builder(
            self.vendor, main_url=self.main_url, sub_url=self.sub_url
        )
        return builder.build(
            ip=self.host,
            user=self.username,
            password=self.password.get_secret_value(),
            profile=profile,
            channel=self.channel,
            port=self.rtsp_port,
        )


def check_address(request: ProbeRequest) -> Address:
    """Check *request* and fill in what was left out.

    Raises:
        InvalidAddressError: some part cannot be right; ``field`` names it.
        UnknownVendorError: no such vendor.

    """
    vendor = UrlBuilderFactory.get_vendor(request.vendor)
    username, password = request.username, request.password
    host, rtsp_port = request.host, request.rtsp_port
    main_url, sub_url = request.main_url or None, request.sub_url or None
    if main_url:
        typed = split_typed_url(main_url)
        username, password = _credentials(typed, username, password)
        if host and check_host(host) != typed.host:
            raise InvalidAddressError("The typed address has another host.", field="host")
        host, rtsp_port, main_url = typed.host, typed.port, typed.url
        if sub_url:
            sub = split_typed_url(sub_url, name="sub_url")
            if sub.user and (sub.user, sub.password) != (username, password.get_secret_value()):
                raise InvalidAddressError(
                    "Both streams of a camera have the same user and password.", field="sub_url"
                )
            sub_url = sub.url
    elif vendor.needs_url:
        raise InvalidAddressError(
            "The address of the stream must be typed for this vendor.", field="main_url"
        )
    elif sub_url:
        raise InvalidAddressError("A typed sub stream needs a typed main stream.", field="sub_url")
    _check_credentials(username, password)
    return Address(
        vendor=vendor.key,
        host=check_host(host),
        rtsp_port=check_port(vendor.rtsp_port if rtsp_port is None else rtsp_port),
        http_port=_port(request.http_port, vendor.http_port, "http_port"),
        onvif_port=_port(request.onvif_port, vendor.onvif_port, "onvif_port"),
        channel=check_channel(request.channel),
        username=username,
        password=password,
        main_url=main_url,
        sub_url=sub_url,
        has_own_rtsp_port=not main_url and rtsp_port not in (None, vendor.rtsp_port),
    )


def stored_address(camera: Camera, password: SecretStr) -> Address:
    """Return the address of a camera that was checked when it was stored."""
    return Address(
        vendor=camera.vendor,
        host=camera.host,
        rtsp_port=camera.rtsp_port,
        http_port=camera.http_port,
        onvif_port=camera.onvif_port,
        channel=camera.channel,
        username=camera.username,
        password=password,
        main_url=camera.main_url,
        sub_url=camera.sub_url,
    )


def _credentials(typed: TypedAddress, username: str, password: SecretStr) -> tuple[str, SecretStr]:
    # A user of his own field goes before the address; then the address's password is not his.
    if username and username != typed.user:
        return username, password
    if password.get_secret_value() or not typed.password:
        return typed.user or username, password
    return typed.user or username, SecretStr(typed.password)


def _check_credentials(username: str, password: SecretStr) -> None:
    secret = password.get_secret_value()
    if len(username) > _MAX_USERNAME or len(secret) > _MAX_PASSWORD:
        raise InvalidAddressError("User name or password is too long.", field="username")
    if secret and not username:
        raise InvalidAddressError("A password needs a user name.", field="username")
    encode_credential(username, name="username")
    encode_credential(secret)


def _port(given: int | None, usual: int, name: str) -> int:
    return check_port(usual if given is None else given, name)
