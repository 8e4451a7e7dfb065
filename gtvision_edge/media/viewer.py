"""Who watches what, as the gateway found out for one request."""

from dataclasses import dataclass

from gtvision_edge.accounts import Session
from gtvision_edge.media.model import CameraOnAir
from gtvision_edge.media.paths import PathUse


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks for what. ``query`` is what the addresses that he gets must carry on."""

    session: Session
    camera: CameraOnAir
    use: PathUse
    path: str
    who: str
    address: str
    query: str
