"""A bundle of two cameras, made once; tests that change it take a copy."""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from gtvision_edge.keys import OpenedKeys, open_keys
from gtvision_edge.recordings.evidence.assembly import assemble
from gtvision_edge.recordings.evidence.model import (
    Bundle,
    ExportOptions,
    LegalRequest,
    MissingSpan,
    Order,
    OrderedCamera,
    OrderedSegment,
    Progress,
)
from gtvision_edge.recordings.evidence.readings import (
    OrderedPicture,
    OrderedReading,
    OrderedReadings,
)
from gtvision_edge.recordings.model import ExportId, Span
from gtvision_edge.runtime.timestamps import to_rfc3339
from gtvision_edge.settings import PaperSettings
from tests.fakes.clips import ClipSpec
from tests.fakes.pushes import jpeg
from tests.fakes.recorded import START_US, Recorded, hashed, record

S = 1_000_000
FPS = 10
SITE_ID = "site-1"


def order_of(
    draft: Path, keys: OpenedKeys, cameras: list[OrderedCamera], *, end_s: float = 14
) -> Order:
    return Order(
        export_id=ExportId("019b76da-a800-7000-8000-0123456789ab"),
        draft=draft,
        created_us=START_US + 3600 * S,
        expires_us=START_US + 8 * 86_400 * S,
        site={
            "id": SITE_ID,
            "name": "Praça Central",
            "timezone": "America/Sao_Paulo",
            "organisation": "Guarda Municipal",
        },
        software={"name": "GT-Vision Edge", "version": "0.1.0"},
        incident={
            "incident_id": "i-1",
            "reason": "Furto de bicicleta",
            "reference": "BO 45/2026",
            "review_us": None,
        },
        operator={"name": "Maria", "registration": "12345-6", "role": "operator"},
        request=LegalRequest(
            "Delegacia de Polícia", "Ofício 45/2026", "CPP art. 6º", "investigação"
        ),
        options=ExportOptions(),
        span=Span(START_US, START_US + round(end_s * S)),
        cameras=cameras,
        clock={"source": "a.st1.ntp.br", "synced": True, "log": []},
        history=[],
        checkpoint="",
        site_key_pem=keys.site.to_pem(),
        paper_key_pem=keys.paper.to_pem(),
    )


def ordered(
    camera_id: str, files: list[Recorded], gaps: list[MissingSpan] | None = None
) -> OrderedCamera:
    return OrderedCamera(
        camera_id=camera_id,
        camera_uuid=f"uuid-{camera_id}",
        name=f"Câmera {camera_id}",
        directory=camera_id,
        segments=[OrderedSegment(file.path, file.segment) for file in files],
        gaps=gaps or [],
        recorded_us=sum(file.segment.media_us for file in files),
        facts={"place": {"label": "Praça", "latitude": -23.5, "longitude": -46.6, "bearing": 90.0}},
    )


def with_readings(camera: OrderedCamera, folder: Path) -> OrderedCamera:
    """Return *camera* with two readings: one with plate and scene, and one whose pictures have gone."""
    folder.mkdir()
    pictures = []
    for kind, content in (("plate", jpeg(120, 40, "white")), ("scene", jpeg())):
        name = hashlib.sha256(content).hexdigest()
        path = folder / f"{name}.jpg"
        path.write_bytes(content)
        pictures.append(OrderedPicture(kind, path, name, len(content)))
    gone = OrderedPicture("scene", folder / "gone.jpg", "0" * 64, 0)
    return replace(
        camera,
        readings=OrderedReadings(
            [
                OrderedReading(
                    f"019b76da-a800-7000-8000-00000000000{number}",
                    START_US + number * S,
                    document(number, camera.camera_id),
                    shown,
                )
                for number, shown in ((1, pictures), (2, [gone]))
            ],
            left_out=3,
        ),
    )


def document(number: int, camera_id: str) -> dict[str, Any]:
    """Return what is known of the reading *number*."""
    return {
        "detection_id": f"019b76da-a800-7000-8000-00000000000{number}",
        "camera_id": camera_id,
        "placa": "ABC1D23",
        "placa_lida": "=ABC-1D23",
        "confianca": None if number == 2 else 0.97,
        "timestamp": to_rfc3339(START_US + number * S),
        "received_at": to_rfc3339(START_US + number * S + 100_000),
        "source": "hikvision",
        "trust": "secret_path",
        "passage_id": "019b76da-a800-7000-8000-000000000001",
    }


@dataclass(frozen=True)
class Made:
    path: Path
    keys: OpenedKeys
    order: Order
    bundle: Bundle
    progress: list[Progress]


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> OpenedKeys:
    return open_keys(tmp_path_factory.mktemp("keys"), PaperSettings(), site_id=SITE_ID)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, keys: OpenedKeys) -> Made:
    """Camera one: 4 s, a gap of 6 s, 4 s; camera two: H.265, 14 s in one file."""
    folder = tmp_path_factory.mktemp("bundle")
    one, two = folder / "cam01_rec", folder / "cam02_rec"
    sound = ClipSpec(fps=FPS, seconds=4.0, audio="aac")
    files = [
        hashed(record(one, sound, segment_id=11)),
        hashed(record(one, sound, start_us=START_US + 10 * S, segment_id=12)),
    ]
    other = [
        hashed(record(two, ClipSpec(video="h265", fps=FPS, seconds=14.0), segment_id=13)),
    ]
    gap = MissingSpan(START_US + 4 * S, START_US + 10 * S, "camera_offline")
    one_camera = with_readings(ordered("cam01", files, [gap]), folder / "pictures")
    cameras = [one_camera, ordered("cam02", other)]
    order = order_of(folder / "bundle.zip", keys, cameras)
    progress: list[Progress] = []
    bundle = assemble(order, progress.append)
    return Made(order.draft, keys, order, bundle, progress)


@pytest.fixture
def copy_of(made: Made, tmp_path: Path) -> Callable[[], Path]:
    def copied() -> Path:
        target = tmp_path / "copy.zip"
        shutil.copyfile(made.path, target)
        return target

    return copied
