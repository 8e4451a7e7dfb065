"""Troubles that last are told once, and that they went; what flaps is not told each time."""

import pytest

from gtvision_edge.accounts.model import Locale
from gtvision_edge.cameras.model import CameraState, StateEntry
from gtvision_edge.push import repository
from gtvision_edge.push.model import Condition, Sighting, Topic
from gtvision_edge.push.troubles import QUIET_S, TroubleWatch
from gtvision_edge.push.watching import SiteWatch
from gtvision_edge.push.words import words_of
from gtvision_edge.recordings import errors as volume_errors
from gtvision_edge.recordings.retention.errors import BreakerOpenError
from gtvision_edge.runtime.findings import Finding
from tests.fakes.cameras import FakeCamera
from tests.unit.push.conftest import GATE, MANAGER_A, YARD, Town

SETTLE_S = 120.0
OFFLINE = Sighting(Topic.CAMERAS, GATE.camera_uuid, Condition.TROUBLED, "offline", 7)
WELL = Sighting(Topic.CAMERAS, GATE.camera_uuid, Condition.WELL, "recording", 9)
UNKNOWN = Sighting(Topic.CAMERAS, GATE.camera_uuid, Condition.UNDECIDED, "unknown", 9)


async def queued(town: Town) -> list[tuple[str, str, bool, str, int]]:
    rows = await town.database.fetch_all("SELECT * FROM push_queue ORDER BY seq")
    return [
        (row["topic"], row["subject"], bool(row["is_over"]), row["reason"], row["since_us"])
        for row in rows
    ]


async def see(town: Town, seconds: float, *sightings: Sighting) -> None:
    """Have it like this for *seconds*, looked at every five."""
    town.sightings[:] = sightings
    for _ in range(int(seconds / 5) + 1):
        await town.pushes.troubles.examine()
        await town.clock.advance(5)


async def test_a_camera_that_stays_away_is_told_once_and_once_that_it_is_back(town: Town) -> None:
    await town.subscribe()

    await see(town, SETTLE_S - 10, OFFLINE)
    assert await queued(town) == []
    await see(town, 3600, OFFLINE)
    assert await queued(town) == [("cameras", GATE.camera_uuid, False, "offline", 7)]
    await see(town, SETTLE_S - 10, WELL)
    assert len(await queued(town)) == 1
    await see(town, 3600, WELL)
    assert (await queued(town))[1:] == [("cameras", GATE.camera_uuid, True, "offline", 7)]


async def test_a_camera_that_flaps_is_told_at_most_once_an_hour(town: Town) -> None:
    await town.subscribe()

    for _ in range(20):
        await see(town, 60, OFFLINE)
        await see(town, 60, WELL)
    assert await queued(town) == []

    for _ in range(6):
        await see(town, SETTLE_S + 10, OFFLINE)
        await see(town, SETTLE_S + 10, WELL)
    assert [each[2] for each in await queued(town)] == [False, True]

    await see(town, QUIET_S, OFFLINE)
    assert [each[2] for each in await queued(town)] == [False, True, False]


async def test_what_is_not_known_changes_nothing_and_what_is_removed_is_told_to_nobody(
    town: Town,
) -> None:
    await town.subscribe()

    await see(town, 600, UNKNOWN)
    assert await queued(town) == []
    await see(town, SETTLE_S + 5, OFFLINE)
    await see(town, 600, UNKNOWN)
    assert len(await queued(town)) == 1
    await see(town, 600)
    assert len(await queued(town)) == 1
    assert await town.database.fetch_all("SELECT * FROM push_troubles") == []


async def test_a_restart_tells_nothing_twice_and_forgets_nothing(town: Town) -> None:
    await town.subscribe()
    await see(town, SETTLE_S + 5, OFFLINE)

    restarted = TroubleWatch(
        town.database, town.clock, look=lambda: town.sightings, settle_s=SETTLE_S, wake=lambda: None
    )
    await restarted.load()
    for sighting in (OFFLINE, WELL):
        town.sightings[:] = [sighting]
        for _ in range(40):
            await restarted.examine()
            await town.clock.advance(5)

    assert [each[2] for each in await queued(town)] == [False, True]


async def test_that_nothing_is_recorded_is_told_within_seconds(town: Town) -> None:
    await town.subscribe()

    await see(town, 15, Sighting(Topic.STORAGE, "storage", Condition.TROUBLED, "breaker_open"))

    assert [each[:2] for each in await queued(town)] == [("storage", "storage")]


async def test_of_what_came_and_went_while_nothing_could_be_sent_that_it_went_is_told(
    town: Town,
) -> None:
    await town.subscribe()
    await see(town, SETTLE_S + 5, OFFLINE)
    await see(town, SETTLE_S + 5, WELL)
    await town.pushes.troubles.load()
    composer = town.pushes.sender._composer
    (subscription_id,) = await repository.waiting_subscriptions(town.database)
    waiting = await repository.waiting_for(town.database, subscription_id, 10)

    parcels = await composer.compose(MANAGER_A, waiting)

    titles = [each.message.title for each in parcels if each.message]
    assert titles == ["Câmera voltou a gravar: Portaria"]
    assert sorted(seq for each in parcels for seq in each.seqs) == [each.seq for each in waiting]


class States:
    def __init__(self, **states: CameraState) -> None:
        self._states = states

    def state_of(self, camera_id: str) -> StateEntry:
        return StateEntry(self._states[camera_id], 5)


class Directory:
    def __init__(self, *cameras: FakeCamera) -> None:
        self._cameras = cameras

    def all_cameras(self) -> tuple[FakeCamera, ...]:
        return self._cameras


@pytest.mark.parametrize(
    ("state", "trouble", "condition"),
    [
        (CameraState.RECORDING, "", Condition.WELL),
        (CameraState.OFFLINE, "", Condition.TROUBLED),
        (CameraState.UNAUTHORIZED, "", Condition.TROUBLED),
        (CameraState.ONLINE_NOT_RECORDING, "", Condition.TROUBLED),
        (CameraState.ONLINE_NOT_RECORDING, "breaker_open", Condition.UNDECIDED),
        (CameraState.OFFLINE, "breaker_open", Condition.TROUBLED),
        (CameraState.UNKNOWN, "", Condition.UNDECIDED),
    ],
)
def test_the_site_is_seen_as_its_parts_say(
    state: CameraState, trouble: str, condition: Condition
) -> None:
    off = FakeCamera("cam03", "uuid-3", record=False)
    archive = [Finding("archive_refused")]
    look = SiteWatch(
        Directory(GATE, YARD, off),
        States(cam01=state, cam02=CameraState.RECORDING),
        recording_trouble=lambda: trouble,
        hub=lambda: [Finding("hub_unreachable"), Finding("hub_far_behind")],
        archive=lambda: archive,
    )

    seen = {each.subject: each for each in look()}

    assert seen["storage"].condition is (Condition.TROUBLED if trouble else Condition.WELL)
    assert (seen["hub"].condition, seen["hub"].reason) == (Condition.TROUBLED, "hub_backlog")
    assert seen["archive"].condition is Condition.WELL  # amber in Saúde: nobody is woken for it
    assert seen[GATE.camera_uuid].condition is condition
    assert seen[YARD.camera_uuid].condition is Condition.WELL
    assert "uuid-3" not in seen

    archive.append(Finding("archive_far_behind"))
    behind = next(each for each in look() if each.subject == "archive")
    assert (behind.condition, behind.reason) == (Condition.TROUBLED, "archive_backlog")


@pytest.mark.parametrize("locale", ["pt-BR", "en"])
def test_every_reason_has_words(locale: Locale) -> None:
    codes = {
        each.code
        for each in vars(volume_errors).values()
        if isinstance(each, type) and issubclass(each, volume_errors.VolumeError)
    }
    # Of commands, which nothing is recorded during.
    codes -= {"nothing_to_adopt", "disk_changed_meanwhile"}
    states = {CameraState.OFFLINE, CameraState.UNAUTHORIZED, CameraState.ONLINE_NOT_RECORDING}
    codes |= {
        BreakerOpenError.code,
        "volume_full",
        "hub_backlog",
        "hub_queue_deep",
        "archive_backlog",
    }
    codes |= {each.value for each in states}

    assert len(codes) > 10
    assert set(words_of(locale).reasons) == codes
