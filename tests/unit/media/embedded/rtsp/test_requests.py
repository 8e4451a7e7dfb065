"""What is said to the server, and what it answers."""

import asyncio
import base64
import contextlib
import hashlib
import re
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtvision_edge.media.embedded.rtsp import Credentials, Limits, RtspServer, TrackDescription
from gtvision_edge.media.embedded.rtsp.messages import MalformedRequestError, RequestReader
from tests.fakes.clock import FakeClock
from tests.fakes.rtsp_client import RawClient, raw_client

SPS, PPS = bytes.fromhex("6742c00ad9"), bytes.fromhex("68ce3c80")
SETS = b"\x00\x00\x00\x01" + SPS + b"\x00\x00\x00\x01" + PPS
VIDEO = TrackDescription.h264(SETS)
SOUND = TrackDescription.g711("pcma")
KEY = b"\x00\x00\x00\x01\x65" + b"k" * 100
FRAGMENTS = [
    b"OPTIONS * RTSP/1.0\r\n",
    b"CSeq: 7\r\n",
    b"Content-Length: 3\r\n",
    b"\r\n",
    b"$\x00\x00\x04abcd",
    b"rtsp://h/p?q/trackID=9",
]
TCP = "RTP/AVP/TCP;unicast;interleaved=0-1"


@pytest.fixture
async def server() -> AsyncIterator[RtspServer]:
    async with RtspServer() as opened:
        yield opened


@pytest.fixture
async def client(server: RtspServer) -> AsyncIterator[RawClient]:
    async with raw_client(server.port) as opened:
        yield opened


def digest(client: Credentials, challenge: str, method: str, url: str, qop: str = "") -> str:
    found = dict(re.findall(r'(\w+)="([^"]*)"', challenge))

    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    secret = md5(f"{client.username}:{found['realm']}:{client.password}")
    middle = found["nonce"] + (f":00000001:abc:{qop}" if qop else "")
    answer = md5(f"{secret}:{middle}:{md5(f'{method}:{url}')}")
    extra = f', qop={qop}, nc=00000001, cnonce="abc"' if qop else ""
    return (
        f'Digest username="{client.username}", realm="{found["realm"]}", '
        f'nonce="{found["nonce"]}", uri="{url}", response="{answer}"{extra}'
    )


async def test_options_lists_the_methods(server: RtspServer, client: RawClient) -> None:
    answer = await client.ask("OPTIONS", server.url)

    assert answer.status == 200
    assert "DESCRIBE" in answer.headers["public"]


async def test_describe_tells_codec_and_parameter_sets(
    server: RtspServer, client: RawClient
) -> None:
    server.publish("cam01_rec", [VIDEO, SOUND])

    answer = await client.ask("DESCRIBE", f"{server.url}/cam01_rec")

    assert answer.headers["content-type"] == "application/sdp"
    assert "a=rtpmap:96 H264/90000\r\n" in answer.body
    assert "profile-level-id=42C00A" in answer.body
    assert base64.b64encode(SPS).decode() in answer.body
    assert "m=audio 0 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n" in answer.body


async def test_a_path_may_carry_a_query(server: RtspServer, client: RawClient) -> None:
    server.publish("cam/realmonitor?channel=1&subtype=0", [VIDEO])
    url = f"{server.url}/cam/realmonitor?channel=1&subtype=0"

    assert (await client.ask("DESCRIBE", url)).status == 200
    assert (await client.ask("SETUP", f"{url}/trackID=0", transport=TCP)).status == 200
    assert (await client.ask("DESCRIBE", f"{server.url}/cam/realmonitor")).status == 404


async def test_an_unknown_path_is_not_found(server: RtspServer, client: RawClient) -> None:
    assert (await client.ask("DESCRIBE", f"{server.url}/nothing")).status == 404


async def test_a_missing_path_is_opened_on_demand() -> None:
    async def open_missing(path: str) -> None:
        if path == "cam01_live":
            await asyncio.sleep(0)
            opened.publish(path, [VIDEO])

    async with RtspServer(open_missing=open_missing) as opened, raw_client(opened.port) as client:
        assert (await client.ask("DESCRIBE", f"{opened.url}/cam01_live")).status == 200
        assert (await client.ask("DESCRIBE", f"{opened.url}/cam02_live")).status == 404


async def test_a_path_that_does_not_open_in_time_is_not_found() -> None:
    async def open_missing(path: str) -> None:
        await asyncio.Event().wait()

    limits = Limits(open_s=0.05)
    async with (
        RtspServer(open_missing=open_missing, limits=limits) as server,
        raw_client(server.port) as client,
    ):
        assert (await client.ask("DESCRIBE", f"{server.url}/cam01_live")).status == 404


async def test_udp_is_refused_and_tcp_still_works(server: RtspServer, client: RawClient) -> None:
    server.publish("cam", [VIDEO])
    url = f"{server.url}/cam/trackID=0"

    udp = await client.ask("SETUP", url, transport="RTP/AVP;unicast;client_port=5000-5001")
    both = await client.ask("SETUP", url, transport=f"RTP/AVP;unicast;client_port=1-2,{TCP}")

    assert udp.status == 461
    assert both.status == 200
    assert "interleaved=0-1" in both.headers["transport"]


@pytest.mark.parametrize("qop", ["", "auth"])
async def test_digest_with_the_right_password_passes(
    server: RtspServer, client: RawClient, qop: str
) -> None:
    account = Credentials("admin", "p@ss:w/rd#1?%ç")
    server.publish("cam", [VIDEO], credentials=account)
    url = f"{server.url}/cam"

    refused = await client.ask("DESCRIBE", url)
    answer = digest(account, refused.headers["www-authenticate"], "DESCRIBE", url, qop)

    assert refused.status == 401
    assert (await client.ask("DESCRIBE", url, authorization=answer)).status == 200


async def test_setup_needs_the_password_too(server: RtspServer, client: RawClient) -> None:
    server.publish("cam", [VIDEO], credentials=Credentials("admin", "secret"))

    answer = await client.ask("SETUP", f"{server.url}/cam/trackID=0", transport=TCP)

    assert answer.status == 401


async def test_a_wrong_password_is_refused_and_soon_hung_up_on(
    server: RtspServer, client: RawClient
) -> None:
    server.publish("cam", [VIDEO], credentials=Credentials("admin", "secret"))
    url = f"{server.url}/cam"
    challenge = (await client.ask("DESCRIBE", url)).headers["www-authenticate"]
    wrong = digest(Credentials("admin", "guess"), challenge, "DESCRIBE", url)

    statuses = [(await client.ask("DESCRIBE", url, authorization=wrong)).status for _ in range(5)]

    assert statuses == [401] * 5
    assert await client.is_closed()


async def test_a_response_to_another_connections_challenge_is_stale(
    server: RtspServer, client: RawClient
) -> None:
    account = Credentials("admin", "secret")
    server.publish("cam", [VIDEO], credentials=account)
    url = f"{server.url}/cam"
    async with raw_client(server.port) as other:
        challenge = (await other.ask("DESCRIBE", url)).headers["www-authenticate"]
    replayed = digest(account, challenge, "DESCRIBE", url)

    answer = await client.ask("DESCRIBE", url, authorization=replayed)

    assert answer.status == 401
    assert 'stale="true"' in answer.headers["www-authenticate"]


async def test_a_response_for_another_path_is_refused(
    server: RtspServer, client: RawClient
) -> None:
    account = Credentials("admin", "secret")
    server.publish("cam", [VIDEO], credentials=account)
    challenge = (await client.ask("DESCRIBE", f"{server.url}/cam")).headers["www-authenticate"]
    other = digest(account, challenge, "DESCRIBE", f"{server.url}/other")

    answer = await client.ask("DESCRIBE", f"{server.url}/cam", authorization=other)

    assert answer.status == 401


@pytest.mark.parametrize("allows_basic", [True, False])
async def test_basic_passes_only_where_it_is_allowed(
    server: RtspServer, client: RawClient, allows_basic: bool
) -> None:
    server.publish("cam", [VIDEO], credentials=Credentials("a", "b:c", allows_basic=allows_basic))
    basic = "Basic " + base64.b64encode(b"a:b:c").decode()

    answer = await client.ask("DESCRIBE", f"{server.url}/cam", authorization=basic)

    assert answer.status == (200 if allows_basic else 401)


async def test_a_foreign_session_is_not_found(server: RtspServer, client: RawClient) -> None:
    server.publish("cam", [VIDEO])
    url = f"{server.url}/cam"
    await client.ask("SETUP", f"{url}/trackID=0", transport=TCP)

    assert (await client.ask("PLAY", url, session="0123")).status == 454
    assert (await client.ask("PLAY", url)).status == 200


async def test_play_without_setup_is_refused(server: RtspServer, client: RawClient) -> None:
    server.publish("cam", [VIDEO])

    assert (await client.ask("PLAY", f"{server.url}/cam")).status == 454


async def test_keep_alive_and_teardown(server: RtspServer, client: RawClient) -> None:
    publication = server.publish("cam", [VIDEO])
    url = f"{server.url}/cam"
    await client.play(url)
    assert publication.has_readers

    assert (await client.ask("GET_PARAMETER", url)).status == 200
    assert (await client.ask("SET_PARAMETER", url)).status == 200
    assert (await client.ask("TEARDOWN", url)).status == 200
    assert not publication.has_readers


async def test_pause_stops_the_packets_and_play_goes_on(
    server: RtspServer, client: RawClient
) -> None:
    publication = server.publish("cam", [VIDEO])
    url = f"{server.url}/cam"
    await client.play(url)

    await client.ask("PAUSE", url)
    assert not publication.has_readers
    await client.ask("PLAY", url)
    assert publication.has_readers


@pytest.mark.parametrize(
    "noise",
    [
        b"\x00\xff\x13garbage",
        b"GET / HTTP/1.1\r\n\r\n",
        b"DESCRIBE rtsp://x/cam RTSP/1.0\r\nno colon\r\n\r\n",
        b"DESCRIBE rtsp://x/cam RTSP/1.0\r\n\r\n",
        b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: -5\r\n\r\n",
        b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 999999999\r\n\r\n",
        b"OPTIONS * RTSP/2.0\r\nCSeq: 1\r\n\r\n",
        b"OPTIONS * RTSP/1.0\r\nX: " + b"x" * 1_000_000,
    ],
    ids=["noise", "http", "colon", "cseq", "negative", "huge-body", "version", "huge-header"],
)
async def test_nonsense_ends_only_the_connection_it_came_on(
    server: RtspServer, client: RawClient, noise: bytes
) -> None:
    server.publish("cam", [VIDEO])
    async with raw_client(server.port) as noisy:
        noisy.writer.write(noise)

        assert await noisy.is_closed()

    assert (await client.ask("DESCRIBE", f"{server.url}/cam")).status == 200


async def test_a_reader_that_stops_talking_is_let_go(server: RtspServer, client: RawClient) -> None:
    publication = server.publish("cam", [VIDEO])
    await client.play(f"{server.url}/cam")

    client.writer.write_eof()

    assert await client.is_closed()
    assert not publication.has_readers


async def test_packets_from_the_reader_are_skipped(server: RtspServer, client: RawClient) -> None:
    client.writer.write(b"$\x01\x00\x08\x81\xc9\x00\x01abcd\r\n")

    assert (await client.ask("OPTIONS", server.url)).status == 200


async def test_requests_may_come_in_one_piece_or_byte_by_byte(
    server: RtspServer, client: RawClient
) -> None:
    request = b"OPTIONS * RTSP/1.0\r\nCSeq: %d\r\n\r\n"
    client.writer.write(b"".join(request % number for number in range(100)))
    answers = [(await client.response()).headers["cseq"] for _ in range(100)]
    for byte in request % 100:
        client.writer.write(bytes((byte,)))
        await client.writer.drain()
        await asyncio.sleep(0)

    assert answers == [str(number) for number in range(100)]
    assert (await client.response()).headers["cseq"] == "100"


async def test_a_dribbled_request_ends_in_time(clock: FakeClock) -> None:
    async with RtspServer(clock=clock) as server, raw_client(server.port) as client:
        for byte in b"OPTIONS * RTSP":
            client.writer.write(bytes((byte,)))
            await asyncio.sleep(0.005)
            await clock.advance(1.0)

        assert await client.is_closed()


async def test_a_silent_connection_ends_after_the_session_timeout(clock: FakeClock) -> None:
    async with RtspServer(clock=clock) as server, raw_client(server.port) as client:
        await client.ask("OPTIONS", server.url)
        await clock.advance(59.0)
        await client.ask("OPTIONS", server.url)
        await clock.advance(59.0)
        assert (await client.ask("OPTIONS", server.url)).status == 200

        await clock.advance(62.0)

        assert await client.is_closed()


async def test_too_many_connections_are_turned_away() -> None:
    async with (
        RtspServer(limits=Limits(connections=1)) as server,
        raw_client(server.port) as first,
        raw_client(server.port) as second,
    ):
        await first.ask("OPTIONS", server.url)

        assert await second.is_closed()
        assert (await first.ask("OPTIONS", server.url)).status == 200


async def test_two_tracks_never_share_a_channel(server: RtspServer, client: RawClient) -> None:
    server.publish("cam", [VIDEO, SOUND])
    url = f"{server.url}/cam"

    first = await client.ask("SETUP", f"{url}/trackID=0", transport=TCP)
    second = await client.ask("SETUP", f"{url}/trackID=1", transport=TCP)

    assert "interleaved=0-1" in first.headers["transport"]
    assert "interleaved=2-3" in second.headers["transport"]


async def test_who_asks_without_end_and_reads_no_answer_is_cut_off() -> None:
    limits = Limits(reader_bytes=100_000)
    async with (
        RtspServer(limits=limits) as server,
        raw_client(server.port) as flood,
        raw_client(server.port) as client,
    ):
        flood.writer.transport.pause_reading()  # type: ignore[attr-defined]  # asyncio has it
        with pytest.raises(ConnectionError):
            for _ in range(10_000):
                flood.writer.write(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n" * 1000)
                await flood.writer.drain()

        assert (await client.ask("OPTIONS", server.url)).status == 200


@given(pieces=st.lists(st.binary(max_size=40) | st.sampled_from(FRAGMENTS), max_size=30))
def test_whatever_comes_is_a_request_or_malformed(pieces: list[bytes]) -> None:
    reader = RequestReader()
    with contextlib.suppress(MalformedRequestError):
        for piece in pieces:
            reader.feed(piece)
            while (request := reader.next_request()) is not None:
                assert request.sequence.isdigit()
                request.track_target()


async def test_a_path_is_published_once_at_a_time(server: RtspServer) -> None:
    publication = server.publish("cam", [VIDEO])
    with pytest.raises(ValueError, match="already"):
        server.publish("/cam", [VIDEO])

    publication.close()

    server.publish("cam", [VIDEO])
