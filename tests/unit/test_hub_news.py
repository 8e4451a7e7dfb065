"""Every piece of news keeps to the schema that is published for it, and shares the fate of what it tells."""

import itertools
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types

from gtvision_edge import hub_news
from gtvision_edge.cameras.model import CameraId, CameraState, CameraStateChanged, CameraUuid
from gtvision_edge.cameras.monitor import OWN_REASONS
from gtvision_edge.hub_news import HubNews
from gtvision_edge.recordings.retention.disk_news import DiskEvent, DiskNews, DiskWatch
from gtvision_edge.recordings.volume import Usage
from gtvision_edge.settings import VolumeSettings
from gtvision_edge.storage import Database
from gtvision_edge.uplink import Outbox, outbox
from tests.fakes.clock import FakeClock

SCHEMAS = Path(__file__).parents[2] / "config/schemas"
TOTAL = 2**40


@pytest.fixture
def news(clock: FakeClock) -> HubNews:
    return HubNews(Outbox(clock, site_id="site-1"), clock)


async def events(database: Database) -> list[dict[str, Any]]:
    found = await outbox.fetch_waiting(database, limit=1000)
    made = [json.loads(each.body) for each in found]
    assert [each["id"] for each in made] == [each["data"]["id"] for each in made]
    return made


def faults(event: dict[str, Any]) -> list[str]:
    name = event["dataschema"].removeprefix("urn:gtvision:schema:")
    schema = json.loads((SCHEMAS / name).read_text("utf-8"))
    assert "br.gtvision." + name.removesuffix(".json") == event["type"]
    assert set(event["data"]) == set(schema["required"]) == set(schema["properties"])
    return [each.json_path for each in Draft202012Validator(schema).iter_errors(event["data"])]


async def test_every_change_of_a_camera_keeps_to_its_schema(
    database: Database, clock: FakeClock, news: HubNews
) -> None:
    reasons = itertools.cycle(["", "camera_unreachable", *sorted(OWN_REASONS)])
    for previous, state in itertools.permutations(CameraState, 2):
        change = CameraStateChanged(
            camera_id=CameraId("cam01"),
            camera_uuid=CameraUuid("u-1"),
            tenant_id="default",
            previous=previous,
            state=state,
            since_us=clock.now_us(),
            reason=next(reasons),
        )
        await database.write(partial(news.tell_camera, change=change))

    made = await events(database)

    assert len(made) == 30
    assert [fault for each in made for fault in faults(each)] == []


@pytest.mark.parametrize("event", DiskEvent)
async def test_every_event_of_the_disk_keeps_to_its_schema(
    database: Database, clock: FakeClock, news: HubNews, event: DiskEvent
) -> None:
    for told in (
        DiskNews(event, clock.now_us(), "nearly_full", 10, TOTAL),
        DiskNews(event, clock.now_us()),
    ):
        await database.write(partial(news.tell_disk, news=told))

    made = await events(database)

    assert [fault for each in made for fault in faults(each)] == []
    assert {each["data"]["evento"] for each in made} == {hub_news._EVENTS[event]}


class Volume:
    usage: Usage | None = None
    trouble = ""

    def fill(self, share: float) -> None:
        self.usage = Usage(TOTAL, round(TOTAL * share), round(TOTAL * (1 - share)))


async def test_thresholds_are_told_when_they_are_crossed_and_the_volume_when_it_goes(
    database: Database, clock: FakeClock, news: HubNews
) -> None:
    volume = Volume()
    watch = DiskWatch(volume, database, clock, settings=VolumeSettings(), tell=news.tell_disk)

    async def told() -> list[str]:
        await watch.look()
        return [each["data"]["evento"] for each in await events(database)]

    assert await told() == []  # nobody has looked at the volume yet
    volume.fill(0.5)
    assert await told() == []
    volume.fill(0.86)
    assert await told() == ["limite_ultrapassado"]
    volume.fill(0.84)  # between the waters
    assert await told() == ["limite_ultrapassado"]
    volume.fill(0.5)
    assert await told() == ["limite_ultrapassado", "limite_normalizado"]
    volume.usage, volume.trouble = None, "volume_missing"
    assert (await told())[2:] == ["volume_ausente"]
    assert (await told())[3:] == []
    volume.fill(0.5)
    volume.trouble = ""
    assert (await told())[3:] == ["volume_presente"]
