"""The object store, by the S3 protocol. ``obstore`` and its errors end here."""

import importlib
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.x509.oid import NameOID

from gtvision_edge.archive.errors import (
    ArchiveExtraMissingError,
    ArchiveRefusedError,
    ArchiveUnreachableError,
)
from gtvision_edge.settings import ArchiveSettings

T = TypeVar("T")

LEAST_PART: Final = 8 * 2**20
MOST_PARTS: Final = 9_000
"""S3 takes 10,000."""
PARTS_AT_ONCE: Final = 2
KNOCK_KEY: Final = ".gtvision-edge.json"
"""Written at each try of the store: it shows that this box may write, and to people whose copies these are."""
_STATUS: Final = re.compile(r"status code: (\d{3})\b")
_ELSEWHERE: Final = "redirect without LOCATION"
"""So obstore tells of a bucket of another region; what the store said is gone then."""
_NO_AUTHORITIES: Final = "No CA certificates were loaded"
_CODE: Final = re.compile(r"<Code>([A-Za-z0-9]{1,64})</Code>")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one request may take, in seconds: of a picture and other small things, and of a part of a bundle."""

    small_s: float = 60.0
    part_s: float = 600.0
    away_s: float = 300.0
    """A part is sent again for so long beyond ``part_s``: a modem or a store starts anew in that time."""
    pause_s: tuple[float, float] = (1.0, 60.0)
    """Before a part is sent again; grows from the first to the second."""


@dataclass(frozen=True, slots=True)
class _Obstore:
    """The package, loaded only where a bucket is named."""

    api: ModuleType
    errors: ModuleType
    stores: ModuleType


def require_extra(settings: ArchiveSettings) -> None:
    """Return if what talks to the store is installed, or no bucket is named.

    Raises:
        ArchiveExtraMissingError: it is not.

    """
    if settings.bucket:
        _load()


def _load() -> _Obstore:
    try:
        return _Obstore(
            importlib.import_module("obstore"),
            importlib.import_module("obstore.exceptions"),
            importlib.import_module("obstore.store"),
        )
    except ImportError as error:
        raise ArchiveExtraMissingError(
            "[archive] names a bucket, and the package obstore is not installed: pip install 'gtvision-edge[archive]'."
        ) from error


class CopyStore:
    """One site's place in the store: below ``prefix``, in a folder called by the site's id."""

    def __init__(
        self, settings: ArchiveSettings, *, site_id: str, patience: Patience = Patience()
    ) -> None:
        """Read the files that the settings name, which blocks; nothing is asked of the store yet.

        Raises:
            ArchiveExtraMissingError: obstore is not installed.
            ArchiveRefusedError: a file that the settings name cannot be read, or this system trusts no certificate.

        """
        self._obstore = _load()
        self._settings = settings
        self._site_id = site_id
        self.base = "/".join(part for part in (settings.prefix, site_id) if part)
        secret = _secret(settings)
        self._small = self._connect(secret, patience.small_s, {"max_retries": 0})
        # A part that fails is sent again by itself: a bundle of many gigabytes need not begin anew.
        first, longest = patience.pause_s
        again = {
            "max_retries": 10_000,  # the time is what ends it
            "retry_timeout": timedelta(seconds=patience.part_s + patience.away_s),
            "backoff": {
                "init_backoff": timedelta(seconds=first),
                "max_backoff": timedelta(seconds=longest),
                "base": 4.0,
            },
        }
        self._parts = self._connect(secret, patience.part_s, again)

    async def knock(self) -> None:
        """Return if the store takes something from us now.

        Raises:
            ArchiveUnreachableError, ArchiveRefusedError: it does not.

        """
        told = {"site": self._site_id, "software": "GT-Vision Edge"}
        await self._put(KNOCK_KEY, json.dumps(told).encode(), "application/json")

    async def put_picture(self, key: str, jpeg: bytes) -> None:
        """Store *jpeg*; the store has compared its SHA-256 when this returns.

        Raises:
            ArchiveUnreachableError, ArchiveRefusedError: it may be there or not.

        """
        await self._put(key, jpeg, "image/jpeg")

    async def put_bundle(self, key: str, pieces: AsyncIterator[bytes], *, size_bytes: int) -> None:
        """Store what *pieces* give, in parts, each with its SHA-256; a few parts are in memory at a time.

        Whatever *pieces* raises is raised here, and nothing is there then.

        Raises:
            ArchiveUnreachableError, ArchiveRefusedError: it may be there or not, never a piece of it.

        """
        part = max(LEAST_PART, -(-size_bytes // MOST_PARTS))
        broken: list[Exception] = []

        async def given() -> AsyncIterator[bytes]:
            try:
                async for piece in pieces:
                    yield piece
            except Exception as error:
                broken.append(error)
                raise

        try:
            await self._told(
                self._obstore.api.put_async(
                    self._parts,
                    f"{self.base}/{key}",
                    given(),
                    use_multipart=True,
                    chunk_size=part,
                    max_concurrency=PARTS_AT_ONCE,
                    attributes={"Content-Type": "application/zip"},
                )
            )
        except (ArchiveUnreachableError, ArchiveRefusedError) as error:
            # The upload is ended then, and where the store does not let us end it, obstore tells that alone.
            if broken:
                raise broken[0] from error
            raise

    async def size_of(self, key: str) -> int | None:
        """Return the size of what is there; None: nothing is, or we may not look.

        Raises:
            ArchiveUnreachableError: the store does not answer.

        """
        try:
            found = await self._told(
                self._obstore.api.head_async(self._small, f"{self.base}/{key}")
            )
        except ArchiveRefusedError:
            return None
        return int(found["size"])

    async def remove(self, key: str) -> None:
        """Remove what is there; that nothing is there is no fault.

        Raises:
            ArchiveUnreachableError, ArchiveRefusedError: it may be gone or not.

        """
        await self._told(self._obstore.api.delete_async(self._small, f"{self.base}/{key}"))

    async def _put(self, key: str, content: bytes, content_type: str) -> None:
        await self._told(
            self._obstore.api.put_async(
                self._small,
                f"{self.base}/{key}",
                content,
                use_multipart=False,
                attributes={"Content-Type": content_type},
            )
        )

    async def _told(self, asked: Awaitable[T]) -> T:
        """Wait for an answer, and tell its failures in our words: what the store says goes nowhere else."""
        errors = self._obstore.errors
        try:
            return await asked
        except FileNotFoundError as error:
            raise ArchiveRefusedError(
                "The store knows no such thing.", reason=_reason(error)
            ) from error
        except (errors.PermissionDeniedError, errors.UnauthenticatedError) as error:
            raise ArchiveRefusedError(
                "The store does not let us.", reason=_reason(error)
            ) from error
        except errors.BaseError as error:
            reason = _reason(error)
            if _is_refusal(str(error)):
                raise ArchiveRefusedError("The store does not take this.", reason=reason) from error
            raise ArchiveUnreachableError("The store does not answer.", reason=reason) from error

    def _connect(self, secret: str, timeout_s: float, again: dict[str, Any]) -> Any:
        settings = self._settings
        is_plain = settings.endpoint.startswith("http://")
        client: dict[str, Any] = {
            "allow_http": is_plain,
            "connect_timeout": timedelta(seconds=min(10.0, timeout_s)),
            "timeout": timedelta(seconds=timeout_s),
            "user_agent": "gtvision-edge",
        }
        if settings.ca_file is not None:
            client["root_certificate"] = _read(settings.ca_file, "ca_unreadable")
        elif is_plain:
            client["root_certificate"] = _nobody()
        config: dict[str, Any] = {
            "region": settings.region,
            "checksum_algorithm": "SHA256",
            "virtual_hosted_style_request": settings.host_style,
            "disable_bulk_delete": True,  # not all stores have it
            "disable_tagging": True,
            "skip_signature": False,
        }
        # The service's own name of it goes before any other, so that nothing is taken from the environment; likewise a provider of keys.
        config["aws_endpoint_url_s3"] = config["endpoint"] = _endpoint(settings)
        keys = {
            "access_key_id": settings.access_key,
            "secret_access_key": secret,
            "token": None,
            "expires_at": None,
        }
        try:
            return self._obstore.stores.S3Store(
                settings.bucket,
                config=config,
                client_options=client,
                retry_config=again,
                credential_provider=lambda: keys,
            )
        except (self._obstore.errors.BaseError, ValueError) as error:
            reason = "settings" if settings.ca_file is None else "ca_unreadable"
            if _NO_AUTHORITIES in str(error):
                reason = "no_authorities"
            raise ArchiveRefusedError("The store cannot be tried so.", reason=reason) from error


Connect = Callable[[], CopyStore]
"""Makes the store anew, with the keys as they are now."""


def place_of(settings: ArchiveSettings) -> str:
    """Return which store that is, for people and to tell it from another: endpoint or region, bucket, prefix; no keys."""
    where = settings.endpoint or f"aws:{settings.region}"
    return "/".join(part for part in (where, settings.bucket, settings.prefix) if part)


def _endpoint(settings: ArchiveSettings) -> str:
    url = urlsplit(settings.endpoint or f"https://s3.{settings.region}.amazonaws.com")
    host = f"{settings.bucket}.{url.netloc}" if settings.host_style else url.netloc
    return f"{url.scheme}://{host}"


def _secret(settings: ArchiveSettings) -> str:
    if settings.secret_key_file is not None:
        return _read(settings.secret_key_file, "secret_unreadable").strip()
    return settings.secret_key.get_secret_value()


def _read(path: Path, reason: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ArchiveRefusedError(f"{path} cannot be read.", reason=reason) from error


def _nobody() -> str:
    """Return a certificate (PEM) whose key nobody has. obstore makes no client without authorities, though it needs none in clear."""
    key = ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "nobody")])
    begins = datetime(2026, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=1))
        .sign(key, None)
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def _is_refusal(text: str) -> bool:
    """Tell whether it is the request that is wrong: 429 and 408 ask for patience, the others of 4xx for a change, and so do redirections."""
    if _ELSEWHERE in text:
        return True
    found = _STATUS.search(text)
    return found is not None and found[1][0] in "34" and found[1] not in ("408", "429")


def _reason(error: Exception) -> str:
    """Return the store's own code, a plain word, or what can be said without it."""
    text = str(error)
    if found := _CODE.search(text):
        return found[1]
    if found := _STATUS.search(text):
        return f"http_{found[1]}"
    if _ELSEWHERE in text:
        return "region"
    return "certificate" if "InvalidCertificate" in text else "unanswered"
