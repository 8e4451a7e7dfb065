"""An ONVIF device on loopback: SOAP over HTTP and WS-Discovery over UDP, as truthful or as wicked as a test wants."""

import asyncio
import base64
import hashlib
import re
import secrets
import socket
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal
from xml.sax.saxutils import escape

from aiohttp import web

from gtvision_edge.cameras.onvif.discovery import GROUP, PORT

Login = Literal["digest", "token", "basic", "none"]
Answer = Callable[[str, web.Request], "web.StreamResponse | str | None"]

_FAULT = (
    '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope"'
    ' xmlns:ter="http://www.onvif.org/ver10/error"><SOAP-ENV:Body><SOAP-ENV:Fault>'
    "<SOAP-ENV:Code><SOAP-ENV:Value>SOAP-ENV:Sender</SOAP-ENV:Value><SOAP-ENV:Subcode>"
    "<SOAP-ENV:Value>ter:{code}</SOAP-ENV:Value></SOAP-ENV:Subcode></SOAP-ENV:Code>"
    '<SOAP-ENV:Reason><SOAP-ENV:Text xml:lang="en">{text}</SOAP-ENV:Text></SOAP-ENV:Reason>'
    "</SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>"
)


@dataclass(frozen=True)
class FakeProfile:
    token: str
    uri: str
    width: int
    height: int
    encoding: str = "H264"
    source: str = "VideoSource_1"


@dataclass
class OnvifDevice:
    """Made by :func:`onvif_device`. *answer* goes before everything: a lie, or None for the truth."""

    profiles: Sequence[FakeProfile] = ()
    username: str = "admin"
    password: str = "s3nh@"
    login: Login = "digest"
    host: str = "127.0.0.1"
    port: int = 0
    clock_offset_s: float = 0.0
    manufacturer: str = "Boa & Câmera"
    model: str = "BC-2000"
    named_host: str = ""
    """The host it believes to have; '' = its own."""
    media2_only: bool = False
    knows_services: bool = True
    answer: Answer | None = None
    asked: list[str] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)
    refusals: int = 0
    one_time_nonces: bool = False
    says_stale: bool = True
    uses: int = 0
    """Of the nonce; a number that comes twice is a replay."""
    nonce: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def address(self) -> str:
        return f"http://{self.named_host or f'{self.host}:{self.port}'}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        text = (await request.read()).decode()
        asked = re.search(r"<s:Body><(\w+)", text)
        action = asked[1] if asked else "?"
        self.asked.append(action)
        if "Authorization" in request.headers:
            self.authorizations.append(request.headers["Authorization"])
        if self.answer is not None:
            lie = self.answer(action, request)
            if isinstance(lie, str):
                return _soap(lie)
            if lie is not None:
                return lie
        if action != "GetSystemDateAndTime" and not self._lets_in(request, text):
            return self._refuse(request, text)
        return self._truth(action, request.path, text)

    def _truth(self, action: str, path: str, text: str) -> web.StreamResponse:
        if action == "GetSystemDateAndTime":
            now = datetime.now(UTC) + timedelta(seconds=self.clock_offset_s)
            return _soap(
                "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime>"
                "<tt:DateTimeType>NTP</tt:DateTimeType><tt:UTCDateTime>"
                f"<tt:Time><tt:Hour>{now.hour}</tt:Hour><tt:Minute>{now.minute}</tt:Minute>"
                f"<tt:Second>{now.second}</tt:Second></tt:Time><tt:Date><tt:Year>{now.year}"
                f"</tt:Year><tt:Month>{now.month}</tt:Month><tt:Day>{now.day}</tt:Day></tt:Date>"
                "</tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
            )
        if action == "GetDeviceInformation":
            return _soap(
                "<tds:GetDeviceInformationResponse>"
                f"<tds:Manufacturer>{escape(self.manufacturer)}</tds:Manufacturer>"
                f"<tds:Model>{self.model}</tds:Model>"
                "<tds:FirmwareVersion>V5.7.3 build 220112</tds:FirmwareVersion>"
                "<tds:SerialNumber>BC2000-0042</tds:SerialNumber>"
                "</tds:GetDeviceInformationResponse>"
            )
        media = f"{self.address}/onvif/media_service"
        if action == "GetServices" and self.knows_services:
            version = "20" if self.media2_only else "10"
            return _soap(
                "<tds:GetServicesResponse><tds:Service><tds:Namespace>"
                "http://www.onvif.org/ver10/device/wsdl</tds:Namespace><tds:XAddr>"
                f"{self.address}/onvif/device_service</tds:XAddr></tds:Service><tds:Service>"
                f"<tds:Namespace>http://www.onvif.org/ver{version}/media/wsdl</tds:Namespace>"
                f"<tds:XAddr>{media}</tds:XAddr></tds:Service></tds:GetServicesResponse>"
            )
        if action == "GetCapabilities":
            return _soap(
                "<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Media>"
                f"<tt:XAddr>{media}</tt:XAddr></tt:Media></tds:Capabilities>"
                "</tds:GetCapabilitiesResponse>"
            )
        if action == "GetProfiles" and path == "/onvif/media_service":
            make = _profile2 if self.media2_only else _profile
            profiles = "".join(make(profile) for profile in self.profiles)
            return _soap(f"<trt:GetProfilesResponse>{profiles}</trt:GetProfilesResponse>")
        if action == "GetStreamUri" and path == "/onvif/media_service":
            token = re.search(r"<ProfileToken>([^<]*)<", text)
            for profile in self.profiles:
                if token and escape(profile.token) == token[1]:
                    uri = escape(profile.uri)
                    if self.media2_only:
                        uri = f"<tr2:Uri>{uri}</tr2:Uri>"
                    else:
                        uri = f"<trt:MediaUri><tt:Uri>{uri}</tt:Uri></trt:MediaUri>"
                    return _soap(f"<trt:GetStreamUriResponse>{uri}</trt:GetStreamUriResponse>")
        return _fault("ActionNotSupported", "Optional Action Not Implemented", 500)

    def _lets_in(self, request: web.Request, text: str) -> bool:
        if self.login == "none":
            return True
        if self.login == "token":
            return self._token_is_right(text)
        if self.login == "digest":
            return self._digest_is_right(request)
        plain = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        return request.headers.get("Authorization") == f"Basic {plain}"

    def _refuse(self, request: web.Request, text: str) -> web.StreamResponse:
        is_old = (
            "Authorization" in request.headers
            and self.nonce not in request.headers["Authorization"]
        )
        if ("Authorization" in request.headers and not is_old) or "UsernameToken" in text:
            self.refusals += 1
        if self.login == "token":
            return _fault("NotAuthorized", "The action requested requires authorization", 400)
        self.nonce, self.uses = secrets.token_hex(8), 0
        offer = (
            f'Digest realm="IP Camera(D1234)", qop="auth", nonce="{self.nonce}", opaque="x"'
            f"{', stale=true' if is_old and self.says_stale else ''}"
            if self.login == "digest"
            else 'Basic realm="camera"'
        )
        return web.Response(status=401, headers={"WWW-Authenticate": offer}, text="<html/>")

    def _digest_is_right(self, request: web.Request) -> bool:
        said = dict(re.findall(r'(\w+)="?([^",]*)"?', request.headers.get("Authorization", "")))
        if said.get("nonce") != self.nonce or said.get("uri") != request.raw_path:
            return False
        if int(said.get("nc", "0"), 16) <= self.uses:
            return False
        ha1 = _md5(f"{self.username}:IP Camera(D1234):{self.password}")
        ha2 = _md5(f"POST:{request.raw_path}")
        wanted = _md5(f"{ha1}:{self.nonce}:{said.get('nc')}:{said.get('cnonce')}:auth:{ha2}")
        if said.get("response") != wanted or said.get("username") != self.username:
            return False
        self.uses += 1
        if self.one_time_nonces:
            self.nonce, self.uses = secrets.token_hex(8), 0
        return True

    def _token_is_right(self, text: str) -> bool:
        """Check the token as devices do: the digest, and the time of making within five minutes of their clock."""
        parts = [
            re.search(rf"<\w:{name}(?: [^>]*)?>([^<]*)<", text)
            for name in ("Username", "Password", "Nonce", "Created")
        ]
        if not all(parts):
            return False
        user, digest, nonce, created = (part[1] for part in parts if part)
        made = hashlib.sha1(base64.b64decode(nonce) + created.encode() + self.password.encode())  # noqa: S324 -- the standard's
        ours = datetime.now(UTC) + timedelta(seconds=self.clock_offset_s)
        age = ours - datetime.fromisoformat(created)
        return (
            user == self.username
            and digest == base64.b64encode(made.digest()).decode()
            and abs(age) < timedelta(minutes=5)
        )


@asynccontextmanager
async def onvif_device(device: OnvifDevice) -> AsyncIterator[OnvifDevice]:
    """Serve *device* over HTTP while the block is open; its ``port`` is set when it was 0."""
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", device.handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, device.host, device.port)
        await site.start()
        device.port = int(runner.addresses[0][1])
        yield device
    finally:
        await runner.cleanup()


@asynccontextmanager
async def canary(host: str = "127.0.0.1") -> AsyncIterator[tuple[int, list[bytes]]]:
    """Listen for whoever comes; yields the port and what was received (b'' for a bare connection)."""
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(b"")
        heard.append(await reader.read(4096))
        writer.close()

    server = await asyncio.start_server(listen, host, 0)
    async with server:
        yield int(server.sockets[0].getsockname()[1]), heard


def _profile(profile: FakeProfile) -> str:
    return (
        f'<trt:Profiles fixed="true" token="{escape(profile.token)}"><tt:Name>{escape(profile.token)}</tt:Name>'
        '<tt:VideoSourceConfiguration token="VSC"><tt:SourceToken>'
        f"{profile.source}</tt:SourceToken></tt:VideoSourceConfiguration>"
        f'<tt:VideoEncoderConfiguration token="VEC"><tt:Encoding>{profile.encoding}</tt:Encoding>'
        f"<tt:Resolution><tt:Width>{profile.width}</tt:Width><tt:Height>{profile.height}"
        "</tt:Height></tt:Resolution></tt:VideoEncoderConfiguration></trt:Profiles>"
    )


def _profile2(profile: FakeProfile) -> str:
    return (
        f'<tr2:Profiles fixed="true" token="{escape(profile.token)}"><tr2:Name>{escape(profile.token)}</tr2:Name>'
        '<tr2:Configurations><tr2:VideoSource token="VSC"><tt:SourceToken>'
        f"{profile.source}</tt:SourceToken></tr2:VideoSource>"
        f'<tr2:VideoEncoder token="VEC"><tt:Encoding>{profile.encoding}</tt:Encoding>'
        f"<tt:Resolution><tt:Width>{profile.width}</tt:Width><tt:Height>{profile.height}"
        "</tt:Height></tt:Resolution></tr2:VideoEncoder></tr2:Configurations></tr2:Profiles>"
    )


def _soap(body: str, status: int = 200) -> web.Response:
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope"'
        ' xmlns:tds="http://www.onvif.org/ver10/device/wsdl"'
        ' xmlns:trt="http://www.onvif.org/ver10/media/wsdl"'
        ' xmlns:tr2="http://www.onvif.org/ver20/media/wsdl"'
        ' xmlns:tt="http://www.onvif.org/ver10/schema">\n'
        f"<env:Body>{body}</env:Body>\n</env:Envelope>"
    )
    return web.Response(text=text, status=status, content_type="application/soap+xml")


def _fault(code: str, text: str, status: int) -> web.Response:
    return web.Response(
        text=_FAULT.format(code=code, text=text),
        status=status,
        content_type="application/soap+xml",
    )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def random_host() -> str:
    """Return an address of this machine that no other test has: all of 127/8 is loopback."""
    return (
        f"127.{secrets.randbelow(200) + 20}.{secrets.randbelow(250)}.{secrets.randbelow(250) + 2}"
    )


@dataclass
class Responder:
    """The WS-Discovery half of a device, on UDP port 3702 of its own loopback address."""

    host: str
    port: int = 80
    name: str = "Port%C3%A3o"
    xaddrs: str | None = None
    as_message_id: bool = False
    """Puts the probe's id where its own belongs, as some cheap cameras do."""
    relates_to: str = ""
    """Answers another question than ours."""
    also_from: str = ""
    """Sends each answer from this address too."""
    repeat: int = 1
    joins_group: bool = False
    only_kind: str = ""
    """Answers probes for this type alone."""
    kinds: set[str] = field(default_factory=set)


def match(
    *,
    host: str = "10.0.0.7",
    port: int = 80,
    name: str = "Port%C3%A3o",
    xaddrs: str | None = None,
    message_id: str = "uuid:own",
    relates_to: str = "uuid:1",
) -> bytes:
    """Return a ProbeMatches as devices write it."""
    if xaddrs is None:
        xaddrs = f"http://{host}:{port}/onvif/device_service"
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope"'
        ' xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
        ' xmlns:wsdd="http://schemas.xmlsoap.org/ws/2005/04/discovery">\n'
        f"<SOAP-ENV:Header><wsa:MessageID>{message_id}</wsa:MessageID>"
        f"<wsa:RelatesTo>{relates_to}</wsa:RelatesTo></SOAP-ENV:Header>\n"
        "<SOAP-ENV:Body><wsdd:ProbeMatches><wsdd:ProbeMatch><wsa:EndpointReference>"
        "<wsa:Address>urn:uuid:b18c4bc0-5ab6-11ee-8000-0123456789ab</wsa:Address>"
        "</wsa:EndpointReference><wsdd:Types>dn:NetworkVideoTransmitter tds:Device</wsdd:Types>"
        f"<wsdd:Scopes>onvif://www.onvif.org/name/{name} "
        "onvif://www.onvif.org/hardware/BC-2000 onvif://www.onvif.org/manufacturer/Boa\n"
        "onvif://www.onvif.org/Profile/Streaming</wsdd:Scopes>"
        f"<wsdd:XAddrs>{xaddrs}</wsdd:XAddrs><wsdd:MetadataVersion>10</wsdd:MetadataVersion>"
        "</wsdd:ProbeMatch></wsdd:ProbeMatches></SOAP-ENV:Body></SOAP-ENV:Envelope>"
    ).encode()


class _Answering(asyncio.DatagramProtocol):
    def __init__(self, responder: Responder) -> None:
        self._responder = responder

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        device = self._responder
        text = data.decode()
        asked = re.search(r"<w:MessageID>([^<]+)<", text)
        kind = re.search(r"<d:Types[^>]*>([^<]+)<", text)
        assert asked is not None
        assert kind is not None
        device.kinds.add(kind[1])
        if device.only_kind and kind[1] != device.only_kind:
            return
        answer = match(
            host=device.host,
            port=device.port,
            name=device.name,
            xaddrs=device.xaddrs,
            message_id=asked[1] if device.as_message_id else "uuid:own",
            relates_to=device.relates_to or ("" if device.as_message_id else asked[1]),
        )
        for source in (device.host, device.also_from):
            if source:
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                    sender.bind((source, 0))
                    for _ in range(device.repeat):
                        sender.sendto(answer, addr)


@asynccontextmanager
async def responder(device: Responder) -> AsyncIterator[Responder]:
    """Answer probes while the block is open.

    Raises:
        OSError: with ``joins_group``, loopback carries no multicast here.

    """
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.setblocking(False)
    if device.joins_group:
        # Bound to the group's own address, so that it hears what others on this machine do not.
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((GROUP, PORT))
        member = struct.pack(
            "=4s4si", socket.inet_aton(GROUP), bytes(4), socket.if_nametoindex("lo")
        )
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    else:
        opened.bind((device.host, PORT))
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Answering(device), sock=opened
    )
    try:
        yield device
    finally:
        transport.close()
