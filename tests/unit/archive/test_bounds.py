"""What is owed to the store does not grow for ever, and nothing is given up in silence."""

import hashlib

import pytest

from gtvision_edge.accounts import Role
from gtvision_edge.archive.errors import ArchiveUnreachableError
from gtvision_edge.archive.model import StoreState, Totals
from gtvision_edge.archive.store import CopyStore
from gtvision_edge.runtime.findings import Finding, Severity
from tests.fakes.people import viewer
from tests.unit.archive.conftest import EXPORT, SITE, Box
from tests.waiting import becomes

DAY_S = 86_400.0
ADMIN = viewer("adm", None, role=Role.ADMIN)


async def test_copies_that_waited_too_long_are_given_up_with_an_entry_and_a_finding(
    box: Box,
) -> None:
    old = await box.keep_picture(b"old")
    await box.make_bundle(b"an old bundle")
    await box.clock.advance(2 * DAY_S)
    await box.keep_picture(b"young")

    assert await box.bounds(keep="1d").go_round() == 2

    totals = await box.totals()
    assert (totals.waiting, totals.given_up) == (1, 2)
    (said,) = await box.acts("archive.copies_given_up")
    assert (said["reason"], said["bound"], said["acts"]) == ("age", 86_400, 2)
    assert said["kinds"] == {"copy picture": 1, "copy evidence": 1}
    assert said["exports"] == [EXPORT]
    digest = hashlib.sha256(b"an old bundle").hexdigest()
    keys = sorted([f"copy evidence/{EXPORT}/{digest}.zip", f"copy {old.removeprefix(f'{SITE}/')}"])
    assert said["keys_sha256"] == hashlib.sha256("\n".join(keys).encode()).hexdigest()
    async with box.copying() as copier:
        watch = box.watch(copier)
        await watch.look()
        assert [each.code for each in watch.findings()] == ["archive_copies_given_up"]


async def test_while_the_clock_is_in_doubt_nothing_is_judged_by_its_age(box: Box) -> None:
    await box.keep_picture(b"old")
    box.clock.step_wall(400 * DAY_S)

    assert await box.bounds(trusts=False).go_round() == 0
    assert (await box.totals()).waiting == 1


async def test_of_too_many_the_oldest_pictures_go_and_evidence_stays(box: Box) -> None:
    bundle = await box.make_bundle(b"a bundle")
    keys = []
    for number in range(1200):
        keys.append(await box.keep_picture(b"%d" % number))
        await box.clock.advance(0.001)

    assert await box.bounds(max_waiting=1000).go_round() == 251  # and some room

    async with box.copying():
        await box.until_done()
    # The first ones would be on their way, did the store answer.
    assert box.store.kept() == sorted([bundle, *keys[:8], *keys[259:]])


async def test_what_is_on_its_way_is_not_told_as_given_up(box: Box) -> None:
    box.store.mood_of = lambda method, asked: (
        "hangs" if method == "PUT" and "pictures" in asked else None
    )
    keys = []
    for number in range(1008):
        keys.append(await box.keep_picture(b"%d" % number))
        await box.clock.advance(0.001)

    async with box.copying():
        await box.until_asked("PUT", keys[0])
        given_up = await box.bounds(max_waiting=1000).go_round()
        box.store.mood_of = lambda *_: None
        box.store.behave("well")
        await box.until_done()

    assert given_up
    assert len(box.store.kept()) + given_up == len(keys)


async def _lose_answers(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    put = CopyStore.put_picture

    async def lose(store: CopyStore, key: str, jpeg: bytes) -> None:
        await put(store, key, jpeg)
        raise ArchiveUnreachableError("No answer.", reason="unanswered")

    monkeypatch.setattr(CopyStore, "put_picture", lose)


@pytest.mark.parametrize("way", ["age", "person"])
async def test_a_picture_that_goes_is_removed_though_its_copy_was_given_up_while_an_answer_was_lost(
    box: Box, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    async def blind(_store: CopyStore, _key: str) -> None:
        """Find nothing: our key may not look."""

    await _lose_answers(box, monkeypatch)
    monkeypatch.setattr(CopyStore, "size_of", blind)
    key = await box.keep_picture(b"a picture")
    async with box.copying():
        await box.until(lambda totals: totals.parked == 1, turning_s=60)
    assert box.store.kept() == [key]
    if way == "age":
        await box.clock.advance(91 * DAY_S)
        assert await box.bounds().go_round() == 1
    else:
        await box.desk().discard_all(ADMIN, reason="não precisa")
    await box.drop_picture(b"a picture")
    monkeypatch.undo()

    async with box.copying():
        await box.until_done()

    assert box.store.kept() == []
    assert await box.database.fetch_all("SELECT * FROM archive_doubts") == []


async def test_a_copy_that_was_given_up_and_is_owed_anew_is_a_copy_like_others(box: Box) -> None:
    key = await box.keep_picture(b"a picture")
    await box.clock.advance(91 * DAY_S)
    assert await box.bounds().go_round() == 1
    await box.keep_picture(b"a picture")

    async with box.copying():
        await box.until_done()

    assert box.store.kept() == [key]
    assert (await box.totals()).copies == 1
    assert await box.database.fetch_all("SELECT * FROM archive_doubts") == []


async def test_removals_are_never_given_up(box: Box) -> None:
    await box.keep_picture(b"a")
    async with box.copying():
        await box.until_done()
    await box.drop_picture(b"a")
    await box.clock.advance(400 * DAY_S)

    assert await box.bounds().go_round() == 0
    assert (await box.totals()).removing == 1


async def test_a_look_at_the_totals_walks_past_nothing_that_is_parked(box: Box) -> None:
    plan = await box.database.fetch_all(
        "EXPLAIN QUERY PLAN SELECT queued_us FROM archive_queue WHERE parked_us IS NULL ORDER BY queued_us LIMIT 1"
    )

    assert "archive_oldest_waiting" in plan[0]["detail"]


async def test_far_behind_is_told_once_and_ends_by_itself(box: Box) -> None:
    box.store.behave("away")
    settings = box.setting(alert_waiting=10)
    for number in range(10):
        await box.keep_picture(b"%d" % number)

    async with box.copying(settings) as copier:
        await becomes(lambda: copier.standing.state is StoreState.UNREACHABLE, 10)
        watch = box.watch(copier, settings)
        await watch.look()
        assert list(watch.findings()) == [
            Finding(
                "archive_far_behind",
                Severity.ALARM,
                {"waiting": 10, "removing": 0, "oldest_s": 0},
            )
        ]
        await box.clock.advance(1000)
        await watch.look()
        assert [each.code for each in watch.findings()] == [
            "archive_unreachable",
            "archive_far_behind",
        ]
        box.store.behave("well")
        await box.until_done()
        await watch.look()
        assert list(watch.findings()) == []


async def test_what_waits_for_long_is_far_behind_however_little_it_is(box: Box) -> None:
    await box.keep_picture(b"a")
    await box.clock.advance(7 * 3600)

    async with box.copying() as copier:
        watch = box.watch(copier)
        await watch.look()

    assert "archive_far_behind" in [each.code for each in watch.findings()]


async def test_a_store_that_refuses_is_told_at_once_with_its_own_word(box: Box) -> None:
    box.store.behave("denies")

    async with box.copying() as copier:
        await becomes(lambda: copier.standing.state is StoreState.REFUSED, 10)
        watch = box.watch(copier)
        await watch.look()
        (finding,) = watch.findings()

    assert finding.code == "archive_refused"
    assert finding.facts["reason"] == "AccessDenied"


async def test_what_is_parked_is_listed_tried_again_and_put_away(box: Box) -> None:
    key = await box.keep_picture(b"poison")
    box.store.mood_of = lambda method, asked: "denies" if asked == key else None
    async with box.copying() as copier:
        await box.until(lambda totals: totals.parked == 1, turning_s=60)
        watch, desk = box.watch(copier), box.desk()
        await watch.look()
        assert [each.code for each in watch.findings()] == ["archive_parked"]
        found, after = await desk.list_parked(ADMIN, after=0, limit=10)
        assert ([f"{SITE}/{each.owed.key}" for each in found], after) == ([key], None)

        assert await desk.retry_all(ADMIN, address="10.0.0.9") == 1
        await box.until(lambda totals: totals.parked == 1, turning_s=60)
        assert await desk.discard_all(ADMIN, reason="imagem de teste") == 1

    assert await box.totals() == Totals(given_up=1)
    assert await box.acts("archive.retried") == [{"acts": 1}]
    (said,) = await box.acts("archive.discarded")
    assert (said["reason"], said["kinds"]) == ("imagem de teste", {"copy picture": 1})


async def test_switched_off_nothing_new_is_owed_but_what_must_go(box: Box) -> None:
    await box.keep_picture(b"a")
    async with box.copying():
        await box.until_done()
    off = box.setting(bucket="")

    await box.keep_picture(b"b", settings=off)
    await box.drop_picture(b"a", settings=off)

    totals = await box.totals()
    assert (totals.waiting, totals.removing) == (0, 1)
    asked = len(box.store.asked)
    async with box.copying(off) as copier:
        await box.clock.advance(60)
        watch = box.watch(copier, off)
        await watch.look()
        assert watch.view.standing.state is StoreState.OFF
        assert list(watch.findings()) == [
            Finding("archive_off_with_removals", facts={"removing": 1})
        ]
    assert len(box.store.asked) == asked
    async with box.copying():
        await box.until_done()
    assert box.store.kept() == []


async def test_an_archive_that_was_given_up_for_good_can_be_let_go_of(box: Box) -> None:
    await box.keep_picture(b"a")
    async with box.copying():
        await box.until_done()
    await box.drop_picture(b"a")

    assert await box.desk(is_on=False).discard_all(ADMIN, reason="o bucket foi apagado") == 1
    assert (await box.totals()).removing == 0


@pytest.mark.parametrize(
    ("changes", "copied"),
    [({"pictures": False}, "evidence"), ({"evidence": False}, "pictures")],
)
async def test_each_kind_can_be_left_out(box: Box, changes: dict[str, bool], copied: str) -> None:
    box.settings = box.setting(**changes)
    await box.keep_picture(b"a picture")
    await box.make_bundle(b"a bundle")

    async with box.copying():
        await box.until_done()

    assert [key.split("/")[1] for key in box.store.kept()] == [copied]
