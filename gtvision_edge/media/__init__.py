"""The media server as this box uses it: wanted paths, their reconciliation, and the gateway in front of its streams."""
