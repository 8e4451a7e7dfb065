"""What can go wrong with the file system that holds recordings."""

from typing import ClassVar

from gtvision_edge.errors import EdgeError, ErrorKind


class VolumeError(EdgeError):
    """Nothing can be recorded to the volume now."""

    code: ClassVar[str] = "volume_unusable"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE


class VolumeMissingError(VolumeError):
    """The volume's marker is not there: the disk is not mounted, or was emptied."""

    code: ClassVar[str] = "volume_missing"


class VolumeForeignError(VolumeError):
    """The mounted volume belongs to another site."""

    code: ClassVar[str] = "volume_foreign"


class VolumeUnwritableError(VolumeError):
    """The volume cannot be written: read-only, no permission, full, or failing."""

    code: ClassVar[str] = "volume_unwritable"


class VolumeHangsError(VolumeError):
    """The volume has not answered a simple read for long."""

    code: ClassVar[str] = "volume_hangs"


class VolumeMarkerOddError(VolumeError):
    """The marker at the volume's root is damaged, or something else: whose the volume is cannot be told."""

    code: ClassVar[str] = "volume_marker_odd"


class VolumeNoteDamagedError(VolumeError):
    """The site's own note of which volume it records to is damaged, and no volume of the site is mounted."""

    code: ClassVar[str] = "volume_note_damaged"


class VolumeStillMountedError(EdgeError):
    """The disk that was to take the place of the old one is the old one."""

    code: ClassVar[str] = "nothing_to_adopt"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class VolumeChangedError(EdgeError):
    """Between the question and the answer another disk came or went."""

    code: ClassVar[str] = "disk_changed_meanwhile"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class VolumeFullError(VolumeError):
    """The right volume is there, with no room left."""

    code: ClassVar[str] = "volume_full"


class UnknownSegmentError(EdgeError):
    """There is no such segment, or not any more."""

    code: ClassVar[str] = "unknown_segment"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class NoFootageError(EdgeError):
    """Nothing was recorded there."""

    code: ClassVar[str] = "no_footage"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class SpanTooLongError(EdgeError):
    """The interval is longer than this can be asked for at once; ``longest_s`` says how long it may be."""

    code: ClassVar[str] = "span_too_long"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class PicturesBusyError(EdgeError):
    """More pictures of recordings are asked for than this box can make now."""

    code: ClassVar[str] = "pictures_busy"
    kind: ClassVar[ErrorKind] = ErrorKind.TOO_MANY
