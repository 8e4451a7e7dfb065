"""A wanted plate passes: its tenant hears of it once, and whoever sees to it is written down."""

import asyncio
import json

import pytest

from gtvision_edge.accounts import NotPermittedError
from gtvision_edge.alerts.errors import (
    AcknowledgementStandsError,
    AlreadyAcknowledgedError,
    NotAcknowledgedError,
    UnknownAlertError,
)
from gtvision_edge.alerts.model import Alert, AlertAcknowledged, AlertReopened
from gtvision_edge.alerts.service import TAKE_BACK_S, AlertDesk
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.storage import Database
from gtvision_edge.storage.errors import StorageError
from tests.fakes.clock import FakeClock
from tests.fakes.words import WORDS
from tests.unit.alerts.conftest import (
    AUDITOR_A,
    KEPT,
    NARROW_A,
    OPERATOR_A,
    OPERATOR_B,
    SITE,
    VIEWER_A,
    Gate,
)


async def told(database: Database) -> list[tuple[str, str]]:
    rows = await database.fetch_all("SELECT kind, detection_id FROM feed ORDER BY seq")
    return [(row[0], row[1]) for row in rows]


async def alerts(desk: AlertDesk) -> list[Alert]:
    return (await desk.latest(SITE, limit=100))[0]


async def test_a_wanted_plate_alerts_in_either_form_and_once_a_passage(
    gate: Gate, desk: AlertDesk, database: Database, clock: FakeClock
) -> None:
    watch = await gate.watch("ABC1234")
    first = await gate.passes("abc-1c34")
    await clock.advance(4)
    again = await gate.passes("ABC1234")
    await clock.advance(30)
    later = await gate.passes("ABC1234")

    newest, oldest = await alerts(desk)
    assert (oldest.detection.detection_id, newest.detection.detection_id) == (first, later)
    assert (oldest.watch_id, oldest.level, oldest.reason) == (
        watch.watch_id,
        watch.level,
        watch.reason,
    )
    assert oldest.raised_us == oldest.detection.received_us
    assert oldest.acknowledged is None
    assert await told(database) == [
        ("detection", first),
        ("alert", first),
        ("detection", again),
        ("detection", later),
        ("alert", later),
    ]


async def test_wanted_plates_among_readings_that_come_together_alert_each_tenant_once(
    gate: Gate, desk: AlertDesk, database: Database
) -> None:
    await gate.watch("ABC1234")
    await gate.watch("ABC1234", tenant="b")
    free, first, theirs, again = await asyncio.gather(
        gate.passes("XYZ9876"),
        gate.passes("ABC1C34"),
        gate.passes("ABC1234", "cam02", "b"),
        gate.passes("ABC1234"),
    )

    found = {each.detection.detection_id for each in await alerts(desk)}
    assert found == {first, theirs}
    entries = await told(database)
    assert [each for each in entries if each[0] == "detection"] == [
        ("detection", free),
        ("detection", first),
        ("detection", theirs),
        ("detection", again),
    ]
    assert {each for each in entries if each[0] == "alert"} == {("alert", first), ("alert", theirs)}
    for each in (first, theirs):
        assert entries.index(("detection", each)) < entries.index(("alert", each))


async def test_a_plate_that_the_camera_read_wrong_at_first_alerts_when_it_is_right(
    gate: Gate, desk: AlertDesk
) -> None:
    await gate.watch("ABC1234")
    await gate.passes("A8C1234")
    right = await gate.passes("ABC1234")

    assert [alert.detection.detection_id for alert in await alerts(desk)] == [right]


async def test_what_is_told_late_alarms_nobody(
    gate: Gate, desk: AlertDesk, database: Database
) -> None:
    await gate.watch("ABC1234")
    late = await gate.passes("ABC1234", ago_s=7200)

    assert await alerts(desk) == []
    assert await told(database) == [("detection", late)]


async def test_an_entry_that_is_over_or_another_tenant_s_alerts_nobody(
    gate: Gate, desk: AlertDesk, clock: FakeClock
) -> None:
    await gate.watch("ABC1234", tenant="b")
    await gate.watch("XYZ1234", expires_us=clock.now_us() + 1_000_000)
    await clock.advance(1)

    await gate.passes("ABC1234")
    await gate.passes("XYZ1234")
    await gate.passes("noPlate")

    assert await alerts(desk) == []


async def test_an_alert_is_on_disk_with_its_reading_or_neither_is(
    gate: Gate, desk: AlertDesk, database: Database
) -> None:
    await gate.watch("ABC1234")
    gate.failure = StorageError("full")

    with pytest.raises(StorageError):
        await gate.passes("ABC1234")

    assert await alerts(desk) == []
    assert await told(database) == []
    assert await database.fetch_all("SELECT 1 FROM detections") == []


async def test_the_first_who_sees_to_an_alert_counts_and_is_written_down(
    gate: Gate, desk: AlertDesk, database: Database, bus: EventBus, clock: FakeClock
) -> None:
    await gate.watch("ABC1234")
    await gate.passes("ABC1234")
    (alert,) = await alerts(desk)
    await clock.advance(9)

    with bus.listen(AlertAcknowledged) as mailbox:
        seen = await desk.acknowledge(NARROW_A, alert.alert_id, note=" viatura 12 ")
        event = await anext(aiter(mailbox))
    with pytest.raises(AlreadyAcknowledgedError) as caught:
        await desk.acknowledge(OPERATOR_A, alert.alert_id, note="mine")

    assert event == AlertAcknowledged(alert.alert_id)
    assert seen.acknowledged is not None
    assert (seen.acknowledged.name, seen.acknowledged.note) == ("op-a", "viatura 12")
    assert seen.acknowledged.at_us == clock.now_us()
    assert await desk.get(VIEWER_A, alert.alert_id) == seen
    assert caught.value.details["by"] == "op-a"
    (act,) = await database.fetch_all(
        "SELECT tenant_id, details FROM audit_log WHERE action = 'alert.acknowledged'"
    )
    assert (act[0], WORDS.reveal(json.loads(act[1]))["note"]) == ("a", "viatura 12")
    assert [kind for kind, _ in await told(database)] == [
        "detection",
        "alert",
        "alert_acknowledged",
    ]


async def test_who_acknowledged_takes_it_back_and_the_alert_waits_again(
    gate: Gate, desk: AlertDesk, database: Database, bus: EventBus, clock: FakeClock
) -> None:
    await gate.watch("ABC1234")
    await gate.passes("ABC1234")
    (alert,) = await alerts(desk)
    done = await desk.acknowledge(NARROW_A, alert.alert_id, note="engano")
    assert done.acknowledged is not None
    await clock.advance(10)

    with bus.listen(AlertReopened) as mailbox:
        back = await desk.take_back(NARROW_A, alert.alert_id, address="10.0.0.7")
        assert await anext(aiter(mailbox)) == AlertReopened(alert.alert_id)

    assert back == alert
    assert await alerts(desk) == [alert]
    assert [kind for kind, _ in await told(database)][-2:] == [
        "alert_acknowledged",
        "alert_reopened",
    ]
    (act,) = await database.fetch_all(
        "SELECT tenant_id, subject, details FROM audit_log WHERE action = 'alert.acknowledgement_taken_back'"
    )
    assert (act[0], act[1]) == ("a", f"alert:{alert.alert_id}")
    details = WORDS.reveal(json.loads(act[2]))
    assert (details["note"], details["acknowledged_us"]) == ("engano", done.acknowledged.at_us)
    again = await desk.acknowledge(OPERATOR_A, alert.alert_id, note="viatura 12")
    assert again.acknowledged is not None
    assert (again.acknowledged.name, again.acknowledged.note) == ("op-a", "viatura 12")


async def test_an_acknowledgement_stands_for_others_and_after_a_minute(
    gate: Gate, desk: AlertDesk, clock: FakeClock
) -> None:
    await gate.watch("ABC1234")
    await gate.passes("ABC1234")
    (alert,) = await alerts(desk)
    with pytest.raises(NotAcknowledgedError):
        await desk.take_back(OPERATOR_A, alert.alert_id)
    await desk.acknowledge(OPERATOR_A, alert.alert_id)

    with pytest.raises(AcknowledgementStandsError):
        await desk.take_back(NARROW_A, alert.alert_id)
    with pytest.raises(UnknownAlertError):
        await desk.take_back(OPERATOR_B, alert.alert_id)
    with pytest.raises(NotPermittedError):
        await desk.take_back(VIEWER_A, alert.alert_id)
    await clock.advance(TAKE_BACK_S + 0.1)
    with pytest.raises(AcknowledgementStandsError) as caught:
        await desk.take_back(OPERATOR_A, alert.alert_id)

    assert caught.value.details["by"] == "op-a"
    assert (await desk.get(OPERATOR_A, alert.alert_id)).acknowledged is not None


async def test_nobody_sees_to_what_is_not_theirs(gate: Gate, desk: AlertDesk) -> None:
    await gate.watch("ABC1234")
    await gate.passes("ABC1234", "cam02")
    (alert,) = await alerts(desk)

    for stranger in (OPERATOR_B, NARROW_A):
        with pytest.raises(UnknownAlertError):
            await desk.get(stranger, alert.alert_id)
        with pytest.raises(UnknownAlertError):
            await desk.acknowledge(stranger, alert.alert_id)
        assert (await desk.latest(stranger, limit=10))[0] == []
        assert (await desk.since(stranger, 0, limit=10)).alerts == []
    with pytest.raises(NotPermittedError):
        await desk.acknowledge(VIEWER_A, alert.alert_id)
    with pytest.raises(NotPermittedError):
        await desk.latest(AUDITOR_A, limit=10)
    with pytest.raises(NotPermittedError):
        await desk.since(AUDITOR_A, 0, limit=10)


async def test_who_comes_back_with_a_cursor_hears_what_is_new_and_what_was_seen_to(
    gate: Gate, desk: AlertDesk, clock: FakeClock
) -> None:
    await gate.watch("ABC1234")
    await gate.passes("ABC1234")
    found, head = await desk.latest(OPERATOR_A, limit=10)
    assert (await desk.since(OPERATOR_A, head, limit=10)).alerts == []

    await desk.acknowledge(OPERATOR_A, found[0].alert_id)
    await clock.advance(60)
    await gate.passes("XYZ9999")
    await gate.passes("ABC1C34")
    back = await desk.since(OPERATOR_A, head, limit=10)

    assert [alert.acknowledged is not None for alert in back.alerts] == [True, False]
    assert not back.more
    assert not back.missed
    assert (await desk.since(OPERATOR_A, back.reached, limit=10)).alerts == []


async def test_what_is_new_comes_in_pages_without_gap_or_double(
    gate: Gate, desk: AlertDesk, clock: FakeClock
) -> None:
    await gate.watch("ABC1234")
    for _ in range(3):
        await gate.passes("ABC1234")
        await clock.advance(60)
    everything = [alert.alert_id for alert in (await alerts(desk))[::-1]]

    got, cursor, more = [], 0, True
    while more:
        page = await desk.since(OPERATOR_A, cursor, limit=2)
        got += [alert.alert_id for alert in page.alerts]
        cursor, more = page.reached, page.more

    assert got == everything


async def test_a_cursor_older_than_what_is_kept_or_from_elsewhere_is_said_to_have_missed(
    gate: Gate, desk: AlertDesk, database: Database
) -> None:
    assert not (await desk.since(OPERATOR_A, 0, limit=10)).missed
    for number in range(KEPT + 3):
        await gate.passes(f"ABC{number:04}")

    assert len(await told(database)) == KEPT
    assert (await desk.since(OPERATOR_A, 2, limit=10)).missed
    assert not (await desk.since(OPERATOR_A, 3, limit=10)).missed
    beyond = await desk.since(OPERATOR_A, 10_000, limit=10)
    assert (beyond.missed, beyond.reached) == (True, KEPT + 3)


async def test_the_list_shows_the_newest_first_in_pages_and_what_waits_for_somebody(
    gate: Gate, desk: AlertDesk, clock: FakeClock
) -> None:
    await gate.watch("ABC1234")
    for _ in range(3):
        await gate.passes("ABC1234")
        await clock.advance(60)
    newest, middle, oldest = await alerts(desk)
    await desk.acknowledge(OPERATOR_A, middle.alert_id)

    page, _ = await desk.latest(OPERATOR_A, limit=2)
    rest, _ = await desk.latest(OPERATOR_A, before=(page[-1].raised_us, page[-1].alert_id), limit=2)
    waiting, _ = await desk.latest(OPERATOR_A, acknowledged=False, limit=10)

    assert [each.alert_id for each in page] == [newest.alert_id, middle.alert_id]
    assert [each.alert_id for each in rest] == [oldest.alert_id]
    assert waiting == [newest, oldest]
