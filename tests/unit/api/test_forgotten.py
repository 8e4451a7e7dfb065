"""A plate's whole life on the box, wanted, read, alarmed, remarked on, searched, carried away, and then forgotten everywhere."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gtvision_edge.detections.opening import Detections
from gtvision_edge.keys import OpenedKeys
from gtvision_edge.storage import Database
from gtvision_edge.uplink.outbox import note_failed
from tests.fakes.clock import FakeClock
from tests.fakes.push_service import LocalPushService, running_push_service
from tests.unit.api.conftest import Served
from tests.unit.api.test_plates import access, message, post

DAY_S = 86_400.0
LIVES = 120
_GONE = re.compile(rb"QZX[0-9][A-Z0-9][0-9]{2}", re.IGNORECASE)
_LIVING = re.compile(rb"KWV[0-9][A-Z0-9][0-9]{2}")


@pytest.fixture
async def service(keys: OpenedKeys) -> AsyncIterator[LocalPushService]:
    async with running_push_service(keys.push.public) as running:
        yield running


def plate_of(number: int, letters: str) -> str:
    return f"{letters}{number % 10}J{number // 10:02}"


async def ask(served: Served, method: str, path: str, expected: int, **named: Any) -> Any:
    status, answer = await served.call(method, path, who="operator-a", **named)
    assert status == expected, answer
    return answer


async def watched(served: Served, plate: str, number: int) -> str:
    """Put *plate* on the list, with a reason that names it; some entries are changed afterwards."""
    body = {"placa": plate, "reason": f"furto, placa {plate}" + " x" * (number % 90)}
    made = await ask(served, "POST", "/watchlist", 201, json=body | {"level": "critical"})
    if number % 3 == 0:
        change = {"reason": f"recuperado? {plate}" + " y" * (number % 70)}
        await ask(served, "PATCH", f"/watchlist/{made['watch_id']}", 200, json=change)
    return str(made["watch_id"])


async def passes(served: Served, clock: FakeClock, secret: str, plate: str) -> None:
    status, taken = await post(served, json.dumps(message(clock, secret, placa=plate)).encode())
    assert status == 202, taken
    await clock.advance(11)


async def seen_to(served: Served) -> None:
    """Acknowledge all alerts with remarks that name the plate; take one back."""
    alerts = (await ask(served, "GET", "/alerts?limit=500", 200))["items"]
    for number, alert in enumerate(alerts):
        path = f"/alerts/{alert['alert_id']}/ack"
        remark = f"viatura avisada: {alert['detection']['placa']}" + " z" * (number % 80)
        await ask(served, "POST", path, 200, json={"note": remark})
        if number % 10 == 0:
            await ask(served, "DELETE", path, 200)


def found_in(folder: Path, pattern: re.Pattern[bytes]) -> dict[str, set[bytes]]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    hits = {str(path): set(pattern.findall(path.read_bytes())) for path in files}
    names = set(pattern.findall(" ".join(map(str, files)).encode()))
    return {path: some for path, some in hits.items() if some} | ({"names": names} if names else {})


async def test_a_plate_is_found_nowhere_once_its_reading_and_its_entry_are_gone(
    served: Served,
    clock: FakeClock,
    detections: Detections,
    database: Database,
    service: LocalPushService,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await ask(served, "POST", "/push/subscriptions", 201, json=service.subscription())
    secret = (await access(served))["secret"]
    watches = []
    for number in range(LIVES):
        watches.append(await watched(served, plate_of(number, "QZX"), number))
        await watched(served, plate_of(number, "KWV"), number)
    for number in range(LIVES):
        await passes(served, clock, secret, plate_of(number, "QZX"))
    served.tokens.clear()
    await seen_to(served)
    purpose = "procuro+QZX5J02+por+ordem"
    await ask(served, "GET", f"/detections?placa=QZX*&purpose={purpose}", 200)
    await ask(served, "GET", f"/detections.csv?placa=QZX5J02&purpose={purpose}", 200)
    seqs = [row[0] for row in await database.fetch_all("SELECT seq FROM outbox LIMIT 40")]
    await database.write(
        lambda transaction: note_failed(
            transaction, seqs, reason="NO_ROUTE", park_at=1, now_us=clock.now_us()
        )
    )
    assert await asyncio.to_thread(found_in, tmp_path, _GONE)

    for watch_id in watches:
        await ask(served, "DELETE", f"/watchlist/{watch_id}", 204)
    await clock.advance(181 * DAY_S)
    await detections.anonymiser.go_round()

    assert await asyncio.to_thread(found_in, tmp_path, _GONE) == {}
    printed = capsys.readouterr()
    assert _GONE.findall((printed.out + printed.err).encode()) == []
    kept = await asyncio.to_thread(found_in, tmp_path, _LIVING)
    assert len(set().union(*kept.values())) == 2 * LIVES  # as it is written, and its older form
