"""Whoever keeps copies of pictures elsewhere is told in the transaction by which readings come to have them, or have them no more."""

from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from gtvision_edge.storage import Transaction


class Copies(Protocol):
    """Writes, in a transaction, what is owed to another place."""

    def came(self, transaction: Transaction, sizes: Mapping[str, int], /) -> None:
        """Hear of pictures that no reading had before, by name, and their bytes."""
        ...

    def left(self, transaction: Transaction, names: Iterable[str], /) -> None:
        """Hear of pictures that no reading has any more."""
        ...


class NoCopies:
    """Keeps none."""

    def came(self, transaction: Transaction, sizes: Mapping[str, int], /) -> None: ...
    def left(self, transaction: Transaction, names: Iterable[str], /) -> None: ...


NO_COPIES: Final = NoCopies()
