"""What is read of a recorded file, whatever the file is."""

import os
import struct
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtvision_edge.recordings.indexing.codecs import audio_codec, video_codec
from gtvision_edge.recordings.indexing.fmp4 import Part, Reading, read_file
from tests.fakes.footage import START_US
from tests.fakes.recordings import RUN, Recording

PLAIN = Recording(seconds=6, audio=True)
CONTENT = PLAIN.content(START_US)
INIT = len(PLAIN.init(START_US))


def read(data: bytes, size: int | None = None, reading: Reading | None = None) -> Reading:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        return read_file(file.fileno(), len(data) if size is None else size, reading)


def test_a_whole_file_tells_tracks_clock_length_and_parts() -> None:
    reading = read(CONTENT)

    assert reading.head is not None
    assert reading.head.size == INIT
    assert reading.head.closed_ms == 6000
    assert reading.head.clock is not None
    assert reading.head.clock.stream_id == RUN
    assert reading.head.clock.ntp_ns == START_US * 1000
    video, audio = reading.head.video, reading.head.audio
    assert video is not None
    assert (video.codec, video.width, video.height) == ("avc1.64001f", 1280, 720)
    assert audio is not None
    assert audio.codec == "mp4a.40.2"
    assert [(part.video_us, part.key_us, part.length_us) for part in reading.parts] == [
        (n * 1_000_000, n * 1_000_000 if n % 2 == 0 else None, 1_000_000) for n in range(6)
    ]
    assert reading.end == len(CONTENT)
    offsets = [part.offset for part in reading.parts]
    assert offsets[0] == INIT
    assert [part.offset + part.size for part in reading.parts] == [*offsets[1:], len(CONTENT)]


@pytest.mark.parametrize("missing", [1, 8, 100, 1500])
def test_a_cut_file_is_read_up_to_its_last_whole_part(missing: int) -> None:
    whole = read(CONTENT).parts

    cut = read(CONTENT[:-missing])

    assert cut.parts == [
        part for part in whole if part.offset + part.size <= len(CONTENT) - missing
    ]
    assert cut.parts
    assert cut.end == cut.parts[-1].offset + cut.parts[-1].size


def test_a_growing_file_is_read_on_from_where_it_ended() -> None:
    whole = read(CONTENT)

    reading = read(b"")
    for size in range(0, len(CONTENT) + 1, 37):
        reading = read(CONTENT, size, reading)
    reading = read(CONTENT, None, reading)

    assert reading.parts == whole.parts
    assert reading.head == whole.head


def test_the_order_of_tracks_in_a_part_does_not_matter() -> None:
    turned = bytearray(CONTENT)
    for part in read(CONTENT).parts:
        data = turned[part.offset : part.offset + part.size]
        (length,) = struct.unpack_from(">I", data)
        (first,) = struct.unpack_from(">I", data, 24)
        swapped = data[:24] + data[24 + first : length] + data[24 : 24 + first] + data[length:]
        turned[part.offset : part.offset + part.size] = swapped

    assert bytes(turned) != CONTENT
    assert read(bytes(turned)).parts == read(CONTENT).parts


def test_a_part_without_pictures_has_no_time() -> None:
    sound = PLAIN.parts()[0]
    (first,) = struct.unpack_from(">I", sound, 24)
    (length,) = struct.unpack_from(">I", sound)
    audio_only = (
        struct.pack(">I", length - first)
        + sound[4:24]
        + sound[24 + first : length]
        + sound[length:]
    )

    reading = read(PLAIN.init(START_US) + audio_only + PLAIN.parts()[0])

    assert reading.parts[0] == Part(INIT, len(audio_only), None, None, 0)
    assert reading.parts[1].key_us == 0


def test_boxes_between_parts_are_passed_over() -> None:
    parts = PLAIN.parts()
    free = struct.pack(">I4s", 24, b"free") + bytes(16)

    reading = read(PLAIN.init(START_US) + parts[0] + free + parts[1])

    assert len(reading.parts) == 2
    assert reading.parts[1].offset == INIT + len(parts[0]) + 24


@pytest.mark.parametrize(
    ("kind", "config", "codec"),
    [
        (b"avc1", struct.pack(">I4s", 15, b"avcC") + b"\x01\x4d\x40\x29\xff\xe1\0", "avc1.4d4029"),
        (
            b"hvc1",
            struct.pack(">I4s", 31, b"hvcC")
            + b"\x01\x01\x60\x00\x00\x00\x90\x00\x00\x00\x00\x00\x5d"
            + bytes(10),
            "hvc1.1.6.L93.90",
        ),
        (b"av01", struct.pack(">I4s", 12, b"av1C") + b"\x81\x08\x0c\0", "av01.0.08M.08"),
        (b"hvc1", b"", "hvc1"),
        (b"jpeg", b"", "jpeg"),
    ],
)
def test_the_codec_is_said_as_browsers_want_it(kind: bytes, config: bytes, codec: str) -> None:
    assert video_codec(kind, bytes(78) + config) == codec


def test_pcm_keeps_its_four_letters() -> None:
    assert audio_codec(b"ipcm", bytes(28)) == "ipcm"
    assert audio_codec(b"Opus", bytes(28)) == "opus"
    assert audio_codec(b"mp4a", bytes(28) + b"\0\0\0\x10esds" + b"\xff" * 8) == "mp4a"


@given(st.binary(max_size=4096))
def test_any_bytes_are_survived(data: bytes) -> None:
    read(data)
    read(CONTENT[:INIT] + data)
    video_codec(b"hvc1", data)
    audio_codec(b"mp4a", data)


@settings(deadline=1000)
@given(
    st.integers(0, len(CONTENT) - 5),
    st.one_of(st.binary(min_size=1, max_size=8), st.just(b"\xff" * 4), st.just(bytes(4))),
    st.integers(0, len(CONTENT)),
)
def test_any_damage_is_survived_and_parts_lie_inside_the_file(
    at: int, damage: bytes, cut: int
) -> None:
    data = (CONTENT[:at] + damage + CONTENT[at + len(damage) :])[: max(cut, at + len(damage))]

    reading = read(data)

    end = reading.head.size if reading.head else 0
    for part in reading.parts:
        assert part.offset >= end
        assert part.size > 0
        end = part.offset + part.size
    assert end <= len(data)


def test_what_costs_much_is_bounded(tmp_path: Path) -> None:
    many = tmp_path / "many"
    many.write_bytes(PLAIN.init(START_US) + struct.pack(">I4s", 8, b"free") * 1_000_000)
    lying = bytearray(PLAIN.parts()[0])
    at = lying.index(b"trun")
    struct.pack_into(">II", lying, at + 4, 0, 0xFFFFFFFF)  # a run without a table, endless

    with many.open("rb") as file:
        reading = read_file(file.fileno(), os.fstat(file.fileno()).st_size)

    assert reading.is_done
    assert reading.strangers < 2000
    assert len(read(PLAIN.init(START_US) + bytes(lying)).parts) == 1
