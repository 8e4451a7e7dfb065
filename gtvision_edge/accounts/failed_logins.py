"""Failed logins in the audit log: each is told, many of the same as a count."""

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Final

from gtvision_edge.accounts.model import TenantId, User
from gtvision_edge.audit import Actor, AuditLog
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.storage import Database

_COALESCE_S: Final = 60.0
_MAX_COALESCED: Final = 1000


@dataclass(slots=True)
class _Failures:
    began: float
    actor: Actor
    tenant_id: TenantId | None
    subject: str
    unwritten: int = 0


class FailedLogins:
    """Audits them by user and address. Somebody calls :meth:`flush` now and then, or the last count is never written."""

    def __init__(self, database: Database, audit: AuditLog, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._counted: OrderedDict[tuple[str, str], _Failures] = OrderedDict()

    async def note(self, user: User | None, address: str, *, is_last: bool) -> None:
        """Audit a failed login: the first at once, more of the same counted and written each minute.

        An unknown name is not written down: people type passwords into the wrong field.
        """
        key = (user.user_id if user else "", address)
        entry = self._counted.get(key)
        if entry is None or self._clock.monotonic() - entry.began >= _COALESCE_S:
            if entry is not None:
                del self._counted[key]
                await self._write(entry)
            fresh = _Failures(
                began=self._clock.monotonic(),
                actor=user.principal().actor(address) if user else Actor("", "", address),
                tenant_id=user.tenant_id if user else None,
                subject=f"user:{user.user_id}" if user else "",
            )
            self._counted[key] = fresh
            if len(self._counted) > _MAX_COALESCED:
                await self._write(self._counted.popitem(last=False)[1])
            await self._write(replace(fresh, unwritten=1), throttled=is_last)
            return
        entry.unwritten += 1
        if is_last:
            count, entry.unwritten = entry.unwritten, 0
            await self._write(replace(entry, unwritten=count), throttled=True)

    async def _write(self, failures: _Failures, *, throttled: bool = False) -> None:
        if not failures.unwritten:
            return
        await self._database.write(
            lambda transaction: self._audit.append(
                transaction,
                actor=failures.actor,
                action="user.login_failed",
                subject=failures.subject,
                tenant_id=failures.tenant_id,
                details={"attempts": failures.unwritten, "throttled": throttled},
            )
        )

    async def flush(self) -> None:
        """Write down the failed logins that were counted and whose minute is over."""
        now = self._clock.monotonic()
        due = [key for key, entry in self._counted.items() if now - entry.began >= _COALESCE_S]
        for key in due:
            await self._write(self._counted.pop(key))
