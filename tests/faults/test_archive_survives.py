"""Copies that are owed outlive kill -9 and a store that is away: all arrive, none twice, and what went is gone there, too."""

import json
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gtvision_edge.detections.opening import PICTURES
from tests.e2e.daemon import Client, RunningDaemon, Site, logged_in, running_daemon
from tests.e2e.plate_pushes import Pushing
from tests.e2e.test_evidence import CLIP, ask, finished, incident_of
from tests.fakes.object_store import Mood, ObjectStore, running_store
from tests.fakes.virtual_camera import virtual_camera
from tests.object_storage import running_relay
from tests.waiting import becomes

pytestmark = pytest.mark.timeout(400)
READINGS = 40
KILLS = 6


def archive_of(store: ObjectStore) -> str:
    return (
        f'[archive]\nbucket = "{store.bucket}"\nendpoint = "{store.url}"\nprefix = "gtvision"\n'
        f'access_key = "{store.access_key}"\nsecret_key = "{store.secret_key}"\n'
    )


def rows(site: Site, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(site.root / "edge.db", timeout=10)) as database:
        return database.execute(sql).fetchall()


async def killed(daemon: RunningDaemon) -> None:
    if daemon.process.returncode is None:
        daemon.process.send_signal(signal.SIGKILL)
    await daemon.process.wait()


async def filled(site: Site, admin: Client) -> str:
    """Push readings with pictures and make a bundle; return its export's id."""
    pushing = Pushing(admin, site.url)
    await pushing.learn("cam01")
    for number in range(READINGS):
        await pushing.hikvision(f"ABC1D{number:02}")
    await becomes(lambda: len(rows(site, "SELECT 1 FROM segments")) > 1, 60)
    export_id = await ask(admin, await incident_of(admin, 10))
    await finished(admin, export_id)
    return export_id


def kills_at(daemon: RunningDaemon, number: int) -> Callable[[str], None]:
    """Return what kills the daemon when the store has the object of that *number*, before the daemon hears of it."""
    seen = 0

    def count(key: str) -> None:
        nonlocal seen
        seen += not key.endswith("/.gtvision-edge.json")
        if seen == number and daemon.process.returncode is None:
            daemon.process.send_signal(signal.SIGKILL)

    return count


@pytest.mark.parametrize("kind", ["stand-in", pytest.param("real", marks=pytest.mark.versitygw)])
async def test_copies_owed_survive_kills_and_a_store_that_is_away(
    tmp_path: Path, kind: str
) -> None:
    running = running_relay(tmp_path / "gateway") if kind == "real" else running_store()
    async with running as store, virtual_camera(CLIP) as camera:
        site = Site(tmp_path / "state", settings=archive_of(store), record_segment="4s")
        store.behave("hangs")
        async with running_daemon(site) as daemon, logged_in(site) as admin:
            await admin.add_camera("cam01", camera.url())
            export_id = await filled(site, admin)
            await killed(daemon)
        assert store.kept() == []
        assert len(rows(site, "SELECT 1 FROM archive_queue")) == 2 * READINGS + 1

        moods: list[Mood] = ["well", "away", "cuts"]
        for number in range(KILLS):
            store.behave("well")
            async with running_daemon(site, probe="healthz") as daemon:
                store.on_kept = kills_at(daemon, 1 + number * 2)
                await daemon.process.wait()
                store.on_kept = lambda key: None
            # A start that finds the store away, and is killed, too.
            store.behave(moods[number % len(moods)])
            before = len(store.asked)
            if store.mood != "well":
                async with running_daemon(site, probe="healthz") as daemon:
                    await becomes(lambda seen=before: len(store.asked) > seen, 60)
                    await killed(daemon)
        store.behave("well")
        async with running_daemon(site, probe="healthz"), logged_in(site) as admin:

            async def is_done() -> bool:
                told = (await admin.call("GET", "/status", expect=200))["archive"]
                return bool(told["waiting"] == 0 and told["copies"] == 2 * READINGS + 1)

            await becomes(is_done, 60)
            told = (await admin.call("GET", "/status", expect=200))["archive"]

    (site_id,) = rows(site, "SELECT site_id FROM site")[0]
    folder = f"gtvision/{site_id}"
    files = {each.stem: each.read_bytes() for each in (site.root / PICTURES).rglob("*.jpg")}
    wanted = {f"{folder}/pictures/{name[:2]}/{name}.jpg": data for name, data in files.items()}
    (digest,) = rows(site, "SELECT lower(hex(bundle_sha256)) FROM exports")[0]
    bundle = site.volume / ".exports" / f"{export_id}.zip"
    wanted[f"{folder}/evidence/{export_id}/{digest}.zip"] = bundle.read_bytes()
    assert len(files) == 2 * READINGS
    assert {key: store.objects[key] for key in store.kept()} == wanted
    assert {key: store.stored[key] for key in wanted} == dict.fromkeys(wanted, 1)
    assert (told["state"], told["parked"], told["given_up"]) == ("up", 0, 0)
    print(json.dumps({"asked": len(store.asked), "kills": 1 + KILLS, "copies": len(wanted)}))


async def test_the_daemon_goes_on_while_the_store_hangs(tmp_path: Path) -> None:
    async with running_store() as store:
        site = Site(tmp_path / "state", settings=archive_of(store))
        store.behave("hangs")
        async with (
            running_daemon(site) as daemon,
            logged_in(site) as admin,
            aiohttp.ClientSession() as session,
        ):
            await admin.add_camera("cam01", "rtsp://127.0.0.1:9/none", skip_probe=True)
            pushing = Pushing(admin, site.url)
            await pushing.learn("cam01")
            await pushing.hikvision("ABC1D23")
            await becomes(lambda: store.asked != [], 20)
            async with session.get(f"{site.url}/readyz") as answer:
                assert answer.status == 200
            daemon.process.send_signal(signal.SIGTERM)
            await daemon.process.wait()
            assert daemon.process.returncode == 0
