"""Which paths the cameras should have now, and whose each is."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from gtvision_edge.errors import EdgeError
from gtvision_edge.media.admission import Admissions, paths_of
from gtvision_edge.media.client import MediaServerClient, PathConf
from gtvision_edge.media.model import CameraDirectory, CameraOnAir
from gtvision_edge.media.paths import (
    PathRules,
    PathUse,
    Sources,
    desired_paths,
    differing_fields,
    path_name,
)
from gtvision_edge.runtime.clock import Clock


class ClaimDirectory(Protocol):
    """Makes a camera's directory its own, whether or not it records.

    False: another camera's lies there, and without *may_set_aside* it was left alone. Raises EdgeError when the directory
    cannot be claimed: the camera then goes on the air unrecorded.
    """

    async def __call__(self, camera: CameraOnAir, *, may_set_aside: bool) -> bool: ...


BREATHE_EVERY = 50
"""Cameras, a millisecond of work or two, after which others have their turn."""
ENDING_PATIENCE_S = 10.0
"""So long a camera waits for the streams, not only the configuration, of the one that had its name before."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The paths as they should be, by name, and what else came out on the way."""

    paths: dict[str, PathConf] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    """The uuid of each path's camera."""
    unclaimed: dict[str, str] = field(default_factory=dict)
    """Paths on the air whose camera's directory cannot be claimed, with the code of why."""
    left_behind: set[str] = field(default_factory=set)
    """Paths of others that stand in the way of a camera of their name."""


class WantedPaths:
    """Works out the paths of all cameras.

    *suspended* tells of cameras that must be left alone for now (wrong password: the media server would try every
    5 s, and cameras lock out who does). *recording_allowed* False switches the recording of a camera (by its id) off, its
    streams stay.
    """

    def __init__(
        self,
        client: MediaServerClient,
        cameras: CameraDirectory,
        rules: PathRules,
        *,
        clock: Clock,
        claim_directory: ClaimDirectory,
        admissions: Admissions,
        suspended: Callable[[str], bool] = lambda _: False,
        recording_allowed: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self._client = client
        self._cameras = cameras
        self._rules = rules
        self._clock = clock
        self._claim_directory = claim_directory
        self._admissions = admissions
        self._suspended = suspended
        self._recording_allowed = recording_allowed
        self._ending: dict[str, float] = {}
        self._made: dict[str, tuple[tuple[str, Sources, bool], Mapping[str, PathConf]]] = {}
        """By the camera's uuid: what its paths were made of, and they."""

    async def work_out(self, actual: Mapping[str, PathConf]) -> Wanted:
        """Return what is wanted while the server has the configured paths *actual*.

        A camera under whose name the server still has another one's paths gets none until those have ended: it must
        neither show that one's picture nor have its footage in its own directory.

        Raises:
            MediaServerUnavailableError, MediaServerRefusedError: the server does not tell which paths still run.

        """
        wanted = Wanted()
        cameras = self._cameras.all_cameras()
        known = {camera.camera_uuid for camera in cameras}
        self._made = {uuid: made for uuid, made in self._made.items() if uuid in known}
        self._ending = {uuid: until for uuid, until in self._ending.items() if uuid in known}
        for number, camera in enumerate(cameras, 1):
            if number % BREATHE_EVERY == 0:
                await asyncio.sleep(0)  # nothing else here waits when all is as it was
            await self._add(wanted, camera, actual)
        return wanted

    async def _add(
        self, wanted: Wanted, camera: CameraOnAir, actual: Mapping[str, PathConf]
    ) -> None:
        strange = await self._strange_paths(camera, actual)
        # Also of a camera that is not recorded: what its predecessor of the same name left is not its own.
        allowed = not strange and self._recording_allowed(camera.camera_id)
        present = paths_of(camera, actual)
        claimed = allowed and await self._claim(wanted, camera, may_set_aside=not present)
        recorded = path_name(camera.camera_id, PathUse.RECORD)
        if allowed and not claimed and recorded not in wanted.unclaimed:
            strange = present  # they record into the directory, which is another camera's
        if strange:
            if present or camera.camera_uuid not in self._ending:
                self._ending[camera.camera_uuid] = self._clock.monotonic() + ENDING_PATIENCE_S
            wanted.left_behind.update(strange)
            return
        self._ending.pop(camera.camera_uuid, None)
        main = self._cameras.stream_url(camera.camera_id, "main")
        if not camera.enabled or main is None or self._suspended(camera.camera_id):
            return
        sources = Sources(main, self._cameras.stream_url(camera.camera_id, "sub"))
        record = claimed and camera.record
        paths = self._paths_for(camera, sources, record=record)
        wanted.paths.update(paths)
        wanted.owners.update(dict.fromkeys(paths, camera.camera_uuid))

    def _paths_for(
        self, camera: CameraOnAir, sources: Sources, *, record: bool
    ) -> Mapping[str, PathConf]:
        """Return the camera's wanted paths; the very same objects while nothing changed, which makes comparing them cheap."""
        key = (camera.camera_id, sources, record)
        made = self._made.get(camera.camera_uuid)
        if made is None or made[0] != key:
            paths = desired_paths(camera.camera_id, sources, self._rules, record=record)
            made = self._made[camera.camera_uuid] = (key, paths)
        return made[1]

    async def _strange_paths(self, camera: CameraOnAir, actual: Mapping[str, PathConf]) -> set[str]:
        """Return the paths under the camera's name that are another's, configured or not quite ended."""
        present = paths_of(camera, actual)
        until = self._ending.get(camera.camera_uuid)
        if until is not None:
            # Without limit a path that somebody publishes by hand under such a name would keep the camera off the air.
            if self._clock.monotonic() < until:
                present |= paths_of(camera, await self._client.runtime_paths())
            return present
        if self._admissions.is_anothers(camera):
            return present
        name = path_name(camera.camera_id, PathUse.RECORD)
        main = self._cameras.stream_url(camera.camera_id, "main")
        if self._admissions.is_known(camera) or main is None or name not in actual:
            return set()
        # Left by a daemon before us: whose these are only the address tells.
        wanted = desired_paths(camera.camera_id, Sources(main, None), self._rules, record=False)
        return present if "source" in differing_fields(wanted[name], actual[name]) else set()

    async def _claim(self, wanted: Wanted, camera: CameraOnAir, *, may_set_aside: bool) -> bool:
        """Return whether the camera's directory is its own, so that its path may record into it."""
        try:
            return await self._claim_directory(camera, may_set_aside=may_set_aside)
        except EdgeError as error:
            wanted.unclaimed[path_name(camera.camera_id, PathUse.RECORD)] = error.code
            return False
