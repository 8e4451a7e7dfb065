"""A backlog on its way to a real RabbitMQ, confirmed and taken off the disk; the peer sends one by one."""

import asyncio
import tempfile
import time
from pathlib import Path

from pydantic import SecretStr

from gtvision_edge.runtime.clock import SystemClock
from gtvision_edge.settings import UplinkSettings
from gtvision_edge.storage import open_database
from gtvision_edge.uplink import outbox
from gtvision_edge.uplink.link import Uplink
from tests.bench.table import Row
from tests.fakes.outage import fill_all, send_one_by_one
from tests.rabbitmq import SERVER, Hub, Line, running_rabbitmq

MESSAGES = 60_000
PLAIN = 1000
PER_S = 3000
RATIO = 4.0


async def run() -> list[Row]:
    what = f"outbox drain into RabbitMQ, {MESSAGES:,} waiting, confirmed"
    budget = f"≥ {PER_S:,}/s and ≥ {RATIO:.0f} × one-by-one"
    if not SERVER.exists():
        return [Row(what, "no rabbitmq-server here", budget=budget)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with (
            running_rabbitmq(folder / "broker") as broker,
            open_database(folder / "edge.db") as database,
        ):
            await Hub(broker, Line(broker.port)).declare()
            clock = SystemClock()
            three_days_us = 72 * 3_600_000_000
            await fill_all(
                database,
                MESSAGES + PLAIN,
                lanes=64,
                from_us=clock.now_us() - three_days_us,
                step_us=(three_days_us - 120_000_000) // (MESSAGES + PLAIN),
            )
            began = time.perf_counter()
            await send_one_by_one(database, broker.url(), PLAIN)
            plain = PLAIN / (time.perf_counter() - began)
            link = Uplink(
                UplinkSettings(url=SecretStr(broker.url())), database, clock, site_id="bench"
            )
            began = time.perf_counter()
            sending = asyncio.create_task(link.run())
            while (await outbox.fetch_backlog(database)).waiting:  # noqa: ASYNC110 -- looks at another part's doings
                await asyncio.sleep(0.05)
            ours = MESSAGES / (time.perf_counter() - began)
            sending.cancel()
            await asyncio.wait({sending})
    return [
        Row(
            what,
            f"{ours:,.0f}/s",
            f"{plain:,.0f}/s one by one",
            ours / plain,
            budget,
            ours >= PER_S and ours >= RATIO * plain,
        )
    ]
