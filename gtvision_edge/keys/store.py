"""Where the keys lie: files of mode 0600 in the state folder, made at the first start."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import structlog
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gtvision_edge.keys.errors import BrokenCertificateError, BrokenSiteKeyError
from gtvision_edge.keys.paper_key import PaperKey, make_certificate, read_pkcs12
from gtvision_edge.keys.push_key import PushKey
from gtvision_edge.keys.site_key import SiteKey
from gtvision_edge.runtime.durable import write_whole
from gtvision_edge.runtime.findings import Finding
from gtvision_edge.settings import PaperSettings

log = structlog.get_logger(__name__)

SITE_KEY_FILE: Final = "site.key"
PAPER_KEY_FILE: Final = "paper.key"
PAPER_CERTIFICATE_FILE: Final = "paper.pem"
PUSH_KEY_FILE: Final = "push.key"
_MAX_FILE: Final = 2**20

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class OpenedKeys:
    """The site's keys. *made* names the files that were made just now, *replaced* those that were damaged and set aside.

    *certificate_error* says why the certificate of the settings is not used, though one is given.
    """

    site: SiteKey
    paper: PaperKey
    push: PushKey
    made: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    certificate_error: BrokenCertificateError | None = None

    def findings(self) -> list[Finding]:
        """Return that the certificate of the settings is not used, if it is not."""
        return [Finding(self.certificate_error.code)] if self.certificate_error else []


def open_keys(state_dir: Path, settings: PaperSettings, *, site_id: str) -> OpenedKeys:
    """Read the keys in *state_dir*; make what is missing. Blocks on the disk: call it in a thread.

    A damaged key file is set aside and a new key made: what the old one signed stays good by its public half, and a
    recorder that does not start would be worse. The caller tells of it in the audit log. For the same reason a certificate of
    the settings that cannot be used leaves the papers to the site's own, and is told.

    Raises:
        BrokenSiteKeyError: a file cannot be read or made.

    """
    made: list[str] = []
    replaced: list[str] = []
    trouble = None
    try:
        site = _read_or_make(
            state_dir / SITE_KEY_FILE, _parse_ed25519, _make_ed25519, made, replaced
        )
        paper = _self_made(state_dir, site_id, made, replaced)
        push = _read_or_make(state_dir / PUSH_KEY_FILE, _parse_p256, _make_p256, made, replaced)
        if settings.certificate_file is not None:
            try:
                paper = _configured(settings.certificate_file, settings)
            except BrokenCertificateError as error:
                trouble = error
                log.error("certificate_not_used", detail=error.message)  # noqa: TRY400 -- foreseen
    except OSError as error:
        raise BrokenSiteKeyError(
            f"A key in {state_dir} cannot be read or made: {error.strerror}.", path=str(state_dir)
        ) from error
    return OpenedKeys(
        SiteKey(site, site_id=site_id),
        paper,
        PushKey(push),
        tuple(made),
        tuple(replaced),
        trouble,
    )


def _configured(path: Path, settings: PaperSettings) -> PaperKey:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_FILE)
    except OSError as error:
        raise BrokenCertificateError(f"{path} cannot be read: {error.strerror}.") from error
    secret = settings.certificate_password
    return read_pkcs12(content, secret.get_secret_value() if secret is not None else None)


def _self_made(state_dir: Path, site_id: str, made: list[str], replaced: list[str]) -> PaperKey:
    key = _read_or_make(state_dir / PAPER_KEY_FILE, _parse_p256, _make_p256, made, replaced)

    def parse(content: bytes) -> x509.Certificate:
        certificate = x509.load_pem_x509_certificate(content)
        if certificate.public_key() != key.public_key():
            raise ValueError("is of another key")
        return certificate

    def make() -> tuple[x509.Certificate, bytes]:
        certificate = make_certificate(key, site_id=site_id)
        return certificate, certificate.public_bytes(serialization.Encoding.PEM)

    path = state_dir / PAPER_CERTIFICATE_FILE
    return PaperKey(key, _read_or_make(path, parse, make, made, replaced))


def _read_or_make(
    path: Path,
    parse: Callable[[bytes], T],
    make: Callable[[], tuple[T, bytes]],
    made: list[str],
    replaced: list[str],
) -> T:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        pass
    else:
        try:
            found = parse(content)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            aside = path.with_name(f"{path.name}.damaged-{time.time_ns()}")
            path.rename(aside)
            log.error("site_key_damaged", path=str(path), set_aside=str(aside))  # noqa: TRY400 -- foreseen
            replaced.append(path.name)
        else:
            path.chmod(0o600)
            return found
    value, content = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)
    made.append(path.name)
    return value


def _parse_ed25519(content: bytes) -> Ed25519PrivateKey:
    key = serialization.load_pem_private_key(content, None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError("is no Ed25519 key")
    return key


def _make_ed25519() -> tuple[Ed25519PrivateKey, bytes]:
    key = Ed25519PrivateKey.generate()
    return key, _pem(key)


def _parse_p256(content: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(content, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise TypeError("is no P-256 key")
    return key


def _make_p256() -> tuple[ec.EllipticCurvePrivateKey, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    return key, _pem(key)


def _pem(key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
