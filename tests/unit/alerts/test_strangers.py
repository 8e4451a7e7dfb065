"""Nobody is shown a reading or an alert of another tenant, or of a camera outside the own list, by any way there is."""

from dataclasses import replace
from itertools import product

import pytest

from gtvision_edge.accounts import NotPermittedError, Principal, Role, TenantId
from gtvision_edge.alerts.feed import Feed
from gtvision_edge.alerts.model import Audience, Entry, FeedKind
from gtvision_edge.alerts.service import AlertDesk
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.storage import Database
from tests.fakes.clock import FakeClock
from tests.fakes.words import WORDS
from tests.unit.alerts.conftest import OPERATOR_A, SITE, Gate
from tests.unit.alerts.test_feed import followed, gather

CAMERAS = [("cam01", "a"), ("cam02", "a"), ("cam09", "b"), ("cam01", "b")]
"""The last one: a camera's id that belonged to the other tenant at another time."""
LISTS = [None, (), ("cam01",), ("cam02",), ("cam09",), ("cam01", "cam09"), ("cam77",)]
PEOPLE: list[Principal] = [
    replace(
        OPERATOR_A,
        role=role,
        tenant_id=None if tenant is None else TenantId(tenant),
        camera_ids=None if cameras is None else frozenset(cameras),
    )
    for role, tenant, cameras in product(Role, (None, "a", "b", "c"), LISTS)
]


@pytest.fixture
def kept() -> int:
    return 10_000


def keys(entries: list[Entry]) -> list[tuple[str, str, str]]:
    return [(e.kind.value, e.detection.camera_id, e.detection.tenant_id) for e in entries]


@pytest.mark.timeout(60)
async def test_the_feed_the_list_and_the_poll_show_exactly_what_a_person_may_see(
    gate: Gate, desk: AlertDesk, database: Database, bus: EventBus, clock: FakeClock
) -> None:
    for tenant_id in ("a", "b"):
        await gate.watch("ABC1234", tenant_id)
    for camera_id, tenant_id in CAMERAS:
        await gate.passes("ABC1234", camera_id, tenant_id)
        await gate.passes("XYZ9999", camera_id, tenant_id)
        await clock.advance(60)
    (_, _, third, _), _ = await desk.latest(SITE, limit=10)
    await desk.acknowledge(SITE, third.alert_id)
    everything = frozenset(FeedKind)

    async with followed(Feed(database, bus, clock, words=WORDS)) as feed:
        async with feed.sit(Audience(SITE, everything), since=0) as seat:
            whole = await gather(feed, seat, 3 * len(CAMERAS) + 1)
        for person in PEOPLE:
            may = [
                entry
                for entry in whole
                if person.tenant_id in (None, entry.detection.tenant_id)
                and (person.camera_ids is None or entry.detection.camera_id in person.camera_ids)
            ]
            audience = Audience(person, everything)
            assert [entry.seq for entry in whole if audience.takes(entry)] == [e.seq for e in may]
            async with feed.sit(audience, since=0) as seat:
                assert keys(await gather(feed, seat, len(may))) == keys(may), person

            if not person.may_watch:
                with pytest.raises(NotPermittedError):
                    await desk.latest(person, limit=10)
                continue
            own = [entry.alert for entry in may if entry.kind is FeedKind.ALERT]
            listed, _ = await desk.latest(person, limit=10)
            polled = (await desk.since(person, 0, limit=100)).alerts
            assert listed[::-1] == own, person
            assert sorted(polled, key=lambda alert: alert.raised_us) == own, person
