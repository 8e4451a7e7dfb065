"""What stands on the custody form of a bundle. Pure functions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from gtvision_edge.papers import (
    ClockStep,
    CustodyCamera,
    CustodyFile,
    CustodyForm,
    CustodyReadings,
    CustodyRequest,
    Gap,
    Issuer,
)
from gtvision_edge.recordings.evidence import layout
from gtvision_edge.recordings.evidence.archive import Stored
from gtvision_edge.recordings.evidence.manifest import (
    BundledCamera,
    BundledReadings,
    package_id,
    seal_number,
)
from gtvision_edge.recordings.evidence.model import Order
from gtvision_edge.runtime.timestamps import from_datetime

_GAPS: Final = {
    "keep": "lacunas mantidas no tempo da cópia (última imagem parada)",
    "collapse": "lacunas suprimidas na cópia (listadas no manifesto)",
}
_REASONS: Final = {
    "missing": "não está mais no disco e não foi entregue",
    "unreadable": "não pôde ser lida do disco e não foi entregue",
    "damaged": "está danificada: o original foi entregue, a cópia de visualização não a mostra",
    "no_pictures": "não tem imagens: o original foi entregue, a cópia de visualização não a mostra",
}


def custody_form(
    order: Order,
    cameras: Sequence[BundledCamera],
    readings: BundledReadings,
    files: Sequence[Stored],
    sums_sha256: bytes,
    fingerprint: str,
) -> CustodyForm:
    """Return the form of a bundle that holds *files*."""
    site, incident, operator = order.site, order.incident, order.operator
    return CustodyForm(
        issuer=Issuer(
            organisation=site.get("organisation", ""),
            site_name=site["name"],
            site_id=site["id"],
            zone=site["timezone"],
            software=f"{order.software['name']} {order.software['version']}",
        ),
        package_id=package_id(order.export_id, order.created_us),
        seal=seal_number(order.export_id),
        issued_us=order.created_us,
        request=CustodyRequest(
            authority=order.request.authority,
            reference=order.request.reference,
            legal_basis=order.request.legal_basis,
            purpose=order.request.purpose,
        ),
        operator_name=operator.get("name", ""),
        operator_registration=operator.get("registration", ""),
        operator_role=operator.get("role", ""),
        start_us=order.span.start_us,
        end_us=order.span.end_us,
        cameras=[_camera(camera) for camera in cameras],
        files=_files(cameras, files),
        readings=CustodyReadings(
            layout.READINGS,
            count=readings.count,
            pictures=readings.pictures,
            left_out=readings.left_out,
            not_there=readings.not_there,
        )
        if order.options.readings
        else None,
        sums_sha256=sums_sha256,
        key_fingerprint=fingerprint,
        incident_id=str(incident.get("incident_id", "")),
        incident_reason=str(incident.get("reason", "")),
        incident_reference=str(incident.get("reference", "")),
        hold_review_us=incident.get("review_us"),
        disposal_us=order.expires_us,
        clock_source=str(order.clock.get("source", "")),
        clock_is_synced=order.clock.get("synced"),
        clock_steps=[
            ClockStep(step["at_us"], step["step_us"] / 1_000_000)
            for step in order.clock.get("log", [])
            if step["kind"] == "step"
        ],
        processing=[
            f"{order.software['name']} {order.software['version']}: cópia de visualização por troca de contêiner,"
            " sem recodificação das imagens nem do som",
            _GAPS[order.options.gaps],
            *_reservations(cameras),
        ],
        checkpoint=order.checkpoint,
        seals=_seals(cameras),
    )


def _reservations(cameras: Sequence[BundledCamera]) -> list[str]:
    """Return what whoever signs has to say of the originals: those that changed, and those that are not here."""
    said = []
    for bundled in cameras:
        said += [
            f"ATENÇÃO: {original.stored.path} NÃO é o que foi resumido (hash) quando foi gravado; foi entregue como está"
            for original in bundled.originals
            if original.matches_ingest is False
        ]
        said += [
            f"ATENÇÃO: gravação nº {each.source.segment.segment_id} da câmera {bundled.camera.camera_id}"
            f" {_REASONS[each.reason]}"
            for each in [*bundled.unreadable, *bundled.skipped]
        ]
    return said


def _camera(bundled: BundledCamera) -> CustodyCamera:
    camera = bundled.camera
    facts: Mapping[str, Any] = camera.facts
    place = facts.get("place") or {}
    device = facts.get("device") or {}
    probed_at = facts.get("probed_at")
    kind = camera.segments[-1].segment.format if camera.segments else None
    return CustodyCamera(
        camera_id=camera.camera_id,
        name=camera.name,
        camera_uuid=camera.camera_uuid,
        model=_model(facts, device),
        serial=str(device.get("serial") or ""),
        firmware=str(device.get("firmware") or ""),
        place=str(place.get("label") or ""),
        latitude=place.get("latitude"),
        longitude=place.get("longitude"),
        bearing=place.get("bearing"),
        video=f"{kind.video} {kind.width}×{kind.height}" if kind else "",
        clock_offset_s=facts.get("clock_offset_s"),
        clock_offset_at_us=from_datetime(datetime.fromisoformat(probed_at)) if probed_at else None,
        recorded_us=camera.recorded_us,
        gaps=[Gap(gap.start_us, gap.end_us, gap.cause) for gap in camera.gaps],
    )


def _model(facts: Mapping[str, Any], device: Mapping[str, Any]) -> str:
    """Return make and model as the device told them; else the make alone, as whoever added the camera chose it."""
    told = " ".join(str(device[name]) for name in ("manufacturer", "model") if device.get(name))
    return told or str(facts.get("make") or "")


def _files(cameras: Sequence[BundledCamera], files: Sequence[Stored]) -> list[CustodyFile]:
    known: dict[str, CustodyFile] = {}
    for bundled in cameras:
        camera_id = bundled.camera.camera_id
        for original in bundled.originals:
            segment, stored = original.source.segment, original.stored
            known[stored.path] = CustodyFile(
                stored.path,
                stored.size_bytes,
                stored.sha256,
                camera_id=camera_id,
                codec=segment.format.video,
                start_us=segment.start_us,
                end_us=segment.end_us,
                segment_ids=[segment.segment_id],
                ingest_sha256=segment.sha256,
            )
        segments = {
            original.source.path: original.source.segment.segment_id
            for original in bundled.originals
        }
        for copy in bundled.copies:
            known[copy.stored.path] = CustodyFile(
                copy.stored.path,
                copy.stored.size_bytes,
                copy.stored.sha256,
                camera_id=camera_id,
                codec=copy.part.video.sample_type if copy.part.video else "",
                start_us=copy.part.stretches[0].start_us,
                end_us=copy.part.stretches[-1].end_us,
                segment_ids=[segments[stretch.path] for stretch in copy.part.stretches],
                is_derived=True,
            )
    return [
        known.get(each.path)
        or CustodyFile(each.path, each.size_bytes, each.sha256, is_derived=True)
        for each in files
        if not (
            each.path in layout.NOT_IN_SUMS
            or each.path.endswith(".srt")
            or layout.is_reading_picture(each.path)  # thousands; their hashes stand in the sums
        )
    ]


def _seals(cameras: Sequence[BundledCamera]) -> dict[str, str]:
    found = {}
    for bundled in cameras:
        for original in bundled.originals:
            seal = original.source.seal
            if seal and "root" in seal:
                found[str(seal["root"])] = str(seal.get("audit_seq", ""))
    return found
