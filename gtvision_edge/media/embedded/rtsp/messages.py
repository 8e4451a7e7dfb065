"""RTSP requests and responses (RFC 2326) as bytes; reading is bounded in every direction."""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

MAX_HEADER_BYTES = 16 * 1024
MAX_BODY_BYTES = 64 * 1024

_REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    413: "Request Entity Too Large",
    453: "Not Enough Bandwidth",
    454: "Session Not Found",
    455: "Method Not Valid In This State",
    459: "Aggregate Operation Not Allowed",
    461: "Unsupported Transport",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "RTSP Version Not Supported",
}
_TARGET = re.compile(r"^rtsps?://[^/]*/?", re.IGNORECASE)
_TRACK = re.compile(r"^(?P<path>.*?)/?trackID=(?P<track>\d{1,3})/?$")


class MalformedRequestError(Exception):
    """The peer does not speak RTSP, or too much of it; ``status`` is the last thing it hears."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def sequence(self) -> str:
        return self.headers.get("cseq", "")

    @property
    def target(self) -> str:
        """The part behind the host, without slashes around it; a query belongs to it."""
        return unquote(_TARGET.sub("", self.url)).strip("/")

    def track_target(self) -> tuple[str, int | None]:
        """Split the target into path and track; ``None`` when it names no track."""
        if found := _TRACK.match(self.target):
            return found["path"].strip("/"), int(found["track"])
        return self.target, None


class RequestReader:
    """Cuts a byte stream into requests; skips the RTCP that readers send in between."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        self._buffer += data

    @property
    def is_inside(self) -> bool:
        """Whether a message has begun and is not complete."""
        return bool(self._buffer)

    def next_request(self) -> Request | None:
        """Return the next complete request, or ``None`` until more bytes come.

        Raises:
            MalformedRequestError: what was received can never become a request.

        """
        while self._buffer:
            first = self._buffer[0]
            if first == 0x24:  # "$", an interleaved packet
                if len(self._buffer) < 4:
                    return None
                size = 4 + int.from_bytes(self._buffer[2:4], "big")
                if len(self._buffer) < size:
                    return None
                del self._buffer[:size]
            elif first in b"\r\n":  # some clients end a message with one empty line too many
                del self._buffer[:1]
            else:
                return self._next_text()
        return None

    def _next_text(self) -> Request | None:
        end = self._buffer.find(b"\r\n\r\n", 0, MAX_HEADER_BYTES + 4)
        if end < 0:
            if len(self._buffer) > MAX_HEADER_BYTES:
                raise MalformedRequestError("the header is too long", 413)
            if not 0x41 <= self._buffer[0] <= 0x5A:  # methods are upper case: reject noise early
                raise MalformedRequestError("not a request")
            return None
        request = _parse(bytes(self._buffer[:end]))
        length = request.headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()) or len(length) > 9:
            raise MalformedRequestError("the body's length is no number")
        if int(length) > MAX_BODY_BYTES:
            raise MalformedRequestError("the body is too long", 413)
        total = end + 4 + int(length)
        if len(self._buffer) < total:
            return None
        del self._buffer[:total]
        return request


def _parse(head: bytes) -> Request:
    try:
        lines = head.decode("utf-8", errors="replace").split("\r\n")
        method, url, version = lines[0].split(" ")
    except ValueError:
        raise MalformedRequestError("the request line has not three parts") from None
    if not version.startswith("RTSP/"):
        raise MalformedRequestError("not RTSP")
    if not re.fullmatch(r"[A-Z_]{1,32}", method):
        raise MalformedRequestError("no such method")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon:
            raise MalformedRequestError("a header line has no colon")
        headers[name.strip().lower()] = value.strip()
    request = Request(method, url, headers)
    if not re.fullmatch(r"\d{1,10}", request.sequence, re.ASCII):
        raise MalformedRequestError("no CSeq")
    if version != "RTSP/1.0":
        raise MalformedRequestError("only RTSP/1.0 is spoken here", 505)
    return request


def response(status: int, sequence: str, *lines: str, body: str = "") -> bytes:
    """Return a response; *lines* are whole header lines."""
    head = [f"RTSP/1.0 {status} {_REASONS[status]}"]
    if sequence:
        head.append(f"CSeq: {sequence}")
    head += ["Server: gtvision-edge", *lines]
    if body:
        head.append(f"Content-Length: {len(body.encode())}")
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode()
