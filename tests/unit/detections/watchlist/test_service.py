"""Plates to be told of: a tenant's own, both forms one vehicle, every change in the log."""

import json
from dataclasses import replace
from typing import Any

import pytest

from gtvision_edge.accounts import NotPermittedError, Principal, Role, TenantId, UserId
from gtvision_edge.accounts.errors import UnknownTenantError
from gtvision_edge.audit import AuditLog
from gtvision_edge.detections.errors import AlreadyWatchedError, UnknownWatchError
from gtvision_edge.detections.model import WatchLevel
from gtvision_edge.detections.watchlist import NewWatch, Watchlist
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.storage import Database, Transaction
from tests.fakes.clock import FakeClock
from tests.fakes.words import WORDS

OPERATOR_A = Principal(UserId("u1"), "op-a", "Op", Role.OPERATOR, TenantId("a"), None, "pt-BR", 1)
VIEWER_A = replace(OPERATOR_A, user_id=UserId("u3"), role=Role.VIEWER)
AUDITOR_A = replace(OPERATOR_A, user_id=UserId("u4"), role=Role.AUDITOR)
OPERATOR_B = replace(OPERATOR_A, user_id=UserId("u5"), tenant_id=TenantId("b"))
SITE = replace(OPERATOR_A, user_id=UserId("u6"), role=Role.ADMIN, tenant_id=None)
WANTED = NewWatch("ABC-1234", "furto na praça", WatchLevel.CRITICAL)


@pytest.fixture
async def watchlist(database: Database, clock: FakeClock) -> Watchlist:
    def write(transaction: Transaction) -> None:
        for tenant_id in ("a", "b", "default"):
            transaction.execute(
                "INSERT INTO tenants (tenant_id, name, created_us) VALUES (?, 'x', 0)",
                (tenant_id,),
            )

    await database.write(write)
    return Watchlist(database, AuditLog(clock), clock, words=WORDS)


async def noted(database: Database) -> list[tuple[str, str, dict[str, Any]]]:
    rows = await database.fetch_all("SELECT action, tenant_id, details FROM audit_log ORDER BY seq")
    return [(row[0], row[1], WORDS.reveal(json.loads(row[2]))) for row in rows]


async def test_an_entry_is_made_changed_and_removed_and_the_log_knows(
    watchlist: Watchlist, database: Database, clock: FakeClock
) -> None:
    made = await watchlist.add(OPERATOR_A, WANTED)
    await clock.advance(5)
    end_us = clock.now_us() + 1
    changed = await watchlist.update(
        OPERATOR_A, made.watch_id, {"level": WatchLevel.INFO, "expires_us": end_us}
    )
    seen = await watchlist.get(VIEWER_A, made.watch_id)
    await watchlist.remove(OPERATOR_A, made.watch_id)

    assert (made.plate, made.vehicle, made.tenant_id) == ("ABC1234", "ABC1234", "a")
    assert seen == changed
    assert changed == replace(
        made, level=WatchLevel.INFO, expires_us=end_us, updated_us=clock.now_us()
    )
    with pytest.raises(UnknownWatchError):
        await watchlist.get(OPERATOR_A, made.watch_id)
    assert [(act, tenant, each["plate"]) for act, tenant, each in await noted(database)] == [
        ("watch.created", "a", "ABC1234"),
        ("watch.changed", "a", "ABC1234"),
        ("watch.removed", "a", "ABC1234"),
    ]


async def test_a_change_that_changes_nothing_is_not_noted(
    watchlist: Watchlist, database: Database
) -> None:
    made = await watchlist.add(OPERATOR_A, WANTED)

    assert await watchlist.update(OPERATOR_A, made.watch_id, {"reason": made.reason}) == made
    assert len(await noted(database)) == 1


async def test_both_forms_of_a_plate_are_one_entry(watchlist: Watchlist) -> None:
    made = await watchlist.add(OPERATOR_A, WANTED)

    with pytest.raises(AlreadyWatchedError) as caught:
        await watchlist.add(OPERATOR_A, replace(WANTED, plate="abc1c34"))
    assert caught.value.details == {"watch_id": made.watch_id}
    assert (await watchlist.add(OPERATOR_B, WANTED)).tenant_id == "b"


@pytest.mark.parametrize(
    "plate", ["", "ABC*", "AB?1234", "noPlate", "---", "ABC1234567890", "A" * 65]
)
async def test_only_whole_plates_are_watched_for(watchlist: Watchlist, plate: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await watchlist.add(OPERATOR_A, replace(WANTED, plate=plate))

    faults: Any = caught.value.details["faults"]
    assert [fault["path"] for fault in faults] == ["placa"]


async def test_an_entry_needs_a_reason_and_an_end_to_come(
    watchlist: Watchlist, clock: FakeClock
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await watchlist.add(
            OPERATOR_A, replace(WANTED, reason="   x   ", expires_us=clock.now_us())
        )

    faults: Any = caught.value.details["faults"]
    assert [fault["path"] for fault in faults] == ["reason", "expires_at"]


async def test_what_is_over_may_still_be_described(watchlist: Watchlist, clock: FakeClock) -> None:
    made = await watchlist.add(OPERATOR_A, replace(WANTED, expires_us=clock.now_us() + 1))
    await clock.advance(1)

    changed = await watchlist.update(OPERATOR_A, made.watch_id, {"reason": "veículo devolvido"})

    assert changed.is_over(clock.now_us())


async def test_another_tenant_s_entries_do_not_exist(watchlist: Watchlist) -> None:
    made = await watchlist.add(OPERATOR_A, WANTED)

    for attempt in (
        watchlist.get(OPERATOR_B, made.watch_id),
        watchlist.update(OPERATOR_B, made.watch_id, {"reason": "mine now"}),
        watchlist.remove(OPERATOR_B, made.watch_id),
    ):
        with pytest.raises(UnknownWatchError):
            await attempt
    with pytest.raises(UnknownTenantError):
        await watchlist.add(OPERATOR_B, replace(WANTED, tenant_id="a"))
    assert (await watchlist.list_watches(OPERATOR_B)).watches == []
    assert (await watchlist.list_watches(SITE)).watches == [made]


async def test_viewers_read_and_auditors_do_not(watchlist: Watchlist) -> None:
    made = await watchlist.add(SITE, WANTED)
    assert made.tenant_id == "default"

    assert (await watchlist.list_watches(VIEWER_A)).watches == []
    with pytest.raises(NotPermittedError):
        await watchlist.add(VIEWER_A, WANTED)
    with pytest.raises(NotPermittedError):
        await watchlist.list_watches(AUDITOR_A)


async def test_nobody_watches_for_a_tenant_that_is_not_there(watchlist: Watchlist) -> None:
    with pytest.raises(UnknownTenantError):
        await watchlist.add(SITE, replace(WANTED, tenant_id="nobody"))


async def test_long_lists_come_in_pages(watchlist: Watchlist, clock: FakeClock) -> None:
    made = []
    for number in range(3):
        await clock.advance(1)
        made.append(await watchlist.add(OPERATOR_A, replace(WANTED, plate=f"AAA000{number}")))

    first = await watchlist.list_watches(OPERATOR_A, limit=2)
    rest = await watchlist.list_watches(OPERATOR_A, after=first.after or "", limit=2)

    assert [*first.watches, *rest.watches] == made
    assert rest.after is None
