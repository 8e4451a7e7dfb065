"""The folder of pictures stays within its bounds, loses nothing that is held, and agrees with the rows."""

import asyncio
import itertools
import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from gtvision_edge.audit import AuditLog
from gtvision_edge.detections.model import DetectionId, Picture, PictureKind, PictureState
from gtvision_edge.detections.picture_store import PictureStore, name_of
from gtvision_edge.detections.pictures import repository
from gtvision_edge.detections.pictures.claims import PictureClaims
from gtvision_edge.detections.pictures.copies import NO_COPIES, Copies
from gtvision_edge.detections.pictures.keeping import (
    BATCH,
    YOUNG_S,
    Compared,
    PictureBounds,
    PictureKeeper,
)
from gtvision_edge.recordings.incidents.repository import preserves
from gtvision_edge.storage import Transaction, open_database
from tests.fakes.clock import FakeClock
from tests.fakes.pushes import jpeg
from tests.unit.detections.pictures.conftest import Seals, Yard, open_yard

DAY_S = 86_400.0
COLORS = [f"#{n:02x}{255 - n:02x}40" for n in range(0, 250, 5)]


def keeper(
    yard: Yard,
    *,
    keep_s: float = 30 * DAY_S,
    max_bytes: int = 10**9,
    trusted: bool = True,
    store: PictureStore | None = None,
    copies: Copies = NO_COPIES,
) -> PictureKeeper:
    return PictureKeeper(
        yard.database,
        AuditLog(yard.clock),
        yard.clock,
        pictures=store or yard.store,
        bounds=PictureBounds(keep_s, max_bytes),
        is_held=preserves,
        trusts_clock=lambda: trusted,
        copies=copies,
    )


async def seen(yard: Yard, color: str, *, camera: str = "cam01") -> DetectionId:
    """Take in a reading with a scene of its own color."""
    return await yard.reads(
        pictures=(Picture(PictureKind.SCENE, jpeg(color=color)),), camera=camera
    )


async def hold(yard: Yard, camera: str, start_us: int, end_us: int) -> None:
    def write(transaction: Transaction) -> None:
        transaction.execute("INSERT OR IGNORE INTO tenants VALUES ('a', 'A', 0)")
        transaction.execute(
            "INSERT INTO recorded_cameras (camera_no, camera_uuid, camera_id, name, tenant_id) VALUES (1, ?, ?, '', 'a')",
            (f"uuid-{camera}", camera),
        )
        transaction.execute(
            "INSERT INTO incidents (incident_id, tenant_id, start_us, end_us, reason, reference, created_by, created_by_name,"
            " created_us) VALUES ('i1', 'a', ?, ?, 'furto', '', 'u1', 'op', 0)",
            (start_us, end_us),
        )
        transaction.execute("INSERT INTO incident_cameras VALUES ('i1', 1)")

    await yard.database.write(write)


async def pictures_of(yard: Yard, ids: list[DetectionId]) -> list[bool]:
    """Return of each reading whether it has its picture, row and file."""
    found = []
    for each in ids:
        detection = await yard.detection(each)
        there = detection.scene is not None
        if detection.scene is not None:
            there = await asyncio.to_thread(yard.store.read, detection.scene) is not None
        found.append(there)
    return found


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


async def stored(yard: Yard) -> list[Path]:
    return await asyncio.to_thread(files, yard.store.path_of("0" * 64).parent.parent)


async def test_what_is_too_old_goes_and_the_reading_says_so(yard: Yard) -> None:
    old = await seen(yard, "red")
    await yard.clock.advance(29 * DAY_S)
    young = await seen(yard, "blue")
    await yard.clock.advance(1.5 * DAY_S)

    done = await keeper(yard).go_round()

    assert (done.readings, done.files, done.bytes) == (1, 1, len(jpeg(color="red")))
    assert await pictures_of(yard, [old, young]) == [False, True]
    gone = await yard.detection(old)
    assert (gone.plate, gone.picture_state) == ("ABC1D23", PictureState.DROPPED)
    assert len(await stored(yard)) == 1
    ((details, tenant),) = await yard.rows(
        "SELECT details, tenant_id FROM audit_log WHERE action = 'plates.pictures_dropped'"
    )
    assert tenant == "a"
    noted = json.loads(str(details))
    assert (noted["reason"], noted["readings"], noted["batch_files"]) == ("age", 1, 1)


async def test_nothing_goes_by_age_while_the_clock_is_in_doubt(yard: Yard) -> None:
    old = await seen(yard, "red")
    await yard.clock.advance(100 * DAY_S)

    await keeper(yard, trusted=False).go_round()

    assert await pictures_of(yard, [old]) == [True]


async def test_the_oldest_go_until_the_rest_fits(yard: Yard) -> None:
    ids = []
    for color in COLORS[:10]:
        ids.append(await seen(yard, color))
        await yard.clock.advance(60)
    room = sum(len(jpeg(color=color)) for color in COLORS[6:10])

    done = await keeper(yard, max_bytes=room).go_round()

    assert await pictures_of(yard, ids) == [False] * 6 + [True] * 4
    assert done.files == 6
    assert (await repository.fetch_total(yard.database)).bytes == room


async def test_a_small_disk_bounds_them_too(yard: Yard) -> None:
    class OnSmallDisk(PictureStore):
        def disk_bytes(self) -> int:
            return 4 * len(jpeg(color="blue"))

    ids = []
    for color in ("red", "blue"):
        ids.append(await seen(yard, color))
        await yard.clock.advance(60)
    root = yard.store.path_of("0" * 64).parent.parent
    made = keeper(yard, store=OnSmallDisk(root))

    await made.go_round()

    assert await pictures_of(yard, ids) == [False, True]
    assert await asyncio.to_thread(yard.store.disk_bytes) > 10**6


async def test_held_pictures_stay_even_where_nothing_else_is_left(yard: Yard) -> None:
    first_us = yard.clock.now_us()
    ids = []
    for color in COLORS[:4]:
        ids.append(await seen(yard, color))
        await yard.clock.advance(60)
    elsewhere = await seen(yard, "white", camera="cam02")
    await hold(yard, "cam01", first_us - 1, first_us + 90_000_000)
    await yard.clock.advance(60 * DAY_S)

    done = await keeper(yard, max_bytes=1).go_round()

    assert await pictures_of(yard, [*ids, elsewhere]) == [True, True, False, False, False]
    assert done.readings == 3
    await yard.database.write(lambda t: t.execute("UPDATE incidents SET released_us = 1"))
    await keeper(yard, max_bytes=1).go_round()
    assert await pictures_of(yard, ids) == [False] * 4


async def test_a_picture_that_another_reading_has_stays(yard: Yard) -> None:
    old = await seen(yard, "red")
    await yard.clock.advance(29 * DAY_S)
    young = await seen(yard, "red")
    await yard.clock.advance(2 * DAY_S)

    await keeper(yard).go_round()

    assert await pictures_of(yard, [old, young]) == [False, True]
    assert (await repository.fetch_total(yard.database)).files == 1


async def test_more_than_one_batch_goes(yard: Yard) -> None:
    for number in range(BATCH + 20):
        await yard.reads(
            pictures=(Picture(PictureKind.SCENE, jpeg(8 + number // 50, 8 + number % 50)),)
        )
        await yard.clock.advance(0.01)
    await yard.clock.advance(31 * DAY_S)

    assert (await keeper(yard).go_round()).readings == BATCH + 20
    assert await stored(yard) == []


async def test_files_that_no_row_has_go_when_they_are_old(yard: Yard) -> None:
    kept = await seen(yard, "red")
    name = name_of(jpeg(color="blue"))
    now_s = yard.clock.now_us() / 1e6

    def leave_behind() -> None:
        yard.store.keep(jpeg(color="blue"))
        yard.store.keep(jpeg(color="green"))
        draft = yard.store.path_of(name).with_name(f"{name}.jpg.new")
        draft.write_bytes(b"half")
        for path in (yard.store.path_of(name), draft):
            os.utime(path, (now_s - YOUNG_S - 1,) * 2)
        os.utime(yard.store.path_of(name_of(jpeg(color="green"))), (now_s, now_s))

    await asyncio.to_thread(leave_behind)

    assert await keeper(yard).compare() == Compared(leftovers=2, lost=0)

    assert await pictures_of(yard, [kept]) == [True]
    left = {path.name for path in await stored(yard)}
    assert left == {f"{name_of(jpeg(color=color))}.jpg" for color in ("red", "green")}


async def test_rows_whose_file_is_gone_say_so(yard: Yard) -> None:
    ids = [await seen(yard, color) for color in ("red", "blue")]
    await asyncio.to_thread(yard.store.path_of(name_of(jpeg(color="red"))).unlink)

    assert await keeper(yard).compare() == Compared(leftovers=0, lost=1)
    assert await keeper(yard).compare() == Compared()

    lost = await yard.detection(ids[0])
    assert (lost.picture_state, lost.scene) == (PictureState.LOST, name_of(jpeg(color="red")))
    assert (await yard.detection(ids[1])).picture_state is PictureState.NONE


async def test_a_stop_between_rows_and_files_leaves_what_the_next_comparison_removes(
    yard: Yard,
) -> None:
    old = await seen(yard, "red")
    path = yard.store.path_of(name_of(jpeg(color="red")))
    await yard.clock.advance(31 * DAY_S)
    made = keeper(yard)
    # A directory in the place of the file cannot be unlinked: the rows are committed, and it stops there.
    await asyncio.to_thread(path.rename, path.with_suffix(".away"))
    await asyncio.to_thread(path.mkdir)
    with pytest.raises(OSError, match="irectory"):
        await made.go_round()
    await asyncio.to_thread(path.rmdir)
    await asyncio.to_thread(path.with_suffix(".away").rename, path)
    await asyncio.to_thread(os.utime, path, (0, 0))
    assert await pictures_of(yard, [old]) == [False]

    assert await made.compare() == Compared(leftovers=1)
    assert await stored(yard) == []


async def test_what_is_being_accepted_is_not_removed_with_its_last_reading(yard: Yard) -> None:
    """The same scene goes with an old reading and comes with a new one, at every interleaving of both."""
    for number in range(12):
        color = COLORS[number]
        old = await seen(yard, color)
        await yard.clock.advance(31 * DAY_S)

        async def late(color: str = color, steps: int = number * 4) -> DetectionId:
            for _ in range(steps):
                await asyncio.sleep(0)
            return await seen(yard, color)

        _, young = await asyncio.gather(keeper(yard).go_round(), late())

        assert await pictures_of(yard, [old, young]) == [False, True], number
        await keeper(yard).compare()
        assert await pictures_of(yard, [young]) == [True]


async def test_claims_exclude_one_another() -> None:
    claims = PictureClaims()
    async with claims.keeping(["a"]), claims.keeping(["a", "b"]):
        async with claims.removing(["a", "b", "c"]) as free, claims.removing(["c"]) as taken:
            assert (free, taken) == (["c"], [])
            waiting = asyncio.create_task(_held(claims, "c"))
            await asyncio.sleep(0)
            assert not waiting.done()
        await waiting
    async with claims.removing(["a", "b", "c"]) as free:
        assert free == ["a", "b", "c"]


async def _held(claims: PictureClaims, name: str) -> None:
    async with claims.keeping([name]):
        pass


@example_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    passages=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 5)), min_size=1, max_size=12),
    start_day=st.integers(0, 60),
    days=st.integers(0, 20),
    room=st.integers(0, 6),
)
def test_no_held_picture_ever_goes_and_the_sum_is_that_of_the_files(
    passages: list[tuple[int, int]],
    start_day: int,
    days: int,
    room: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    asyncio.run(_never_goes(passages, start_day, days, room, tmp_path_factory.mktemp("site")))


async def _never_goes(
    passages: list[tuple[int, int]], start_day: int, days: int, room: int, root: Path
) -> None:
    clock = FakeClock()
    first_us = clock.now_us()
    async with (
        open_database(root / "edge.db") as database,
        open_yard(database, clock, Seals(), root) as yard,
    ):
        ids = {}
        for day, color in sorted(passages):
            await clock.advance(max(0.0, first_us / 1e6 + day * DAY_S - clock.now_us() / 1e6))
            ids[await seen(yard, COLORS[color])] = clock.now_us()
        start_us = first_us + round(start_day * DAY_S * 1e6)
        end_us = start_us + round(days * DAY_S * 1e6)
        await hold(yard, "cam01", start_us, end_us)
        await clock.advance(DAY_S)

        await keeper(yard, keep_s=20 * DAY_S, max_bytes=room * len(jpeg()) + 1).go_round()

        for each, at_us in ids.items():
            if start_us <= at_us < end_us:
                assert await pictures_of(yard, [each]) == [True]
        sizes = [path.stat().st_size for path in files(root / "pictures")]
        assert await repository.fetch_total(database) == repository.PictureTotal(
            len(sizes), sum(sizes)
        )


def test_colors_differ() -> None:
    assert all(jpeg(color=a) != jpeg(color=b) for a, b in itertools.pairwise(COLORS[:12]))
