"""Whatever a device answers, it is an answer, no answer, or one of our errors: never a stumble."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gtvision_edge.cameras.address import check_address
from gtvision_edge.cameras.errors import (
    CameraPathNotFoundError,
    CameraUnauthorizedError,
    OnvifBadResponseError,
)
from gtvision_edge.cameras.model import ProbeRequest
from gtvision_edge.cameras.onvif.device import choose_streams, stream_url
from gtvision_edge.cameras.onvif.messages import (
    path_of,
    plain,
    read_profiles,
    read_services,
    read_time,
    read_uri,
)
from gtvision_edge.cameras.onvif.soap import fault_code, fault_of, is_refusal, username_token
from gtvision_edge.cameras.onvif.tree import UnreadableXmlError, read_tree
from tests.fakes.onvif_device import onvif_device
from tests.unit.cameras.onvif.test_device import address, asker, device

NAMES = st.sampled_from(
    [
        "Envelope",
        "Body",
        "Fault",
        "Code",
        "Value",
        "Text",
        "UTCDateTime",
        "Date",
        "Time",
        "Year",
        "Month",
        "Day",
        "Hour",
        "Minute",
        "Second",
        "Service",
        "Namespace",
        "XAddr",
        "Media",
        "Profiles",
        "VideoEncoderConfiguration",
        "Encoding",
        "Resolution",
        "Width",
        "Height",
        "Configurations",
        "VideoEncoder",
        "VideoSource",
        "SourceToken",
        "GetStreamUriResponse",
        "Uri",
        "x",
    ]
)
WORDS = st.one_of(
    st.sampled_from(
        [
            "http://www.onvif.org/ver10/media/wsdl",
            "http://[::1/x",
            "http://h:99999/onvif",
            "rtsp://h/x",
            "rtsp://[/x",
            "rtsp://h:0/",
            "rtsp://u:p@h:1:2?a",
            "9999",
            "0",
            "-1",
            "1e9",
            "٣",
            "9" * 5000,
        ]
    ),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40),
)
TREES = st.recursive(
    st.tuples(NAMES, WORDS).map(lambda each: f"<{each[0]}>{escape(each[1])}</{each[0]}>"),
    lambda inner: st.tuples(NAMES, st.lists(inner, max_size=5)).map(
        lambda each: f'<{each[0]} token="t">{"".join(each[1])}</{each[0]}>'
    ),
    max_leaves=30,
)
ADDRESS = check_address(ProbeRequest(vendor="generic_onvif", host="192.168.1.9"))


@given(TREES)
def test_any_tree_of_the_words_we_look_for_is_read_without_a_stumble(text: str) -> None:
    root = read_tree(f"<r>{text}</r>".encode())

    moment = read_time(root)
    assert moment is None or 0 <= moment < 4_200_000_000_000_000
    services = read_services(root)
    assert all(path is None or path.startswith("/") for path in (services.media, services.media2))
    profiles = read_profiles(root)
    if profiles:
        with suppress(CameraPathNotFoundError):
            assert choose_streams(profiles, 1)[0] in profiles
    with suppress(OnvifBadResponseError):
        assert stream_url(read_uri(root), ADDRESS).startswith("rtsp://192.168.1.9:")
    fault = fault_of(root)
    if fault is not None:
        assert isinstance(is_refusal(fault), bool)
        assert len(fault_code(fault)) <= 40


@given(st.binary(max_size=300))
def test_any_bytes_are_a_tree_or_none(document: bytes) -> None:
    with suppress(UnreadableXmlError):
        read_tree(document)


@given(st.text(max_size=400))
def test_any_text_is_a_line_a_path_and_an_address_or_none(text: str) -> None:
    assert len(plain(text)) <= 80
    path = path_of(text)
    assert path is None or path.startswith("/")
    with suppress(OnvifBadResponseError):
        assert stream_url(text, ADDRESS).startswith("rtsp://192.168.1.9:")


PARTS = st.one_of(st.integers(-1, 10_000).map(str), st.sampled_from(["", "x", "0", "99999", "²"]))


@example(("9999", "12", "31", "23", "59", "59"))
@example(("0", "1", "1", "0", "0", "0"))
@given(st.tuples(PARTS, PARTS, PARTS, PARTS, PARTS, PARTS))
def test_any_clock_is_one_to_log_in_by_or_none(parts: tuple[str, ...]) -> None:
    year, month, day, hour, minute, second = map(escape, parts)
    root = read_tree(
        f"<r><UTCDateTime><Date><Year>{year}</Year><Month>{month}</Month><Day>{day}</Day></Date><Time>"
        f"<Hour>{hour}</Hour><Minute>{minute}</Minute><Second>{second}</Second></Time></UTCDateTime></r>".encode()
    )

    moment = read_time(root)

    if moment is not None:
        assert "Created" in username_token("u", "p", moment + 86_400_000_000)


def far_ahead() -> float:
    return (datetime(9999, 12, 30, tzinfo=UTC) - datetime.now(UTC)) / timedelta(seconds=1)


async def test_a_clock_in_the_year_9999_is_not_known_and_the_device_tells_its_streams() -> None:
    camera = device(login="digest", clock_offset_s=far_ahead())

    async with onvif_device(camera), asker() as asking:
        answer = await asking.ask(address(camera))

    assert answer.clock_offset_s is None
    assert answer.main_url == "rtsp://127.0.0.1:554/Streaming/101?a=1&b=2"


async def test_a_clock_in_the_year_9999_makes_no_token_that_stumbles() -> None:
    camera = device(login="token", clock_offset_s=far_ahead())

    async with onvif_device(camera), asker() as asking:
        with pytest.raises(CameraUnauthorizedError):
            await asking.ask(address(camera))
