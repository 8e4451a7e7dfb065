"""What goes wrong with cameras. Messages never carry a URL, a user name or a password."""

from typing import ClassVar

from gtvision_edge.errors import EdgeError, ErrorKind, FatalError


class UnknownCameraError(EdgeError):
    """No camera with that id exists for who asks."""

    code: ClassVar[str] = "unknown_camera"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class CameraExistsError(EdgeError):
    """Another camera of this site has that id."""

    code: ClassVar[str] = "camera_exists"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class CameraChangedMeanwhileError(EdgeError):
    """Someone else changed the camera while the change was being checked; nothing was stored."""

    code: ClassVar[str] = "camera_changed_meanwhile"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class UnknownVendorError(EdgeError):
    """No URL strategy has that key."""

    code: ClassVar[str] = "unknown_vendor"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class InvalidAddressError(EdgeError):
    """The host, port, channel or typed address cannot be one. ``field`` names it."""

    code: ClassVar[str] = "invalid_address"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class CameraKeyLostError(EdgeError):
    """A camera's stored password cannot be opened: the key file is another one than it was sealed with."""

    code: ClassVar[str] = "camera_key_lost"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class BrokenCameraKeyError(FatalError):
    """The key file of the camera passwords is there but is no key."""

    code: ClassVar[str] = "broken_camera_key"


class ProbeBusyError(EdgeError):
    """Too many cameras are being probed at this moment."""

    code: ClassVar[str] = "probe_busy"
    kind: ClassVar[ErrorKind] = ErrorKind.TOO_MANY


class CameraError(EdgeError):
    """A camera did not do what we asked; the subclass says how."""

    code: ClassVar[str] = "camera_error"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE


class CameraUnauthorizedError(CameraError):
    """The camera refused user and password; ``via`` tells where: ``onvif`` or ``rtsp``. Asking again soon may lock us out."""

    code: ClassVar[str] = "camera_unauthorized"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class CameraUnsupportedAuthError(CameraError):
    """The camera wants a kind of login we do not speak; the password may well be right."""

    code: ClassVar[str] = "camera_unsupported_auth"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class CameraPathNotFoundError(CameraError):
    """The camera answers, but has no stream under this path."""

    code: ClassVar[str] = "camera_path_not_found"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class CameraUnreachableError(CameraError):
    """Nothing listens there, or no route leads there."""

    code: ClassVar[str] = "camera_unreachable"


class CameraNameUnresolvedError(CameraError):
    """The camera's host name is not known to the name service."""

    code: ClassVar[str] = "camera_name_unresolved"


class CameraTimeoutError(CameraError):
    """The camera did not answer in time."""

    code: ClassVar[str] = "camera_timeout"


class CameraBusyError(CameraError):
    """The camera has no session or bandwidth left for us."""

    code: ClassVar[str] = "camera_busy"


class CameraNoVideoError(CameraError):
    """The stream has no video track."""

    code: ClassVar[str] = "camera_no_video"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class CameraNoDataError(CameraError):
    """The stream was opened but no picture came."""

    code: ClassVar[str] = "camera_no_data"


class OnvifNotSupportedError(CameraError):
    """What answers on the ONVIF port is no ONVIF device, or one that has it switched off."""

    code: ClassVar[str] = "onvif_not_supported"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class OnvifBadResponseError(CameraError):
    """The ONVIF device's answer is broken, too large, or would lead us elsewhere; nothing of it was used."""

    code: ClassVar[str] = "onvif_bad_response"


class DiscoveryBusyError(EdgeError):
    """Somebody of this site is already looking for cameras."""

    code: ClassVar[str] = "discovery_busy"
    kind: ClassVar[ErrorKind] = ErrorKind.TOO_MANY


class DiscoveryImpossibleError(EdgeError):
    """Nobody could be asked at all; ``reason`` is ``no_interface``, or the system's word, such as ``ENETUNREACH``."""

    code: ClassVar[str] = "discovery_impossible"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE


class CameraBadResponseError(CameraError):
    """What answered does not speak RTSP as we know it."""

    code: ClassVar[str] = "camera_bad_response"
