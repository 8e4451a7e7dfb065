"""Checks what a bundle proves by the site's audit log: its history, and that its originals were sealed when recorded."""

from typing import Any, Protocol

from gtvision_edge.audit import BadProofError, check_entry_document, read_checkpoint
from gtvision_edge.keys import SitePublicKey
from gtvision_edge.recordings.evidence import layout
from gtvision_edge.recordings.evidence.claims import Manifest, OddDocumentError, read_history
from gtvision_edge.recordings.seals.proof import check_whole_segment


class Blame(Protocol):
    """Where faults and remarks go."""

    sealed: int
    """Originals that are proven to be what was sealed."""

    def blame(self, path: str, code: str, **facts: Any) -> None: ...

    def remark(self, code: str, **facts: Any) -> None: ...


def check_bundle_proofs(manifest: Manifest, history: bytes, signer: bytes, verdict: Blame) -> None:
    """Check history and seals of the bundle that *signer* (a raw key) signed."""
    key = SitePublicKey(manifest.key.name, signer)
    try:
        told = read_history(history)
    except OddDocumentError:
        verdict.blame(layout.HISTORY, "odd_history")
        return
    checkpoint = told.checkpoint
    if not checkpoint:
        verdict.remark("no_proofs")
        return
    try:
        read_checkpoint(checkpoint, key)
        for entry in told.entries:
            check_entry_document(entry, checkpoint, key)
    except BadProofError as error:
        verdict.blame(layout.HISTORY, "proof_fails", why=error.message)
        return
    unsealed = 0
    for camera in manifest.cameras:
        for original in camera.originals:
            if original.seal is None:
                unsealed += 1
                continue
            try:
                facts = check_whole_segment(original.seal, checkpoint, key).facts
            except BadProofError as error:
                verdict.blame(original.path, "seal_fails", why=error.message)
                continue
            sealed = facts.sha256.hex()
            if facts.camera_uuid != camera.camera_uuid or sealed not in (
                original.sha256,
                original.ingest_sha256,
            ):
                verdict.blame(original.path, "not_sealed_so")
            elif sealed == original.sha256:
                verdict.sealed += 1
            # Else the manifest says itself that the file is no longer what was sealed; that is remarked with its name.
    if unsealed:
        verdict.remark("unsealed", count=unsealed)
