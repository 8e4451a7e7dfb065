"""Words that people wrote, and plates: kept where nothing is ever deleted, so they are kept sealed."""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from gtvision_edge.errors import EdgeError

SEALED: Final = "sealed"
"""The key under which an entry's details hold them."""
_BOUND_TO: Final = "words in the audit log"

Seal = Callable[[str, str], bytes]
"""Encrypts a text, bound to whose it is."""
Unseal = Callable[[str, bytes], str]
"""Opens it again; raises an EdgeError with another key than it was sealed with."""


class SealedWords:
    """Seals words, each under its name, and opens them for those who may read them.

    An entry of the log stays for ever, and so would a plate in it; sealed, a byte search of the database finds neither it nor what
    was written about it, and the log's hashes hold for what is stored. Without the key of that time they stay sealed.
    """

    def __init__(self, *, seal: Seal, unseal: Unseal) -> None:
        self._seal = seal
        self._unseal = unseal

    def close(self, **words: str) -> str:
        """Return *words* sealed, as ASCII text."""
        return base64.b64encode(self._seal(_BOUND_TO, json.dumps(words))).decode()

    def open(self, closed: str) -> dict[str, str] | None:
        """Return what :meth:`close` was given; None: the key is another one, or they are no sealed words."""
        try:
            return dict(json.loads(self._unseal(_BOUND_TO, base64.b64decode(closed))))
        except (EdgeError, ValueError):
            return None

    def reveal(self, details: Mapping[str, Any]) -> dict[str, Any]:
        """Return an entry's *details* with its words in clear; as they are where they do not open."""
        closed = details.get(SEALED)
        words = self.open(closed) if isinstance(closed, str) else None
        if words is None:
            return dict(details)
        return {name: value for name, value in details.items() if name != SEALED} | words
