"""Seals: each hour, what was recorded goes into the audit log as one root, so that no later hand can change a file and its row."""

from gtvision_edge.recordings.seals.checking import check_seals
from gtvision_edge.recordings.seals.model import SealFault, SealReport, SegmentProof
from gtvision_edge.recordings.seals.proof import segment_document
from gtvision_edge.recordings.seals.service import FootageSeals

__all__ = [
    "FootageSeals",
    "SealFault",
    "SealReport",
    "SegmentProof",
    "check_seals",
    "segment_document",
]
