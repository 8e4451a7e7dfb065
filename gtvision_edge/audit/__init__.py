"""The hash-chained log of what people and the box did; everyone above may append."""

from gtvision_edge.audit.checkpoint import read_checkpoint, write_checkpoint
from gtvision_edge.audit.errors import BadProofError, DamagedTreeError, UnknownEntryError
from gtvision_edge.audit.log import AuditLog
from gtvision_edge.audit.model import (
    COMMAND_LINE,
    SYSTEM,
    Actor,
    AuditEntry,
    AuditFilter,
    AuditPage,
    Checkpoint,
    EntryProof,
    TreeHead,
    Verification,
)
from gtvision_edge.audit.patient import PatientAudit, ShownEntry
from gtvision_edge.audit.proof import check_entry_document, entry_document
from gtvision_edge.audit.words import SEALED, SealedWords

__all__ = [
    "COMMAND_LINE",
    "SEALED",
    "SYSTEM",
    "Actor",
    "AuditEntry",
    "AuditFilter",
    "AuditLog",
    "AuditPage",
    "BadProofError",
    "Checkpoint",
    "DamagedTreeError",
    "EntryProof",
    "PatientAudit",
    "SealedWords",
    "ShownEntry",
    "TreeHead",
    "UnknownEntryError",
    "Verification",
    "check_entry_document",
    "entry_document",
    "read_checkpoint",
    "write_checkpoint",
]
