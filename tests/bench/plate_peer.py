"""`python -m tests.bench.plate_peer FILE`: what a careful person writes in twenty lines: aiohttp, one SQLite row and one commit a request."""

import asyncio
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor

from aiohttp import web


def opened(path: str) -> sqlite3.Connection:
    database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE readings (plate TEXT, camera TEXT, body TEXT)")
    return database


async def main() -> None:
    loop = asyncio.get_running_loop()
    thread = ThreadPoolExecutor(1)
    database = await loop.run_in_executor(thread, opened, sys.argv[1])

    def insert(plate: str, camera: str, body: str) -> None:
        database.execute("INSERT INTO readings VALUES (?, ?, ?)", (plate, camera, body))

    async def take(request: web.Request) -> web.Response:
        told = await request.json()
        body = await request.text()
        await loop.run_in_executor(thread, insert, told["placa"], told["camera_id"], body)
        return web.json_response({}, status=202)

    application = web.Application()
    application.router.add_post("/readings", take)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
