"""Purge records as signed papers: made when first asked for, the same bytes ever after."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, Protocol

from gtvision_edge.audit import SYSTEM
from gtvision_edge.errors import EdgeError, ErrorKind
from gtvision_edge.papers import Issuer, PaperShelf, PurgedCamera, PurgePaper
from gtvision_edge.recordings.evidence.ordering import Site
from gtvision_edge.recordings.evidence.repository import find_tenant_name
from gtvision_edge.recordings.index import SegmentIndex
from gtvision_edge.recordings.model import CameraNo
from gtvision_edge.storage import Database

_NOT_FOR_PEOPLE: Final = frozenset({"camera_nos"})


class PurgeRunningError(EdgeError):
    """The purge goes on; there is nothing to certify yet."""

    code: ClassVar[str] = "purge_running"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class LostFootage(Protocol):
    """What one camera lost."""

    @property
    def camera_no(self) -> CameraNo: ...
    @property
    def segments(self) -> int: ...
    @property
    def size_bytes(self) -> int: ...
    @property
    def first_us(self) -> int: ...
    @property
    def last_us(self) -> int: ...


class PurgeRecord(Protocol):
    """A deletion run as retention wrote it down."""

    @property
    def purge_id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def tenant_id(self) -> str | None: ...
    @property
    def started_us(self) -> int: ...
    @property
    def finished_us(self) -> int | None: ...
    @property
    def policy(self) -> Mapping[str, object]: ...
    @property
    def actor(self) -> str: ...
    @property
    def actor_name(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def segments(self) -> int: ...
    @property
    def size_bytes(self) -> int: ...
    @property
    def held_skipped(self) -> int: ...
    @property
    def failures(self) -> int: ...
    @property
    def root(self) -> bytes | None: ...
    @property
    def unhashed(self) -> int: ...
    @property
    def audit_seq(self) -> int | None: ...
    @property
    def cameras(self) -> Sequence[LostFootage]: ...


class PurgePapers:
    """Makes the "Relatório de Expurgo" of a purge. Whether somebody may read it is asked before."""

    def __init__(
        self, database: Database, index: SegmentIndex, shelf: PaperShelf, *, site: Site
    ) -> None:
        self._database = database
        self._index = index
        self._shelf = shelf
        self._site = site

    async def fetch(self, purge: PurgeRecord) -> bytes:
        """Return the signed PDF of *purge*.

        Raises:
            PurgeRunningError: it has not finished.
            PaperError: the PDF could not be made or kept.

        """
        if purge.finished_us is None:
            raise PurgeRunningError("The purge has not finished.")
        paper = await self._paper(purge, purge.finished_us)
        return await self._shelf.fetch(purge.purge_id, paper)

    async def _paper(self, purge: PurgeRecord, finished_us: int) -> PurgePaper:
        site = self._site
        issuer = Issuer(
            organisation=await self._tenant_name(purge.tenant_id),
            site_name=site.name,
            site_id=site.site_id,
            zone=site.timezone,
            software=f"{site.software} {site.version}",
        )
        return PurgePaper(
            issuer=issuer,
            purge_id=purge.purge_id,
            kind=str(purge.kind),
            started_us=purge.started_us,
            finished_us=finished_us,
            policy=await self._policy(purge.policy),
            actor_name="" if purge.actor == SYSTEM.user_id else purge.actor_name,
            reason=purge.reason,
            segments=purge.segments,
            size_bytes=purge.size_bytes,
            held_skipped=purge.held_skipped,
            failures=purge.failures,
            root=purge.root or b"",
            cameras=[await self._camera(each) for each in purge.cameras],
            unhashed=purge.unhashed,
            root_audit_seq=purge.audit_seq,
        )

    async def _policy(self, policy: Mapping[str, object]) -> dict[str, Any]:
        shown = {name: value for name, value in policy.items() if name not in _NOT_FOR_PEOPLE}
        if policy.get("scope") == "tenant":
            subject = str(policy.get("subject", ""))
            shown["subject"] = await self._tenant_name(subject) or subject
        return shown

    async def _camera(self, lost: LostFootage) -> PurgedCamera:
        camera = await self._index.camera_by_no(lost.camera_no)
        return PurgedCamera(
            camera_id=camera.camera_id if camera else f"nº {lost.camera_no}",
            name=camera.name if camera else "",
            camera_uuid=camera.camera_uuid if camera else "",
            segments=lost.segments,
            size_bytes=lost.size_bytes,
            first_us=lost.first_us,
            last_us=lost.last_us,
        )

    async def _tenant_name(self, tenant_id: str | None) -> str:
        return await find_tenant_name(self._database, tenant_id) if tenant_id else ""
