"""Says to a push service who sends (VAPID, RFC 8292)."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import jwt

from gtvision_edge.keys import PushKey
from gtvision_edge.runtime.clock import Clock

LIFETIME_S: Final = 12 * 3600
"""Push services refuse more than a day."""
RENEW_S: Final = 3600


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    made_s: int


class Vapid:
    """Makes the header ``Authorization``: one token a push service, used for hours."""

    def __init__(self, key: PushKey, *, contact: str, clock: Clock) -> None:
        self._key = key
        self._contact = contact
        self._clock = clock
        self._tokens: dict[str, _Token] = {}

    @property
    def public_key(self) -> str:
        """What browsers subscribe to; base64url."""
        return self._key.public

    def authorization(self, endpoint: str) -> str:
        """Return the header's value for *endpoint*. Never log it: it is good for hours."""
        parts = urlsplit(endpoint)
        audience = f"{parts.scheme}://{parts.netloc}"
        now_s = self._clock.now_us() // 1_000_000
        token = self._tokens.get(audience)
        # Also when the clock was set back: a token from the future is refused as one that lives too long.
        if token is None or not 0 <= now_s - token.made_s < RENEW_S:
            claims = {"aud": audience, "exp": now_s + LIFETIME_S, "sub": self._contact}
            text = jwt.encode(claims, self._key.key, algorithm="ES256")
            token = self._tokens[audience] = _Token(text, now_s)
        return f"vapid t={token.text}, k={self.public_key}"
