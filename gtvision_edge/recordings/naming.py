"""Which recorded cameras there are for a person, and by what names."""

from collections.abc import Iterable

from gtvision_edge.accounts import Principal
from gtvision_edge.recordings.model import RecordedCamera


def may_see(principal: Principal, camera_id: str, tenant_id: str | None) -> bool:
    """Tell whether footage exists for a person; that of nobody known is for people of the whole site."""
    if tenant_id is None:
        return principal.is_of_whole_site
    return principal.may_see_camera(camera_id, tenant_id)


def by_name(cameras: Iterable[RecordedCamera]) -> dict[str, RecordedCamera]:
    """Return *cameras* by what they may be called: each by its uuid, those that were not removed by their id, too.

    So a camera stands there twice: who makes a list of it must not (:meth:`SegmentIndex.named`).
    """
    known: dict[str, RecordedCamera] = {}
    for camera in cameras:
        known[camera.camera_uuid] = camera
        if camera.removed_us is None:
            known[camera.camera_id] = camera
    return known
