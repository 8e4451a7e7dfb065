"""A real S3 server on loopback: Versity's gateway over a folder, which ``make gateway`` builds or ``VERSITYGW_BIN`` names."""

import asyncio
import contextlib
import datetime
import io
import os
import re
import signal
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

import aiohttp
from aiohttp import web
from yarl import URL

from tests.fakes.object_store import Mood, ObjectStore, RefusedError, running_store, signature
from tests.ports import free_port
from tests.waiting import becomes

_BUILT: Final = Path(__file__).resolve().parent.parent / ".cache/bin/versitygw"
BINARY: Final = os.environ.get("VERSITYGW_BIN") or (str(_BUILT) if _BUILT.exists() else "")


@dataclass
class RealStore:
    """One gateway over *folder*/objects, where each object is a file. *tls*: a folder of :func:`tests.fakes.certificates.tls_files`.

    :meth:`kill` and :meth:`start` make a restart on the same port.
    """

    folder: Path
    tls: Path | None = None
    bucket: str = "copias"
    access_key: str = "box17"
    secret_key: str = "segredo-da-caixa"
    region: str = "us-east-1"
    port: int = field(default_factory=free_port)
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def root(self) -> Path:
        """Return where the bucket's objects are, by their keys."""
        return self.folder / "objects" / self.bucket

    @property
    def objects(self) -> dict[str, bytes]:
        """Return what is there; uploads that are not complete are no objects."""
        folders = [each for each in self.root.iterdir() if each.name != ".sgwtmp"]
        files = [path for each in folders for path in each.rglob("*") if path.is_file()]
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in files}

    @property
    def uploads(self) -> list[str]:
        """Return the uploads that are neither complete nor ended."""
        pending = self.root / ".sgwtmp" / "multipart"
        return [path.name for path in pending.glob("*/*") if path.is_dir()]

    async def start(self) -> None:
        """Return when it answers and has the bucket."""
        (self.folder / "objects").mkdir(parents=True, exist_ok=True)
        (self.folder / "users").mkdir(exist_ok=True)
        options = ["--port", f"127.0.0.1:{self.port}", "--region", self.region]
        options += ["--iam-dir", str(self.folder / "users"), "--quiet"]
        if self.tls:
            options += ["--cert", str(self.tls / "server.pem")]
            options += ["--key", str(self.tls / "server.key")]
        keys = {"ROOT_ACCESS_KEY": self.access_key, "ROOT_SECRET_KEY": self.secret_key}
        with (self.folder / "gateway.log").open("a") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(BINARY, *options, "posix", str(self.folder / "objects")),
                env=os.environ | keys,
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )

        trusted = ssl.create_default_context(cafile=self.tls / "ca.pem") if self.tls else True

        async def has_bucket() -> bool:
            status, _ = await ask(self, "PUT", f"/{self.bucket}", trusted=trusted)
            return status in (200, 409)

        await becomes(has_bucket, 30)

    async def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End it."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)
        await self.process.wait()


class RelayedStore(ObjectStore):
    """The stand-in's moods and what it keeps count of, before a real server that answers."""

    def __init__(self, real: RealStore, session: aiohttp.ClientSession) -> None:
        super().__init__()
        self.real = real
        self.session = session

    async def reply(
        self, request: web.Request, key: str, body: bytes, mood: Mood
    ) -> web.StreamResponse:
        if mood == "away":
            raise RefusedError(503, "SlowDown")
        if mood == "denies":
            raise RefusedError(403, "AccessDenied")
        url = URL(self.real.url + request.raw_path, encoded=True)
        # The signature is of the name by which the box knows the store: it goes on as it came.
        async with self.session.request(
            request.method, url, headers=request.headers, data=io.BytesIO(body)
        ) as answer:
            content = await answer.read()
        if answer.status < 300:
            await self._note(request, key)
        headers = answer.headers.copy()
        for name in ("Connection", "Keep-Alive", "Transfer-Encoding"):
            headers.popall(name, None)
        if request.method != "HEAD":
            headers.popall("Content-Length", None)  # counted anew
        return web.Response(status=answer.status, headers=headers, body=content or None)

    async def _note(self, request: web.Request, key: str) -> None:
        is_of_upload = "uploadId" in request.query
        if request.method == ("POST" if is_of_upload else "PUT"):
            self.objects[key] = await asyncio.to_thread((self.real.root / key).read_bytes)
            self.stored[key] += 1
            self.on_kept(key)
        elif request.method == "DELETE" and not is_of_upload:
            self.objects.pop(key, None)
            self.removed.append(key)


async def ask(
    store: RealStore | ObjectStore,
    method: str,
    path: str,
    *,
    query: str = "",
    body: bytes = b"",
    ahead_s: float = 0.0,
    trusted: ssl.SSLContext | bool = True,
) -> tuple[int, str]:
    """Make a request of our own, signed by a clock that is *ahead_s* ahead; return its status and the code of an error."""
    now = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=ahead_s)
    payload = sha256(body).hexdigest()
    headers = {
        "host": store.url.partition("//")[2],
        "x-amz-content-sha256": payload,
        "x-amz-date": now.strftime("%Y%m%dT%H%M%SZ"),
    }
    names = ";".join(sorted(headers))
    lines = [f"{name}:{headers[name]}" for name in sorted(headers)]
    canonical = "\n".join([method, path, query, *lines, "", names, payload])
    day = f"{now:%Y%m%d}"
    made = signature(store.secret_key, day, store.region, headers["x-amz-date"], canonical)
    scope = f"{store.access_key}/{day}/{store.region}/s3/aws4_request"
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={names}, Signature={made}"
    )
    url = store.url + path + (f"?{query}" if query else "")
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url, headers=headers, data=body, ssl=trusted) as answer,
    ):
        code = re.search(r"<Code>(\w+)</Code>", await answer.text())
        return answer.status, code[1] if code else ""


@asynccontextmanager
async def running_gateway(folder: Path, *, tls: Path | None = None) -> AsyncIterator[RealStore]:
    """Run one over *folder*, with a bucket, while the block is open."""
    folder.mkdir(exist_ok=True)
    store = RealStore(folder, tls)
    try:
        await store.start()
        yield store
    finally:
        if store.process is not None:
            await store.kill(signal.SIGTERM)


@asynccontextmanager
async def running_relay(folder: Path) -> AsyncIterator[ObjectStore]:
    """Run a real server over *folder* behind a :class:`RelayedStore` while the block is open."""
    async with (
        running_gateway(folder) as real,
        aiohttp.ClientSession(auto_decompress=False) as session,
        running_store(RelayedStore(real, session)) as relayed,
    ):
        yield relayed
