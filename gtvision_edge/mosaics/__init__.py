"""Arrangements of cameras that people share."""

from gtvision_edge.mosaics.errors import UnknownMosaicError
from gtvision_edge.mosaics.model import Layout, Mosaic, MosaicId, MosaicPage
from gtvision_edge.mosaics.service import MosaicService

__all__ = ["Layout", "Mosaic", "MosaicId", "MosaicPage", "MosaicService", "UnknownMosaicError"]
