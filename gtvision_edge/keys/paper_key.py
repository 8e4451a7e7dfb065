"""The key and certificate that sign PDFs: P-256 and self-made, or the municipality's PKCS#12.

A second key, because Debian's ``pdfsig`` and ``openssl cms`` refuse Ed25519.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from gtvision_edge.keys.errors import BrokenCertificateError

# Fixed, for a box has no right time at its first start.
_NOT_BEFORE: Final = datetime(2026, 1, 1, tzinfo=UTC)
_NOT_AFTER: Final = datetime(2066, 1, 1, tzinfo=UTC)
_MIN_RSA_BITS: Final = 2048

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class PaperKey:
    """A key with its certificate; *chain* are further certificates up to the root, if there are any."""

    key: PrivateKey = field(repr=False)
    certificate: x509.Certificate
    chain: Sequence[x509.Certificate] = ()

    @property
    def is_self_made(self) -> bool:
        return self.certificate.issuer == self.certificate.subject

    @property
    def holder(self) -> str:
        """Whose certificate it is, as people read it."""
        return _common_name(self.certificate.subject)

    @property
    def issuer(self) -> str:
        return _common_name(self.certificate.issuer)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the certificate, in hexadecimal."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    @property
    def certificate_pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def is_of_icp_brasil(self) -> bool:
        """Whether the certificate names ICP-Brasil as its issuer's organisation; says nothing of its validity."""
        found = self.certificate.issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        return any(str(each.value) == "ICP-Brasil" for each in found)

    def to_pem(self) -> str:
        """Return key and certificates as one text, to hand to a child process over a pipe. Never log it."""
        key = self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        certificates = [self.certificate, *self.chain]
        return b"".join(
            [key, *(each.public_bytes(serialization.Encoding.PEM) for each in certificates)]
        ).decode()

    @classmethod
    def from_pem(cls, text: str) -> "PaperKey":
        """Read what :meth:`to_pem` wrote."""
        key = serialization.load_pem_private_key(text.encode(), None)
        certificate, *chain = x509.load_pem_x509_certificates(text.encode())
        if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
            raise TypeError("no key for papers")
        return cls(key, certificate, tuple(chain))


def make_certificate(key: ec.EllipticCurvePrivateKey, *, site_id: str) -> x509.Certificate:
    """Return a certificate of *key* signed by itself, good for signing documents."""
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "GT-Vision Edge"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"GT-Vision Edge {site_id}"),
        ]
    )
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_NOT_BEFORE)
        .not_valid_after(_NOT_AFTER)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def read_pkcs12(content: bytes, password: str | None) -> PaperKey:
    """Return key and certificates of a PKCS#12 file, such as an ICP-Brasil A1.

    Raises:
        BrokenCertificateError: wrong password, no such file, or a key that readers of PDFs do not take.

    """
    try:
        key, certificate, chain = pkcs12.load_key_and_certificates(
            content, password.encode() if password is not None else None
        )
    except ValueError as error:
        raise BrokenCertificateError(
            "The PKCS#12 file cannot be opened: a wrong password, or another kind of file."
        ) from error
    if certificate is None or key is None:
        raise BrokenCertificateError("The PKCS#12 file holds no key with its certificate.")
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size < _MIN_RSA_BITS:
            raise BrokenCertificateError(f"The certificate's key has only {key.key_size} bits.")
    elif not isinstance(key, ec.EllipticCurvePrivateKey):
        raise BrokenCertificateError("PDFs are signed with RSA or ECDSA keys only.")
    return PaperKey(key, certificate, tuple(chain))


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()
