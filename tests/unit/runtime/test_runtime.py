import asyncio
import json
import logging
import socket
import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
import structlog

from gtvision_edge.runtime.events import EventBus
from gtvision_edge.runtime.ids import new_request_id, new_uuid7
from gtvision_edge.runtime.logs import REQUEST_ID, configure_logs, mask_secrets
from gtvision_edge.runtime.systemd import notify_systemd, watchdog_interval_s
from gtvision_edge.runtime.timestamps import from_datetime, to_rfc3339
from tests.fakes.clock import FakeClock
from tests.waiting import patiently


@dataclass(frozen=True)
class Happened:
    number: int


@dataclass(frozen=True)
class Else:
    pass


async def test_a_listener_gets_its_kinds_in_order_and_loses_the_oldest_when_full() -> None:
    bus = EventBus()
    with bus.listen(Happened, size=2) as mailbox:
        for event in (Happened(1), Else(), Happened(2), Happened(3)):
            bus.publish(event)

        got: list[object] = []
        async with asyncio.timeout(patiently(1)):
            async for arrived in mailbox:
                got.append(arrived)
                if arrived == Happened(3):
                    break

    assert got == [Happened(2), Happened(3)]
    assert mailbox.dropped == 1


def test_uuid7_carries_the_time_and_sorts_by_it() -> None:
    clock = FakeClock()
    first = new_uuid7(clock)
    clock.step_wall(1)
    second = new_uuid7(clock)

    assert first < second
    parsed = uuid.UUID(first)
    assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)
    assert parsed.int >> 80 == 1_767_225_600_000


def test_times_go_to_the_wire_with_offset_and_back() -> None:
    assert to_rfc3339(1_767_225_600_123_456) == "2026-01-01T00:00:00.123456+00:00"
    with pytest.raises(ValueError, match="offset"):
        from_datetime(datetime(2026, 1, 1))  # noqa: DTZ001 -- naive on purpose


@pytest.mark.parametrize(
    "text",
    [
        "open rtsp://admin:hunter2@10.0.0.1:554/x failed",
        "rtsp://10.0.0.1/user=admin&password=hunter2&channel=1",
        "GET /ws/alerts?token=hunter2&since=1",
        "GET /stream/a/index.m3u8?ticket=hunter2",
        "Authorization: Bearer hunter2",
        "rtsp://admin:a/hunter2@10.0.0.1/x",
    ],
)
def test_secrets_are_masked_in_any_text(text: str) -> None:
    assert "hunter2" not in mask_secrets(text)


def test_each_line_of_a_request_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO", "json")
    log = structlog.get_logger("test")
    outside = REQUEST_ID.set("r-1")
    log.info("within")
    logging.getLogger("stranger").warning("within")
    REQUEST_ID.reset(outside)
    log.info("without")

    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    assert [line.get("request_id") for line in lines] == ["r-1", "r-1", None]


def test_a_traceback_in_the_log_shows_no_local_variable(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO", "json")
    password = "hunter2"

    def fail() -> None:
        raise RuntimeError(f"cannot open rtsp://admin:{password}@camera/")

    try:
        fail()
    except RuntimeError:
        structlog.get_logger("test").exception("open_failed", url=f"rtsp://a:{password}@camera/")
        logging.getLogger("stranger").warning("saw rtsp://a:%s@camera/", password)

    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    assert len(lines) == 2
    assert "RuntimeError" in lines[0]["exception"]
    assert "hunter2" not in json.dumps(lines)


def test_systemd_is_told_and_its_watchdog_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(address)
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        monkeypatch.setenv("WATCHDOG_USEC", "30000000")

        notify_systemd("READY=1")

        assert receiver.recv(100) == b"READY=1"
    assert watchdog_interval_s() == 15


def test_ids_that_mean_nothing_are_of_sixteen_digits_and_never_twice() -> None:
    made = [new_request_id() for _ in range(2000)]

    assert len(set(made)) == 2000
    assert all(len(each) == 16 and int(each, 16) >= 0 for each in made)
