"""The public keys of those who issue tokens: read from PEM, each good for one algorithm, fresh when a file changes."""

import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from gtvision_edge.settings import IdentitySettings, IssuerKeySettings

log = structlog.get_logger(__name__)

_BLOCK: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)
_PUBLIC: Final = frozenset({b"PUBLIC KEY", b"RSA PUBLIC KEY"})
_MIN_RSA_BITS: Final = 2048
_MAX_RSA_BITS: Final = 8192  # a longer one would hold the loop at each request
_MAX_FILE: Final = 2**16
_MAX_KEYS: Final = 8


class BadKeyError(ValueError):
    """What came is no public key we could use; the message says why."""


class KeyFileGoneError(BadKeyError):
    """There is no file of keys any more: whoever removed it took the keys back."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key and the one algorithm it verifies: a token does not choose."""

    algorithm: str
    key: RSAPublicKey | Ed25519PublicKey
    kid: str | None
    fingerprint: bytes


def parse_public_keys(text: bytes, *, kid: str | None) -> tuple[PublicKey, ...]:
    """Return the public keys in the PEM *text*; *kid* names its only one.

    Raises:
        BadKeyError: there is none, or something else, or one that is too weak.

    """
    if b"PRIVATE KEY" in text:
        raise BadKeyError(
            "holds a private key, which must never leave the issuer: give the public one,"
            " and replace this one, for it has been seen here"
        )
    blocks = [(found[1], found[0]) for found in _BLOCK.finditer(text)]
    if any(label == b"CERTIFICATE" for label, _ in blocks):
        raise BadKeyError(
            'holds a certificate; "openssl x509 -pubkey -noout" writes the public key of it'
        )
    if not blocks or not all(label in _PUBLIC for label, _ in blocks):
        raise BadKeyError('holds no public key in PEM ("-----BEGIN PUBLIC KEY-----")')
    if len(blocks) > _MAX_KEYS:
        raise BadKeyError(f"holds more than {_MAX_KEYS} keys")
    if kid is not None and len(blocks) > 1:
        raise BadKeyError("holds several keys, so one kid cannot name them")
    return tuple(_public_key(block, kid) for _, block in blocks)


def _public_key(block: bytes, kid: str | None) -> PublicKey:
    try:
        key = serialization.load_pem_public_key(block)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadKeyError("holds a damaged public key") from error
    fingerprint = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    if isinstance(key, RSAPublicKey):
        if not _MIN_RSA_BITS <= key.key_size <= _MAX_RSA_BITS:
            raise BadKeyError(
                f"holds an RSA key of {key.key_size} bits;"
                f" it must have from {_MIN_RSA_BITS} to {_MAX_RSA_BITS}"
            )
        return PublicKey("RS256", key, kid, fingerprint)
    if isinstance(key, Ed25519PublicKey):
        return PublicKey("EdDSA", key, kid, fingerprint)
    raise BadKeyError("holds a key of another kind than RSA (RS256) or Ed25519 (EdDSA)")


def read_key_file(path: Path) -> bytes:
    """Return what the file of keys at *path* holds. Blocks on the disk.

    Raises:
        KeyFileGoneError: there is none.
        BadKeyError: it cannot be read, or is no file of keys.

    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise BadKeyError("is no file")
        with path.open("rb") as file:
            text = file.read(_MAX_FILE + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise KeyFileGoneError(f"cannot be read: {error.strerror or error}") from error
    except OSError as error:
        raise BadKeyError(f"cannot be read: {error.strerror or error}") from error
    if len(text) > _MAX_FILE:
        raise BadKeyError("is too large for a file of keys")
    return text


class KeySource:
    """One entry of an issuer's ``keys``. Its methods block on the disk and are called by one thread at a time.

    ``keys`` are those in use: a file that breaks keeps the ones it held before, one that is removed takes them with it.
    ``fault`` tells what is wrong, '' = nothing; ``is_gone`` that it is a file that is not there.
    """

    def __init__(self, settings: IssuerKeySettings, *, issuer: str) -> None:
        self._settings = settings
        self._issuer = issuer
        self._seen: tuple[int, ...] | None = None
        self.keys: tuple[PublicKey, ...] = ()
        self.fault = ""
        self.is_gone = False

    @property
    def name(self) -> str:
        """Say where the keys come from: the file, or ``pem`` for the settings themselves."""
        return str(self._settings.file) if self._settings.file is not None else "pem"

    def refresh(self) -> None:
        """Read the keys if they were not read yet, or their file has changed."""
        path = self._settings.file
        signature = _signature(path) if path is not None else ()
        if signature is not None and signature == self._seen:
            return
        keys, fault, is_gone = self.keys, "", False
        try:
            keys = parse_keys(self._settings)
        except KeyFileGoneError as error:
            keys, fault, is_gone = (), str(error), True
        except BadKeyError as error:
            fault = str(error)
        if fault and fault != self.fault:
            log.error(
                "issuer_keys_broken",
                issuer=self._issuer,
                source=self.name,
                fault=fault,
                keys_kept=len(keys),
            )
        elif not fault and (self.keys or self.fault):
            log.info("issuer_keys_read", issuer=self._issuer, source=self.name, keys=len(keys))
        self.keys, self.fault, self.is_gone = keys, fault, is_gone
        self._seen = signature


def parse_keys(settings: IssuerKeySettings) -> tuple[PublicKey, ...]:
    """Return the keys that *settings* name. Blocks on the disk where they are in a file.

    Raises:
        BadKeyError: see :func:`parse_public_keys` and :func:`read_key_file`.

    """
    if settings.file is not None:
        text = read_key_file(settings.file)
    else:
        text = (settings.pem or "").encode()
    return parse_public_keys(text, kid=settings.kid)


def find_key_faults(settings: IdentitySettings, *, with_files: bool) -> list[tuple[str, str]]:
    """Return what is wrong with the keys of *settings* as ``(path, message)``. Blocks on the disk with *with_files*.

    Without, only keys written into the settings are looked at: a file may come and go while the box runs.
    """
    faults = []
    for number, issuer in enumerate(settings.issuers):
        for index, key in enumerate(issuer.keys):
            if key.file is not None and not with_files:
                continue
            try:
                parse_keys(key)
            except BadKeyError as error:
                name, where = ("file", f"{key.file} ") if key.file is not None else ("pem", "")
                faults.append((f"identity.issuers.{number}.keys.{index}.{name}", f"{where}{error}"))
    return faults


def _signature(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    # The time of change too: a file that is made readable has the same content and time of writing.
    return (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
