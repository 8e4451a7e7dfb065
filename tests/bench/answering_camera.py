"""`python -m tests.bench.answering_camera`: DESCRIBE answered as fast as asyncio can, behind a digest challenge; prints its port.

A second port takes connections and never answers.
"""

import asyncio

from tests.fakes.scripted_rtsp import VIDEO_SDP

_BODY = VIDEO_SDP.encode()
_CHALLENGE = b'RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\nWWW-Authenticate: Digest realm="cam", nonce="1"\r\n\r\n'
_FOUND = b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: %d\r\n\r\n%b" % (len(_BODY), _BODY)


class Answering(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(_FOUND if b"\r\nAuthorization: Digest " in data else _CHALLENGE)


async def serve() -> None:
    loop = asyncio.get_running_loop()
    answering = await loop.create_server(Answering, "127.0.0.1", 0, backlog=1000)
    silent = await loop.create_server(asyncio.Protocol, "127.0.0.1", 0, backlog=1000)
    print(*(server.sockets[0].getsockname()[1] for server in (answering, silent)), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
