"""The installed program, a real RabbitMQ, and the hub's team that listens."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from tests.e2e.daemon import Site, logged_in, running_daemon
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
