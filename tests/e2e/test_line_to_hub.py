"""The installed program, a real RabbitMQ, and the hub's team that listens."""

import asyncio
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.daemon import Client, Site, logged_in, running_daemon
from tests.rabbitmq import running_rabbitmq
from tests.waiting import becomes, patiently

pytestmark = [pytest.mark.rabbitmq, pytest.mark.timeout(240)]
PROGRAM = Path(sys.executable).with_name("gtvision-edge")


async def test_who_listens_hears_of_a_camera_and_of_the_audit_log_by_their_schemas(
    tmp_path: Path,
) -> None:
    async with running_rabbitmq(tmp_path / "broker") as broker:
        site = Site(
            tmp_path / "state",
            settings=f'[uplink]\nurl = "{broker.url()}"\ndeclare_topology = true\n',
        )
        site.root.mkdir(parents=True)
        listening = await asyncio.create_subprocess_exec(
            str(PROGRAM),
            *("uplink", "listen", "--json", "--count", "2", "--config", str(site.write_settings())),
            stdout=asyncio.subprocess.PIPE,
        )
        async with running_daemon(site), logged_in(site) as admin:
            await admin.add_camera("cam01", "rtsp://127.0.0.1:9/none", skip_probe=True)
            async with asyncio.timeout(patiently(120)):
                said, _ = await listening.communicate()

            async def is_up_and_empty() -> bool:
                line = (await admin.call("GET", "/status"))["uplink"]
                return bool(line["state"] == "up" and line["waiting"] == 0)

            await becomes(is_up_and_empty, 30)

    heard = [json.loads(line) for line in said.decode().splitlines()]
    assert listening.returncode == 0
    assert {each["routing_key"] for each in heard} == {"cameras.status", "auditoria.ancora"}
    assert [each["faults"] for each in heard] == [[], []]
    (camera,) = [each for each in heard if each["routing_key"] == "cameras.status"]
    assert camera["event"]["data"]["estado"] == "offline"


async def line_of(admin: Client) -> dict[str, Any]:
    line: dict[str, Any] = (await admin.call("GET", "/status", expect=200))["uplink"]
    return line


async def loses(admin: Client, camera_id: str) -> None:
    """Have something happen that the hub would hear of."""
    await admin.add_camera(camera_id, "rtsp://127.0.0.1:9/none", skip_probe=True)
    await admin.wait_state(camera_id, "offline", 30)


async def test_while_there_is_no_hub_nothing_is_kept_for_one_and_what_waited_before_goes_later(
    tmp_path: Path,
) -> None:
    site = Site(tmp_path / "state")
    async with running_daemon(site), logged_in(site) as admin:
        await loses(admin, "cam01")
        line = await line_of(admin)
        assert (line["state"], line["waiting"], line["oldest"]) == ("off", 0, None)
        await admin.call("DELETE", "/cameras/cam01", expect=204)

    site.settings = '[uplink]\nurl = "amqp://127.0.0.1:9/"\n'
    async with running_daemon(site), logged_in(site) as admin:
        await loses(admin, "cam02")

    site.settings = ""
    async with running_daemon(site), logged_in(site) as admin:

        async def tells_what_waits() -> bool:
            return int((await line_of(admin))["waiting"]) > 0

        await becomes(tells_what_waits, 30)
        before = await line_of(admin)
        await loses(admin, "cam03")
        await asyncio.sleep(6)  # the figures are taken every five seconds
        assert await line_of(admin) == before
        codes = {each["code"] for each in (await admin.call("GET", "/status"))["findings"]}
        assert not {code for code in codes if code.startswith(("hub_", "messages_"))}

    async with running_rabbitmq(tmp_path / "broker") as broker:
        site.settings = f'[uplink]\nurl = "{broker.url()}"\ndeclare_topology = true\n'
        listening = await asyncio.create_subprocess_exec(
            str(PROGRAM),
            *("uplink", "listen", "--json", "--key", "cameras.status", "--count", "2"),
            *("--config", str(site.write_settings())),
            stdout=asyncio.subprocess.PIPE,
        )
        connected_at = datetime.now(UTC)
        async with running_daemon(site):
            async with asyncio.timeout(patiently(120)):
                said, _ = await listening.communicate()

    waited, fresh = [json.loads(line)["event"] for line in said.decode().splitlines()]
    assert waited["subject"] == "camera/cam02"
    assert datetime.fromisoformat(waited["time"]) < connected_at
    assert datetime.fromisoformat(fresh["time"]) > connected_at
