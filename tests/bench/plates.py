"""How soon a plate reading is on disk and on people's screens, and how many a second a box takes."""

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.bench.table import Row
from tests.e2e.daemon import Client, Site, logged_in, running_daemon

CAMERAS = 64
"""Each may send 50 readings a second, on the long run."""
CLIENTS = 50
PER_PERSON = 16
RATE = 200.0
PACED_S = 10.0
SATURATED_S = 4.0
WEBHOOK = "/api/v1/webhooks/lpr"
SECRET = "a long enough secret"
HUB = '[uplink]\nurl = "amqp://127.0.0.1:9/"\n'
"""One that does not answer: what is accepted is written for it, too, as it is where there is a hub."""


async def run() -> list[Row]:
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp))
    async with _peer(folder / "peer.db") as port:
        cameras = [[f"cam{number:02d}", "whsec_bm8="] for number in range(CAMERAS)]
        peer = {"port": port, "path": "/readings", "cameras": cameras}
        peer_paced = await load(peer, seconds=PACED_S / 2, rate=RATE)
        peer_full = await load(peer, seconds=SATURATED_S, first=100_000)
    site = Site(folder / "state", settings=HUB)
    async with running_daemon(site, probe="healthz"), logged_in(site) as admin:
        ours = {"port": site.ports[0], "path": WEBHOOK, "cameras": await _cameras(admin)}
        paced = await load(ours, seconds=PACED_S / 2, rate=RATE)
        tickets = await _tickets(site, admin)
        watched = await load(ours, seconds=PACED_S, rate=RATE, tickets=tickets, first=200_000)
        full = await load(ours, seconds=SATURATED_S, first=400_000)
    for each in (paced, watched, full):
        assert set(each["statuses"]) == {"202"}, each["statuses"]
    assert watched["missing"] == 0, watched
    return [
        Row(
            f"plate POST → durable 202, p99 at {RATE:.0f}/s",
            f"{paced['post_p99_ms']:.1f} ms (p50 {paced['post_p50_ms']:.1f})",
            peer=f"{peer_paced['post_p99_ms']:.1f} ms",
            ratio=paced["post_p99_ms"] / peer_paced["post_p99_ms"],
            budget="< 10 ms",
            holds=paced["post_p99_ms"] < 10,
        ),
        Row(
            f"the same, {CAMERAS} senders without pause",
            f"{full['per_s']:.0f}/s (p99 {full['post_p99_ms']:.0f} ms)",
            peer=f"{peer_full['per_s']:.0f}/s",
            ratio=full["per_s"] / peer_full["per_s"],
            budget="≥ 2000/s",
            holds=full["per_s"] >= 2000,
        ),
        Row(
            f"plate POST → WebSocket, p99 of {CLIENTS} clients at {RATE:.0f}/s",
            f"{watched['heard_p99_ms']:.1f} ms (p50 {watched['heard_p50_ms']:.1f})",
            budget="< 50 ms",
            holds=watched["heard_p99_ms"] < 50,
        ),
    ]


async def load(target: dict[str, Any], **order: Any) -> dict[str, Any]:
    """Have a process send what *order* says to *target*; return what it found."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench.plate_load",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    found, _ = await process.communicate(json.dumps(target | order).encode() + b"\n")
    assert process.returncode == 0
    result: dict[str, Any] = json.loads(found)
    print(f"  {json.dumps(result)}", file=sys.stderr, flush=True)
    return result


async def _cameras(admin: Client) -> list[list[str]]:
    found = []
    for number in range(CAMERAS):
        camera_id = f"cam{number:02d}"
        body = {
            "camera_id": camera_id,
            "name": camera_id,
            "vendor": "generic_rtsp",
            "main_url": "rtsp://127.0.0.1:9/none",
            "skip_probe": True,
            "enabled": False,
        }
        await admin.call("POST", "/cameras", body, expect=201)
        made = await admin.call("POST", f"/cameras/{camera_id}/push-secret", {}, expect=201)
        found.append([camera_id, made["secret"]])
    return found


async def _tickets(site: Site, admin: Client) -> list[str]:
    """Return a ticket for each client; a person may have sixteen sockets."""
    tickets: list[str] = []
    for number in range(-(-CLIENTS // PER_PERSON)):
        person = {"username": f"viewer{number}", "password": "first " + SECRET, "role": "viewer"}
        await admin.call("POST", "/users", person, expect=201)
        async with logged_in(site, person["username"], person["password"]) as viewer:
            change = {"current": person["password"], "new": SECRET}
            await viewer.call("POST", "/auth/password", change)
        async with logged_in(site, person["username"], SECRET) as viewer:
            for _ in range(min(PER_PERSON, CLIENTS - len(tickets))):
                made = await viewer.call("POST", "/auth/ticket", {}, expect=200)
                tickets.append(made["ticket"])
    return tickets


@asynccontextmanager
async def _peer(path: Path) -> AsyncIterator[int]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.plate_peer", str(path), stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield int(await process.stdout.readline())
    finally:
        process.kill()
        await process.wait()
