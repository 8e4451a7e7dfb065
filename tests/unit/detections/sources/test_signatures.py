"""Who signed is believed, nobody else."""

import base64
import hashlib
import hmac
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtvision_edge.detections.sources.signatures import (
    SignedFields,
    is_signed_body,
    is_signed_fields,
    sign_body,
    sign_fields,
)

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
OTHER = "whsec_" + base64.b64encode(KEY[::-1]).decode()
FIELDS = SignedFields(
    camera_id="cam01",
    plate="ABC1D23",
    timestamp="2026-03-14T09:26:53-03:00",
    confidence="0.950",
    picture_url="",
)


def test_the_header_is_what_standard_webhooks_says() -> None:
    body = b'{"placa":"ABC1D23"}'
    expected = base64.b64encode(hmac.new(KEY, b"msg_1.1700000000." + body, hashlib.sha256).digest())

    signature = sign_body(SECRET, message_id="msg_1", timestamp="1700000000", body=body)

    assert signature == "v1," + expected.decode()


def test_one_of_two_secrets_and_one_of_two_signatures_is_enough() -> None:
    body = b"{}"
    mine = sign_body(SECRET, message_id="a", timestamp="1", body=body)
    foreign = sign_body("whsec_AAAA", message_id="a", timestamp="1", body=body)

    assert is_signed_body(
        [OTHER, SECRET], message_id="a", timestamp="1", body=body, header=f"{foreign} v1a,x {mine}"
    )


@pytest.mark.parametrize(
    ("message_id", "timestamp", "body", "header"),
    [
        ("b", "1", b"{}", None),
        ("a", "2", b"{}", None),
        ("a", "1", b"{ }", None),
        ("a", "1", b"{}", ""),
        ("a", "1", b"{}", "v1,"),
        ("a", "1", b"{}", "v1,%%%"),
        ("a", "1", b"{}", "v2,AAAA"),
    ],
)
def test_anything_else_is_refused(
    message_id: str, timestamp: str, body: bytes, header: str | None
) -> None:
    right = sign_body(SECRET, message_id="a", timestamp="1", body=b"{}")

    assert not is_signed_body(
        [SECRET],
        message_id=message_id,
        timestamp=timestamp,
        body=body,
        header=right if header is None else header,
    )


def test_the_signature_inside_is_the_published_one() -> None:
    text = "v1\ncam01\nABC1D23\n2026-03-14T09:26:53-03:00\n0.950\n"
    expected = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()

    assert sign_fields(SECRET, FIELDS) == expected
    assert is_signed_fields([SECRET], FIELDS, expected.upper())


@pytest.mark.parametrize(
    ("signed", "received"),
    [
        ("0.950", "0.95"),
        ("1.0", "1"),
        ("1", "1.0"),
        ("0.95", "0.950"),
        ("0.9", "9e-1"),
        ("0.00001", "1e-05"),
    ],
)
def test_a_number_that_a_library_wrote_anew_is_the_same_number(signed: str, received: str) -> None:
    signature = sign_fields(SECRET, replace(FIELDS, confidence=signed))

    assert is_signed_fields([SECRET], replace(FIELDS, confidence=received), signature)


def test_the_key_may_be_the_bytes_that_the_secret_stands_for() -> None:
    text = "v1\ncam01\nABC1D23\n2026-03-14T09:26:53-03:00\n0.950\n"
    signature = hmac.new(KEY, text.encode(), hashlib.sha256).hexdigest()

    assert is_signed_fields([SECRET], FIELDS, signature)


@pytest.mark.parametrize(
    "changed",
    [
        replace(FIELDS, camera_id="cam02"),
        replace(FIELDS, plate="ABC1D24"),
        replace(FIELDS, timestamp="2026-03-14T09:26:54-03:00"),
        replace(FIELDS, confidence="0.951"),
        replace(FIELDS, confidence=""),
        replace(FIELDS, picture_url="http://x/"),
        replace(FIELDS, plate="ABC1D23\n2026-03-14T09:26:53-03:00", timestamp="0.950"),
    ],
)
def test_what_was_changed_is_not_signed(changed: SignedFields) -> None:
    signature = sign_fields(SECRET, FIELDS)

    assert not is_signed_fields([SECRET], changed, signature)
    assert not is_signed_fields([OTHER], FIELDS, signature)


@given(st.text(max_size=80), st.text(max_size=80))
def test_nonsense_is_refused_and_nothing_breaks(signature: str, confidence: str) -> None:
    fields = replace(FIELDS, confidence=confidence)

    assert not is_signed_fields([SECRET], fields, signature)
    assert not is_signed_body([SECRET], message_id="a", timestamp="1", body=b"", header=signature)
