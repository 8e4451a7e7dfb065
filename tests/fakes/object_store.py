"""An S3 server on loopback that takes nothing on trust: signatures, checksums and sizes of parts are checked as S3 checks them.

It can be away, hang, cut the line or refuse; what it does is chosen while it runs.
"""

import asyncio
import base64
import hashlib
import hmac
import re
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from typing import Literal
from urllib.parse import quote, unquote

from aiohttp import web

LEAST_PART = 5 * 2**20
"""S3 takes no smaller part, but for the last one."""
MOST_SKEW = timedelta(minutes=15)
Mood = Literal["well", "away", "hangs", "cuts", "denies"]


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def checksum(body: bytes) -> str:
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def signature(secret_key: str, day: str, region: str, time: str, canonical: str) -> str:
    """Return AWS Signature Version 4 of a canonical request."""
    scope = f"{day}/{region}/s3/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{secret_key}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = _hmac(key, part)
    return _hmac(key, "\n".join(["AWS4-HMAC-SHA256", time, scope, digest])).hex()


class RefusedError(Exception):
    """What is answered to a request that S3 refuses."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


@dataclass
class Upload:
    """A multipart upload that is not complete."""

    key: str
    parts: dict[int, bytes] = field(default_factory=dict)


@dataclass
class ObjectStore:
    """Holds one bucket. *mood_of* says, by method and key, how it behaves; None = as *mood* says."""

    bucket: str = "copias"
    access_key: str = "box17"
    secret_key: str = "segredo-da-caixa"
    region: str = "us-east-1"
    url: str = ""
    clock_ahead_s: float = 0.0
    """Of that of whoever asks."""
    mood: Mood = "well"
    mood_of: Callable[[str, str], Mood | None] = lambda method, key: None
    objects: dict[str, bytes] = field(default_factory=dict)
    stored: Counter[str] = field(default_factory=Counter)
    """How often each key was written: a second time is a second version in a bucket that keeps them."""
    removed: list[str] = field(default_factory=list)
    uploads: dict[str, Upload] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Method and key of each request, as they came."""
    freed: asyncio.Event = field(default_factory=asyncio.Event)
    on_kept: Callable[[str], None] = lambda key: None
    """Called when an object is there, before whoever sent it hears of it."""
    largest_body: int = 0

    def behave(self, mood: Mood) -> None:
        self.mood = mood
        if mood != "hangs":
            self.freed.set()
            self.freed = asyncio.Event()

    def kept(self, part: str = "") -> list[str]:
        """Return the keys that have *part* in them, without what a box knocks with."""
        return sorted(key for key in self.objects if part in key and "/.gtvision" not in key)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        key = unquote(request.rel_url.raw_path).removeprefix(f"/{self.bucket}").removeprefix("/")
        self.asked.append((request.method, key))
        mood = self.mood_of(request.method, key) or self.mood
        if mood == "cuts":
            await request.content.read(65536)
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        body = await request.read()
        self.largest_body = max(self.largest_body, len(body))
        if mood == "hangs":
            await self.freed.wait()
            if request.transport is None:  # whoever asked has gone
                raise ConnectionResetError
        try:
            return await self.reply(request, key, body, mood)
        except RefusedError as error:
            text = f"<Error><Code>{error.code}</Code><Message>no</Message></Error>"
            return web.Response(status=error.status, text=text, content_type="application/xml")

    async def reply(
        self, request: web.Request, key: str, body: bytes, mood: Mood
    ) -> web.StreamResponse:
        """Answer what came, unless *mood* is against it.

        Raises:
            RefusedError: the request is not taken.

        """
        self._admit(request, body, mood)
        return self._do(request, key, body)

    def _admit(self, request: web.Request, body: bytes, mood: Mood) -> None:
        if mood == "away":
            raise RefusedError(503, "SlowDown")
        self._check_signature(request, body)
        if mood == "denies":
            raise RefusedError(403, "AccessDenied")
        if not unquote(request.rel_url.raw_path).startswith(f"/{self.bucket}"):
            raise RefusedError(404, "NoSuchBucket")

    def _do(self, request: web.Request, key: str, body: bytes) -> web.Response:
        query = request.query
        match request.method:
            case "PUT" if "uploadId" in query:
                return self._put_part(request, key, body)
            case "PUT":
                if request.headers.get("If-None-Match") == "*" and key in self.objects:
                    raise RefusedError(412, "PreconditionFailed")
                self._check_sum(request, body)
                return self._keep(key, body)
            case "POST" if "uploads" in query:
                upload_id = f"upload-{len(self.uploads)}-{len(self.asked)}"
                self.uploads[upload_id] = Upload(key)
                return self._xml(
                    f"<InitiateMultipartUploadResult><UploadId>{upload_id}</UploadId></InitiateMultipartUploadResult>"
                )
            case "POST" if "uploadId" in query:
                return self._complete(query["uploadId"], key, body)
            case "DELETE" if "uploadId" in query:
                self.uploads.pop(query["uploadId"], None)
                return web.Response(status=204)
            case "DELETE":
                self.objects.pop(key, None)
                self.removed.append(key)
                return web.Response(status=204)
            case "HEAD" | "GET":
                return self._show(request, key)
            case _:
                raise RefusedError(405, "MethodNotAllowed")

    def _keep(self, key: str, body: bytes) -> web.Response:
        self.objects[key] = body
        self.stored[key] += 1
        self.on_kept(key)
        return web.Response(headers={"ETag": f'"{hashlib.md5(body).hexdigest()}"'})  # noqa: S324 -- as S3 does

    def _put_part(self, request: web.Request, key: str, body: bytes) -> web.Response:
        upload = self.uploads.get(request.query["uploadId"])
        if upload is None or upload.key != key:
            raise RefusedError(404, "NoSuchUpload")
        self._check_sum(request, body)
        upload.parts[int(request.query["partNumber"])] = body
        return web.Response(headers={"ETag": f'"{hashlib.md5(body).hexdigest()}"'})  # noqa: S324

    def _complete(self, upload_id: str, key: str, body: bytes) -> web.Response:
        upload = self.uploads.get(upload_id)
        if upload is None:
            raise RefusedError(404, "NoSuchUpload")
        wanted = [int(each) for each in re.findall(rb"<PartNumber>(\d+)</PartNumber>", body)]
        parts = [upload.parts[number] for number in wanted]
        if wanted != sorted(upload.parts) or any(len(each) < LEAST_PART for each in parts[:-1]):
            raise RefusedError(400, "EntityTooSmall")
        del self.uploads[upload_id]
        whole = b"".join(parts)
        self._keep(key, whole)
        return self._xml(
            f'<CompleteMultipartUploadResult><Key>{key}</Key><ETag>"{len(whole)}-{len(parts)}"</ETag>'
            "</CompleteMultipartUploadResult>"
        )

    def _show(self, request: web.Request, key: str) -> web.Response:
        body = self.objects.get(key)
        if body is None:
            raise RefusedError(404, "NoSuchKey")
        headers = {
            "ETag": f'"{hashlib.md5(body).hexdigest()}"',  # noqa: S324
            "Last-Modified": formatdate(usegmt=True),
            "Content-Length": str(len(body)),
        }
        return web.Response(headers=headers, body=body if request.method == "GET" else None)

    @staticmethod
    def _xml(text: str) -> web.Response:
        return web.Response(text=text, content_type="application/xml")

    @staticmethod
    def _check_sum(request: web.Request, body: bytes) -> None:
        given = request.headers.get("x-amz-checksum-sha256")
        if given is None:
            raise RefusedError(400, "MissingChecksum")
        if given != checksum(body):
            raise RefusedError(400, "BadDigest")

    def _check_signature(self, request: web.Request, body: bytes) -> None:
        """Compute the signature (AWS Signature Version 4) anew, from what came."""
        said = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?"
            r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})",
            request.headers.get("Authorization", ""),
        )
        if said is None:
            raise RefusedError(403, "AccessDenied")
        access_key, day, region, names, _ = said.groups()
        if access_key != self.access_key:
            raise RefusedError(403, "InvalidAccessKeyId")
        if region != self.region:
            raise RefusedError(400, "AuthorizationHeaderMalformed")
        asked_at = datetime.strptime(request.headers["x-amz-date"], "%Y%m%dT%H%M%S%z")
        here = datetime.now(UTC) + timedelta(seconds=self.clock_ahead_s)
        if abs(here - asked_at) > MOST_SKEW:
            raise RefusedError(403, "RequestTimeTooSkewed")
        payload = request.headers["x-amz-content-sha256"]
        if payload not in (hashlib.sha256(body).hexdigest(), "UNSIGNED-PAYLOAD"):
            raise RefusedError(400, "XAmzContentSHA256Mismatch")
        query = "&".join(
            sorted(
                f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
                for name, value in request.query.items()
            )
        )
        headers = "".join(
            f"{name}:{' '.join(request.headers[name].split())}\n" for name in names.split(";")
        )
        path = request.rel_url.raw_path
        canonical = "\n".join([request.method, path, query, headers, names, payload])
        made = signature(self.secret_key, day, region, request.headers["x-amz-date"], canonical)
        if not hmac.compare_digest(made, said[5]):
            raise RefusedError(403, "SignatureDoesNotMatch")


@asynccontextmanager
async def running_store(
    store: ObjectStore | None = None, *, tls: ssl.SSLContext | None = None, port: int = 0
) -> AsyncIterator[ObjectStore]:
    """Serve *store* on loopback while the block is open."""
    store = store or ObjectStore()
    application = web.Application(client_max_size=2**30)
    application.router.add_route("*", "/{path:.*}", store.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls)
    await site.start()
    assert runner.addresses
    store.url = f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield store
    finally:
        store.freed.set()
        await runner.cleanup()
