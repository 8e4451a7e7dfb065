"""Comparisons of disk and index: the reports, and asking for one."""

from typing import Literal

from gtvision_edge.accounts.errors import NotPermittedError
from gtvision_edge.api.routing import (
    ADMINS,
    CARETAKERS,
    Answer,
    Body,
    Call,
    Endpoint,
    Listing,
    PageQuery,
    Reply,
)
from gtvision_edge.recordings.integrity.errors import IntegrityRunningError, UnknownReportError
from gtvision_edge.recordings.integrity.model import Kind, StoredReport
from gtvision_edge.recordings.integrity.service import IntegrityService
from gtvision_edge.runtime.timestamps import to_rfc3339


class IntegrityBody(Body):
    deep: bool = False
    """Read every file again, which may take days, and all of the database's indexes."""


class ExampleAnswer(Answer):
    camera_id: str | None
    file: str | None
    """Relative to the volume."""
    segment_id: int | None
    detail: str


class FindingAnswer(Answer):
    kind: Kind
    count: int
    mended: int
    examples: list[ExampleAnswer]
    """The first twenty."""


class ReportAnswer(Answer):
    """``verdict``: ``running``, ``good``, ``mended`` (all that was found, nothing is lost), ``faults``, or ``broken_off`` by a stop."""

    report_id: str
    verdict: Literal["running", "good", "mended", "faults", "broken_off"]
    started_at: str
    finished_at: str | None
    asked_by: str
    """A user's id, ``system`` for the nightly one, ``cli`` for the command line."""
    deep: bool
    cameras: int
    rows: int
    files: int
    waiting_files: int
    """Files that are being written, or wait for the index."""
    missing_before: int
    """Recordings of which earlier comparisons found that their files are gone."""
    hashed_files: int
    hashed_bytes: int
    unhashed_files: int
    """Of a deep comparison: files without a SHA-256 yet; size and layout alone were compared."""
    sealed_late: int
    findings: list[FindingAnswer]


class _IntegrityResource:
    def __init__(self, service: IntegrityService) -> None:
        self._service = service

    async def start(self, call: Call) -> Reply:
        _require_whole_site(call)
        asked = await self._service.ask(
            call.principal, deep=call.body_as(IntegrityBody).deep, address=call.address
        )
        return Reply(_answer(asked))

    async def page(self, call: Call) -> Listing[ReportAnswer]:
        _require_whole_site(call)
        query = call.query_as(PageQuery)
        reports, after = await self._service.page(before=query.cursor or "", limit=query.limit)
        return Listing[ReportAnswer](items=[_answer(each) for each in reports], next=after)

    async def get(self, call: Call) -> ReportAnswer:
        if not call.principal.is_of_whole_site:
            raise UnknownReportError("There is no such report.")
        return _answer(await self._service.find(call.path("report_id")))


def _require_whole_site(call: Call) -> None:
    if not call.principal.is_of_whole_site:
        raise NotPermittedError("Disk and index belong to the site as a whole.")


def _answer(report: StoredReport) -> ReportAnswer:
    found = report.document
    return ReportAnswer.model_validate(
        {
            **{
                name: found.get(name, 0)
                for name in (
                    "cameras",
                    "rows",
                    "files",
                    "waiting_files",
                    "missing_before",
                    "hashed_files",
                    "hashed_bytes",
                    "unhashed_files",
                    "sealed_late",
                )
            },
            "report_id": report.report_id,
            "verdict": report.verdict or "running",
            "started_at": to_rfc3339(report.started_us),
            "finished_at": None if report.finished_us is None else to_rfc3339(report.finished_us),
            "asked_by": report.asked_by,
            "deep": found.get("deep", False),
            "findings": found.get("findings", []),
        }
    )


def integrity_endpoints(service: IntegrityService) -> list[Endpoint]:
    """Return ``/integrity``: for people of the whole site, since a report names every tenant's cameras."""
    resource = _IntegrityResource(service)
    return [
        Endpoint(
            "POST",
            "/integrity",
            resource.start,
            "Compare disk and index now",
            "storage",
            ADMINS,
            body=IntegrityBody,
            response=ReportAnswer,
            errors=(IntegrityRunningError,),
            description="Answers at once; the report is filled when it has ended. What can be mended without loss is.",
        ),
        Endpoint(
            "GET",
            "/integrity",
            resource.page,
            "List the comparisons of disk and index, newest first",
            "storage",
            CARETAKERS,
            query=PageQuery,
            response=Listing[ReportAnswer],
        ),
        Endpoint(
            "GET",
            "/integrity/{report_id}",
            resource.get,
            "Show a comparison of disk and index",
            "storage",
            CARETAKERS,
            response=ReportAnswer,
            ids={"report_id": UnknownReportError},
        ),
    ]
