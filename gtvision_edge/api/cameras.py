"""Cameras: thin over the service; what the monitor and the media server know of them."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Protocol

from pydantic import Field, SecretStr

from gtvision_edge.accounts import NotPermittedError, Principal
from gtvision_edge.api.camera_probing import (
    PROBE_ERRORS,
    Port,
    ProbeBody,
    ProfileAnswer,
    Secret,
    Text,
    Url,
    probing_endpoints,
    profile_answer,
    warnings_answer,
)
from gtvision_edge.api.routing import (
    ADMINS,
    EVERYONE,
    Answer,
    Body,
    Call,
    Endpoint,
    Listing,
    PageQuery,
    Query,
)
from gtvision_edge.cameras.errors import (
    CameraChangedMeanwhileError,
    CameraExistsError,
    CameraKeyLostError,
    UnknownCameraError,
)
from gtvision_edge.cameras.model import (
    Camera,
    CameraChange,
    CameraUuid,
    NewCamera,
    Place,
    StateEntry,
)
from gtvision_edge.cameras.service import CameraService
from gtvision_edge.media.model import PathView
from gtvision_edge.media.path_troubles import PathTrouble
from gtvision_edge.media.paths import PathUse, path_name
from gtvision_edge.recordings.retention.errors import FootageHeldError
from gtvision_edge.runtime.timestamps import to_rfc3339

_HISTORY = 100


class CameraStates(Protocol):
    """What the monitor knows of cameras."""

    def state_of(self, camera_id: str) -> StateEntry: ...
    async def history(self, camera_uuid: CameraUuid, *, limit: int) -> Sequence[StateEntry]: ...


class MediaViews(Protocol):
    """What the media server makes of cameras."""

    def path_view(self, camera_id: str) -> PathView | None: ...
    def inbound_bytes(self, camera_id: str) -> int: ...


class PathTroubles(Protocol):
    """What keeps paths at the media server from being as they should be."""

    def of(self, camera_id: str) -> Sequence[PathTrouble]: ...


class PlaceBody(Body):
    latitude: float | None = None
    longitude: float | None = None
    bearing: float | None = None
    label: Text | None = None

    def place(self) -> Place:
        return Place(self.latitude, self.longitude, self.bearing, self.label or "")


class CameraBody(ProbeBody):
    name: Text
    camera_id: Annotated[str, Field(max_length=32)] | None = None
    tenant_id: Text | None = None
    place: PlaceBody | None = None
    record: bool = True
    enabled: bool = True
    skip_probe: bool = False


class CameraChangeBody(Body):
    name: Text = ""
    tenant_id: Text = ""
    vendor: Text = ""
    host: Text = ""
    rtsp_port: Port = 554
    http_port: Port = 80
    onvif_port: Port = 80
    channel: Annotated[int, Field(ge=1, le=10_000)] = 1
    username: Text = ""
    password: Secret = SecretStr("")
    main_url: Url | None = None
    sub_url: Url | None = None
    place: PlaceBody | None = None
    record: bool = True
    enabled: bool = True
    skip_probe: bool = False

    def change(self) -> CameraChange:
        """Return what was sent; fields that were not sent stay as they are."""
        given: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set}
        if "place" in given:
            given["place"] = self.place.place() if self.place is not None else Place()
        return CameraChange(**given)


class ProfilesAnswer(Answer):
    main: ProfileAnswer | None
    sub: ProfileAnswer | None


class PlaceAnswer(Answer):
    latitude: float | None
    longitude: float | None
    bearing: float | None
    label: str


class StateAnswer(Answer):
    state: str
    since: str
    reason: str


class PathsAnswer(Answer):
    rec: str
    live: str
    ai: str


class PathTroubleAnswer(Answer):
    path: Literal["rec", "live", "ai"]
    code: str
    """``media_server_refused``: the media server takes it not; ``not_applied``: it shows another than was set; or what keeps
    it from being recorded."""
    since: str


class CameraAnswer(Answer):
    camera_id: str
    camera_uuid: str
    name: str
    vendor: str
    host: str
    rtsp_port: int
    http_port: int
    onvif_port: int
    channel: int
    username: str | None
    """null for who may not change cameras; so are the addresses."""
    has_password: bool
    main_url: str | None
    """Without credentials."""
    sub_url: str | None
    tenant_id: str
    place: PlaceAnswer
    record: bool
    enabled: bool
    profiles: ProfilesAnswer
    warnings: list[dict[str, Any]]
    state: StateAnswer
    paths: PathsAnswer
    path_troubles: list[PathTroubleAnswer]
    """What is wrong with its paths at the media server; empty when all is well."""
    created_at: str
    updated_at: str


class MediaAnswer(Answer):
    available: bool
    receiving: bool
    recording: bool
    inbound_bytes: int


class CameraStatusAnswer(StateAnswer):
    history: list[StateAnswer]
    media: MediaAnswer | None
    """null: the media server does not answer."""
    paths: PathsAnswer
    path_troubles: list[PathTroubleAnswer]


class CameraFootage(Protocol):
    """Removes cameras together with what was recorded of them."""

    async def remove_with_footage(
        self, principal: Principal, camera_id: str, *, address: str = ""
    ) -> None: ...


class RemovalQuery(Query):
    footage: Literal["keep", "delete"] = "keep"
    """``keep``: until retention takes it; ``delete``: all of it, now, which an open incident forbids."""


class _CameraResource:
    def __init__(
        self,
        cameras: CameraService,
        states: CameraStates,
        views: MediaViews,
        troubles: PathTroubles,
        footage: CameraFootage,
    ) -> None:
        self._cameras = cameras
        self._states = states
        self._views = views
        self._troubles = troubles
        self._footage = footage

    async def list_cameras(self, call: Call) -> Listing[CameraAnswer]:
        query = call.query_as(PageQuery)
        page = await self._cameras.list_cameras(
            call.principal, after=query.cursor, limit=query.limit
        )
        return Listing[CameraAnswer](
            items=[self._answer(camera, call.principal) for camera in page.items], next=page.next
        )

    async def get(self, call: Call) -> CameraAnswer:
        camera = await self._cameras.get_camera(call.principal, call.path("camera_id"))
        return self._answer(camera, call.principal)

    async def add(self, call: Call) -> CameraAnswer:
        if call.principal.camera_ids is not None:
            raise NotPermittedError("Who is limited to some cameras cannot add others.")
        body = call.body_as(CameraBody)
        body.require_access()
        wanted = NewCamera(
            name=body.name,
            address=body.request(),
            camera_id=body.camera_id,
            tenant_id=body.tenant_id,
            place=body.place.place() if body.place is not None else Place(),
            record=body.record,
            enabled=body.enabled,
            skip_probe=body.skip_probe,
        )
        camera = await self._cameras.add(call.principal, wanted, client_address=call.address)
        return self._answer(camera, call.principal)

    async def update(self, call: Call) -> CameraAnswer:
        camera = await self._cameras.update(
            call.principal,
            call.path("camera_id"),
            call.body_as(CameraChangeBody).change(),
            client_address=call.address,
        )
        return self._answer(camera, call.principal)

    async def remove(self, call: Call) -> None:
        camera_id = call.path("camera_id")
        if call.query_as(RemovalQuery).footage == "delete":
            await self._footage.remove_with_footage(call.principal, camera_id, address=call.address)
        else:
            await self._cameras.remove(call.principal, camera_id, client_address=call.address)

    async def status(self, call: Call) -> CameraStatusAnswer:
        camera = await self._cameras.get_camera(call.principal, call.path("camera_id"))
        state = self._states.state_of(camera.camera_id)
        history = await self._states.history(camera.camera_uuid, limit=_HISTORY)
        view = self._views.path_view(camera.camera_id)
        return CameraStatusAnswer(
            **_state_answer(state).model_dump(),
            history=[_state_answer(entry) for entry in history],
            media=None
            if view is None
            else MediaAnswer(
                available=view.available,
                receiving=view.receiving,
                recording=view.recording,
                inbound_bytes=self._views.inbound_bytes(camera.camera_id),
            ),
            paths=_paths_answer(camera),
            path_troubles=self._path_troubles(camera),
        )

    def _path_troubles(self, camera: Camera) -> list[PathTroubleAnswer]:
        return [
            PathTroubleAnswer(
                path=trouble.use.value, code=trouble.code, since=to_rfc3339(trouble.since_us)
            )
            for trouble in self._troubles.of(camera.camera_id)
        ]

    def _answer(self, camera: Camera, principal: Principal) -> CameraAnswer:
        may_change = principal.role in ADMINS
        return CameraAnswer(
            camera_id=camera.camera_id,
            camera_uuid=camera.camera_uuid,
            name=camera.name,
            vendor=camera.vendor,
            host=camera.host,
            rtsp_port=camera.rtsp_port,
            http_port=camera.http_port,
            onvif_port=camera.onvif_port,
            channel=camera.channel,
            username=camera.username if may_change else None,
            has_password=camera.has_password,
            main_url=self._cameras.shown_url(camera.camera_id, "main") if may_change else None,
            sub_url=self._cameras.shown_url(camera.camera_id, "sub") if may_change else None,
            tenant_id=camera.tenant_id,
            place=PlaceAnswer(
                latitude=camera.place.latitude,
                longitude=camera.place.longitude,
                bearing=camera.place.bearing,
                label=camera.place.label,
            ),
            record=camera.record,
            enabled=camera.enabled,
            profiles=ProfilesAnswer(
                main=profile_answer(camera.main_profile), sub=profile_answer(camera.sub_profile)
            ),
            warnings=warnings_answer(camera.warnings),
            state=_state_answer(self._states.state_of(camera.camera_id)),
            paths=_paths_answer(camera),
            path_troubles=self._path_troubles(camera),
            created_at=to_rfc3339(camera.created_us),
            updated_at=to_rfc3339(camera.updated_us),
        )


def _state_answer(entry: StateEntry) -> StateAnswer:
    return StateAnswer(
        state=entry.state.value, since=to_rfc3339(entry.since_us), reason=entry.reason
    )


def _paths_answer(camera: Camera) -> PathsAnswer:
    return PathsAnswer(
        rec=path_name(camera.camera_id, PathUse.RECORD),
        live=path_name(camera.camera_id, PathUse.LIVE),
        ai=path_name(camera.camera_id, PathUse.AI),
    )


def camera_endpoints(
    cameras: CameraService,
    states: CameraStates,
    views: MediaViews,
    troubles: PathTroubles,
    footage: CameraFootage,
) -> list[Endpoint]:
    """Return ``/vendors`` and ``/cameras``."""
    resource = _CameraResource(cameras, states, views, troubles, footage)
    ids = {"camera_id": UnknownCameraError}
    return [
        *probing_endpoints(cameras),
        Endpoint(
            "GET",
            "/cameras",
            resource.list_cameras,
            "List the cameras one may see",
            "cameras",
            EVERYONE,
            query=PageQuery,
            response=Listing[CameraAnswer],
        ),
        Endpoint(
            "POST",
            "/cameras",
            resource.add,
            "Add a camera; a failed probe stores nothing",
            "cameras",
            ADMINS,
            body=CameraBody,
            response=CameraAnswer,
            status=201,
            errors=(CameraExistsError, *PROBE_ERRORS),
        ),
        Endpoint(
            "GET",
            "/cameras/{camera_id}",
            resource.get,
            "Show a camera",
            "cameras",
            EVERYONE,
            response=CameraAnswer,
            ids=ids,
            look_up=cameras.get_camera,
        ),
        Endpoint(
            "PATCH",
            "/cameras/{camera_id}",
            resource.update,
            "Change a camera; absent fields stay as they are",
            "cameras",
            ADMINS,
            body=CameraChangeBody,
            response=CameraAnswer,
            errors=(CameraKeyLostError, CameraChangedMeanwhileError, *PROBE_ERRORS),
            ids=ids,
            look_up=cameras.get_camera,
            description="A new address or new credentials are probed first, unless skip_probe is true.",
        ),
        Endpoint(
            "DELETE",
            "/cameras/{camera_id}",
            resource.remove,
            "Remove a camera; its footage stays until retention takes it, or goes at once",
            "cameras",
            ADMINS,
            query=RemovalQuery,
            status=204,
            errors=(FootageHeldError,),
            ids=ids,
            look_up=cameras.get_camera,
        ),
        Endpoint(
            "GET",
            "/cameras/{camera_id}/status",
            resource.status,
            "Tell how a camera is and was",
            "cameras",
            EVERYONE,
            response=CameraStatusAnswer,
            ids=ids,
            look_up=cameras.get_camera,
        ),
    ]
