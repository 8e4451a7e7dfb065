"""What the verifier makes of seals and history, from a real log."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gtvision_edge.audit import AuditLog, entry_document, write_checkpoint
from gtvision_edge.keys import SiteKey, open_keys
from gtvision_edge.recordings.evidence.claims import Manifest
from gtvision_edge.recordings.evidence.proofs import check_bundle_proofs
from gtvision_edge.recordings.evidence.verify import Remark, Verdict
from gtvision_edge.recordings.seals import FootageSeals
from gtvision_edge.settings import PaperSettings
from gtvision_edge.storage import Database
from tests.fakes.cameras import FakeCamera
from tests.fakes.clock import FakeClock
from tests.fakes.footage import START_US, a_segment, add, keep

CAMERA = FakeCamera("cam01")
SHA256 = bytes(range(32))
SPAN = {"start": "2026-01-01T00:00:00+00:00", "end": "2026-01-01T00:01:00+00:00"}

Bundle = tuple[dict[str, Any], dict[str, Any]]


@pytest.fixture
async def key(tmp_path: Path) -> SiteKey:
    opened = await asyncio.to_thread(open_keys, tmp_path, PaperSettings(), site_id="a-site")
    return opened.site


@pytest.fixture
async def bundle(database: Database, clock: FakeClock, key: SiteKey) -> Bundle:
    """The manifest and the history of a bundle with one original, as far as they speak of proofs."""
    log = AuditLog(clock)
    seals = FootageSeals(database, log, clock, key=key)
    (camera_no,) = await keep(database, CAMERA)
    ids = await add(database, a_segment(camera_no, START_US, sha256=SHA256))
    await seals.seal_now()
    head = await log.tree_head(database)
    entry = await log.prove_entry(database, 1, head=head)
    original: dict[str, Any] = {
        "path": "originals/cam01/1.mp4",
        "sha256": SHA256.hex(),
        "seal": (await seals.prove(ids, head))[ids[0]],
        "init_bytes": 0,
        "parts": [],
        **SPAN,
    }
    manifest = {
        "package_id": "EXP-1",
        "key": {"name": key.public.name, "fingerprint": key.public.fingerprint},
        "interval": SPAN,
        "files": [],
        "cameras": [
            {
                "camera_id": "cam01",
                "camera_uuid": CAMERA.camera_uuid,
                "originals": [original],
                "gaps": [],
                "viewing": [],
                "snapshots": [],
                "unreadable": [],
            }
        ],
    }
    history = {"checkpoint": write_checkpoint(head, key), "entries": [entry_document(entry)]}
    copied: Bundle = json.loads(json.dumps([manifest, history]))
    return copied


def judge(bundle: Bundle, key: SiteKey) -> Verdict:
    verdict = Verdict()
    manifest, history = bundle
    check_bundle_proofs(
        Manifest.model_validate(manifest), json.dumps(history).encode(), key.public.raw, verdict
    )
    return verdict


async def test_a_sealed_original_is_good(bundle: Bundle, key: SiteKey) -> None:
    verdict = judge(bundle, key)

    assert (verdict.faults, verdict.remarks) == ([], [])


@pytest.mark.parametrize(
    ("spoil", "path"),
    [
        (
            lambda camera, _: camera["originals"][0].update(sha256="00" * 32),
            "originals/cam01/1.mp4",
        ),
        (lambda camera, _: camera.update(camera_uuid="another"), "originals/cam01/1.mp4"),
        (
            lambda camera, _: camera["originals"][0]["seal"].update(sha256="00" * 32),
            "originals/cam01/1.mp4",
        ),
        (lambda _, history: history["entries"][0].update(salt="00"), "history.json"),
        (lambda _, history: history.update(checkpoint="x"), "history.json"),
    ],
)
async def test_what_was_not_sealed_so_is_blamed_by_name(
    bundle: Bundle,
    key: SiteKey,
    spoil: Callable[[dict[str, Any], dict[str, Any]], object],
    path: str,
) -> None:
    spoil(bundle[0]["cameras"][0], bundle[1])

    assert [fault.path for fault in judge(bundle, key).faults] == [path]


async def test_a_file_that_changed_after_it_was_sealed_is_no_fault_when_the_manifest_says_so(
    bundle: Bundle, key: SiteKey
) -> None:
    bundle[0]["cameras"][0]["originals"][0].update(sha256="00" * 32, ingest_sha256=SHA256.hex())

    verdict = judge(bundle, key)

    assert (verdict.faults, verdict.sealed) == ([], 0)


async def test_what_lacks_a_proof_is_remarked(bundle: Bundle, key: SiteKey) -> None:
    bundle[0]["cameras"][0]["originals"][0]["seal"] = None
    verdict = judge(bundle, key)
    assert verdict.is_good
    assert verdict.remarks == [Remark("unsealed", {"count": 1})]

    bundle[1]["checkpoint"] = ""
    assert judge(bundle, key).remarks == [Remark("no_proofs")]
