"""The sections of plate readings and of all that leaves the site: hub, object store, pushes."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from gtvision_edge.settings.values import (
    A_DAY_OR_MORE,
    AN_HOUR_OR_MORE,
    HOST,
    AbsolutePath,
    Duration,
    Section,
    Size,
    picture_source,
    url_of,
)


class DetectionSettings(Section):
    keep: Annotated[Duration, A_DAY_OR_MORE] = 180 * 86400.0
    """Afterwards plate and pictures of a reading are taken away; counts remain."""
    keep_pictures: Annotated[Duration, AN_HOUR_OR_MORE] = 180 * 86400.0
    pictures_max: Size = 20 * 2**30
    picture_sources: tuple[Annotated[str, AfterValidator(picture_source)], ...] = (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "fc00::/7",
    )
    """From where ``imagem_url`` is fetched; empty = from nowhere."""


def _amqp_url(url: SecretStr) -> SecretStr:
    text = url.get_secret_value()
    if text and urlsplit(text).scheme not in ("amqp", "amqps"):
        raise ValueError("must begin with amqp:// or amqps://")
    if text and not urlsplit(text).hostname:
        raise ValueError("names no host")
    return url


def _amqp_name(text: str) -> str:
    # What the AMQP library takes: other names are good for some brokers, and nobody could publish to them or ask for them.
    if not re.fullmatch(r"[a-zA-Z0-9_.:@#,/+ -]+", text):
        raise ValueError("must be letters without accents, digits, spaces and _.:@#,/+- only")
    return text


class UplinkSettings(Section):
    """The hub's broker; without ``url`` nothing is kept for a hub."""

    url: Annotated[SecretStr, AfterValidator(_amqp_url)] = SecretStr("")
    exchange: Annotated[str, Field(max_length=127), AfterValidator(_amqp_name)] = "deteccoes.events"
    declare_topology: bool = False
    password_file: AbsolutePath | None = None
    """Holds the password alone; takes the place of the one in ``url``, and is read at each connecting."""
    ca_file: AbsolutePath | None = None
    certificate_file: AbsolutePath | None = None
    key_file: AbsolutePath | None = None
    keep: Annotated[Duration, A_DAY_OR_MORE] = 90 * 86400.0
    """Messages that wait longer are given up, and that is written down."""
    max_bytes: Annotated[Size, Field(ge=2**20)] = 8 * 2**30
    watch_queues: tuple[Annotated[str, Field(max_length=255), AfterValidator(_amqp_name)], ...] = ()
    alert_waiting: Annotated[int, Field(ge=1)] = 10_000
    alert_age: Duration = 3600.0

    @property
    def has_hub(self) -> bool:
        return bool(self.url.get_secret_value())

    @model_validator(mode="after")
    def _files_go_together(self) -> "UplinkSettings":
        if self.key_file is not None and self.certificate_file is None:
            raise ValueError('"key_file" needs "certificate_file"')
        is_tls = urlsplit(self.url.get_secret_value()).scheme == "amqps"
        if (self.ca_file or self.certificate_file) and self.url.get_secret_value() and not is_tls:
            raise ValueError('"ca_file" and "certificate_file" need an amqps:// address')
        return self


def _place_in_bucket(text: str) -> str:
    parts = text.strip("/").split("/") if text else []
    if not all(re.fullmatch(r"[A-Za-z0-9_.-]+", part) and part.strip(".") for part in parts):
        raise ValueError(f'"{text}" is no prefix; write "gtvision/prefeitura"')
    return "/".join(parts)


def _bucket(text: str) -> str:
    if text and not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", text):
        raise ValueError(
            f'"{text}" is no name of a bucket: 3 to 63 small letters, digits, dots and hyphens, with a letter or digit at both ends'
        )
    return text


def _store_url(text: str) -> str:
    url = urlsplit(url_of("https", "http")(text)) if text else urlsplit("")
    if url.path.strip("/") or url.query or url.username or url.password:
        raise ValueError(
            "must be scheme, host and port alone; keys and bucket have their own settings"
        )
    if text and not (HOST.fullmatch(url.hostname or "") or ":" in (url.hostname or "")):
        raise ValueError(f'"{url.hostname}" is no host')
    return text.rstrip("/")


class ArchiveSettings(Section):
    """Copies in an object store (S3, MinIO); without ``bucket`` none are made."""

    bucket: Annotated[str, AfterValidator(_bucket)] = ""
    prefix: Annotated[str, AfterValidator(_place_in_bucket)] = ""
    endpoint: Annotated[str, AfterValidator(_store_url)] = ""
    """Empty = Amazon's of ``region``."""
    region: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")] = "us-east-1"
    host_style: bool = False
    """The bucket stands in the host's name, not in the path."""
    access_key: Annotated[str, Field(max_length=256, pattern=r"^[!-~]*$")] = ""
    secret_key: SecretStr = SecretStr("")
    secret_key_file: AbsolutePath | None = None
    """Holds the secret key alone; read whenever the store is tried anew."""
    ca_file: AbsolutePath | None = None
    pictures: bool = True
    evidence: bool = True
    remove_expired_evidence: bool = False
    bytes_per_second: Annotated[Size, Field(ge=64 * 2**10)] | None = None
    """Of all copies together; None = as many as the line takes."""
    keep: Annotated[Duration, A_DAY_OR_MORE] = 90 * 86400.0
    """Copies that wait longer are given up, and that is written down."""
    max_waiting: Annotated[int, Field(ge=1000)] = 1_000_000
    alert_waiting: Annotated[int, Field(ge=1)] = 10_000
    alert_age: Duration = 6 * 3600.0

    @model_validator(mode="after")
    def _has_keys(self) -> "ArchiveSettings":
        has_secret = bool(self.secret_key.get_secret_value())
        if has_secret and self.secret_key_file is not None:
            raise ValueError('give either "secret_key" or "secret_key_file"')
        if self.bucket and not (self.access_key and (has_secret or self.secret_key_file)):
            raise ValueError('"bucket" needs "access_key" and "secret_key" or "secret_key_file"')
        if self.ca_file is not None and self.endpoint.startswith("http://"):
            raise ValueError('"ca_file" needs an https:// endpoint')
        return self


def _contact(text: str) -> str:
    parts = urlsplit(text)
    if not (parts.scheme == "mailto" and "@" in parts.path) and not (
        parts.scheme == "https" and parts.hostname
    ):
        raise ValueError(f'"{text}" is no contact; write "mailto:ti@prefeitura.example"')
    return text


class PushSettings(Section):
    """Notices on phones and browsers."""

    contact: Annotated[str, AfterValidator(_contact)] = "mailto:gtvision-edge@example.com"
    keep: Annotated[Duration, Field(ge=60.0, le=86400.0 * 7)] = 4 * 3600.0
    settle: Annotated[Duration, Field(ge=1.0, le=86400.0)] = 120.0
    allow_private: bool = False
