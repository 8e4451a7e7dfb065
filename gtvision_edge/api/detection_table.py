"""Plate readings as a table to carry away. An act with a purpose, as a search is."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from aiohttp import hdrs, web
from pydantic import Field

from gtvision_edge.api.detection_words import TableWords, table_words
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
    "data_hora",
    "camera_id",
    "placa",
    "placa_lida",
    "confianca",
    "sentido",
    "faixa",
    "fonte",
    "confiabilidade",
    "recebido_em",
    "horario",
    "atrasada",
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
    codes: bool = False
    """For programs: codes in place of words, and a point before the tenths."""


def detection_table_endpoints(desk: DetectionDesk, *, zone: ZoneInfo) -> list[Endpoint]:
    """Return ``/detections.csv``; *zone* is that of ``data_hora``."""

    async def table(call: Call) -> web.StreamResponse:
        query = call.query_as(TableQuery)
        wanted = Search(
            from_datetime(query.start) if query.start else 0,
            from_datetime(query.end) if query.end else FOREVER_US,
            plate=query.placa,
            camera_id=query.camera,
            purpose=query.purpose,
        )
        write = partial(
            _row, words=None if query.codes else table_words(call.principal.locale), zone=zone
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
        await response.write(UTF8_MARK + table_lines([HEADINGS, *map(write, first)]))
        async for page in pages:
            await response.write(table_lines(map(write, page)))
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
            description=(
                f"Audited. At most {MAX_EXPORT} readings. Semicolons, UTF-8 with its mark. Words and numbers are written in the language"
                " of who asks, so that a spreadsheet of that language reads them; with `codes=true` they are the codes of"
                " `/detections` and a decimal point. `timestamp` and `recebido_em` are RFC 3339 in UTC, `data_hora` is the"
                " site's own time, `horario` says whose clock it is by, `atrasada` whether it came too late to alarm anybody."
                " Cells that a spreadsheet would take for a formula begin with an apostrophe."
            ),
        )
    ]


def _row(detection: Detection, *, words: TableWords | None, zone: ZoneInfo) -> Sequence[object]:
    facts = detection.facts
    passed = datetime.fromtimestamp(detection.captured_us / 1e6, UTC).astimezone(zone)
    confidence = "" if detection.confidence is None else f"{detection.confidence:.3f}"
    direction = str(facts.get("direction", ""))
    source, trust = detection.source, detection.trust.value
    whose, late = detection.time_source.value, str(detection.is_late).lower()
    if words is not None:
        confidence = confidence.replace(".", words.decimal)
        direction = words.directions.get(direction.lower(), direction)
        source, trust = words.sources.get(source, source), words.trusts[trust]
        whose, late = words.times[whose], words.yes if detection.is_late else words.no
    return (
        to_rfc3339(detection.captured_us),
        passed.strftime(words.date_time if words else "%Y-%m-%dT%H:%M:%S"),
        detection.camera_id,
        detection.plate or "",
        detection.plate_sent,
        confidence,
        direction,
        facts.get("lane", ""),
        source,
        trust,
        to_rfc3339(detection.received_us),
        whose,
        late,
        detection.detection_id,
        detection.passage_id,
    )
