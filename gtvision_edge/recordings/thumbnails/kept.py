"""The pictures that were asked for last, so that a pointer moved to and fro over a timeline costs no decoding."""

from collections import OrderedDict
from typing import Final

from gtvision_edge.media.posters import Picture

MAX_BYTES: Final = 16 * 2**20
"""A thousand thumbnails, or a dozen snapshots of 4K."""

Key = tuple[int, int, int, int]


class KeptPictures:
    """Holds at most *most_bytes* of pictures; the one that nobody asked for the longest goes first."""

    def __init__(self, most_bytes: int = MAX_BYTES) -> None:
        self._most_bytes = most_bytes
        self._pictures: OrderedDict[Key, Picture] = OrderedDict()
        self._bytes = 0

    @property
    def size_bytes(self) -> int:
        return self._bytes

    def find(self, key: Key) -> Picture | None:
        """Return the picture, as the one that was asked for last; None if it is not held."""
        picture = self._pictures.get(key)
        if picture is not None:
            self._pictures.move_to_end(key)
        return picture

    def keep(self, key: Key, picture: Picture) -> None:
        """Hold *picture*; one that is larger than all the room is not held."""
        former = self._pictures.pop(key, None)
        if former is not None:
            self._bytes -= len(former.jpeg)
        if len(picture.jpeg) > self._most_bytes:
            return
        self._pictures[key] = picture
        self._bytes += len(picture.jpeg)
        while self._bytes > self._most_bytes:
            _, oldest = self._pictures.popitem(last=False)
            self._bytes -= len(oldest.jpeg)
