"""A real S3 server on loopback: Versity's gateway over a folder, whose binary ``VERSITYGW_BIN`` names."""

import asyncio
import contextlib
import datetime
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

from tests.fakes.object_store import ObjectStore, signature
from tests.ports import free_port
from tests.waiting import becomes

BINARY: Final = os.environ.get("VERSITYGW_BIN", "")


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
    def objects(self) -> dict[str, bytes]:
        """Return what is there; uploads that are not complete are no objects."""
        root = self.folder / "objects" / self.bucket
        files = (path for path in root.rglob("*") if path.is_file())
        found = {path.relative_to(root).as_posix(): path for path in files}
        return {
            key: path.read_bytes() for key, path in found.items() if not key.startswith(".sgwtmp/")
        }

    @property
    def uploads(self) -> list[str]:
        """Return the uploads that are neither complete nor ended."""
        pending = self.folder / "objects" / self.bucket / ".sgwtmp" / "multipart"
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
