"""Encrypts a message for one browser (RFC 8291, content coding aes128gcm of RFC 8188): the push service reads nothing. Pure functions."""

import os
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MOST_BYTES: Final = 3993
"""Push services must take bodies of 4096 bytes (RFC 8030, 7.2); header and tag are 103 of them."""
_RECORD_BYTES: Final = 4096
_LAST_RECORD: Final = b"\x02"


def encrypt(
    text: bytes,
    *,
    p256dh: bytes,
    auth: bytes,
    key: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """Return the body of a push of *text*, at most :data:`MOST_BYTES`; *key* and *salt* are made anew but for known vectors.

    Raises:
        ValueError: *p256dh* is no point of P-256, or *text* is too long.

    """
    if len(text) > MOST_BYTES:
        raise ValueError("longer than push services take")
    key = key or ec.generate_private_key(ec.SECP256R1())
    salt = salt or os.urandom(16)
    browser = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), p256dh)
    public = key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    shared = key.exchange(ec.ECDH(), browser)
    secret = _derive(shared, salt=auth, info=b"WebPush: info\0" + p256dh + public, length=32)
    content_key = _derive(secret, salt=salt, info=b"Content-Encoding: aes128gcm\0", length=16)
    nonce = _derive(secret, salt=salt, info=b"Content-Encoding: nonce\0", length=12)
    record = AESGCM(content_key).encrypt(nonce, text + _LAST_RECORD, None)
    return salt + _RECORD_BYTES.to_bytes(4) + bytes([len(public)]) + public + record


def _derive(secret: bytes, *, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)
