"""Incidents: what they keep, for whom they exist, and how they end."""

from pathlib import Path

import pytest

from gtvision_edge.accounts import NotPermittedError, Principal, Role
from gtvision_edge.audit import AuditLog
from gtvision_edge.cameras.errors import UnknownCameraError
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.recordings.errors import SpanTooLongError
from gtvision_edge.recordings.incidents.errors import IncidentReleasedError, UnknownIncidentError
from gtvision_edge.recordings.incidents.service import IncidentRequest, IncidentService
from gtvision_edge.recordings.index import SegmentIndex, doom_segments
from gtvision_edge.recordings.model import CameraNo, Span
from gtvision_edge.storage import Database
from tests.fakes.cameras import FakeCamera
from tests.fakes.clock import FakeClock
from tests.fakes.footage import MINUTE_US, START_US, a_segment, add, keep
from tests.fakes.people import viewer

ONE = FakeCamera("cam01", "019b0000-0000-7000-8000-000000000001", tenant_id="a")
TWO = FakeCamera("cam02", "019b0000-0000-7000-8000-000000000002", tenant_id="a")
FOREIGN = FakeCamera("cam09", "019b0000-0000-7000-8000-000000000003", tenant_id="b")
OPERATOR = viewer("ana", "a", role=Role.OPERATOR)
REASON = "furto na praça"


@pytest.fixture
async def numbers(database: Database, clock: FakeClock) -> list[CameraNo]:
    """Ten minutes of each camera; the clock stands at their end."""

    def tenants(transaction: object) -> None:
        for tenant_id in "ab":
            transaction.execute(  # type: ignore[attr-defined]
                "INSERT INTO tenants VALUES (?, ?, 0)", (tenant_id, tenant_id)
            )

    await database.write(tenants)
    found = await keep(database, ONE, TWO, FOREIGN)
    for camera_no in found:
        await add(database, *(a_segment(camera_no, START_US + n * MINUTE_US) for n in range(10)))
    await clock.advance(600)
    return found


@pytest.fixture
def incidents(
    database: Database, clock: FakeClock, tmp_path: Path, numbers: list[CameraNo]
) -> IncidentService:
    index = SegmentIndex(database, root=tmp_path)
    return IncidentService(database, AuditLog(clock), clock, index=index)


def request(
    *cameras: str, start: float = 2.5, end: float = 4.5, reason: str = REASON
) -> IncidentRequest:
    """Return a request for minutes *start* to *end*."""
    span = Span(START_US + int(start * MINUTE_US), START_US + int(end * MINUTE_US))
    return IncidentRequest(cameras or ("cam01",), span, reason, "BO 12/2026")


async def held(database: Database, camera_no: CameraNo) -> list[int]:
    """Return the minutes whose segment is held."""
    rows = await database.fetch_all(
        "SELECT start_us FROM segments WHERE camera_no = ? AND held = 1 ORDER BY start_us",
        (camera_no,),
    )
    return [(row["start_us"] - START_US) // MINUTE_US for row in rows]


async def actions(database: Database) -> list[str]:
    rows = await database.fetch_all("SELECT action FROM audit_log ORDER BY seq")
    return [row["action"] for row in rows]


async def test_an_incident_keeps_every_segment_it_touches_and_no_other(
    incidents: IncidentService, database: Database, numbers: list[CameraNo]
) -> None:
    file = await incidents.create(OPERATOR, request("cam01"))

    assert await held(database, numbers[0]) == [2, 3, 4]
    assert await held(database, numbers[1]) == []
    (footage,) = file.footage
    assert (footage.segments, footage.recorded_us, footage.is_complete) == (3, 2 * MINUTE_US, True)
    assert await actions(database) == ["incident.created"]


async def test_what_is_indexed_later_is_kept_too(
    incidents: IncidentService, database: Database, numbers: list[CameraNo]
) -> None:
    file = await incidents.create(OPERATOR, request("cam01", start=9.5, end=12))
    assert file.footage[0].gaps == []

    await add(database, a_segment(numbers[0], START_US + 10 * MINUTE_US))

    assert await held(database, numbers[0]) == [9, 10]


async def test_what_is_missing_is_said(
    incidents: IncidentService, database: Database, numbers: list[CameraNo], clock: FakeClock
) -> None:
    await clock.advance(600)
    await add(database, a_segment(numbers[0], START_US + 12 * MINUTE_US))

    file = await incidents.create(OPERATOR, request("cam01", start=9, end=13))

    assert file.footage[0].gaps == [Span(START_US + 10 * MINUTE_US, START_US + 12 * MINUTE_US)]
    assert not file.footage[0].is_complete


async def test_what_is_being_deleted_is_told_as_missing_and_never_as_kept(
    incidents: IncidentService, database: Database, numbers: list[CameraNo]
) -> None:
    rows = await database.fetch_all(
        "SELECT segment_id FROM segments WHERE camera_no = ? AND start_us = ?",
        (numbers[0], START_US + 3 * MINUTE_US),
    )
    await database.write(lambda t: doom_segments(t, [rows[0]["segment_id"]]))

    file = await incidents.create(OPERATOR, request("cam01"))

    assert await held(database, numbers[0]) == [2, 4]
    assert file.footage[0].gaps == [Span(START_US + 3 * MINUTE_US, START_US + 4 * MINUTE_US)]


async def test_an_incident_over_a_time_without_footage_says_so(
    incidents: IncidentService,
) -> None:
    before_all = await incidents.create(OPERATOR, request("cam01", "cam02", start=-60, end=-30))
    to_come = await incidents.create(OPERATOR, request("cam01", start=60, end=90))
    partly = await incidents.create(OPERATOR, request("cam01", start=-60, end=0.5))

    assert [file.is_empty for file in (before_all, to_come, partly)] == [True, False, False]


async def test_a_release_lets_go_of_what_no_other_incident_keeps(
    incidents: IncidentService, database: Database, numbers: list[CameraNo]
) -> None:
    first = await incidents.create(OPERATOR, request("cam01", start=2, end=5))
    await incidents.create(OPERATOR, request("cam01", start=4.2, end=6))

    file = await incidents.release(OPERATOR, first.incident.incident_id, reason="arquivado")

    assert await held(database, numbers[0]) == [4, 5]
    assert file.incident.release is not None
    assert file.incident.release.by == "ana"
    assert (await actions(database))[-1] == "incident.released"
    with pytest.raises(IncidentReleasedError):
        await incidents.release(OPERATOR, first.incident.incident_id, reason="outra vez")
    with pytest.raises(IncidentReleasedError):
        await incidents.change(OPERATOR, first.incident.incident_id, reference="x")


async def test_an_interval_grows_and_never_shrinks(
    incidents: IncidentService, database: Database, numbers: list[CameraNo]
) -> None:
    file = await incidents.create(OPERATOR, request("cam01"))
    incident_id = file.incident.incident_id
    grown = Span(START_US, START_US + 7 * MINUTE_US)

    await incidents.change(OPERATOR, incident_id, span=grown, reference="IP 7")
    with pytest.raises(InvalidInputError):
        await incidents.change(OPERATOR, incident_id, span=Span(START_US, START_US + MINUTE_US))

    assert await held(database, numbers[0]) == list(range(7))


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (request("cam01", start=4, end=4), InvalidInputError),
        (request("cam01", start=0, end=60 * 24 * 40), InvalidInputError),  # far ahead
        (request("cam01", start=-60 * 24 * 32, end=1), SpanTooLongError),
        (request("cam01", reason="  x  "), InvalidInputError),
        (request("cam01", "cam77"), UnknownCameraError),
        (request("cam01", "cam09"), UnknownCameraError),
        (IncidentRequest((), Span(START_US, START_US + 1), REASON), InvalidInputError),
    ],
)
async def test_a_wrong_request_keeps_nothing(
    incidents: IncidentService,
    database: Database,
    numbers: list[CameraNo],
    wrong: IncidentRequest,
    error: type[Exception],
) -> None:
    with pytest.raises(error):
        await incidents.create(OPERATOR, wrong)

    assert [await held(database, camera_no) for camera_no in numbers] == [[], [], []]
    assert await actions(database) == []


async def test_cameras_of_two_tenants_make_no_incident(
    incidents: IncidentService, database: Database
) -> None:
    with pytest.raises(InvalidInputError):
        await incidents.create(viewer("root", None, role=Role.ADMIN), request("cam01", "cam09"))


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        (viewer("eva", "a", role=Role.AUDITOR), True),
        (viewer("root", None, role=Role.ADMIN), True),
        (viewer("bia", "b", role=Role.ADMIN), False),
        (viewer("two", "a", frozenset({"cam02"}), role=Role.OPERATOR), False),
        (viewer("both", "a", frozenset({"cam01", "cam02"}), role=Role.OPERATOR), True),
    ],
)
async def test_an_incident_exists_for_who_may_see_all_its_cameras(
    incidents: IncidentService, who: Principal, sees: bool
) -> None:
    file = await incidents.create(OPERATOR, request("cam01", "cam02"))

    page = await incidents.list_incidents(who)

    assert [each.incident.incident_id for each in page.files] == (
        [file.incident.incident_id] if sees else []
    )
    if not sees:
        with pytest.raises(UnknownIncidentError):
            await incidents.get(who, file.incident.incident_id)


async def test_who_only_watches_makes_no_incident(incidents: IncidentService) -> None:
    with pytest.raises(NotPermittedError):
        await incidents.create(viewer("v", "a"), request("cam01"))
    with pytest.raises(NotPermittedError):
        await incidents.create(viewer("eva", "a", role=Role.AUDITOR), request("cam01"))


async def test_pages_go_on_where_the_last_one_ended(
    incidents: IncidentService, clock: FakeClock
) -> None:
    made = []
    for _ in range(5):
        made.append((await incidents.create(OPERATOR, request("cam01"))).incident.incident_id)
        await clock.advance(1)
    await incidents.release(OPERATOR, made[1], reason="arquivado")

    first = await incidents.list_incidents(OPERATOR, limit=3)
    rest = await incidents.list_incidents(OPERATOR, limit=3, before=first.after or "")
    still_open = await incidents.list_incidents(OPERATOR, is_open=True)

    seen = [each.incident.incident_id for each in (*first.files, *rest.files)]
    assert seen == made[::-1]
    assert rest.after is None
    assert len(still_open.files) == 4


async def test_footage_of_a_removed_camera_is_kept_by_its_uuid(
    incidents: IncidentService, database: Database, numbers: list[CameraNo]
) -> None:
    await keep(database, TWO, FOREIGN)

    with pytest.raises(UnknownCameraError):
        await incidents.create(OPERATOR, request("cam01"))
    await incidents.create(OPERATOR, request(ONE.camera_uuid))

    assert await held(database, numbers[0]) == [2, 3, 4]
