"""Timelines, playlists and files through the real server."""

import asyncio
import os
import socket
import struct

import pytest
from yarl import URL

from gtvision_edge.recordings.model import CameraNo, Segment
from gtvision_edge.runtime.shares import Shares
from gtvision_edge.storage import Database
from tests.fakes.cameras import FakeCamera
from tests.fakes.clock import FakeClock
from tests.fakes.footage import MINUTE_US, START_US, a_segment, add, keep, place
from tests.unit.api.conftest import FakeFootage, Served
from tests.waiting import becomes

HOUR = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T01:00:00Z"}
SIZE = 3_000_000
CONTENT = bytes(n * 7 % 251 for n in range(SIZE))


@pytest.fixture
async def camera_no(database: Database, served: Served) -> CameraNo:
    """cam01 of tenant a, with a directory."""
    rows = await database.fetch_all("SELECT camera_uuid FROM cameras WHERE camera_id = 'cam01'")
    fake = FakeCamera("cam01", camera_uuid=rows[0]["camera_uuid"], tenant_id="a")
    (number,) = await keep(database, fake)
    await place(database, number, "cam01_rec")
    return number


@pytest.fixture
async def segment(database: Database, camera_no: CameraNo, footage: FakeFootage) -> Segment:
    """A minute of cam01 with a file of 3 MB."""
    made = a_segment(camera_no, size_bytes=SIZE)
    (segment_id,) = await add(database, made)
    made, camera = await footage.index.get_segment(segment_id)
    path = footage.index.path_of(camera, made)

    def write() -> None:
        path.parent.mkdir(parents=True)
        path.write_bytes(CONTENT)

    await asyncio.to_thread(write)
    return made


async def test_a_day_is_told_in_spans_and_gaps(
    served: Served, database: Database, camera_no: CameraNo, clock: FakeClock
) -> None:
    clock.step_wall(3600)
    await add(
        database,
        a_segment(camera_no),
        a_segment(camera_no, START_US + MINUTE_US),
        a_segment(camera_no, START_US + 5 * MINUTE_US),
    )

    status, content = await served.call(
        "GET", "/cameras/cam01/timeline", who="viewer-a", params=HOUR
    )

    assert status == 200
    assert [(each["start"], each["end"]) for each in content["spans"]] == [
        ("2026-01-01T00:00:00+00:00", "2026-01-01T00:02:00+00:00"),
        ("2026-01-01T00:05:00+00:00", "2026-01-01T00:06:00+00:00"),
    ]
    assert [(each["start"][11:16], each["end"][11:16]) for each in content["gaps"]] == [
        ("00:02", "00:05"),
        ("00:06", "01:00"),
    ]
    assert content["first"] == "2026-01-01T00:00:00+00:00"
    assert content["spans"][0]["codec"] == "avc1.64001f"


async def test_a_playlist_names_segments_and_codecs(served: Served, segment: Segment) -> None:
    status, headers, content = await served.exchange(
        "GET", "/api/v1/cameras/cam01/playback.m3u8", who="viewer-a", params=HOUR
    )

    assert status == 200
    assert headers["Content-Type"] == "application/vnd.apple.mpegurl"
    assert headers["X-GTV-Codecs"] == "avc1.64001f"
    assert f"/api/v1/segments/{segment.segment_id}\n" in content.decode()


@pytest.mark.parametrize(
    ("asked", "status", "content_range", "length"),
    [
        ("bytes=0-99", 206, f"bytes 0-99/{SIZE}", 100),
        ("bytes=1000000-", 206, f"bytes 1000000-{SIZE - 1}/{SIZE}", SIZE - 1000000),
        ("bytes=-10", 206, f"bytes {SIZE - 10}-{SIZE - 1}/{SIZE}", 10),
        ("bytes=0-99999999", 206, f"bytes 0-{SIZE - 1}/{SIZE}", SIZE),
        ("bytes=0-1,5-6", 200, None, SIZE),
        ("bytes=5-1", 200, None, SIZE),
        ("lines=0-1", 200, None, SIZE),
        (f"bytes={SIZE}-", 416, f"bytes */{SIZE}", 0),
        ("bytes=-0", 416, f"bytes */{SIZE}", 0),
    ],
)
async def test_ranges_are_served_as_the_standard_says(
    served: Served,
    segment: Segment,
    asked: str,
    status: int,
    content_range: str | None,
    length: int,
) -> None:
    path = f"/api/v1/segments/{segment.segment_id}"

    found, headers, content = await served.exchange(
        "GET", path, who="viewer-a", headers={"Range": asked}
    )

    assert found == status
    assert headers.get("Content-Range") == content_range
    assert len(content) == length
    if content_range and status == 206:
        start = int(content_range.split()[1].partition("-")[0])
        assert content == CONTENT[start : start + length]
    head = await served.exchange("HEAD", path, who="viewer-a", headers={"Range": asked})
    assert (head[0], head[2]) == (status, b"")
    assert head[1].get("Content-Length", "0") == str(length)


@pytest.mark.parametrize("stall_patience_s", [1.0])
async def test_who_takes_nothing_of_a_segment_is_cut_and_refused_beyond_his_share(
    served: Served,
    transfers: Shares,
    footage: FakeFootage,
    segment: Segment,
) -> None:
    _, camera = await footage.index.get_segment(segment.segment_id)
    path = footage.index.path_of(camera, segment)
    await asyncio.to_thread(os.truncate, path, 16 * 2**20)
    loop = asyncio.get_running_loop()
    token = await served.token("viewer-a")
    head = (
        f"GET /api/v1/segments/{segment.segment_id} HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {token}\r\nRange: bytes=10-\r\n\r\n"
    )
    clients = []
    for _ in range(4):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        await loop.sock_connect(client, ("127.0.0.1", URL(served.url).port or 0))
        await loop.sock_sendall(client, head.encode())
        clients.append(client)
    lines = [(await loop.sock_recv(each, 12)).decode() for each in clients]

    assert sorted(lines) == ["HTTP/1.1 206"] * 3 + ["HTTP/1.1 429"]
    await becomes(lambda: transfers.held == 0, 8)
    status, _, content = await served.exchange(
        "GET",
        f"/api/v1/segments/{segment.segment_id}",
        who="viewer-a",
        headers={"Range": "bytes=0-99"},
    )
    for each in clients:
        each.close()

    assert (status, len(content)) == (206, 100)


async def test_a_known_version_is_not_sent_again(served: Served, segment: Segment) -> None:
    path = f"/api/v1/segments/{segment.segment_id}"
    _, headers, content = await served.exchange("GET", path, who="viewer-a")
    tag = headers["ETag"]

    again = await served.exchange("GET", path, who="viewer-a", headers={"If-None-Match": tag})
    same = await served.exchange(
        "GET", path, who="viewer-a", headers={"Range": "bytes=0-9", "If-Range": tag}
    )
    other = await served.exchange(
        "GET", path, who="viewer-a", headers={"Range": "bytes=0-9", "If-Range": '"other"'}
    )

    assert content == CONTENT
    assert (again[0], again[2]) == (304, b"")
    assert (same[0], same[2]) == (206, CONTENT[:10])
    assert other[0] == 200


async def test_the_name_of_a_file_leads_to_it_too(served: Served, segment: Segment) -> None:
    by_name = f"/segments/{segment.camera_no}-{segment.name_us}"

    assert (await served.call("GET", by_name, who="viewer-a"))[1] == CONTENT
    for wrong in ("1-2-3", "x-1", f"{segment.camera_no}-1", "999999", "1" * 30):
        status, content = await served.call("GET", f"/segments/{wrong}", who="viewer-a")
        assert (status, content["code"]) == (404, "unknown_segment")


async def test_a_file_that_is_gone_is_said(
    served: Served, database: Database, camera_no: CameraNo
) -> None:
    (segment_id,) = await add(database, a_segment(camera_no, START_US + 9 * MINUTE_US))

    status, content = await served.call("GET", f"/segments/{segment_id}", who="viewer-a")

    assert (status, content["code"]) == (404, "unknown_segment")


async def test_auditors_read_timelines_but_see_no_pictures(
    served: Served, segment: Segment
) -> None:
    timeline = await served.call("GET", "/cameras/cam01/timeline", who="auditor-a", params=HOUR)
    playlist = await served.call(
        "GET", "/cameras/cam01/playback.m3u8", who="auditor-a", params=HOUR
    )
    file = await served.call("GET", f"/segments/{segment.segment_id}", who="auditor-a")

    assert (timeline[0], playlist[0], file[0]) == (200, 403, 403)


async def test_a_player_without_cookies_comes_with_a_ticket(
    served: Served, segment: Segment
) -> None:
    _, given = await served.call("POST", "/auth/ticket", who="viewer-a", json={"path": "cam01_rec"})
    query = HOUR | {"ticket": given["ticket"]}

    status, playlist = await served.call("GET", "/cameras/cam01/playback.m3u8", params=query)
    addresses = [line for line in playlist.decode().splitlines() if line.startswith("/")]
    file = await served.exchange("GET", addresses[0])
    second = await served.call("GET", "/cameras/cam01/playback.m3u8", params=query)
    without = await served.call("GET", f"/segments/{segment.segment_id}")

    assert status == 200
    assert (file[0], len(file[2])) == (200, SIZE)
    assert (second[0], without[0]) == (401, 401)


async def test_a_players_session_is_good_for_its_camera_only(
    served: Served, database: Database, segment: Segment, footage: FakeFootage
) -> None:
    rows = await database.fetch_all("SELECT camera_uuid FROM cameras WHERE camera_id = 'cam02'")
    fake = FakeCamera("cam02", camera_uuid=rows[0]["camera_uuid"], tenant_id="a")
    first = await database.fetch_one("SELECT camera_uuid FROM cameras WHERE camera_id = 'cam01'")
    assert first is not None
    mine = FakeCamera("cam01", camera_uuid=first["camera_uuid"], tenant_id="a")
    _, number = await keep(database, mine, fake)
    await place(database, number, "cam02_rec")
    (other,) = await add(database, a_segment(number))
    _, given = await served.call("POST", "/auth/ticket", who="viewer-a", json={"path": "cam01_rec"})
    _, playlist = await served.call(
        "GET", "/cameras/cam01/playback.m3u8", params=HOUR | {"ticket": given["ticket"]}
    )
    token = playlist.decode().partition("?s=")[2].partition('"')[0]

    status, content = await served.call("GET", f"/segments/{other}", params={"s": token})

    assert (status, content["code"]) == (401, "not_authenticated")


async def test_who_saw_which_footage_is_written_down_once(
    served: Served, segment: Segment, footage: FakeFootage, clock: FakeClock
) -> None:
    await served.call("GET", "/cameras/cam01/playback.m3u8", who="viewer-a", params=HOUR)
    for _ in range(3):
        await served.call("GET", f"/segments/{segment.segment_id}", who="viewer-a")
    await clock.advance(61)
    await footage.viewings.sweep()

    _, page = await served.call("GET", "/audit", who="admin-a", params={"action": "footage."})

    ended, viewed = page["items"]
    assert (viewed["action"], viewed["subject"]) == ("footage.viewed", "camera:cam01")
    assert viewed["actor"]["name"] == "viewer-a"
    assert viewed["details"]["end"] == "2026-01-01T00:00:00+00:00"  # it was now then
    assert ended["action"] == "footage.view_ended"
    assert ended["details"]["played"] == [
        {"start": "2026-01-01T00:00:00+00:00", "end": "2026-01-01T00:01:00+00:00"}
    ]


async def test_only_what_was_fetched_counts_as_seen(
    served: Served, segment: Segment, footage: FakeFootage, clock: FakeClock
) -> None:
    # Groups of 50 kB and 2 s follow the head of 1000 bytes.
    path = f"/api/v1/segments/{segment.segment_id}"
    query = {"start": "2026-01-01T00:00:05Z", "end": "2026-01-01T00:00:30Z"}
    await served.call("GET", "/cameras/cam01/playback.m3u8", who="viewer-a", params=query)
    for asked in ("bytes=0-999", "bytes=101000-150999", "bytes=151000-200999"):
        await served.exchange("GET", path, who="viewer-a", headers={"Range": asked})
    await served.exchange("HEAD", path, who="viewer-a")
    await clock.advance(61)
    await footage.viewings.sweep()

    _, page = await served.call("GET", "/audit", who="admin-a", params={"action": "footage."})

    ended, _ = page["items"]
    assert ended["details"]["played"] == [
        {"start": "2026-01-01T00:00:04+00:00", "end": "2026-01-01T00:00:08+00:00"}
    ]


@pytest.mark.parametrize(
    "headers",
    [
        {"Range": "bytes=0-0", "If-Range": '""'},
        {"Range": "bytes=0-0", "If-Range": '"other"'},
        {"Range": "bytes=0-0,1-1"},
        {"Range": "bytes=00-"},
        {"Range": f"bytes=-{2 * SIZE}"},
        {"Range": "bytes=5-1"},
        {"Range": "lines=0-0"},
    ],
)
async def test_no_way_to_ask_for_a_file_leaves_its_showing_out_of_the_log(
    served: Served, segment: Segment, footage: FakeFootage, headers: dict[str, str]
) -> None:
    path = f"/api/v1/segments/{segment.segment_id}"

    _, _, content = await served.exchange("GET", path, who="viewer-a", headers=headers)
    await footage.viewings.close()

    _, page = await served.call("GET", "/audit", who="admin-a", params={"action": "footage."})
    assert len(content) == SIZE
    ended, viewed = page["items"]
    assert viewed["action"] == "footage.viewed"
    assert ended["details"]["played"] == [
        {"start": "2026-01-01T00:00:00+00:00", "end": "2026-01-01T00:00:00+00:00"}
    ]


async def test_a_file_of_which_no_groups_are_known_is_seen_when_any_of_it_is_sent(
    served: Served, segment: Segment, database: Database
) -> None:
    await database.write(
        lambda transaction: transaction.execute("UPDATE segments SET groups = x''")
    )

    path = f"/api/v1/segments/{segment.segment_id}"
    await served.exchange("GET", path, who="viewer-a", headers={"Range": "bytes=900000-900100"})

    _, page = await served.call("GET", "/audit", who="admin-a", params={"action": "footage."})
    assert [each["action"] for each in page["items"]] == ["footage.viewed"]


async def test_what_is_not_sent_is_not_seen(served: Served, segment: Segment) -> None:
    path = f"/api/v1/segments/{segment.segment_id}"
    _, headers, _ = await served.exchange("HEAD", path, who="viewer-a")

    asked = [{"Range": f"bytes={SIZE}-"}, {"If-None-Match": headers["ETag"]}]
    statuses = [
        (await served.exchange("GET", path, who="viewer-a", headers=each))[0] for each in asked
    ]

    _, page = await served.call("GET", "/audit", who="admin-a", params={"action": "footage."})
    assert statuses == [416, 304]
    assert page["items"] == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"}, "invalid_input"),
        ({"start": "2026-01-01T00:00:00", "end": "2026-01-01T01:00:00"}, "invalid_input"),
        ({"start": "2026-01-01T00:00:00Z", "end": "2026-03-01T00:00:00Z"}, "span_too_long"),
    ],
)
async def test_odd_intervals_are_refused(
    served: Served, camera_no: CameraNo, query: dict[str, str], code: str
) -> None:
    for path in ("timeline", "playback.m3u8"):
        status, content = await served.call(
            "GET", f"/cameras/cam01/{path}", who="viewer-a", params=query
        )
        assert (status, content["code"]) == (422, code)


async def test_the_calendar_shows_the_days_with_footage(
    served: Served, database: Database, camera_no: CameraNo
) -> None:
    day_us = 86_400_000_000
    await add(
        database,
        a_segment(camera_no, START_US + 12 * 3_600_000_000),
        a_segment(camera_no, START_US + 2 * day_us + 12 * 3_600_000_000),
    )

    _, content = await served.call(
        "GET", "/cameras/cam01/days", who="viewer-a", params={"month": "2026-01"}
    )

    assert [(each["day"], each["recorded_s"]) for each in content["items"]] == [
        ("2026-01-01", 60.0),
        ("2026-01-03", 60.0),
    ]


async def test_footage_of_a_removed_camera_is_there_for_who_may_see_it(
    served: Served, database: Database, segment: Segment, footage: FakeFootage
) -> None:
    status, _ = await served.call("DELETE", "/cameras/cam01", who="admin-a")
    assert status == 204
    await keep(database)

    mine = await served.call("GET", f"/segments/{segment.segment_id}", who="viewer-a")
    foreign = await served.call("GET", f"/segments/{segment.segment_id}", who="viewer-b")
    timeline = await served.call("GET", "/cameras/cam01/timeline", who="viewer-a", params=HOUR)

    assert (mine[0], foreign[0], timeline[0]) == (200, 404, 200)


async def test_a_name_never_leads_to_what_another_camera_recorded_under_it(
    served: Served, database: Database
) -> None:
    # The index does not know yet that cam09 is another one now.
    (number,) = await keep(database, FakeCamera("cam09", camera_uuid="gone", tenant_id="a"))
    await add(database, a_segment(number))

    for who in ("viewer-a", "viewer-b"):
        status, content = await served.call("GET", "/cameras/cam09/timeline", who=who, params=HOUR)
        assert status == 404
        assert content["code"] == ("unknown_camera" if who == "viewer-a" else "no_footage")


async def test_a_ticket_opens_the_footage_of_a_removed_camera_to_its_own_people(
    served: Served, segment: Segment
) -> None:
    assert (await served.call("DELETE", "/cameras/cam01", who="admin-a"))[0] == 204

    async def asked(who: str, path: str) -> tuple[int, dict[str, str]]:
        return await served.call("POST", "/auth/ticket", who=who, json={"path": path})

    status, answer = await asked("viewer-a", "cam01_rec")
    assert status == 200
    query = {**HOUR, "ticket": answer["ticket"]}
    assert (await served.call("GET", "/cameras/cam01/playback.m3u8", params=query))[0] == 200
    assert (await asked("viewer-a", "cam01_live"))[0] == 404
    assert (await asked("viewer-b", "cam01_rec"))[0] == 404


async def test_a_player_that_leaves_in_the_middle_is_no_fault_of_ours(
    served: Served,
    segment: Segment,
    footage: FakeFootage,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = next(footage.root.rglob("*.mp4"))
    await asyncio.to_thread(path.write_bytes, bytes(24_000_000))
    token = await served.token("admin")
    host, port = served.url.removeprefix("http://").split(":")
    for _ in range(5):
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.connect((host, int(port)))
            client.sendall(
                f"GET /api/v1/segments/{segment.segment_id} HTTP/1.1\r\nHost: box\r\n"
                f"Authorization: Bearer {token}\r\n\r\n".encode()
            )
            client.setblocking(False)
            head = await asyncio.get_running_loop().sock_recv(client, 2000)
            assert b" 200 " in head.splitlines()[0]
            await asyncio.sleep(0.1)

    await asyncio.sleep(0.5)
    assert "request_failed" not in capsys.readouterr().out
