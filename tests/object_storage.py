"""A real S3 server on loopback: SeaweedFS, whose binary ``WEED_BIN`` names."""

import asyncio
import contextlib
import datetime
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import aiohttp

from tests.fakes.object_store import signature
from tests.ports import free_ports
from tests.waiting import becomes

BINARY: Final = os.environ.get("WEED_BIN", "")
ACCESS_KEY: Final = "box17"
SECRET_KEY: Final = "segredo-da-caixa"
REGION: Final = "us-east-1"


@dataclass(frozen=True)
class RealStore:
    """What a client needs to know, as the fake says it."""

    url: str
    bucket: str = "copias"
    access_key: str = ACCESS_KEY
    secret_key: str = SECRET_KEY


async def signed(method: str, url: str, path: str) -> int:
    """Make a request without a body; return its status."""
    now = datetime.datetime.now(datetime.UTC)
    payload = sha256(b"").hexdigest()
    headers = {
        "host": url.partition("//")[2],
        "x-amz-content-sha256": payload,
        "x-amz-date": now.strftime("%Y%m%dT%H%M%SZ"),
    }
    names = ";".join(sorted(headers))
    canonical = "\n".join(
        [
            *(method, path, ""),
            *(f"{name}:{headers[name]}" for name in sorted(headers)),
            *("", names, payload),
        ]
    )
    scope = f"{now:%Y%m%d}/{REGION}/s3/aws4_request"
    made = signature(SECRET_KEY, f"{now:%Y%m%d}", REGION, headers["x-amz-date"], canonical)
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}, SignedHeaders={names}, Signature={made}"
    )
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url + path, headers=headers) as answer,
    ):
        return answer.status


@asynccontextmanager
async def running_weed(folder: Path) -> AsyncIterator[RealStore]:
    """Run one over *folder*, with a bucket, while the block is open."""
    master, master_grpc, volume, volume_grpc, filer, filer_grpc, port, s3_grpc = free_ports(8)
    identity = {
        "name": "box",
        "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
        "actions": ["Admin", "Read", "Write", "List"],
    }
    folder.mkdir()
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    options = {
        "dir": folder,
        "ip": "127.0.0.1",
        "ip.bind": "127.0.0.1",
        "master.port": master,
        "master.port.grpc": master_grpc,
        "master.volumeSizeLimitMB": 64,
        "volume.port": volume,
        "volume.port.grpc": volume_grpc,
        "volume.max": 20,
        "filer": "true",
        "filer.port": filer,
        "filer.port.grpc": filer_grpc,
        "s3": "true",
        "s3.port": port,
        "s3.port.grpc": s3_grpc,
        "s3.config": folder / "s3.json",
    }
    with (folder / "weed.log").open("w") as log:
        process = await asyncio.create_subprocess_exec(
            *(BINARY, "server", *(f"-{name}={value}" for name, value in options.items())),
            stdout=log,
            stderr=log,
            cwd=folder,
        )
    try:
        url = f"http://127.0.0.1:{port}"

        async def has_bucket() -> bool:
            return await signed("PUT", url, "/copias") in (200, 409)

        await becomes(has_bucket, 60)
        yield RealStore(url)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
