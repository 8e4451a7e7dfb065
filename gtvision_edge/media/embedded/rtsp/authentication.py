"""Who may read a path: Digest (RFC 2617, MD5, as cameras do) and, if allowed, Basic."""

import binascii
import hashlib
import hmac
import re
import secrets
from base64 import b64decode
from dataclasses import dataclass

REALM = "gtvision-edge"

_FIELD = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')


@dataclass(frozen=True, slots=True)
class Credentials:
    """The one account of a path."""

    username: str
    password: str
    allows_basic: bool = False

    def __repr__(self) -> str:
        return f"Credentials({self.username!r}, ***)"


class Challenge:
    """The nonce of one connection; a response made for another connection is worth nothing."""

    def __init__(self) -> None:
        self._nonce = secrets.token_hex(16)

    def headers(self, credentials: Credentials, *, stale: bool = False) -> list[str]:
        """Return the ``WWW-Authenticate`` header lines of a 401."""
        lines = [
            f'WWW-Authenticate: Digest realm="{REALM}", nonce="{self._nonce}"'
            + (', stale="true"' if stale else "")
        ]
        if credentials.allows_basic:
            lines.append(f'WWW-Authenticate: Basic realm="{REALM}"')
        return lines

    def accepts(
        self, credentials: Credentials, authorization: str, *, method: str, url: str
    ) -> bool:
        """Tell whether an ``Authorization`` header proves knowledge of the password."""
        scheme, _, rest = authorization.partition(" ")
        match scheme.lower():
            case "digest":
                return self._accepts_digest(credentials, rest, method=method, url=url)
            case "basic":
                return credentials.allows_basic and _accepts_basic(credentials, rest)
            case _:
                return False

    def is_stale(self, authorization: str) -> bool:
        """Tell whether the header answers another connection's challenge."""
        fields = _fields(authorization.partition(" ")[2])
        return "nonce" in fields and fields["nonce"] != self._nonce

    def _accepts_digest(
        self, credentials: Credentials, text: str, *, method: str, url: str
    ) -> bool:
        fields = _fields(text)
        uri = fields.get("uri", "")
        if fields.get("nonce") != self._nonce or not _same_target(uri, url):
            return False
        if fields.get("username") != credentials.username:
            return False
        if fields.get("algorithm", "MD5").upper() != "MD5":
            return False
        secret = _md5(f"{credentials.username}:{REALM}:{credentials.password}")
        request = _md5(f"{method}:{uri}")
        middle = self._nonce
        if "qop" in fields:
            middle += f":{fields.get('nc', '')}:{fields.get('cnonce', '')}:{fields['qop']}"
        expected = _md5(f"{secret}:{middle}:{request}")
        return hmac.compare_digest(expected.encode(), fields.get("response", "").lower().encode())


def _accepts_basic(credentials: Credentials, text: str) -> bool:
    try:
        given = b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(given, f"{credentials.username}:{credentials.password}".encode())


def _fields(text: str) -> dict[str, str]:
    return {name.lower(): quoted or bare for name, quoted, bare in _FIELD.findall(text)}


def _same_target(uri: str, url: str) -> bool:
    # Clients sign the URL with or without its scheme and host, or its trailing slash.
    def path(text: str) -> str:
        return re.sub(r"^rtsps?://[^/]*", "", text).strip("/")

    return path(uri) == path(url)


def _md5(text: str) -> str:
    # What RFC 2617 prescribes and cameras speak; it guards no secret of ours.
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
