"""Whoever keeps copies of bundles elsewhere is told in the transaction by which one is done, or is there no more."""

from typing import Final, Protocol

from gtvision_edge.storage import Transaction


class Copies(Protocol):
    """Writes, in a transaction, what is owed to another place."""

    def made(
        self,
        transaction: Transaction,
        export_id: str,
        *,
        tenant_id: str,
        sha256: bytes,
        size_bytes: int,
    ) -> None:
        """Hear of a bundle that is whole and on disk."""
        ...

    def gone(
        self, transaction: Transaction, export_id: str, *, tenant_id: str, sha256: bytes
    ) -> None:
        """Hear of a bundle that is deleted here: by a person, or its time is over."""
        ...


class NoCopies:
    """Keeps none."""

    def made(
        self,
        transaction: Transaction,
        export_id: str,
        *,
        tenant_id: str,
        sha256: bytes,
        size_bytes: int,
    ) -> None: ...
    def gone(
        self, transaction: Transaction, export_id: str, *, tenant_id: str, sha256: bytes
    ) -> None: ...


NO_COPIES: Final = NoCopies()
