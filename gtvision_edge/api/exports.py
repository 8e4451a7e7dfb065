"""Evidence exports: ask for one, see how far it is, download its bundle."""

from typing import Annotated, Final, Literal

from aiohttp import web
from pydantic import Field

from gtvision_edge.api.moments import Moment
from gtvision_edge.api.routing import (
    EDITORS,
    INSPECTORS,
    Answer,
    Body,
    Call,
    Endpoint,
    Listing,
    PageQuery,
    Reply,
)
from gtvision_edge.cameras.errors import UnknownCameraError
from gtvision_edge.recordings.errors import (
    VolumeForeignError,
    VolumeHangsError,
    VolumeMissingError,
    VolumeUnwritableError,
)
from gtvision_edge.recordings.evidence.errors import (
    ExportNoSpaceError,
    ExportNotReadyError,
    ExportTooLongError,
    NothingToExportError,
    TooManyExportsError,
    UnknownExportError,
)
from gtvision_edge.recordings.evidence.manifest import package_id
from gtvision_edge.recordings.evidence.model import Export, ExportOptions, LegalRequest
from gtvision_edge.recordings.evidence.sending import BundleServer
from gtvision_edge.recordings.evidence.service import ExportService, NewExport
from gtvision_edge.recordings.incidents.errors import IncidentReleasedError, UnknownIncidentError
from gtvision_edge.recordings.playback.answering import Asked
from gtvision_edge.runtime.errors import TooManyTransfersError
from gtvision_edge.runtime.shares import Shares
from gtvision_edge.runtime.timestamps import from_datetime, to_rfc3339

_READERS: Final = EDITORS | INSPECTORS

Line = Annotated[str, Field(max_length=300)]
RequiredLine = Annotated[str, Field(min_length=2, max_length=300)]


class OptionsBody(Body):
    gaps: Literal["keep", "collapse"] = "keep"
    """In the copy to watch: a still as long as the gap, or nothing. The originals and the manifest tell either way."""
    readings: bool = True
    snapshots: bool = True


class RequestBody(Body):
    """Who asks and by which right, as it will stand on the custody form."""

    authority: RequiredLine
    reference: Line = ""
    legal_basis: Line = ""
    purpose: RequiredLine


class ExportBody(Body):
    incident_id: Annotated[str, Field(max_length=64)]
    cameras: (
        Annotated[list[Annotated[str, Field(max_length=64)]], Field(min_length=1, max_length=64)]
        | None
    ) = None
    """Ids, or uuids of cameras that were removed; absent = all of the incident."""
    start: Moment | None = None
    end: Moment | None = None
    """Absent = as the incident has it."""
    options: OptionsBody = OptionsBody()
    request: RequestBody
    operator_registration: Line = ""
    """Registration number (matrícula) of who exports."""


class ExportQuery(PageQuery):
    incident_id: Annotated[str, Field(max_length=64)] | None = None


class ProgressAnswer(Answer):
    done_bytes: int
    total_bytes: int
    eta_s: float | None


class ActorAnswer(Answer):
    user_id: str
    name: str


class BundleAnswer(Answer):
    name: str
    bytes: int
    sha256: str


class RequestAnswer(Answer):
    authority: str
    reference: str
    legal_basis: str
    purpose: str


class ExportAnswer(Answer):
    export_id: str
    package_id: str
    incident_id: str
    tenant_id: str
    cameras: list[str]
    start: str
    end: str
    request: RequestAnswer
    state: Literal["queued", "running", "done", "failed", "cancelled", "expired"]
    step: str
    """waiting_for_recording, originals, viewing, snapshots, papers, checking; '' = none of them."""
    progress: ProgressAnswer
    error: str | None
    """The code of what went wrong."""
    created_by: ActorAnswer
    created_at: str
    finished_at: str | None
    expires_at: str | None
    bundle: BundleAnswer | None


class _ExportResource:
    def __init__(self, exports: ExportService, server: BundleServer, transfers: Shares) -> None:
        self._exports = exports
        self._server = server
        self._transfers = transfers

    async def list_exports(self, call: Call) -> Listing[ExportAnswer]:
        query = call.query_as(ExportQuery)
        page = await self._exports.list_exports(
            call.principal,
            before=query.cursor,
            limit=query.limit,
            incident_id=query.incident_id,
        )
        return Listing[ExportAnswer](
            items=[self._answer(export) for export in page.exports], next=page.after
        )

    async def get(self, call: Call) -> ExportAnswer:
        return self._answer(await self._exports.get(call.principal, call.path("export_id")))

    async def create(self, call: Call) -> Reply:
        body = call.body_as(ExportBody)
        start_us = None if body.start is None else from_datetime(body.start)
        end_us = None if body.end is None else from_datetime(body.end)
        export = await self._exports.create(
            call.principal,
            NewExport(
                incident_id=body.incident_id,
                camera_ids=None if body.cameras is None else tuple(body.cameras),
                start_us=start_us,
                end_us=end_us,
                options=ExportOptions(
                    body.options.gaps, body.options.readings, body.options.snapshots
                ),
                request=LegalRequest(
                    body.request.authority.strip(),
                    body.request.reference.strip(),
                    body.request.legal_basis.strip(),
                    body.request.purpose.strip(),
                ),
                operator_registration=body.operator_registration.strip(),
            ),
            address=call.address,
        )
        return Reply(self._answer(export))

    async def remove(self, call: Call) -> None:
        await self._exports.remove(call.principal, call.path("export_id"), address=call.address)

    async def bundle(self, call: Call) -> web.StreamResponse:
        export, path = await self._exports.bundle_of(call.principal, call.path("export_id"))

        async def announce(asked: Asked) -> None:
            await self._exports.note_download(call.principal, export, asked, address=call.address)

        with self._transfers.take(call.principal.user_id):
            return await self._server.send(call.request, export, path, announce=announce)

    def _answer(self, export: Export) -> ExportAnswer:
        name = package_id(export.export_id, export.created_us)
        bundle = export.bundle
        return ExportAnswer(
            export_id=export.export_id,
            package_id=name,
            incident_id=export.incident_id,
            tenant_id=export.tenant_id,
            cameras=list(export.camera_ids),
            start=to_rfc3339(export.span.start_us),
            end=to_rfc3339(export.span.end_us),
            request=RequestAnswer(
                authority=export.request.authority,
                reference=export.request.reference,
                legal_basis=export.request.legal_basis,
                purpose=export.request.purpose,
            ),
            state=export.state.value,
            step=export.step,
            progress=ProgressAnswer(
                done_bytes=export.done_bytes,
                total_bytes=export.total_bytes,
                eta_s=self._exports.eta_s(export),
            ),
            error=export.error or None,
            created_by=ActorAnswer(user_id=export.created_by, name=export.created_by_name),
            created_at=to_rfc3339(export.created_us),
            finished_at=None if export.finished_us is None else to_rfc3339(export.finished_us),
            expires_at=None if export.expires_us is None else to_rfc3339(export.expires_us),
            bundle=None
            if bundle is None or export.state != "done"
            else BundleAnswer(
                name=f"{name}.zip", bytes=bundle.size_bytes, sha256=bundle.sha256.hex()
            ),
        )


def export_endpoints(
    exports: ExportService, server: BundleServer, transfers: Shares
) -> list[Endpoint]:
    """Return ``/exports``; bundles on their way to clients count among the site's *transfers*."""
    resource = _ExportResource(exports, server, transfers)
    ids = {"export_id": UnknownExportError}
    return [
        Endpoint(
            "GET",
            "/exports",
            resource.list_exports,
            "List evidence exports, newest first",
            "evidence",
            _READERS,
            query=ExportQuery,
            response=Listing[ExportAnswer],
        ),
        Endpoint(
            "POST",
            "/exports",
            resource.create,
            "Ask for an evidence bundle of an open incident",
            "evidence",
            EDITORS,
            body=ExportBody,
            response=ExportAnswer,
            status=201,
            errors=(
                UnknownIncidentError,
                UnknownCameraError,
                IncidentReleasedError,
                ExportTooLongError,
                NothingToExportError,
                ExportNoSpaceError,
                TooManyExportsError,
                VolumeMissingError,
                VolumeForeignError,
                VolumeHangsError,
                VolumeUnwritableError,
            ),
            description="It is made in the background, one after another; ask for its state now and then.",
        ),
        Endpoint(
            "GET",
            "/exports/{export_id}",
            resource.get,
            "Show an export and how far it is",
            "evidence",
            _READERS,
            response=ExportAnswer,
            ids=ids,
            look_up=exports.find,
        ),
        Endpoint(
            "GET",
            "/exports/{export_id}/bundle",
            resource.bundle,
            "Download the bundle; a download that broke off goes on with Range and If-Range",
            "evidence",
            EDITORS,
            response="application/zip",
            errors=(
                ExportNotReadyError,
                TooManyTransfersError,
                VolumeHangsError,
                VolumeUnwritableError,
            ),
            ids=ids,
            look_up=exports.find,
        ),
        Endpoint(
            "DELETE",
            "/exports/{export_id}",
            resource.remove,
            "Cancel an export, or delete the bundle of a finished one; its record stays",
            "evidence",
            EDITORS,
            status=204,
            ids=ids,
            look_up=exports.find,
        ),
    ]
