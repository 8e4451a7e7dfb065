"""The head of an answer with a file: ranges, conditions, and a word to the log before anything of it is sent."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import hdrs, web

from gtvision_edge.runtime.entity_tags import has_already


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a file is sent: ``size`` is that of the whole, ``end`` is not included."""

    start: int
    end: int
    size: int
    is_part: bool


Announce = Callable[[Asked], Awaitable[None]]
"""Writes down what is about to be sent; what it raises is the answer."""


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """``asked`` is what is to be sent with ``response``, which is not prepared yet; None = nothing of the file."""

    response: web.StreamResponse
    asked: Asked | None


async def answer_with_file(
    request: web.Request,
    *,
    tag: str,
    size: int,
    headers: Mapping[str, str],
    content_type: str,
    announce: Announce,
) -> FileAnswer:
    """Decide what GET or HEAD for a file of *size* is sent, which may be nothing (304, 416).

    *announce* is called with exactly that before it is returned, and never where no byte of the file will go out: whoever
    writes down who got what does it there, and reads no header.
    """
    common = {hdrs.ETAG: f'"{tag}"', hdrs.ACCEPT_RANGES: "bytes", **headers}
    if has_already(request, tag):
        return FileAnswer(web.Response(status=304, headers=common), None)
    asked = read_range(request, tag, size)
    if asked is None:
        common[hdrs.CONTENT_RANGE] = f"bytes */{size}"
        return FileAnswer(web.Response(status=416, headers=common), None)
    response = web.StreamResponse(status=206 if asked.is_part else 200, headers=common)
    response.content_type = content_type
    response.content_length = asked.end - asked.start
    if asked.is_part:
        response.headers[hdrs.CONTENT_RANGE] = f"bytes {asked.start}-{asked.end - 1}/{size}"
    if request.method == "HEAD":
        return FileAnswer(response, Asked(asked.start, asked.start, size, asked.is_part))
    if asked.end > asked.start:
        await announce(asked)
    return FileAnswer(response, asked)


def read_range(request: web.Request, tag: str, size: int) -> Asked | None:
    """Return what a request for a file of *size* wants; None = nothing of it is there (416).

    What is no single range of bytes, or belongs to another version of the file (If-Range), gets the whole file, as RFC 9110
    wants it (14.2, 13.1.5).
    """
    whole = Asked(0, size, size, is_part=False)
    text = request.headers.get(hdrs.RANGE, "").strip().lower()
    unit, _, rest = text.partition("=")
    if request.method not in ("GET", "HEAD") or unit.strip() != "bytes" or "," in rest:
        return whole
    condition = request.headers.get(hdrs.IF_RANGE)
    if condition is not None and condition.strip() != f'"{tag}"':
        return whole
    first, dash, last = (part.strip() for part in rest.partition("-"))
    if not dash or not (first or last) or not _is_number(first) or not _is_number(last):
        return whole
    if not first:
        start, end = max(0, size - int(last)), size
        return Asked(start, end, size, is_part=True) if int(last) and size else None
    if last and int(last) < int(first):
        return whole
    start, end = int(first), min(int(last) + 1 if last else size, size)
    return Asked(start, end, size, is_part=True) if start < size else None


def _is_number(text: str) -> bool:
    return text == "" or (text.isascii() and text.isdigit() and len(text) < 19)
