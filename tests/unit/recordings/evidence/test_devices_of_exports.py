"""Manifest and custody form say of a camera what it said of itself when it was probed last."""

import asyncio
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from gtvision_edge.accounts.model import THE_BOX
from gtvision_edge.cameras.model import Camera, CameraId, CameraUuid, Device, Place
from gtvision_edge.recordings.evidence.service import NewExport
from gtvision_edge.recordings.evidence.states import ExportState
from tests.fakes.cameras import FakeCamera
from tests.fakes.recorded import START_US
from tests.unit.recordings.evidence.test_exports import (
    REQUEST,
    Box,
    NoCameras,
    box,
    content_of,
    reaches,
)

__all__ = ["box"]


def a_camera(vendor: str, device: Device | None, **fields: Any) -> Camera:
    return Camera(
        camera_id=CameraId("cam01"),
        camera_uuid=CameraUuid(FakeCamera("cam01").camera_uuid),
        name="Praça",
        tenant_id="town",
        vendor=vendor,
        host="10.0.0.9",
        rtsp_port=554,
        http_port=80,
        onvif_port=80,
        channel=1,
        username="",
        has_password=False,
        main_url=None,
        sub_url=None,
        record=True,
        enabled=True,
        place=Place(),
        main_profile=None,
        sub_profile=None,
        created_us=0,
        updated_us=0,
        device=device,
        **{"warnings": (), **fields},
    )


async def bundle_with(box: Box, camera: Camera, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(NoCameras, "find_camera", lambda _, camera_id: camera)
    async with box.running() as exports:
        asked = await exports.service.create(THE_BOX, NewExport(box.incident_id, REQUEST))
        await reaches(exports, asked, ExportState.DONE)
        return (await exports.service.bundle_of(THE_BOX, asked.export_id))[1]


async def form_of(bundle: Path, folder: Path) -> str:
    def read() -> str:
        with zipfile.ZipFile(bundle) as archive:
            (folder / "termo.pdf").write_bytes(archive.read("termo.pdf"))
        done = subprocess.run(
            ["pdftotext", "-layout", folder / "termo.pdf", "-"],
            capture_output=True,
            text=True,
            check=True,
        )
        return " ".join(done.stdout.split())

    return await asyncio.to_thread(read)


async def test_a_bundle_names_the_device_as_it_named_itself(
    box: Box, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    device = Device("Boa Câmera", "BC-2000", "V5.7.3", "BC2000-0042")
    camera = a_camera("generic_onvif", device, clock_offset_s=-0.4, probed_us=START_US)

    bundle = await bundle_with(box, camera, monkeypatch)

    (told,) = content_of(bundle, "manifest.json")["cameras"]
    assert told["device"] == {
        "manufacturer": "Boa Câmera",
        "model": "BC-2000",
        "firmware": "V5.7.3",
        "serial": "BC2000-0042",
    }
    form = await form_of(bundle, tmp_path)
    for said in ("Boa Câmera BC-2000", "Nº de série: BC2000-0042", "Firmware: V5.7.3"):
        assert said in form
    assert "medida em" in form


async def test_of_a_device_that_was_not_asked_the_form_tells_its_make_and_the_measured_clock(
    box: Box, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    warnings = ({"code": "clock_off", "seconds": 90},)
    camera = a_camera("intelbras", None, warnings=warnings)

    bundle = await bundle_with(box, camera, monkeypatch)

    (told,) = content_of(bundle, "manifest.json")["cameras"]
    assert (told["device"], told["make"], told["clock_offset_s"]) == (None, "Intelbras", 90)
    form = await form_of(bundle, tmp_path)
    assert "Marca e modelo: Intelbras; Nº de série: não informado" in form
