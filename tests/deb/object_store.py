"""Runs inside the container: a strict object store on the libraries of the installed package. Prints its address, and keeps what it gets as files."""

import asyncio
import sys
from pathlib import Path

sys.path[:0] = ["/opt/test", "/usr/lib/gtvision-edge/site-packages"]

from tests.fakes.object_store import ObjectStore, running_store  # noqa: E402 -- found by the line above

KEPT = Path("/opt/test/kept")


async def main() -> None:
    store = ObjectStore()

    def keep(key: str) -> None:
        path = KEPT / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(store.objects[key])

    store.on_kept = keep
    async with running_store(store):
        print(store.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
