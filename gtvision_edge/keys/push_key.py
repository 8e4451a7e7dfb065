"""The P-256 key by which push services know the site (VAPID, RFC 8292). Browsers subscribe to its public half alone."""

import base64
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass(frozen=True, slots=True)
class PushKey:
    """The private half; whoever loses it loses every subscription."""

    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def public(self) -> str:
        """The public half as browsers want it: the point, uncompressed, in base64url without padding."""
        point = self.key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return base64.urlsafe_b64encode(point).rstrip(b"=").decode()
