"""The plates that people want to hear of: a tenant's own list, by hand and by the table."""

from gtvision_edge.detections.watchlist.service import NewWatch, WatchChanges, Watchlist

__all__ = ["NewWatch", "WatchChanges", "Watchlist"]
