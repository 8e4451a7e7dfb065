"""Debian's nginx with the files we ship; only ports, paths and the secret are put in, as on a box."""

import asyncio
import datetime
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from tests.parts import program
from tests.ports import free_ports
from tests.waiting import patiently

SHIPPED = Path("config/nginx")
NAME = "gtvision-edge"

# What stands around the sites in Debian's own nginx.conf.
_AROUND = """
daemon off;
worker_processes 1;
pid {root}/nginx.pid;
{user}
events {{ worker_connections 256; }}
http {{
    client_body_temp_path {root}/body;
    proxy_temp_path {root}/proxy;
    fastcgi_temp_path {root}/fastcgi;
    uwsgi_temp_path {root}/uwsgi;
    scgi_temp_path {root}/scgi;
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    include {root}/{name}.conf;
}}
"""


@dataclass
class Nginx:
    """One nginx in front of a daemon."""

    root: Path
    plain: int
    port: int

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.root / "cert.pem"))

    def log(self) -> str:
        return (self.root / "access.log").read_text() + (self.root / "error.log").read_text()


@asynccontextmanager
async def running_nginx(
    root: Path, *, daemon: int, streams: str, hls: int, secret: str
) -> AsyncIterator[Nginx]:
    """Run the sample with the *streams* variant, in front of the daemon and HLS on these ports."""
    binary = program("nginx")
    plain, port = free_ports(2)
    nginx = Nginx(root, plain, port)
    changes = {
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        "127.0.0.1:8080": f"127.0.0.1:{daemon}",
        "127.0.0.1:8888": f"127.0.0.1:{hls}",
        "/etc/ssl/certs/gtvision-edge.pem": f"{root}/cert.pem",
        "/etc/ssl/private/gtvision-edge.key": f"{root}/key.pem",
        "/var/log/nginx/gtvision-edge.access.log": f"{root}/access.log",
        "/var/log/nginx/gtvision-edge.error.log": f"{root}/error.log",
        "/etc/nginx/gtvision-edge-stream-gateway.conf": f"{root}/{NAME}-stream-{streams}.conf",
        "hlsCDNSecret-of-mediamtx.yml": secret,
    }
    await asyncio.to_thread(_write, root, changes)
    process = await asyncio.create_subprocess_exec(
        binary, "-c", str(root / "nginx.conf"), "-p", str(root), "-e", str(root / "start.log")
    )
    try:
        await _listens(nginx, process)
        yield nginx
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def _write(root: Path, changes: dict[str, str]) -> None:
    root.mkdir(parents=True, exist_ok=True)
    used = set()
    for file in SHIPPED.glob("*.conf"):
        text = file.read_text(encoding="utf-8")
        for old, new in changes.items():
            if old in text:
                used.add(old)
                text = text.replace(old, new)
        (root / file.name).write_text(text, encoding="utf-8")
    assert used == set(changes), set(changes) - used
    user = "user root;" if os.geteuid() == 0 else ""
    (root / "nginx.conf").write_text(_AROUND.format(root=root, name=NAME, user=user))
    _write_certificate(root)


def _write_certificate(root: Path) -> None:
    import ipaddress

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    (root / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (root / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


async def _listens(nginx: Nginx, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(patiently(10)), aiohttp.ClientSession() as session:
        while True:
            if process.returncode is not None:
                log = await asyncio.to_thread((nginx.root / "start.log").read_text)
                raise AssertionError(f"nginx ended: {log}")
            try:
                async with session.get(f"{nginx.url}/healthz", ssl=nginx.trust()) as answer:
                    await answer.read()
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)
