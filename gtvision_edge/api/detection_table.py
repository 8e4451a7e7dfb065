"""Plate readings as a table to carry away. An act with a purpose, as a search is."""

from collections.abc import Sequence
from typing import Annotated, Final

from aiohttp import hdrs, web
from pydantic import Field

from gtvision_edge.api.detections import FOREVER_US
from gtvision_edge.api.moments import Moment
from gtvision_edge.api.routing import WATCHERS, Call, Endpoint, Query
from gtvision_edge.cameras.errors import UnknownCameraError
from gtvision_edge.detections.errors import PurposeRequiredError
from gtvision_edge.detections.model import Detection
from gtvision_edge.detections.service import MAX_EXPORT, DetectionDesk, Search
from gtvision_edge.runtime.tables import UTF8_MARK, table_lines
from gtvision_edge.runtime.timestamps import from_datetime, to_rfc3339
from gtvision_edge.storage import SearchTooLongError

HEADINGS: Final = (
    "timestamp",
    "camera_id",
    "placa",
    "placa_lida",
    "confianca",
    "sentido",
    "faixa",
    "fonte",
    "confiabilidade",
    "recebido_em",
    "detection_id",
    "passagem_id",
)


class TableQuery(Query):
    placa: Annotated[str, Field(max_length=64)] = ""
    """As for /detections."""
    camera: Annotated[str, Field(max_length=32)] | None = None
    start: Moment | None = None
    end: Moment | None = None
    purpose: Annotated[str, Field(max_length=500)] = ""
    """What they are needed for; kept in the audit log."""


def detection_table_endpoints(desk: DetectionDesk) -> list[Endpoint]:
    """Return ``/detections.csv``."""

    async def table(call: Call) -> web.StreamResponse:
        query = call.query_as(TableQuery)
        wanted = Search(
            from_datetime(query.start) if query.start else 0,
            from_datetime(query.end) if query.end else FOREVER_US,
            plate=query.placa,
            camera_id=query.camera,
            purpose=query.purpose,
        )
        pages = await desk.export(call.principal, wanted, address=call.address)
        nothing: list[Detection] = []
        # What is refused is answered by its error, not by half a table.
        first = await anext(pages, nothing)
        response = web.StreamResponse(
            headers={
                hdrs.CONTENT_TYPE: "text/csv; charset=utf-8",
                hdrs.CONTENT_DISPOSITION: 'attachment; filename="leituras.csv"',
            }
        )
        await response.prepare(call.request)
        if call.request.method == hdrs.METH_HEAD:
            return response
        await response.write(UTF8_MARK + table_lines([HEADINGS, *map(_row, first)]))
        async for page in pages:
            await response.write(table_lines([_row(each) for each in page]))
        await response.write_eof()
        return response

    return [
        Endpoint(
            "GET",
            "/detections.csv",
            table,
            "Take plate readings away as a table, the newest first",
            "plates out",
            WATCHERS,
            query=TableQuery,
            response="text/csv",
            errors=(UnknownCameraError, PurposeRequiredError, SearchTooLongError),
            description=f"Audited. At most {MAX_EXPORT} readings. Cells that a spreadsheet would take for a formula begin with an apostrophe.",
        )
    ]


def _row(detection: Detection) -> Sequence[object]:
    facts = detection.facts
    return (
        to_rfc3339(detection.captured_us),
        detection.camera_id,
        detection.plate or "",
        detection.plate_sent,
        "" if detection.confidence is None else f"{detection.confidence:.3f}",
        facts.get("direction", ""),
        facts.get("lane", ""),
        detection.source,
        detection.trust.value,
        to_rfc3339(detection.received_us),
        detection.detection_id,
        detection.passage_id,
    )
