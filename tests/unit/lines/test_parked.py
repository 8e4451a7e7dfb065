"""What is parked while people see to what was parked before."""

from collections.abc import Sequence

from gtvision_edge.accounts import Role
from gtvision_edge.audit import AuditLog
from gtvision_edge.lines.parked import BATCH, ParkedDesk
from gtvision_edge.storage import Database, Transaction
from gtvision_edge.uplink import Message, Outbox, outbox
from gtvision_edge.uplink.parked import RefusedMessages
from gtvision_edge.uplink.repository import Parked
from tests.fakes.clock import FakeClock
from tests.fakes.people import viewer


class BusyShelf(RefusedMessages):
    """The hub refuses one more whenever somebody looks."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock

    def until(self, transaction: Transaction, time_us: int, limit: int) -> Sequence[Parked]:
        found = super().until(transaction, time_us, limit)
        self._clock.step_wall(1)
        park(transaction, 3, self._clock)
        return found


def park(transaction: Transaction, seq: int, clock: FakeClock) -> None:
    outbox.note_failed(transaction, [seq], reason="refused", park_at=1, now_us=clock.now_us())


async def test_what_is_parked_after_somebody_asked_is_not_put_away_with_the_others(
    database: Database, clock: FakeClock
) -> None:
    box = Outbox(clock, site_id="site-1")

    def write(transaction: Transaction) -> None:
        for name in ("m-1", "m-2", "m-3"):
            box.add(transaction, Message(name, "t", "deteccoes.lpr", "u-1", "s", 1, "x.json", {}))
        for seq in (1, 2):
            park(transaction, seq, clock)

    await database.write(write)
    desk = ParkedDesk(BusyShelf(clock), database, AuditLog(clock), clock)
    admin = viewer("adm", None, role=Role.ADMIN)

    assert await desk.discard_all(admin, reason="fila desfeita pela central") == 2

    left, _ = await desk.list_parked(admin, after=0, limit=10)
    assert [each.message_id for each in left] == ["m-3"]


async def test_many_are_tried_again_in_commits_of_a_bounded_size_with_an_entry_each(
    database: Database, clock: FakeClock
) -> None:
    box = Outbox(clock, site_id="site-1")
    count = 2 * BATCH + 3

    def write(transaction: Transaction) -> None:
        for number in range(count):
            message = Message(f"m-{number}", "t", "deteccoes.lpr", "u-1", "s", 1, "x.json", {})
            box.add(transaction, message)
        outbox.note_failed(
            transaction, range(1, count + 1), reason="refused", park_at=1, now_us=clock.now_us()
        )

    await database.write(write)
    desk = ParkedDesk(RefusedMessages(), database, AuditLog(clock), clock)
    admin = viewer("adm", None, role=Role.ADMIN)

    assert await desk.retry_all(admin) == count

    backlog = await outbox.fetch_backlog(database)
    assert (backlog.waiting, backlog.parked) == (count, 0)
    rows = await database.fetch_all(
        "SELECT details ->> 'messages' FROM audit_log WHERE action = 'uplink.messages_retried' ORDER BY seq"
    )
    assert [row[0] for row in rows] == [BATCH, BATCH, 3]
