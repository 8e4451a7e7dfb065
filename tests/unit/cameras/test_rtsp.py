import asyncio
import base64
import contextlib
import hashlib
import socket
import time
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtvision_edge.cameras.digest import answer, parse_challenges
from gtvision_edge.cameras.errors import (
    CameraBadResponseError,
    CameraBusyError,
    CameraError,
    CameraNameUnresolvedError,
    CameraNoVideoError,
    CameraPathNotFoundError,
    CameraTimeoutError,
    CameraUnauthorizedError,
    CameraUnreachableError,
    CameraUnsupportedAuthError,
)
from gtvision_edge.cameras.names import NameResolver
from gtvision_edge.cameras.rtsp import _Connection, _Target, describe, parse_date
from gtvision_edge.cameras.sdp import parse_sdp
from gtvision_edge.cameras.urls import encode_credential
from tests.fakes.scripted_rtsp import (
    VIDEO_SDP,
    Request,
    Script,
    digest_guard,
    scripted_camera,
)
from tests.waiting import patiently

PASSWORD = "p@ss:w/rd#1?%ç"


def userinfo(password: str = PASSWORD) -> str:
    return f"admin:{encode_credential(password)}@"


async def failure(
    script: Script, resolver: NameResolver, *, timeout_s: float = patiently(2.0)
) -> CameraError:
    async with scripted_camera(script) as camera:
        with pytest.raises(CameraError) as caught:
            await describe(camera.url(userinfo="admin:pw@"), resolver=resolver, timeout_s=timeout_s)
    assert "pw" not in str(caught.value)
    return caught.value


def statuses(status: str, *headers: str) -> Script:
    async def script(request: Request) -> None:
        request.reply(status, *headers)

    return script


def raw(data: bytes) -> Script:
    async def script(request: Request) -> None:
        request.writer.write(data)

    return script


def described(sdp: str) -> Script:
    async def script(request: Request) -> None:
        request.describe(sdp)

    return script


async def test_tracks_server_and_clock_are_read(resolver: NameResolver) -> None:
    async def script(request: Request) -> None:
        request.describe(VIDEO_SDP, "Server: Cam/1.0", "Date: Thu, 01 Jan 2026 00:00:10 GMT")

    async with scripted_camera(script) as camera:
        found = await describe(camera.url(), resolver=resolver, timeout_s=patiently(2))

    video, audio = found.tracks
    assert (video.kind, video.codec, video.framerate) == ("video", "h264", 25.0)
    assert video.parameters["packetization-mode"] == "1"
    assert (audio.kind, audio.codec, audio.clock_rate) == ("audio", "pcma", 8000)
    assert found.server == "Cam/1.0"
    assert found.date_us == 1_767_225_610_000_000


@pytest.mark.parametrize(
    ("algorithm", "qop"),
    [
        (None, None),
        (None, "auth"),
        ("MD5", "auth,auth-int"),
        ("MD5-sess", "auth"),
        ("SHA-256", "auth"),
        ("SHA-256-sess", "auth"),
        ("SHA-256", None),
    ],
)
async def test_digest_logins_of_every_kind(
    resolver: NameResolver, algorithm: str | None, qop: str | None
) -> None:
    guard = digest_guard("admin", PASSWORD, algorithm=algorithm, qop=qop)

    async def script(request: Request) -> None:
        if guard(request):
            request.describe()

    async with scripted_camera(script) as camera:
        found = await describe(
            camera.url(userinfo=userinfo()), resolver=resolver, timeout_s=patiently(2)
        )
        assert len(camera.requests) == 2
        assert camera.requests[1].headers["authorization"].count('opaque="x"') == 1

    assert found.tracks[0].codec == "h264"
    assert found.needs_sha256 == bool(algorithm and algorithm.startswith("SHA"))


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
async def test_a_realm_comes_back_byte_for_byte(resolver: NameResolver, encoding: str) -> None:
    realm = "Câmera do Portão".encode(encoding)

    def md5(data: bytes) -> str:
        return hashlib.md5(data, usedforsecurity=False).hexdigest()

    async def script(request: Request) -> None:
        ha1 = md5(b"admin:" + realm + b":" + PASSWORD.encode())
        ha2 = md5(f"DESCRIBE:{request.uri}".encode())
        if md5(f"{ha1}:1:{ha2}".encode()) in request.headers.get("authorization", ""):
            request.describe()
        else:
            challenge = b'WWW-Authenticate: Digest realm="' + realm + b'", nonce="1"'
            request.writer.write(b"RTSP/1.0 401 No\r\n" + challenge + b"\r\n\r\n")

    async with scripted_camera(script) as camera:
        await describe(camera.url(userinfo=userinfo()), resolver=resolver, timeout_s=patiently(2))
        assert len(camera.requests) == 2


async def test_a_wrong_password_is_tried_once(resolver: NameResolver) -> None:
    guard = digest_guard("admin", "right", qop="auth")

    async def script(request: Request) -> None:
        if guard(request):
            request.describe()

    async with scripted_camera(script) as camera:
        with pytest.raises(CameraUnauthorizedError):
            await describe(
                camera.url(userinfo=userinfo()), resolver=resolver, timeout_s=patiently(2)
            )
        assert sum("authorization" in request.headers for request in camera.requests) == 1


async def test_no_credentials_are_made_up(resolver: NameResolver) -> None:
    async with scripted_camera(
        statuses("401 Unauthorized", 'WWW-Authenticate: Basic realm="x"')
    ) as camera:
        with pytest.raises(CameraUnauthorizedError):
            await describe(camera.url(), resolver=resolver, timeout_s=patiently(2))
        assert len(camera.requests) == 1


async def test_basic_is_answered_where_nothing_else_is_offered(resolver: NameResolver) -> None:
    async def script(request: Request) -> None:
        expected = "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
        if request.headers.get("authorization") == expected:
            request.describe()
        else:
            request.reply("401 Unauthorized", 'WWW-Authenticate: Basic realm="x"')

    async with scripted_camera(script) as camera:
        await describe(camera.url(userinfo=userinfo()), resolver=resolver, timeout_s=patiently(2))


async def test_digest_goes_before_basic_in_one_header(resolver: NameResolver) -> None:
    async def script(request: Request) -> None:
        if request.headers.get("authorization", "").startswith("Digest"):
            request.describe()
        else:
            request.reply(
                "401 Unauthorized",
                'WWW-Authenticate: Basic realm="x", Digest realm="a, b", nonce="1"',
            )

    async with scripted_camera(script) as camera:
        await describe(camera.url(userinfo=userinfo()), resolver=resolver, timeout_s=patiently(2))


async def test_a_stale_nonce_is_no_wrong_password(resolver: NameResolver) -> None:
    async def script(request: Request) -> None:
        login = request.headers.get("authorization", "")
        if 'nonce="new"' in login:
            request.describe()
        elif login:
            request.reply(
                "401 Unauthorized", 'WWW-Authenticate: Digest realm="a", nonce="new", stale=TRUE'
            )
        else:
            request.reply("401 Unauthorized", 'WWW-Authenticate: Digest realm="a", nonce="old"')

    async with scripted_camera(script) as camera:
        await describe(camera.url(userinfo=userinfo()), resolver=resolver, timeout_s=patiently(2))


async def test_a_camera_that_closes_after_its_challenge_is_asked_again(
    resolver: NameResolver,
) -> None:
    guard = digest_guard("admin", PASSWORD)

    async def script(request: Request) -> None:
        if guard(request):
            request.describe()
        else:
            request.writer.close()

    async with scripted_camera(script) as camera:
        await describe(camera.url(userinfo=userinfo()), resolver=resolver, timeout_s=patiently(2))
        assert camera.connections == 2


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (statuses("401 No"), CameraUnauthorizedError),
        (statuses("401 No", "WWW-Authenticate: NTLM"), CameraUnsupportedAuthError),
        (
            statuses("401 No", 'WWW-Authenticate: Digest realm="x", nonce="y", algorithm=SHA-512'),
            CameraUnsupportedAuthError,
        ),
        (
            statuses("401 No", 'WWW-Authenticate: Digest realm="x", nonce="y", qop="auth-int"'),
            CameraUnsupportedAuthError,
        ),
        (statuses("403 Forbidden"), CameraUnauthorizedError),
        (statuses("404 Not Found"), CameraPathNotFoundError),
        (statuses("454 Session Not Found"), CameraPathNotFoundError),
        (statuses("453 Not Enough Bandwidth"), CameraBusyError),
        (statuses("503 Service Unavailable"), CameraBusyError),
        (statuses("500 Oops"), CameraBadResponseError),
        (raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"), CameraBadResponseError),
        (raw(b"SSH-2.0-OpenSSH\r\n"), CameraBadResponseError),
        (raw(b"RTSP/1.0 200 OK\r\n" + b"X: y\r\n" * 20000), CameraBadResponseError),
        (raw(b"RTSP/1.0 200 " + b"x" * 100_000), CameraBadResponseError),
        (raw(b"RTSP/1.0 200 OK\r\nContent-Length: 9999999\r\n\r\n"), CameraBadResponseError),
        (raw(b"RTSP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc"), CameraBadResponseError),
        (raw(b"$\x00\x00\x02ab" * 300), CameraBadResponseError),
        (described("v=0\r\nm=audio 0 RTP/AVP 0\r\n"), CameraNoVideoError),
    ],
)
async def test_each_failure_has_its_own_name(
    resolver: NameResolver, script: Script, kind: type[CameraError]
) -> None:
    assert isinstance(await failure(script, resolver), kind)


async def test_a_camera_that_hangs_or_dribbles_is_left_in_time(resolver: NameResolver) -> None:
    async def hang(request: Request) -> None:
        await asyncio.sleep(60)

    async def dribble(request: Request) -> None:
        while True:
            request.writer.write(b"R")
            await asyncio.sleep(0.05)

    for script in (hang, dribble):
        started = time.perf_counter()
        assert isinstance(await failure(script, resolver, timeout_s=0.3), CameraTimeoutError)
        assert time.perf_counter() - started < patiently(0.6)


async def test_a_closed_connection_and_a_closed_port_differ(resolver: NameResolver) -> None:
    async def close(request: Request) -> None:
        request.writer.close()

    assert isinstance(await failure(close, resolver), CameraBadResponseError)

    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(CameraUnreachableError):
            await describe(f"rtsp://127.0.0.1:{port}/", resolver=resolver, timeout_s=patiently(2))


async def test_an_unknown_name_is_named(resolver: NameResolver) -> None:
    with pytest.raises(CameraNameUnresolvedError):
        await describe("rtsp://no-such-camera.invalid/", resolver=resolver, timeout_s=3)


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n\r\nRTSP/1.0 200 OK\nContent-Type: application/sdp\n\n%s",
        b"$\x00\x00\x04abcdRTSP/1.0 200 OK\r\nno colon\r\ncontent-LENGTH: 99999\r\n\r\n%s",
        b"rtsp/1.0 200\r\nX: a\r\n folded\r\n\r\n%s",
    ],
)
async def test_odd_but_readable_answers_are_read(resolver: NameResolver, data: bytes) -> None:
    odd = VIDEO_SDP.replace("s=Media", "s=C\xe2mera").encode("latin-1")

    async with scripted_camera(raw(data.replace(b"99999", b"9999") % odd)) as camera:
        found = await describe(camera.url(), resolver=resolver, timeout_s=patiently(2))

    assert found.tracks[0].codec == "h264"


async def test_redirects_are_followed_on_the_same_host_only(resolver: NameResolver) -> None:
    async def moved(request: Request) -> None:
        if request.uri.endswith("/new?a=b"):
            request.describe()
        else:
            request.reply("302 Moved", f"Location: {camera.url('/new?a=b')}")

    async with scripted_camera(moved) as camera:
        await describe(camera.url(userinfo=userinfo()), resolver=resolver, timeout_s=patiently(2))

    async def loop(request: Request) -> None:
        request.reply("302 Moved", f"Location: {request.uri}")

    assert isinstance(await failure(loop, resolver), CameraBadResponseError)
    elsewhere = await failure(statuses("302 Moved", "Location: rtsp://127.0.0.2/x"), resolver)
    assert elsewhere.details == {"host": "127.0.0.2"}
    assert isinstance(await failure(statuses("302 Moved"), resolver), CameraBadResponseError)


@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda b: b.decode("latin-1")))
def test_no_description_breaks_the_parser(text: str) -> None:
    parse_sdp(text)
    parse_sdp("m=video 0 RTP/AVP 96\r\na=" + text)
    parse_date(text)


def test_the_back_channel_is_no_sound_of_the_camera() -> None:
    tracks = parse_sdp(
        "m=audio 0 RTP/AVP 0\na=sendonly\nm=audio 0 RTP/AVP 97\na=rtpmap:97 MPEG4-GENERIC/16000/1"
    )

    assert [track.is_back_channel for track in tracks] == [True, False]
    assert (tracks[1].codec, tracks[1].clock_rate) == ("aac", 16000)


replies = st.binary(max_size=400) | st.builds(
    bytes.__add__,
    st.sampled_from([b"RTSP/1.0 200 OK\r\n", b"RTSP/1.0 401 \r\n", b"$\x00\x00\x02"]),
    st.binary(),
)


@given(replies)
def test_no_answer_raises_anything_but_what_is_foreseen(data: bytes) -> None:
    async def read() -> None:
        reader = asyncio.StreamReader(limit=8192)
        reader.feed_data(data)
        reader.feed_eof()
        writer = Mock(spec=asyncio.StreamWriter)
        target = _Target("10.0.0.9", 554, "/", "u", "p")
        connection = _Connection(reader, writer, target)
        with contextlib.suppress(CameraError, asyncio.IncompleteReadError):
            await connection.describe(None)

    asyncio.run(read())


@given(st.lists(st.text(max_size=200), max_size=3), st.text(max_size=30), st.text(max_size=30))
def test_any_challenge_is_answered_or_passed_over(
    headers: list[str], user: str, password: str
) -> None:
    user, password = (text.encode("utf-8", "ignore").decode() for text in (user, password))
    for prefix in ("", "Digest ", 'Digest realm="r", nonce="n", ', "Basic "):
        for challenge in parse_challenges([prefix + header for header in headers]):
            if challenge.is_known:
                login = answer(challenge, "DESCRIBE", "rtsp://10.0.0.9:554/", user, password)
                assert login.split(" ")[0] in {"Digest", "Basic"}
