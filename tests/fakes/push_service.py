"""A push service on loopback and the browser behind it: what is pushed is decrypted with the browser's own key."""

import base64
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tests.waiting import becomes


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Browser:
    """Keys of one subscription. Decrypts as RFC 8291 tells the user agent to, step by step."""

    def __init__(self, key: ec.EllipticCurvePrivateKey | None = None, auth: bytes = b"") -> None:
        self._key = key or ec.generate_private_key(ec.SECP256R1())
        self.auth = auth or os.urandom(16)
        self.public = self._key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )

    @property
    def keys(self) -> dict[str, str]:
        return {"p256dh": b64(self.public), "auth": b64(self.auth)}

    def decrypt(self, body: bytes) -> bytes:
        salt, record_bytes, id_length = body[:16], int.from_bytes(body[16:20]), body[20]
        sender, record = body[21 : 21 + id_length], body[21 + id_length :]
        assert len(record) <= record_bytes
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        shared = self._key.exchange(ec.ECDH(), point)
        info = b"WebPush: info\0" + self.public + sender
        secret = HKDF(hashes.SHA256(), 32, self.auth, info).derive(shared)
        key = HKDF(hashes.SHA256(), 16, salt, b"Content-Encoding: aes128gcm\0").derive(secret)
        nonce = HKDF(hashes.SHA256(), 12, salt, b"Content-Encoding: nonce\0").derive(secret)
        text = AESGCM(key).decrypt(nonce, record, None).rstrip(b"\0")
        assert text[-1:] == b"\x02", "the last record ends with 2"
        return text[:-1]


@dataclass(frozen=True)
class Pushed:
    """One message as the browser got it."""

    message: dict[str, Any]
    headers: Mapping[str, str]
    to: str


@dataclass
class LocalPushService:
    """Takes pushes as ``status`` says; each subscription is a path, its browser decrypts at once."""

    public_key: str = ""
    """Of the site; what it signs is checked."""
    url: str = ""
    status: int = 201
    headers: dict[str, str] = field(default_factory=dict)
    browsers: dict[str, Browser] = field(default_factory=dict)
    got: list[Pushed] = field(default_factory=list)
    tries: int = 0

    def endpoint(self, name: str = "phone") -> str:
        self.browsers.setdefault(name, Browser())
        return f"{self.url}/wp/{name}"

    def subscription(self, name: str = "phone") -> dict[str, Any]:
        """Return what ``PushSubscription.toJSON()`` gives."""
        endpoint = self.endpoint(name)
        return {"endpoint": endpoint, "keys": self.browsers[name].keys, "expirationTime": None}

    async def wait_for(self, count: int) -> list[Pushed]:
        await becomes(lambda: len(self.got) >= count, within_s=5)
        return self.got

    async def _take(self, request: web.Request) -> web.Response:
        self.tries += 1
        body = await request.read()
        if self.status >= 300:
            return web.Response(
                status=self.status, headers=self.headers, text="no business of yours"
            )
        assert request.headers["Content-Encoding"] == "aes128gcm"
        self._check_sender(request.headers["Authorization"])
        name = request.match_info["name"]
        text = self.browsers[name].decrypt(body)
        self.got.append(Pushed(json.loads(text), dict(request.headers), name))
        return web.Response(status=self.status)

    def _check_sender(self, authorization: str) -> None:
        scheme, _, rest = authorization.partition(" ")
        parts = dict(each.strip().split("=", 1) for each in rest.split(","))
        assert scheme == "vapid"
        assert parts["k"] == self.public_key
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64(parts["k"]))
        # The site's clock may be a test's own.
        claims = jwt.decode(
            parts["t"],
            point,
            algorithms=["ES256"],
            audience=self.url,
            options={"verify_exp": False},
        )
        assert claims["sub"].startswith("mailto:")
        assert claims["exp"] > 0


@asynccontextmanager
async def running_push_service(public_key: str = "") -> AsyncIterator[LocalPushService]:
    service = LocalPushService(public_key)
    application = web.Application()
    application.router.add_post("/wp/{name}", service._take)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        assert site._server is not None
        port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        service.url = f"http://127.0.0.1:{port}"
        yield service
    finally:
        await runner.cleanup()
