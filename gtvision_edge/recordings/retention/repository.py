"""All SQL about rules of keeping, purges and the breaker. What deletes rows of the index is in the index's own."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from gtvision_edge.recordings.aging.repository import AGE, age_bounds
from gtvision_edge.recordings.evidence.states import ALIVE_SQL
from gtvision_edge.recordings.holding import held_by_incident, is_in_incident, open_over
from gtvision_edge.recordings.model import (
    MAX_SEGMENT_US,
    CameraNo,
    IncidentId,
    LeanSegment,
    PurgeId,
    RecordedCamera,
    SegmentId,
)
from gtvision_edge.recordings.retention.model import (
    Guard,
    OnFull,
    Order,
    Policy,
    Purge,
    PurgedOfCamera,
    PurgeKind,
)
from gtvision_edge.storage import Database, Row, Transaction

_PURGE: Final = (
    "SELECT purge_id, kind, tenant_id, started_us, finished_us, policy, actor, actor_name, reason, segments, bytes,"
    " held_skipped, failures, root, unhashed, audit_seq, cameras FROM purges"
)


async def fetch_guard(database: Database) -> Guard:
    row = await database.fetch_one(
        "SELECT breaker = 'open' AS is_open, breaker_us, breaker_reason, on_full, on_full_reason,"
        " on_full_by_name, on_full_us FROM volume_guard"
    )
    assert row is not None  # noqa: S101 -- the schema puts it there
    return Guard(bool(row[0]), row[1], row[2], OnFull(row[3]), *row[4:])


def update_breaker(transaction: Transaction, *, is_open: bool, at_us: int, reason: str) -> None:
    """Write down that the breaker opened or closed, and for how long it was open."""
    # An older program may have closed it, which knows nothing of this table.
    transaction.execute(
        "UPDATE breaker_openings SET closed_us = max(opened_us, (SELECT breaker_us FROM volume_guard))"
        " WHERE closed_us IS NULL AND (SELECT breaker FROM volume_guard) = 'closed'"
    )
    if is_open:
        transaction.execute(
            "INSERT INTO breaker_openings (opened_us) SELECT ?"
            " WHERE NOT EXISTS (SELECT 1 FROM breaker_openings WHERE closed_us IS NULL)",
            (at_us,),
        )
    else:
        transaction.execute(
            "UPDATE breaker_openings SET closed_us = max(opened_us, ?) WHERE closed_us IS NULL",
            (at_us,),
        )
    transaction.execute(
        "UPDATE volume_guard SET breaker = ?, breaker_us = ?, breaker_reason = ?",
        ("open" if is_open else "closed", at_us, reason),
    )


def update_on_full(
    transaction: Transaction, on_full: OnFull, *, reason: str, by: str, by_name: str, at_us: int
) -> None:
    transaction.execute(
        "UPDATE volume_guard SET on_full = ?, on_full_reason = ?, on_full_by = ?, on_full_by_name = ?, on_full_us = ?",
        (on_full.value, reason, by, by_name, at_us),
    )


async def fetch_policies(database: Database) -> list[Policy]:
    rows = await database.fetch_all(
        "SELECT scope, subject, retain_days, quota_bytes, version FROM retention_policies"
        " ORDER BY scope, subject"
    )
    return [Policy(*row) for row in rows]


def put_policy(transaction: Transaction, policy: Policy, *, by: str, at_us: int) -> None:
    """Write a rule. One that says nothing stays as a row, so that its version is not used again."""
    transaction.execute(
        "INSERT OR REPLACE INTO retention_policies"
        " (scope, subject, retain_days, quota_bytes, version, changed_by, changed_us) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            policy.scope,
            policy.subject,
            policy.retain_days,
            policy.quota_bytes,
            policy.version,
            by,
            at_us,
        ),
    )


def newest_version(transaction: Transaction) -> int:
    """Return the highest version that a rule has or had; 0 for none."""
    row = transaction.execute("SELECT max(version) FROM retention_policies").fetchone()
    return int(row[0] or 0)


def tenants_of(transaction: Transaction) -> dict[int, str | None]:
    """Return whose each recorded camera is."""
    rows = transaction.execute("SELECT camera_no, tenant_id FROM recorded_cameras")
    return {row["camera_no"]: row["tenant_id"] for row in rows}


async def fetch_tenants(database: Database) -> list[str]:
    rows = await database.fetch_all("SELECT tenant_id FROM tenants ORDER BY tenant_id")
    return [row["tenant_id"] for row in rows]


async def fetch_recorded_bytes(database: Database) -> int:
    """Return how many bytes all finished recordings have."""
    row = await database.fetch_one("SELECT coalesce(sum(bytes), 0) FROM camera_days")
    return int(row[0]) if row else 0


async def fetch_tenant_bytes(database: Database) -> dict[str | None, int]:
    """Return how many bytes of footage each tenant has, by the running totals."""
    rows = await database.fetch_all(
        "SELECT tenant_id, sum(bytes) AS bytes FROM camera_days JOIN recorded_cameras USING (camera_no)"
        " GROUP BY tenant_id"
    )
    return {row["tenant_id"]: row["bytes"] for row in rows}


def open_purge(transaction: Transaction, order: Order, tenant_id: str | None) -> Row | None:
    """Return the unfinished purge (purge_id, started_us) of that order and tenant."""
    found: Row | None = transaction.execute(
        "SELECT purge_id, started_us FROM purges WHERE finished_us IS NULL AND kind = ? AND tenant_id IS ?"
        " AND policy = ? AND actor = ? AND reason = ? ORDER BY started_us DESC LIMIT 1",
        (order.kind.value, tenant_id, _json(order.policy), order.actor.user_id, order.reason),
    ).fetchone()
    return found


def insert_purge(
    transaction: Transaction,
    purge_id: PurgeId,
    order: Order,
    *,
    tenant_id: str | None,
    started_us: int,
) -> None:
    transaction.execute(
        "INSERT INTO purges (purge_id, kind, tenant_id, started_us, policy, actor, actor_name, reason)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            purge_id,
            order.kind.value,
            tenant_id,
            started_us,
            _json(order.policy),
            order.actor.user_id,
            order.actor.name,
            order.reason,
        ),
    )


def insert_purged(
    transaction: Transaction, purge_id: PurgeId, segments: Sequence[LeanSegment]
) -> None:
    """Write down what a purge is deleting, before it does."""
    row = transaction.execute(
        "SELECT max(n) FROM purged_segments WHERE purge_id = ?", (purge_id,)
    ).fetchone()
    first = 0 if row[0] is None else row[0] + 1
    transaction.executemany(
        "INSERT INTO purged_segments (purge_id, n, segment_id, camera_no, start_us, end_us, size_bytes, sha256)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                purge_id,
                n,
                segment.segment_id,
                segment.camera_no,
                segment.start_us,
                segment.end_us,
                segment.size_bytes,
                segment.sha256,
            )
            for n, segment in enumerate(segments, first)
        ],
    )


def take_back_purged(
    transaction: Transaction,
    purge_id: PurgeId,
    segment_ids: Iterable[SegmentId],
    *,
    failures: int,
) -> None:
    """Forget that a purge deleted these, for their files are still there; count so many more failures."""
    ids = list(segment_ids)
    marks = ", ".join("?" * len(ids))
    transaction.execute(
        f"DELETE FROM purged_segments WHERE purge_id = ? AND segment_id IN ({marks})",  # noqa: S608 -- question marks
        (purge_id, *ids),
    )
    transaction.execute(
        "UPDATE purges SET failures = failures + ? WHERE purge_id = ?", (failures, purge_id)
    )


def count_purged(transaction: Transaction, purge_id: PurgeId, segments: int, size: int) -> None:
    transaction.execute(
        "UPDATE purges SET segments = segments + ?, bytes = bytes + ? WHERE purge_id = ?",
        (segments, size, purge_id),
    )


async def fetch_unfinished_deletions(database: Database) -> dict[SegmentId, PurgeId]:
    """Return which purge was deleting what, for segments whose deletion was begun and not ended."""
    rows = await database.fetch_all(
        # CROSS JOIN keeps the order: from the few open purges, never through all that was ever deleted.
        "SELECT s.segment_id, p.purge_id FROM purges p CROSS JOIN purged_segments d ON d.purge_id = p.purge_id"
        " CROSS JOIN segments s ON s.segment_id = d.segment_id AND s.doomed = 1 WHERE p.finished_us IS NULL"
    )
    return {SegmentId(row["segment_id"]): PurgeId(row["purge_id"]) for row in rows}


async def is_being_deleted(database: Database, purge_id: PurgeId) -> bool:
    """Tell whether something that a purge says it deleted is not gone yet."""
    row = await database.fetch_one(
        # From the few rows whose deletion was begun, whatever the purge deleted before.
        "SELECT 1 FROM segments s CROSS JOIN purged_segments d ON d.camera_no = s.camera_no AND d.start_us = s.start_us"
        " AND d.segment_id = s.segment_id WHERE s.doomed = 1 AND d.purge_id = ? LIMIT 1",
        (purge_id,),
    )
    return row is not None


async def fetch_open_purges(database: Database) -> list[Purge]:
    rows = await database.fetch_all(f"{_PURGE} WHERE finished_us IS NULL ORDER BY purge_id")
    return [_to_purge(row) for row in rows]


async def find_purge(database: Database, purge_id: str) -> Purge | None:
    row = await database.fetch_one(f"{_PURGE} WHERE purge_id = ?", (purge_id,))
    return _to_purge(row) if row else None


async def purges_before(
    database: Database, purge_id: str, limit: int, *, tenant_id: str | None
) -> list[Purge]:
    """Return up to *limit* purges, newest first, begun before *purge_id* ('' = from the newest); of a tenant or all."""
    rows = await database.fetch_all(
        f"{_PURGE} WHERE (?1 = '' OR purge_id < ?1) AND (?2 IS NULL OR tenant_id = ?2)"
        " ORDER BY purge_id DESC LIMIT ?3",
        (purge_id, tenant_id, limit),
    )
    return [_to_purge(row) for row in rows]


async def fetch_leaves(
    database: Database, purge_id: PurgeId, *, after: int, limit: int
) -> list[Row]:
    """Return what a purge deleted (n, sha256) in order, from the one after number *after*."""
    return await database.fetch_all(
        "SELECT n, sha256 FROM purged_segments WHERE purge_id = ? AND n > ? ORDER BY n LIMIT ?",
        (purge_id, after, limit),
    )


async def fetch_purged_cameras(database: Database, purge_id: PurgeId) -> list[PurgedOfCamera]:
    rows = await database.fetch_all(
        "SELECT camera_no, count(*), sum(size_bytes), min(start_us), max(end_us) FROM purged_segments"
        " WHERE purge_id = ? GROUP BY camera_no ORDER BY camera_no",
        (purge_id,),
    )
    return [PurgedOfCamera(*row) for row in rows]


async def count_held(
    database: Database, camera_no: CameraNo, before_us: int | None, *, after_us: int | None = None
) -> int:
    """Return how many segments of a camera incidents keep; only those from *after_us* to *before_us*, as far as given."""
    row = await database.fetch_one(
        "SELECT count(*) FROM segments WHERE camera_no = ?1 AND held = 1"
        " AND (?2 IS NULL OR (start_us < ?2 AND end_us <= ?2)) AND (?3 IS NULL OR start_us >= ?3)",
        (camera_no, before_us, after_us),
    )
    return int(row[0]) if row else 0


def finish_purge(transaction: Transaction, purge: Purge) -> None:
    transaction.execute(
        "UPDATE purges SET finished_us = ?, segments = ?, bytes = ?, held_skipped = ?, root = ?, unhashed = ?,"
        " audit_seq = ?, cameras = ? WHERE purge_id = ?",
        (
            purge.finished_us,
            purge.segments,
            purge.size_bytes,
            purge.held_skipped,
            purge.root,
            purge.unhashed,
            purge.audit_seq,
            json.dumps(
                [
                    {
                        "camera_no": each.camera_no,
                        "segments": each.segments,
                        "bytes": each.size_bytes,
                        "first_us": each.first_us,
                        "last_us": each.last_us,
                    }
                    for each in purge.cameras
                ]
            ),
            purge.purge_id,
        ),
    )


def forget_details(transaction: Transaction, *, before_us: int, limit: int) -> int:
    """Forget the single segments of purges that finished before *before_us*; the records stay. Return how many."""
    done = transaction.execute(
        "DELETE FROM purged_segments WHERE (purge_id, n) IN (SELECT d.purge_id, d.n FROM purges p"
        " JOIN purged_segments d USING (purge_id) WHERE p.finished_us < ? ORDER BY p.started_us LIMIT ?)",
        (before_us, limit),
    )
    return done.rowcount


def forget_missing(transaction: Transaction, *, before_us: int, limit: int) -> list[Row]:
    """Forget footage whose files were found to be gone before *before_us*, but what an open incident wants; return the rows.

    The rows have camera_no, tenant_id, start_us, end_us and sha256.
    """
    wanted = held_by_incident(camera_no="m.camera_no", start_us="m.start_us", end_us="m.end_us")
    rows = transaction.execute(
        "SELECT m.segment_id, m.camera_no, r.tenant_id, m.start_us, m.end_us, m.sha256 FROM missing_segments m"  # noqa: S608 -- SQL of ours
        f" JOIN recorded_cameras r USING (camera_no) WHERE m.found_us < ? AND NOT {wanted}"
        " ORDER BY m.segment_id LIMIT ?",
        (before_us, limit),
    ).fetchall()
    transaction.executemany(
        "DELETE FROM missing_segments WHERE segment_id = ?", [(row["segment_id"],) for row in rows]
    )
    return rows


async def oldest_recorded(database: Database, *, limit: int) -> list[LeanSegment]:
    """Return the deletable segments that were indexed first, whatever their times say."""
    rows = await database.fetch_all(
        "SELECT segment_id, camera_no, name_us, start_us, end_us, size_bytes, sha256 FROM segments"
        " WHERE held = 0 AND doomed = 0 ORDER BY segment_id LIMIT ?",
        (limit,),
    )
    return [LeanSegment(*row) for row in rows]


async def fetch_held_bytes(database: Database) -> dict[CameraNo, int]:
    """Return how many bytes of each camera incidents keep."""
    rows = await database.count_all(
        "SELECT camera_no, sum(size_bytes) FROM segments INDEXED BY segments_held WHERE held = 1 GROUP BY camera_no"
    )
    return {CameraNo(row[0]): row[1] for row in rows}


async def fetch_would_go(
    database: Database, camera_no: CameraNo, before_us: int, *, after_us: int | None = None
) -> tuple[int, int, int | None, int | None]:
    """Return number, bytes, first start and last end of a camera's deletable segments; bounds as of :func:`age_bounds`."""
    bounds = age_bounds(before_us, after_us)
    conditions = ["camera_no = ?", "held = 0", "doomed = 0", *(sql for sql, _ in bounds)]
    wanted = " AND ".join(conditions)
    (row,) = await database.count_all(
        f"SELECT count(*), coalesce(sum(size_bytes), 0), min(start_us), max(end_us) FROM segments WHERE {wanted}",  # noqa: S608
        (camera_no, *(us for _, some in bounds for us in some)),
    )
    return (row[0], row[1], row[2], row[3])


async def fetch_over_quota(
    database: Database, before_us: Mapping[CameraNo, int | None], excess: int
) -> dict[CameraNo, tuple[int, int, int, int]]:
    """Return what goes of the cameras in *before_us*, together and oldest first, until *excess* bytes are gone.

    Not what has ended by a camera's own moment there: that went by its age before (None = nothing did). By camera: number,
    bytes, first start, last end. It sorts all that they have.
    """
    if not before_us or excess <= 0:
        return {}
    cameras = ", ".join("(?, ?)" for _ in before_us)
    rows = await database.count_all(
        f"WITH mine (camera_no, before_us) AS (VALUES {cameras}), ranked AS (SELECT s.camera_no, s.size_bytes, s.start_us,"  # noqa: S608
        f" s.end_us, sum(s.size_bytes) OVER (ORDER BY {AGE}, s.segment_id ROWS UNBOUNDED PRECEDING) AS gone FROM mine"
        " CROSS JOIN segments s ON s.camera_no = mine.camera_no WHERE s.held = 0 AND s.doomed = 0"
        f" AND (before_us IS NULL OR {AGE} >= before_us OR (s.end_us > before_us AND s.aged_us IS NULL)))"
        " SELECT camera_no, count(*), sum(size_bytes), min(start_us), max(end_us) FROM ranked"
        " WHERE gone - size_bytes < ? GROUP BY camera_no",
        (*(value for pair in before_us.items() for value in pair), excess),
    )
    return {CameraNo(row[0]): (row[1], row[2], row[3], row[4]) for row in rows}


async def fetch_spared(
    database: Database, camera_no: CameraNo, before_us: int, *, after_us: int
) -> tuple[int, int, int]:
    """Return of a camera's segments number and bytes of those that incidents keep within the interval, and how many reach beyond it."""
    (row,) = await database.count_all(
        "SELECT coalesce(sum(is_within AND held), 0), coalesce(sum(size_bytes) FILTER (WHERE is_within AND held), 0),"
        " coalesce(sum(NOT is_within AND NOT held), 0) FROM (SELECT held, size_bytes,"
        " start_us >= ?2 AND end_us <= ?3 AS is_within FROM segments WHERE camera_no = ?1 AND doomed = 0"
        " AND start_us < ?3 AND start_us > ?2 - ?4 AND end_us > ?2)",
        (camera_no, after_us, before_us, MAX_SEGMENT_US),
    )
    return (row[0], row[1], row[2])


async def fetch_holding(
    database: Database, camera_no: CameraNo, before_us: int, *, after_us: int
) -> list[tuple[IncidentId, str, str]]:
    """Return the open incidents (id, whose, why) that keep footage of a camera between these times."""
    rows = await database.fetch_all(
        "SELECT i.incident_id, i.tenant_id, i.reason FROM incidents i JOIN incident_cameras USING (incident_id)"  # noqa: S608
        f" WHERE camera_no = ?1 AND {open_over(start_us='?2', end_us='?3')} ORDER BY i.incident_id",
        (camera_no, after_us, before_us),
    )
    return [(IncidentId(row[0]), row[1], row[2]) for row in rows]


async def fetch_camera_sums(database: Database) -> dict[CameraNo, tuple[int, int]]:
    """Return number and bytes of each camera's segments, by the running totals."""
    rows = await database.fetch_all(
        "SELECT camera_no, sum(segments), sum(bytes) FROM camera_days GROUP BY camera_no"
    )
    return {CameraNo(row[0]): (row[1], row[2]) for row in rows}


async def fetch_day_sums(database: Database, first_day: int) -> dict[int, tuple[int, int]]:
    """Return bytes and recorded µs of all cameras for each day from *first_day* (days since 1970) on."""
    rows = await database.fetch_all(
        "SELECT day, sum(bytes), sum(recorded_us) FROM camera_days WHERE day >= ? GROUP BY day",
        (first_day,),
    )
    return {row[0]: (row[1], row[2]) for row in rows}


async def fetch_oldest_incident(database: Database) -> str | None:
    """Return the open incident that was made first and holds footage; not one of which a bundle is being made."""
    row = await database.fetch_one(
        "SELECT i.incident_id FROM incidents i WHERE EXISTS (SELECT 1 FROM incident_cameras c"  # noqa: S608 -- SQL of ours
        f" JOIN segments s ON s.camera_no = c.camera_no AND s.held = 1 AND {open_over(start_us='s.start_us', end_us='s.end_us')}"
        " WHERE c.incident_id = i.incident_id) AND NOT EXISTS (SELECT 1 FROM exports e"
        f" WHERE e.incident_id = i.incident_id AND e.state IN ({ALIVE_SQL})) ORDER BY i.incident_id LIMIT 1"
    )
    return row["incident_id"] if row else None


def is_in_open_incident(transaction: Transaction, camera_no: CameraNo) -> bool:
    found = transaction.execute(f"SELECT 1 WHERE {is_in_incident('?')}", (camera_no,))
    return found.fetchone() is not None


def get_recorded_camera(transaction: Transaction, camera_uuid: str) -> RecordedCamera | None:
    row = transaction.execute(
        "SELECT camera_no, camera_uuid, camera_id, name, tenant_id, directory, removed_us FROM recorded_cameras"
        " WHERE camera_uuid = ?",
        (camera_uuid,),
    ).fetchone()
    return RecordedCamera(*row) if row else None


async def count_recording(database: Database, since_us: int) -> int:
    """Return how many cameras have footage of the time since then."""
    row = await database.fetch_one(
        "SELECT count(*) FROM recorded_cameras c WHERE EXISTS (SELECT 1 FROM segments s"
        " WHERE s.camera_no = c.camera_no AND s.start_us >= ?)",
        (since_us,),
    )
    return int(row[0]) if row else 0


def insert_clock_entry(
    transaction: Transaction, at_us: int, kind: str, *, step_us: int = 0, source: str = ""
) -> None:
    transaction.execute(
        "INSERT INTO clock_log (at_us, kind, step_us, source) VALUES (?, ?, ?, ?)",
        (at_us, kind, step_us, source),
    )


async def fetch_newest_us(database: Database) -> int:
    """Return the latest moment that the database knows of: of the audit log, the clock log, the newest footage; 0 for none."""
    row = await database.fetch_one(
        "SELECT max(coalesce((SELECT at_us FROM audit_log ORDER BY seq DESC LIMIT 1), 0),"
        " coalesce((SELECT max(at_us) FROM clock_log), 0),"
        " coalesce((SELECT end_us FROM segments ORDER BY segment_id DESC LIMIT 1), 0))"
    )
    return int(row[0]) if row else 0


async def find_last_far_leap(database: Database, source: str) -> int | None:
    """Return when the clock, by itself, last leapt far; None when that never was, or it was set back by as much since."""
    rows = await database.fetch_all(
        "SELECT at_us, kind, step_us FROM clock_log WHERE rowid >= (SELECT max(rowid) FROM clock_log WHERE source = ?1)"
        " AND (source = ?1 OR kind = 'step') ORDER BY rowid",
        (source,),
    )
    if not rows:
        return None
    leap = rows[0]
    is_undone = leap["kind"] == "step" and -sum(row["step_us"] for row in rows[1:]) >= (
        leap["step_us"] - 86_400_000_000
    )
    return None if is_undone else int(leap["at_us"])


def _to_purge(row: Row) -> Purge:
    return Purge(
        purge_id=PurgeId(row["purge_id"]),
        kind=PurgeKind(row["kind"]),
        tenant_id=row["tenant_id"],
        started_us=row["started_us"],
        finished_us=row["finished_us"],
        policy=json.loads(row["policy"]),
        actor=row["actor"],
        actor_name=row["actor_name"],
        reason=row["reason"],
        segments=row["segments"],
        size_bytes=row["bytes"],
        held_skipped=row["held_skipped"],
        failures=row["failures"],
        root=row["root"],
        unhashed=row["unhashed"],
        audit_seq=row["audit_seq"],
        cameras=[_to_camera(each) for each in json.loads(row["cameras"])],
    )


def _to_camera(found: Mapping[str, Any]) -> PurgedOfCamera:
    return PurgedOfCamera(
        camera_no=CameraNo(found["camera_no"]),
        segments=found["segments"],
        size_bytes=found["bytes"],
        first_us=found["first_us"],
        last_us=found["last_us"],
    )


def _json(facts: Mapping[str, object]) -> str:
    return json.dumps(facts, sort_keys=True, ensure_ascii=False)
