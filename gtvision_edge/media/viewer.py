"""Who watches what, as the gateway found out for one request."""

from dataclasses import dataclass

from gtvision_edge.accounts import Session
from gtvision_edge.media.model import CameraOnAir
from gtvision_edge.media.paths import PathUse


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks for what; the same for all requests of one player."""

    session: Session
    camera: CameraOnAir
    use: PathUse
    path: str
    """The media server's name for camera and use, such as ``cam01_live``."""
    who: str
    """Tells viewers of one path apart in the audit log: by login and address. Opaque."""
    address: str
    """Where he is, as IP address; behind a trusted proxy that of its client."""
    query: str
    """What the addresses that he gets must carry on, as ``s=…`` without question mark; '' = he has a cookie or header for it."""
