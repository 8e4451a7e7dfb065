"""The embedded media server as a process of its own, to be killed: ``python -m … API_PORT HLS_PORT RTSP_PORT VOLUME``."""

import asyncio
import sys
from pathlib import Path

from gtvision_edge.media.embedded.server import open_embedded_server
from gtvision_edge.runtime.clock import SystemClock
from gtvision_edge.settings import EmbeddedSettings


async def main(api_port: int, hls_port: int, rtsp_port: int, volume: Path) -> None:
    settings = EmbeddedSettings(api_port=api_port, hls_port=hls_port, rtsp_port=rtsp_port)
    async with open_embedded_server(settings, record_root=volume, clock=SystemClock()):
        await asyncio.Event().wait()


if __name__ == "__main__":
    api, hls, rtsp = (int(text) for text in sys.argv[1:4])
    asyncio.run(main(api, hls, rtsp, Path(sys.argv[4])))
