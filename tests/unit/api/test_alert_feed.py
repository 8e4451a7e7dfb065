"""The socket of readings and alerts: who is let in, what is said, and when it ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType

from gtvision_edge.accounts import Accounts, Principal
from gtvision_edge.alerts.feed import HEARTBEAT_S, Feed
from gtvision_edge.alerts.service import AlertDesk
from gtvision_edge.api.alert_feed import MAX_SOCKETS_OF_PERSON, AlertFeed
from gtvision_edge.api.auth import RequestAuthenticator
from gtvision_edge.audit import SealedWords
from gtvision_edge.detections.model import (
    Picture,
    PictureKind,
    Reading,
    TrustLevel,
    WatchLevel,
)
from gtvision_edge.detections.opening import Detections
from gtvision_edge.detections.watchlist import NewWatch
from gtvision_edge.media import sockets
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.storage import Database
from tests.fakes.cameras import FakeCamera
from tests.fakes.clock import FakeClock
from tests.fakes.pushes import jpeg
from tests.unit.api.conftest import Served, Starter
from tests.waiting import patiently


@dataclass
class House:
    served: Served
    feed: AlertFeed
    detections: Detections
    clock: FakeClock

    def socket(self, query: str = "", **arguments: Any) -> Any:
        return self.served.http.ws_connect(f"{self.served.url}/ws/alerts{query}", **arguments)

    async def of(self, who: str, more: str = "") -> Any:
        return await self.socket(f"?token={await self.served.token(who)}{more}")

    async def passes(
        self,
        plate: str,
        camera_id: str = "cam01",
        tenant_id: str = "a",
        *,
        event_id: str = "",
        scene: bytes | None = None,
    ) -> str:
        pictures = (Picture(PictureKind.SCENE, scene),) if scene else ()
        taken = await self.detections.intake.take(
            FakeCamera(camera_id, tenant_id=tenant_id),
            Reading(plate, event_id=event_id, pictures=pictures),
            source="hikvision",
            trust=TrustLevel.SECRET_PATH,
        )
        return taken.detection_id


@pytest.fixture
async def house(
    start: Starter,
    accounts: Accounts,
    detections: Detections,
    database: Database,
    bus: EventBus,
    clock: FakeClock,
    words: SealedWords,
) -> AsyncIterator[House]:
    feed = Feed(database, bus, clock, words=words)
    await feed.load()
    made: list[AlertFeed] = []

    def routes(authenticator: RequestAuthenticator) -> Any:
        made.append(AlertFeed(feed, authenticator, accounts.sessions))
        return made[0].routes()

    tasks = [asyncio.create_task(feed.follow()), asyncio.create_task(feed.beat())]
    async with start(routes=routes) as served:
        yield House(served, made[0], detections, clock)
        made[0].let_go()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def heard(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    content: dict[str, Any] = await socket.receive_json(timeout=patiently(5))
    return content


async def closed_with(socket: aiohttp.ClientWebSocketResponse) -> int:
    while (message := await socket.receive(timeout=patiently(5))).type is not WSMsgType.CLOSE:
        assert message.type is WSMsgType.TEXT
    return int(message.data)


async def test_a_picture_that_comes_after_its_reading_is_told_to_who_was_told_of_that(
    house: House,
) -> None:
    async with await house.of("viewer-a") as socket, await house.of("viewer-b") as stranger:
        await heard(socket)
        await heard(stranger)
        detection_id = await house.passes("ABC1234", event_id="e1")
        first = await heard(socket)
        await house.passes("ABC1234", event_id="e1", scene=jpeg())
        late = await heard(socket)
        foreign = await house.passes("XYZ9876", "cam09", "b")
        theirs = await heard(stranger)

    assert (first["type"], first["detection"]["has_scene"]) == ("detection", False)
    assert (late["type"], late["detection"]["has_scene"]) == ("detection_picture", True)
    assert first["detection"]["detection_id"] == late["detection"]["detection_id"] == detection_id
    assert int(late["cursor"]) > int(first["cursor"])
    assert theirs["detection"]["detection_id"] == foreign


async def test_a_wanted_plate_is_told_as_the_api_shows_it(
    house: House, alerts: AlertDesk, admin: Principal
) -> None:
    await house.detections.watchlist.add(
        admin, NewWatch("ABC1234", "carro roubado", WatchLevel.CRITICAL, tenant_id="a")
    )
    async with await house.of("viewer-a") as socket:
        hello = await heard(socket)
        detection_id = await house.passes("ABC1C34")
        detection, alert = await heard(socket), await heard(socket)
        alert_id = alert["alert"]["alert_id"]
        _, acknowledged = await house.served.call(
            "POST", f"/alerts/{alert_id}/ack", who="operator-a", json={"note": "viatura 12"}
        )
        seen = await heard(socket)

    assert hello == {
        "type": "hello",
        "cursor": "0",
        "topics": ["detections", "alerts"],
        "missed": False,
        "heartbeat_s": 15,
    }
    _, shown = await house.served.call("GET", f"/detections/{detection_id}", who="viewer-a")
    assert detection == {"type": "detection", "cursor": "1", "detection": shown}
    assert (alert["type"], alert["cursor"]) == ("alert", "2")
    assert alert["alert"] == acknowledged | {"acknowledged": None}
    assert seen == {"type": "alert_acknowledged", "cursor": "3", "alert": acknowledged}
    assert acknowledged["acknowledged"]["note"] == "viatura 12"


async def test_polling_goes_on_where_the_socket_ended_and_the_other_way_round(
    house: House, admin: Principal
) -> None:
    await house.detections.watchlist.add(
        admin, NewWatch("ABC1234", "carro roubado", WatchLevel.INFO, tenant_id="a")
    )
    await house.passes("ABC1234")
    async with await house.of("viewer-a", "&since=0&topics=alerts") as socket:
        await heard(socket)
        told = await heard(socket)
    await house.clock.advance(60)
    await house.passes("ABC1234")

    _, polled = await house.served.call("GET", f"/alerts?since={told['cursor']}", who="viewer-a")
    (new,) = polled["items"]
    assert new["alert_id"] != told["alert"]["alert_id"]
    async with await house.of("viewer-a", f"&since={told['cursor']}&topics=alerts") as socket:
        await heard(socket)
        assert (await heard(socket))["alert"] == new
    async with await house.of("viewer-a", f"&since={polled['since']}") as socket:
        assert (await heard(socket))["cursor"] == polled["since"]


async def test_a_ticket_opens_one_socket(house: House) -> None:
    _, made = await house.served.call("POST", "/auth/ticket", who="viewer-a", json={})
    async with house.socket(f"?ticket={made['ticket']}") as socket:
        assert (await heard(socket))["type"] == "hello"

    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await house.socket(f"?ticket={made['ticket']}")
    assert caught.value.status == 401


async def test_a_cookie_counts_from_our_own_pages_only(house: House) -> None:
    headers = {"Cookie": f"gtv_session={await house.served.token('viewer-a')}"}
    async with house.socket(headers=headers | {"Origin": house.served.url}) as socket:
        assert (await heard(socket))["type"] == "hello"

    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await house.socket(headers=headers | {"Origin": "https://evil.example"})
    assert caught.value.status == 403


@pytest.mark.parametrize(
    ("who", "query", "status", "code"),
    [
        ("", "", 401, "not_authenticated"),
        ("", "?token=none", 401, "not_authenticated"),
        ("auditor-a", "", 403, "not_permitted"),
        ("viewer-a", "&since=x", 422, "invalid_input"),
        ("viewer-a", "&since=-1", 422, "invalid_input"),
        ("viewer-a", f"&since={'9' * 30}", 422, "invalid_input"),
        ("viewer-a", "&topics=everything", 422, "invalid_input"),
        ("viewer-a", "&topics=", 422, "invalid_input"),
        ("viewer-a", "&other=1", 422, "invalid_input"),
    ],
)
async def test_who_is_not_let_in_learns_why(
    house: House, who: str, query: str, status: int, code: str
) -> None:
    path = f"/ws/alerts?token={await house.served.token(who)}{query}" if who else "/ws/alerts"
    answer, _, content = await house.served.exchange("GET", path if who else path + query)

    assert (answer, content["code"]) == (status, code)


async def test_a_person_has_so_many_sockets(house: House) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(MAX_SOCKETS_OF_PERSON):
            socket = await house.of("viewer-a")
            await stack.enter_async_context(socket)
            await heard(socket)

        assert await closed_with(await house.of("viewer-a")) == sockets.TOO_MANY[0]
        async with await house.of("viewer-b") as other:
            assert (await heard(other))["type"] == "hello"


async def test_a_socket_ends_when_the_person_s_rights_change(
    house: House, accounts: Accounts, admin: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "CHECK_INTERVAL_S", 0.05)
    async with await house.of("viewer-a") as socket:
        await heard(socket)
        await accounts.service.update_user(
            admin,
            house.served.user_ids["viewer-a"],
            {"camera_ids": frozenset({"cam02"})},
            address="",
        )

        assert await closed_with(socket) == sockets.SESSION_ENDED[0]


async def test_a_sign_of_life_carries_the_cursor(house: House) -> None:
    async with await house.of("viewer-b") as socket:
        await heard(socket)
        await house.passes("ABC1234")
        await house.clock.advance(HEARTBEAT_S)

        assert await heard(socket) == {"type": "heartbeat", "cursor": "1"}


async def test_sockets_are_let_go_before_the_server_stops(house: House) -> None:
    async with await house.of("viewer-a") as socket:
        await heard(socket)
        house.feed.let_go()

        assert await closed_with(socket) == sockets.GOING_AWAY[0]


@pytest.mark.parametrize("who", ["admin-a", "operator-a", "viewer-a", "narrow-a"])
async def test_nobody_hears_of_another_tenant(house: House, admin: Principal, who: str) -> None:
    for tenant_id in ("a", "b"):
        await house.detections.watchlist.add(
            admin,
            NewWatch("ABC1234", f"wanted by {tenant_id}", WatchLevel.INFO, tenant_id=tenant_id),
        )
    await house.passes("ABC1234", "cam09", "b")
    own = await house.passes("ABC1234", "cam01", "a")

    async with await house.of(who, "&since=0") as socket:
        told = [await heard(socket) for _ in range(3)]
        await house.passes("XYZ1234", "cam09", "b")
        last = await house.passes("XYZ1234", "cam01", "a")
        told.append(await heard(socket))

    assert [each["type"] for each in told] == ["hello", "detection", "alert", "detection"]
    assert told[1]["detection"]["detection_id"] == own
    assert told[2]["alert"]["detection"]["detection_id"] == own
    assert told[3]["detection"]["detection_id"] == last
    assert "cam09" not in repr(told)
    assert "wanted by b" not in repr(told)
