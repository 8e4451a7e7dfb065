"""Papers with everything on them, in invented places."""

import hashlib

from gtvision_edge.papers import (
    ClockStep,
    CustodyCamera,
    CustodyFile,
    CustodyForm,
    CustodyRequest,
    Gap,
    Issuer,
    Movement,
    PurgedCamera,
    PurgePaper,
)

HOUR_US = 3_600_000_000
START_US = 1_773_490_800_000_000  # 2026-03-14 09:20 in São Paulo

ISSUER = Issuer(
    organisation="Prefeitura Municipal de Serra Azul",
    site_name="Central da Guarda Municipal",
    site_id="01939c6e-7b1f-7cc4-9a0e-3b6d52a4f1de",
    zone="America/Sao_Paulo",
    software="GT-Vision Edge 0.1.0",
)


def purge_paper(
    cameras: int = 3, *, kind: str = "age", reason: str = "", held: int = 12
) -> PurgePaper:
    lost = [
        PurgedCamera(
            camera_id=f"cam{number:02}",
            name=f"Praça da Matriz, lado {number}",
            camera_uuid=f"01939c6e-7b1f-7cc4-9a0e-{number:012}",
            segments=1440 * number,
            size_bytes=43_200_000_000 * number,
            first_us=START_US - 720 * HOUR_US,
            last_us=START_US - 696 * HOUR_US,
        )
        for number in range(1, cameras + 1)
    ]
    return PurgePaper(
        issuer=ISSUER,
        purge_id="01939c6e-8000-7abc-8def-0123456789ab",
        kind=kind,
        started_us=START_US,
        finished_us=START_US + 95_400_000,
        policy={"scope": "tenant", "retain_days": 30, "version": 4},
        actor_name="",
        reason=reason,
        segments=sum(each.segments for each in lost),
        size_bytes=sum(each.size_bytes for each in lost),
        held_skipped=held,
        failures=0,
        root=hashlib.sha256(b"root").digest(),
        cameras=lost,
        root_audit_seq=1234,
    )


def custody_form(files: int = 4) -> CustodyForm:
    minute = 60_000_000
    originals = [
        CustodyFile(
            path=f"originais/cam12/2026-03-14/09-{20 + number:02}-00-000000.mp4",
            size_bytes=30_211_020 + number,
            sha256=hashlib.sha256(b"%d" % number).digest(),
            camera_id="cam12",
            codec="H.264, AAC",
            start_us=START_US + number * minute,
            end_us=START_US + (number + 1) * minute,
            segment_ids=(100 + number,),
            ingest_sha256=hashlib.sha256(b"%d" % number).digest(),
        )
        for number in range(files)
    ]
    viewing = CustodyFile(
        path="visualizacao/cam12.mp4",
        size_bytes=120_400_500,
        sha256=hashlib.sha256(b"viewing").digest(),
        camera_id="cam12",
        segment_ids=tuple(each.segment_ids[0] for each in originals),
        is_derived=True,
    )
    return CustodyForm(
        issuer=ISSUER,
        package_id="EXP-2026-000123",
        seal="000123-7F",
        issued_us=START_US + 24 * HOUR_US,
        request=CustodyRequest(
            authority="1ª Delegacia de Polícia de Serra Azul",
            reference="Ofício nº 45/2026, BO nº 2026/001234",
            legal_basis="CPP, art. 6º, III; LGPD, art. 4º, III, d",
            purpose="Instrução do inquérito policial nº 88/2026",
        ),
        operator_name="Ana Beatriz de Souza",
        operator_registration="21.456-7",
        operator_role="operadora",
        start_us=START_US,
        end_us=START_US + 20 * minute,
        cameras=[
            CustodyCamera(
                camera_id="cam12",
                name="Praça da Matriz, entrada norte",
                camera_uuid="01939c6e-7b1f-7cc4-9a0e-000000000012",
                model="Intelbras VIP 3230 B",
                place="Praça da Matriz, esquina com a Rua 7 de Setembro",
                latitude=-21.312345,
                longitude=-47.565432,
                bearing=135,
                video="H.264 1920×1080, 25 quadros/s",
                clock_offset_s=-0.31,
                clock_offset_at_us=START_US - HOUR_US,
                recorded_us=1_185_000_000,
                gaps=[
                    Gap(START_US + 5 * minute, START_US + 5 * minute + 15_000_000, "camera_offline")
                ],
            )
        ],
        files=[*originals, viewing],
        sums_sha256=hashlib.sha256(b"sums").digest(),
        key_fingerprint="SHA256:uNiVztksCsDhcc0u9e8BrpL4Q8Xe0pmpJ6cXwbRzXbM",
        incident_id="01939c6e-9999-7abc-8def-0123456789ab",
        incident_reason="Furto de veículo na praça",
        incident_reference="BO nº 2026/001234",
        hold_review_us=START_US + 2160 * HOUR_US,
        disposal_us=START_US + 720 * HOUR_US,
        clock_source="a.st1.ntp.br",
        clock_is_synced=True,
        clock_offset_s=0.004,
        clock_steps=[ClockStep(START_US + 3 * minute, 1.5)],
        processing=[
            "Cópia de visualização: remultiplexação sem recodificação (GT-Vision Edge 0.1.0)"
        ],
        seals={hashlib.sha256(b"seal").hexdigest(): "1234"},
        movements=[
            Movement(
                START_US + 24 * HOUR_US,
                "Central da Guarda Municipal",
                "Ana Beatriz de Souza, 21.456-7",
                "Carlos Lima, 1ª DP",
                "entrega à autoridade",
                "000123-7F",
            )
        ],
    )
