"""Answers to login challenges of RTSP and ONVIF: Digest (RFC 7616, and RFC 2069 as old cameras speak it) and Basic."""

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

_CHALLENGE = re.compile(r"(?:^|,)\s*(Digest|Basic)\b\s*", re.IGNORECASE)
_FIELD = re.compile(r'([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]*))')


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


_HASHES: Final[dict[str, Callable[[bytes], str]]] = {"md5": _md5, "sha-256": _sha256}
_STRENGTH: Final = ("sha-256", "sha-256-sess", "md5", "md5-sess")


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way to log in that a camera offered. *algorithm* is lower case, '' for Basic."""

    scheme: str
    algorithm: str
    fields: dict[str, str]

    @property
    def is_known(self) -> bool:
        if self.scheme == "basic":
            return True
        qop = {part.strip().lower() for part in self.fields.get("qop", "").split(",")} - {""}
        return self.algorithm in _STRENGTH and (not qop or "auth" in qop)

    @property
    def is_stale(self) -> bool:
        """The nonce was too old, the password is not in question."""
        return self.fields.get("stale", "").lower() == "true"


def parse_challenges(headers: Iterable[str]) -> list[Challenge]:
    """Read ``WWW-Authenticate`` headers; several challenges may share one."""
    found: list[Challenge] = []
    for header in headers:
        pieces = _CHALLENGE.split(header)
        for scheme, rest in zip(pieces[1::2], pieces[2::2], strict=False):
            fields = {
                match[1].lower(): re.sub(r"\\(.)", r"\1", match[2] or "") or (match[3] or "")
                for match in _FIELD.finditer(rest)
            }
            is_digest = scheme.lower() == "digest"
            algorithm = (fields.get("algorithm") or "MD5").lower() if is_digest else ""
            found.append(Challenge(scheme.lower(), algorithm, fields))
    return found


def choose(challenges: Iterable[Challenge]) -> Challenge | None:
    """Return the strongest challenge we can answer; Basic only where nothing else is offered."""
    known = [challenge for challenge in challenges if challenge.is_known]
    return min(known, key=_rank, default=None)


def answer(
    challenge: Challenge, method: str, uri: str, user: str, password: str, *, count: int = 1
) -> str:
    """Return the ``Authorization`` header for *challenge*, which must be known.

    *count* is how often its nonce is used with this answer: who sees a number twice may take it for a replay.
    """
    if challenge.scheme == "basic":
        return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    fields = challenge.fields
    make = _HASHES[challenge.algorithm.removesuffix("-sess")]

    def digest(text: str) -> str:
        return make(text.encode("utf-8", "surrogateescape"))

    realm, nonce = fields.get("realm", ""), fields.get("nonce", "")
    cnonce = secrets.token_hex(8)
    ha1 = digest(f"{user}:{realm}:{password}")
    if challenge.algorithm.endswith("-sess"):
        ha1 = digest(f"{ha1}:{nonce}:{cnonce}")
    ha2 = digest(f"{method}:{uri}")
    parts = [
        f'username="{_quoted(user)}"',
        f'realm="{_quoted(realm)}"',
        f'nonce="{_quoted(nonce)}"',
        f'uri="{uri}"',
    ]
    if fields.get("qop"):
        response = digest(f"{ha1}:{nonce}:{count:08x}:{cnonce}:auth:{ha2}")
        parts += [f'response="{response}"', "qop=auth", f"nc={count:08x}", f'cnonce="{cnonce}"']
    else:
        parts.append(f'response="{digest(f"{ha1}:{nonce}:{ha2}")}"')
        if challenge.algorithm.endswith("-sess"):
            parts.append(f'cnonce="{cnonce}"')
    if "algorithm" in fields:
        parts.append(f"algorithm={fields['algorithm']}")
    if "opaque" in fields:
        parts.append(f'opaque="{_quoted(fields["opaque"])}"')
    return "Digest " + ", ".join(parts)


def _rank(challenge: Challenge) -> int:
    return _STRENGTH.index(challenge.algorithm) if challenge.scheme == "digest" else 99


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
