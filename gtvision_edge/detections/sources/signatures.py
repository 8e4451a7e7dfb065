"""Signatures of the generic webhook: over the raw body (Standard Webhooks), or inside it, as the customer's shape has it.

Test vectors for integrators are published in ``config/webhook-vectors.json`` and held by a test.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

PREFIX: Final = "whsec_"
MAX_SIGNATURES: Final = 8
"""In one header: a sender that rotates its secrets sends two."""
_MAX_LITERAL: Final = 32


@dataclass(frozen=True, slots=True)
class SignedFields:
    """The fields that the signature inside a body covers, as decoded; ``confidence`` is the number's literal as received."""

    camera_id: str
    plate: str
    timestamp: str
    confidence: str
    picture_url: str


def is_signed_body(
    secrets: Iterable[str], *, message_id: str, timestamp: str, body: bytes, header: str
) -> bool:
    """Tell whether a ``v1`` signature of *header* (Standard Webhooks) was made with one of *secrets*."""
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    given = []
    for each in header.split()[:MAX_SIGNATURES]:
        version, _, text = each.partition(",")
        if version == "v1":
            given.append(_from_base64(text))
    return _any_equal(
        [hmac.digest(key, signed, hashlib.sha256) for secret in secrets for key in _keys(secret)],
        given,
    )


def sign_body(secret: str, *, message_id: str, timestamp: str, body: bytes) -> str:
    """Return the header ``webhook-signature`` for *body*."""
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    digest = hmac.digest(_keys(secret)[0], signed, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"


def is_signed_fields(secrets: Iterable[str], fields: SignedFields, signature: str) -> bool:
    """Tell whether *signature*, hex in either case, was made over *fields* with one of *secrets*.

    Libraries write a number anew before they send it (``1.0`` becomes ``1``): spellings of the same number count as what was signed.
    """
    try:
        given = bytes.fromhex(signature)
    except ValueError:
        given = b""
    # What nearly all send comes first, and ends it: who signs well may be told sooner than who does not.
    for signed in _canonical_texts(fields):
        for secret in secrets:
            for key in _keys_for_fields(secret):
                # hmac.digest lets go of the GIL even for a line, and is long in getting it back from the thread that writes.
                made = hmac.new(key, signed, hashlib.sha256).digest()
                if hmac.compare_digest(made, given):
                    return True
    return False


def _canonical_texts(fields: SignedFields) -> Iterator[bytes]:
    yield _canonical(fields, fields.confidence)
    for literal in _spellings(fields.confidence)[1:]:
        yield _canonical(fields, literal)


def _keys_for_fields(secret: str) -> Iterator[bytes]:
    yield secret.encode()
    yield from _keys(secret)


def sign_fields(secret: str, fields: SignedFields) -> str:
    """Return the signature inside a body; the key is the secret as people copy it, its UTF-8 bytes."""
    return hmac.new(
        secret.encode(), _canonical(fields, fields.confidence), hashlib.sha256
    ).hexdigest()


def signed_text(fields: SignedFields) -> str:
    """Return the text whose HMAC is the signature inside a body."""
    return _signed_text(fields, fields.confidence)


def _signed_text(fields: SignedFields, confidence: str) -> str:
    return "\n".join(
        (
            "v1",
            fields.camera_id,
            fields.plate,
            fields.timestamp,
            confidence,
            fields.picture_url,
        )
    )


def _canonical(fields: SignedFields, confidence: str) -> bytes:
    return _signed_text(fields, confidence).encode("utf-8", "surrogatepass")


def _spellings(literal: str) -> list[str]:
    """Return *literal* first, then other ways to write the same number that libraries use."""
    if not literal or len(literal) > _MAX_LITERAL:
        return [literal]
    try:
        number = Decimal(literal)
    except InvalidOperation:
        return [literal]
    if not number.is_finite() or abs(number.adjusted()) > _MAX_LITERAL:
        return [literal]
    plain = format(number, "f")
    short = plain.rstrip("0").rstrip(".") if "." in plain else plain
    found = [literal, plain, short or "0"]
    decimals = len(short.partition(".")[2])
    found += [format(number, f".{count}f") for count in range(max(1, decimals), 5)]
    return list(dict.fromkeys(found))


def _keys(secret: str) -> tuple[bytes, ...]:
    """Return the bytes that *secret* stands for: base64 after ``whsec_``, else its own characters."""
    if secret.startswith(PREFIX):
        key = _from_base64(secret.removeprefix(PREFIX))
        if key:
            return (key,)
    return (secret.encode(),)


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _any_equal(made: Sequence[bytes], given: Sequence[bytes]) -> bool:
    """Compare all with all, in the same time whether one fits or not."""
    fits = False
    for one in made:
        for other in given:
            fits |= hmac.compare_digest(one, other)
    return fits
