"""Where a box writes pushes to, and where never."""

import base64
import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtvision_edge.push.addresses import PushResolver, is_public, read_address, service_of
from gtvision_edge.push.errors import PushAddressRefusedError
from tests.fakes.push_service import Browser

KEYS = Browser().keys
_POINT = base64.urlsafe_b64decode(KEYS["p256dh"] + "=" * (-len(KEYS["p256dh"]) % 4))
COMPRESSED = base64.urlsafe_b64encode(bytes((2 + _POINT[64] % 2,)) + _POINT[1:33]).decode()
GOOD = "https://fcm.googleapis.com/fcm/send/abc:def"


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/fcm/send/a",
        "ftp://fcm.googleapis.com/a",
        "https://",
        "https://[::1",
        "https://push.example:22/a",
        "https://push.example:99999/a",
        "https://user:secret@push.example/a",
        "https://127.0.0.1/a",
        "https://10.20.0.64/ISAPI/reboot",
        "https://[::ffff:10.0.0.1]/a",
        "https://[fe80::1]/a",
        "https://[fec0::1]/a",
        "https://[::127.0.0.1]/a",
        "https://127.1/a",
        "https://2130706433/a",
        "https://0177.0.0.1/a",
        "https://0x7f000001/a",
        "https://127.0.0.1./a",
        "https://push.example/a b",
        "https://push.example/a\r\nX-Evil: 1",
        "https://push.ex\u00e4mple/a",
        "https://push.example/" + "a" * 2048,
        "",
    ],
)
def test_what_is_no_push_service_of_the_internet_is_refused(endpoint: str) -> None:
    with pytest.raises(PushAddressRefusedError):
        read_address(endpoint, KEYS["p256dh"], KEYS["auth"], allow_private=False)


@pytest.mark.parametrize(
    ("p256dh", "auth"),
    [
        ("", KEYS["auth"]),
        (KEYS["p256dh"], ""),
        (KEYS["p256dh"][:-4], KEYS["auth"]),
        (COMPRESSED, KEYS["auth"]),
        ("B" + "A" * 86, KEYS["auth"]),
        (KEYS["p256dh"], KEYS["auth"] + "AAAA"),
        ("not base64!", KEYS["auth"]),
        (KEYS["p256dh"], "\ud800"),
    ],
    ids=[
        "no key",
        "no secret",
        "short key",
        "half a point",
        "no point",
        "long secret",
        "no base64",
        "surrogate",
    ],
)
def test_keys_that_no_browser_makes_are_refused(p256dh: str, auth: str) -> None:
    with pytest.raises(PushAddressRefusedError):
        read_address(GOOD, p256dh, auth, allow_private=False)


def test_a_browsers_own_is_taken_and_shown_to_nobody() -> None:
    address = read_address(GOOD, KEYS["p256dh"], KEYS["auth"], allow_private=False)

    assert len(address.p256dh) == 65
    assert service_of(address.endpoint) == "fcm.googleapis.com"
    assert "abc" not in repr(address)


@pytest.mark.parametrize(
    ("address", "is_good"),
    [
        ("8.8.8.8", True),
        ("2001:4860:4860::8888", True),
        ("64:ff9b::8.8.8.8", True),
        ("64:ff9b::10.0.0.1", False),
        ("2002:0a00:0001::", False),
        ("::ffff:192.168.0.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("224.0.0.1", False),
        ("fc00::1", False),
        ("fec0::1", False),
        ("::10.0.0.1", False),
        ("::ffff:0:10.0.0.1", False),
        ("fe80::1%eth0", False),
        ("0.0.0.0", False),
        ("name", False),
    ],
)
def test_an_address_is_of_the_internet_or_not(address: str, is_good: bool) -> None:
    assert is_public(address) is is_good


def looked_up(*addresses: str) -> Any:
    def look_up(host: str, port: int, **_: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

    return look_up


async def test_a_name_that_leads_into_the_own_network_leads_nowhere() -> None:
    resolver = PushResolver(allow_private=False, look_up=looked_up("10.0.0.1", "8.8.8.8"))
    found = await resolver.resolve("push.example", 443)
    await resolver.close()
    assert [each["host"] for each in found] == ["8.8.8.8"]

    resolver = PushResolver(allow_private=False, look_up=looked_up("127.0.0.1"))
    with pytest.raises(OSError, match="private network"):
        await resolver.resolve("push.example", 443)
    await resolver.close()

    resolver = PushResolver(allow_private=True, look_up=looked_up("127.0.0.1"))
    assert len(await resolver.resolve("push.example", 443)) == 1
    await resolver.close()


async def test_a_name_that_can_be_none_is_a_failed_look_up() -> None:
    resolver = PushResolver(allow_private=False)

    with pytest.raises(OSError, match="none"):
        await resolver.resolve("a" * 64 + ".example", 443)
    await resolver.close()


@given(
    st.one_of(
        st.text(),
        st.builds("https://{}/{}".format, st.text(), st.text()),
        st.builds("https://[{}]:{}/a".format, st.text(), st.integers()),
    ),
    st.text(),
    st.text(),
)
def test_nonsense_is_refused_and_never_an_incident(endpoint: str, p256dh: str, auth: str) -> None:
    for key, secret in ((p256dh, auth), (KEYS["p256dh"], KEYS["auth"])):
        try:
            address = read_address(endpoint, key, secret, allow_private=False)
        except PushAddressRefusedError:
            continue
        assert address.endpoint.startswith("https://")
