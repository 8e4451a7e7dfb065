"""Mosaics, with the field names of the customer's contract."""

from typing import Annotated, Literal

from pydantic import Field

from gtvision_edge.accounts.errors import UnknownTenantError
from gtvision_edge.api.routing import (
    EDITORS,
    WATCHERS,
    Answer,
    Body,
    Call,
    Endpoint,
    Listing,
    PageQuery,
)
from gtvision_edge.cameras.errors import UnknownCameraError
from gtvision_edge.mosaics import Layout, Mosaic, MosaicService, UnknownMosaicError
from gtvision_edge.runtime.timestamps import to_rfc3339

LayoutName = Literal["1x1", "2x2", "3x3", "4x4", "1+5"]
Name = Annotated[str, Field(max_length=80)]
CameraId = Annotated[str, Field(max_length=32)]
Places = Annotated[list[CameraId | None], Field(max_length=16)]


class MosaicBody(Body):
    nome: Name
    layout: LayoutName
    cameras: Places
    """A camera id or null (empty) per place, in reading order; no more than the layout has places."""
    tenant_id: str | None = None
    """For who belongs to the whole site; absent = the tenant of the cameras."""


class MosaicChangeBody(Body):
    nome: Name | None = None
    layout: LayoutName | None = None
    cameras: Places | None = None


class MosaicAnswer(Answer):
    mosaic_id: str
    nome: str
    layout: LayoutName
    cameras: list[str | None]
    """null: empty, or a camera the asker may not see."""
    tenant_id: str
    created_at: str
    updated_at: str


class _MosaicResource:
    def __init__(self, mosaics: MosaicService) -> None:
        self._mosaics = mosaics

    async def list_mosaics(self, call: Call) -> Listing[MosaicAnswer]:
        query = call.query_as(PageQuery)
        page = await self._mosaics.list_mosaics(
            call.principal, after=query.cursor or "", limit=query.limit
        )
        return Listing[MosaicAnswer](
            items=[_answer(mosaic) for mosaic in page.mosaics], next=page.after
        )

    async def get(self, call: Call) -> MosaicAnswer:
        return _answer(await self._mosaics.get_mosaic(call.principal, call.path("mosaic_id")))

    async def create(self, call: Call) -> MosaicAnswer:
        body = call.body_as(MosaicBody)
        mosaic = await self._mosaics.create(
            call.principal,
            name=body.nome,
            layout=Layout(body.layout),
            cameras=tuple(body.cameras),
            tenant_id=body.tenant_id,
            address=call.address,
        )
        return _answer(mosaic)

    async def update(self, call: Call) -> MosaicAnswer:
        body = call.body_as(MosaicChangeBody)
        mosaic = await self._mosaics.update(
            call.principal,
            call.path("mosaic_id"),
            name=body.nome,
            layout=None if body.layout is None else Layout(body.layout),
            cameras=None if body.cameras is None else tuple(body.cameras),
            address=call.address,
        )
        return _answer(mosaic)

    async def remove(self, call: Call) -> None:
        await self._mosaics.remove(call.principal, call.path("mosaic_id"), address=call.address)


def _answer(mosaic: Mosaic) -> MosaicAnswer:
    return MosaicAnswer(
        mosaic_id=mosaic.mosaic_id,
        nome=mosaic.name,
        layout=mosaic.layout.value,
        cameras=list(mosaic.cameras),
        tenant_id=mosaic.tenant_id,
        created_at=to_rfc3339(mosaic.created_us),
        updated_at=to_rfc3339(mosaic.updated_us),
    )


def mosaic_endpoints(mosaics: MosaicService) -> list[Endpoint]:
    """Return ``/mosaics``."""
    resource = _MosaicResource(mosaics)
    ids = {"mosaic_id": UnknownMosaicError}
    return [
        Endpoint(
            "GET",
            "/mosaics",
            resource.list_mosaics,
            "List the mosaics of the own tenant",
            "mosaics",
            WATCHERS,
            query=PageQuery,
            response=Listing[MosaicAnswer],
        ),
        Endpoint(
            "POST",
            "/mosaics",
            resource.create,
            "Make a mosaic",
            "mosaics",
            EDITORS,
            body=MosaicBody,
            response=MosaicAnswer,
            status=201,
            errors=(UnknownCameraError, UnknownTenantError),
        ),
        Endpoint(
            "GET",
            "/mosaics/{mosaic_id}",
            resource.get,
            "Show a mosaic",
            "mosaics",
            WATCHERS,
            response=MosaicAnswer,
            ids=ids,
            look_up=mosaics.get_mosaic,
        ),
        Endpoint(
            "PATCH",
            "/mosaics/{mosaic_id}",
            resource.update,
            "Change a mosaic; absent fields stay as they are",
            "mosaics",
            EDITORS,
            body=MosaicChangeBody,
            response=MosaicAnswer,
            errors=(UnknownCameraError,),
            ids=ids,
            look_up=mosaics.get_mosaic,
            description="A camera the editor may not see keeps its place where the new list has none.",
        ),
        Endpoint(
            "DELETE",
            "/mosaics/{mosaic_id}",
            resource.remove,
            "Remove a mosaic",
            "mosaics",
            EDITORS,
            status=204,
            ids=ids,
            look_up=mosaics.get_mosaic,
        ),
    ]
