"""What a signed token says before anybody has looked at its signature: read strictly, believed by nobody."""

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import Any, Final

MAX_TOKEN: Final = 6 * 1024
"""Below what the HTTP server takes as a header, so that a longer one is refused like any other bad token."""

_COMPACT: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+", re.ASCII)


class MalformedTokenError(ValueError):
    """What came is no signed token."""


@dataclass(frozen=True, slots=True)
class UnverifiedToken:
    """The parts of a token. Nothing in here is proven."""

    text: str
    header: dict[str, Any]
    payload: dict[str, Any]

    @property
    def issuer(self) -> str:
        """'' = it names none."""
        issuer = self.payload.get("iss")
        return issuer if isinstance(issuer, str) else ""


def read_unverified(token: str) -> UnverifiedToken:
    """Take *token* apart.

    Raises:
        MalformedTokenError: not three parts, too long, no JSON objects in it, or a name twice in one of them.

    """
    parts = _COMPACT.fullmatch(token) if len(token) <= MAX_TOKEN else None
    if parts is None:
        raise MalformedTokenError
    return UnverifiedToken(token, _read_object(parts[1]), _read_object(parts[2]))


def _read_object(part: str) -> dict[str, Any]:
    try:
        text = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode("utf-8")
        content = json.loads(text, object_pairs_hook=_distinct, parse_constant=_refuse)
    except (ValueError, binascii.Error, RecursionError) as error:
        raise MalformedTokenError from error
    if not isinstance(content, dict):
        raise MalformedTokenError
    return content


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Of two claims of one name, we might take the one and the issuer's own tools the other.
    content = dict(pairs)
    if len(content) < len(pairs):
        raise MalformedTokenError
    return content


def _refuse(_: str) -> None:
    raise MalformedTokenError  # NaN and Infinity are no JSON
