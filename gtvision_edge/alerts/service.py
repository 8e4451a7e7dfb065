"""The rules about alerts: who is shown them, and who sees to them."""

from dataclasses import dataclass, replace
from typing import Final

from gtvision_edge.accounts import NotPermittedError, Principal, Role
from gtvision_edge.alerts import repository
from gtvision_edge.alerts.errors import (
    AcknowledgementStandsError,
    AlreadyAcknowledgedError,
    NotAcknowledgedError,
    UnknownAlertError,
)
from gtvision_edge.alerts.model import (
    Acknowledgement,
    Alert,
    AlertAcknowledged,
    AlertReopened,
    Audience,
    FeedKind,
    Topic,
)
from gtvision_edge.alerts.raising import KEPT
from gtvision_edge.alerts.repository import WantedAlerts
from gtvision_edge.audit import SEALED, AuditLog, SealedWords
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.runtime.timestamps import to_rfc3339
from gtvision_edge.storage import Database, Transaction

LONGEST_NOTE: Final = 500
TAKE_BACK_S: Final = 60.0
"""Who acknowledged may take it back for so long: it is for a slip, not for another opinion."""
_EDITORS: Final = frozenset({Role.ADMIN, Role.OPERATOR})
_READERS: Final = _EDITORS | {Role.VIEWER}


@dataclass(frozen=True, slots=True)
class AlertsSince:
    """Alerts that are new, or were acknowledged, after a cursor; each once, as it is now."""

    alerts: list[Alert]
    reached: int
    """The cursor to come back with."""
    more: bool
    missed: bool
    """The cursor is older than what is kept, or of another database: look through the whole list once."""


class AlertDesk:
    """Shows alerts to people of their tenant, of cameras that they may see."""

    def __init__(
        self,
        database: Database,
        audit: AuditLog,
        clock: Clock,
        bus: EventBus,
        *,
        words: SealedWords,
        kept: int = KEPT,
    ) -> None:
        self._words = words
        self._database = database
        self._audit = audit
        self._clock = clock
        self._bus = bus
        self._kept = kept

    async def latest(
        self,
        principal: Principal,
        *,
        acknowledged: bool | None = None,
        before: tuple[int, str] | None = None,
        limit: int,
    ) -> tuple[list[Alert], int]:
        """Return up to *limit* alerts, the newest first, and the cursor of the feed to go on from.

        Raises:
            NotPermittedError: auditors read the log, not the plates.

        """
        _require(principal, _READERS)
        _, head = await repository.feed_bounds(self._database)
        cameras = None if principal.camera_ids is None else sorted(principal.camera_ids)
        wanted = WantedAlerts(principal.tenant_id, cameras, acknowledged, before)
        return await repository.search_alerts(
            self._database, wanted, limit, words=self._words
        ), head

    async def since(self, principal: Principal, cursor: int, *, limit: int) -> AlertsSince:
        """Return what happened to alerts after *cursor*, in order.

        Raises:
            NotPermittedError: as for :meth:`latest`.

        """
        _require(principal, _READERS)
        first, head = await repository.feed_bounds(self._database)
        missed = not first <= cursor <= head
        audience = Audience(principal, Topic.ALERTS.kinds)
        entries = await repository.entries_between(
            self._database, min(cursor, head), head, limit, words=self._words, audience=audience
        )
        more = len(entries) == limit
        found = {entry.alert.alert_id: entry.alert for entry in entries if entry.alert}
        reached = entries[-1].seq if more else head
        return AlertsSince(list(found.values()), reached, more, missed)

    async def get(self, principal: Principal, alert_id: str) -> Alert:
        """Return an alert.

        Raises:
            UnknownAlertError: none such that *principal* may see.
            NotPermittedError: as for :meth:`latest`.

        """
        _require(principal, _READERS)
        return await self.find(principal, alert_id)

    async def find(self, principal: Principal, alert_id: str) -> Alert:
        """Return an alert, whatever the role of *principal*.

        Raises:
            UnknownAlertError: none such that *principal* may see.

        """
        return _seen(
            principal, await repository.find_alert(self._database, alert_id, words=self._words)
        )

    async def acknowledge(
        self, principal: Principal, alert_id: str, *, note: str = "", address: str = ""
    ) -> Alert:
        """Note that *principal* sees to an alert; the first who does counts.

        Raises:
            UnknownAlertError: none such that *principal* may see.
            AlreadyAcknowledgedError: somebody did before.
            NotPermittedError: *principal* only watches.

        """
        _require(principal, _EDITORS)

        def write(transaction: Transaction) -> Alert:
            alert = self._get(transaction, principal, alert_id)
            if alert.acknowledged is not None:
                raise AlreadyAcknowledgedError(
                    "Somebody saw to this alert already.",
                    by=alert.acknowledged.name,
                    at=to_rfc3339(alert.acknowledged.at_us),
                )
            done = Acknowledgement(
                principal.user_id, principal.username, self._clock.now_us(), note.strip()
            )
            repository.acknowledge(transaction, alert.alert_id, done, words=self._words)
            repository.add_to_feed(
                transaction,
                FeedKind.ALERT_ACKNOWLEDGED,
                alert.detection,
                alert.alert_id,
                kept=self._kept,
            )
            self._note(transaction, principal, address, "alert.acknowledged", alert, done)
            return replace(alert, acknowledged=done)

        alert = await self._database.write(write)
        self._bus.publish(AlertAcknowledged(alert.alert_id))
        return alert

    async def take_back(self, principal: Principal, alert_id: str, *, address: str = "") -> Alert:
        """Take back that *principal* saw to an alert just now: it waits again, for everybody. An act of its own in the log.

        Raises:
            UnknownAlertError: none such that *principal* may see.
            NotAcknowledgedError: nobody saw to it.
            AcknowledgementStandsError: somebody else did, or it is more than :data:`TAKE_BACK_S` ago.
            NotPermittedError: *principal* only watches.

        """
        _require(principal, _EDITORS)

        def write(transaction: Transaction) -> Alert:
            alert = self._get(transaction, principal, alert_id)
            done = alert.acknowledged
            if done is None:
                raise NotAcknowledgedError("Nobody saw to this alert.")
            # A clock that was set back meanwhile gives no hours.
            age_us = abs(self._clock.now_us() - done.at_us)
            if done.by != principal.user_id or age_us > TAKE_BACK_S * 1e6:
                raise AcknowledgementStandsError(
                    "Only who saw to the alert takes that back, within a minute.",
                    by=done.name,
                    at=to_rfc3339(done.at_us),
                )
            repository.reopen(transaction, alert.alert_id)
            repository.add_to_feed(
                transaction,
                FeedKind.ALERT_REOPENED,
                alert.detection,
                alert.alert_id,
                kept=self._kept,
            )
            action = "alert.acknowledgement_taken_back"
            facts = {"acknowledged_us": done.at_us}
            self._note(transaction, principal, address, action, alert, done, **facts)
            return replace(alert, acknowledged=None)

        alert = await self._database.write(write)
        self._bus.publish(AlertReopened(alert.alert_id))
        return alert

    def _get(self, transaction: Transaction, principal: Principal, alert_id: str) -> Alert:
        found = repository.get_alert_row(transaction, alert_id, words=self._words)
        return _seen(principal, found)

    def _note(
        self,
        transaction: Transaction,
        principal: Principal,
        address: str,
        action: str,
        alert: Alert,
        done: Acknowledgement,
        **facts: object,
    ) -> None:
        self._audit.append(
            transaction,
            actor=principal.actor(address),
            action=action,
            subject=f"alert:{alert.alert_id}",
            tenant_id=alert.detection.tenant_id,
            details={
                "camera_id": alert.detection.camera_id,
                "watch_id": alert.watch_id,
                "detection_id": alert.detection.detection_id,
                **facts,
                **({SEALED: self._words.close(note=done.note)} if done.note else {}),
            },
        )


def _require(principal: Principal, roles: frozenset[Role]) -> None:
    if principal.role not in roles:
        raise NotPermittedError("Your role does not allow this.")


def _seen(principal: Principal, alert: Alert | None) -> Alert:
    if alert is None or not principal.may_see_camera(
        alert.detection.camera_id, alert.detection.tenant_id
    ):
        raise UnknownAlertError("There is no such alert.")
    return alert
