"""Multipart as cameras write it: parts are found in the raw bytes, and no part costs the others.

Seen in the field and met here: quoted boundaries, boundaries that begin with dashes or are an ordinary word, line feeds alone,
no last boundary, parts without name, without file name, without any header, ``multipart/mixed``, JPEG as
``application/octet-stream``.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from gtvision_edge.detections.errors import MalformedPushError

MAX_PARTS: Final = 16
MAX_HEADER: Final = 4096
_BOUNDARY: Final = re.compile(
    r';\s*boundary\s*=\s*(?:"([^"]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE
)
_PARAMETER: Final = re.compile(r';\s*(name|filename)\s*=\s*(?:"([^"]*)"|([^;]*))', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """One part; ``name``, ``filename`` and ``content_type`` as sent, '' where missing. Never a name for a file of ours."""

    content: bytes
    name: str = ""
    filename: str = ""
    content_type: str = field(default="")

    @property
    def is_jpeg(self) -> bool:
        return self.content.startswith(b"\xff\xd8\xff")

    @property
    def looks_like_xml(self) -> bool:
        return self.content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")

    @property
    def looks_like_json(self) -> bool:
        return self.content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"["))


def is_multipart(content_type: str) -> bool:
    return content_type.strip().lower().startswith("multipart/")


def split(content_type: str, body: bytes) -> list[Part]:
    """Return the parts of *body* in their order, empty ones left out.

    Raises:
        MalformedPushError: no boundary is named or found, or there are more than 16 parts.

    """
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise MalformedPushError("The Content-Type names no boundary.")
    boundary = (found[1] or found[2]).encode("latin-1", "replace")
    # At the beginning of a line alone: an ordinary word may stand within a picture.
    delimiter = re.compile(
        rb"(?:\A|\r\n|\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r\n|\n|\Z)"
    )
    marks = list(_limited(delimiter, body))
    if not marks:
        raise MalformedPushError("The body does not have the boundary that its Content-Type names.")
    parts: list[Part] = []
    for number, mark in enumerate(marks):
        if mark[1]:  # the last boundary
            break
        end = marks[number + 1].start() if number + 1 < len(marks) else len(body)
        part = _part(body[mark.end() : end])
        if part is not None:
            parts.append(part)
    return parts


def _limited(delimiter: re.Pattern[bytes], body: bytes) -> list[re.Match[bytes]]:
    marks = []
    for mark in delimiter.finditer(body):
        marks.append(mark)
        if len(marks) > MAX_PARTS + 1:
            raise MalformedPushError(f"The body has more than {MAX_PARTS} parts.")
    return marks


def _part(raw: bytes) -> Part | None:
    raw = raw.removeprefix(b"\r").removeprefix(b"\n")
    if not raw.strip():
        return None
    if raw[:1] in (b"\r", b"\n"):  # no header at all
        return Part(raw.removeprefix(b"\r").removeprefix(b"\n"))
    head, gap, content = _halves(raw)
    if not gap:
        return Part(raw)
    fields: dict[str, str] = {}
    for line in head.decode("utf-8", "replace").splitlines():
        name, colon, value = line.partition(":")
        if not colon:
            return Part(raw)  # that was no header
        fields[name.strip().lower()] = value.strip()
    parameters = {
        each[1].lower(): (each[2] if each[2] is not None else each[3]).strip()
        for each in _PARAMETER.finditer(";" + fields.get("content-disposition", ""))
    }
    return Part(
        content,
        name=parameters.get("name", ""),
        filename=parameters.get("filename", ""),
        content_type=fields.get("content-type", ""),
    )


def _halves(raw: bytes) -> tuple[bytes, bytes, bytes]:
    """Return head, separator and content; the separator is empty where there is no head."""
    window = raw[:MAX_HEADER]
    places = [(place, gap) for gap in (b"\r\n\r\n", b"\n\n") if (place := window.find(gap)) >= 0]
    if not places:
        return b"", b"", raw
    place, gap = min(places)
    return raw[:place], gap, raw[place + len(gap) :]
