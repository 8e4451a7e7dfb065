"""What readers receive, and when."""

import asyncio

import pytest

from gtvision_edge.media.embedded.rtsp import Limits, RtspServer, TrackDescription
from tests.fakes.clock import FakeClock
from tests.fakes.rtsp_client import RtpPacket, SenderReport, raw_client
from tests.unit.media.embedded.rtsp.test_requests import KEY, PPS, SETS, SOUND, SPS, VIDEO
from tests.waiting import becomes, patiently

DELTA = b"\x00\x00\x00\x01\x41" + b"d" * 50


async def test_a_reader_starts_at_the_last_key_frame(clock: FakeClock) -> None:
    async with RtspServer(clock=clock) as server, raw_client(server.port) as client:
        publication = server.publish("cam", [VIDEO])
        publication.send(0, DELTA, 0)
        publication.send(0, KEY, 3000, True)
        publication.send(0, DELTA, 6000)

        await client.play(f"{server.url}/cam")
        publication.send(0, DELTA, 9000)
        packets = [await client.media_packet() for _ in range(5)]

    assert [packet.payload[0] & 31 for packet in packets] == [7, 8, 5, 1, 1]
    assert [packet.marker for packet in packets] == [False, False, True, True, True]
    first = packets[0].timestamp
    assert [(packet.timestamp - first) % 2**32 for packet in packets] == [0, 0, 0, 3000, 6000]
    assert [(p.sequence - packets[0].sequence) % 65536 for p in packets] == [0, 1, 2, 3, 4]


async def test_play_announces_the_first_packet() -> None:
    async with RtspServer() as server, raw_client(server.port) as client:
        publication = server.publish("cam", [VIDEO])
        publication.send(0, KEY, 0, True)

        answer = await client.play(f"{server.url}/cam")
        packet = await client.media_packet()

    assert f"seq={packet.sequence};rtptime={packet.timestamp}" in answer.headers["rtp-info"]


async def test_without_a_kept_group_a_reader_waits_for_the_next_key_frame() -> None:
    async with RtspServer() as server, raw_client(server.port) as client:
        publication = server.publish("cam", [VIDEO], keeps_group=False)
        publication.send(0, KEY, 0, True)

        await client.play(f"{server.url}/cam")
        publication.send(0, DELTA, 3000)
        publication.send(0, KEY, 6000, True)

        assert (await client.media_packet()).payload == SPS


async def test_a_group_that_grows_too_long_is_not_kept() -> None:
    limits = Limits(group_bytes=1000)
    async with RtspServer(limits=limits) as server, raw_client(server.port) as client:
        publication = server.publish("cam", [VIDEO])
        publication.send(0, KEY, 0, True)
        for number in range(100):
            publication.send(0, DELTA, 3000 * (number + 1))

        await client.play(f"{server.url}/cam")
        publication.send(0, KEY + b"second", 900_000, True)
        packets = [await client.media_packet() for _ in range(3)]

    assert packets[2].payload.endswith(b"second")


@pytest.mark.parametrize("prefixed", [False, True])
async def test_parameter_sets_are_not_sent_twice(prefixed: bool) -> None:
    track = VIDEO
    unit = SETS + KEY
    if prefixed:
        avcc = b"\x01\x42\xc0\x0a\xff\xe1" + len(SPS).to_bytes(2, "big") + SPS
        avcc += b"\x01" + len(PPS).to_bytes(2, "big") + PPS
        track = TrackDescription.h264(avcc)
        unit = b"".join(len(n).to_bytes(4, "big") + n for n in (SPS, PPS, KEY[4:]))
    async with RtspServer() as server, raw_client(server.port) as client:
        publication = server.publish("cam", [track])
        publication.send(0, unit, 0, True)

        await client.play(f"{server.url}/cam")
        packets = [await client.media_packet() for _ in range(3)]

    assert [packet.payload for packet in packets] == [SPS, PPS, KEY[4:]]


async def test_a_long_unit_is_cut_and_can_be_put_together() -> None:
    unit = bytes((0x65,)) + bytes(range(1, 256)) * 20
    async with RtspServer() as server, raw_client(server.port) as client:
        publication = server.publish("cam", [VIDEO])
        publication.send(0, SETS + b"\x00\x00\x01" + unit, 0, True)

        await client.play(f"{server.url}/cam")
        packets = [await client.media_packet() for _ in range(6)][2:]

    assert [packet.payload[0] for packet in packets] == [0x7C] * 4
    assert [packet.payload[1] & 0xC0 for packet in packets] == [0x80, 0, 0, 0x40]
    assert bytes((0x65,)) + b"".join(packet.payload[2:] for packet in packets) == unit
    assert [packet.marker for packet in packets] == [False, False, False, True]


async def test_readers_get_the_same_packets_on_their_own_channels() -> None:
    async with (
        RtspServer() as server,
        raw_client(server.port) as first,
        raw_client(server.port) as second,
    ):
        publication = server.publish("cam", [VIDEO, SOUND])
        url = f"{server.url}/cam"
        await first.play(url, tracks=2)
        transport = "RTP/AVP/TCP;unicast;interleaved=6-7"
        await second.ask("SETUP", f"{url}/trackID=0", transport=transport)
        await second.ask("PLAY", url)

        publication.send(0, SETS + KEY, 0, True)
        publication.send(1, b"s" * 160, 0)
        publication.send(0, DELTA, 3000)
        ours = [await first.media_packet() for _ in range(5)]
        theirs = [await second.media_packet() for _ in range(4)]

    assert [packet.channel for packet in ours] == [0, 0, 0, 2, 0]
    assert [packet.channel for packet in theirs] == [6, 6, 6, 6]
    assert [p.payload for p in ours if p.channel == 0] == [p.payload for p in theirs]
    assert ours[3].payload == b"s" * 160
    assert ours[3].payload_type == 8


async def test_a_sender_report_tells_when_the_sample_was_taken(clock: FakeClock) -> None:
    async with RtspServer(clock=clock) as server, raw_client(server.port) as client:
        publication = server.publish("cam", [VIDEO])
        taken_us = clock.now_us() - 3_000_000
        publication.send(0, SETS + KEY, 0, True, captured_us=taken_us)

        await client.play(f"{server.url}/cam")
        report = await client.packet()
        packet = await client.packet()

    assert isinstance(report, SenderReport)
    assert isinstance(packet, RtpPacket)
    assert report.timestamp == packet.timestamp
    assert report.captured_us == pytest.approx(taken_us, abs=2)


async def test_reports_of_both_tracks_keep_step_while_arrival_jitters(clock: FakeClock) -> None:
    async with RtspServer(clock=clock) as server, raw_client(server.port) as client:
        publication = server.publish("cam", [VIDEO, SOUND])
        await client.play(f"{server.url}/cam", tracks=2)
        reports: list[SenderReport] = []
        began = clock.now_us()
        for second in range(20):
            late_us = (second * 37 % 11) * 20_000
            taken = began + second * 1_000_000 + late_us
            publication.send(0, SETS + KEY, second * 90_000, True, captured_us=taken)
            publication.send(1, b"s", second * 8_000, captured_us=taken + 90_000)
            await clock.advance(1.0)
        publication.close()
        try:
            while True:
                packet = await client.packet()
                if isinstance(packet, SenderReport):
                    reports.append(packet)
        except asyncio.IncompleteReadError:
            pass

    offsets = []
    for report in reports:
        rate = 90_000 if report.channel == 1 else 8_000
        first = next(other for other in reports if other.channel == report.channel)
        media_us = (report.timestamp - first.timestamp) % 2**32 * 1_000_000 // rate
        offsets.append(report.captured_us - media_us)
    assert len(reports) == 8
    assert max(offsets) - min(offsets) < 10_000


async def test_a_reader_that_does_not_follow_resumes_at_a_key_frame_and_delays_nobody() -> None:
    limits = Limits(reader_bytes=200_000)
    frame = DELTA + b"x" * 50_000
    async with (
        RtspServer(limits=limits) as server,
        raw_client(server.port) as slow,
        raw_client(server.port) as quick,
    ):
        publication = server.publish("cam", [VIDEO])
        await slow.play(f"{server.url}/cam")
        await quick.play(f"{server.url}/cam")
        received: list[RtpPacket] = []
        publication.send(0, SETS + KEY, 0, True)
        for number in range(1, 400):
            publication.send(0, frame, number)
            while True:
                received.append(await quick.media_packet())
                if received[-1].marker and received[-1].timestamp - received[0].timestamp >= number:
                    break
        publication.send(0, SETS + KEY + b"again", 400, True)
        publication.send(0, frame, 401)

        # The slow one wakes up: whole frames, then nothing until the key frame.
        seen: list[RtpPacket] = []
        got_again = asyncio.Event()

        async def read_slowly() -> None:
            while True:
                seen.append(await slow.media_packet())
                if seen[-1].payload.endswith(b"final"):
                    got_again.set()
                    return

        task = asyncio.create_task(read_slowly())
        taken = -1
        while len(seen) != taken:  # until it has taken all that waited for it
            taken = len(seen)
            await asyncio.sleep(0.2)
        publication.send(0, frame, 402)
        publication.send(0, SETS + KEY + b"final", 403, True)
        await asyncio.wait_for(got_again.wait(), patiently(5))
        await task

    assert len({packet.timestamp for packet in received}) == 400
    ticks = [(packet.timestamp - seen[0].timestamp) % 2**32 for packet in seen]
    assert len(set(ticks)) < 300
    assert ticks[-1] == 403
    assert 402 not in ticks


async def test_a_reader_that_takes_nothing_is_disconnected(clock: FakeClock) -> None:
    async with RtspServer(clock=clock) as server, raw_client(server.port) as client:
        publication = server.publish("cam", [VIDEO])
        await client.play(f"{server.url}/cam")
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]  # asyncio has it
        for number in range(300):
            publication.send(0, SETS + KEY + b"x" * 100_000, number, True)

        await clock.advance(12.0)

        await becomes(lambda: not publication.has_readers, 5)


async def test_closing_a_publication_ends_its_readers_and_frees_the_path() -> None:
    async with RtspServer() as server, raw_client(server.port) as client:
        publication = server.publish("cam", [VIDEO])
        await client.play(f"{server.url}/cam")

        publication.close()
        publication.close()
        publication.send(0, KEY, 0, True)

        assert await client.is_closed()
        assert not publication.has_readers
        async with raw_client(server.port) as later:
            assert (await later.ask("DESCRIBE", f"{server.url}/cam")).status == 404
