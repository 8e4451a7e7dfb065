"""What devices answer, in the shapes they have: odd prefixes, wrong namespaces, texts that lie."""

import base64

import pytest

from gtvision_edge.cameras.onvif.messages import (
    MediaProfile,
    Services,
    path_of,
    plain,
    read_profiles,
    read_services,
    read_time,
    read_uri,
)
from gtvision_edge.cameras.onvif.soap import (
    fault_code,
    fault_of,
    is_refusal,
    password_digest,
    username_token,
)
from gtvision_edge.cameras.onvif.tree import UnreadableXmlError, read_tree


def test_the_password_digest_is_that_of_the_onvif_programmers_guide() -> None:
    # ONVIF Application Programmer's Guide 1.0, section 6.1.1.3.
    nonce = base64.b64decode("LKqI6G/AikKCQrN0zqZFlg==")

    made = password_digest(nonce, "2010-09-16T07:50:45Z", "userpassword")

    assert made == "tuOSpGlFlIXsozq4HFNeeGeFLEI="


def test_a_token_carries_the_devices_time_and_never_the_password() -> None:
    token = username_token("a<b&", "s3nh@", 1_790_000_000_123_456)

    assert "<w:Username>a&lt;b&amp;</w:Username>" in token
    assert "<u:Created>2026-09-21T14:13:20.123Z</u:Created>" in token
    assert "s3nh@" not in token


def test_names_count_whatever_their_prefix_and_namespace() -> None:
    answer = read_tree(
        b'<ns1:Envelope xmlns:ns1="urn:a" xmlns:q="urn:wrong"><ns1:Body><q:GetProfilesResponse>'
        b'<q:Profiles token="p0"><q:VideoSourceConfiguration><q:SourceToken>S1</q:SourceToken>'
        b"</q:VideoSourceConfiguration><q:VideoEncoderConfiguration><q:Encoding>H.264</q:Encoding>"
        b"<q:Resolution><q:Width>1920</q:Width><q:Height>1080</q:Height></q:Resolution>"
        b"</q:VideoEncoderConfiguration></q:Profiles>"
        b'<q:Profiles token="audio-only"><q:Name>a</q:Name></q:Profiles>'
        b"</q:GetProfilesResponse></ns1:Body></ns1:Envelope>"
    )

    assert read_profiles(answer) == [MediaProfile("p0", "S1", "h264", 1920, 1080)]


def test_services_are_paths_on_the_device_whatever_host_they_name() -> None:
    answer = read_tree(
        b"<E><Service><Namespace>http://www.onvif.org/ver10/media/wsdl</Namespace>"
        b"<XAddr>http://10.9.8.7:8080/onvif/media?x=1</XAddr></Service>"
        b"<Service><Namespace>http://www.onvif.org/ver20/media/wsdl</Namespace>"
        b"<XAddr>http://[fe80::1]/onvif/media2</XAddr></Service></E>"
    )

    assert read_services(answer) == Services("/onvif/media?x=1", "/onvif/media2")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "/onvif/media",
        "file:///etc/passwd",
        "ftp://host/x",
        "http://host",
        "http://host/a b",
        "http://host/a\r\nX: y",
        "http://host/" + "a" * 400,
        "http://[::1/onvif",
    ],
)
def test_a_services_address_that_cannot_be_one_is_none(address: str) -> None:
    assert path_of(address) is None


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        (("2026", "11", "25", "4", "30", "10"), 1_795_581_010_000_000),
        (("1970", "01", "01", "00", "00", "00"), 0),
        (("2026", "13", "25", "4", "30", "10"), None),
        (("", "11", "25", "4", "30", "10"), None),
        (("99999", "11", "25", "4", "30", "10"), None),
        (("-1", "11", "25", "4", "30", "10"), None),
    ],
)
def test_a_clock_is_read_or_is_none(moment: tuple[str, ...], told: int | None) -> None:
    year, month, day, hour, minute, second = moment
    answer = read_tree(
        f"<E><UTCDateTime><Time><Hour>{hour}</Hour><Minute>{minute}</Minute><Second>{second}"
        f"</Second></Time><Date><Year>{year}</Year><Month>{month}</Month><Day>{day}</Day></Date>"
        "</UTCDateTime></E>".encode()
    )

    assert read_time(answer) == told


def test_a_uri_escaped_twice_is_read_once() -> None:
    answer = read_tree(
        b"<E><GetStreamUriResponse><MediaUri><Uri> rtsp://h/a?b=1&amp;amp;c=2 </Uri></MediaUri>"
        b"</GetStreamUriResponse></E>"
    )

    assert read_uri(answer) == "rtsp://h/a?b=1&c=2"


def test_a_devices_words_become_one_short_line() -> None:
    assert plain(" A\x00B\r\n\u202eC  D ") == "A B C D"
    assert len(plain("x" * 10_000)) == 80


@pytest.mark.parametrize(
    ("fault", "refused", "code"),
    [
        (
            "<Code><Value>s:Sender</Value><Subcode><Value>ter:NotAuthorized</Value></Subcode></Code>",
            True,
            "NotAuthorized",
        ),
        (
            "<Code><Value>s:Sender</Value><Subcode><Value>wsse:FailedAuthentication</Value>"
            "</Subcode></Code>",
            True,
            "FailedAuthentication",
        ),
        (
            "<Code><Value>s:Sender</Value></Code><Reason><Text>Sender not authorized</Text></Reason>",
            True,
            "Sender",
        ),
        ("<faultcode>x</faultcode><faultstring>Not Authorized</faultstring>", True, ""),
        (
            "<Code><Value>s:Receiver</Value><Subcode><Value>ter:ActionNotSupported</Value>"
            "</Subcode></Code>",
            False,
            "ActionNotSupported",
        ),
    ],
)
def test_a_fault_tells_a_refused_login_from_other_trouble(
    fault: str, refused: bool, code: str
) -> None:
    found = fault_of(
        read_tree(f"<Envelope><Body><Fault>{fault}</Fault></Body></Envelope>".encode())
    )

    assert found is not None
    assert is_refusal(found) is refused
    assert fault_code(found) == code


BOMB = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b"<Envelope>&b;</Envelope>"
)


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<html><p>",
        b"\xff\xfe\xfd",
        b"<?xml version='1.0' encoding='UTF-8'?><a>\xff\xc3</a>",
        b"<?xml version='1.0' encoding='no-such'?><a/>",
        b"<a>&b;</a>",
        BOMB,
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd"><x/>',
        b"<a>" * 49 + b"</a>" * 49,
        b"<a>" + b"<b/>" * 20_000 + b"</a>",
        b"<a>" + b" " * 2**20 + b"</a>",
    ],
)
def test_what_no_device_needs_to_say_is_not_read(document: bytes) -> None:
    with pytest.raises(UnreadableXmlError):
        read_tree(document)
