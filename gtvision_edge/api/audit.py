"""The audit log, read by those whose task it is; reading it is an act too."""

import asyncio
import json
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, Field

from gtvision_edge.accounts.errors import NotPermittedError
from gtvision_edge.api.routing import INSPECTORS, Answer, Call, Endpoint, Listing, PageQuery
from gtvision_edge.audit import (
    AuditEntry,
    AuditFilter,
    AuditLog,
    SealedWords,
    TreeHead,
    UnknownEntryError,
    entry_document,
    write_checkpoint,
)
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.keys import SiteKey
from gtvision_edge.runtime.timestamps import from_datetime, to_rfc3339
from gtvision_edge.storage import Database

Text = Annotated[str, Field(max_length=200)]


class AuditQuery(PageQuery):
    action: Text | None = None
    """One action such as ``user.login``, or a family of them such as ``user.``; several with commas between them."""
    actor: Text | None = None
    """A user id."""
    subject: Text | None = None
    """Such as ``camera:cam01``."""
    camera: Text | None = None
    """A camera's id: what is about it, and exports in which it has a part."""
    start: AwareDatetime | None = None
    end: AwareDatetime | None = None


class AuditActor(Answer):
    user_id: str
    name: str


class AuditEntryAnswer(Answer):
    seq: int
    at: str
    actor: AuditActor
    tenant_id: str | None
    action: str
    subject: str
    address: str
    details: dict[str, Any]
    hash: str


class VerificationAnswer(Answer):
    is_whole: bool
    entries: int
    head: str
    """Hash of the last good entry. Keep it: only with it a cut-off end of the log is found."""
    root: str
    """RFC 6962 root over the hashes of the good entries."""
    bad_seq: int | None
    fault: str


class CheckpointAnswer(Answer):
    size: int
    root: str
    checkpoint: str
    """The signed note; its verifier's key stands in ``/site/keys``."""


class EntryProofAnswer(Answer):
    proof: dict[str, Any]
    """``entry`` is the canonical JSON that was hashed: ``sha256(previous_hash + salt + entry)`` is ``hash``,
    ``sha256(0x00 + hash)`` the leaf at ``index`` of the tree whose root the checkpoint signs."""
    checkpoint: str


_PAGES_REMEMBERED: Final = 1000


class _AuditResource:
    def __init__(
        self, audit: AuditLog, database: Database, key: SiteKey, words: SealedWords
    ) -> None:
        self._words = words
        self._audit = audit
        self._database = database
        self._key = key
        self._one_check = asyncio.Lock()
        self._following: dict[tuple[str, str, str | None], None] = {}

    async def page(self, call: Call) -> Listing[AuditEntryAnswer]:
        query = call.query_as(AuditQuery)
        page = await self._audit.page(
            self._database,
            tenant_id=call.principal.tenant_id,
            wanted=AuditFilter(
                action=query.action,
                actor=query.actor,
                subject=query.subject,
                camera_id=query.camera,
                start_us=_time_us("start", query.start),
                end_us=_time_us("end", query.end),
            ),
            before_seq=query.number(),
            limit=query.limit,
        )
        following = None if page.before_seq is None else str(page.before_seq)
        if not self._is_continued(call.principal.user_id, query, following):
            await self._note(call, "audit.read", query.model_dump(mode="json", exclude_none=True))
        return Listing[AuditEntryAnswer](
            items=[_answer(entry, self._words) for entry in page.entries], next=following
        )

    def _is_continued(self, user_id: str, query: AuditQuery, following: str | None) -> bool:
        """Tell whether this page follows one of the same reading, which was written down; anybody can ask from anywhere.

        Where it goes on is remembered, of the last thousand pages.
        """
        wanted = query.model_copy(update={"cursor": None, "limit": 0}).model_dump_json()
        is_continued = (user_id, wanted, query.cursor) in self._following
        if following is not None:
            self._following[user_id, wanted, following] = None
        while len(self._following) > _PAGES_REMEMBERED:
            self._following.pop(next(iter(self._following)))
        return is_continued

    async def verify(self, call: Call) -> VerificationAnswer:
        if call.principal.tenant_id is not None:
            raise NotPermittedError("The log as a whole belongs to the site.")
        async with self._one_check:  # it reads everything: impatient clicks must not add up
            found = await self._audit.verify(self._database)
        await self._note(call, "audit.verified", {"is_whole": found.is_whole})
        return VerificationAnswer(
            is_whole=found.is_whole,
            entries=found.entries,
            head=found.head.hex(),
            root=found.root.hex(),
            bad_seq=found.bad_seq,
            fault=found.fault,
        )

    async def checkpoint(self, call: Call) -> CheckpointAnswer:
        if call.principal.tenant_id is not None:
            raise NotPermittedError("The log as a whole belongs to the site.")
        head = await self._audit.tree_head(self._database)
        return CheckpointAnswer(
            size=head.size, root=head.root.hex(), checkpoint=await self._signed(head)
        )

    async def prove(self, call: Call) -> EntryProofAnswer:
        seq = call.path("seq")
        if not (seq.isascii() and seq.isdigit()) or len(seq) > 18:
            raise UnknownEntryError("The log has no such entry.")
        proof = await self._audit.prove_entry(self._database, int(seq))
        if call.principal.tenant_id not in (None, proof.entry.tenant_id):
            raise UnknownEntryError("The log has no such entry.")
        await self._note(call, "audit.proven", {"seq": proof.entry.seq})
        return EntryProofAnswer(
            proof=entry_document(proof), checkpoint=await self._signed(proof.head)
        )

    async def _signed(self, head: TreeHead) -> str:
        return await asyncio.to_thread(write_checkpoint, head, self._key)

    async def _note(self, call: Call, action: str, details: dict[str, object]) -> None:
        principal = call.principal
        await self._database.write(
            lambda transaction: self._audit.append(
                transaction,
                actor=principal.actor(call.address),
                action=action,
                tenant_id=principal.tenant_id,
                details=details,
            )
        )


def _time_us(name: str, moment: datetime | None) -> int | None:
    if moment is None:
        return None
    try:
        return from_datetime(moment)
    except OverflowError as error:
        raise InvalidInputError(
            "The query is not right.", faults=[{"path": name, "message": "is no usable time"}]
        ) from error


def _answer(entry: AuditEntry, words: SealedWords) -> AuditEntryAnswer:
    return AuditEntryAnswer(
        seq=entry.seq,
        at=to_rfc3339(entry.at_us),
        actor=AuditActor(user_id=entry.actor, name=entry.actor_name),
        tenant_id=entry.tenant_id,
        action=entry.action,
        subject=entry.subject,
        address=entry.address,
        details=words.reveal(json.loads(entry.details)),
        hash=entry.hash.hex(),
    )


def audit_endpoints(
    audit: AuditLog, database: Database, key: SiteKey, *, words: SealedWords
) -> list[Endpoint]:
    """Return ``/audit``; *key* signs checkpoints of the log, *words* opens what entries hold sealed."""
    resource = _AuditResource(audit, database, key, words)
    return [
        Endpoint(
            "GET",
            "/audit",
            resource.page,
            "Read the audit log, newest first",
            "audit",
            INSPECTORS,
            query=AuditQuery,
            response=Listing[AuditEntryAnswer],
            description="Those of one tenant read that tenant's entries. Reading is audited.",
        ),
        Endpoint(
            "GET",
            "/audit/verify",
            resource.verify,
            "Check the whole log for edits, removals and swaps",
            "audit",
            INSPECTORS,
            response=VerificationAnswer,
            description="For those of the whole site. Entries cut off at the end are found only with a hash kept elsewhere.",
        ),
        Endpoint(
            "GET",
            "/audit/checkpoint",
            resource.checkpoint,
            "Get a signed checkpoint of the log as it is now",
            "audit",
            INSPECTORS,
            response=CheckpointAnswer,
            description="For those of the whole site. A C2SP signed note over size and RFC 6962 root: whoever keeps it"
            " can later tell whether history was changed.",
        ),
        Endpoint(
            "GET",
            "/audit/{seq}/proof",
            resource.prove,
            "Prove to others that an entry is in the log",
            "audit",
            INSPECTORS,
            response=EntryProofAnswer,
            errors=(UnknownEntryError,),
            ids={"seq": UnknownEntryError},
            description="Those of one tenant get proofs of that tenant's entries.",
        ),
    ]
