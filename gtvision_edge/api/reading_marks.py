"""Plate readings on a timeline, as the API tells them."""

from collections.abc import Iterable

from gtvision_edge.alerts.marks import ReadingMark
from gtvision_edge.api.routing import Answer
from gtvision_edge.runtime.timestamps import to_rfc3339


class ReadingMarkAnswer(Answer):
    start: str
    end: str
    """As start for one reading; else several passed, the first at start, all before this."""
    detection_id: str | None
    """What it was, at /detections/{detection_id}, for those who may read plates. null: several."""
    level: str | None
    """Of the alert that it raised; null: nobody wanted it."""


def reading_mark_answers(marks: Iterable[ReadingMark]) -> list[ReadingMarkAnswer]:
    found = []
    for each in marks:
        start = to_rfc3339(each.start_us)
        found.append(
            ReadingMarkAnswer(
                start=start,
                end=start if each.end_us == each.start_us else to_rfc3339(each.end_us),
                detection_id=each.detection_id,
                level=each.level.value if each.level else None,
            )
        )
    return found
