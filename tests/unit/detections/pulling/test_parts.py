"""Parts of an endless answer are found as they arrive, and nothing a camera says makes memory grow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtvision_edge.detections.pulling.events import boundary_of
from gtvision_edge.detections.pulling.parts import (
    MAX_HEADER,
    MAX_PART,
    BrokenStreamError,
    PartReader,
)
from tests.fakes.snap_camera import BOUNDARY, HEARTBEAT, event, part

JPEG = b"\xff\xd8\xff\xe0 pic \r\n--my --myboundaryX \n\n\xff\xd9"


def fed(raw: bytes, step: int) -> list[bytes]:
    reader = PartReader(BOUNDARY.encode())
    found = []
    for at in range(0, len(raw), step):
        found += reader.feed(raw[at : at + step])
    return [each.content for each in found]


@pytest.mark.parametrize("step", [1, 2, 7, 64, 10_000])
def test_parts_are_found_however_they_are_cut(step: int) -> None:
    raw = part("text/plain", event()) + part("image/jpeg", JPEG) + HEARTBEAT

    assert fed(raw, step) == [event(), JPEG, b"Heartbeat"]


def test_a_part_of_known_length_needs_no_next_one() -> None:
    assert fed(part("image/jpeg", JPEG)[:-2], 5) == [JPEG]


@pytest.mark.parametrize("step", [1, 50, 10_000])
@pytest.mark.parametrize("length", [None, 3, 412, 50_000])
def test_a_length_that_is_missing_or_a_lie_costs_the_next_parts_nothing(
    step: int, length: int | None
) -> None:
    raw = part("text/plain", event(), length=length) + part("image/jpeg", JPEG) + HEARTBEAT

    first, *others = fed(raw, step)

    assert event().startswith(first) if length == 3 else first.rstrip(b"\r\n") == event().rstrip()
    assert others == [JPEG, b"Heartbeat"]


def test_line_feeds_alone_and_no_header_are_taken() -> None:
    raw = f"--{BOUNDARY}\n\nHeartbeat\n--{BOUNDARY}\nContent-Length: 2\n\nab\n--{BOUNDARY}\n"

    assert fed(raw.encode(), 3) == [b"Heartbeat", b"ab"]


@pytest.mark.parametrize(
    "raw",
    [
        part("image/jpeg", b"", length=MAX_PART + 1),
        part("image/jpeg", b"", length=10**11),
        f"--{BOUNDARY}\r\n".encode() + b"x" * (MAX_HEADER + 1),
        part("image/jpeg", b"\xff" * (MAX_PART + 70_000), length=None),
    ],
)
def test_what_is_too_large_ends_the_stream(raw: bytes) -> None:
    with pytest.raises(BrokenStreamError):
        fed(raw, 65_536)


def test_what_lies_between_parts_is_not_kept() -> None:
    reader = PartReader(BOUNDARY.encode())

    for _ in range(100):
        assert reader.feed(b"\r\n--nothing" * 1000) == []

    assert len(reader._buffer) < 100
    assert [each.content for each in reader.feed(b"\r\n" + HEARTBEAT)] == [b"Heartbeat"]


@given(
    st.lists(
        st.sampled_from(
            [
                b"--myboundary",
                b"--myboundary--",
                b"\r\n",
                b"\n",
                b"Content-Length: 5",
                b"\xff\xd8\xff",
                b"a",
            ]
        )
        | st.binary(max_size=6),
        max_size=30,
    )
)
def test_any_bytes_give_the_same_parts_in_one_piece_and_one_by_one(pieces: list[bytes]) -> None:
    raw = b"".join(pieces)

    assert fed(raw, 1) == fed(raw, max(1, len(raw)))


@pytest.mark.parametrize(
    ("told", "boundary"),
    [
        ("multipart/x-mixed-replace; boundary=myboundary", b"myboundary"),
        ('Multipart/Mixed;charset=x; Boundary="--b"', b"--b"),
    ],
)
def test_the_boundary_is_the_heads(told: str, boundary: bytes) -> None:
    assert boundary_of(told) == boundary


@pytest.mark.parametrize("told", ["", "text/html", "multipart/mixed", "multipart/mixed; boundary="])
def test_an_answer_without_boundary_is_no_stream(told: str) -> None:
    with pytest.raises(BrokenStreamError):
        boundary_of(told)
