"""All SQL about alerts and the feed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gtvision_edge.alerts.model import Acknowledgement, Alert, AlertId, Audience, Entry, FeedKind
from gtvision_edge.audit import SealedWords
from gtvision_edge.detections.model import Detection, DetectionId, Watch, WatchId, WatchLevel
from gtvision_edge.detections.moments import AHEAD_US, LATE_US
from gtvision_edge.detections.repository import columns_of, to_detection
from gtvision_edge.storage import Database, Row, Transaction, insert_rows

_ALERT: Final = (
    "a.alert_id, a.watch_id, a.level, a.reason, a.raised_us, a.acked_us, a.acked_by, a.acked_name, a.ack_note, "
    + columns_of("d")
)
_ALERTS: Final = "alerts a JOIN detections d ON d.detection_id = a.detection_id"
_OF_ALERTS: Final = "AND f.alert_id IS NOT NULL"


@dataclass(frozen=True, slots=True)
class WantedAlerts:
    """Which alerts are looked for. *tenant_id* and *cameras* (ids) None = all."""

    tenant_id: str | None
    cameras: Sequence[str] | None
    acknowledged: bool | None = None
    """None = those that were and those that were not."""
    before: tuple[int, str] | None = None
    """Time and id of the last one of the page before: newest come first."""


def insert_alert(
    transaction: Transaction,
    alert_id: AlertId,
    detection: Detection,
    watch: Watch,
    *,
    words: SealedWords,
) -> bool:
    """Return False when the tenant has one of this passage already."""
    cursor = transaction.execute(
        "INSERT INTO alerts (alert_id, detection_id, passage_id, watch_id, tenant_id, camera_id, level, reason, raised_us)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (passage_id, tenant_id) DO NOTHING",
        (
            alert_id,
            detection.detection_id,
            detection.passage_id,
            watch.watch_id,
            detection.tenant_id,
            detection.camera_id,
            watch.level.value,
            words.close(reason=watch.reason),
            detection.received_us,
        ),
    )
    return cursor.rowcount == 1


def acknowledge(
    transaction: Transaction, alert_id: AlertId, done: Acknowledgement, *, words: SealedWords
) -> None:
    transaction.execute(
        "UPDATE alerts SET acked_us = ?, acked_by = ?, acked_name = ?, ack_note = ? WHERE alert_id = ?",
        (done.at_us, done.by, done.name, words.close(note=done.note), alert_id),
    )


def reopen(transaction: Transaction, alert_id: AlertId) -> None:
    """Have the alert wait again."""
    transaction.execute(
        "UPDATE alerts SET acked_us = NULL, acked_by = NULL, acked_name = NULL, ack_note = ''"
        " WHERE alert_id = ?",
        (alert_id,),
    )


def get_alert_row(transaction: Transaction, alert_id: str, *, words: SealedWords) -> Alert | None:
    row = transaction.execute(
        f"SELECT {_ALERT} FROM {_ALERTS} WHERE a.alert_id = ?",  # noqa: S608 -- constants
        (alert_id,),
    ).fetchone()
    return _to_alert(row, words) if row else None


async def find_alert(database: Database, alert_id: str, *, words: SealedWords) -> Alert | None:
    row = await database.fetch_one(
        f"SELECT {_ALERT} FROM {_ALERTS} WHERE a.alert_id = ?",  # noqa: S608 -- constants
        (alert_id,),
    )
    return _to_alert(row, words) if row else None


async def search_alerts(
    database: Database, wanted: WantedAlerts, limit: int, *, words: SealedWords
) -> list[Alert]:
    """Return up to *limit* alerts, the newest first."""
    terms = ["(?1 IS NULL OR a.tenant_id = ?1)"]
    terms.append("(?2 IS NULL OR a.camera_id IN (SELECT value FROM json_each(?2)))")
    values: list[object] = [wanted.tenant_id, _as_json(wanted.cameras)]
    if wanted.acknowledged is not None:
        terms.append(f"a.acked_us IS {'NOT ' if wanted.acknowledged else ''}NULL")
    if wanted.before is not None:
        terms.append("(a.raised_us, a.alert_id) < (?4, ?5)")
    rows = await database.fetch_all(
        f"SELECT {_ALERT} FROM {_ALERTS} WHERE {' AND '.join(terms)}"  # noqa: S608 -- of constants
        " ORDER BY a.raised_us DESC, a.alert_id DESC LIMIT ?3",
        [*values, limit, *(wanted.before or ())],
    )
    return [_to_alert(row, words) for row in rows]


async def fetch_wanted_moments(
    database: Database,
    camera_id: str,
    camera_uuid: str,
    *,
    from_us: int,
    to_us: int,
    tenant_id: str | None,
    most: int,
) -> list[tuple[int, DetectionId, WatchLevel]]:
    """Return when wanted plates passed a camera in [from, to), the reading and the level: the newest *most*, in order of time."""
    # An alert is raised when its reading is received: a minute after the passage at most, or before, by a clock that is ahead.
    rows = await database.fetch_all(
        f"SELECT d.captured_us, d.detection_id, a.level FROM {_ALERTS} WHERE a.camera_id = ?1"  # noqa: S608 -- a constant
        " AND a.raised_us >= ?3 - ?6 AND a.raised_us < ?4 + ?7 AND d.camera_uuid = ?2"
        " AND d.captured_us >= ?3 AND d.captured_us < ?4 AND (?5 IS NULL OR a.tenant_id = ?5)"
        " ORDER BY a.raised_us DESC LIMIT ?8",
        (camera_id, camera_uuid, from_us, to_us, tenant_id, AHEAD_US, LATE_US, most),
    )
    return sorted(
        (row["captured_us"], DetectionId(row["detection_id"]), WatchLevel(row["level"]))
        for row in rows
    )


def add_to_feed(
    transaction: Transaction,
    kind: FeedKind,
    detection: Detection,
    alert_id: AlertId | None = None,
    *,
    kept: int,
) -> None:
    """Tell of something; of all that was told, the newest *kept* stay."""
    _add_to_feed(transaction, [_told(kind, detection, alert_id)], kept=kept)


def add_detections_to_feed(
    transaction: Transaction, detections: Sequence[Detection], *, kept: int
) -> None:
    """Tell of new *detections*, in their order, as :func:`add_to_feed` does."""
    _add_to_feed(
        transaction, [_told(FeedKind.DETECTION, each, None) for each in detections], kept=kept
    )


def _told(kind: FeedKind, detection: Detection, alert_id: AlertId | None) -> Sequence[str | None]:
    return (
        kind.value,
        detection.detection_id,
        alert_id,
        detection.tenant_id,
        detection.camera_id,
    )


def _add_to_feed(
    transaction: Transaction, told: Sequence[Sequence[str | None]], *, kept: int
) -> None:
    into = "feed (kind, detection_id, alert_id, tenant_id, camera_id)"
    last = insert_rows(transaction, into, told)
    transaction.execute("DELETE FROM feed WHERE seq <= ?", (last - kept,))


async def feed_bounds(database: Database) -> tuple[int, int]:
    """Return the seq before the first entry that is kept, and that of the last one ever."""
    row = await database.fetch_one(
        "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'feed'), 0) AS last,"
        " (SELECT min(seq) FROM feed) AS first"
    )
    assert row is not None  # noqa: S101 -- no table is named in FROM
    last = row["last"]
    return (last if row["first"] is None else row["first"] - 1), last


async def entries_between(
    database: Database,
    after: int,
    upto: int,
    limit: int,
    *,
    words: SealedWords,
    audience: Audience | None = None,
) -> list[Entry]:
    """Return up to *limit* entries of seq > *after* and <= *upto*, in order; those for *audience*, None = all."""
    tenant_id, cameras, kinds = None, None, None
    # The index of alerts passes over the readings, of which there may be a million.
    about = "" if audience is None or FeedKind.DETECTION in audience.kinds else _OF_ALERTS
    if audience is not None:
        principal = audience.principal
        tenant_id = principal.tenant_id
        cameras = None if principal.camera_ids is None else sorted(principal.camera_ids)
        kinds = sorted(audience.kinds)
    rows = await database.fetch_all(
        f"SELECT f.seq, f.kind, f.alert_id AS told_alert, {_ALERT} FROM feed f"  # noqa: S608 -- constants
        " JOIN detections d ON d.detection_id = f.detection_id LEFT JOIN alerts a ON a.alert_id = f.alert_id"
        f" WHERE f.seq > ?1 AND f.seq <= ?2 {about} AND (?3 IS NULL OR f.tenant_id = ?3)"
        " AND (?4 IS NULL OR f.camera_id IN (SELECT value FROM json_each(?4)))"
        " AND (?5 IS NULL OR f.kind IN (SELECT value FROM json_each(?5))) ORDER BY f.seq LIMIT ?6",
        (after, upto, tenant_id, _as_json(cameras), _as_json(kinds), limit),
    )
    return [
        Entry(
            row["seq"],
            FeedKind(row["kind"]),
            to_detection(row),
            _to_alert(row, words) if row["told_alert"] else None,
        )
        for row in rows
    ]


def _as_json(values: Sequence[str] | None) -> str | None:
    return None if values is None else json.dumps(list(values))


def _to_alert(row: Row, words: SealedWords) -> Alert:
    acknowledged = None
    if row["acked_us"] is not None:
        acknowledged = Acknowledgement(
            row["acked_by"],
            row["acked_name"],
            row["acked_us"],
            _opened(words, row["ack_note"], "note"),
        )
    return Alert(
        alert_id=AlertId(row["alert_id"]),
        watch_id=WatchId(row["watch_id"]),
        level=WatchLevel(row["level"]),
        reason=_opened(words, row["reason"], "reason"),
        raised_us=row["raised_us"],
        detection=to_detection(row),
        acknowledged=acknowledged,
    )


def forget_words(transaction: Transaction, detection_ids: Sequence[str]) -> None:
    """Take what people wrote out of the alerts of these detections: it may name what these tell no more."""
    transaction.execute(
        "UPDATE alerts SET reason = '', ack_note = '' WHERE detection_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(detection_ids)),),
    )


def _opened(words: SealedWords, closed: str, name: str) -> str:
    return (words.open(closed) or {}).get(name, "")
