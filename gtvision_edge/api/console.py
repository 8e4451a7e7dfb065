"""The built web console, served from memory."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from aiohttp import hdrs, web

from gtvision_edge.runtime.entity_tags import has_already

_INDEX: Final = "index.html"
_COMPRESSIBLE: Final = ("text/", "application/javascript", "application/json", "image/svg+xml")
_TYPES: Final = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
_IMMUTABLE: Final = "public, max-age=31536000, immutable"

_NOT_BUILT: Final = """<!doctype html>
<html lang="pt-BR"><meta charset="utf-8"><title>GT-Vision Edge</title>
<body style="font-family:sans-serif;max-width:40rem;margin:4rem auto">
<h1>O console não foi construído</h1>
<p>O gravador está funcionando; só as páginas faltam. Na pasta do projeto: <code>make console</code>, e reinicie.</p>
<p lang="en">The recorder works; only its pages are missing. In the project's folder: <code>make console</code>, then restart.</p>
<p><a href="/api/v1/openapi.json">API</a></p>
"""


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    compressed: bytes | None
    content_type: str
    etag: str
    cache: str


class Console:
    """Files by path. The application is one page, ``/``: its rooms stand behind a ``#``, so no other path means it."""

    def __init__(self, contents: dict[str, bytes]) -> None:
        self._files = {path: _as_file(path, content) for path, content in contents.items()}

    def respond(self, request: web.Request) -> web.Response | None:
        """Return the answer for a GET that nothing else serves; None = this is nothing of the console."""
        path = request.path.lstrip("/") or _INDEX
        found = self._files.get(path)
        if found is None:
            if path != _INDEX:
                return None
            return web.Response(
                text=_NOT_BUILT,
                status=503,
                content_type="text/html",
                headers={hdrs.CACHE_CONTROL: "no-cache"},
            )
        headers = {hdrs.CACHE_CONTROL: found.cache, hdrs.ETAG: found.etag}
        if found.compressed is not None:
            headers[hdrs.VARY] = hdrs.ACCEPT_ENCODING
        if has_already(request, found.etag.strip('"')):
            return web.Response(status=304, headers=headers)
        content = found.content
        if found.compressed is not None and "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
            content = found.compressed
            headers[hdrs.CONTENT_ENCODING] = "gzip"
        headers[hdrs.CONTENT_TYPE] = found.content_type
        return web.Response(body=content, headers=headers)


def load_console() -> Console:
    """Read the console that was built into the package. Blocks on the disk."""
    root = files("gtvision_edge").joinpath("console", "dist")
    contents: dict[str, bytes] = {}
    if root.is_dir():
        _collect(root, "", contents)
    return Console(contents)


def _collect(directory: Traversable, prefix: str, contents: dict[str, bytes]) -> None:
    for entry in directory.iterdir():
        if entry.is_dir():
            _collect(entry, f"{prefix}{entry.name}/", contents)
        else:
            contents[prefix + entry.name] = entry.read_bytes()


def _as_file(path: str, content: bytes) -> _File:
    suffix = path[path.rfind(".") :] if "." in path else ""
    content_type = _TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
    compressed = None
    if content_type.startswith(_COMPRESSIBLE) and len(content) > 1000:
        compressed = gzip.compress(content, 6, mtime=0)
    if content_type.startswith("text/"):
        content_type += "; charset=utf-8"
    return _File(
        content=content,
        compressed=compressed,
        content_type=content_type,
        etag=f'"{hashlib.sha256(content).hexdigest()[:20]}"',
        # Vite puts a hash of the content into the names of assets.
        cache=_IMMUTABLE if path.startswith("assets/") else "no-cache",
    )
