"""Puts the parts that tell phones and browsers together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog
from prometheus_client import CollectorRegistry

from gtvision_edge.audit import AuditLog
from gtvision_edge.keys import PushKey
from gtvision_edge.push import composing, repository, watching
from gtvision_edge.push.composing import Composer
from gtvision_edge.push.delivery import open_push_services
from gtvision_edge.push.sender import FindPerson, Sender
from gtvision_edge.push.subscriptions import AddressBook, SubscriptionDesk
from gtvision_edge.push.troubles import Look, TroubleWatch
from gtvision_edge.push.vapid import Vapid
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.settings import PushSettings, SiteSettings
from gtvision_edge.storage import Database

log = structlog.get_logger(__name__)


class Cameras(composing.Cameras, watching.Cameras, Protocol):
    """The site's cameras, in memory; they also seal what must not be read in the database."""

    def seal(self, bound_to: str, secret: str) -> bytes: ...
    def unseal(self, bound_to: str, sealed: bytes) -> str: ...


@dataclass(frozen=True, slots=True)
class Pushes:
    """What others use. Run ``sender.run`` and ``troubles.run`` as services."""

    desk: SubscriptionDesk
    sender: Sender
    troubles: TroubleWatch


@asynccontextmanager
async def open_pushes(
    database: Database,
    audit: AuditLog,
    clock: Clock,
    bus: EventBus,
    *,
    key: PushKey,
    settings: PushSettings,
    site: SiteSettings,
    cameras: Cameras,
    alerts: composing.Alerts,
    find_person: FindPerson,
    look: Look,
    registry: CollectorRegistry | None = None,
) -> AsyncIterator[Pushes]:
    """Open them; subscriptions to a key that the site has no more are removed, for they take nothing from it."""
    book = AddressBook(seal=cameras.seal, unseal=cameras.unseal, site_key=key.public)
    removed = await database.write(
        lambda transaction: repository.delete_of_other_keys(transaction, key.public)
    )
    if removed:
        log.warning("push_key_changed", subscriptions_removed=removed)
    vapid = Vapid(key, contact=settings.contact, clock=clock)
    composer = Composer(alerts, cameras, zone=ZoneInfo(site.timezone), site_name=site.name)
    async with open_push_services(vapid, clock, allow_private=settings.allow_private) as services:
        sender = Sender(
            database,
            clock,
            bus,
            book=book,
            composer=composer,
            services=services,
            find_person=find_person,
            keep_s=settings.keep,
            registry=registry,
        )
        desk = SubscriptionDesk(
            database, audit, clock, book=book, allow_private=settings.allow_private
        )
        troubles = TroubleWatch(
            database, clock, look=look, settle_s=settings.settle, wake=sender.wake
        )
        yield Pushes(desk, sender, troubles)
