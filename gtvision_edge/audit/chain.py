"""The hash chain: what is hashed, and how a stretch of it is checked. Pure functions."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Final

from gtvision_edge.audit.model import AuditEntry

GENESIS: Final = bytes(32)
"""What the first entry names as its predecessor's hash."""

SALT_BYTES: Final = 16


def canonical_json(value: object) -> str:
    """Write *value* as the one JSON text we hash: sorted keys, no white space, UTF-8 left as it is.

    Characters that UTF-8 cannot carry (lone surrogates) become ``?``: a log that refuses an entry loses it.

    Raises:
        ValueError: NaN or an infinity, which JSON has no word for.
        TypeError: something that is no JSON at all.

    """
    text = json.dumps(
        value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    )
    return text.encode("utf-8", "replace").decode("utf-8")


def canonical_entry(entry: AuditEntry) -> str:
    """Return the canonical JSON of *entry* but for its hashes and its salt."""
    members: Mapping[str, object] = {
        "seq": entry.seq,
        "at_us": entry.at_us,
        "actor": entry.actor,
        "actor_name": entry.actor_name,
        "tenant_id": entry.tenant_id,
        "action": entry.action,
        "subject": entry.subject,
        "address": entry.address,
        "details": json.loads(entry.details),
    }
    return canonical_json(members)


def entry_hash(entry: AuditEntry) -> bytes:
    """Return SHA-256 over the previous hash, the salt and the canonical JSON of *entry*'s other columns."""
    return hash_of(entry.previous_hash, entry.salt, canonical_entry(entry))


def hash_of(previous_hash: bytes, salt: bytes, canonical: str) -> bytes:
    """Return the hash of an entry whose canonical JSON is *canonical*."""
    return hashlib.sha256(previous_hash + salt + canonical.encode()).digest()


def check_stretch(
    entries: Iterable[AuditEntry], *, seq: int, head: bytes
) -> tuple[int, bytes, str]:
    """Check *entries*, which should follow the entry *seq* with hash *head*.

    Return the last good seq, its hash and, if the next one is not right, what is wrong with it ('' = nothing).
    """
    for entry in entries:
        if entry.seq != seq + 1:
            return seq, head, "is missing"
        if entry.previous_hash != head:
            return seq, head, "does not follow the entry before it"
        if not _is_as_written(entry):
            return seq, head, "was changed"
        seq, head = entry.seq, entry.hash
    return seq, head, ""


def _is_as_written(entry: AuditEntry) -> bool:
    try:
        canonical = canonical_json(json.loads(entry.details))
    except (ValueError, RecursionError):
        return False
    # Another spelling of the same JSON hashes alike, so the text itself is compared too.
    return (
        canonical == entry.details
        and len(entry.salt) == SALT_BYTES
        and entry_hash(entry) == entry.hash
    )
