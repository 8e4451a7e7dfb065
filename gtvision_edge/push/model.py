"""What a subscription is, and what waits to be told to it."""

from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Final, NewType

from gtvision_edge.accounts import Principal, Role
from gtvision_edge.detections.model import WatchLevel

SubscriptionId = NewType("SubscriptionId", str)
"""UUIDv7."""

LEVELS: Final = (WatchLevel.INFO, WatchLevel.WARNING, WatchLevel.CRITICAL)
"""From the least; their places are what the database compares."""


class Topic(StrEnum):
    """What a subscription may be told of."""

    PLATES = "plates"
    """A wanted plate passed."""
    CAMERAS = "cameras"
    """A camera is not recorded, or is again."""
    STORAGE = "storage"
    """Nothing is recorded: the breaker opened, the volume is away; or recording goes on."""
    HUB = "hub"
    """The hub is far behind, or caught up."""
    ARCHIVE = "archive"
    """Copies to the object store are far behind, or caught up."""


def topics_of(principal: Principal) -> frozenset[Topic]:
    """Return what *principal* may be told of."""
    topics = {Topic.CAMERAS, Topic.STORAGE}
    if principal.may_watch:
        topics.add(Topic.PLATES)
    if principal.role is Role.ADMIN:
        topics.add(Topic.HUB)
        if principal.is_of_whole_site:
            topics.add(Topic.ARCHIVE)
    return frozenset(topics)


@dataclass(frozen=True, slots=True)
class PushAddress:
    """Where and how a browser is reached (RFC 8030, RFC 8291). All of it is secret: who knows it can write to the browser."""

    endpoint: str = field(repr=False)
    p256dh: bytes = field(repr=False)
    """The browser's public key: a P-256 point, uncompressed."""
    auth: bytes = field(repr=False)
    """16 bytes."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A browser that is told of things, without its address. Fields as in the table ``push_subscriptions``."""

    subscription_id: SubscriptionId
    user_id: str
    session_id: str
    device: str
    service: str
    topics: frozenset[Topic]
    plates_from: WatchLevel
    created_us: int
    accepted_us: int | None
    trouble: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that a subscription is still to be told; names and plates are looked up when it is sent."""

    seq: int
    topic: Topic
    subject: str
    """Id of an alert, uuid of a camera, else the topic's own."""
    is_over: bool
    """The trouble went."""
    reason: str
    """A code: of a camera's state, of a finding; '' for plates."""
    since_us: int
    """When it began; when the plate passed."""
    queued_us: int


class Condition(Enum):
    """How a thing that is watched for trouble is."""

    WELL = 1
    TROUBLED = 2
    UNDECIDED = 3
    """Not known now, or its trouble is part of a larger one that is told itself: what was told of it stays."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """How one thing is now. *since_us* None: it is not known since when."""

    topic: Topic
    subject: str
    condition: Condition
    reason: str = ""
    since_us: int | None = None


class Urgency(StrEnum):
    """How soon a phone should be woken (RFC 8030, 5.3)."""

    NORMAL = "normal"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Message:
    """What a browser shows. *tag*: a later one with the same replaces it. *path*: the part of our address behind ``#``."""

    title: str
    body: str
    tag: str
    path: str
    urgency: Urgency
    at_us: int
    stays: bool = False
    """Until somebody saw it."""
