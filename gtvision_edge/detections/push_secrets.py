"""The secrets by which a camera's pushes are known: made here, sealed at rest, two at a time while an integrator changes them."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from gtvision_edge.cameras.errors import CameraKeyLostError
from gtvision_edge.detections import repository
from gtvision_edge.detections.sources.signatures import PREFIX
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.storage import Database, Transaction

log = structlog.get_logger(__name__)

SECRET_BYTES: Final = 32
OVERLAP_US: Final = 7 * 86_400_000_000
"""The secret before is good for so long after a new one was made."""
FOLLOW_EVERY_S: Final = 5.0
_PATH_LABEL: Final = b"gtvision-edge push path v1"

Seal = Callable[[str, str], bytes]
Unseal = Callable[[str, bytes], str]


@dataclass(frozen=True, slots=True)
class PushSecret:
    """A secret as people copy it (``whsec_`` and base64); *expires_us* None: the present one."""

    text: str
    made_us: int
    expires_us: int | None


class PushSecrets:
    """Holds all secrets of the site in memory; what :meth:`renew` returns is on disk.

    *seal* and *unseal* are given a camera's uuid and the secret.
    """

    def __init__(self, database: Database, clock: Clock, *, seal: Seal, unseal: Unseal) -> None:
        self._database = database
        self._clock = clock
        self._seal = seal
        self._unseal = unseal
        self._by_camera: dict[str, tuple[PushSecret, ...]] = {}
        self._paths: Mapping[str, str] = {}

    async def load(self) -> None:
        """Read all secrets; one that the cameras' key does not open is good for nothing, and another is made in its place."""
        rows = await repository.fetch_push_secrets(self._database)
        found: dict[str, list[PushSecret]] = {}
        for row in rows:
            try:
                text = self._unseal(_bound_to(row["camera_uuid"]), row["sealed"])
            except CameraKeyLostError:
                log.error("push_secret_lost", camera_uuid=row["camera_uuid"])  # noqa: TRY400 -- foreseen
                continue
            found.setdefault(row["camera_uuid"], []).append(
                PushSecret(text, row["made_us"], row["expires_us"])
            )
        self._by_camera = {uuid: tuple(some) for uuid, some in found.items()}
        self._index()

    def of_camera(self, camera_uuid: str) -> list[str]:
        """Return the secrets that are good now, the present one first."""
        now_us = self._clock.now_us()
        return [
            each.text
            for each in self._by_camera.get(camera_uuid, ())
            if each.expires_us is None or now_us < each.expires_us
        ]

    def present(self, camera_uuid: str) -> PushSecret | None:
        """Return the secret to send with now, None = none was made yet."""
        for each in self._by_camera.get(camera_uuid, ()):
            if each.expires_us is None:
                return each
        return None

    async def keep_up_forever(self) -> None:
        """Take over within five seconds what the command line makes beside the daemon."""
        seen = await repository.newest_push_secret(self._database)
        while True:
            await self._clock.sleep(FOLLOW_EVERY_S)
            now = await repository.newest_push_secret(self._database)
            if now != seen:
                seen = now
                await self.load()

    def previous_until(self, camera_uuid: str) -> int | None:
        """Return how long the secret before the present one is good; None = there is none that is."""
        now_us = self._clock.now_us()
        ends = [each.expires_us for each in self._by_camera.get(camera_uuid, ())]
        return max((each for each in ends if each is not None and each > now_us), default=None)

    def camera_of_path(self, token: str) -> str | None:
        """Return the uuid of the camera whose secret address ends in *token*, None = there is none."""
        uuid = self._paths.get(_hashed(token))
        if uuid is None or not any(
            hmac.compare_digest(path_token(each), token) for each in self.of_camera(uuid)
        ):
            return None
        return uuid

    async def renew(
        self, camera_uuid: str, *, note: Callable[[Transaction], None], at_once: bool = False
    ) -> PushSecret:
        """Make a camera's next secret; the one before stays good for a week, or for no moment with *at_once*.

        *note* writes into the same transaction.
        """
        # The newest is the present one, also when the clock was set back in between.
        newest = max((each.made_us for each in self._by_camera.get(camera_uuid, ())), default=0)
        now_us = max(self._clock.now_us(), newest + 1)
        text = PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
        fresh = PushSecret(text, now_us, None)
        sealed = self._seal(_bound_to(camera_uuid), text)
        until_us = None if at_once else now_us + OVERLAP_US

        def write(transaction: Transaction) -> None:
            repository.renew_push_secret(
                transaction, camera_uuid, sealed, made_us=now_us, previous_until_us=until_us
            )
            note(transaction)

        await self._database.write(write)
        await self.load()
        return fresh

    def _index(self) -> None:
        self._paths = {
            _hashed(path_token(each.text)): uuid
            for uuid, some in self._by_camera.items()
            for each in some
        }


def path_token(secret: str) -> str:
    """Return the last part of the secret address that goes with *secret*: 160 bits, letters and digits."""
    digest = hmac.digest(secret.encode(), _PATH_LABEL, hashlib.sha256)
    return base64.b32encode(digest[:20]).decode().lower()


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _bound_to(camera_uuid: str) -> str:
    return f"{camera_uuid} push"
