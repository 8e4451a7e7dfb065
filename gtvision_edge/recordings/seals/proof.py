"""What is hashed of a segment, and proofs that leave the box: file → seal → audit entry → checkpoint. Pure functions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gtvision_edge.audit import BadProofError, EntryProof, check_entry_document, entry_document
from gtvision_edge.audit.tree import leaf_hash, verify_inclusion
from gtvision_edge.keys import SitePublicKey
from gtvision_edge.recordings.seals.model import SealedFacts, SegmentProof

ACTION: Final = "footage.sealed"


def sealed_text(facts: SealedFacts) -> str:
    """Return the text whose RFC 6962 leaf hash stands in the seal."""
    return (
        f"gtvision-edge-segment-v1\n{facts.camera_uuid}\n{facts.name_us}\n"
        f"{facts.size_bytes}\n{facts.sha256.hex()}\n"
    )


def leaf_of(facts: SealedFacts) -> bytes:
    return leaf_hash(sealed_text(facts).encode())


def segment_document(proof: SegmentProof) -> dict[str, Any]:
    """Return the way from a segment to the root that the audit entry ``audit_seq`` names."""
    return {
        "segment_id": str(proof.segment_id),
        "camera_uuid": proof.facts.camera_uuid,
        "name_us": proof.facts.name_us,
        "size_bytes": proof.facts.size_bytes,
        "sha256": proof.facts.sha256.hex(),
        "index": proof.index,
        "size": proof.size,
        "path": [node.hex() for node in proof.path],
        "root": proof.root.hex(),
        "audit_seq": proof.audit_seq,
    }


def whole_segment_document(proof: SegmentProof, entry: EntryProof) -> dict[str, Any]:
    """Return :func:`segment_document` with the proof of its audit entry in it, as ``entry``."""
    return segment_document(proof) | {"entry": entry_document(entry)}


def check_whole_segment(
    document: Mapping[str, Any], checkpoint: str, key: SitePublicKey
) -> "ProvenSegment":
    """Return what a document of :func:`whole_segment_document` proves of a file, under a checkpoint of *key*.

    Raises:
        BadProofError: it proves nothing.

    """
    try:
        entry = check_entry_document(document["entry"], checkpoint, key)
        return _check_segment(document, entry)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadProofError("The proof is damaged.") from error


@dataclass(frozen=True, slots=True)
class ProvenSegment:
    """A file of this content was recorded by that camera, and sealed at *sealed_us* by the site's clock."""

    segment_id: str
    facts: SealedFacts
    sealed_us: int
    audit_seq: int


def _check_segment(document: Mapping[str, Any], entry: Mapping[str, Any]) -> ProvenSegment:
    segment_id, seq = str(document["segment_id"]), int(document["audit_seq"])
    facts = SealedFacts(
        str(document["camera_uuid"]),
        int(document["name_us"]),
        int(document["size_bytes"]),
        bytes.fromhex(document["sha256"]),
    )
    if entry["seq"] != seq or entry["action"] != ACTION:
        raise BadProofError(f"Segment {segment_id}: its seal is not proven.")
    details = entry["details"]
    root = bytes.fromhex(document["root"])
    if details["root"] != root.hex() or details["segments"] != int(document["size"]):
        raise BadProofError(f"Segment {segment_id}: the log names another seal.")
    path = [bytes.fromhex(each) for each in document["path"]]
    if not verify_inclusion(
        leaf_of(facts), int(document["index"]), int(document["size"]), path, root
    ):
        raise BadProofError(f"Segment {segment_id} is not in its seal.")
    return ProvenSegment(segment_id, facts, int(entry["at_us"]), seq)
