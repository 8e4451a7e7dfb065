"""What a sender names is fetched from the listed networks and hosts alone, whatever it looks like."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from gtvision_edge.detections.pictures.addresses import (
    AddressRefusedError,
    PictureSources,
    is_this_box,
)
from gtvision_edge.settings import DetectionSettings

DEFAULT = PictureSources(DetectionSettings().picture_sources)
EVERYTHING = PictureSources(["0.0.0.0/0", "::/0", "everything.example"])
PRIVATE = [
    ipaddress.ip_network(each)
    for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
]
LOOPBACK = [ipaddress.ip_network(each) for each in ("127.0.0.0/8", "::1/128")]
SCHEMES = st.sampled_from(["http", "https"])


def is_open(
    sources: PictureSources,
    address: str,
    scheme: str = "http",
    host: str = "h.example",
    *,
    is_own: bool = False,
) -> bool:
    try:
        sources.check_address(URL(f"{scheme}://{host}/p.jpg"), address, is_own=is_own)
    except AddressRefusedError:
        return False
    return True


def is_looked_up(text: str) -> bool:
    try:
        DEFAULT.check_url(URL(text))
    except AddressRefusedError:
        return False
    return True


@given(st.ip_addresses(), SCHEMES)
def test_by_default_nothing_but_private_networks_is_open(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, scheme: str
) -> None:
    if is_open(DEFAULT, str(address), scheme):
        mapped = getattr(address, "ipv4_mapped", None)
        assert any((mapped or address) in each for each in PRIVATE)


@given(st.ip_addresses(v=4, network="10.0.0.0/8"), SCHEMES)
def test_every_private_address_is_open_in_both_writings(
    address: ipaddress.IPv4Address, scheme: str
) -> None:
    assert is_open(DEFAULT, str(address), scheme)
    assert is_open(DEFAULT, f"::ffff:{address}", scheme)
    assert not is_open(DEFAULT, str(address), scheme, is_own=True)


@given(
    st.one_of(
        st.ip_addresses(network="127.0.0.0/8"),
        st.ip_addresses(network="169.254.0.0/16"),
        st.ip_addresses(network="224.0.0.0/3"),
        st.ip_addresses(network="0.0.0.0/8"),
        st.ip_addresses(network="fe80::/10"),
        st.ip_addresses(network="ff00::/8"),
        st.ip_addresses(network="64:ff9b::/96"),
        st.ip_addresses(network="2002::/16"),
        st.ip_addresses(network="2001::/32"),
        st.sampled_from([ipaddress.ip_address(each) for each in ("::1", "::", "fd00:ec2::254")]),
    ),
    SCHEMES,
)
def test_the_box_itself_and_what_is_never_open_stay_shut_where_all_is_listed(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, scheme: str
) -> None:
    assert not is_open(EVERYTHING, str(address), scheme, host="everything.example")
    if address.version == 4:
        assert not is_open(EVERYTHING, f"::ffff:{address}", scheme)


@given(st.ip_addresses(v=4))
def test_what_is_public_is_open_by_https_alone(address: ipaddress.IPv4Address) -> None:
    if (
        address.is_global
        and not address.is_multicast
        and is_open(EVERYTHING, str(address), "https")
    ):
        assert not is_open(EVERYTHING, str(address), "http")


def test_a_listed_host_is_open_wherever_it_is_but_on_the_box() -> None:
    sources = PictureSources(["Fotos.Example"])

    assert is_open(sources, "8.8.8.8", "https", "fotos.example")
    assert is_open(sources, "10.1.2.3", "http", "fotos.example.")
    assert not is_open(sources, "8.8.8.8", "https", "other.example")
    assert not is_open(sources, "127.0.0.1", "https", "fotos.example")


def test_the_box_itself_is_open_where_its_loopback_is_listed() -> None:
    assert is_open(PictureSources(["127.0.0.1"]), "127.0.0.1", is_own=True)
    assert is_open(PictureSources(["127.0.0.0/8"]), "127.0.0.9", is_own=True)
    assert not is_open(PictureSources(["0.0.0.0/0"]), "127.0.0.1", is_own=True)
    assert not is_open(PictureSources(["127.0.0.1"]), "::1", is_own=True)


@pytest.mark.parametrize("text", ["fe80::1%eth0", "10.0.0.1%1", "", "10.0.0", "localhost"])
def test_what_is_no_plain_address_is_shut(text: str) -> None:
    assert not is_open(EVERYTHING, text, "https")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://10.0.0.5/p.jpg",
        "file:///etc/passwd",
        "http://10.0.0.5:22/p.jpg",
        "http://10.0.0.5:0/p.jpg",
        "http://10.0.0.5:631/p.jpg",
        "http://0x7f.1/p.jpg",
        "http://2130706433/p.jpg",
        "http://010.0.0.5/p.jpg",
        "http://127.1/p.jpg",
        "/p.jpg",
    ],
)
def test_odd_hosts_schemes_and_ports_are_not_even_looked_up(url: str) -> None:
    assert not is_looked_up(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.5/p.jpg",
        "https://fotos.example/p.jpg",
        "http://cam1.lan:8081/p?x=1",
        "http://[fd00::5]:88/p",
    ],
)
def test_usual_addresses_are(url: str) -> None:
    assert is_looked_up(url)


def test_what_is_set_for_a_camera_is_added_and_opens_no_address_of_this_box() -> None:
    site = PictureSources(["10.0.0.0/8", "fotos.example"])
    camera = site.with_camera(["192.168.7.0/24", "cam.example", "127.0.0.1", "192.168.7.9/32"])

    assert [is_open(each, "192.168.7.5") for each in (site, camera)] == [False, True]
    assert is_open(camera, "10.1.2.3")
    assert is_open(camera, "8.8.8.8", "https", "CAM.example")
    assert is_open(camera, "8.8.8.8", "https", "fotos.example")
    assert not is_open(camera, "8.8.8.8", "http", "cam.example")
    assert not is_open(camera, "169.254.169.254", "https", "cam.example")
    assert not is_open(camera, "127.0.0.1")
    assert not is_open(camera, "192.168.7.9", is_own=True)
    assert site.with_camera([]) is site


@pytest.mark.parametrize(
    ("source", "is_box"),
    [
        ("127.0.0.1", True),
        ("127.8.0.0/16", True),
        ("::1", True),
        ("localhost", True),
        ("10.0.0.1", False),
        ("0.0.0.0/0", False),
        ("fotos.example", False),
    ],
)
def test_a_source_that_is_this_box_is_known(source: str, *, is_box: bool) -> None:
    assert is_this_box(source) is is_box
