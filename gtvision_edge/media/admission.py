"""Which paths of the media server are known to be a camera's own, so that they may be shown and counted as its picture."""

from collections.abc import Container, Iterable, Mapping

from gtvision_edge.media.model import CameraOnAir
from gtvision_edge.media.paths import PathUse, path_name, path_names


class Admissions:
    """Remembers by path name the uuid of the camera for which the reconciler last saw the path right.

    A path carries a camera's readable id, and another camera, perhaps of another tenant, may come under the same id
    while the media server still has the old one's stream: until it was seen right for the new one, it is not the new one's.
    """

    def __init__(self) -> None:
        self._owners: dict[str, str] = {}

    def admits(self, camera: CameraOnAir, use: PathUse) -> bool:
        """Tell whether the path of that use shows this very camera."""
        return self._owners.get(path_name(camera.camera_id, use)) == camera.camera_uuid

    def is_anothers(self, camera: CameraOnAir) -> bool:
        """Tell whether a path under the camera's name was last another camera's, and was not seen to end."""
        return bool(self._owners_of(camera) - {camera.camera_uuid})

    def is_known(self, camera: CameraOnAir) -> bool:
        """Tell whether it is known whose any path under the camera's name is."""
        return bool(self._owners_of(camera))

    def confirm(self, right: Mapping[str, str]) -> None:
        """Note the paths seen right, with the uuids of their cameras."""
        self._owners |= right

    def forget_all_but(self, names: Iterable[str]) -> None:
        """Forget paths that the media server has no more."""
        kept = set(names)
        self._owners = {name: uuid for name, uuid in self._owners.items() if name in kept}

    def _owners_of(self, camera: CameraOnAir) -> set[str]:
        names = path_names(camera.camera_id)
        return {self._owners[name] for name in names if name in self._owners}


def paths_of(camera: CameraOnAir, names: Container[str]) -> set[str]:
    """Return those of *names* that are paths under the camera's id."""
    return {name for name in path_names(camera.camera_id) if name in names}
