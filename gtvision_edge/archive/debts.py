"""How others say, in their own transactions, what is to be copied to the object store and what is to go from there."""

from collections.abc import Iterable, Mapping

from gtvision_edge.archive import repository
from gtvision_edge.archive.model import Kind
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.settings import ArchiveSettings
from gtvision_edge.storage import Transaction


class PictureCopies:
    """For whoever keeps pictures of readings.

    With the archive off nothing is owed for what comes. What was copied before is to be removed with its picture in any case:
    that is owed until the archive is on again.
    """

    def __init__(self, settings: ArchiveSettings, clock: Clock) -> None:
        self._is_on = bool(settings.bucket) and settings.pictures
        self._clock = clock

    def came(self, transaction: Transaction, sizes: Mapping[str, int]) -> None:
        """Owe copies of pictures, by name, of so many bytes."""
        if self._is_on and sizes:
            repository.owe_copies(transaction, Kind.PICTURE, sizes, now_us=self._clock.now_us())

    def left(self, transaction: Transaction, names: Iterable[str]) -> None:
        """Owe the removal of what was copied, or may have been, of pictures that no reading has any more."""
        repository.owe_removals(transaction, Kind.PICTURE, names, now_us=self._clock.now_us())


class BundleCopies:
    """For whoever makes evidence bundles."""

    def __init__(self, settings: ArchiveSettings, clock: Clock) -> None:
        self._is_on = bool(settings.bucket) and settings.evidence
        self._follows = settings.remove_expired_evidence
        self._clock = clock

    def made(
        self,
        transaction: Transaction,
        export_id: str,
        *,
        tenant_id: str,
        sha256: bytes,
        size_bytes: int,
    ) -> None:
        """Owe a copy of a bundle that is whole and on disk."""
        if self._is_on:
            repository.owe_copies(
                transaction,
                Kind.EVIDENCE,
                {_name(export_id, sha256): size_bytes},
                now_us=self._clock.now_us(),
                tenant_id=tenant_id,
            )

    def gone(
        self, transaction: Transaction, export_id: str, *, tenant_id: str, sha256: bytes
    ) -> None:
        """Owe the removal of the copy of a bundle that was deleted here, if copies are to follow."""
        if self._follows:
            repository.owe_removals(
                transaction,
                Kind.EVIDENCE,
                [_name(export_id, sha256)],
                now_us=self._clock.now_us(),
                tenant_id=tenant_id,
            )


def _name(export_id: str, sha256: bytes) -> str:
    return f"{export_id}/{sha256.hex()}"
