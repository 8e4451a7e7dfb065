"""What is watched for trouble, as the parts that know it say."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

from gtvision_edge.cameras.model import CameraState, StateEntry
from gtvision_edge.push.model import Condition, Sighting, Topic
from gtvision_edge.runtime.findings import FindingSource

HUB_BEHIND: Final = "hub_far_behind"
"""The code of findings; with ``queue`` it is the hub that does not take up what it got."""
ARCHIVE_BEHIND: Final = "archive_far_behind"


class WatchedCamera(Protocol):
    @property
    def camera_id(self) -> str: ...
    @property
    def camera_uuid(self) -> str: ...
    @property
    def enabled(self) -> bool: ...
    @property
    def record(self) -> bool: ...


class Cameras(Protocol):
    """The site's cameras, in memory."""

    def all_cameras(self) -> Sequence[WatchedCamera]: ...


class Monitor(Protocol):
    """Whoever knows the state of each camera."""

    def state_of(self, camera_id: str) -> StateEntry: ...


class SiteWatch:
    """Looks at the whole site, in memory."""

    def __init__(
        self,
        cameras: Cameras,
        monitor: Monitor,
        *,
        recording_trouble: Callable[[], str],
        hub: FindingSource,
        archive: FindingSource,
    ) -> None:
        """*recording_trouble* gives the code of what keeps every camera from being recorded, '' when nothing does."""
        self._cameras = cameras
        self._monitor = monitor
        self._recording_trouble = recording_trouble
        self._hub = hub
        self._archive = archive

    def __call__(self) -> Iterable[Sighting]:
        trouble = self._recording_trouble()
        yield _site_wide(Topic.STORAGE, trouble)
        behind = [
            "hub_queue_deep" if "queue" in each.facts else "hub_backlog"
            for each in self._hub()
            if each.code == HUB_BEHIND
        ]
        yield _site_wide(Topic.HUB, behind[0] if behind else "")
        is_behind = any(each.code == ARCHIVE_BEHIND for each in self._archive())
        yield _site_wide(Topic.ARCHIVE, "archive_backlog" if is_behind else "")
        for camera in self._cameras.all_cameras():
            if camera.enabled and camera.record:
                entry = self._monitor.state_of(camera.camera_id)
                yield _camera(camera.camera_uuid, entry, has_larger_trouble=bool(trouble))


def _site_wide(topic: Topic, code: str) -> Sighting:
    return Sighting(topic, topic.value, Condition.TROUBLED if code else Condition.WELL, code)


def _camera(camera_uuid: str, entry: StateEntry, *, has_larger_trouble: bool) -> Sighting:
    condition = Condition.TROUBLED
    if entry.state is CameraState.RECORDING:
        condition = Condition.WELL
    elif entry.state in (CameraState.UNKNOWN, CameraState.DISABLED) or (
        # Where nothing is recorded at all, that is told, and not each camera.
        has_larger_trouble and entry.state is CameraState.ONLINE_NOT_RECORDING
    ):
        condition = Condition.UNDECIDED
    return Sighting(Topic.CAMERAS, camera_uuid, condition, entry.state.value, entry.since_us)
