"""Parts are found however a camera writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtvision_edge.detections.errors import MalformedPushError
from gtvision_edge.detections.sources.multipart import Part, is_multipart, split

JPEG = b"\xff\xd8\xff\xe0 picture \r\n with lines \n\n\xff\xd9"
XML = b"<EventNotificationAlert/>"


def body(
    *parts: bytes, boundary: bytes = b"boundary", line: bytes = b"\r\n", end: bool = True
) -> bytes:
    whole = b"".join(b"--" + boundary + line + part + line for part in parts)
    return whole + (b"--" + boundary + b"--" + line if end else b"")


def part(head: bytes, content: bytes, line: bytes = b"\r\n") -> bytes:
    return head + line + line + content


DISPOSITION = b'Content-Disposition: form-data; name="anpr.xml"; filename="anpr.xml";'


@pytest.mark.parametrize("line", [b"\r\n", b"\n"])
@pytest.mark.parametrize("end", [True, False])
@pytest.mark.parametrize("name", ["boundary", "----x", "7e1 3d", "a+b(c)"])
def test_parts_are_found(line: bytes, end: bool, name: str) -> None:
    raw = body(
        part(DISPOSITION + line + b"Content-Type: application/xml", XML, line),
        part(b"Content-Disposition: form-data;name=plate.jpg", JPEG, line),
        boundary=name.encode(),
        line=line,
        end=end,
    )

    found = split(f'multipart/form-data; charset=utf-8; boundary="{name}"', raw)

    assert found[0] == Part(XML, "anpr.xml", "anpr.xml", "application/xml")
    assert found[1].name == "plate.jpg"
    assert found[1].content.rstrip(b"\r\n") == JPEG
    assert [each.is_jpeg for each in found] == [False, True]


def test_a_part_needs_no_header_and_no_name() -> None:
    raw = body(
        part(b'Content-Disposition: form-data; filename="x.jpg"', JPEG),
        b"\r\n" + XML,
        part(b"Content-Type: image/jpeg", JPEG),
    )

    found = split("multipart/mixed; boundary=boundary", raw)

    assert [each.content for each in found] == [JPEG, XML, JPEG]
    assert found[0].filename == "x.jpg"


def test_a_boundary_within_a_picture_is_no_boundary() -> None:
    odd = b"\xff\xd8\xff --boundary --boundary-- text\r\n--boundaryX\xff\xd9"

    found = split(
        "multipart/form-data; boundary=boundary", body(part(b"Content-Type: image/jpeg", odd))
    )

    assert [each.content for each in found] == [odd]


@pytest.mark.parametrize(
    ("content_type", "raw"),
    [
        ("multipart/form-data", body(XML)),
        ("multipart/form-data; boundary=", body(XML)),
        ("multipart/form-data; boundary=other", body(XML)),
        ("multipart/form-data; boundary=boundary", b""),
        ("multipart/form-data; boundary=boundary", body(*[part(b"a: b", XML)] * 17)),
    ],
)
def test_what_cannot_be_split_is_refused(content_type: str, raw: bytes) -> None:
    with pytest.raises(MalformedPushError):
        split(content_type, raw)


@given(st.binary(max_size=400))
def test_any_bytes_are_split_or_refused(raw: bytes) -> None:
    try:
        found = split("multipart/form-data; boundary=b", b"--b\r\n" + raw)
    except MalformedPushError:
        return
    assert all(isinstance(each.content, bytes) for each in found)


def test_the_kind_is_told_by_its_first_word() -> None:
    assert is_multipart(" Multipart/X-Mixed-Replace; boundary=b")
    assert not is_multipart("application/json")
