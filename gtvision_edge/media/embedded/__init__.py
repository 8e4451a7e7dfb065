"""A small media server for boxes without MediaMTX: the same API subset, the same files, the same HLS."""
