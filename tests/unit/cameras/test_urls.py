import ipaddress
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gtvision_edge.cameras.errors import InvalidAddressError, UnknownVendorError
from gtvision_edge.cameras.urls import UrlBuilderFactory, check_host, mask_url, split_typed_url
from gtvision_edge.cameras.urls.builder import ProfileName
from gtvision_edge.runtime.logs import mask_secrets

BUILT = [
    vendor.key
    for vendor in UrlBuilderFactory.vendors()
    if not (vendor.needs_url or vendor.asks_device)
]

RESERVED = ":/?#[]@!$&'()*+,;=% \"<>\\^`{|}~"
credentials = st.text(
    st.one_of(
        st.sampled_from(RESERVED),
        st.characters(blacklist_categories=["Cs", "Cc"]),
    ),
    min_size=1,
    max_size=40,
)
hosts = st.one_of(
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(str),
    st.sampled_from(["camera", "portaria-1.prefeitura.local", "a_b.example"]),
)


def test_the_customers_own_example() -> None:
    url = UrlBuilderFactory.get_builder("intelbras").build(
        ip="192.168.1.100", user="admin", password="123"
    )

    assert url == "rtsp://admin:123@192.168.1.100:554/cam/realmonitor?channel=1&subtype=0"


@pytest.mark.parametrize(
    ("vendor", "profile", "channel", "path"),
    [
        ("dahua", "sub", 7, "/cam/realmonitor?channel=7&subtype=1"),
        ("hikvision", "main", 1, "/Streaming/Channels/101"),
        ("hilook", "sub", 12, "/Streaming/Channels/1202"),
        ("hikvision_legacy", "main", 33, "/h264/ch33/main/av_stream"),
        ("axis", "main", 1, "/axis-media/media.amp?videocodec=h264"),
        ("axis", "sub", 1, "/axis-media/media.amp?videocodec=h264&resolution=640x360"),
        ("uniview", "main", 1, "/media/video1"),
        ("uniview", "main", 2, "/media2/video1"),
        ("uniview_nvr", "sub", 3, "/unicast/c3/s1/live"),
        ("tplink_tapo", "sub", 1, "/stream2"),
        ("reolink", "main", 4, "/Preview_04_main"),
        ("reolink_legacy", "sub", 1, "/h264Preview_01_sub"),
        ("foscam", "main", 1, "/videoMain"),
        ("bosch", "main", 1, "/rtsp_tunnel?inst=1"),
        ("bosch", "sub", 2, "/rtsp_tunnel?line=2&inst=2"),
        ("vivotek", "sub", 1, "/live2.sdp"),
        ("xiongmai", "main", 1, "/user=u&password=p&channel=1&stream=0.sdp?real_stream"),
    ],
)
def test_paths_of_the_vendors(vendor: str, profile: ProfileName, channel: int, path: str) -> None:
    url = UrlBuilderFactory.get_builder(vendor).build(
        ip="10.0.0.9", user="u", password="p", profile=profile, channel=channel, port=8554
    )

    assert url == f"rtsp://u:p@10.0.0.9:8554{path}"


@given(st.sampled_from(BUILT), hosts, credentials, credentials, st.integers(1, 65535))
def test_credentials_survive_a_round_trip(
    vendor: str, host: str, user: str, password: str, port: int
) -> None:
    url = UrlBuilderFactory.get_builder(vendor).build(
        ip=host, user=user, password=password, port=port
    )
    parts = urlsplit(url)

    assert unquote(parts.username or "") == user
    assert unquote(parts.password or "") == password
    assert (parts.hostname, parts.port) == (host, port)
    assert parts.fragment == ""
    assert url.isascii()
    assert not any(c.isspace() for c in url)


@given(credentials)
def test_the_password_in_the_path_survives_too(password: str) -> None:
    path = urlsplit(
        UrlBuilderFactory.get_builder("xiongmai").build(ip="10.0.0.9", user="u", password=password)
    ).path

    fields = dict(part.split("=", 1) for part in path.removeprefix("/").split("&"))
    assert unquote(fields["password"]) == password


@given(st.sampled_from(BUILT), credentials)
@example("xiongmai", "@")
def test_masks_leave_nothing_of_a_password(vendor: str, secret: str) -> None:
    builder = UrlBuilderFactory.get_builder(vendor)
    url = builder.build(ip="10.0.0.9", user="admin", password=f"Zq{secret}qZ")

    for masked in (mask_url(url), mask_secrets(f"cannot open {url} now")):
        assert "Zq" not in masked
        assert "qZ" not in masked
    assert mask_url(url) == mask_url(builder.build(ip="10.0.0.9", user="admin", password="other"))


def test_no_credentials_leave_no_userinfo() -> None:
    assert UrlBuilderFactory.get_builder("vivotek").build(ip="fe80::1") == (
        "rtsp://[fe80::1]:554/live.sdp"
    )


@pytest.mark.parametrize(
    "host",
    [
        "",
        " ",
        "a b",
        "a/b",
        "a@b",
        "a\r\nb",
        "a?b",
        "a#b",
        "cam:554",
        "10.0.0",
        "10.0.0.256",
        "1",
        "0x7f.0x1",
        "-a",
        "a..b",
        "a" * 64,
        "[10.0.0.1]",
        "[::1",
        "fe80::1%eth0",
        "a\x00b",
        ".",
        "ab.\u2028c",
        "user:pw@10.0.0.1",
        "rtsp://10.0.0.1",
    ],
)
def test_hosts_that_cannot_be_are_refused(host: str) -> None:
    with pytest.raises(InvalidAddressError) as refusal:
        check_host(host)

    assert refusal.value.details == {"field": "host"}


def test_hosts_are_stored_in_one_form() -> None:
    assert check_host("[FE80::0:1]") == "fe80::1"
    assert check_host("Portaria.local.") == "Portaria.local"
    assert check_host("câmera.local") == "xn--cmera-3qa.local"


@given(st.text(max_size=60))
def test_whatever_passes_as_a_host_is_one_in_a_url(text: str) -> None:
    try:
        host = check_host(text)
    except InvalidAddressError:
        return

    url = UrlBuilderFactory.get_builder("vivotek").build(ip=text, user="u", password="p")
    hostname = urlsplit(url).hostname
    assert hostname is not None
    assert hostname == host.lower()
    if ":" in host:
        ipaddress.IPv6Address(host)


@pytest.mark.parametrize("secret", ["a\rb", "a\nb", "a\x00", "\x7f", "\ud800"])
def test_credentials_no_camera_takes_are_refused(secret: str) -> None:
    with pytest.raises(InvalidAddressError):
        UrlBuilderFactory.get_builder("dahua").build(ip="10.0.0.9", user="u", password=secret)


def test_credentials_are_split_off_a_typed_address() -> None:
    address = split_typed_url("RTSP://admin:p%40ss%2F@[fe80::1]:8554/a/b?c=d&e")

    assert (address.user, address.password) == ("admin", "p@ss/")
    assert address.url == "rtsp://[fe80::1]:8554/a/b?c=d&e"
    assert "p@ss" not in repr(address)
    assert split_typed_url("rtsp://10.0.0.9").url == "rtsp://10.0.0.9:554/"


@given(credentials, credentials)
def test_a_typed_address_is_rebuilt_with_the_same_credentials(user: str, password: str) -> None:
    built = UrlBuilderFactory.get_builder("dahua").build(
        ip="10.0.0.9", user=user, password=password
    )
    address = split_typed_url(built)

    again = UrlBuilderFactory.get_builder("generic_rtsp", main_url=address.url).build(
        ip="", user=address.user, password=address.password
    )
    assert again == built


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://a/b",
        "rtsp:/a",
        "rtsp://",
        "rtsp://admin:p#ss@10.0.0.9/live",
        "rtsp://admin:12/34@10.0.0.9/live",
        "rtsp://admin:p/ss@10.0.0.9/live",
        "rtsp://admin:p?ss@10.0.0.9/live",
        "rtsp://10.0.0.9/a b",
        "rtsp://10.0.0.9/\r\nX: y",
        "rtsp://10.0.0.9:0/",
        "rtsp://10.0.0.9:99999/",
    ],
)
def test_typed_addresses_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(InvalidAddressError):
        split_typed_url(text)


def test_unknown_vendors_and_missing_addresses_are_named() -> None:
    with pytest.raises(UnknownVendorError):
        UrlBuilderFactory.get_builder("acme")
    with pytest.raises(InvalidAddressError, match="typed"):
        UrlBuilderFactory.get_builder("generic_onvif").build(ip="10.0.0.9")


def test_a_typed_address_goes_before_the_vendors_own() -> None:
    builder = UrlBuilderFactory.get_builder("hikvision", main_url="rtsp://10.0.0.9:8554/other")

    assert builder.build(ip="10.0.0.8", user="u", password="p") == "rtsp://u:p@10.0.0.9:8554/other"


def test_a_password_inside_a_typed_path_is_kept_apart_as_well() -> None:
    typed = "rtsp://10.0.0.9:554/user=admin&password=s3cr%26t&channel=1&stream=0.sdp?real_stream"

    address = split_typed_url(typed)

    assert address.password == "s3cr&t"
    assert "s3cr" not in address.url
    again = UrlBuilderFactory.get_builder("generic_rtsp", main_url=address.url).build(
        ip="", user="admin", password=address.password
    )
    assert again == typed.replace("rtsp://", "rtsp://admin:s3cr%26t@")


def test_the_older_shape_of_it_parts_its_fields_by_underscores() -> None:
    typed = "rtsp://10.0.0.9:554/user=admin_password=tlJwpbo6_channel=1_stream=0.sdp?real_stream"

    address = split_typed_url(typed)

    assert (address.user, address.password) == ("admin", "tlJwpbo6")
    assert "tlJwpbo6" not in address.url + mask_url(typed) + mask_secrets(typed)
    again = UrlBuilderFactory.get_builder("generic_rtsp", main_url=address.url).build(
        ip="", user=address.user, password=address.password
    )
    assert again == typed.replace("rtsp://", "rtsp://admin:tlJwpbo6@")


def test_two_different_passwords_in_one_address_are_refused() -> None:
    with pytest.raises(InvalidAddressError, match="two different"):
        split_typed_url("rtsp://u:one@10.0.0.9/live?user=u&password=two")
