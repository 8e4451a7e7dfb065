"""What the box promises the hub, on a real RabbitMQ behind a line that breaks."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from pydantic import SecretStr

from gtvision_edge.runtime.clock import SystemClock
from gtvision_edge.runtime.ids import new_uuid7
from gtvision_edge.settings import UplinkSettings
from gtvision_edge.storage import Database, Transaction
from gtvision_edge.uplink import Message, Outbox, outbox
from gtvision_edge.uplink.link import PARK_AT, LinkState, Uplink
from gtvision_edge.uplink.watch import UplinkWatch
from tests.rabbitmq import EXCHANGE, QUEUE, Hub
from tests.waiting import patiently

pytestmark = [pytest.mark.rabbitmq, pytest.mark.xdist_group("rabbitmq"), pytest.mark.timeout(240)]
CLOCK = SystemClock()


class Box:
    """The box's side: an outbox and the link that empties it."""

    def __init__(self, database: Database, settings: UplinkSettings) -> None:
        self.database = database
        self.link = Uplink(settings, database, CLOCK, site_id="site-1")
        self.watch = UplinkWatch(settings, database, self.link, CLOCK)
        self.outbox = Outbox(CLOCK, site_id="site-1", wake=self.link.wake)
        self.sent: dict[str, list[str]] = {}
        self.tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Put the link to work."""
        self.tasks.append(asyncio.create_task(self.link.run()))

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        if self.tasks:
            await asyncio.wait(self.tasks)

    async def emptied(self, seconds: float = 30) -> None:
        """Wait until nothing waits."""
        async with asyncio.timeout(patiently(seconds)):
            while await self.waiting():  # noqa: ASYNC110 -- looks at another process's doings
                await asyncio.sleep(0.05)

    async def add(
        self, count: int, *, lanes: int = 4, key: str = "deteccoes.lpr", is_late: bool = False
    ) -> None:
        """Accept *count* messages in as many transactions, in turn for *lanes* cameras."""
        for number in range(count):
            lane = f"u-{number % lanes}"
            message = Message(
                message_id=new_uuid7(CLOCK),
                kind="br.gtvision.deteccao.lpr.v1",
                routing_key=key,
                lane=lane,
                subject="camera/cam01",
                time_us=CLOCK.now_us(),
                schema="deteccao.lpr.v1.json",
                data={"n": number, "lane": lane},
                is_late=is_late,
            )
            self.sent.setdefault(lane, []).append(message.message_id)
            await self.database.write(partial(self.outbox.add, message=message))

    def all_sent(self) -> set[str]:
        return {each for some in self.sent.values() for each in some}

    async def waiting(self) -> int:
        return (await outbox.fetch_backlog(self.database)).waiting


@asynccontextmanager
async def boxed(database: Database, hub: Hub) -> AsyncIterator[Box]:
    """Give a box that knows the hub; :meth:`Box.start` puts its link to work."""
    made = Box(database, UplinkSettings(url=SecretStr(hub.broker.url(hub.line.port))))
    try:
        yield made
    finally:
        await made.stop()


@pytest.fixture
async def box(database: Database, hub: Hub) -> AsyncIterator[Box]:
    async with boxed(database, hub) as made:
        yield made


def _an_hour_older(transaction: Transaction) -> None:
    transaction.execute("UPDATE outbox SET created_us = created_us - 3600000000")


async def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    async with asyncio.timeout(patiently(seconds)):
        while not condition():  # noqa: ASYNC110 -- looks at another process's doings
            await asyncio.sleep(0.05)


def in_order(box: Box, hub: Hub) -> bool:
    first = hub.ids()
    return all([each for each in first if each in set(ids)] == ids for ids in box.sent.values())


async def test_messages_arrive_as_cloud_events_in_order(hub: Hub, box: Box) -> None:
    await hub.declare()
    box.start()
    await hub.listen()

    await box.add(200)
    await until(lambda: len(hub.ids()) == 200)

    assert in_order(box, hub)
    event = hub.arrived[0]
    assert (event["specversion"], event["source"]) == ("1.0", "urn:gtvision:site:site-1")
    assert event["late"] is False
    assert box.link.standing.state is LinkState.UP
    await box.emptied()


async def test_the_persistence_and_id_of_a_message_are_those_of_the_contract(
    hub: Hub, box: Box
) -> None:
    await hub.declare()
    box.start()
    await box.add(1)
    await box.emptied()

    got = await hub.channel.basic_get(QUEUE)

    properties = got.header.properties
    assert properties.delivery_mode == 2
    assert properties.content_type == "application/cloudevents+json"
    assert properties.message_id == json.loads(got.body)["id"] == next(iter(box.all_sent()))


async def test_what_a_camera_told_late_is_late_in_body_and_header_though_it_never_waited(
    hub: Hub, box: Box
) -> None:
    await hub.declare()
    box.start()
    await box.add(1, is_late=True)
    await box.emptied()

    got = await hub.channel.basic_get(QUEUE)

    headers = got.header.properties.headers
    assert headers is not None
    assert json.loads(got.body)["late"] is True
    assert (headers["x-late"], headers["x-stream"]) == (True, "live")


async def test_a_line_that_is_cut_again_and_again_loses_nothing_and_keeps_order(
    hub: Hub, box: Box
) -> None:
    await hub.declare()
    box.start()
    await hub.listen()

    async def cutting() -> None:
        for _ in range(6):
            await asyncio.sleep(0.4)
            hub.line.cut()
            await asyncio.sleep(0.2)
            hub.line.mend()

    await asyncio.gather(box.add(1500), cutting())
    await until(lambda: len(hub.ids()) == 1500, 120)

    assert set(hub.ids()) == box.all_sent()
    assert in_order(box, hub)


async def test_a_broker_that_was_killed_gets_what_it_had_not_confirmed(
    own_hub: Hub, database: Database
) -> None:
    await own_hub.declare()
    async with boxed(database, own_hub) as box:
        box.start()
        await box.add(300)
        await own_hub.broker.kill()
        await box.add(300)
        await own_hub.broker.start()
        await own_hub.connect()
        await own_hub.listen()

        await until(lambda: len(own_hub.ids()) == 600, 120)

    assert set(own_hub.ids()) == box.all_sent()


async def test_what_waited_is_late_and_what_comes_now_overtakes_it(hub: Hub, box: Box) -> None:
    await hub.declare()
    await box.add(3000, lanes=8)
    old = box.all_sent()
    await box.database.write(_an_hour_older)
    await hub.listen()
    box.start()
    await until(lambda: len(hub.arrived) > 100)
    await box.add(8, lanes=8)
    await until(lambda: len(hub.ids()) == 3008, 120)

    fresh = [place for place, each in enumerate(hub.ids()) if each not in old]
    by_id = {each["id"]: each for each in hub.arrived}
    assert max(fresh) < 3000
    assert all(by_id[each]["late"] for each in old)
    assert not any(by_id[each]["late"] for each in box.all_sent() - old)


async def test_what_no_queue_wants_stays_however_often_it_comes_back_and_arrives_when_one_does(
    hub: Hub, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gtvision_edge.uplink.link.LANE_PAUSE_S", (0.01, 0.05))
    await hub.connect()
    await hub.channel.exchange_declare(EXCHANGE, exchange_type="topic", durable=True)
    box.start()
    await box.add(20, lanes=4)
    await until(lambda: box.link.came_back[0] > 4 * 2 * PARK_AT, 30)
    backlog = await outbox.fetch_backlog(box.database)
    assert (backlog.waiting, backlog.parked) == (20, 0)

    await hub.declare()
    await hub.listen()
    await until(lambda: len(hub.ids()) == 20, 90)

    assert in_order(box, hub)


async def test_what_no_queue_wants_is_parked_where_others_are_taken(
    hub: Hub, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gtvision_edge.uplink.link.LANE_PAUSE_S", (0.01, 0.05))
    await hub.connect()
    await hub.channel.exchange_declare(EXCHANGE, exchange_type="topic", durable=True)
    await hub.channel.queue_declare(QUEUE, durable=True)
    await hub.channel.queue_bind(QUEUE, EXCHANGE, "deteccoes.#")
    box.start()
    await box.add(1, lanes=1, key="cameras.status")

    async with asyncio.timeout(patiently(60)):
        while not (await outbox.fetch_backlog(box.database)).parked:
            await box.add(2, lanes=2)

    assert (await outbox.fetch_backlog(box.database)).parked == 1


async def test_a_full_queue_refuses_and_nothing_is_lost(hub: Hub, box: Box) -> None:
    await hub.declare(arguments={"x-max-length": 50, "x-overflow": "reject-publish"})
    box.start()
    await box.add(400)
    await until(lambda: bool(box.link._pauses), 30)
    assert await box.waiting() > 0

    await hub.listen()
    await until(lambda: len(hub.ids()) == 400, 180)

    assert set(hub.ids()) == box.all_sent()


async def test_a_queue_that_is_emptied_slowly_gets_each_camera_s_messages_in_order(
    hub: Hub, box: Box
) -> None:
    await hub.declare(arguments={"x-max-length": 50, "x-overflow": "reject-publish"})
    await box.add(1200)

    async def take() -> None:
        while len(hub.arrived) < 400:
            if (got := await hub.channel.basic_get(QUEUE)).body:
                hub.arrived.append(json.loads(got.body))
                await hub.channel.basic_ack(got.delivery.delivery_tag)
            await asyncio.sleep(0.004)

    box.start()
    async with asyncio.timeout(patiently(60)):
        await take()

    # What was on its way when the queue became full may have been taken in part; from then on there is order.
    last = hub.ids()[-200:]
    for ids in box.sent.values():
        places = [ids.index(each) for each in last if each in set(ids)]
        assert places == sorted(places)


async def test_a_line_so_slow_that_a_batch_takes_long_is_no_frozen_one(
    hub: Hub, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gtvision_edge.uplink.broker.CONFIRM_PATIENCE_S", 1)
    await hub.declare()
    await hub.listen()
    await box.add(600)
    hub.line.bytes_per_s = 40_000
    box.start()

    await box.emptied(60)

    assert in_order(box, hub)
    assert len(hub.arrived) == 600


async def test_what_was_confirmed_before_a_cut_is_not_sent_again(
    hub: Hub, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gtvision_edge.uplink.link.FIRST_DELAY_S", 0.1)
    await hub.declare()
    await hub.listen()
    await box.add(500)
    hub.line.bytes_per_s = 100_000
    box.start()
    await until(lambda: len(hub.arrived) > 150)
    hub.line.cut()
    hub.line.mend()

    await box.emptied(60)

    assert set(hub.ids()) == box.all_sent()
    assert len(hub.arrived) < 600


async def test_a_message_over_which_the_broker_closes_the_line_is_parked_and_others_go_on(
    own_hub: Hub, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gtvision_edge.uplink.link.LANE_PAUSE_S", (0.1, 0.2))
    monkeypatch.setattr("gtvision_edge.uplink.link.REFUSED_DELAY_S", 1)
    control = own_hub.broker.control
    await control("add_user", "box", "secret")
    await control("set_permissions", "-p", "/", "box", "", ".*", ".*")
    await control("set_topic_permissions", "-p", "/", "box", EXCHANGE, r"^deteccoes\.", ".*")
    await own_hub.declare()
    await own_hub.listen()
    url = own_hub.broker.url().replace("guest:guest", "box:secret")
    box = Box(database, UplinkSettings(url=SecretStr(url)))
    await box.add(1, lanes=1, key="auditoria.ancora")
    forbidden = box.all_sent()
    await box.add(40)
    box.start()
    try:
        await until(lambda: len(own_hub.ids()) == 40, 60)
        await box.emptied(60)
        await until(lambda: box.link.standing.state is LinkState.UP, 10)
    finally:
        await box.stop()

    (parked,) = await database.fetch_all("SELECT message_id FROM outbox")
    assert {parked[0]} == forbidden
    assert set(own_hub.ids()) == box.all_sent() - forbidden


async def test_a_user_that_may_not_publish_is_refused_and_told_so(
    own_hub: Hub, database: Database
) -> None:
    await own_hub.broker.control("add_user", "box", "secret")
    await own_hub.broker.control("set_permissions", "-p", "/", "box", "", "", ".*")
    await own_hub.declare()
    url = own_hub.broker.url().replace("guest:guest", "box:secret")
    box = Box(database, UplinkSettings(url=SecretStr(url)))
    await box.add(8)
    box.start()
    try:
        await until(lambda: box.link.standing.state is LinkState.REFUSED, 30)
        states = set()
        for _ in range(100):
            states.add((box.link.standing.state, box.link.standing.reason))
            await asyncio.sleep(0.05)
        assert states == {(LinkState.REFUSED, "not_permitted")}

        await own_hub.broker.control("set_permissions", "-p", "/", "box", "", ".*", ".*")
        await box.emptied(120)
        assert box.link.standing.state is LinkState.UP
    finally:
        await box.stop()


async def test_a_quorum_queue_takes_them_too(hub: Hub, box: Box) -> None:
    await hub.declare(arguments={"x-queue-type": "quorum"})
    box.start()
    await hub.listen()

    await box.add(300)

    await until(lambda: len(hub.ids()) == 300, 90)
    assert in_order(box, hub)


async def test_a_frozen_broker_is_noticed_and_gets_everything_afterwards(
    hub: Hub, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gtvision_edge.uplink.broker.CONFIRM_PATIENCE_S", 3)
    await hub.declare()
    box.start()
    await box.add(10)
    await until(lambda: box.link.standing.state is LinkState.UP)
    hub.broker.freeze()
    await box.add(50)
    await until(lambda: box.link.standing.state is LinkState.STALLED, 60)
    hub.broker.thaw()
    await hub.listen()

    await until(lambda: len(hub.ids()) == 60, 120)

    assert in_order(box, hub)


async def test_a_hub_without_exchange_refuses_until_it_has_one(
    hub: Hub, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gtvision_edge.uplink.link.REFUSED_DELAY_S", 1)
    box.start()
    await box.add(5)
    await until(lambda: box.link.standing.state is LinkState.REFUSED, 30)
    assert [each.code for each in box.watch.findings()] == ["hub_refused"]

    await hub.declare()

    await box.emptied()
    assert list(box.watch.findings()) == []


async def test_wrong_credentials_are_refused(hub: Hub, database: Database) -> None:
    url = hub.broker.url(hub.line.port).replace("guest:guest", "guest:wrong")
    box = Box(database, UplinkSettings(url=SecretStr(url)))
    box.start()
    try:
        await until(lambda: box.link.standing.state is LinkState.REFUSED, 30)
    finally:
        await box.stop()


async def test_why_the_hub_refuses_is_told_as_it_is_now(
    hub: Hub, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gtvision_edge.uplink.link.REFUSED_DELAY_S", 0.2)
    password = tmp_path / "password"
    password.write_text("wrong")
    url = hub.broker.url(hub.line.port)
    box = Box(database, UplinkSettings(url=SecretStr(url), password_file=password))
    box.start()
    try:
        await until(lambda: box.link.standing.reason == "login", 30)
        password.write_text("guest")
        await until(lambda: box.link.standing.reason == "exchange", 30)
        assert box.link.standing.state is LinkState.REFUSED
    finally:
        await box.stop()


async def test_a_virtual_host_that_is_not_there_refuses(hub: Hub, database: Database) -> None:
    box = Box(database, UplinkSettings(url=SecretStr(f"{hub.broker.url()}nowhere")))
    box.start()
    try:
        await until(lambda: box.link.standing.state is LinkState.REFUSED, 30)
        assert box.link.standing.reason == "virtual_host"
    finally:
        await box.stop()


async def test_a_trial_makes_its_exchange_and_watches_a_queue(hub: Hub, database: Database) -> None:
    settings = UplinkSettings(
        url=SecretStr(hub.broker.url()), declare_topology=True, watch_queues=(QUEUE, "none")
    )
    box = Box(database, settings)
    box.start()
    try:
        await until(lambda: box.link.standing.state is LinkState.UP, 30)
        await hub.declare(exchange=False)
        await box.add(5)
        await box.emptied()
        box.tasks.append(asyncio.create_task(box.watch.run()))
        await until(lambda: box.watch.view.depths == {QUEUE: 5, "none": None}, 30)
    finally:
        await box.stop()
