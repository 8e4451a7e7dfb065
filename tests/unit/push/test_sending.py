"""What waits is told to whom it may be told, once, until it is told, too old, or nobody's business any more."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gtvision_edge.accounts import Session
from gtvision_edge.detections.model import WatchLevel
from gtvision_edge.push import repository, sender
from gtvision_edge.push.errors import (
    PushRefusedError,
    PushServiceUnreachableError,
    SubscriptionGoneError,
    TrialTooSoonError,
    UnknownSubscriptionError,
)
from gtvision_edge.push.model import Topic
from gtvision_edge.push.sender import BREATH_S, LONGEST_WAIT_S, UNREACHABLE_S
from gtvision_edge.push.subscriptions import NewSubscription
from gtvision_edge.storage import Transaction
from tests.unit.push.conftest import (
    ADMIN_A,
    AUDITOR_A,
    FOREIGN,
    GATE,
    MANAGER_A,
    MANAGER_B,
    SITE,
    Town,
)
from tests.waiting import becomes, patiently


async def turn_until(town: Town, condition: Callable[[], bool], *, step_s: float) -> None:
    """Turn the clock on, step by step, until *condition* holds; the sender may have looked at it a moment too soon."""
    for _ in range(60):
        await until_put_off(town)
        if condition():
            return
        await town.clock.advance(step_s)
    raise AssertionError("it never came")


@asynccontextmanager
async def sending(town: Town) -> AsyncIterator[None]:
    """Let the sender run while the block is open."""
    task = asyncio.create_task(town.pushes.sender.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            task.result()


async def emptied(town: Town) -> None:
    """Wait until nothing waits any more."""

    async def is_empty() -> bool:
        return await town.waiting() == 0

    await becomes(is_empty, within_s=5)


async def tried(town: Town, times: int) -> None:
    await becomes(lambda: town.service.tries >= times, within_s=5)


async def until_put_off(town: Town) -> None:
    """Wait until the sender waits for the clock again, and no message is on its way: its pause would begin later."""
    await asyncio.wait_for(town.clock.until_asleep(1), patiently(5))
    await becomes(lambda: not town.pushes.sender._served, within_s=5)
    await asyncio.wait_for(town.clock.until_asleep(1), patiently(5))


async def test_a_wanted_plate_reaches_the_phone_and_the_push_service_reads_nothing(
    town: Town,
) -> None:
    await town.subscribe()
    async with sending(town):
        await town.passes("ABC1D23")
        (pushed,) = await town.service.wait_for(1)
        await emptied(town)

    alert_id = await town.alert_id()
    assert pushed.message == {
        "title": "URGENTE · placa monitorada: ABC1D23",
        "body": "carro roubado · Portaria · 31/12 21:00",
        "tag": f"alert-{alert_id}",
        "path": f"#/placas/alerta/{alert_id}",
        "at": 1_767_225_600_000,
        "stays": True,
    }
    assert pushed.headers["Urgency"] == "high"
    assert pushed.headers["TTL"] == str(4 * 3600)
    assert len(pushed.headers["Topic"]) == 32
    assert alert_id not in str(pushed.headers)


async def test_the_queue_and_the_subscription_hold_no_plate_no_name_and_no_address(
    town: Town, tmp_path: Path
) -> None:
    await town.subscribe()
    await town.passes("ABC1D23")

    rows = [
        *await town.database.fetch_all("SELECT * FROM push_queue"),
        *await town.database.fetch_all("SELECT * FROM push_subscriptions"),
        *await town.database.fetch_all("SELECT * FROM audit_log WHERE action LIKE 'push.%'"),
    ]
    text = "".join(str(value) for row in rows for value in tuple(row))

    assert len(rows) == 3
    for secret in ("ABC1D23", "roubado", "/wp/", town.service.browsers["phone"].keys["auth"]):
        assert secret not in text


async def test_each_hears_of_the_levels_and_topics_that_they_chose(town: Town) -> None:
    await town.subscribe(name="all", plates_from=WatchLevel.INFO)
    await town.subscribe(name="critical", plates_from=WatchLevel.CRITICAL)
    await town.subscribe(name="no-plates", topics=[Topic.CAMERAS])

    async with sending(town):
        await town.passes("ABC1D23", level=WatchLevel.WARNING)
        await town.service.wait_for(1)
        await town.clock.advance(BREATH_S)
        await town.passes("XYZ9A87", level=WatchLevel.CRITICAL)
        await town.service.wait_for(3)
        await emptied(town)

    assert sorted((each.to, each.message["title"][-7:]) for each in town.service.got) == [
        ("all", "ABC1D23"),
        ("all", "XYZ9A87"),
        ("critical", "XYZ9A87"),
    ]


async def test_nobody_hears_of_another_tenant_nor_an_auditor_of_plates(town: Town) -> None:
    await town.subscribe(MANAGER_A, "a")
    await town.subscribe(MANAGER_B, "b")
    auditor = await town.subscribe(AUDITOR_A, "auditor")
    assert Topic.PLATES not in auditor.topics

    async with sending(town):
        await town.passes("ABC1D23")
        await town.service.wait_for(1)
        await emptied(town)

    assert [each.to for each in town.service.got] == ["a"]


@pytest.mark.parametrize("what", ["logged out", "other tenant", "other cameras", "auditor now"])
async def test_whose_rights_went_away_meanwhile_hears_nothing(town: Town, what: str) -> None:
    await town.subscribe()
    await town.passes("ABC1D23")
    login = "login-ana"
    if what == "logged out":
        del town.logged_in[login]
    elif what == "other tenant":
        town.logged_in[login] = replace(MANAGER_A, tenant_id=MANAGER_B.tenant_id)
    elif what == "other cameras":
        town.logged_in[login] = replace(MANAGER_A, camera_ids=frozenset({"cam02"}))
    else:
        town.logged_in[login] = replace(MANAGER_A, role=AUDITOR_A.role)

    async with sending(town):
        await emptied(town)

    assert town.service.tries == 0


async def test_an_alert_somebody_saw_to_or_whose_plate_is_forgotten_is_no_news(town: Town) -> None:
    await town.subscribe()
    await town.passes("ABC1D23")
    await town.alerts.acknowledge(MANAGER_A, await town.alert_id())
    forgotten = await town.passes("XYZ9A87")
    await town.database.write(
        lambda transaction: transaction.execute(
            "UPDATE detections SET plate = NULL, anonymised_us = 1 WHERE detection_id = ?",
            (forgotten,),
        )
    )

    async with sending(town):
        await emptied(town)

    assert town.service.tries == 0


async def test_a_browser_that_is_gone_is_removed(town: Town) -> None:
    await town.subscribe()
    town.service.status = 410
    await town.passes("ABC1D23")

    async with sending(town):
        await emptied(town)

    assert await town.pushes.desk.list_own(MANAGER_A) == []
    assert town.service.tries == 1


async def test_a_browser_that_gave_a_new_address_meanwhile_is_not_removed_with_the_old_one(
    town: Town,
) -> None:
    first = await town.subscribe(name="old")
    found = await repository.find_subscription(town.database, first.subscription_id)
    assert found is not None
    endpoint, keys = town.service.endpoint("new"), town.service.browsers["new"].keys
    wanted = NewSubscription(
        endpoint, keys["p256dh"], keys["auth"], replaces=town.service.endpoint("old")
    )
    await town.pushes.desk.subscribe(Session(MANAGER_A, "login-ana"), wanted)

    await town.pushes.sender._remove(first.subscription_id, found[1])

    assert await town.pushes.desk.list_own(MANAGER_A) == [first]


async def test_what_a_service_cannot_take_now_is_tried_again_when_it_says(town: Town) -> None:
    subscription = await town.subscribe()
    town.service.status, town.service.headers = 429, {"Retry-After": "300"}
    await town.passes("ABC1D23")

    async with sending(town):
        await tried(town, 1)
        await becomes_troubled(town, subscription.subscription_id)
        town.service.status = 201
        for _ in range(28):
            await until_put_off(town)
            await town.clock.advance(10)
        assert town.service.tries == 1
        for _ in range(4):
            await until_put_off(town)
            await town.clock.advance(10)
        await town.service.wait_for(1)
        await emptied(town)

    assert await town.trouble_of(subscription) == ""


async def becomes_troubled(town: Town, subscription_id: str, code: str = "") -> None:
    async def is_troubled() -> bool:
        found = await repository.find_subscription(town.database, subscription_id)
        return found is not None and found[0].trouble == (code or PushServiceUnreachableError.code)

    await becomes(is_troubled, within_s=5)


async def test_a_refused_message_is_given_up_and_a_refused_key_is_not(town: Town) -> None:
    subscription = await town.subscribe()
    town.service.status = 413
    await town.passes("ABC1D23")
    async with sending(town):
        await emptied(town)
        assert await town.trouble_of(subscription) == PushRefusedError.code

        town.service.status = 403
        await town.passes("XYZ9A87")
        await tried(town, 2)
        await becomes_troubled(town, subscription.subscription_id, PushRefusedError.code)

    assert await town.waiting() == 1


async def test_offline_is_quiet_told_once_and_over_with_the_first_that_gets_through(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    await town.subscribe()
    await town.subscribe(ADMIN_A, "other")
    url = town.service.url
    await town.passes("ABC1D23")
    # Nobody listens on the port any more: to the sender, the line is cut.
    town.pushes.sender._services._http._connector._resolve_host = _nowhere  # type: ignore[union-attr]

    async with sending(town):
        for _ in range(int(UNREACHABLE_S / LONGEST_WAIT_S) + 3):
            await until_put_off(town)
            await town.clock.advance(LONGEST_WAIT_S)
        (finding,) = town.pushes.sender.findings()
        assert finding.code == "push_service_unreachable"
        del town.pushes.sender._services._http._connector._resolve_host  # type: ignore[union-attr]
        await turn_until(town, lambda: len(town.service.got) >= 2, step_s=LONGEST_WAIT_S)
        await emptied(town)

    assert list(town.pushes.sender.findings()) == []
    logged = capsys.readouterr().out
    assert logged.count("push_services_unreachable") == 1
    assert logged.count("push_services_reached_again") == 1
    assert url + "/wp" not in logged
    assert "auth" not in logged


async def _nowhere(*_: object, **__: object) -> object:
    raise OSError(101, "Network is unreachable")


async def test_what_waited_for_too_long_is_not_told(town: Town) -> None:
    await town.subscribe()
    await town.passes("ABC1D23")
    await town.clock.advance(4 * 3600 + 1)
    await town.passes("XYZ9A87")

    async with sending(town):
        await town.service.wait_for(1)
        await emptied(town)

    assert [each.message["title"][-7:] for each in town.service.got] == ["XYZ9A87"]


async def test_a_clock_that_is_put_forward_gives_nothing_up_and_all_ages_on(town: Town) -> None:
    await town.subscribe()
    await town.passes("ABC1D23")
    await town.clock.advance(3600)
    town.clock.step_wall(40 * 86_400)
    await town.passes("XYZ9A87")
    town.service.status = 503

    async with sending(town):
        await tried(town, 1)
        await turn_until(town, lambda: town.service.tries >= 2, step_s=5)
        town.service.status = 201
        await turn_until(town, lambda: len(town.service.got) >= 2, step_s=5)
        await emptied(town)
        first, second = town.service.got

    assert [each.message["title"][-7:] for each in (first, second)] == ["ABC1D23", "XYZ9A87"]
    assert 3 * 3600 - 300 <= int(first.headers["TTL"]) <= 3 * 3600
    assert 4 * 3600 - 300 <= int(second.headers["TTL"]) <= 4 * 3600


async def test_what_was_queued_before_the_clock_was_put_back_ages_from_then_on(
    town: Town,
) -> None:
    await town.subscribe()
    await town.passes("ABC1D23")
    await town.subscribe(ADMIN_A, "other")
    town.service.status = 503
    town.clock.step_wall(-40 * 86_400)

    async with sending(town):
        await tried(town, 1)
        town.service.status = 201
        await turn_until(town, lambda: bool(town.service.got), step_s=5)
        await emptied(town)
    (pushed,) = town.service.got

    assert int(pushed.headers["TTL"]) <= 4 * 3600


async def test_what_no_service_took_goes_in_time_though_the_clock_was_put_back(
    town: Town,
) -> None:
    await town.subscribe()
    await town.passes("ABC1D23")
    town.service.status = 503
    town.clock.step_wall(-40 * 86_400)

    async with sending(town):
        await tried(town, 1)
        for _ in range(4 * 3600 // 600):
            await until_put_off(town)
            await town.clock.advance(600)
        await until_put_off(town)
        await town.clock.advance(600)
        await until_put_off(town)
        await town.clock.advance(600)
        await emptied(town)

    assert town.service.got == []


async def test_what_is_not_for_a_person_pushes_nothing_out_of_that_persons_queue(
    town: Town,
) -> None:
    await town.subscribe()
    await town.subscribe(SITE, "site")
    await town.passes("ABC1D23", GATE)
    for number in range(3):
        await town.passes(f"XYZ1D{number}0", FOREIGN)

    rows = await town.database.fetch_all(
        "SELECT user_id, count(*) AS count FROM push_queue JOIN push_subscriptions USING (subscription_id)"
        " GROUP BY user_id"
    )
    assert {row["user_id"]: row["count"] for row in rows} == {MANAGER_A.user_id: 1, SITE.user_id: 4}


async def test_what_is_too_much_for_a_subscription_goes_in_small_commits_the_oldest_first(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.subscribe()
    other = await town.subscribe(ADMIN_A, "other")
    monkeypatch.setattr(sender, "FORGOTTEN_TOGETHER", 7)
    monkeypatch.setattr(sender, "MOST_WAITING", 5)
    sizes = []
    forget = repository.forget_beyond

    def counted(transaction: Transaction, **limits: Any) -> int:
        sizes.append(forget(transaction, **limits))
        return sizes[-1]

    monkeypatch.setattr(repository, "forget_beyond", counted)

    def fill(transaction: Transaction) -> None:
        for number in range(20):
            repository.queue_for_all(
                transaction, Topic.STORAGE, f"{number}", since_us=1, now_us=town.clock.now_us()
            )

    await town.database.write(fill)
    await town.pushes.sender._tidy()

    assert sizes == [7, 7, 1, 0] * 2
    waiting = await repository.waiting_for(town.database, other.subscription_id, 100)
    assert [each.subject for each in waiting] == ["15", "16", "17", "18", "19"]


async def test_many_at_once_become_one_message(town: Town) -> None:
    await town.subscribe()
    plates = [f"ABC1D{number}0" for number in range(7)]
    for plate in plates:
        await town.passes(plate)

    async with sending(town):
        (pushed,) = await town.service.wait_for(1)
        await emptied(town)

    assert pushed.message["title"] == "7 placas monitoradas passaram"
    assert pushed.message["body"] == ", ".join(plates[:5]) + " … (+2)"
    assert len(town.service.got) == 1


async def test_a_push_service_that_hangs_delays_nobody_else(town: Town) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as hanging:  # takes, and says nothing
        url, port = town.service.url, hanging.getsockname()[1]
        town.service.url = f"http://127.0.0.1:{port}"
        await town.subscribe(ADMIN_A, "hanging")
        town.service.url = url
        await town.subscribe(MANAGER_A, "quick")
        await town.passes("ABC1D23")

        async with sending(town):
            (pushed,) = await town.service.wait_for(1)

            async def is_one_left() -> bool:
                return await town.waiting() == 1

            await becomes(is_one_left, within_s=5)

    assert pushed.to == "quick"


async def test_a_service_that_is_gone_waits_longer_each_time_though_others_answer(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    came = 0

    async def hangs_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal came
        came += 1
        writer.close()

    async with await asyncio.start_server(hangs_up, "127.0.0.1", 0) as gone:
        url = town.service.url
        town.service.url = f"http://127.0.0.1:{gone.sockets[0].getsockname()[1]}"
        await town.subscribe(ADMIN_A, "gone")
        town.service.url = url
        await town.subscribe(MANAGER_A, "good")
        async with sending(town):
            for number in range(6):
                await town.passes(f"ABC1D{number}0")
                await town.service.wait_for(number + 1)
                await until_put_off(town)
                await town.clock.advance(BREATH_S)

    assert came <= 2
    assert capsys.readouterr().out.count("push_services_unreachable") <= 1


async def test_what_was_queued_before_the_sender_ran_is_sent_once(town: Town) -> None:
    await town.subscribe()
    await town.passes("ABC1D23")
    async with sending(town):
        await town.service.wait_for(1)
        await emptied(town)
    async with sending(town):
        await until_put_off(town)

    assert town.service.tries == 1


async def test_an_address_sealed_with_a_lost_key_is_removed(town: Town) -> None:
    await town.subscribe()
    await town.passes("ABC1D23")
    town.cameras.has_lost_key = True

    async with sending(town):
        await emptied(town)

    assert await town.pushes.desk.list_own(MANAGER_A) == []


async def test_a_trial_says_at_once_what_became_of_it(town: Town) -> None:
    mine = await town.subscribe()
    sender, subscription_id = town.pushes.sender, mine.subscription_id

    await sender.try_out(MANAGER_A, subscription_id)
    assert town.service.got[0].message["title"] == "Aviso de teste"
    assert (await town.pushes.desk.find(MANAGER_A, subscription_id)).accepted_us is not None
    with pytest.raises(TrialTooSoonError):
        await sender.try_out(MANAGER_A, subscription_id)
    with pytest.raises(UnknownSubscriptionError):
        await sender.try_out(ADMIN_A, subscription_id)
    for status, error in (
        (503, PushServiceUnreachableError),
        (403, PushRefusedError),
        (410, SubscriptionGoneError),
    ):
        await town.clock.advance(11)
        town.service.status = status
        with pytest.raises(error):
            await sender.try_out(MANAGER_A, subscription_id)
    assert await town.pushes.desk.list_own(MANAGER_A) == []


async def test_foreign_cameras_and_figures_of_the_hub_are_for_whom_they_concern(town: Town) -> None:
    await town.subscribe(MANAGER_A, "manager")
    await town.subscribe(ADMIN_A, "admin")
    await town.subscribe(MANAGER_B, "foreign")
    await town.subscribe(SITE, "site")

    def queue(topic: Topic, subject: str, reason: str) -> None:
        def write(transaction: object) -> None:
            repository.queue_for_all(
                transaction,  # type: ignore[arg-type]
                topic,
                subject,
                reason=reason,
                since_us=town.clock.now_us(),
                now_us=town.clock.now_us(),
            )

        writes.append(write)

    writes: list[object] = []
    queue(Topic.CAMERAS, GATE.camera_uuid, "offline")
    queue(Topic.CAMERAS, FOREIGN.camera_uuid, "offline")
    queue(Topic.CAMERAS, "removed since", "offline")
    queue(Topic.STORAGE, "storage", "breaker_open")
    queue(Topic.HUB, "hub", "hub_backlog")
    queue(Topic.ARCHIVE, "archive", "archive_backlog")
    for write in writes:
        await town.database.write(write)  # type: ignore[arg-type]

    async with sending(town):
        await emptied(town)

    assert sorted((each.to, each.message["title"]) for each in town.service.got) == [
        ("admin", "Camera stopped recording: Portaria"),
        ("admin", "Nothing is being recorded · Guarda Municipal"),
        ("admin", "The hub does not receive the readings · Guarda Municipal"),
        ("foreign", "Câmera parou de gravar: Alheia"),
        ("foreign", "Nada está sendo gravado · Guarda Municipal"),
        ("manager", "Câmera parou de gravar: Portaria"),
        ("manager", "Nada está sendo gravado · Guarda Municipal"),
        ("site", "A central não recebe as leituras · Guarda Municipal"),
        ("site", "Câmera parou de gravar: Alheia"),
        ("site", "Câmera parou de gravar: Portaria"),
        ("site", "Cópias externas muito atrasadas · Guarda Municipal"),
        ("site", "Nada está sendo gravado · Guarda Municipal"),
    ]
