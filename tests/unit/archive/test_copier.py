"""What is owed to the object store gets there, once, whatever the store does meanwhile."""

import hashlib
import random
from typing import Any

import pytest

from gtvision_edge.archive.copier import PARK_AT, PARK_FILE_AT
from gtvision_edge.archive.model import StoreState, Totals
from gtvision_edge.archive.repository import parked_after
from gtvision_edge.archive.store import Patience
from tests.fakes.object_store import Mood
from tests.unit.archive.conftest import EXPORT, SITE, Box, settings_for
from tests.waiting import becomes

JPEG = b"\xff\xd8 a picture"
OTHER = b"\xff\xd8 another one"
BIG = bytes(range(256)) * 4096 * 20
"""A bundle of 20 MiB: three parts."""


async def test_pictures_and_bundles_are_copied_under_their_hashes_with_their_checksums(
    box: Box,
) -> None:
    picture = await box.keep_picture(JPEG)
    bundle = await box.make_bundle(BIG)

    async with box.copying():
        totals = await box.until_done()

    assert box.store.objects[picture] == JPEG
    assert box.store.objects[bundle] == BIG
    assert box.store.kept() == [bundle, picture]
    assert totals == Totals(copies=2, copied_bytes=len(JPEG) + len(BIG))
    assert not box.store.uploads


async def test_a_bundle_goes_in_parts_and_never_whole_through_memory(box: Box) -> None:
    await box.make_bundle(BIG)

    async with box.copying():
        await box.until_done()

    assert box.store.largest_body == 8 * 2**20


async def test_a_copied_bundle_stands_in_the_audit_log_of_its_export(box: Box) -> None:
    await box.make_bundle(b"a bundle")

    async with box.copying():
        await box.until_done()

    (said,) = await box.acts("export.archived")
    digest = hashlib.sha256(b"a bundle").hexdigest()
    assert said == {
        "store": f"{box.store.url}/copias",
        "key": f"evidence/{EXPORT}/{digest}.zip",
        "sha256": digest,
        "bytes": 8,
    }
    (row,) = await box.database.fetch_all("SELECT subject, tenant_id FROM audit_log")
    assert tuple(row) == (f"export:{EXPORT}", "a")


@pytest.mark.parametrize("mood", ["away", "cuts", "denies", "hangs"])
async def test_while_the_store_takes_nothing_everything_waits_and_then_arrives_once(
    box: Box, mood: Mood
) -> None:
    keys = [await box.keep_picture(b"picture %d" % number) for number in range(20)]
    keys.append(await box.make_bundle(BIG))
    box.store.behave(mood)

    async with box.copying(patience=Patience(small_s=0.3, part_s=0.3)) as copier:
        await becomes(
            lambda: copier.standing.state in (StoreState.UNREACHABLE, StoreState.REFUSED), 10
        )
        for _ in range(5):
            await box.clock.advance(400)
        assert copier.standing.state is (
            StoreState.REFUSED if mood == "denies" else StoreState.UNREACHABLE
        )
        totals = await box.totals()
        assert (totals.waiting, totals.parked) == (21, 0)
        box.store.behave("well")
        await box.until_done()

    assert box.store.kept() == sorted(keys)
    assert {box.store.stored[key] for key in keys} == {1}


async def test_a_store_that_goes_away_amid_a_bundle_gets_it_whole_later(box: Box) -> None:
    bundle = await box.make_bundle(BIG)
    picture = await box.keep_picture(JPEG)
    parts = 0

    def away_after_a_part(method: str, key: str) -> Mood | None:
        nonlocal parts
        if key == bundle and method == "PUT":
            parts += 1
        return "cuts" if parts > 1 else None

    box.store.mood_of = away_after_a_part
    short = Patience(part_s=1.0, away_s=0.0, pause_s=(0.01, 0.05))
    async with box.copying(patience=short) as copier:
        await becomes(lambda: copier.standing.state is StoreState.UNREACHABLE, 30)
        assert bundle not in box.store.objects
        box.store.mood_of = lambda method, key: None
        await box.until_done()

    assert box.store.objects[bundle] == BIG
    assert box.store.objects[picture] == JPEG
    assert box.store.stored[bundle] == 1


async def test_a_clock_that_is_put_back_keeps_no_copy_waiting(box: Box) -> None:
    box.store.behave("denies")
    async with box.copying() as copier:
        await becomes(lambda: copier.standing.state is StoreState.REFUSED, 10)
        picture = await box.keep_picture(JPEG)
        box.clock.step_wall(-3 * 86_400)
        box.store.behave("well")
        await box.until_done()

    assert box.store.kept() == [picture]


async def test_knocks_come_further_apart_at_a_store_that_stays_away(box: Box) -> None:
    await box.keep_picture(JPEG)
    box.store.behave("away")

    async with box.copying() as copier:
        await becomes(lambda: copier.standing.state is StoreState.UNREACHABLE, 10)
        asked = len(box.store.asked)
        for _ in range(600):
            await box.clock.until_asleep()  # not amid a knock
            await box.clock.advance(1)
        early = len(box.store.asked) - asked
        asked = len(box.store.asked)
        for _ in range(600):
            await box.clock.until_asleep()  # not amid a knock
            await box.clock.advance(1)
        late = len(box.store.asked) - asked

    assert late <= 5  # every 150 to 300 s
    assert late < early < 20
    assert {method for method, key in box.store.asked} == {"PUT"}
    assert {key for _, key in box.store.asked} == {f"{SITE}/.gtvision-edge.json"}


async def test_one_that_the_store_refuses_is_parked_and_others_go_on(box: Box) -> None:
    poison = await box.keep_picture(b"poison")
    box.store.mood_of = lambda method, key: "denies" if key == poison else None

    async with box.copying() as copier:
        await box.until(lambda totals: totals.parked == 1, turning_s=60)
        fine = await box.keep_picture(JPEG)
        await box.until_done()
        assert copier.standing.state is StoreState.UP

    assert box.store.kept() == [fine]
    (parked,) = await parked_after(box.database, 0, 10)
    assert (parked.reason, parked.owed.attempts) == ("AccessDenied", PARK_AT)
    assert sum(key == poison for _, key in box.store.asked if _ == "PUT") == PARK_AT


async def test_what_was_queued_before_a_stop_is_looked_for_and_not_sent_twice(box: Box) -> None:
    there = await box.keep_picture(JPEG)
    box.store.objects[there] = JPEG  # the stop came between the store's word and the commit
    missing = await box.keep_picture(OTHER)

    async with box.copying():
        totals = await box.until_done()

    assert totals.copies == 2
    assert box.store.stored[there] == 0
    assert box.store.stored[missing] == 1


async def test_who_may_write_and_not_look_still_gets_it_there(box: Box) -> None:
    key = await box.keep_picture(JPEG)
    box.store.mood_of = lambda method, _: "denies" if method == "HEAD" else None

    async with box.copying():
        await box.until_done()

    assert box.store.objects[key] == JPEG


async def test_a_picture_that_goes_takes_its_copy_with_it(box: Box) -> None:
    key = await box.keep_picture(JPEG)
    other = await box.keep_picture(OTHER)

    async with box.copying():
        await box.until_done()
        await box.drop_picture(JPEG)
        totals = await box.until_done()

    assert box.store.kept() == [other]
    assert box.store.removed == [key]
    assert totals == Totals(copies=1, copied_bytes=len(OTHER))


async def test_a_picture_that_goes_while_it_is_copied_is_removed_afterwards(box: Box) -> None:
    key = await box.keep_picture(JPEG)
    box.store.mood_of = lambda method, asked: "hangs" if (method, asked) == ("PUT", key) else None

    async with box.copying():
        await box.until_asked("PUT", key)
        await box.drop_picture(JPEG)
        box.store.mood_of = lambda method, asked: None
        box.store.behave("well")
        totals = await box.until_done()

    assert box.store.stored[key] == 1
    assert box.store.kept() == []
    assert totals.copies == 0


async def test_a_picture_that_comes_again_while_its_copy_is_to_go_is_there_in_the_end(
    box: Box,
) -> None:
    async with box.copying():
        key = await box.keep_picture(JPEG)
        await box.until_done()
        box.store.mood_of = lambda method, asked: "hangs" if method == "DELETE" else None
        await box.drop_picture(JPEG)
        await box.until_asked("DELETE", key)
        await box.keep_picture(JPEG)
        box.store.mood_of = lambda method, asked: None
        box.store.behave("well")
        await box.until_done()

    assert box.store.objects[key] == JPEG


@pytest.mark.parametrize("seed", range(6))
async def test_however_pictures_come_and_go_the_store_has_those_that_are_there(
    box: Box, seed: int
) -> None:
    choose = random.Random(seed)  # noqa: S311 -- no secret
    pictures = {b"picture %d" % number: False for number in range(5)}
    keys: dict[bytes, str] = {}
    moods: list[Mood] = ["well", "well", "away", "cuts", "denies"]
    for _ in range(4):  # starts
        async with box.copying(patience=Patience(small_s=1)):
            for _ in range(12):
                jpeg = choose.choice(list(pictures))
                if pictures[jpeg]:
                    await box.drop_picture(jpeg)
                else:
                    keys[jpeg] = await box.keep_picture(jpeg)
                pictures[jpeg] = not pictures[jpeg]
                if choose.random() < 0.3:
                    box.store.behave(choose.choice(moods))
                await box.clock.advance(choose.choice([0, 0, 1, 5, 40]))
    box.store.behave("well")

    async with box.copying():
        totals = await box.until_done()

    there = sorted(keys[jpeg] for jpeg, is_there in pictures.items() if is_there)
    assert box.store.kept() == there
    assert (totals.copies, totals.parked) == (len(there), 0)


async def test_nothing_is_removed_that_was_never_to_be_copied(box: Box) -> None:
    await box.drop_picture(JPEG)

    assert await box.totals() == Totals()


async def test_a_copy_of_evidence_outlives_its_bundle_unless_the_site_says_otherwise(
    box: Box,
) -> None:
    kept = await box.make_bundle(b"kept")
    gone = await box.make_bundle(b"gone", "019b0000-0000-7000-8000-00000000e002")

    async with box.copying():
        await box.until_done()
        await box.delete_bundle(b"kept")
        await box.delete_bundle(
            b"gone",
            "019b0000-0000-7000-8000-00000000e002",
            settings=box.setting(remove_expired_evidence=True),
        )
        await box.until_done()

    assert box.store.kept() == [kept]
    assert box.store.removed == [gone]
    (said,) = await box.acts("export.archive_removed")
    assert gone.endswith(said["key"])


@pytest.mark.parametrize(
    ("change", "reason"), [("remove", "file_gone"), ("damage", "file_changed")]
)
async def test_a_file_that_is_gone_or_changed_is_not_copied_and_shown(
    box: Box, change: str, reason: str
) -> None:
    await box.make_bundle(BIG)
    path = box.bundle_path(EXPORT)
    if change == "remove":
        path.unlink()
    else:
        path.write_bytes(BIG[:-1] + b"!")

    async with box.copying() as copier:
        await box.until(lambda totals: totals.parked == 1, turning_s=60)
        assert copier.standing.state is StoreState.UP

    assert box.store.kept() == []
    assert not box.store.uploads
    (parked,) = await parked_after(box.database, 0, 10)
    assert (parked.reason, parked.owed.attempts) == (reason, PARK_FILE_AT)


async def test_a_disk_that_is_not_there_is_waited_for(box: Box) -> None:
    bundle = await box.make_bundle(b"a bundle")
    folder = box.folder / "exports"
    folder.rename(box.folder / "unmounted")

    async with box.copying():
        for _ in range(200):
            await box.clock.advance(600)
        assert (await box.totals()).waiting == 1
        (box.folder / "unmounted").rename(folder)
        await box.until(lambda totals: not totals.waiting, turning_s=60)

    assert box.store.objects[bundle] == b"a bundle"


async def test_copies_take_no_more_of_the_line_than_they_may(box: Box) -> None:
    settings = box.setting(bytes_per_second="1MiB")
    await box.make_bundle(BIG)
    began = box.clock.monotonic()

    async with box.copying(settings):
        await box.until(lambda totals: not totals.waiting, turning_s=0.5)

    assert 19 <= box.clock.monotonic() - began <= 25  # 20 MiB


async def test_a_new_secret_in_its_file_is_taken_at_the_next_knock(box: Box) -> None:
    secret = box.folder / "secret"
    secret.write_text("wrong\n")
    settings = settings_for(box.store, secret_key="", secret_key_file=secret)
    key = await box.keep_picture(JPEG)

    async with box.copying(settings) as copier:
        await becomes(lambda: copier.standing.state is StoreState.REFUSED, 10)
        assert copier.standing.reason == "SignatureDoesNotMatch"
        secret.write_text(f"{box.store.secret_key}\n")
        await box.until_done()

    assert box.store.kept() == [key]


async def test_a_secret_file_that_is_missing_is_told_and_waited_for(box: Box) -> None:
    settings = settings_for(box.store, secret_key="", secret_key_file=box.folder / "none")

    async with box.copying(settings) as copier:
        await becomes(lambda: copier.standing.state is StoreState.REFUSED, 10)
        assert copier.standing.reason == "secret_unreadable"


async def test_no_secret_is_ever_in_the_log(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    await box.keep_picture(JPEG)
    await box.make_bundle(BIG)
    moods: list[Mood] = ["denies", "away", "cuts"]
    for mood in moods:
        box.store.behave(mood)
        async with box.copying() as copier:
            await becomes(lambda: copier.standing.state is not StoreState.UNKNOWN, 10)
            for _ in range(5):
                await box.clock.advance(400)

    said = capsys.readouterr()
    assert "archive_state" in said.out
    assert box.store.secret_key not in said.out + said.err
    assert "Signature=" not in said.out + said.err


async def test_nothing_of_the_environment_is_taken(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange: dict[str, Any] = {
        "AWS_SESSION_TOKEN": "foreign",
        "AWS_ACCESS_KEY_ID": "foreign",
        "AWS_SECRET_ACCESS_KEY": "foreign",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
        "AWS_SKIP_SIGNATURE": "true",
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }
    for name, value in strange.items():
        monkeypatch.setenv(name, value)
    key = await box.keep_picture(JPEG)

    async with box.copying():
        await box.until_done()

    assert box.store.kept() == [key]


async def test_with_another_store_old_copies_are_left_there_and_that_is_written_down(
    box: Box,
) -> None:
    await box.keep_picture(JPEG)
    async with box.copying():
        await box.until_done()
    elsewhere = box.setting(prefix="outro/lugar")
    await box.keep_picture(OTHER, settings=elsewhere)

    async with box.copying(elsewhere):
        totals = await box.until_done()

    assert totals.copies == 1
    assert any(key.startswith(f"outro/lugar/{SITE}/pictures/") for key in box.store.objects)
    (said,) = await box.acts("archive.store_changed")
    assert said == {
        "before": f"{box.store.url}/copias",
        "now": f"{box.store.url}/copias/outro/lugar",
        "copies_left": 1,
        "removals_left": 0,
    }
