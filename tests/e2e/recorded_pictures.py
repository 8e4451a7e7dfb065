"""What stands in the recordings at a moment, by way of the playlist that a player is given."""

import io
import re
from datetime import UTC, datetime
from urllib.parse import quote

import av
from PIL import Image

from gtvision_edge.runtime.timestamps import from_datetime
from tests.e2e.daemon import Client

_ABOUT_US = 1_000_000


async def picture_at(client: Client, camera_id: str, at_us: int) -> Image.Image | None:
    """Return the picture that a player shows at *at_us*; None: the footage does not reach over it yet."""
    start, end = (
        quote(datetime.fromtimestamp((at_us + us) / 1e6, UTC).isoformat())
        for us in (-_ABOUT_US, _ABOUT_US)
    )
    address = f"{client.url}/api/v1/cameras/{camera_id}/playback.m3u8?start={start}&end={end}"
    async with client.session.get(address) as answer:
        playlist = await answer.text()
        if answer.status == 404:
            return None
        assert answer.status == 200, playlist
    for piece in re.split(r"(?=#EXT-X-MAP)", playlist)[1:]:
        found = await _shown(client, piece, at_us)
        if found is not None:
            return found
    return None


async def _shown(client: Client, piece: str, at_us: int) -> Image.Image | None:
    """Return the picture of one stretch of a playlist, which begins with its map."""
    begins = re.search(r"PROGRAM-DATE-TIME:(\S+)", piece)
    header = re.search(r'MAP:URI="([^"]+)",BYTERANGE="(\d+)@(\d+)"', piece)
    assert begins is not None, piece
    assert header is not None, piece
    data = await _range(client, header[1], int(header[2]), int(header[3]))
    for length, offset, address in re.findall(r"BYTERANGE:(\d+)@(\d+)\n(\S+)", piece):
        data += await _range(client, address, int(length), int(offset))
    into_s = (at_us - from_datetime(datetime.fromisoformat(begins[1]))) / 1e6
    shown, first, last = None, None, 0.0
    with av.open(io.BytesIO(data), "r") as container:
        for frame in container.decode(video=0):
            first = frame.time if first is None else first
            last = frame.time - first
            if last <= into_s:
                shown = frame.to_image()  # type: ignore[no-untyped-call]  # PyAV leaves it untyped
    return shown if into_s <= last else None


async def _range(client: Client, address: str, length: int, offset: int) -> bytes:
    headers = {"Range": f"bytes={offset}-{offset + length - 1}"}
    async with client.session.get(f"{client.url}{address}", headers=headers) as answer:
        assert answer.status == 206, await answer.text()
        return await answer.read()
