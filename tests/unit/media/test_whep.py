"""WebRTC's signalling before a scripted media server: whose session it is, and when it ends."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from gtvision_edge.accounts import Role, SessionService
from gtvision_edge.api.auth import Proxies, RequestAuthenticator
from gtvision_edge.api.errors import problems
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.media import whep
from gtvision_edge.media.access import Doorkeeper
from gtvision_edge.media.client import MediaServerClient
from gtvision_edge.media.gateway import Gateway, MediaServerPlace
from gtvision_edge.media.patient_proofs import GRACE_S
from gtvision_edge.media.viewings import Viewings
from gtvision_edge.media.whep import USER_AGENT, WebRtcPlace, Whep
from gtvision_edge.runtime.tasks import is_fatal
from gtvision_edge.storage import Database
from gtvision_edge.storage.errors import DatabaseDamagedError
from tests.fakes.cameras import FakeCamera, FakeDirectory
from tests.fakes.clock import FakeClock
from tests.fakes.people import People, viewer
from tests.streams import open_streams
from tests.waiting import becomes, patiently

OFFER = "v=0\r\no=offer\r\n"
ICE = '<stun:stun.example:3478>; rel="ice-server"'


@dataclass
class Upstream:
    """The signalling and the API of a media server; ``sessions``: path and user agent by id, ``secrets``: id by secret."""

    sessions: dict[str, tuple[str, str]] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str], str]] = field(default_factory=list)
    status: int = 201
    available: dict[str, bool] = field(default_factory=lambda: {"cam01_live": True})
    api_down: bool = False

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/{path}/whep", self.offer),
            web.options("/{path}/whep", self.options),
            web.patch("/{path}/whep/{secret}", self.trickle),
            web.delete("/{path}/whep/{secret}", self.end),
            web.get("/v3/paths/get/{path}", self.path),
            web.get("/v3/webrtcsessions/list", self.list),
            web.post("/v3/webrtcsessions/kick/{id}", self.kick),
        ]

    def add(self, path: str, user_agent: str) -> tuple[str, str]:
        session_id, secret = str(uuid.uuid4()), str(uuid.uuid4())
        self.sessions[session_id] = path, user_agent
        self.secrets[secret] = session_id
        return session_id, secret

    async def note(self, request: web.Request) -> None:
        self.asked.append(
            (request.method, request.path_qs, dict(request.headers), await request.text())
        )

    async def options(self, request: web.Request) -> web.Response:
        await self.note(request)
        return web.Response(status=204, headers={"Link": ICE})

    async def offer(self, request: web.Request) -> web.Response:
        await self.note(request)
        if self.status != 201:
            return web.json_response({"error": "rtsp://u:secret@cam"}, status=self.status)
        path = request.match_info["path"]
        session_id, secret = self.add(path, request.headers["User-Agent"])
        headers = {
            "Location": f"/{path}/whep/{secret}",
            "ID": session_id,
            "ETag": "*",
            "Link": ICE,
            "Access-Control-Allow-Origin": "*",
        }
        return web.Response(
            status=201, text="v=0\r\no=answer\r\n", content_type="application/sdp", headers=headers
        )

    async def trickle(self, request: web.Request) -> web.Response:
        await self.note(request)
        return web.Response(status=204 if request.match_info["secret"] in self.secrets else 404)

    async def end(self, request: web.Request) -> web.Response:
        await self.note(request)
        session_id = self.secrets.pop(request.match_info["secret"], None)
        self.sessions.pop(session_id or "", None)
        return web.Response(status=200 if session_id else 404)

    async def path(self, request: web.Request) -> web.Response:
        name = request.match_info["path"]
        if name not in self.available:
            return web.json_response({"error": "path not found"}, status=404)
        return web.json_response({"name": name, "available": self.available[name]})

    async def list(self, request: web.Request) -> web.Response:
        if self.api_down:
            return web.Response(status=500)
        items = [
            {"id": name, "path": path, "userAgent": agent}
            for name, (path, agent) in self.sessions.items()
        ]
        return web.json_response({"pageCount": 1, "itemCount": len(items), "items": items})

    async def kick(self, request: web.Request) -> web.Response:
        if self.api_down:
            return web.Response(status=500)
        is_there = self.sessions.pop(request.match_info["id"], None) is not None
        return web.json_response({"status": "ok"}, status=200 if is_there else 404)


@dataclass
class House:
    client: TestClient[web.Request, web.Application]
    doorkeeper: Doorkeeper
    whep: Whep
    upstream: Upstream
    people: People
    cameras: FakeDirectory
    clock: FakeClock
    database: Database
    offered: list[bool]
    up: list[bool]
    unseen: set[str]
    """Uuids of cameras whose paths the media server was not seen to have."""

    async def ask(
        self,
        method: str,
        address: str,
        who: str | None = "ana",
        body: str | bytes | None = None,
        **headers: str,
    ) -> aiohttp.ClientResponse:
        if who:
            headers["Authorization"] = f"Bearer {who}"
        return await self.client.request(method, address, data=body, headers=headers)

    async def offer(
        self, path: str = "cam01_live", who: str | None = "ana"
    ) -> aiohttp.ClientResponse:
        return await self.ask(
            "POST", f"/whep/{path}", who, OFFER, **{"Content-Type": "application/sdp"}
        )

    async def opened(self, path: str = "cam01_live", who: str = "ana") -> str:
        """Open a session and return its address."""
        response = await self.offer(path, who)
        assert response.status == 201, await response.text()
        return response.headers["Location"]

    async def trickle(self, address: str, who: str | None = "ana") -> aiohttp.ClientResponse:
        return await self.ask(
            "PATCH", address, who, "a=x\r\n", **{"Content-Type": "application/trickle-ice-sdpfrag"}
        )

    async def audited(self) -> list[tuple[str, str, str]]:
        await self.database.write(lambda _: None)
        rows = await self.database.fetch_all(
            "SELECT action, actor_name, subject FROM audit_log ORDER BY seq"
        )
        return [tuple(row) for row in rows]


@asynccontextmanager
async def open_house(database: Database, clock: FakeClock) -> AsyncIterator[House]:
    upstream, cameras, offered, up = Upstream(), FakeDirectory(), [True], [True]
    unseen: set[str] = set()
    people = People(
        viewer("ana", "town"),
        viewer("adao", "town"),
        viewer("bia", "harbour"),
        viewer("caio", "town", frozenset({"cam02"})),
        viewer("dora", "town", role=Role.AUDITOR),
    )
    cameras.put(FakeCamera("cam01", "uuid-1", "town"), "rtsp://x/")
    cameras.put(FakeCamera("cam02", "uuid-2", "town"), "rtsp://x/")
    application = web.Application()
    application.add_routes(upstream.routes())
    async with (
        TestServer(application, host="127.0.0.1") as server,
        aiohttp.ClientSession() as session,
    ):
        url = str(server.make_url(""))
        async with open_streams(
            MediaServerPlace(url, None, lambda: "mediamtx"),
            admits=lambda camera, _: camera.camera_uuid not in unseen,
            cameras=cameras,
            authenticator=RequestAuthenticator(cast("SessionService", people), Proxies(())),
            sessions=people,
            database=database,
            clock=clock,
            webrtc=WebRtcPlace(
                url,
                MediaServerClient(url, 5, session),
                is_up=lambda: up[0],
                is_offered=lambda: offered[0],
            ),
        ) as streams:
            app = web.Application(middlewares=[problems])
            app.add_routes(streams.routes())
            async with TestClient(TestServer(app, host="127.0.0.1")) as client:
                yield House(
                    client,
                    streams.doorkeeper,
                    streams.whep,
                    upstream,
                    people,
                    cameras,
                    clock,
                    database,
                    offered,
                    up,
                    unseen,
                )


@pytest.fixture
async def house(database: Database, clock: FakeClock) -> AsyncIterator[House]:
    async with open_house(database, clock) as opened:
        yield opened


async def code(response: aiohttp.ClientResponse) -> tuple[int, str]:
    return response.status, (await response.json())["code"]


async def test_an_offer_opens_a_session_under_an_address_of_ours(house: House) -> None:
    response = await house.offer()

    assert response.status == 201
    assert await response.text() == "v=0\r\no=answer\r\n"
    assert response.content_type == "application/sdp"
    assert response.headers["Link"] == ICE
    assert response.headers["ETag"] == "*"
    assert response.headers["Location"].startswith("/whep/cam01_live/")
    assert "Access-Control-Allow-Origin" not in response.headers
    (secret,) = house.upstream.secrets
    assert secret not in str(response.headers)
    ((method, address, headers, body),) = house.upstream.asked
    assert (method, address, body) == ("POST", "/cam01_live/whep", OFFER)
    assert not {"Authorization", "Cookie"} & set(headers)


async def test_candidates_follow_and_an_end_ends_it(house: House) -> None:
    address = await house.opened()
    (secret,) = house.upstream.secrets

    trickled = await house.trickle(address)
    ended = await house.ask("DELETE", address)

    assert (trickled.status, ended.status) == (204, 200)
    assert house.upstream.asked[1][1] == f"/cam01_live/whep/{secret}"
    assert house.upstream.sessions == {}
    assert await code(await house.trickle(address)) == (404, "unknown_whep_session")
    assert [row[0] for row in await house.audited()] == ["view.started", "view.ended"]


async def test_options_tell_the_ice_servers(house: House) -> None:
    response = await house.ask("OPTIONS", "/whep/cam01_live")

    assert (response.status, response.headers["Link"]) == (204, ICE)


@pytest.mark.parametrize(
    ("who", "path", "status", "problem"),
    [
        (None, "cam01_live", 401, "not_authenticated"),
        ("bia", "cam01_live", 404, "unknown_camera"),
        ("caio", "cam01_live", 404, "unknown_camera"),
        ("ana", "cam77_live", 404, "unknown_camera"),
        ("ana", "by_hand", 404, "unknown_camera"),
        ("dora", "cam01_live", 403, "not_permitted"),
    ],
)
async def test_who_may_not_watch_gets_nothing_and_the_media_server_is_not_asked(
    house: House, who: str | None, path: str, status: int, problem: str
) -> None:
    assert await code(await house.offer(path, who)) == (status, problem)
    assert (await house.ask("OPTIONS", f"/whep/{path}", who)).status == status
    assert house.upstream.asked == []
    assert await house.audited() == []


async def test_a_page_of_another_site_opens_and_ends_nothing_with_our_cookie(house: House) -> None:
    address = await house.opened()
    cookie = {"Cookie": "gtv_session=ana", "Content-Type": "application/sdp"}
    foreign = cookie | {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}

    own = await house.ask("POST", "/whep/cam01_live", None, OFFER, **cookie)
    answers = [
        await house.ask(method, place, None, OFFER, **foreign)
        for method, place in (("POST", "/whep/cam01_live"), ("PATCH", address), ("DELETE", address))
    ]

    assert own.status == 201
    assert [await code(answer) for answer in answers] == [(403, "foreign_origin")] * 3
    assert house.whep.count() == 2


async def test_a_session_is_nobody_elses_and_of_no_other_path(house: House) -> None:
    address = await house.opened()
    name = address.rpartition("/")[2]
    (secret,) = house.upstream.secrets
    asked = len(house.upstream.asked)

    for method in ("PATCH", "DELETE"):
        for place, who, status in (
            (address, "adao", 404),
            (address, "bia", 404),
            (address, "dora", 403),
            (address, None, 401),
            (f"/whep/cam02_live/{name}", "ana", 404),
            (f"/whep/cam01_rec/{name}", "ana", 404),
            (f"/whep/cam01_live/{secret}", "ana", 404),
        ):
            response = await house.ask(
                method, place, who, "a", **{"Content-Type": "application/trickle-ice-sdpfrag"}
            )
            assert response.status == status, (method, place, who)
    assert len(house.upstream.asked) == asked
    assert len(house.upstream.sessions) == 1


@pytest.mark.parametrize(
    ("upstream", "status", "problem"),
    [
        (404, 503, "stream_unavailable"),
        (401, 503, "stream_unavailable"),
        (500, 503, "stream_unavailable"),
        (400, 422, "whep_refused"),
    ],
)
async def test_the_media_servers_refusals_become_ours(
    house: House, upstream: int, status: int, problem: str
) -> None:
    house.upstream.status = upstream

    response = await house.offer()

    assert await code(response) == (status, problem)
    assert "secret" not in await response.text()
    assert house.whep.count() == 0
    assert await house.audited() == []


@pytest.mark.parametrize("available", [{}, {"cam01_live": False}])
async def test_a_refusal_of_a_path_that_is_not_there_yet_is_one_for_the_moment(
    house: House, available: dict[str, bool]
) -> None:
    house.upstream.status, house.upstream.available = 400, available

    response = await house.offer()

    assert await code(response) == (503, "stream_unavailable")
    assert response.headers["Retry-After"] == "1"


async def test_while_the_media_server_is_down_the_answer_comes_at_once(house: House) -> None:
    house.up[0] = house.offered[0] = False

    assert await code(await house.offer()) == (503, "media_server_unavailable")
    assert await code(await house.offer(who="bia")) == (404, "unknown_camera")
    assert house.upstream.asked == []


async def test_a_media_server_without_webrtc_says_so(house: House) -> None:
    house.offered[0] = False

    assert await code(await house.offer()) == (404, "no_webrtc")
    assert await code(await house.offer(who="bia")) == (404, "unknown_camera")
    assert house.upstream.asked == []


@pytest.mark.parametrize(
    ("body", "content_type", "status", "problem"),
    [
        ("x" * (whep.MAX_BODY + 1), "application/sdp", 413, "body_too_large"),
        (OFFER, "application/json", 422, "invalid_input"),
        ("", "application/sdp", 422, "invalid_input"),
    ],
)
async def test_a_body_that_is_no_offer_is_refused(
    house: House, body: str, content_type: str, status: int, problem: str
) -> None:
    response = await house.ask(
        "POST", "/whep/cam01_live", "ana", body, **{"Content-Type": content_type}
    )

    assert await code(response) == (status, problem)
    assert house.upstream.asked == []


async def test_a_ticket_opens_a_session_that_its_pass_goes_on_with(house: House) -> None:
    house.people.tickets["t1"] = "ana", "cam01_live"
    headers = {"Content-Type": "application/sdp"}

    response = await house.ask("POST", "/whep/cam01_live?ticket=t1", None, OFFER, **headers)
    again = await house.ask("POST", "/whep/cam01_live?ticket=t1", None, OFFER, **headers)
    address = response.headers["Location"]
    for _ in range(40):  # the pass does not run out while the session runs
        await house.clock.advance(whep.LOOK_INTERVAL_S)
        await house.clock.until_asleep(2)  # the gateway's sweep, and the look once it is done

    assert again.status == 401
    assert (await house.trickle(address.partition("?")[0], None)).status == 401
    assert (await house.trickle(address, None)).status == 204
    assert (await house.ask("DELETE", address, None)).status == 200


async def test_a_viewing_lasts_as_long_as_the_session(house: House) -> None:
    await house.opened()
    started = await house.audited()
    for _ in range(20):
        await house.clock.advance(whep.LOOK_INTERVAL_S)
    meanwhile = await house.audited()
    watching = house.doorkeeper.viewers()

    house.upstream.sessions.clear()  # the browser went away

    async def over() -> bool:
        await house.clock.advance(whep.LOOK_INTERVAL_S)
        return house.doorkeeper.viewers() == 0

    await becomes(over, 10)
    assert started == meanwhile == [("view.started", "ana", "camera:cam01")]
    assert watching == 1
    assert [row[0] for row in await house.audited()] == ["view.started", "view.ended"]


async def test_who_is_disabled_is_cut_within_half_a_minute(house: House) -> None:
    await house.opened()
    await house.opened(who="adao")
    began = house.clock.monotonic()

    del house.people.known["ana"]

    async def cut() -> bool:
        await house.clock.advance(1)
        return len(house.upstream.sessions) == 1

    await becomes(cut, 10)
    assert house.clock.monotonic() - began <= 30
    assert house.whep.count() == 1


async def test_a_camera_taken_away_is_cut(house: House) -> None:
    await house.opened()
    await house.opened("cam02_live")

    del house.cameras.cameras["cam01"]
    await house.whep.look()

    assert [path for path, _ in house.upstream.sessions.values()] == ["cam02_live"]


async def test_a_cut_that_fails_is_tried_again(house: House) -> None:
    await house.opened()
    del house.people.known["ana"]

    house.upstream.api_down = True
    await house.whep.look()
    kept = house.whep.count()
    house.upstream.api_down = False
    await house.whep.look()

    assert kept == 1
    assert (house.whep.count(), house.upstream.sessions) == (0, {})


async def test_sessions_of_a_daemon_before_us_are_ended_and_strangers_are_not(
    house: House,
) -> None:
    house.upstream.add("cam01_live", USER_AGENT)
    house.upstream.add("cam01_live", "Mozilla/5.0")
    await house.opened()

    await house.whep.look()

    assert sorted(agent for _, agent in house.upstream.sessions.values()) == [
        "Mozilla/5.0",
        USER_AGENT,
    ]
    assert house.whep.count() == 1


async def test_a_login_has_only_so_many_sessions(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whep, "MAX_SESSIONS_OF_PERSON", 3)

    answers = await asyncio.gather(*(house.offer() for _ in range(6)))

    assert sorted(answer.status for answer in answers) == [201] * 3 + [429] * 3
    assert (await house.offer(who="adao")).status == 201


async def test_the_daemons_end_ends_all_sessions(house: House) -> None:
    await house.opened()
    await house.opened(who="adao")

    await house.whep.close()

    assert house.upstream.sessions == {}
    assert house.doorkeeper.viewers() == 0


async def test_nothing_is_offered_before_the_stream_was_seen_to_be_the_cameras_own(
    house: House,
) -> None:
    house.unseen.add("uuid-1")

    response = await house.offer()

    assert await code(response) == (503, "stream_unavailable")
    assert house.upstream.asked == []


@pytest.mark.parametrize(
    ("part", "work"), [(Gateway, "sweep"), (Viewings, "sweep"), (Whep, "look")]
)
async def test_a_fatal_error_in_a_job_of_the_gateway_ends_the_daemon(
    database: Database,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    part: type[object],
    work: str,
) -> None:
    def fails(_: object) -> None:
        raise DatabaseDamagedError("The database is damaged.")

    monkeypatch.setattr(part, work, fails)

    with pytest.raises(ExceptionGroup) as caught:
        async with open_house(database, clock), asyncio.timeout(patiently(5)):
            await clock.until_asleep(3)
            await clock.advance(30)
            await asyncio.Event().wait()  # the group takes us down

    assert is_fatal(caught.value)


async def test_a_session_goes_on_for_a_while_when_the_database_cannot_tell_whether_it_may(
    house: House,
) -> None:
    await house.opened()
    house.people.busy = True

    with capture_logs() as logs:
        await house.whep.look()
        await house.whep.look()
        meanwhile = house.whep.count()
        await house.clock.advance(GRACE_S + 1)
        await house.whep.look()

    assert (meanwhile, house.whep.count()) == (1, 0)
    assert house.upstream.sessions == {}
    told = [line["code"] for line in logs if line["event"] == "rights_not_checked"]
    assert told[0] == "storage_unavailable"
    assert len(told) <= 2  # once a minute, however many watch


async def test_a_look_that_fails_oddly_cuts_nobody_and_is_not_passed_over(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.opened()

    async def odd(_: object) -> bool:
        raise InvalidInputError("odd")

    monkeypatch.setattr(house.people, "is_still_good", odd)

    with pytest.raises(InvalidInputError):
        await house.whep.look()
    assert house.whep.count() == 1
