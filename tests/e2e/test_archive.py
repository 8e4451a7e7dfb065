"""A site that copies its pictures elsewhere, as the installed program does it."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.e2e.daemon import PROGRAM, Site, logged_in, running_daemon
from tests.e2e.plate_pushes import Pushing, plate_jpeg, scene_jpeg
from tests.fakes.object_store import running_store
from tests.waiting import becomes

pytestmark = pytest.mark.timeout(120)  # a daemon starts, is used, and a command runs beside it


async def test_a_readings_pictures_are_in_the_store_a_moment_later(tmp_path: Path) -> None:
    async with running_store() as store:
        secret = tmp_path / "secret"
        secret.write_text(store.secret_key + "\n")
        settings = (
            f'[archive]\nbucket = "{store.bucket}"\nendpoint = "{store.url}"\n'
            f'access_key = "{store.access_key}"\nsecret_key_file = "{secret}"\n'
        )
        site = Site(tmp_path / "state", settings=settings)
        async with running_daemon(site), logged_in(site) as admin:
            await admin.add_camera("cam01", "rtsp://127.0.0.1:9/none", skip_probe=True)
            pushing = Pushing(admin, site.url)
            await pushing.learn("cam01")
            await pushing.hikvision("ABC1D23")

            await becomes(lambda: len(store.kept()) == 2, 20)
            assert {store.objects[key] for key in store.kept()} == {
                plate_jpeg("ABC1D23"),
                scene_jpeg("ABC1D23"),
            }

            async def is_told() -> bool:
                told = (await admin.call("GET", "/status", expect=200))["archive"]
                return (told["state"], told["copies"], told["waiting"]) == ("up", 2, 0)

            await becomes(is_told, 20)
            asked = await asyncio.create_subprocess_exec(
                *(str(PROGRAM), "archive", "status", "--json"),
                *("--config", str(site.root / "edge.toml")),
                stdout=asyncio.subprocess.PIPE,
            )
            said, _ = await asked.communicate()
            assert asked.returncode == 0
            report = json.loads(said)
            assert (report["store"], report["totals"]["copies"]) == ("up", 2)
