"""An outbox as it is after days without the hub."""

import json

from gtvision_edge.storage import Transaction
from gtvision_edge.uplink import Message, Outbox
from tests.fakes.clock import FakeClock


def waited_message(number: int, *, lanes: int, time_us: int) -> Message:
    """Return reading *number*, of the camera whose turn it is; as long as real ones."""
    lane = f"0199c0de-0000-7000-8000-{number % lanes:012x}"
    plate = f"{'ABCDEFGHIJ'[number // 1000 % 10]}BC{number % 10}D{number // 10 % 100:02d}"
    message_id = f"0199c0de-{number >> 16:04x}-7000-8000-{number:012x}"
    return Message(
        message_id=message_id,
        kind="br.gtvision.deteccao.lpr.v1",
        routing_key="deteccoes.lpr",
        lane=lane,
        subject=f"camera/cam{number % lanes:02d}",
        time_us=time_us,
        schema="deteccao.lpr.v1.json",
        data={
            "id": message_id,
            "n": number,
            "camera_id": f"cam{number % lanes:02d}",
            "camera_uuid": lane,
            "camera_nome": "Av. Central, sentido centro",
            "tenant_id": "default",
            "placa": plate,
            "placa_lida": plate,
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
    """Accept *count* readings from number *first* on, one each *step_us*, as if they had waited since."""
    clock = FakeClock(from_us)
    outbox = Outbox(clock, site_id="site-1")
    for number in range(first, first + count):
        outbox.add(transaction, waited_message(number, lanes=lanes, time_us=clock.now_us()))
        clock.step_wall(step_us / 1e6)


def number_of(body: bytes) -> tuple[str, int, bool]:
    """Return lane, number and ``late`` of a message of :func:`fill`."""
    event = json.loads(body)
    return event["data"]["camera_uuid"], event["data"]["n"], event["late"]
