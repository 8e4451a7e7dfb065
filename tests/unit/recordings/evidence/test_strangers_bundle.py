"""The verifier given a bundle that a stranger built and signed with a key of his own: a verdict, soon, in bounds, without a lie."""

import hashlib
import json
import struct
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from gtvision_edge.cli import main
from gtvision_edge.keys import OpenedKeys, open_keys
from gtvision_edge.recordings.evidence import layout
from gtvision_edge.recordings.evidence.verify import MAX_TOLD, Verdict, verify_bundle
from gtvision_edge.settings import PaperSettings
from tests.unit.recordings.evidence.conftest import Made
from tests.unit.recordings.evidence.test_bundle import as_ours

Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> OpenedKeys:
    return open_keys(tmp_path_factory.mktemp("stranger"), PaperSettings(), site_id="site-1")


def forge(
    made: Made,
    stranger: OpenedKeys,
    target: Path,
    change: Change,
    contents: Mapping[str, bytes] | None = None,
) -> Path:
    """Write the bundle with other *contents* and a manifest as *change* leaves it, all signed by *stranger*."""
    with zipfile.ZipFile(made.path) as archive:
        files = {info.filename: archive.read(info) for info in archive.infolist()}
    files |= contents or {}
    files[layout.HISTORY] = b'{"checkpoint": "", "entries": []}'
    manifest = json.loads(files[layout.MANIFEST])
    manifest["key"]["fingerprint"] = stranger.site.public.fingerprint
    for camera in manifest["cameras"]:
        for original in camera["originals"]:
            original["seal"] = None
    for listed in manifest["files"]:
        listed["sha256"] = sha256(files[listed["path"]])
    change(manifest)
    files[layout.MANIFEST] = json.dumps(manifest).encode()
    sums = {each["path"]: each["sha256"] for each in manifest["files"]}
    sums[layout.MANIFEST] = sha256(files[layout.MANIFEST])
    files[layout.SUMS] = lines(sums)
    files[layout.SEAL] = lines({name: sha256(files[name]) for name in (layout.SUMS, layout.FORM)})
    for text, signature in (
        (layout.SUMS, layout.SUMS_SIGNATURE),
        (layout.SEAL, layout.SEAL_SIGNATURE),
    ):
        signed = stranger.site.sign_ssh(files[text], namespace=layout.NAMESPACE)
        files[signature] = signed.encode()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            archive.writestr(as_ours(name), content)
    return target


def lines(sums: Mapping[str, str]) -> bytes:
    return "".join(f"{value}  {path}\n" for path, value in sums.items()).encode()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def told(verdict: Verdict) -> set[tuple[str, str]]:
    return {(fault.path, fault.code) for fault in verdict.faults}


def test_what_is_only_signed_by_another_is_good_until_it_is_compared(
    made: Made, stranger: OpenedKeys, tmp_path: Path
) -> None:
    forged = forge(made, stranger, tmp_path / "b.zip", lambda manifest: None)

    assert told(verify_bundle(forged)) == set()
    assert not verify_bundle(forged, trusted=[made.keys.site.public.openssh]).is_good


def test_a_list_of_samples_without_table_takes_no_memory(
    made: Made, stranger: OpenedKeys, tmp_path: Path
) -> None:
    """Twenty bytes say "eight million samples of the usual size"; forty such lists were 8 GB."""
    original = made.order.cameras[0].segments[0]
    init = original.path.read_bytes()[: original.segment.init_bytes]
    header = atom(b"tfhd", struct.pack(">IIII", 0x18, 1, 1, 0))
    lists = atom(b"trun", struct.pack(">II", 0, 8 * 2**20)) * 40
    moof = atom(b"moof", atom(b"traf", header + atom(b"tfdt", bytes(8)) + lists))
    content = init + moof + atom(b"mdat", b"")
    (path, *_) = originals_of(made)

    def with_lists(manifest: dict[str, Any]) -> None:
        for camera in manifest["cameras"]:
            for each in camera["originals"]:
                if each["path"] == path:
                    each.update(sha256=sha256(content), ingest_sha256=None)
                    each["parts"] = [[len(init), len(content) - len(init)]]

    forged = forge(made, stranger, tmp_path / "b.zip", with_lists, {path: content})
    tracemalloc.start()
    try:
        verdict = verify_bundle(forged)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert ("viewing/cam01.mp4", "not_comparable") in told(verdict)
    assert peak < 200 * 2**20


def test_one_stretch_told_a_hundred_thousand_times_is_not_read_so_often(
    made: Made, stranger: OpenedKeys, tmp_path: Path
) -> None:
    def again_and_again(manifest: dict[str, Any]) -> None:
        for camera in manifest["cameras"]:
            for copy in camera["viewing"]:
                copy["timeline"] = copy["timeline"][:1] * 100_000

    moved: list[int] = []
    forged = forge(made, stranger, tmp_path / "b.zip", again_and_again)
    verdict = verify_bundle(forged, moved=moved.append)

    assert ("viewing/cam01.mp4", "other_pictures") in told(verdict)
    assert sum(moved) < 3 * forged.stat().st_size


def test_a_copy_that_goes_back_and_forth_is_not_followed_for_ever(
    made: Made, stranger: OpenedKeys, tmp_path: Path
) -> None:
    def back_and_forth(manifest: dict[str, Any]) -> None:
        copy = manifest["cameras"][0]["viewing"][0]
        one, two = (each["original"] for each in copy["timeline"])
        copy["timeline"] = [
            {"original": one if number % 2 else two, "pictures": [number // 2, number // 2 + 1]}
            for number in range(copy["pictures"])
        ]

    verdict = verify_bundle(forge(made, stranger, tmp_path / "b.zip", back_and_forth))

    assert ("viewing/cam01.mp4", "not_comparable") in told(verdict)


def test_parts_over_one_another_are_not_read(
    made: Made, stranger: OpenedKeys, tmp_path: Path
) -> None:
    def twice(manifest: dict[str, Any]) -> None:
        original = manifest["cameras"][0]["originals"][0]
        original["parts"] *= 2

    verdict = verify_bundle(forge(made, stranger, tmp_path / "b.zip", twice))

    assert ("viewing/cam01.mp4", "not_comparable") in told(verdict)


def test_one_copy_told_twice_is_no_manifest(
    made: Made, stranger: OpenedKeys, tmp_path: Path
) -> None:
    def twice(manifest: dict[str, Any]) -> None:
        manifest["cameras"][0]["viewing"] *= 2

    verdict = verify_bundle(forge(made, stranger, tmp_path / "b.zip", twice))

    assert told(verdict) == {("manifest.json", "odd_manifest")}


@pytest.mark.parametrize(
    ("name", "box"), [("a table", b"stsz"), ("the chunks", b"stco"), ("the track", b"stbl")]
)
def test_a_copy_whose_head_was_changed_does_not_blame_the_manifest(
    made: Made, tmp_path: Path, name: str, box: bytes
) -> None:
    content = bytearray(made.path.read_bytes())
    with zipfile.ZipFile(made.path) as archive:
        start = archive.getinfo("viewing/cam01.mp4").header_offset
    content[content.index(box, start) + 3] ^= 1
    changed = tmp_path / "b.zip"
    changed.write_bytes(content)

    verdict = verify_bundle(changed)

    assert {path for path, _ in told(verdict)} == {"viewing/cam01.mp4"}, name


def test_a_zip_that_unpacks_to_far_more_is_not_unpacked(made: Made, tmp_path: Path) -> None:
    """Small files may grow more than large ones; many of them may not fill a disk."""
    target = tmp_path / "b.zip"
    with (
        zipfile.ZipFile(made.path) as archive,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for info in archive.infolist():
            packed.writestr(info.filename, archive.read(info))
        for number in range(200):
            packed.writestr(f"x/{number}", bytes(2**20))

    assert told(verify_bundle(target)) == {("", "grows")}


def test_small_files_in_a_repacked_zip_cost_what_they_are(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table of contents was read anew for each: the square of their number."""
    target = tmp_path / "b.zip"
    with (
        zipfile.ZipFile(made.path) as archive,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for info in archive.infolist():
            packed.writestr(info.filename, archive.read(info))
        for number in range(300):
            packed.writestr(f"x/{number}", b"aaaaaaaaaa")
    opened = 0
    real = zipfile.ZipFile.__init__

    def counted(self: zipfile.ZipFile, *args: Any, **options: Any) -> None:
        nonlocal opened
        opened += 1
        real(self, *args, **options)

    monkeypatch.setattr(zipfile.ZipFile, "__init__", counted)
    verdict = verify_bundle(target)

    assert ("x/0", "does_not_belong") in told(verdict)
    assert opened <= 4


def test_no_more_is_told_than_somebody_reads(
    made: Made, stranger: OpenedKeys, tmp_path: Path
) -> None:
    def a_thousand_more(manifest: dict[str, Any]) -> None:
        manifest["files"] += [
            {"path": f"x/{number}", "sha256": "0" * 64} for number in range(MAX_TOLD + 500)
        ]

    verdict = verify_bundle(forge(made, stranger, tmp_path / "b.zip", a_thousand_more))

    assert (len(verdict.faults), verdict.untold) == (MAX_TOLD, 500)


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_terminal_obeys_nothing_that_a_stranger_wrote(
    made: Made,
    stranger: OpenedKeys,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
) -> None:
    wipes = "\x1b[2J\x9b1;1H all is whole\n\u202e"

    def escape(manifest: dict[str, Any]) -> None:
        manifest["package_id"] = wipes
        manifest["cameras"][0]["camera_id"] = wipes
        manifest["cameras"][0]["gaps"] = []
        manifest["cameras"][0]["originals"][0]["path"] = wipes

    forged = forge(made, stranger, tmp_path / "b.zip", escape)
    with pytest.raises(SystemExit):
        main(["verify", str(forged), *options])
    printed = capsys.readouterr().out

    assert all(each.isprintable() for line in printed.splitlines() for each in line)
    assert not any(line.lstrip().startswith("all is whole") for line in printed.splitlines())


def atom(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def originals_of(made: Made) -> list[str]:
    with zipfile.ZipFile(made.path) as archive:
        return [name for name in archive.namelist() if name.startswith("originals/cam01/")]
