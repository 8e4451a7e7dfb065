"""A reader of RTSP that keeps nothing back: raw requests, raw interleaved packets."""

import asyncio
import re
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.waiting import patiently


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class RtpPacket:
    channel: int
    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class SenderReport:
    channel: int
    ssrc: int
    ntp: int
    timestamp: int

    @property
    def captured_us(self) -> int:
        seconds, fraction = self.ntp >> 32, self.ntp & 0xFFFFFFFF
        return (seconds - 2_208_988_800) * 1_000_000 + round(fraction * 1_000_000 / 2**32)


class RawClient:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.session = ""
        self._sequence = 0

    async def ask(self, method: str, url: str, **headers: str) -> Response:
        """Send a request and return its response; packets in between are thrown away."""
        self._sequence += 1
        lines = [f"{method} {url} RTSP/1.0", f"CSeq: {self._sequence}"]
        if self.session and "session" not in headers:
            lines.append(f"Session: {self.session}")
        lines += [f"{name.replace('_', '-').title()}: {value}" for name, value in headers.items()]
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        answer = await self.response()
        assert answer.headers["cseq"] == str(self._sequence)
        return answer

    async def response(self) -> Response:
        while (first := await self.reader.readexactly(1)) == b"$":
            head = await self.reader.readexactly(3)
            await self.reader.readexactly(struct.unpack(">H", head[1:])[0])
        text = (first + await self.reader.readuntil(b"\r\n\r\n")).decode()
        lines = text.strip().split("\r\n")
        headers = dict(re.split(r":\s*", line, maxsplit=1) for line in lines[1:])
        headers = {name.lower(): value for name, value in headers.items()}
        body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        if "session" in headers:
            self.session = headers["session"].partition(";")[0]
        return Response(int(lines[0].split(" ")[1]), headers, body.decode())

    async def packet(self) -> RtpPacket | SenderReport:
        head = await self.reader.readexactly(4)
        assert head[0:1] == b"$", head
        channel, size = struct.unpack(">BH", head[1:])
        data = await self.reader.readexactly(size)
        if channel % 2:
            _, _, _, ssrc, ntp, timestamp = struct.unpack(">BBHIQI", data[:20])
            return SenderReport(channel, ssrc, ntp, timestamp)
        _, kind, sequence, timestamp, ssrc = struct.unpack(">BBHII", data[:12])
        return RtpPacket(channel, kind & 0x7F, kind >= 0x80, sequence, timestamp, ssrc, data[12:])

    async def media_packet(self) -> RtpPacket:
        while not isinstance(packet := await self.packet(), RtpPacket):
            pass
        return packet

    async def play(self, url: str, tracks: int = 1) -> Response:
        """Go through DESCRIBE, SETUP of every track and PLAY; return PLAY's answer."""
        assert (await self.ask("DESCRIBE", url)).status == 200
        for track in range(tracks):
            transport = f"RTP/AVP/TCP;unicast;interleaved={track * 2}-{track * 2 + 1}"
            answer = await self.ask("SETUP", f"{url}/trackID={track}", transport=transport)
            assert answer.status == 200
        answer = await self.ask("PLAY", url)
        assert answer.status == 200
        return answer

    async def is_closed(self, within_s: float = 2.0) -> bool:
        """Tell whether the server ends the connection in time; reads on until then."""
        try:
            async with asyncio.timeout(patiently(within_s)):
                while await self.reader.read(65536):
                    pass
        except TimeoutError:
            return False
        except ConnectionError:
            pass
        return True


@asynccontextmanager
async def raw_client(port: int) -> AsyncIterator[RawClient]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield RawClient(reader, writer)
    finally:
        writer.transport.abort()
