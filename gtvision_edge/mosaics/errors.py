"""What can go wrong with mosaics."""

from typing import ClassVar

from gtvision_edge.errors import EdgeError, ErrorKind


class UnknownMosaicError(EdgeError):
    """No mosaic with that id that the asker may see."""

    code: ClassVar[str] = "unknown_mosaic"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND
