"""The gateway before a scripted media server: who may see what, and what reaches whom."""

import asyncio
import dataclasses
import io
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request
from PIL import Image
from structlog.testing import capture_logs

from gtvision_edge.accounts import Role
from gtvision_edge.api.errors import IS_STARTED, problems
from gtvision_edge.media import sockets
from gtvision_edge.media.access import Doorkeeper
from gtvision_edge.media.errors import StreamUnavailableError
from gtvision_edge.media.gateway import (
    MAX_SOCKETS_OF_PERSON,
    Gateway,
    MediaServerPlace,
)
from gtvision_edge.media.patient_proofs import GRACE_S
from gtvision_edge.media.placeholder import render_placeholder
from gtvision_edge.media.upstream import MAX_ASKED
from gtvision_edge.media.viewings import Viewings
from gtvision_edge.recordings.volume import Volume, open_volume
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.runtime.shares import MOST_TRANSFERS
from gtvision_edge.storage import Database
from tests.fakes.cameras import FakeCamera, FakeDirectory
from tests.fakes.clock import FakeClock
from tests.fakes.people import People, viewer
from tests.streams import open_streams
from tests.waiting import becomes, patiently

INDEX = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.42c01e"\nvideo1_stream.m3u8{}\n'
MEDIA = '#EXTM3U\n#EXT-X-MAP:URI="h_init.mp4{0}"\n#EXTINF:2,\nh_seg1.mp4{0}\n#EXTINF:2,\nh_seg2.mp4{0}\n'
SEGMENT = bytes(range(256)) * 2000


class Scripted:
    """A media server whose answers a test sets; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.down = False
        self.forgot = False
        self.session_mode = False
        self.with_live = False
        self.trickles = False
        self.breaks_off = False
        self.released = asyncio.Event()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.path_qs, dict(request.headers)))
        file = request.path.rpartition("/")[2]
        if self.breaks_off and file == "h_seg1.mp4":
            return await self.half(request, 401 if self.forgot else 200)
        suffix = "?session=abc" if self.session_mode else ""
        if file == "index.m3u8":
            self.forgot = False
            if self.down:
                return web.json_response({"status": "error"}, status=404)
            if self.session_mode and "cookieCheck" not in request.query:
                raise web.HTTPFound(f"{request.path}?cookieCheck=1")
            return web.Response(text=INDEX.format(suffix), headers={"Cache-Control": "max-age=30"})
        if file == "live" and self.with_live:
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            await socket.send_str(json.dumps({"kind": "init"}))
            await socket.send_bytes(b"first")
            await self.released.wait()
            return socket
        if (
            self.down
            or self.forgot
            or (self.session_mode and request.query_string != "session=abc")
        ):
            return web.json_response({"status": "error"}, status=401)
        if file == "video1_stream.m3u8":
            return web.Response(text=MEDIA.format(suffix))
        if file == "h_seg1.mp4":
            return await self.endless(request) if self.trickles else self.segment(request)
        return web.Response(status=404, text="404 page not found")

    async def endless(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"some")
        await self.released.wait()
        return response

    async def half(self, request: web.Request, status: int) -> web.StreamResponse:
        response = web.StreamResponse(status=status, headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"half of it")
        assert request.transport is not None
        request.transport.close()
        return response

    def segment(self, request: web.Request) -> web.Response:
        headers = {"Cache-Control": "max-age=3600", "ETag": '"x"', "Accept-Ranges": "bytes"}
        wanted = request.http_range
        if wanted.start is None:
            return web.Response(body=SEGMENT, content_type="video/mp4", headers=headers)
        part = SEGMENT[wanted]
        headers["Content-Range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{len(SEGMENT)}"
        return web.Response(body=part, status=206, content_type="video/mp4", headers=headers)


@dataclasses.dataclass
class House:
    """A gateway with all its neighbours."""

    client: TestClient[web.Request, web.Application]
    gateway: Gateway
    doorkeeper: Doorkeeper
    server: Scripted
    people: People
    cameras: FakeDirectory
    clock: FakeClock
    database: Database
    kind: list[str]
    volume: Volume
    unseen: set[str]
    """Uuids of cameras whose paths the media server was not seen to have."""

    async def put_footage(self, camera_id: str, data: bytes, name: str = "00-00-00-000000") -> None:
        """Record *data* as a segment of the camera that has this name now."""
        camera = self.cameras.cameras[camera_id]
        await self.volume.claim_directory(camera)
        day = self.volume.root / f"{camera_id}_rec" / "2026-01-01"
        day.mkdir(exist_ok=True)
        (day / f"{name}.mp4").write_bytes(data)

    async def get(
        self, path: str, who: str | None = "ana", **headers: str
    ) -> aiohttp.ClientResponse:
        if who:
            headers["Authorization"] = f"Bearer {who}"
        return await self.client.get(path, headers=headers)

    async def text(self, path: str, who: str | None = "ana") -> str:
        response = await self.get(path, who)
        assert response.status == 200, await response.text()
        return await response.text()

    async def audited(self) -> list[tuple[str, str, str]]:
        await self.database.write(lambda _: None)  # comes after what is being written
        rows = await self.database.fetch_all(
            "SELECT action, actor_name, subject FROM audit_log ORDER BY seq"
        )
        return [tuple(row) for row in rows]


async def note_start(request: web.Request, _: web.StreamResponse) -> None:
    request[IS_STARTED] = True  # as the API's server does


@asynccontextmanager
async def open_house(
    tmp_path: Path, database: Database, clock: FakeClock, *, with_secret: bool = True
) -> AsyncIterator[House]:
    scripted, cameras, kind = Scripted(), FakeDirectory(), ["mediamtx"]
    unseen: set[str] = set()
    people = People(
        viewer("ana", "town"),
        viewer("bia", "harbour"),
        viewer("caio", "town", frozenset({"cam02"})),
        viewer("dora", "town", role=Role.AUDITOR),
    )
    cameras.put(FakeCamera("cam01", "uuid-1", "town"), "rtsp://x/")
    cameras.put(FakeCamera("cam02", "uuid-2", "town"), "rtsp://x/")
    cameras.put(FakeCamera("cam09", "uuid-9", "harbour"), "rtsp://x/")
    upstream = web.Application()
    upstream.router.add_get("/{rest:.*}", scripted.handle)
    async with (
        open_volume(
            tmp_path / "rec", state_dir=tmp_path, site_id="s1", clock=clock, bus=EventBus()
        ) as volume,
        TestServer(upstream, host="127.0.0.1") as server,
    ):
        place = MediaServerPlace(
            str(server.make_url("")),
            "s3cret" if with_secret else None,
            lambda: kind[0],
        )
        async with open_streams(
            place,
            admits=lambda camera, _: camera.camera_uuid not in unseen,
            cameras=cameras,
            authenticator=people,
            sessions=people,
            database=database,
            recordings=volume.directory_of,
            clock=clock,
        ) as streams:
            app = web.Application(middlewares=[problems])
            app.add_routes(streams.routes())
            app.on_response_prepare.append(note_start)
            many = aiohttp.TCPConnector(limit=0)
            async with TestClient(TestServer(app, host="127.0.0.1"), connector=many) as client:
                yield House(
                    client,
                    streams.gateway,
                    streams.doorkeeper,
                    scripted,
                    people,
                    cameras,
                    clock,
                    database,
                    kind,
                    volume,
                    unseen,
                )
                scripted.released.set()


@pytest.fixture
async def house(tmp_path: Path, database: Database, clock: FakeClock) -> AsyncIterator[House]:
    async with open_house(tmp_path, database, clock) as opened:
        yield opened


ROUTES = (
    "/stream/{}/index.m3u8",
    "/stream/{}/main.m3u8",
    "/stream/{}/h_seg1.mp4",
    "/stream/{}/lost-video-init.mp4",
    "/stream/{}/poster.jpg",
    "/ws/live/{}",
)


@pytest.mark.parametrize("route", ROUTES)
async def test_without_proof_there_is_nothing(house: House, route: str) -> None:
    assert (await house.get(route.format("cam01_live"), None)).status == 401
    assert house.server.asked == []


async def test_bodies_on_their_way_leave_playlists_and_posters_their_own_connections(
    house: House,
) -> None:
    await house.text("/stream/cam01_live/index.m3u8")
    house.server.trickles = True
    grasping = (("ana", "cam01"), ("caio", "cam02"))
    answers = await asyncio.gather(
        *(
            house.get(f"/stream/{camera}_live/h_seg1.mp4", who)
            for who, camera in grasping
            for _ in range(MOST_TRANSFERS + 1)
        )
    )
    await house.clock.advance(1)

    state = (await house.get("/stream/cam02_live/index.m3u8", "caio")).headers["X-Stream-State"]
    again = (await house.get("/stream/cam01_live/main.m3u8", "ana")).headers["X-Stream-State"]
    beyond = await house.get("/stream/cam01_live/h_seg1.mp4", "ana")

    statuses = [answer.status for answer in answers]
    assert statuses.count(200) == 2 * MOST_TRANSFERS > MAX_ASKED
    assert statuses.count(429) == 2
    assert (state, again) == ("live", "live")
    assert (beyond.status, (await beyond.json())["code"]) == (429, "too_many_transfers")
    assert beyond.headers["Retry-After"] == "2"


@pytest.mark.parametrize("part", [Gateway, Viewings])
async def test_a_sweeper_that_failed_once_goes_on(
    house: House, monkeypatch: pytest.MonkeyPatch, part: type[Gateway | Viewings]
) -> None:
    swept, whole = [], part.sweep

    def fails_once(self: Any) -> object:
        swept.append(self)
        if len(swept) == 1:
            raise RuntimeError("odd")
        return whole(self)

    monkeypatch.setattr(part, "sweep", fails_once)

    for _ in range(30):
        await house.clock.advance(1)

    assert len(swept) >= 2


async def test_a_login_has_so_many_live_sockets(house: House) -> None:
    house.kind[0], house.server.with_live = "embedded", True
    headers = {"Authorization": "Bearer ana"}
    async with AsyncExitStack() as stack:
        for _ in range(MAX_SOCKETS_OF_PERSON):
            socket = await stack.enter_async_context(
                house.client.ws_connect("/ws/live/cam01_live", headers=headers)
            )
            await socket.receive_str(timeout=patiently(5))

        beyond = await house.client.ws_connect("/ws/live/cam01_live", headers=headers)
        said = await beyond.receive(timeout=patiently(5))

        assert (said.type, said.data) == (aiohttp.WSMsgType.CLOSE, 4429)
        assert await house.text("/stream/cam01_live/index.m3u8")
        house.server.released.set()


@pytest.mark.parametrize("route", ROUTES)
async def test_auditors_watch_no_cameras(house: House, route: str) -> None:
    response = await house.get(route.format("cam01_live"), "dora")

    assert (response.status, (await response.json())["code"]) == (403, "not_permitted")
    assert house.server.asked == []


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("bia", "cam01_live"),  # of another tenant
        ("caio", "cam01_rec"),  # of his tenant, but not on his list
        ("ana", "cam77_live"),  # of nobody
        ("ana", "cam01"),  # no path of ours
        ("ana", "..%2Fapi"),
    ],
)
async def test_foreign_and_unknown_cameras_look_the_same(
    house: House, route: str, who: str, path: str
) -> None:
    response = await house.get(route.format(path), who)

    assert (response.status, (await response.json())["code"]) == (404, "unknown_camera")
    assert house.server.asked == []
    assert await house.audited() == []


async def test_a_stream_is_served_under_names_that_stay(house: House) -> None:
    index = await house.get("/stream/cam01_live/index.m3u8")
    media = await house.get("/stream/cam01_live/main.m3u8")

    assert (await index.text()).splitlines()[-1] == "main.m3u8"
    assert "\nh_seg2.mp4\n" in await media.text()
    for response in (index, media):
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Stream-State"] == "live"
        assert response.content_type == "application/vnd.apple.mpegurl"


async def test_our_secret_goes_upstream_and_the_clients_do_not(house: House) -> None:
    await house.get("/stream/cam01_live/h_seg1.mp4", Cookie="gtv_session=token", **{"X-A": "b"})

    ((path, headers),) = house.server.asked
    assert path == "/cam01_live/h_seg1.mp4"
    assert headers["Authorization"] == "Bearer s3cret"
    assert not {"Cookie", "X-A"} & headers.keys()


async def test_a_segment_comes_whole_with_private_caching(house: House) -> None:
    response = await house.get("/stream/cam01_live/h_seg1.mp4")

    assert await response.read() == SEGMENT
    assert response.headers["Cache-Control"] == "private, max-age=3600, immutable"
    assert response.headers["ETag"] == '"x"'
    assert response.headers["Content-Length"] == str(len(SEGMENT))


async def test_a_range_stays_a_range(house: House) -> None:
    response = await house.get("/stream/cam01_live/h_seg1.mp4", Range="bytes=100-199")

    assert response.status == 206
    assert await response.read() == SEGMENT[100:200]
    assert response.headers["Content-Range"] == f"bytes 100-199/{len(SEGMENT)}"


async def test_an_expired_segment_is_a_404_of_ours(house: House) -> None:
    response = await house.get("/stream/cam01_live/h_seg0.mp4")

    assert (response.status, (await response.json())["code"]) == (404, "unknown_stream_file")


async def test_a_server_that_forgot_us_is_reminded_and_nobody_notices(house: House) -> None:
    await house.text("/stream/cam01_live/index.m3u8")
    house.server.forgot = True

    segment = await house.get("/stream/cam01_live/h_seg1.mp4")

    assert segment.status == 200
    assert [path for path, _ in house.server.asked][-3:] == [
        "/cam01_live/h_seg1.mp4",
        "/cam01_live/index.m3u8",
        "/cam01_live/h_seg1.mp4",
    ]


async def test_a_playlist_of_a_server_that_forgot_us_stays_live(house: House) -> None:
    await house.text("/stream/cam01_live/index.m3u8")
    house.server.forgot = True
    await house.clock.advance(5)

    playlist = await house.get("/stream/cam01_live/main.m3u8")

    assert playlist.headers["X-Stream-State"] == "live"
    assert "EXT-X-DISCONTINUITY\n" not in await playlist.text()


async def test_without_a_secret_a_session_is_opened_and_kept_from_the_client(
    tmp_path: Path, database: Database, clock: FakeClock
) -> None:
    async with open_house(tmp_path, database, clock, with_secret=False) as house:
        house.server.session_mode = True
        index = await house.text("/stream/cam01_live/index.m3u8")
        media = await house.text("/stream/cam01_live/main.m3u8")
        segment = await house.get("/stream/cam01_live/h_seg1.mp4")

    assert "session" not in index + media
    assert segment.status == 200
    assert house.server.asked[-1][0] == "/cam01_live/h_seg1.mp4?session=abc"


async def test_a_lost_source_shows_the_placeholder_and_comes_back_by_itself(house: House) -> None:
    live = await house.text("/stream/cam01_live/index.m3u8")
    house.server.down = True
    await house.clock.advance(5)

    lost = await house.get("/stream/cam01_live/main.m3u8")
    lost_text = await lost.text()
    index_meanwhile = await house.text("/stream/cam01_live/index.m3u8")
    init = await house.get("/stream/cam01_live/lost-video-init.mp4")
    segment = await house.get("/stream/cam01_live/lost-video-2.mp4")
    house.server.down = False
    await house.clock.advance(5)

    async def is_back() -> bool:  # the server is asked in the background; a later request finds it
        return "h_seg" in await house.text("/stream/cam01_live/main.m3u8")

    await becomes(is_back, 5)
    back = await house.text("/stream/cam01_live/main.m3u8")

    assert lost.headers["X-Stream-State"] == "placeholder"
    assert "lost-video-0.mp4" in lost_text
    assert index_meanwhile == live  # players that begin now find the tracks that will return
    assert (await init.read() + await segment.read()).count(b"moof") == 1
    assert back.index("lost-video-") < back.index("#EXT-X-DISCONTINUITY\n") < back.index("h_seg1")


async def test_a_path_never_seen_alive_plays_the_placeholder(house: House) -> None:
    house.server.down = True

    index = await house.get("/stream/cam01_live/index.m3u8")

    assert index.headers["X-Stream-State"] == "placeholder"
    assert (await index.text()).endswith("\nmain.m3u8\n")
    assert "lost-video-2.mp4" in await house.text("/stream/cam01_live/main.m3u8")


async def test_viewers_of_one_path_share_the_questions_to_the_server(house: House) -> None:
    await house.text("/stream/cam01_live/index.m3u8")
    before = len(house.server.asked)

    await asyncio.gather(*(house.text("/stream/cam01_live/main.m3u8") for _ in range(20)))

    assert len(house.server.asked) - before <= 1


async def test_a_ticket_opens_one_path_for_a_player_without_cookies(house: House) -> None:
    house.people.tickets["t1"] = ("ana", None)
    index = await house.text("/stream/cam01_live/index.m3u8?ticket=t1", None)
    media_name = index.splitlines()[-1]
    media = await house.text(f"/stream/cam01_live/{media_name}", None)
    segment_name = next(line for line in media.splitlines() if line.startswith("h_seg1"))
    segment = await house.get(f"/stream/cam01_live/{segment_name}", None)
    again = await house.get("/stream/cam01_live/index.m3u8?ticket=t1", None)
    elsewhere = await house.get(f"/stream/cam02_live/{media_name}", None)

    assert "?s=" in media_name
    assert segment.status == 200
    assert (again.status, elsewhere.status) == (401, 401)
    assert all("?" not in path for path, _ in house.server.asked)


async def test_a_disabled_person_is_out_at_the_next_request(house: House) -> None:
    house.people.tickets["t1"] = ("ana", "cam01_live")
    index = await house.text("/stream/cam01_live/index.m3u8?ticket=t1", None)
    media = f"/stream/cam01_live/{index.splitlines()[-1]}"
    assert (await house.get(media, None)).status == 200

    del house.people.known["ana"]

    assert (await house.get(media, None)).status == 401
    assert (await house.get("/stream/cam01_live/h_seg1.mp4")).status == 401


async def test_a_pass_that_rests_for_minutes_ends(house: House) -> None:
    house.people.tickets["t1"] = ("ana", None)
    index = await house.text("/stream/cam01_live/index.m3u8?ticket=t1", None)

    await house.clock.advance(130)

    assert (await house.get(f"/stream/cam01_live/{index.splitlines()[-1]}", None)).status == 401


async def test_a_camera_removed_is_gone_for_running_players(house: House) -> None:
    await house.text("/stream/cam01_live/main.m3u8")
    del house.cameras.cameras["cam01"]

    assert (await house.get("/stream/cam01_live/h_seg1.mp4")).status == 404


async def test_a_viewing_is_two_entries_however_many_requests_it_takes(house: House) -> None:
    await house.text("/stream/cam01_live/index.m3u8")
    for _ in range(5):
        await house.text("/stream/cam01_live/main.m3u8")
        await house.get("/stream/cam01_live/h_seg1.mp4")
        await house.clock.advance(10)
    assert house.doorkeeper.viewers() == 1

    await house.clock.advance(60)
    await becomes(lambda: house.doorkeeper.viewers() == 0, 5)

    assert await house.audited() == [
        ("view.started", "ana", "camera:cam01"),
        ("view.ended", "ana", "camera:cam01"),
    ]
    (row,) = await house.database.fetch_all(
        "SELECT details, tenant_id, address FROM audit_log WHERE action = 'view.ended'"
    )
    assert json.loads(row["details"]) == {
        "path": "cam01_live",
        "started": "2026-01-01T00:00:00+00:00",
        "seconds": 40,
    }
    assert (row["tenant_id"], row["address"]) == ("town", "127.0.0.1")


async def test_what_goes_on_when_the_daemon_stops_is_ended_in_the_log(
    tmp_path: Path, database: Database, clock: FakeClock
) -> None:
    async with open_house(tmp_path, database, clock) as house:
        await house.text("/stream/cam01_live/main.m3u8")

    assert [action for action, *_ in await house.audited()] == ["view.started", "view.ended"]


async def test_live_fragments_are_handed_through_and_the_viewing_ends_with_the_socket(
    house: House,
) -> None:
    house.kind[0], house.server.with_live = "embedded", True
    headers = {"Authorization": "Bearer ana"}

    async with house.client.ws_connect("/ws/live/cam01_live", headers=headers) as socket:
        assert await socket.receive_json() == {"kind": "init"}
        assert await socket.receive_bytes() == b"first"
        assert house.doorkeeper.viewers() == 1
    await becomes(lambda: house.doorkeeper.viewers() == 0, 5)

    assert [action for action, *_ in await house.audited()] == ["view.started", "view.ended"]


async def test_a_live_socket_ends_when_the_daemon_stops(house: House) -> None:
    house.kind[0], house.server.with_live = "embedded", True
    async with house.client.ws_connect(
        "/ws/live/cam01_live", headers={"Authorization": "Bearer ana"}
    ) as socket:
        await socket.receive_json()
        await socket.receive_bytes()
        house.gateway.let_go()
        message = await socket.receive(timeout=patiently(5))

    assert message.data == 1001


async def test_a_live_socket_of_a_person_who_is_disabled_ends(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "CHECK_INTERVAL_S", 0.05)
    house.kind[0], house.server.with_live = "embedded", True
    async with house.client.ws_connect(
        "/ws/live/cam01_live", headers={"Authorization": "Bearer ana"}
    ) as socket:
        await socket.receive_json()
        await socket.receive_bytes()
        del house.people.known["ana"]
        message = await socket.receive(timeout=patiently(5))

    assert (message.data, message.extra) == (4401, "session_ended")


async def test_a_media_server_without_live_sockets_says_so_by_close_code(house: House) -> None:
    async with house.client.ws_connect(
        "/ws/live/cam01_live", headers={"Authorization": "Bearer ana"}
    ) as socket:
        message = await socket.receive()

    assert (message.type, message.data, message.extra) == (
        aiohttp.WSMsgType.CLOSE,
        4404,
        "no_live_socket",
    )


async def test_a_live_socket_of_a_lost_source_says_try_again(house: House) -> None:
    house.kind[0] = "embedded"
    async with house.client.ws_connect(
        "/ws/live/cam01_live", headers={"Authorization": "Bearer ana"}
    ) as socket:
        message = await socket.receive()

    assert message.data == 4503


async def test_no_picture_anywhere_is_a_404(house: House) -> None:
    response = await house.get("/stream/cam01_live/poster.jpg")

    assert (response.status, (await response.json())["code"]) == (404, "no_picture")


def footage() -> bytes:
    """Return a recording of twenty parts, cut off in the twenty-first."""
    clip = render_placeholder()
    pieces = [clip.file(f"lost-both-{name}.mp4") or b"" for name in ("init", *range(20))]
    return b"".join(pieces) + pieces[-1][:4000]


async def test_a_poster_is_the_last_key_frame_of_the_growing_recording(house: House) -> None:
    await house.put_footage("cam01", footage())

    response = await house.get("/stream/cam01_live/poster.jpg?width=300")
    picture = Image.open(io.BytesIO(await response.read()))

    assert picture.size == (320, 180)
    assert picture.convert("L").getpixel((5, 5)) < 60  # type: ignore[operator]  # of grey
    assert response.headers["X-Picture-Time"].startswith("2026-01-01T00:00:36.48")
    assert response.headers["Cache-Control"] == "private, no-cache"
    again = await house.get(
        "/stream/cam01_live/poster.jpg?width=300", **{"If-None-Match": response.headers["ETag"]}
    )
    assert again.status == 304


async def test_a_camera_shows_no_picture_of_one_that_had_its_name_before(house: House) -> None:
    await house.put_footage("cam01", footage())
    old = await house.get("/stream/cam01_rec/poster.jpg")
    assert old.status == 200

    house.cameras.put(FakeCamera("cam01", "uuid-of-the-next", "harbour", record=False), "rtsp://x/")
    poster = await house.get("/stream/cam01_rec/poster.jpg", "bia")
    at_once = await house.gateway.poster_jpeg("cam01")
    await house.clock.advance(5)
    later = await house.gateway.poster_jpeg("cam01")

    assert poster.status == 404
    assert (at_once, later) == (None, None)


async def test_footage_in_a_directory_that_nobody_claimed_is_no_picture(
    house: House, tmp_path: Path
) -> None:
    day = tmp_path / "rec" / "cam01_rec" / "2026-01-01"
    day.mkdir(parents=True)
    (day / "00-00-00-000000.mp4").write_bytes(footage())

    assert await house.gateway.poster_jpeg("cam01") is None


async def test_a_damaged_recording_is_no_picture_and_no_failure(house: House) -> None:
    await house.put_footage("cam01", bytes(5000))
    await house.put_footage("cam01", b"", "00-01-00-000000")

    assert await house.gateway.poster_jpeg("cam01") is None


async def test_a_clock_that_is_set_back_stops_no_playlist_and_no_number_goes_back(
    house: House,
) -> None:
    house.server.down = True

    async def numbers() -> range:
        text = await house.text("/stream/cam01_live/main.m3u8")
        first = next(line for line in text.splitlines() if "MEDIA-SEQUENCE" in line)
        start = int(first.partition(":")[2])
        return range(start, start + text.count("#EXTINF"))

    before = await numbers()
    house.clock.step_wall(-7200)
    await house.clock.advance(6)
    stepped = await numbers()
    await house.clock.advance(100)  # nobody watches: the stream is forgotten and begins anew
    house.gateway.sweep()
    anew = await numbers()

    assert before[-1] < stepped[-1] < anew[-1]
    assert stepped[0] >= before[0]


async def test_what_is_there_under_a_cameras_name_is_not_shown_before_it_was_seen_to_be_its_own(
    house: House,
) -> None:
    """The old camera's picture, while the media server cannot be told of the new one."""
    await house.text("/stream/cam01_live/index.m3u8")
    house.cameras.put(FakeCamera("cam01", "uuid-new", "harbour"), "rtsp://y/")
    house.unseen.add("uuid-new")
    house.server.with_live = True
    house.server.asked.clear()

    index = await house.get("/stream/cam01_live/index.m3u8", "bia")
    tracks = await house.get("/stream/cam01_live/main.m3u8", "bia")
    segment = await house.get("/stream/cam01_live/h_seg1.mp4", "bia")
    house.kind[0] = "embedded"
    poster = await house.get("/stream/cam01_live/poster.jpg", "bia")
    bia = {"Authorization": "Bearer bia"}
    async with house.client.ws_connect("/ws/live/cam01_live", headers=bia) as socket:
        closed = await socket.receive()

    assert index.headers["X-Stream-State"] == tracks.headers["X-Stream-State"] == "placeholder"
    assert "lost-video" in await tracks.text()
    assert (segment.status, poster.status, closed.data) == (404, 404, 4503)
    assert house.server.asked == []

    house.unseen.clear()
    house.kind[0] = "mediamtx"
    await house.text("/stream/cam01_live/index.m3u8", "bia")
    assert (await house.get("/stream/cam01_live/main.m3u8", "bia")).headers[
        "X-Stream-State"
    ] == "live"


async def test_a_proxy_that_serves_streams_itself_is_refused_what_is_not_the_cameras_own(
    house: House,
) -> None:
    house.unseen.add("uuid-1")
    request = make_mocked_request("GET", "/x", headers={"Authorization": "Bearer ana"})

    with pytest.raises(StreamUnavailableError):
        await house.doorkeeper.admit(request, "cam01_live")

    assert await house.audited() == []


async def status_and_code(response: aiohttp.ClientResponse) -> tuple[int, str]:
    return response.status, "" if response.status == 200 else (await response.json())["code"]


async def test_who_watches_goes_on_for_a_while_when_the_database_cannot_tell_whether_he_may(
    house: House,
) -> None:
    house.people.tickets["t1"] = ("ana", None)
    index = await house.text("/stream/cam01_live/index.m3u8?ticket=t1", None)
    of_pass = f"/stream/cam01_live/{index.splitlines()[-1]}"
    of_login = "/stream/cam01_live/main.m3u8"
    await house.text(of_login, "ana")

    async def looks() -> list[tuple[int, str]]:
        asked = ((of_login, "ana"), (of_pass, None), ("/stream/cam02_live/main.m3u8", "caio"))
        return [await status_and_code(await house.get(*each)) for each in asked]

    house.people.busy = True
    at_once = await looks()
    await house.clock.advance(GRACE_S + 1)
    in_the_end = await looks()
    house.people.busy = False
    again = await looks()

    unknown = (503, "storage_unavailable")
    assert at_once == [(200, ""), (200, ""), unknown]  # caio was not seen before
    assert in_the_end == [unknown] * 3
    assert again == [(200, "")] * 3


async def test_who_was_refused_does_not_go_on_when_the_database_cannot_tell(house: House) -> None:
    main = "/stream/cam01_live/main.m3u8"
    await house.text(main, "ana")
    ana = house.people.known.pop("ana")
    refused = await house.get(main, "ana")

    house.people.known["ana"] = ana
    house.people.busy = True

    assert refused.status == 401
    assert await status_and_code(await house.get(main, "ana")) == (503, "storage_unavailable")


async def test_a_live_socket_goes_on_as_long_and_then_asks_to_come_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "CHECK_INTERVAL_S", 0.05)
    house.kind[0], house.server.with_live = "embedded", True
    headers = {"Authorization": "Bearer ana"}
    async with house.client.ws_connect("/ws/live/cam01_live", headers=headers) as socket:
        await socket.receive_json()
        await socket.receive_bytes()
        house.people.busy = True
        await becomes(lambda: house.people.put_off >= 3, 5)
        viewers = house.doorkeeper.viewers()
        await house.clock.advance(GRACE_S + 1)
        message = await socket.receive(timeout=patiently(5))

    assert viewers == 1
    assert (message.data, message.extra) == (4503, "stream_unavailable")


async def test_a_segment_that_breaks_off_is_never_taken_for_whole(house: House) -> None:
    house.server.breaks_off = True

    with capture_logs() as logs, pytest.raises(aiohttp.ClientPayloadError):
        await (await house.get("/stream/cam01_live/h_seg1.mp4")).read()

    assert "request_failed" not in {line["event"] for line in logs}


async def test_a_refusal_that_breaks_off_is_mended_as_any_other(house: House) -> None:
    await house.text("/stream/cam01_live/index.m3u8")
    house.server.forgot = house.server.breaks_off = True

    first = await house.get("/stream/cam01_live/h_seg1.mp4")
    house.server.breaks_off = False
    second = await house.get("/stream/cam01_live/h_seg1.mp4")

    assert first.status == 200  # index.m3u8 reminded the server; what it sends now breaks off again
    assert second.status == 200
