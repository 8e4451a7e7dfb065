"""An outbox as it is after days without the hub, and the plain way to empty it, which ours is measured against."""

from functools import partial
from typing import Any

import aiormq
from pamqp.commands import Basic

from gtvision_edge.storage import Database, Transaction
from gtvision_edge.uplink import Message, Outbox, outbox
from tests.fakes.clock import FakeClock
from tests.rabbitmq import EXCHANGE

_NUMBER, _LANE = "0123456789ab", "ba9876543210"


def waited_message(number: str, lane: str, *, key: str = "deteccoes.lpr") -> Message:
    """Return a reading, as long as real ones are; *number* and *lane* are twelve hexadecimal digits."""
    message_id = f"0199c0de-0000-7000-8000-{number}"
    camera_uuid = f"0199c0de-0000-7000-9000-{lane}"
    return Message(
        message_id=message_id,
        kind="br.gtvision.deteccao.lpr.v1",
        routing_key=key,
        lane=camera_uuid,
        subject="camera/cam01",
        time_us=1_767_225_600_000_000,
        schema="deteccao.lpr.v1.json",
        data={
            "id": message_id,
            "camera_id": "cam01",
            "camera_uuid": camera_uuid,
            "camera_nome": "Av. Central, sentido centro",
            "tenant_id": "default",
            "placa": "ABC1D23",
            "placa_lida": "ABC1D23",
            "confianca": 0.93,
            "timestamp": "2026-01-01T00:00:00.000000+00:00",
            "recebido_em": "2026-01-01T00:00:00.000000+00:00",
            "origem_do_horario": "camera",
            "fonte": "webhook",
            "confiabilidade": "signed",
            "passagem_id": message_id,
            "sentido": "",
            "faixa": 1,
            "veiculo": {"color": "silver"},
            "imagem_sha256": "a" * 64,
            "recorte_sha256": "b" * 64,
        },
    )


def fill(
    transaction: Transaction, first: int, count: int, *, lanes: int, from_us: int, step_us: int
) -> None:
    """Accept *count* readings from *first* on, of *lanes* cameras in turn, one each *step_us* since *from_us*."""
    model = waited_message(_NUMBER, _LANE)
    body = Outbox(FakeClock(), site_id="site-1").envelope(model)

    def row(number: int) -> tuple[Any, ...]:
        name, lane = f"{number:012x}", f"{number % lanes:012x}"
        return (
            model.message_id.replace(_NUMBER, name),
            model.routing_key,
            model.lane.replace(_LANE, lane),
            from_us + number * step_us,
            body.replace(_NUMBER.encode(), name.encode()).replace(_LANE.encode(), lane.encode()),
        )

    transaction.executemany(
        "INSERT INTO outbox (message_id, routing_key, lane, created_us, body) VALUES (?, ?, ?, ?, ?)",
        (row(number) for number in range(first, first + count)),
    )


async def send_one_by_one(database: Database, url: str, count: int) -> None:
    """Send and confirm *count* messages as a plain relay does: one, its confirm, its row, and the next."""
    connection = await aiormq.connect(url)
    channel = await connection.channel()
    for _ in range(count):
        (waiting,) = await outbox.fetch_waiting(database, limit=1)
        await channel.basic_publish(
            waiting.body,
            exchange=EXCHANGE,
            routing_key=waiting.routing_key,
            properties=Basic.Properties(delivery_mode=2, message_id=waiting.message_id),
            mandatory=True,
        )
        await database.write(partial(outbox.forget_sent, seqs=[waiting.seq]))
    await connection.close()


async def fill_all(
    database: Database, count: int, *, lanes: int, from_us: int, step_us: int
) -> None:
    """Have :func:`fill` done for *count* readings, some at a time."""
    for first in range(0, count, 20_000):
        some = min(20_000, count - first)
        work = partial(fill, first=first, count=some, lanes=lanes, from_us=from_us, step_us=step_us)
        await database.write(work)
