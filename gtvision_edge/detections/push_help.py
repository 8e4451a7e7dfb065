"""Settings ready to paste: how an integrator, a Hikvision and an Intelbras camera send a camera's readings to this box.

What is made here holds the camera's secret; it is for the screen of who may see it, never for a log.
"""

import ipaddress
import json
import re
import shlex
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from gtvision_edge.detections.push_access import PushAccess
from gtvision_edge.detections.push_login import short_password
from gtvision_edge.detections.sources.signatures import SignedFields, sign_fields, signed_text
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.runtime.timestamps import to_rfc3339

ITSAPI_PATHS: Final = (
    "/NotificationInfo/TollgateInfo",
    "/NotificationInfo/KeepAlive",
    "/NotificationInfo/DeviceInfo",
)
EXAMPLE_PLATE: Final = "AAA0A00"
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class BoxAddress:
    """Where senders reach this box. *host*: a name or an IP address, IPv6 without brackets."""

    is_https: bool
    host: str
    port: int

    @classmethod
    def parse(cls, url: str) -> "BoxAddress":
        """Read ``http://10.20.0.5:8080`` or ``https://edge.example``.

        Raises:
            InvalidInputError: it is no such address.

        """
        try:
            parts = urlsplit(url.strip())
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError:
            parts, host, port = urlsplit(""), "", None
        is_plain = parts.path in ("", "/") and not (parts.query or parts.fragment or "@" in url)
        is_host = _is_ip(host) or _HOST.fullmatch(host) is not None
        if parts.scheme not in ("http", "https") or not is_plain or not is_host:
            fault = {"path": "url", "message": "must be such as http://10.20.0.5:8080"}
            raise InvalidInputError("The address is not right.", faults=[fault])
        is_https = parts.scheme == "https"
        return cls(is_https, host, port or (443 if is_https else 80))

    @property
    def url(self) -> str:
        scheme, usual = ("https", 443) if self.is_https else ("http", 80)
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}" + ("" if self.port == usual else f":{self.port}")


@dataclass(frozen=True, slots=True)
class ItsapiFields:
    """What the camera's page for pushing asks for. *short_password*: the same secret for fields that take no 50 characters."""

    host: str
    port: int
    is_https: bool
    user: str
    password: str
    short_password: str
    paths: tuple[str, ...] = ITSAPI_PATHS


@dataclass(frozen=True, slots=True)
class PushHelp:
    """The three ways. *webhook_curl* sends one reading of ``AAA0A00``; its signature is good for five minutes."""

    camera_id: str
    secret: str
    webhook_url: str
    webhook_curl: str
    webhook_signed: str
    """The text that is signed in *webhook_curl*."""
    hikvision_url: str
    hikvision_xml: str
    itsapi: ItsapiFields


def explain(access: PushAccess, box: BoxAddress, *, now_us: int) -> PushHelp:
    """Return how the readings of *access*'s camera are sent to *box*."""
    webhook_url = box.url + access.webhook_path
    trial = SignedFields(access.camera_id, EXAMPLE_PLATE, to_rfc3339(now_us), "0.95", "")
    return PushHelp(
        camera_id=access.camera_id,
        secret=access.secret,
        webhook_url=webhook_url,
        webhook_curl=_signed_curl(access, webhook_url, trial),
        webhook_signed=signed_text(trial),
        hikvision_url=box.url + access.hikvision_path,
        hikvision_xml=_http_host(access, box),
        itsapi=ItsapiFields(
            box.host,
            box.port,
            box.is_https,
            access.camera_id,
            access.secret,
            short_password(access.secret),
        ),
    )


def _signed_curl(access: PushAccess, url: str, fields: SignedFields) -> str:
    body = {
        "camera_id": fields.camera_id,
        "placa": fields.plate,
        "timestamp": fields.timestamp,
        "confianca": float(fields.confidence),
        "imagem_url": None,
        "signature": sign_fields(access.secret, fields),
    }
    words = ["curl", "-sS", "-X", "POST", url, "-H", "Content-Type: application/json"]
    return shlex.join([*words, "-d", json.dumps(body)])


def _http_host(access: PushAccess, box: BoxAddress) -> str:
    kind, tag = ("ipaddress", "ipAddress") if _is_ip(box.host) else ("hostname", "hostName")
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<HttpHostNotification version="2.0" xmlns="http://www.hikvision.com/ver20/XMLSchema">
  <id>1</id>
  <url>{escape(access.hikvision_path)}</url>
  <protocolType>{"HTTPS" if box.is_https else "HTTP"}</protocolType>
  <parameterFormatType>XML</parameterFormatType>
  <addressingFormatType>{kind}</addressingFormatType>
  <{tag}>{escape(box.host)}</{tag}>
  <portNo>{box.port}</portNo>
  <httpAuthenticationMethod>none</httpAuthenticationMethod>
  <uploadImagesDataType>binary</uploadImagesDataType>
  <httpBroken>true</httpBroken>
  <ANPR>
    <detectionUpLoadPicturesType>all</detectionUpLoadPicturesType>
  </ANPR>
</HttpHostNotification>
"""


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
