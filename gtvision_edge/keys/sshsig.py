"""SSH signatures (OpenSSH's PROTOCOL.sshsig), so that ``ssh-keygen -Y verify`` checks them on any machine. Pure functions."""

import base64
import hashlib
import re
import struct
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gtvision_edge.keys.errors import BadSignatureError

KEY_TYPE: Final = b"ssh-ed25519"
_MAGIC: Final = b"SSHSIG"
_VERSION: Final = 1
_HASH: Final = b"sha512"
_HASHES: Final = {b"sha256": hashlib.sha256, b"sha512": hashlib.sha512}
_ARMOUR: Final = re.compile(
    r"\s*-----BEGIN SSH SIGNATURE-----\s([A-Za-z0-9+/=\s]+)-----END SSH SIGNATURE-----\s*"
)
_LINE: Final = 70


def public_blob(public: bytes) -> bytes:
    """Return the 32 bytes of an Ed25519 key as SSH writes them."""
    return _string(KEY_TYPE) + _string(public)


def sign(key: Ed25519PrivateKey, message: bytes, *, namespace: str) -> str:
    """Return the armoured signature over *message*; it is good in *namespace* alone."""
    name = namespace.encode()
    signature = key.sign(_signed(name, _HASH, message))
    blob = (
        _MAGIC
        + struct.pack(">I", _VERSION)
        + _string(public_blob(key.public_key().public_bytes_raw()))
        + _string(name)
        + _string(b"")
        + _string(_HASH)
        + _string(_string(KEY_TYPE) + _string(signature))
    )
    text = base64.b64encode(blob).decode()
    lines = [text[at : at + _LINE] for at in range(0, len(text), _LINE)]
    return "\n".join(["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""])


def verify(armoured: str, message: bytes, *, namespace: str) -> bytes:
    """Return the 32-byte Ed25519 key that signed *message*; whether it is one to trust is for the caller to say.

    Raises:
        BadSignatureError: it is no such signature, or over something else.

    """
    found = _ARMOUR.fullmatch(armoured)
    if found is None:
        raise BadSignatureError("This is no SSH signature.")
    try:
        blob = base64.b64decode("".join(found[1].split()), validate=True)
        public, name, hash_name, signature = _parse(blob)
    except (ValueError, struct.error) as error:
        raise BadSignatureError("The SSH signature is damaged.") from error
    if name != namespace.encode():
        raise BadSignatureError("The signature was made for another purpose.")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(
            signature, _signed(name, hash_name, message)
        )
    except InvalidSignature as error:
        raise BadSignatureError(
            "The signature is not over this text.", is_over_other_text=True
        ) from error
    return public


def _parse(blob: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Return key, namespace, name of the hash and raw signature."""
    if blob[:6] != _MAGIC or struct.unpack(">I", blob[6:10]) != (_VERSION,):
        raise ValueError("no SSHSIG of version 1")
    (key, name, _, hash_name, signature), rest = _strings(blob[10:], 5)
    (key_type, public), rest_of_key = _strings(key, 2)
    (signature_type, raw), rest_of_signature = _strings(signature, 2)
    if rest or rest_of_key or rest_of_signature:
        raise ValueError("bytes that do not belong")
    if key_type != KEY_TYPE or signature_type != KEY_TYPE or len(public) != 32:
        raise ValueError("not of an Ed25519 key")
    if hash_name not in _HASHES:
        raise ValueError("an unknown hash")
    return public, name, hash_name, raw


def _signed(namespace: bytes, hash_name: bytes, message: bytes) -> bytes:
    digest = _HASHES[hash_name](message).digest()
    return _MAGIC + _string(namespace) + _string(b"") + _string(hash_name) + _string(digest)


def _string(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value


def _strings(data: bytes, count: int) -> tuple[list[bytes], bytes]:
    found = []
    for _ in range(count):
        (length,) = struct.unpack(">I", data[:4])
        if length > len(data) - 4:
            raise ValueError("cut off")
        found.append(data[4 : 4 + length])
        data = data[4 + length :]
    return found, data
