"""A day of a camera at a busy road."""

import random
from typing import Final

from gtvision_edge.storage import Transaction

READINGS: Final = 100_000
WANTED: Final = 200
OTHERS: Final = 300_000
_DAY_US: Final = 86_400_000_000
_DICE: Final = random.Random(11)  # noqa: S311 -- the same vehicles in each run


def fill_readings(transaction: Transaction, camera_uuid: str, camera_id: str, end_us: int) -> None:
    """Put readings of the day before *end_us* into the table, among three times as many of other cameras, and some alerts."""
    for count, uuid, name in (
        (READINGS, camera_uuid, camera_id),
        *((OTHERS // 3, f"other-{n}", f"other{n}") for n in range(3)),
    ):
        transaction.executemany(
            "INSERT INTO detections (detection_id, camera_uuid, camera_id, tenant_id, captured_us, received_us, time_source,"
            " plate, vehicle, plate_sent, source, trust, is_late, passage_id, source_key, facts) VALUES"
            " (?1, ?2, ?3, 't1', ?4, ?4, 'camera', ?5, ?5, ?5, 'webhook', 'signed', 0, ?1, randomblob(32), '{}')",
            [
                (
                    f"{name}-{number:08}",
                    uuid,
                    name,
                    end_us - _DICE.randrange(_DAY_US),
                    f"ABC{number:07}",
                )
                for number in range(count)
            ],
        )
    transaction.execute(
        "INSERT INTO alerts (alert_id, detection_id, passage_id, watch_id, tenant_id, camera_id, level, reason, raised_us)"
        " SELECT 'a' || detection_id, detection_id, passage_id, 'w', tenant_id, camera_id, 'critical', '', received_us"
        " FROM detections WHERE camera_uuid = ? ORDER BY detection_id LIMIT ?",
        (camera_uuid, WANTED),
    )
