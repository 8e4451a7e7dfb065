"""Each person has a few devices of their own."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from gtvision_edge.accounts import NotPermittedError, Session
from gtvision_edge.audit import AuditLog
from gtvision_edge.detections.model import WatchLevel
from gtvision_edge.keys import PushKey
from gtvision_edge.push.errors import TooManySubscriptionsError, UnknownSubscriptionError
from gtvision_edge.push.model import Topic
from gtvision_edge.push.opening import open_pushes
from gtvision_edge.push.subscriptions import MOST_OF_A_PERSON, NewSubscription
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.settings import PushSettings, SiteSettings
from tests.unit.push.conftest import ADMIN_A, AUDITOR_A, MANAGER_A, MANAGER_B, Town


async def test_a_browser_that_comes_again_is_the_same_device_with_the_new_login(town: Town) -> None:
    first = await town.subscribe(topics=[Topic.PLATES], plates_from=WatchLevel.CRITICAL)
    again = await town.subscribe()

    assert again == first
    rows = await town.database.fetch_all("SELECT action FROM audit_log WHERE action LIKE 'push.%'")
    assert [row["action"] for row in rows] == ["push.subscribed"]


async def test_a_browser_with_a_new_address_keeps_its_choices(town: Town) -> None:
    first = await town.subscribe(name="old", topics=[Topic.CAMERAS])
    endpoint = town.service.endpoint("new")
    keys = town.service.browsers["new"].keys
    wanted = NewSubscription(
        endpoint, keys["p256dh"], keys["auth"], replaces=town.service.endpoint("old")
    )

    again = await town.pushes.desk.subscribe(Session(MANAGER_A, "login-ana"), wanted)

    assert again.subscription_id == first.subscription_id
    assert again.topics == {Topic.CAMERAS}
    assert len(await town.pushes.desk.list_own(MANAGER_A)) == 1


async def test_a_browser_is_of_who_used_it_last_and_nobody_takes_one_by_its_old_address(
    town: Town,
) -> None:
    await town.subscribe(MANAGER_A, "shared")
    theirs = await town.subscribe(MANAGER_B, "shared")
    assert await town.pushes.desk.list_own(MANAGER_A) == []
    assert await town.pushes.desk.list_own(MANAGER_B) == [theirs]

    endpoint = town.service.endpoint("mine")
    keys = town.service.browsers["mine"].keys
    wanted = NewSubscription(
        endpoint, keys["p256dh"], keys["auth"], replaces=town.service.endpoint("shared")
    )
    await town.pushes.desk.subscribe(Session(MANAGER_A, "login-ana"), wanted)
    assert await town.pushes.desk.list_own(MANAGER_B) == [theirs]


async def test_others_devices_do_not_exist(town: Town) -> None:
    mine = (await town.subscribe()).subscription_id
    desk = town.pushes.desk

    for person in (ADMIN_A, MANAGER_B):
        with pytest.raises(UnknownSubscriptionError):
            await desk.find(person, mine)
        with pytest.raises(UnknownSubscriptionError):
            await desk.change(person, mine, device="x")
        with pytest.raises(UnknownSubscriptionError):
            await desk.remove(person, mine)
        assert await desk.list_own(person) == []


async def test_nobody_chooses_what_is_not_theirs_to_hear(town: Town) -> None:
    mine = await town.subscribe()

    with pytest.raises(NotPermittedError):
        await town.subscribe(AUDITOR_A, "a", topics=[Topic.PLATES])
    with pytest.raises(NotPermittedError):
        await town.pushes.desk.change(MANAGER_A, mine.subscription_id, topics=[Topic.HUB])
    hub_person = replace(MANAGER_A, issuer="https://hub.example")
    with pytest.raises(NotPermittedError):
        await town.subscribe(hub_person, "b")


async def test_a_person_has_a_few_devices_at_most(town: Town) -> None:
    for number in range(MOST_OF_A_PERSON):
        await town.subscribe(name=str(number))

    with pytest.raises(TooManySubscriptionsError):
        await town.subscribe(name="one-more")
    await town.subscribe(name="0")
    await town.subscribe(ADMIN_A, "another's")


async def test_what_waits_for_a_removed_device_goes_with_it(town: Town) -> None:
    mine = await town.subscribe()
    await town.passes("ABC1D23")
    assert await town.waiting() == 1

    await town.pushes.desk.remove(MANAGER_A, mine.subscription_id)

    assert await town.waiting() == 0


async def test_subscriptions_to_another_key_of_the_site_are_removed_at_the_start(
    town: Town,
) -> None:
    await town.subscribe()
    await town.passes("ABC1D23")
    other = PushKey(ec.generate_private_key(ec.SECP256R1()))

    async with open_pushes(
        town.database,
        AuditLog(town.clock),
        town.clock,
        EventBus(),
        key=other,
        settings=PushSettings(),
        site=SiteSettings(),
        cameras=town.cameras,
        alerts=town.alerts,
        find_person=town.pushes.sender._find_person,
        look=list,
    ):
        assert await town.pushes.desk.list_own(MANAGER_A) == []
        assert await town.waiting() == 0
