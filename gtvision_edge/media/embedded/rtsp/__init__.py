"""Serves live streams to RTSP readers over TCP: our paths to consumers, and the demo's cameras."""

from gtvision_edge.media.embedded.rtsp.authentication import Credentials
from gtvision_edge.media.embedded.rtsp.publication import Publication
from gtvision_edge.media.embedded.rtsp.server import Limits, RtspServer
from gtvision_edge.media.embedded.rtsp.tracks import TrackDescription

__all__ = ["Credentials", "Limits", "Publication", "RtspServer", "TrackDescription"]
