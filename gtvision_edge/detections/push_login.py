"""HTTP digest for cameras that push with a user and a password (RFC 7616 with MD5, and RFC 2069 as old firmware speaks it).

User is the camera's id; the password is its push secret, or the short form of it for cameras whose field is too narrow.
"""

import base64
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from gtvision_edge.cameras.digest import parse_challenges
from gtvision_edge.detections.intake import PushingCamera
from gtvision_edge.detections.push_secrets import PushSecrets
from gtvision_edge.runtime.clock import Clock

REALM: Final = "gtvision-edge"
NONCE_LIFE_S: Final = 300.0
MAX_USED_NONCES: Final = 10_000
_NOBODY: Final = "whsec_bm9ib2R5IGhhcyB0aGlzIHNlY3JldCBhdCBhbGwgIQ=="
_PASSWORD_LABEL: Final = b"gtvision-edge push password v1"
_COUNT_DIGITS: Final = 8


class LoginCameras(Protocol):
    """The site's cameras, in memory."""

    def find_camera(self, camera_id: str) -> PushingCamera | None: ...


@dataclass(frozen=True, slots=True)
class Refusal:
    """Who asks is not let in; *challenge* is the header to answer with, the same for every reason but its nonce.

    Its ``stale=true`` is said to those alone whose password was right: they shall answer anew, not give up.
    """

    challenge: str
    claimed: PushingCamera | None = None
    """The camera in whose name a wrong answer was given; it is for nobody's eyes but the log's."""


class PushLogin:
    """Knows cameras by their answers to challenges.

    A nonce carries its own time and seal, so a stranger who asks for many costs no memory: kept are those that a camera has
    used well, with the highest count of each. When they are too many the oldest goes, and with it all that are as old.
    """

    def __init__(self, secrets_of: PushSecrets, cameras: LoginCameras, clock: Clock) -> None:
        self._secrets = secrets_of
        self._cameras = cameras
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._counts: OrderedDict[str, int] = OrderedDict()
        self._not_before_ms = 0

    def admit(self, method: str, target: str, header: str | None) -> PushingCamera | Refusal:
        """Return the camera that sends *header* (``Authorization``) with a request for *target*, a path with its query.

        No header, and one with nothing in it as some cameras send unasked, are answered like a wrong one.
        """
        fields = _fields_of(header)
        camera = self._cameras.find_camera(fields.get("username", ""))
        known = self._secrets.of_camera(camera.camera_uuid) if camera else []
        is_right = _is_right(known or [_NOBODY], fields, method)
        if camera is None or not known or not is_right or not _is_for(target, fields["uri"]):
            return Refusal(self._challenge(), camera)
        if not self._is_fresh(fields):
            return Refusal(self._challenge() + ", stale=true")
        return camera

    def refuse(self) -> Refusal:
        """Return what somebody hears who is not let in for another reason than the password: the same."""
        return Refusal(self._challenge())

    def _challenge(self) -> str:
        return f'Digest realm="{REALM}", qop="auth", algorithm=MD5, nonce="{self._new_nonce()}"'

    def _new_nonce(self) -> str:
        text = f"{int(self._clock.monotonic() * 1000):x}.{secrets.token_hex(8)}"
        return f"{text}.{self._sealed(text)}"

    def _sealed(self, text: str) -> str:
        return hmac.digest(self._key, text.encode("utf-8", "replace"), hashlib.sha256).hex()[:32]

    def _is_fresh(self, fields: dict[str, str]) -> bool:
        """Tell whether the nonce is ours, young, and not used with this count or a higher one; remember the count."""
        nonce = fields["nonce"]
        text, _, seal = nonce.rpartition(".")
        if not hmac.compare_digest(self._sealed(text).encode(), seal.encode("utf-8", "replace")):
            return False
        now_ms, made_ms = int(self._clock.monotonic() * 1000), _made_ms(nonce)
        if made_ms < self._not_before_ms or now_ms - made_ms > NONCE_LIFE_S * 1000:
            return False
        # Without a count (RFC 2069) a nonce is good for one request.
        count = int(fields["nc"], 16) if fields.get("qop") else 1
        if count <= self._counts.get(nonce, 0):
            return False
        self._counts[nonce] = count
        self._forget_old(now_ms)
        return True

    def _forget_old(self, now_ms: int) -> None:
        while self._counts:
            oldest = next(iter(self._counts))
            is_over = now_ms - _made_ms(oldest) > NONCE_LIFE_S * 1000
            if not is_over and len(self._counts) <= MAX_USED_NONCES:
                return
            del self._counts[oldest]
            if not is_over:
                self._not_before_ms = max(self._not_before_ms, _made_ms(oldest) + 1)


def short_password(secret: str) -> str:
    """Return the form of *secret* for narrow password fields: 24 small letters and digits, 120 bits."""
    digest = hmac.digest(secret.encode(), _PASSWORD_LABEL, hashlib.sha256)
    return base64.b32encode(digest[:15]).decode().lower()


def _made_ms(nonce: str) -> int:
    return int(nonce.partition(".")[0], 16)


def _fields_of(header: str | None) -> dict[str, str]:
    for each in parse_challenges([(header or "")[:4096]]):
        if each.scheme == "digest":
            return each.fields
    return {}


def _is_right(known: Iterable[str], fields: dict[str, str], method: str) -> bool:
    """Tell whether the answer was made with one of *known*; takes as long when something is missing or malformed."""
    qop, count = fields.get("qop", ""), fields.get("nc", "")
    is_sound = fields.get("algorithm", "MD5").upper() == "MD5" and all(
        fields.get(name) for name in ("username", "nonce", "uri", "response")
    )
    if qop:
        is_hex = len(count) == _COUNT_DIGITS and all(
            each in "0123456789abcdefABCDEF" for each in count
        )
        is_sound = is_sound and qop == "auth" and is_hex and bool(fields.get("cnonce"))
    is_sound = is_sound and fields.get("realm") == REALM
    nonce, uri = fields.get("nonce", ""), fields.get("uri", "")
    middle = f"{nonce}:{count}:{fields.get('cnonce', '')}:{qop}" if qop else nonce
    asked = _md5(f"{method}:{uri}")
    given = fields.get("response", "").lower().encode("utf-8", "replace")
    fits = False
    for secret in known:
        for password in (secret, short_password(secret)):
            proof = _md5(f"{fields.get('username', '')}:{REALM}:{password}")
            made = _md5(f"{proof}:{middle}:{asked}")
            fits |= hmac.compare_digest(made.encode(), given)
    return fits and is_sound


def _is_for(target: str, uri: str) -> bool:
    """Tell whether *uri*, which some cameras write with scheme and host, is that of the request."""
    _, scheme, rest = uri.partition("://")
    return uri == target or (bool(scheme) and "/" + rest.partition("/")[2] == target)


def _md5(text: str) -> str:
    # The cameras know nothing else; the secret has 120 bits or more, and what MD5 lacks is resistance to collisions.
    return hashlib.md5(text.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()
