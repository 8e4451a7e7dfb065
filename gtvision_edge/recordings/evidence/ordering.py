"""Gathers what an export's process needs to know: files, gaps, the camera then, the clock, the history with its proofs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

import structlog

from gtvision_edge.accounts.model import THE_BOX
from gtvision_edge.audit import (
    AuditLog,
    DamagedTreeError,
    TreeHead,
    UnknownEntryError,
    entry_document,
    write_checkpoint,
)
from gtvision_edge.cameras.model import Camera, CameraUuid
from gtvision_edge.cameras.repository import fetch_states_within
from gtvision_edge.cameras.urls import UrlBuilderFactory
from gtvision_edge.keys import OpenedKeys
from gtvision_edge.recordings.errors import UnknownSegmentError
from gtvision_edge.recordings.evidence import repository
from gtvision_edge.recordings.evidence.errors import NothingToExportError
from gtvision_edge.recordings.evidence.model import (
    Export,
    MissingSpan,
    Order,
    OrderedCamera,
    OrderedSegment,
)
from gtvision_edge.recordings.evidence.readings import (
    MOST_READINGS,
    OrderedReadings,
    ReadingSource,
    ordered_readings,
)
from gtvision_edge.recordings.evidence.viewing import GAP_US
from gtvision_edge.recordings.incidents.model import Incident
from gtvision_edge.recordings.index import SegmentIndex
from gtvision_edge.recordings.model import CameraNo, RecordedCamera, Segment, SegmentId, Span
from gtvision_edge.recordings.timeline.model import Gap
from gtvision_edge.recordings.timeline.service import TimelineService
from gtvision_edge.runtime.timestamps import from_datetime, to_rfc3339
from gtvision_edge.storage import Database

log = structlog.get_logger(__name__)

RUN_ON_US: Final = 15_000_000
"""So far behind the interval a file may begin and still be run on into: longer groups of pictures are not signed in time."""
MAX_VIEWINGS: Final = 2000
VIEWINGS_PAGE: Final = 500
MAX_SEQ: Final = 2**63 - 1
MAX_HASHINGS: Final = 20


class SealProver(Protocol):
    """Knows how segments' hashes were sealed when they were recorded."""

    async def seal_now(self) -> int: ...

    async def prove(
        self, segment_ids: Sequence[SegmentId], head: TreeHead
    ) -> Mapping[SegmentId, Mapping[str, Any]]: ...


class SegmentHasher(Protocol):
    """Hashes what was recorded, newest first; returns how many."""

    async def hash_some(self) -> int: ...


class CameraFinder(Protocol):
    def find_camera(self, camera_id: str) -> Camera | None: ...


@dataclass(frozen=True, slots=True)
class Site:
    """Who the box is, for papers."""

    site_id: str
    name: str
    timezone: str
    software: str
    version: str


class OrderWriter:
    """Writes orders. Reading the database is most of it; what is not hashed or sealed yet is, and groups that nobody read are read."""

    def __init__(
        self,
        database: Database,
        audit: AuditLog,
        index: SegmentIndex,
        timelines: TimelineService,
        cameras: CameraFinder,
        *,
        site: Site,
        keys: OpenedKeys,
        seals: SealProver,
        hasher: SegmentHasher,
        readings: ReadingSource,
    ) -> None:
        self._database = database
        self._audit = audit
        self._index = index
        self._timelines = timelines
        self._cameras = cameras
        self._site = site
        self._keys = keys
        self._seals = seals
        self._hasher = hasher
        self._readings = readings

    async def find_footage(
        self, cameras: Sequence[RecordedCamera], span: Span
    ) -> dict[int, list[Segment]]:
        """Return the files of each camera (by number) that an export of *span* holds.

        Among them, last, the one that follows: the viewing copy may run on into it.

        Raises:
            VolumeHangsError: as for :meth:`SegmentIndex.find_segments`.

        """
        found: dict[int, list[Segment]] = {}
        for camera in cameras:
            wider = Span(span.start_us, span.end_us + RUN_ON_US)
            segments = await self._index.find_segments(camera.camera_no, wider)
            inside = [each for each in segments if each.start_us < span.end_us]
            behind = [each for each in segments if each.start_us >= span.end_us]
            if inside and behind and _is_cut_by(inside[-1], span.end_us, behind[0]):
                inside.append(behind[0])
            found[camera.camera_no] = inside
        return found

    async def footage_bytes(self, cameras: Sequence[RecordedCamera], span: Span) -> int:
        """Return how large the files are at most that an export of *span* holds, by the index alone; 0 = there are none."""
        total = 0
        for camera in cameras:
            wider = Span(span.start_us, span.end_us + RUN_ON_US)
            found = await self._index.spans(camera.camera_no, wider)
            inside = [each for each in found if each.start_us < span.end_us]
            behind = [each for each in found if each.start_us >= span.end_us]
            if inside:
                total += sum(each.size_bytes for each in [*inside, *behind[:1]])
        return total

    async def find_readings(
        self, camera: RecordedCamera, span: Span, tenant_id: str
    ) -> OrderedReadings:
        """Return the plate readings of *camera* in *span* that an export for *tenant_id* holds."""
        given = await self._readings.within(
            camera.camera_uuid,
            span.start_us,
            span.end_us,
            tenant_id=tenant_id,
            most=MOST_READINGS,
        )
        return ordered_readings(given)

    async def cameras(self, camera_nos: Sequence[CameraNo]) -> list[RecordedCamera]:
        found = [await self._index.camera_by_no(camera_no) for camera_no in camera_nos]
        return [camera for camera in found if camera is not None]

    async def write(
        self, export: Export, incident: Incident, draft: Path, *, expires_us: int | None
    ) -> Order:
        """Return the order for *export*.

        Raises:
            NothingToExportError: there is no footage.

        """
        cameras = await self.cameras(export.camera_nos)
        footage = await self._hashed_footage(cameras, export.span)
        if not any(footage.values()):
            raise NothingToExportError("There is no footage of these cameras in the interval.")
        head = await self._head()
        seals = await self._proven(footage, head)
        names = [camera.camera_id for camera in cameras]
        ordered = []
        for camera in cameras:
            unique = names.count(camera.camera_id) == 1
            directory = camera.camera_id if unique else f"{camera.camera_id}-{camera.camera_no}"
            entry = await self._camera(
                camera, directory, footage[camera.camera_no], export.span, seals
            )
            if export.options.readings:
                found = await self.find_readings(camera, export.span, export.tenant_id)
                entry = replace(entry, readings=found)
            ordered.append(entry)
        history, left_out = await self._history(export, incident, head)
        site = self._site
        return Order(
            export_id=export.export_id,
            draft=draft,
            created_us=export.created_us,
            expires_us=expires_us,
            site={
                "id": site.site_id,
                "name": site.name,
                "timezone": site.timezone,
                "organisation": await repository.find_tenant_name(self._database, export.tenant_id),
            },
            software={"name": site.software, "version": site.version},
            incident={
                "incident_id": incident.incident_id,
                "reason": incident.reason,
                "reference": incident.reference,
                "review_us": incident.review_us,
                "created_by": incident.created_by_name,
                "created_at": to_rfc3339(incident.created_us),
            },
            operator={
                "id": export.created_by,
                "login": export.created_by_name,
                "name": export.operator_name,
                "registration": export.operator_registration,
                "role": export.operator_role,
            },
            request=export.request,
            options=export.options,
            span=export.span,
            cameras=ordered,
            clock=await self._clock(export.span),
            history=history,
            checkpoint=write_checkpoint(head, self._keys.site) if head else "",
            site_key_pem=self._keys.site.to_pem(),
            paper_key_pem=self._keys.paper.to_pem(),
            history_left_out=left_out,
        )

    async def _hashed_footage(
        self, cameras: Sequence[RecordedCamera], span: Span
    ) -> dict[int, list[Segment]]:
        """Return the footage, the newest files hashed first: a busy box puts that off, and only what is hashed can be sealed."""
        footage = await self.find_footage(cameras, span)
        for _ in range(MAX_HASHINGS):
            if all(each.sha256 for segments in footage.values() for each in segments):
                break
            if await self._hasher.hash_some() == 0:
                break
            footage = await self.find_footage(cameras, span)
        return footage

    async def _head(self) -> TreeHead | None:
        try:
            await self._seals.seal_now()  # the newest footage need not wait for its hour
            return await self._audit.tree_head(self._database)
        except DamagedTreeError:
            log.exception("export_without_proofs")  # the bundle is worth more than its absence
            return None

    async def _proven(
        self, footage: Mapping[int, Sequence[Segment]], head: TreeHead | None
    ) -> Mapping[SegmentId, Mapping[str, Any]]:
        if head is None:
            return {}
        wanted = [each.segment_id for segments in footage.values() for each in segments]
        return await self._seals.prove(wanted, head)

    async def _camera(
        self,
        camera: RecordedCamera,
        directory: str,
        segments: Sequence[Segment],
        span: Span,
        seals: Mapping[SegmentId, Mapping[str, Any]],
    ) -> OrderedCamera:
        ordered = []
        for segment in segments:
            try:
                path = self._index.path_of(camera, segment)
            except UnknownSegmentError:
                continue
            ordered.append(OrderedSegment(path, segment, seals.get(segment.segment_id)))
        timeline = await self._timelines.timeline(THE_BOX, camera, span, since_us=None)
        missing = uncovered([each.span for each in segments], span)
        return OrderedCamera(
            camera_id=camera.camera_id,
            camera_uuid=camera.camera_uuid,
            name=camera.name,
            directory=directory,
            segments=ordered,
            gaps=[
                MissingSpan(gap.start_us, gap.end_us, _cause(gap, timeline.gaps)) for gap in missing
            ],
            recorded_us=span.length_us - sum(gap.length_us for gap in missing),
            facts=await self._facts(camera, span),
        )

    async def _facts(self, camera: RecordedCamera, span: Span) -> dict[str, Any]:
        facts: dict[str, Any] = {
            "removed_at": None if camera.removed_us is None else to_rfc3339(camera.removed_us)
        }
        present = self._cameras.find_camera(camera.camera_id)
        if present is not None and present.camera_uuid == camera.camera_uuid:
            place, vendor = present.place, UrlBuilderFactory.get_vendor(present.vendor)
            offset_s = present.clock_offset_s
            if offset_s is None:  # of a camera that was probed before it was kept
                told = (each for each in present.warnings if each["code"] == "clock_off")
                offset_s = next((each.get("seconds") for each in told), None)
            facts |= {
                "vendor": present.vendor,
                "make": ""
                if vendor.needs_url or vendor.asks_device
                else vendor.label.partition(" (")[0],
                "device": asdict(present.device) if present.device else None,
                "address": present.host,
                "place": {
                    "label": place.label,
                    "latitude": place.latitude,
                    "longitude": place.longitude,
                    "bearing": place.bearing,
                },
                "clock_offset_s": offset_s,
                "probed_at": None if present.probed_us is None else to_rfc3339(present.probed_us),
            }
        states = await fetch_states_within(
            self._database, CameraUuid(camera.camera_uuid), span.start_us, span.end_us
        )
        facts["states"] = [
            {
                "state": each.state.value,
                "since": to_rfc3339(each.since_us),
                "reason": each.reason,
            }
            for each in states
        ]
        return facts

    async def _clock(self, span: Span) -> dict[str, Any]:
        entries = await repository.fetch_clock_log(self._database, span)
        synced = next(
            (each["kind"] == "synced" for each in reversed(entries) if each["kind"] != "step"), None
        )
        return {
            "source": next((each["source"] for each in reversed(entries) if each["source"]), ""),
            "synced": synced,
            "log": [{"at": to_rfc3339(each["at_us"]), **each} for each in entries],
        }

    async def _history(
        self, export: Export, incident: Incident, head: TreeHead | None
    ) -> tuple[list[dict[str, Any]], int]:
        """Return what the log tells of this footage, and how many viewings were left out.

        What was done with the incident and its exports is told whole; of the viewings the newest.
        """
        ids = await repository.export_ids_of(self._database, incident.incident_id)
        subjects = [f"incident:{incident.incident_id}", *(f"export:{each}" for each in ids)]
        acts = await repository.fetch_acts(self._database, subjects)
        viewings: list[int] = []
        for camera_id in dict.fromkeys(export.camera_ids):
            viewings += await self._viewings(camera_id, export)
        viewings.sort()
        told = sorted([*acts, *viewings[-MAX_VIEWINGS:]])
        documents = [await self._document(seq, head) for seq in told]
        return (
            [each for each in documents if each is not None],
            max(len(viewings) - MAX_VIEWINGS, 0),
        )

    async def _viewings(self, camera_id: str, export: Export) -> list[int]:
        """Return the numbers of the entries of who watched what is exported, a page of the log after the other."""
        found: list[int] = []
        before_seq = MAX_SEQ
        while page := await repository.fetch_viewings(
            self._database,
            f"camera:{camera_id}",
            export.tenant_id,
            before_seq=before_seq,
            limit=VIEWINGS_PAGE,
        ):
            found += [seq for seq, details in page if _is_about(json.loads(details), export.span)]
            before_seq = page[-1][0]
        return found

    async def _document(self, seq: int, head: TreeHead | None) -> dict[str, Any] | None:
        if head is None:
            return None
        try:
            return entry_document(await self._audit.prove_entry(self._database, seq, head=head))
        except (UnknownEntryError, DamagedTreeError):
            return None  # younger than the head, or damaged: the log's own check tells of that


def uncovered(covered: Sequence[Span], span: Span) -> list[Span]:
    """Return what of *span* is in none of *covered*; neighbours a little apart are one recording."""
    gaps = []
    reached_us = span.start_us
    for each in [*sorted(covered, key=lambda each: each.start_us), Span(span.end_us, span.end_us)]:
        begin_us = min(each.start_us, span.end_us)
        if begin_us - reached_us > GAP_US:
            gaps.append(Span(reached_us, begin_us))
        reached_us = max(reached_us, each.end_us)
    return gaps


def _cause(gap: Span, known: Sequence[Gap]) -> str:
    best = max(
        (each for each in known if each.cause),
        key=lambda each: Span(each.start_us, each.end_us).within(gap).length_us,
        default=None,
    )
    if best is None or not Span(best.start_us, best.end_us).overlaps(gap):
        return ""
    return best.cause.value if best.cause else ""


def _is_cut_by(last: Segment, end_us: int, following: Segment) -> bool:
    """Tell whether the interval ends in the last group of pictures of *last*, and *following* goes on with it."""
    adjoins = following.continues or following.start_us - last.end_us <= GAP_US
    keys = [last.start_us + group.key_us for group in last.groups]
    return adjoins and not any(key_us >= end_us for key_us in keys)


def _is_about(details: Mapping[str, Any], span: Span) -> bool:
    stretches = details.get("played") or [details]
    try:
        spans = [
            Span(*(from_datetime(datetime.fromisoformat(each[name])) for name in ("start", "end")))
            for each in stretches
        ]
    except (KeyError, TypeError, ValueError):
        return True  # of another kind: better one too many
    return any(each.overlaps(span) for each in spans)
