"""The hash-chained log of what people and the box did; everyone above may append."""

from gtvision_edge.audit.log import AuditLog
from gtvision_edge.audit.model import (
    COMMAND_LINE,
    SYSTEM,
    Actor,
    AuditEntry,
    AuditFilter,
    AuditPage,
    Checkpoint,
    Verification,
)

__all__ = [
    "COMMAND_LINE",
    "SYSTEM",
    "Actor",
    "AuditEntry",
    "AuditFilter",
    "AuditLog",
    "AuditPage",
    "Checkpoint",
    "Verification",
]
