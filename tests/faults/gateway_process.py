"""The gateway as a process of its own, whose memory can be looked at: ``python -m … HLS_URL DIRECTORY PORT``.

The bearer token is the viewer's name: those from ``v0`` to ``v9`` may watch ``cam01``.
"""

import asyncio
import sys
from pathlib import Path

from aiohttp import web

from gtvision_edge.api.errors import problems
from gtvision_edge.api.server import serve
from gtvision_edge.media.gateway import MediaServerPlace
from gtvision_edge.runtime.clock import SystemClock
from gtvision_edge.storage import open_database
from tests.fakes.cameras import FakeCamera, FakeDirectory, named_in
from tests.fakes.people import People, viewer
from tests.streams import open_streams


async def main(hls_url: str, directory: Path, port: int) -> None:
    clock = SystemClock()
    cameras = FakeDirectory()
    cameras.put(FakeCamera("cam01"), "rtsp://x/")
    people = People(*(viewer(f"v{number}", "town") for number in range(10)))
    async with (
        open_database(directory / "edge.db") as database,
        open_streams(
            MediaServerPlace(hls_url, "secret", lambda: "mediamtx"),
            cameras=cameras,
            authenticator=people,
            sessions=people,
            database=database,
            recordings=named_in(directory),
            clock=clock,
        ) as streams,
    ):
        application = web.Application(middlewares=[problems])
        application.add_routes(streams.routes())
        async with serve(application, host="127.0.0.1", port=port):
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
