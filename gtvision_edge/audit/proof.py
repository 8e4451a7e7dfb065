"""Proofs of single entries as documents that leave the box, and how they are checked without it. Pure functions."""

import json
from collections.abc import Mapping
from typing import Any, Final

from gtvision_edge.audit.chain import canonical_entry, hash_of
from gtvision_edge.audit.checkpoint import read_checkpoint
from gtvision_edge.audit.errors import BadProofError
from gtvision_edge.audit.model import EntryProof
from gtvision_edge.audit.tree import leaf_hash, verify_inclusion
from gtvision_edge.keys import SitePublicKey

FORMAT: Final = "gtvision-edge-entry-proof-v1"


def entry_document(proof: EntryProof) -> dict[str, Any]:
    """Return what a stranger needs besides the checkpoint over ``proof.head``.

    ``sha256(previous_hash + salt + entry)`` is the entry's hash, ``sha256(0x00 + hash)`` the leaf at ``index``.
    """
    return {
        "format": FORMAT,
        "entry": canonical_entry(proof.entry),
        "salt": proof.entry.salt.hex(),
        "previous_hash": proof.entry.previous_hash.hex(),
        "hash": proof.entry.hash.hex(),
        "index": proof.entry.seq - 1,
        "size": proof.head.size,
        "root": proof.head.root.hex(),
        "path": [each.hex() for each in proof.path],
    }


def check_entry_document(
    document: Mapping[str, Any], checkpoint: str, key: SitePublicKey
) -> dict[str, Any]:
    """Return the members of the entry that *document* proves to be in the log of which *key* signed *checkpoint*.

    Raises:
        BadProofError: it does not prove that.

    """
    head = read_checkpoint(checkpoint, key)
    try:
        text, index = str(document["entry"]), int(document["index"])
        previous, salt, claimed = (
            bytes.fromhex(document[name]) for name in ("previous_hash", "salt", "hash")
        )
        path = [bytes.fromhex(each) for each in document["path"]]
        entry = json.loads(text)
        seq = entry["seq"]
        hashed = hash_of(previous, salt, text)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise BadProofError("The proof is damaged.") from error
    if hashed != claimed:
        raise BadProofError("The entry is not the one that was hashed.")
    if seq != index + 1:
        raise BadProofError("The entry stands at another place in the log.")
    if not verify_inclusion(leaf_hash(claimed), index, head.size, path, head.root):
        raise BadProofError("The entry is not in the log that the checkpoint signs.")
    return dict(entry)
