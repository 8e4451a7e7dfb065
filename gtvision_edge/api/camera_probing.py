"""Looking at cameras before there are any: which vendors there are, and what is at an address."""

import base64
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, SecretStr

from gtvision_edge.api.routing import ADMINS, EVERYONE, Answer, Body, Call, Endpoint, Listing
from gtvision_edge.cameras.errors import (
    CameraBadResponseError,
    CameraBusyError,
    CameraNameUnresolvedError,
    CameraNoDataError,
    CameraNoVideoError,
    CameraPathNotFoundError,
    CameraTimeoutError,
    CameraUnauthorizedError,
    CameraUnreachableError,
    CameraUnsupportedAuthError,
    OnvifBadResponseError,
    OnvifNotSupportedError,
    ProbeBusyError,
)
from gtvision_edge.cameras.model import ProbeReport, ProbeRequest, Profile
from gtvision_edge.cameras.service import CameraService
from gtvision_edge.cameras.urls import UrlBuilderFactory
from gtvision_edge.errors import InvalidInputError

Port = Annotated[int, Field(ge=1, le=65535)]
Text = Annotated[str, Field(max_length=200)]
Url = Annotated[str, Field(max_length=2000)]
Secret = Annotated[SecretStr, Field(max_length=200)]

PROBE_ERRORS = (
    CameraUnauthorizedError,
    CameraUnsupportedAuthError,
    CameraPathNotFoundError,
    CameraUnreachableError,
    CameraNameUnresolvedError,
    CameraTimeoutError,
    CameraBusyError,
    CameraNoVideoError,
    CameraNoDataError,
    CameraBadResponseError,
    OnvifNotSupportedError,
    OnvifBadResponseError,
    ProbeBusyError,
)


class ProbeBody(Body):
    vendor: Text
    host: Text = ""
    rtsp_port: Port | None = None
    http_port: Port | None = None
    onvif_port: Port | None = None
    channel: Annotated[int, Field(ge=1, le=10_000)] = 1
    username: Text = ""
    password: Secret = SecretStr("")
    main_url: Url | None = None
    sub_url: Url | None = None
    anonymous: bool = False
    """The camera has no password: said on purpose, where a forgotten one would be taken for none."""

    def require_access(self) -> None:
        """Return if who is to be logged in as was said, or that nobody is.

        Raises:
            InvalidInputError: something was left out.

        """
        is_named, has_password = bool(self.username), bool(self.password.get_secret_value())
        asks = any(
            vendor.asks_device
            for vendor in UrlBuilderFactory.vendors()
            if vendor.key == self.vendor and self.main_url is None
        )
        if self.anonymous and (is_named or has_password):
            fault = "anonymous", "goes without username and password"
        elif is_named and "password" not in self.model_fields_set:
            fault = "password", 'must be given with a username, "" for an empty one'
        elif asks and not (is_named or has_password or self.anonymous):
            fault = "username", "must be given, or anonymous for a device without password"
        else:
            return
        raise InvalidInputError(
            "The camera cannot be asked like this.",
            faults=[{"path": fault[0], "message": fault[1]}],
        )

    def request(self) -> ProbeRequest:
        return ProbeRequest(
            vendor=self.vendor,
            host=self.host,
            rtsp_port=self.rtsp_port,
            http_port=self.http_port,
            onvif_port=self.onvif_port,
            channel=self.channel,
            username=self.username,
            password=self.password,
            main_url=self.main_url,
            sub_url=self.sub_url,
        )


class ProfileAnswer(Answer):
    codec: str
    width: int
    height: int
    fps: float | None
    keyframe_interval_s: float | None
    keyframe_interval_is_minimum: bool
    """No second key frame was seen: the interval is at least that."""
    audio_codec: str | None
    bitrate_bps: int | None


class DeviceFactsAnswer(Answer):
    manufacturer: str
    model: str
    firmware: str
    serial: str


class ProbeAnswer(Answer):
    main: ProfileAnswer
    sub: ProfileAnswer | None
    warnings: list[dict[str, Any]]
    snapshot: str | None
    """A data URL."""
    clock_offset_s: float | None
    elapsed_s: float
    device: DeviceFactsAnswer | None
    """null: it was not asked, for only ONVIF cameras are."""


class VendorAnswer(Answer):
    key: str
    label: str
    rtsp_port: int
    http_port: int
    onvif_port: int
    needs_url: bool
    has_channels: bool
    user_hint: str


class _ProbingResource:
    def __init__(self, cameras: CameraService) -> None:
        self._cameras = cameras

    async def vendors(self, _: Call) -> Listing[VendorAnswer]:
        return Listing[VendorAnswer](
            items=[
                VendorAnswer(
                    key=vendor.key,
                    label=vendor.label,
                    rtsp_port=vendor.rtsp_port,
                    http_port=vendor.http_port,
                    onvif_port=vendor.onvif_port,
                    needs_url=vendor.needs_url,
                    has_channels=vendor.has_channels,
                    user_hint=vendor.user_hint,
                )
                for vendor in UrlBuilderFactory.vendors()
            ]
        )

    async def probe(self, call: Call) -> ProbeAnswer:
        body = call.body_as(ProbeBody)
        body.require_access()
        return _probe_answer(await self._cameras.probe(body.request()))


def profile_answer(profile: Profile | None) -> ProfileAnswer | None:
    if profile is None:
        return None
    return ProfileAnswer(
        codec=profile.codec,
        width=profile.width,
        height=profile.height,
        fps=profile.fps,
        keyframe_interval_s=profile.keyframe_interval_s,
        keyframe_interval_is_minimum=profile.keyframe_interval_is_minimum,
        audio_codec=profile.audio_codec,
        bitrate_bps=profile.bitrate_bps,
    )


def warnings_answer(warnings: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [dict(warning) for warning in warnings]


def _probe_answer(report: ProbeReport) -> ProbeAnswer:
    main = profile_answer(report.main)
    assert main is not None  # noqa: S101 -- a report has one
    snapshot = None
    if report.snapshot is not None:
        snapshot = "data:image/jpeg;base64," + base64.b64encode(report.snapshot).decode()
    return ProbeAnswer(
        main=main,
        sub=profile_answer(report.sub),
        warnings=warnings_answer(report.warnings),
        snapshot=snapshot,
        clock_offset_s=report.clock_offset_s,
        elapsed_s=report.elapsed_s,
        device=None
        if report.device is None
        else DeviceFactsAnswer(
            manufacturer=report.device.manufacturer,
            model=report.device.model,
            firmware=report.device.firmware,
            serial=report.device.serial,
        ),
    )


def probing_endpoints(cameras: CameraService) -> list[Endpoint]:
    """Return ``/vendors`` and ``/cameras/probe``."""
    resource = _ProbingResource(cameras)
    return [
        Endpoint(
            "GET",
            "/vendors",
            resource.vendors,
            "List the vendors whose addresses can be built",
            "cameras",
            EVERYONE,
            response=Listing[VendorAnswer],
        ),
        Endpoint(
            "POST",
            "/cameras/probe",
            resource.probe,
            "Look at a camera for at most five seconds, five more to ask an ONVIF device; nothing is stored",
            "cameras",
            ADMINS,
            body=ProbeBody,
            response=ProbeAnswer,
            errors=PROBE_ERRORS,
        ),
    ]
