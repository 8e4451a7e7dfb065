"""Our quick frames are those that pamqp reads, for any message."""

from typing import Any

import pamqp.frame
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pamqp.commands import Basic
from pamqp.header import ContentHeader

from gtvision_edge.uplink.frames import message_frames


def read(raw: bytes) -> list[Any]:
    found = []
    while raw:
        size, channel, frame = pamqp.frame.unmarshal(raw)
        found.append((channel, frame))
        raw = raw[size:]
    return found


@given(
    body=st.binary(max_size=300),
    lane=st.text(max_size=40).filter(lambda text: "\x00" not in text),
    seq=st.integers(0, 2**62),
    is_late=st.booleans(),
    max_body=st.integers(1, 400),
)
def test_pamqp_reads_what_was_meant(
    body: bytes, lane: str, seq: int, is_late: bool, max_body: int
) -> None:
    raw = message_frames(
        body,
        channel=3,
        exchange="deteccoes.events",
        routing_key="deteccoes.lpr",
        message_id="0199c0de-0000-7000-8000-000000000001",
        app_id="gtvision-edge:site-1",
        is_late=is_late,
        lane=lane,
        seq=seq,
        stream="live",
        max_body=max_body,
    )

    (_, publish), (_, header), *bodies = frames = read(raw)

    assert {channel for channel, _ in frames} == {3}
    assert isinstance(publish, Basic.Publish)
    assert (publish.exchange, publish.routing_key) == ("deteccoes.events", "deteccoes.lpr")
    assert publish.mandatory
    assert isinstance(header, ContentHeader)
    assert header.body_size == len(body)
    properties = header.properties
    assert properties.content_type == "application/cloudevents+json"
    assert properties.delivery_mode == 2
    assert properties.message_id == "0199c0de-0000-7000-8000-000000000001"
    assert properties.app_id == "gtvision-edge:site-1"
    assert properties.headers == {
        "x-late": is_late,
        "x-lane": lane,
        "x-seq": seq,
        "x-stream": "live",
    }
    pieces = [frame.value for _, frame in bodies]
    assert b"".join(pieces) == body
    assert all(len(piece) <= max_body for piece in pieces)


@pytest.mark.parametrize("late", [True, False])
def test_the_bytes_are_those_that_pamqp_would_write(late: bool) -> None:
    headers: Any = {"x-late": late, "x-lane": "u-1", "x-seq": 2**40, "x-stream": "backlog"}
    properties = Basic.Properties(
        content_type="application/cloudevents+json",
        headers=headers,
        delivery_mode=2,
        message_id="m-1",
        app_id="a",
    )
    theirs = pamqp.frame.marshal(ContentHeader(0, 2, properties), 1)

    ours = message_frames(
        b"{}",
        channel=1,
        exchange="e",
        routing_key="k",
        message_id="m-1",
        app_id="a",
        is_late=late,
        lane="u-1",
        seq=2**40,
        stream="backlog",
        max_body=100,
    )

    assert theirs in ours
