"""What a camera may not do with a document: fill the memory, choose how text is read, or take its time."""

import tracemalloc
from collections.abc import Iterator

import pytest

from gtvision_edge.detections.errors import MalformedPushError
from gtvision_edge.detections.sources.documents import clean, read_document

SIZE = 2 * 2**20
ROOM = 16 * 2**20
"""Bytes: a few times the document, and a small part of what its whole tree would take."""


def _attributes(size: int) -> bytes:
    return b" ".join(b'a%d="1"' % number for number in range(size // 11))


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"<r>" + b"<a/>" * (SIZE // 4) + b"</r>", id="flat"),
        pytest.param(b"<a>" * (SIZE // 7) + b"</a>" * (SIZE // 7), id="deep"),
        pytest.param(b"<a>" * (SIZE // 3), id="never closed"),
        pytest.param(b"<a " + _attributes(SIZE) + b"/>", id="attributes of one element"),
        pytest.param(b"<a " + _attributes(SIZE), id="attributes without an end"),
        pytest.param(
            b"<r>" + (b"<a " + _attributes(60_000) + b"/>") * (SIZE // 60_000) + b"</r>",
            id="attributes of some elements",
        ),
        pytest.param(b"<a " + b"b" * SIZE + b"='1'/>", id="a long name"),
        pytest.param(b"[" + b"[]," * (SIZE // 3) + b"[]]", id="json, flat"),
        pytest.param(b"[" + b"1," * (SIZE // 2) + b"1]", id="json, numbers"),
        pytest.param(b'{"a":' * (SIZE // 6) + b"1" + b"}" * (SIZE // 6), id="json, deep"),
    ],
)
def test_a_document_of_too_many_fields_is_refused_before_it_fills_the_memory(
    traced: None, body: bytes
) -> None:
    with pytest.raises(MalformedPushError):
        read_document(body, limit=2 * SIZE)

    _, most = tracemalloc.get_traced_memory()
    assert most < ROOM


def test_a_document_as_large_as_its_pictures_is_read() -> None:
    found = read_document(
        b'{"NormalPic": {"Content": "' + b"QUJD" * (SIZE // 4) + b'"}}', limit=SIZE * 2
    )

    picture = found.search("normalpic")
    assert picture is not None
    assert len(picture.value("content")) == SIZE


def test_xml_as_large_as_its_pictures_is_read_in_whichever_lines_they_come() -> None:
    for line in (b"QUJD" * (SIZE // 4), b"QUJDQUJDQUJDQUJD\n" * (SIZE // 17)):
        found = read_document(b"<a b='1'><c>" + line + b"</c></a>", limit=SIZE * 2)

        picture = found.search("c")
        assert picture is not None
        assert picture.text.encode() == line.replace(b"\n", b"")


@pytest.mark.parametrize(
    ("charset", "raw", "text"),
    [
        ("gb2312", '{"a": "苏A12345"}'.encode("gb2312"), "苏A12345"),
        ("ISO-8859-1", '{"a": "Praça"}'.encode("latin-1"), "Praça"),
        ("utf-7", b'{"a": "+AEE-"}', "+AEE-"),
        ("unicode_escape", b'{"a": "\\u00e7"}', "ç"),
        ("nonsense", '{"a": "Praça"}'.encode(), "Praça"),
    ],
)
def test_text_is_read_by_the_charsets_of_cameras_alone(charset: str, raw: bytes, text: str) -> None:
    assert read_document(raw, charset).value("a") == text


def test_a_charset_that_takes_the_square_of_a_bodys_length_is_not_asked() -> None:
    with pytest.raises(MalformedPushError):  # as punycode it would be {"a": 1}
        read_document(b'{"a": 1}-', "punycode")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("ABC1D23", "ABC1D23"),
        ("A\tB\r\nC\x00\x7f", "A\tBC"),
        ("Praça \u202eda\ud800 Sé\u200b", "Praça da Sé"),
    ],
)
def test_what_cannot_be_shown_is_left_out(sent: str, kept: str) -> None:
    assert clean(sent) == kept
