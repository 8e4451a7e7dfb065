"""What is set for a camera's plate readings: scale, addresses, directions, zone, trust, and whether the box asks for them."""

from collections.abc import Callable
from typing import Annotated, Final, Literal

from pydantic import Field

from gtvision_edge.api.routing import ADMINS, Answer, Body, Call, Endpoint
from gtvision_edge.cameras.errors import UnknownCameraError
from gtvision_edge.detections.intake import PushingCamera
from gtvision_edge.detections.model import TrustLevel
from gtvision_edge.detections.plate_sources.model import SourceChanges, SourceSettings
from gtvision_edge.detections.plate_sources.service import PlateSources
from gtvision_edge.detections.plate_sources.wording import (
    MAX_ADDRESSES,
    MAX_DIRECTIONS,
    MAX_SOURCES,
    facts_of,
)
from gtvision_edge.detections.pulling.states import PullView
from gtvision_edge.detections.sources.intelbras import ConfidenceScale
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.runtime.timestamps import to_rfc3339

Scale = Literal["auto", "100", "255"]
Trouble = Literal["unreachable", "unauthorized", "unsupported", "garbled", "not_kept"]
Pull = Literal["off", "connecting", "connected"] | Trouble
PullOf = Callable[[str], PullView]
"""Returns how the asking of a camera goes, by its uuid."""
Trust = Literal["secret_path", "authenticated", "signed"]
_PATH: Final = "/cameras/{camera_id}/plate-source"
_NEVER_NULL: Final = (
    "confidence_scale",
    "addresses",
    "directions",
    "least_trust",
    "pull",
    "picture_sources",
)


class PlateSourceBody(Body):
    confidence_scale: Scale | None = None
    """What ITSAPI and snapManager count to; auto: over 100 means of 255, else of 100."""
    addresses: (
        Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=MAX_ADDRESSES)]
        | None
    ) = None
    """Addresses and networks (CIDR) that pushes may come from; none = any."""
    directions: (
        Annotated[
            dict[
                Annotated[str, Field(max_length=64)],
                Annotated[str, Field(max_length=200)],
            ],
            Field(max_length=MAX_DIRECTIONS),
        ]
        | None
    ) = None
    """What the camera's words mean here, such as {"Obverse": "sentido centro"}; replaces all that were given."""
    timezone: Annotated[str, Field(max_length=64)] | None = None
    """Of the camera's clock, where it writes times without offset; null = the site's."""
    least_trust: Trust | None = None
    """Pushes that prove less are refused."""
    pull: bool | None = None
    """The box asks an Intelbras or Dahua camera for its readings (snapManager.cgi), with the camera's own login."""
    picture_sources: (
        Annotated[list[Annotated[str, Field(max_length=253)]], Field(max_length=MAX_SOURCES)] | None
    ) = None
    """Networks, addresses and hosts from where the pictures behind its imagem_url may be fetched, besides ``[detections]
    picture_sources`` of the site; set by administrators of the whole site alone. They open no address of the box itself."""


class PullTroubleAnswer(Answer):
    state: Trouble
    """As ``pull_state``; it stays while the camera is tried again."""
    since: str


class PlateSourceAnswer(Answer):
    camera_id: str
    confidence_scale: Scale
    addresses: list[str]
    directions: dict[str, str]
    timezone: str | None
    least_trust: Trust
    pull: bool
    pull_state: Pull
    """How the asking goes now; ``off`` with ``pull``: the camera is switched off, or its address is not known."""
    pull_trouble: PullTroubleAnswer | None
    """Why its readings do not come; null: they do, or it is not asked. Gone once the camera has answered for a while."""
    picture_sources: list[str]


class _PlateSourceResource:
    def __init__(self, sources: PlateSources, pull_of: PullOf) -> None:
        self._sources = sources
        self._pull_of = pull_of

    async def show(self, call: Call) -> PlateSourceAnswer:
        return self._answer(*await self._sources.show(call.principal, call.path("camera_id")))

    async def change(self, call: Call) -> PlateSourceAnswer:
        changes = _changes(call.body_as(PlateSourceBody))
        return self._answer(
            *await self._sources.change(
                call.principal, call.path("camera_id"), changes, address=call.address
            )
        )

    def _answer(self, camera: PushingCamera, settings: SourceSettings) -> PlateSourceAnswer:
        pull = self._pull_of(camera.camera_uuid)
        return PlateSourceAnswer.model_validate(
            {
                "camera_id": camera.camera_id,
                "pull_state": pull.state.value,
                "pull_trouble": _trouble(pull),
                **facts_of(settings),
            }
        )


def _trouble(pull: PullView) -> dict[str, str] | None:
    if pull.trouble is None:
        return None
    return {"state": pull.trouble.state.value, "since": to_rfc3339(pull.trouble.since_us)}


def _changes(body: PlateSourceBody) -> SourceChanges:
    given = body.model_fields_set
    faults = [
        {"path": name, "message": "must not be null"}
        for name in _NEVER_NULL
        if name in given and getattr(body, name) is None
    ]
    if faults:
        raise InvalidInputError("The settings are not right.", faults=faults)
    changes = SourceChanges()
    if body.confidence_scale is not None:
        changes["confidence_scale"] = ConfidenceScale(body.confidence_scale)
    if body.addresses is not None:
        changes["addresses"] = body.addresses
    if body.directions is not None:
        changes["directions"] = body.directions
    if "timezone" in given:
        changes["timezone"] = body.timezone
    if body.least_trust is not None:
        changes["least_trust"] = TrustLevel(body.least_trust)
    if body.pull is not None:
        changes["is_pulled"] = body.pull
    if body.picture_sources is not None:
        changes["picture_sources"] = body.picture_sources
    return changes


def plate_source_endpoints(sources: PlateSources, *, pull_of: PullOf) -> list[Endpoint]:
    """Return ``/cameras/{camera_id}/plate-source``."""
    resource = _PlateSourceResource(sources, pull_of)
    ids = {"camera_id": UnknownCameraError}
    return [
        Endpoint(
            "GET",
            _PATH,
            resource.show,
            "Show how a camera's plate readings are understood and believed",
            "plates in",
            ADMINS,
            response=PlateSourceAnswer,
            ids=ids,
            look_up=sources.see_camera,
        ),
        Endpoint(
            "PATCH",
            _PATH,
            resource.change,
            "Set how a camera's plate readings are understood and believed",
            "plates in",
            ADMINS,
            body=PlateSourceBody,
            response=PlateSourceAnswer,
            ids=ids,
            look_up=sources.see_camera,
            description="Absent fields stay. It holds for what comes in from now on; each change is audited.",
        ),
    ]
