"""RTSP addresses, one strategy per vendor."""
