"""Readings are found as if each was looked at, and by an index wherever one can tell where they are."""

import itertools
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gtvision_edge.detections import repository
from gtvision_edge.detections.model import (
    Detection,
    DetectionId,
    PictureState,
    TimeSource,
    TrustLevel,
)
from gtvision_edge.detections.plates import read_plate, search_patterns, similar_to
from gtvision_edge.detections.repository import _PASSAGE, Wanted, insert_detections, search
from gtvision_edge.storage import Database

SENT = (
    "ABC1234",
    "ABC1C34",
    "ABC1D34",
    "BRABC1234",
    "AB1",
    "ABCD12345678",
    "XYZ9Z99",
    "QZX-7J42",
    "",
)
TENANTS = {"u-1": "a", "u-2": "a", "u-3": "b"}
FOREVER = 2**60


def detection(number: int, sent: str, camera_uuid: str) -> Detection:
    plate = read_plate(sent)
    return Detection(
        detection_id=DetectionId(f"d-{number:03}"),
        camera_uuid=camera_uuid,
        camera_id=camera_uuid.replace("u-", "cam"),
        tenant_id=TENANTS[camera_uuid],
        captured_us=1_000 + number // 2,  # two at a time
        received_us=1_000 + number,
        time_source=TimeSource.CAMERA,
        plate=plate.text if plate else None,
        vehicle=plate.vehicle if plate else None,
        plate_sent=sent,
        confidence=None,
        source="webhook",
        trust=TrustLevel.SIGNED,
        is_late=False,
        passage_id=DetectionId(f"d-{number:03}"),
        facts={},
        scene=None,
        crop=None,
        anonymised_us=None,
        picture_state=PictureState.NONE,
    )


ALL = [
    detection(number, sent, camera_uuid)
    for number, (sent, camera_uuid) in enumerate(itertools.product(SENT, TENANTS))
]


@pytest.fixture
async def filled(database: Database) -> Database:
    rows = [(each, each.detection_id.encode()) for each in ALL]
    await database.write(lambda transaction: insert_detections(transaction, rows))
    return database


def looked_through(wanted: Wanted, limit: int) -> list[Detection]:
    found = [
        each
        for each in ALL
        if wanted.start_us <= each.captured_us < wanted.end_us
        and (wanted.cameras is None or each.camera_uuid in wanted.cameras)
        and wanted.tenant_id in (None, each.tenant_id)
        and (not wanted.patterns or _fits(each.plate, wanted.patterns))
        and (wanted.before is None or (each.captured_us, each.detection_id) < wanted.before)
    ]
    return sorted(found, key=lambda each: (each.captured_us, each.detection_id), reverse=True)[
        :limit
    ]


def _fits(plate: str | None, patterns: Sequence[str]) -> bool:
    return plate is not None and any(fnmatchcase(plate, pattern) for pattern in patterns)


patterns = st.one_of(
    st.just(()),
    st.sampled_from(
        [*SENT[:-1], "ABC*", "ABC1?34", "AB*", "*34", "ABC1D*", "?BC1234", "ABC1234*", "UNKNOWN"]
    ).map(search_patterns),
    st.sampled_from(["ABC1234", "ABC1B34"]).map(similar_to),
)


@settings(
    max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    wanted=st.builds(
        Wanted,
        start_us=st.sampled_from([0, 1_005]),
        end_us=st.sampled_from([1_010, FOREVER]),
        cameras=st.one_of(
            st.none(), st.lists(st.sampled_from(["u-1", "u-2", "u-3", "u-9"]), max_size=3)
        ),
        tenant_id=st.sampled_from([None, "a", "b", "c"]),
        patterns=patterns,
        before=st.one_of(
            st.none(), st.tuples(st.integers(1_000, 1_013), st.sampled_from(["d-003", "d-020"]))
        ),
    ),
    limit=st.integers(1, 30),
)
async def test_what_is_found_is_what_looking_through_all_would_find(
    filled: Database, wanted: Wanted, limit: int
) -> None:
    assert await search(filled, wanted, limit) == looked_through(wanted, limit)


class _Plans:
    """Tells how a query would be done, in place of doing it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.steps: list[str] = []
        self.is_aside = False

    async def fetch_all(self, sql: str, values: Sequence[Any]) -> list[Any]:
        rows = await self._database.fetch_all(f"EXPLAIN QUERY PLAN {sql}", values)
        self.steps = [row["detail"] for row in rows]
        return []

    async def search_all(self, sql: str, values: Sequence[Any]) -> list[Any]:
        self.is_aside = True
        return await self.fetch_all(sql, values)


@pytest.mark.parametrize(
    ("more", "index", "is_aside"),
    [
        (
            {"patterns": search_patterns("ABC1234")},
            "SEARCH seen USING PRIMARY KEY (vehicle>? AND vehicle<?)",
            False,
        ),
        (
            {"patterns": search_patterns("ABC*"), "cameras": ["u-1"]},
            "SEARCH seen USING PRIMARY KEY (vehicle>? AND vehicle<?)",
            False,
        ),
        (
            {"patterns": similar_to("ABC1234"), "tenant_id": "a"},
            "SEARCH seen USING PRIMARY KEY (vehicle>? AND vehicle<?)",
            False,
        ),
        ({"patterns": search_patterns("*34")}, "detections_by_time", True),
        ({"tenant_id": "a"}, "detections_by_tenant (tenant_id=?", False),
        ({"cameras": ["u-1", "u-2"]}, "detections_by_camera (camera_uuid=?", False),
        ({}, "detections_by_time", False),
    ],
)
async def test_each_search_has_its_index_and_a_long_one_is_done_aside(
    database: Database, more: dict[str, Any], index: str, is_aside: bool
) -> None:
    plans = _Plans(database)

    await repository.search(cast("Database", plans), Wanted(0, FOREVER, **more), 50)

    assert any(index in step for step in plans.steps), plans.steps
    assert not any(step.startswith("SCAN seen") for step in plans.steps), plans.steps
    assert plans.is_aside is is_aside


async def test_a_passage_is_looked_for_among_the_readings_of_its_vehicle_alone(
    database: Database,
) -> None:
    rows = await database.fetch_all(f"EXPLAIN QUERY PLAN SELECT ({_PASSAGE}) FROM json_each('[]')")  # noqa: S608 -- a constant

    steps = [row["detail"] for row in rows]
    assert "SEARCH detections USING INTEGER PRIMARY KEY (rowid=?)" in steps
    found = [step for step in steps if "(vehicle=? AND captured_us>? AND captured_us<?)" in step]
    assert len(found) == 2, steps
