"""Threads that read recordings."""

from typing import ClassVar

from gtvision_edge.errors import EdgeError
from gtvision_edge.recordings.errors import VolumeHangsError
from gtvision_edge.runtime.disk import DiskThreads as AnyDiskThreads


class DiskThreads(AnyDiskThreads):
    """Those of the recordings' volume: what hangs is that."""

    hangs: ClassVar[type[EdgeError]] = VolumeHangsError
