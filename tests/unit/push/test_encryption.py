"""Against the published example of RFC 8291, and a browser that decrypts as it says."""

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec

from gtvision_edge.push.encryption import MOST_BYTES, encrypt
from tests.fakes.push_service import Browser, b64, unb64

# RFC 8291, section 5 and appendix A.
TEXT = b"When I grow up, I want to be a watermelon"
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
BROWSER = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_y"
    "l95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def private(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(unb64(text)), ec.SECP256R1())


def test_the_published_example_comes_out_to_the_byte() -> None:
    browser = Browser(private(BROWSER), unb64(AUTH))

    body = encrypt(
        TEXT, p256dh=browser.public, auth=browser.auth, key=private(SENDER), salt=unb64(SALT)
    )

    assert b64(body) == BODY
    assert browser.decrypt(body) == TEXT


def test_each_body_is_another_and_opens_for_its_browser_alone() -> None:
    mine, other = Browser(), Browser()
    first = encrypt(b"a", p256dh=mine.public, auth=mine.auth)
    second = encrypt(b"a", p256dh=mine.public, auth=mine.auth)

    assert first != second
    assert mine.decrypt(first) == mine.decrypt(second) == b"a"
    with pytest.raises(InvalidTag):
        other.decrypt(first)


def test_the_longest_text_fits_into_what_push_services_must_take() -> None:
    browser = Browser()

    body = encrypt(b"x" * MOST_BYTES, p256dh=browser.public, auth=browser.auth)

    assert len(body) == 4096
    assert browser.decrypt(body) == b"x" * MOST_BYTES
    with pytest.raises(ValueError, match="longer"):
        encrypt(b"x" * (MOST_BYTES + 1), p256dh=browser.public, auth=browser.auth)
