"""Camera passwords at rest: sealed with a key that is not in the database."""

import os
import stat
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gtvision_edge.cameras.errors import BrokenCameraKeyError, CameraKeyLostError
from gtvision_edge.cameras.model import CameraUuid
from gtvision_edge.runtime.durable import write_whole

KEY_NAME: Final = "camera.key"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class PasswordSealer:
    """Seals with AES-256-GCM: nonce, text, tag. A sealed password opens for the camera it was sealed for alone."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, camera_uuid: CameraUuid, password: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, password.encode(), _bound_to(camera_uuid))

    def unseal(self, camera_uuid: CameraUuid, sealed: bytes) -> str:
        """Return the password.

        Raises:
            CameraKeyLostError: it was sealed with another key, or was tampered with.

        """
        nonce, text = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, text, _bound_to(camera_uuid)).decode()
        except (InvalidTag, ValueError) as error:
            raise CameraKeyLostError(
                f"The stored password cannot be opened with {KEY_NAME}: put the old key file back, "
                "or enter the password again."
            ) from error


def open_sealer(state_dir: Path) -> PasswordSealer:
    """Read the key file in *state_dir*, making it (0600) at the first start. Blocks: call it in a thread.

    Raises:
        BrokenCameraKeyError: the file is no key or cannot be read or made.

    """
    path = state_dir / KEY_NAME
    try:
        if path.exists():
            path.chmod(stat.S_IRUSR | stat.S_IWUSR)
        else:
            write_whole(path, os.urandom(_KEY_BYTES))
        key = path.read_bytes()
    except OSError as error:
        raise BrokenCameraKeyError(
            f"{path} cannot be read or made: {error.strerror}.", path=str(path)
        ) from error
    if len(key) != _KEY_BYTES:
        raise BrokenCameraKeyError(
            f"{path} is no key of {_KEY_BYTES} bytes: restore it from a backup, or remove it and "
            "enter all camera passwords again.",
            path=str(path),
        )
    return PasswordSealer(key)


def _bound_to(camera_uuid: CameraUuid) -> bytes:
    return b"gtvision-edge camera password v1\0" + camera_uuid.encode()
