"""What an alert is, and an entry of the feed."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from gtvision_edge.accounts import Principal
from gtvision_edge.detections.model import Detection, WatchId, WatchLevel

AlertId = NewType("AlertId", str)
"""UUIDv7."""


class FeedKind(StrEnum):
    """What an entry of the feed tells of."""

    DETECTION = "detection"
    DETECTION_PICTURE = "detection_picture"
    """One that was told before has another picture now."""
    ALERT = "alert"
    ALERT_ACKNOWLEDGED = "alert_acknowledged"
    ALERT_REOPENED = "alert_reopened"
    """An acknowledgement was taken back: it waits again."""


class Topic(StrEnum):
    """What a client of the feed wants to hear of."""

    DETECTIONS = "detections"
    ALERTS = "alerts"

    @property
    def kinds(self) -> frozenset[FeedKind]:
        if self is Topic.DETECTIONS:
            return frozenset({FeedKind.DETECTION, FeedKind.DETECTION_PICTURE})
        return frozenset({FeedKind.ALERT, FeedKind.ALERT_ACKNOWLEDGED, FeedKind.ALERT_REOPENED})


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Who saw to an alert, and when."""

    by: str
    """User id."""
    name: str
    at_us: int
    note: str


@dataclass(frozen=True, slots=True)
class Alert:
    """A wanted plate that passed. Level and reason are those of the watchlist at that moment."""

    alert_id: AlertId
    watch_id: WatchId
    level: WatchLevel
    reason: str
    raised_us: int
    detection: Detection
    """Its tenant and camera are the alert's."""
    acknowledged: Acknowledgement | None


@dataclass(frozen=True, slots=True)
class AlertAcknowledged:
    """Somebody saw to an alert, and it is on disk."""

    alert_id: AlertId


@dataclass(frozen=True, slots=True)
class AlertReopened:
    """Who saw to an alert took that back, and it is on disk."""

    alert_id: AlertId


@dataclass(slots=True, eq=False)
class Entry:
    """One thing that people are told. Shared by all clients who may see it."""

    seq: int
    kind: FeedKind
    detection: Detection
    alert: Alert | None
    frame: bytes = b""
    """What clients are sent; made by the first who sends it."""


@dataclass(frozen=True, slots=True)
class Audience:
    """For whom entries are: a person, and the kinds that he asked for."""

    principal: Principal
    kinds: frozenset[FeedKind]

    def takes(self, entry: Entry) -> bool:
        detection = entry.detection
        return entry.kind in self.kinds and self.principal.may_see_camera(
            detection.camera_id, detection.tenant_id
        )


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Entries in order, and the cursor after which the next ones come: beyond the last where others were passed over."""

    entries: Sequence[Entry]
    reached: int
