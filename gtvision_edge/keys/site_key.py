"""The Ed25519 key by which a site speaks: manifests, checkpoints of its log, anchors."""

import base64
import hashlib
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gtvision_edge.keys import sshsig
from gtvision_edge.keys.errors import BadSignatureError

_NOTE_ED25519: Final = b"\x01"
_DASH: Final = "\N{EM DASH} "


@dataclass(frozen=True, slots=True)
class SitePublicKey:
    """The public half, in the forms that tools want. ``name`` is the site's: ``gtvision-edge/<site id>``."""

    name: str
    raw: bytes

    @property
    def fingerprint(self) -> str:
        """As ``ssh-keygen -l`` prints it."""
        digest = hashlib.sha256(sshsig.public_blob(self.raw)).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")

    @property
    def openssh(self) -> str:
        """One line of a ``.pub`` file."""
        return f"ssh-ed25519 {base64.b64encode(sshsig.public_blob(self.raw)).decode()} {self.name}"

    def allowed_signer(self, *namespaces: str) -> str:
        """One line of the file that ``ssh-keygen -Y verify -f`` wants."""
        kind, key, _ = self.openssh.split(" ", 2)
        return f'{self.name} namespaces="{",".join(namespaces)}" {kind} {key}'

    @property
    def pem(self) -> str:
        """As openssl wants it."""
        return (
            Ed25519PublicKey.from_public_bytes(self.raw)
            .public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            .decode()
        )

    @property
    def note_verifier(self) -> str:
        """As verifiers of signed notes want it (C2SP signed-note, Go's ``note.NewVerifier``)."""
        key = base64.b64encode(_NOTE_ED25519 + self.raw).decode()
        return f"{self.name}+{self._note_id().hex()}+{key}"

    @classmethod
    def from_note_verifier(cls, text: str) -> "SitePublicKey":
        """Read what :attr:`note_verifier` wrote.

        Raises:
            ValueError: it is none.

        """
        name, _, rest = text.strip().partition("+")
        key_id, _, key = rest.partition("+")
        raw = base64.b64decode(key, validate=True)
        if not name or len(raw) != 33 or raw[:1] != _NOTE_ED25519:
            raise ValueError("no Ed25519 key of a signed note")
        found = cls(name, raw[1:])
        if found._note_id().hex() != key_id:
            raise ValueError("the key's id is not the one of name and key")
        return found

    def open_note(self, note: str) -> str:
        """Return the text of the signed *note*.

        Raises:
            BadSignatureError: there is no good signature of this key.

        """
        text, separator, signatures = note.rpartition("\n\n")
        if not separator:
            raise BadSignatureError("This is no signed note.")
        text += "\n"
        for line in signatures.splitlines():
            name, _, value = line.removeprefix(_DASH).partition(" ")
            if not line.startswith(_DASH) or name != self.name:
                continue
            try:
                signature = base64.b64decode(value, validate=True)
            except ValueError:
                continue
            if signature[:4] != self._note_id():
                continue
            self.verify(signature[4:], text.encode())
            return text
        raise BadSignatureError("The note is not signed by this site's key.")

    def verify(self, signature: bytes, message: bytes) -> None:
        """Check a raw Ed25519 *signature* over *message*.

        Raises:
            BadSignatureError: it is not this key's over this.

        """
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except InvalidSignature as error:
            raise BadSignatureError("The signature is not over this text.") from error

    def _note_id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + _NOTE_ED25519 + self.raw).digest()[:4]


class SiteKey:
    """The private half. Signing takes some 50 µs."""

    def __init__(self, key: Ed25519PrivateKey, *, site_id: str) -> None:
        self._key = key
        self.public = SitePublicKey(f"gtvision-edge/{site_id}", key.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"SiteKey({self.public.fingerprint})"

    def to_pem(self) -> str:
        """Return the key as text, to hand to a child process over a pipe. Never log it."""
        return self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()

    @classmethod
    def from_pem(cls, text: str, *, site_id: str) -> "SiteKey":
        """Read what :meth:`to_pem` wrote.

        Raises:
            ValueError: it is no Ed25519 key.

        """
        key = serialization.load_pem_private_key(text.encode(), None)
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError("no Ed25519 key")  # noqa: TRY004 -- one error for every kind of nonsense
        return cls(key, site_id=site_id)

    def sign(self, message: bytes) -> bytes:
        """Return the raw Ed25519 signature, 64 bytes."""
        return self._key.sign(message)

    def sign_ssh(self, message: bytes, *, namespace: str) -> str:
        """Return an armoured SSH signature; see :mod:`gtvision_edge.keys.sshsig`."""
        return sshsig.sign(self._key, message, namespace=namespace)

    def sign_note(self, text: str) -> str:
        """Return *text*, which ends with a new line, as a C2SP signed note."""
        if not text.endswith("\n"):
            raise ValueError("the text of a note ends with a new line")
        public = self.public
        signed = public._note_id() + self._key.sign(text.encode())  # noqa: SLF001 -- its other half
        return f"{text}\n{_DASH}{public.name} {base64.b64encode(signed).decode()}\n"
