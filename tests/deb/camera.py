"""Runs inside the container: a virtual camera on the libraries of the installed package. Prints its address."""

import asyncio
import sys

sys.path[:0] = ["/opt/test", "/usr/lib/gtvision-edge/site-packages"]

from tests.fakes.clips import ClipSpec  # noqa: E402 -- found by the line above
from tests.fakes.virtual_camera import virtual_camera  # noqa: E402


async def main() -> None:
    async with virtual_camera(ClipSpec(audio="aac"), port=8655) as camera:
        print(camera.url(), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
