"""A site whose cameras push plate readings, as real ones do."""

import io
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from gtvision_edge.detections.sources.signatures import SignedFields, sign_fields
from tests.e2e.daemon import Client, Site, logged_in, running_daemon
from tests.fakes.clips import ClipSpec
from tests.fakes.pushes import PLATE_PART, SCENE_PART, XML_PART, anpr_xml, multipart
from tests.fakes.virtual_camera import virtual_camera


def plate_jpeg(plate: str, size: tuple[int, int] = (240, 84)) -> bytes:
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, size[0], size[1] // 5), fill="#1d3f94")
    draw.text((14, size[1] // 4), plate, fill="black", font=ImageFont.load_default(size[1] // 2))
    return jpeg_of(image)


def scene_jpeg(plate: str) -> bytes:
    image = Image.new("RGB", (960, 540), "#59656c")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 960, 200), fill="#9db4c4")
    draw.rounded_rectangle((330, 220, 640, 460), 30, fill="#7c2226")
    draw.rectangle((420, 400, 550, 440), fill="white")
    draw.text((428, 404), plate, fill="black", font=ImageFont.load_default(26))
    return jpeg_of(image)


def jpeg_of(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG")
    return file.getvalue()


class Pushing:
    """The cameras of a site, each with its secret, pushing as real ones do."""

    def __init__(self, admin: Client, url: str) -> None:
        self.admin = admin
        self.url = url
        self.access: dict[str, dict[str, Any]] = {}

    async def learn(self, *camera_ids: str) -> None:
        for camera_id in camera_ids:
            self.access[camera_id] = await self.admin.call(
                "POST", f"/cameras/{camera_id}/push-secret", {}, expect=201
            )

    async def webhook(
        self,
        plate: str,
        camera_id: str = "cam01",
        *,
        ago_s: float = 0,
        secret: str = "",
        confidence: str = "0.95",
        imagem_url: str | None = None,
    ) -> int:
        """Send a signed reading; return the status."""
        at = (datetime.now(UTC) - timedelta(seconds=ago_s)).isoformat(timespec="milliseconds")
        fields = SignedFields(camera_id, plate, at, confidence, imagem_url or "")
        body = {
            "camera_id": camera_id,
            "placa": plate,
            "timestamp": at,
            "confianca": float(confidence),
            "imagem_url": imagem_url,
            "signature": sign_fields(secret or self.access[camera_id]["secret"], fields),
        }
        session = self.admin.session
        async with session.post(f"{self.url}/api/v1/webhooks/lpr", json=body) as answer:
            return answer.status

    async def hikvision(self, plate: str, camera_id: str = "cam01") -> None:
        """Send a reading with its two pictures."""
        when = datetime.now(UTC).isoformat(timespec="seconds")
        xml = anpr_xml(plate=plate, when=when).replace(
            "20260314092653122000xyz", os.urandom(8).hex()
        )
        kind, body = multipart(
            (XML_PART, xml.encode()),
            (PLATE_PART, plate_jpeg(plate)),
            (SCENE_PART, scene_jpeg(plate)),
        )
        path = self.access[camera_id]["hikvision_path"]
        async with self.admin.session.post(
            f"{self.url}{path}", data=body, headers={"Content-Type": kind}
        ) as answer:
            assert answer.status == 200, await answer.text()


@asynccontextmanager
async def plates_site(
    tmp_path: Path, *, settings: str = ""
) -> AsyncIterator[tuple[Site, Client, Pushing]]:
    """A running site of two cameras that may push, and a person of each role; *settings* are more lines of its file."""
    site = Site(tmp_path / "state", settings=settings)
    clip = ClipSpec(seconds=4, key_every_s=1)
    async with virtual_camera(clip) as camera, running_daemon(site), logged_in(site) as admin:
        await admin.add_camera("cam01", camera.url())
        await admin.add_camera("cam02", "rtsp://127.0.0.1:9/none", skip_probe=True)
        for role in ("operator", "viewer", "auditor"):
            person = {
                "username": role,
                "password": f"segredo-{role}",
                "role": role,
                "tenant_id": "default",
                "must_change_password": False,
            }
            await admin.call("POST", "/users", person, expect=201)
        pushing = Pushing(admin, site.url)
        await pushing.learn("cam01", "cam02")
        yield site, admin, pushing
