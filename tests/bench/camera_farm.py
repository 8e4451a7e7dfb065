"""`python -m tests.bench.camera_farm COUNT`: that many cameras 1080p25 at 4 Mbit/s with AAC, in a process of their own."""

import asyncio
import sys

from gtvision_edge.media.embedded.rtsp import Publication, RtspServer
from tests.fakes.clips import Clip, ClipSpec, render_clip

SPEC = ClipSpec(
    audio="aac",
    width=1920,
    height=1080,
    fps=25,
    key_every_s=2,
    seconds=4,
    bitrate_bps=4_000_000,
    noise=True,
)


PHASE_S = 0.1317


async def play(clip: Clip, publication: Publication, offset_s: float) -> None:
    """Send the clip in a loop, begun *offset_s* late so that the cameras' frames and key frames are spread."""
    loop = asyncio.get_running_loop()
    began = loop.time() + offset_s
    turn = 0
    while True:
        for sample in clip.samples:
            wait = began + turn * clip.duration_s + sample.at_s - loop.time()
            if wait > 0.002:
                await asyncio.sleep(wait)
            rate = clip.tracks[sample.track].clock_rate
            ticks = sample.ticks + round(turn * clip.duration_s * rate)
            publication.send(sample.track, sample.data, ticks, sample.is_key)
        turn += 1


async def serve(count: int) -> None:
    clip = await asyncio.to_thread(render_clip, SPEC)
    async with RtspServer("127.0.0.1", 0) as server, asyncio.TaskGroup() as tasks:
        for number in range(count):
            publication = server.publish(f"c{number}", clip.tracks)
            # No two cameras send their frames at the same moments, as real ones do not.
            tasks.create_task(play(clip, publication, number * PHASE_S % 2))
        sizes = sum(len(sample.data) for sample in clip.samples)
        print(server.port, round(sizes * 8 / clip.duration_s), flush=True)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
