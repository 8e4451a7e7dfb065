"""What a camera's address becomes by a change: what was not said stays, unless it means nothing any more."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from pydantic import SecretStr

from gtvision_edge.cameras.errors import CameraKeyLostError
from gtvision_edge.cameras.model import NO_SECRET, Camera, CameraChange, ProbeRequest, Unset
from gtvision_edge.cameras.urls import ProfileName, UrlBuilderFactory, mask_url

ADDRESS_FIELDS: Final = (
    "vendor",
    "host",
    "rtsp_port",
    "http_port",
    "onvif_port",
    "channel",
    "username",
    "password",
    "main_url",
    "sub_url",
)
_PROFILES: Final[tuple[ProfileName, ...]] = ("main", "sub")


def concerns_address(change: CameraChange) -> bool:
    """Tell whether the camera has to be looked at anew."""
    return any(getattr(change, name) is not Unset.UNSET for name in ADDRESS_FIELDS)


def changed_request(
    camera: Camera,
    known_password: SecretStr | None,
    change: CameraChange,
    shown: Mapping[ProfileName, str | None],
) -> ProbeRequest:
    """Return the address as *change* leaves it, with its password.

    *shown* are the addresses of the streams as people see them, without credentials: a form may send them back.

    Raises:
        CameraKeyLostError: the password stays as it is, but cannot be opened.

    """
    password: SecretStr
    if change.password is not Unset.UNSET:
        password = change.password
    elif known_password is not None:
        password = known_password
    else:
        raise CameraKeyLostError("The stored password cannot be opened: enter it again.")
    given = {
        name: getattr(change, name)
        for name in ADDRESS_FIELDS
        if getattr(change, name) is not Unset.UNSET
    }
    for profile in _PROFILES:
        # A form that sends back what it was shown changes nothing; the mask in it is no password.
        stored_url = camera.main_url if profile == "main" else camera.sub_url
        known = {shown[profile], stored_url, mask_url(stored_url or "")}
        if given.get(f"{profile}_url") and given[f"{profile}_url"] in known:
            del given[f"{profile}_url"]
    stored = _stored(camera, given)
    if _must_ask_anew(camera, given):
        stored = replace(stored, main_url=None, sub_url=None, rtsp_port=None)
    if given.get("main_url", stored.main_url):
        stored = replace(stored, host="", rtsp_port=None)  # they are the typed address's own
    if given.get("username") == "" and "password" not in given:
        password = NO_SECRET
    return replace(stored, **{**given, "password": password})


def _stored(camera: Camera, given: Mapping[str, Any]) -> ProbeRequest:
    """Return what is kept of the present address where *given* does not say otherwise."""
    if "vendor" in given and given["vendor"] != camera.vendor:
        # Another vendor's addresses and ports mean nothing to this one.
        return ProbeRequest(
            vendor=str(given["vendor"]),
            host=camera.host,
            channel=camera.channel,
            username=camera.username,
        )
    return ProbeRequest(
        vendor=camera.vendor,
        host=camera.host,
        rtsp_port=camera.rtsp_port,
        http_port=camera.http_port,
        onvif_port=camera.onvif_port,
        channel=camera.channel,
        username=camera.username,
        main_url=camera.main_url,
        sub_url=camera.sub_url,
    )


def _must_ask_anew(camera: Camera, given: Mapping[str, Any]) -> bool:
    """Tell whether addresses that the device told are of no use: it is another device, or another of its inputs."""
    if "main_url" in given or "vendor" in given:
        return False
    if not UrlBuilderFactory.get_vendor(camera.vendor).asks_device:
        return False
    return any(
        name in given and given[name] != getattr(camera, name)
        for name in ("host", "onvif_port", "rtsp_port", "channel")
    )
