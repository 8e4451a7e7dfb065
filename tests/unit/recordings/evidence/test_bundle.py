"""The bundle as the people who receive it meet it: with our verifier, and with other people's tools."""

import errno
import hashlib
import io
import json
import os
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest

from gtvision_edge.keys import open_keys
from gtvision_edge.recordings.evidence.assembly import assemble
from gtvision_edge.recordings.evidence.model import expected_bytes
from gtvision_edge.recordings.evidence.verify import Verdict, read_trusted, verify_bundle
from gtvision_edge.settings import PaperSettings
from tests.fakes.recorded import flip
from tests.unit.recordings.evidence.conftest import SITE_ID, Made, order_of

Copied = Callable[[], Path]


def faults(verdict: Verdict) -> list[str]:
    return [f"{fault.path}: {fault.say()}" for fault in verdict.faults]


def as_ours(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, 0o100644 << 16
    return info


def rebuild(source: Path, target: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """Write the zip anew, each file as *change* wants it (None = left out)."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            content = change(info.filename, old.read(info))
            if content is not None:
                new.writestr(info, content)
    return target


def test_a_bundle_verifies_with_its_key_and_without_one_tells_whose_it_is(made: Made) -> None:
    key = made.keys.site.public

    told = verify_bundle(made.path)
    by_key = verify_bundle(made.path, trusted=read_trusted(key.openssh))
    by_fingerprint = verify_bundle(made.path, trusted=[key.fingerprint])

    assert faults(told) == faults(by_key) == faults(by_fingerprint) == []
    assert (told.is_trusted, by_key.is_trusted, by_fingerprint.is_trusted) == (None, True, True)
    assert told.fingerprint == key.fingerprint
    assert told.package_id == "EXP-20260101-6789AB"


def test_originals_are_the_recorded_files_bit_by_bit(made: Made) -> None:
    with zipfile.ZipFile(made.path) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        for camera, ordered in zip(manifest["cameras"], made.order.cameras, strict=True):
            for original, source in zip(camera["originals"], ordered.segments, strict=True):
                assert archive.read(original["path"]) == source.path.read_bytes()
                assert original["match"] is True
        assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())


def test_the_manifest_tells_gaps_and_that_the_copies_hold_the_same_pictures(made: Made) -> None:
    with zipfile.ZipFile(made.path) as archive:
        manifest = json.loads(archive.read("manifest.json"))

    one, two = manifest["cameras"]
    assert one["gaps"] == [
        {
            "start": "2026-01-01T00:00:04+00:00",
            "end": "2026-01-01T00:00:10+00:00",
            "cause": "camera_offline",
        }
    ]
    assert [copy["equal"] for camera in (one, two) for copy in camera["viewing"]] == [True, True]
    assert [copy["pictures"] for camera in (one, two) for copy in camera["viewing"]] == [80, 140]
    assert len(one["snapshots"]) == 1
    assert manifest["request"]["reference"] == "Ofício 45/2026"


@pytest.mark.ffmpeg
def test_ffmpeg_prints_the_hash_the_manifest_gives(made: Made, tmp_path: Path) -> None:
    with zipfile.ZipFile(made.path) as archive:
        archive.extractall(tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())

    for camera in manifest["cameras"]:
        for copy in camera["viewing"]:
            command = ["ffmpeg", "-v", "error", "-i", str(tmp_path / copy["path"])]
            command += ["-map", "0:v", "-c", "copy", "-f", "streamhash", "-hash", "sha256", "-"]
            printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            assert printed.strip().endswith(copy["pictures_sha256"])


@pytest.mark.vlc
@pytest.mark.ffmpeg
@pytest.mark.timeout(120)
def test_vlc_reads_the_viewing_copies_like_what_ffmpeg_makes_of_them(made: Made) -> None:
    """By its own MP4 demuxer; what it read it writes on, and that is counted. It keeps back the last two of any film."""
    with tempfile.TemporaryDirectory() as name, zipfile.ZipFile(made.path) as archive:
        folder = Path(name)
        archive.extractall(folder)
        manifest = json.loads((folder / "manifest.json").read_text())
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o777 if path.is_dir() else 0o644)
        for camera in manifest["cameras"]:
            for copy in camera["viewing"]:
                ours, theirs = folder / copy["path"], folder / "theirs.mp4"
                remux = ["ffmpeg", "-v", "error", "-y", "-i", str(ours), "-map", "0:v"]
                subprocess.run([*remux, "-c", "copy", str(theirs)], check=True)
                theirs.chmod(0o644)
                read = read_by_vlc(ours, folder)
                assert copy["pictures"] - read <= 2
                assert read == read_by_vlc(theirs, folder)


def read_by_vlc(film: Path, folder: Path) -> int:
    """Return how many pictures of *film* VLC reads; *folder* is anybody's."""
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    as_somebody = nobody if os.geteuid() == 0 else []  # it refuses to be root
    read = folder / "read.ts"
    out = f"--sout=#std{{access=file,mux=ts,dst={read}}}"
    vlc = ["vlc", "-I", "dummy", "--demux=mp4", "--no-sout-audio", str(film), out, "vlc://quit"]
    subprocess.run(
        [*as_somebody, *vlc],
        env={**os.environ, "HOME": str(folder)},
        capture_output=True,
        check=True,
        timeout=25,
    )
    with av.open(str(read)) as container:
        pictures = sum(1 for packet in container.demux(video=0) if packet.size)
    read.unlink()
    return pictures


def test_ssh_keygen_and_sha256sum_agree(made: Made, tmp_path: Path) -> None:
    with zipfile.ZipFile(made.path) as archive:
        archive.extractall(tmp_path)
        instructions = archive.read("LEIA-ME.txt").decode()
    key = made.keys.site.public
    (tmp_path / "signatarios.txt").write_text(key.allowed_signer("gtvision-evidence") + "\n")

    for name in ("SHA256SUMS", "LACRE.sha256"):
        command = f"ssh-keygen -Y verify -f signatarios.txt -I {key.name} -n gtvision-evidence -s {name}.sig < {name}"
        assert command in instructions
        for line in (command, f"sha256sum -c --strict --quiet {name}"):
            subprocess.run(["bash", "-c", line], cwd=tmp_path, check=True, capture_output=True)
    extra = next(line for line in instructions.splitlines() if "comm -3" in line)
    listed = subprocess.run(["bash", "-c", extra], cwd=tmp_path, capture_output=True, check=True)
    assert listed.stdout == b""


def test_the_files_are_named_that_were_changed(made: Made, copy_of: Copied) -> None:
    with zipfile.ZipFile(made.path) as archive:
        infos = archive.infolist()
    for info in infos:
        path = copy_of()
        flip(
            path,
            info.header_offset
            + 30
            + len(info.filename)
            + len(info.extra)
            + min(40, info.file_size // 2),
        )

        verdict = verify_bundle(path)

        named = {fault.path for fault in verdict.faults}
        if info.filename.endswith(".sig"):
            assert named == {info.filename}
        else:
            assert info.filename in named, info.filename


@pytest.mark.parametrize("name", ["SHA256SUMS.sig", "LACRE.sha256.sig"])
def test_of_a_damaged_signature_the_text_beside_it_is_not_blamed(
    made: Made, tmp_path: Path, name: str
) -> None:
    """Wherever the signature was damaged: in its outer lines, in the key, in the signature itself."""
    with zipfile.ZipFile(made.path) as archive:
        size = archive.getinfo(name).file_size
    for at in (3, 50, 120, 200, size - 60, size - 5):

        def damaged(each: str, content: bytes, at: int = at) -> bytes:
            if each != name:
                return content
            other = b"A" if content[at : at + 1] != b"A" else b"B"
            return content[:at] + other + content[at + 1 :]

        verdict = verify_bundle(rebuild(made.path, tmp_path / f"{at}.zip", damaged))

        assert {fault.path for fault in verdict.faults} == {name}, at


def test_of_a_forged_seal_the_seal_is_named(made: Made, tmp_path: Path) -> None:
    """Whoever changes the form and writes the seal anew cannot sign it."""
    form = b"%PDF forged"

    def forged(name: str, content: bytes) -> bytes:
        if name == "termo.pdf":
            return form
        if name == "LACRE.sha256":
            lines = [line for line in content.decode().splitlines() if "termo.pdf" not in line]
            return "".join(
                f"{line}\n" for line in [*lines, f"{hashlib.sha256(form).hexdigest()}  termo.pdf"]
            ).encode()
        return content

    (fault,) = verify_bundle(rebuild(made.path, tmp_path / "b.zip", forged)).faults

    assert (fault.path, fault.code) == ("LACRE.sha256.sig", "not_of_its_text")
    assert "LACRE.sha256" in fault.say()


class Stream(io.RawIOBase):
    """What a program writes to that cannot go back: it puts lengths and checksums behind each file."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        return self._file.write(data)  # type: ignore[arg-type]  # whatever bytes

    def close(self) -> None:
        self._file.close()
        super().close()


def pack_anew(
    source: Path, target: Path, *, prefix: str = "", folders: bool = False, streamed: bool = False
) -> Path:
    """Zip the files again as others do: compressed, in the order of names, with other attributes."""
    with (
        Stream(target) if streamed else target.open("wb") as written,
        zipfile.ZipFile(source) as old,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        if folders:
            new.mkdir("originals")
        for name in sorted(old.namelist()):
            new.writestr(prefix + name, old.read(name))
    return target


@pytest.mark.parametrize(
    "how", [{}, {"folders": True}, {"prefix": "EXP-1/"}, {"streamed": True}], ids=str
)
def test_a_bundle_that_was_zipped_again_holds_what_was_signed(
    made: Made, tmp_path: Path, how: dict[str, Any]
) -> None:
    target = pack_anew(made.path, tmp_path / "again.zip", **how)

    verdict = verify_bundle(target, trusted=[made.keys.site.public.fingerprint])

    assert faults(verdict) == []
    assert (verdict.is_good, verdict.is_repacked, verdict.is_trusted) == (True, True, True)
    assert "packed_anew" in {remark.code for remark in verdict.remarks}


def test_in_a_bundle_that_was_zipped_again_the_changed_file_is_named(
    made: Made, tmp_path: Path
) -> None:
    with zipfile.ZipFile(made.path) as archive:
        names = [each for each in archive.namelist() if not each.endswith(("SUMS", ".sha256"))]
    for victim in names:

        def edit(name: str, old: bytes, victim: str = victim) -> bytes:
            return old[:-1] + b"!" if name == victim else old

        edited = rebuild(made.path, tmp_path / "edited.zip", edit)

        verdict = verify_bundle(pack_anew(edited, tmp_path / "again.zip"))

        assert victim in {fault.path for fault in verdict.faults}
        assert "packed_anew_and_changed" in {remark.code for remark in verdict.remarks}
        assert not any(f.path.startswith("originals/") for f in verdict.faults if f.path != victim)


def test_a_byte_changed_inside_a_compressed_file_names_it(made: Made, tmp_path: Path) -> None:
    path = pack_anew(made.path, tmp_path / "again.zip")
    with zipfile.ZipFile(path) as archive:
        victims = [each for each in archive.infolist() if each.filename.startswith("originals/")]
    for info in victims:
        shutil.copyfile(path, tmp_path / "flipped.zip")
        flip(
            tmp_path / "flipped.zip",
            info.header_offset + 30 + len(info.filename) + info.compress_size // 2,
        )

        verdict = verify_bundle(tmp_path / "flipped.zip")

        assert f"{info.filename}: was changed" in faults(verdict)
        assert {f.path for f in verdict.faults if f.path.startswith("originals/")} == {
            info.filename
        }


def test_a_gap_taken_from_the_manifest_is_found(made: Made, tmp_path: Path) -> None:
    def without_gap(name: str, content: bytes) -> bytes:
        if name != "manifest.json":
            return content
        manifest = json.loads(content)
        manifest["cameras"][0]["gaps"] = []
        return json.dumps(manifest).encode()

    verdict = verify_bundle(rebuild(made.path, tmp_path / "b.zip", without_gap))

    assert "manifest.json: was changed" in faults(verdict)
    assert "manifest.json: does not list a gap of 6.0 s of cam01" in faults(verdict)


def test_a_bundle_signed_anew_by_another_key_is_found(made: Made, tmp_path: Path) -> None:
    foreign = open_keys(tmp_path, PaperSettings(), site_id=SITE_ID)
    cameras = list(made.order.cameras)
    forged = order_of(tmp_path / "forged.zip", foreign, cameras)
    assemble(forged)
    trusted = [made.keys.site.public.openssh]

    alone = verify_bundle(forged.draft)
    compared = verify_bundle(forged.draft, trusted=trusted)

    assert alone.is_good
    assert alone.is_trusted is None
    assert compared.is_trusted is False
    assert [fault.path for fault in compared.faults] == ["SHA256SUMS.sig"]


def test_the_form_of_another_bundle_of_the_same_site_is_found(made: Made, tmp_path: Path) -> None:
    other = order_of(tmp_path / "other.zip", made.keys, [made.order.cameras[1]])
    assemble(other)
    with zipfile.ZipFile(other.draft) as archive:
        names = {"termo.pdf", "LACRE.sha256", "LACRE.sha256.sig"}
        taken = {name: archive.read(name) for name in names}

    swapped = rebuild(made.path, tmp_path / "b.zip", lambda name, old: taken.get(name, old))

    assert "SHA256SUMS: was changed" in faults(verify_bundle(swapped))


def test_missing_and_extra_files_are_named(made: Made, tmp_path: Path) -> None:
    with zipfile.ZipFile(made.path) as archive:
        original = next(each for each in archive.namelist() if each.startswith("originals/cam02"))
    lacking = rebuild(
        made.path, tmp_path / "a.zip", lambda name, old: None if name == original else old
    )
    with_more = tmp_path / "b.zip"
    shutil.copyfile(made.path, with_more)
    with zipfile.ZipFile(with_more, "a") as archive:
        archive.writestr(as_ours("originals/cam01/nota.txt"), "x")

    assert f"{original}: is missing" in faults(verify_bundle(lacking))
    assert faults(verify_bundle(with_more)) == [
        "originals/cam01/nota.txt: does not belong to the bundle"
    ]


@pytest.mark.parametrize("name", ["termo.pdf", "LACRE.sha256", "LACRE.sha256.sig", "LEIA-ME.txt"])
def test_a_bundle_without_its_papers_is_none(made: Made, tmp_path: Path, name: str) -> None:
    lacking = rebuild(
        made.path, tmp_path / "a.zip", lambda each, old: None if each == name else old
    )

    assert f"{name}: is missing" in faults(verify_bundle(lacking))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("../fora.txt", b"x"),
        ("/etc/passwd", b"x"),
        ("originals\\cam01\\a.mp4", b"x"),
        ("originals/../manifest.json", b"x"),
        ("con.txt", b"x"),
        ("pasta/", b""),
        ("Manifest.JSON", b"{}"),
        ("manifest.json", b"{}"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_no_bundle_has_are_refused(copy_of: Copied, name: str, content: bytes) -> None:
    path = copy_of()
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(as_ours(name), content)

    verdict = verify_bundle(path)

    (fault,) = verdict.faults
    assert fault.code in {"odd_name", "device_name", "twice", "no_regular_file"}
    assert not verdict.fingerprint


def test_links_and_what_grows_are_refused(copy_of: Copied) -> None:
    link = zipfile.ZipInfo("viewing/link.mp4")
    link.create_system = 3
    link.external_attr = 0o120777 << 16
    for entry, content in ((link, b"/etc/passwd"), ("viewing/bomb.mp4", bytes(10_000_000))):
        path = copy_of()
        with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
            if isinstance(entry, zipfile.ZipInfo):
                entry.compress_type = zipfile.ZIP_STORED
            archive.writestr(entry, content)

        (fault,) = verify_bundle(path).faults

        assert fault.code in {"no_regular_file", "compressed"}


def test_bytes_that_belong_to_no_file_are_found(copy_of: Copied) -> None:
    with_tail = copy_of()
    with with_tail.open("ab") as file:
        file.write(b"more")
    assert not verify_bundle(with_tail).is_good

    with_head = copy_of()
    with_head.write_bytes(b"#!/bin/sh\n" + with_head.read_bytes())
    assert not verify_bundle(with_head).is_good

    commented = copy_of()
    with zipfile.ZipFile(commented, "a") as archive:
        archive.comment = b"hello"
    assert not verify_bundle(commented).is_good


def test_two_readers_may_not_see_two_names(copy_of: Copied) -> None:
    path = copy_of()
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("readings.json")
    with path.open("r+b") as file:
        file.seek(info.header_offset + 30)
        file.write(b"Readings.json")

    (fault,) = verify_bundle(path).faults

    assert (fault.code, fault.path) == ("two_descriptions", "readings.json")


def test_a_cut_off_download_is_no_bundle(copy_of: Copied) -> None:
    path = copy_of()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.truncate(size - 100)

    assert [fault.code for fault in verify_bundle(path).faults] == ["no_zip"]


def test_an_edited_file_is_told_from_what_was_recorded(made: Made, tmp_path: Path) -> None:
    """A file that was changed on the volume after it was hashed goes into the bundle as it is, and is said to differ."""
    camera = made.order.cameras[1]
    source = camera.segments[0]
    changed = tmp_path / source.path.name
    shutil.copyfile(source.path, changed)
    data = changed.read_bytes()
    flip(changed, len(data) - 100)
    ordered = replace(camera, segments=[replace(source, path=changed)])
    order = order_of(tmp_path / "b.zip", made.keys, [ordered])
    assemble(order)

    verdict = verify_bundle(order.draft)

    assert verdict.is_good
    assert "not_as_hashed" in {remark.code for remark in verdict.remarks}


def test_a_file_with_a_bad_sector_is_taken_out_again_and_named(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = made.order.cameras[0]
    bad = camera.segments[1].path.stat().st_ino

    read = os.read

    def rotten(fd: int, size: int) -> bytes:
        if os.fstat(fd).st_ino == bad:
            if os.lseek(fd, 0, os.SEEK_CUR) >= 8192:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            size = 4096
        return read(fd, size)

    monkeypatch.setattr(os, "read", rotten)
    order = order_of(tmp_path / "b.zip", made.keys, [camera])
    assemble(order)

    verdict = verify_bundle(order.draft)
    assert faults(verdict) == []
    with zipfile.ZipFile(order.draft) as archive:
        assert archive.testzip() is None
        (told,) = json.loads(archive.read("manifest.json"))["cameras"]
        (tmp_path / "termo.pdf").write_bytes(archive.read("termo.pdf"))
    assert [each["segment_id"] for each in told["unreadable"]] == ["12"]
    assert len(told["originals"]) == 1
    text = subprocess.run(
        ["pdftotext", str(tmp_path / "termo.pdf"), "-"], capture_output=True, text=True, check=True
    ).stdout
    assert "gravação nº 12 da câmera cam01 não pôde ser lida" in " ".join(text.split())


def test_progress_goes_from_nothing_to_all(made: Made) -> None:
    steps = list(dict.fromkeys(progress.step for progress in made.progress))
    shares = [progress.done_bytes / progress.total_bytes for progress in made.progress]

    assert steps == ["originals", "viewing", "snapshots", "readings", "papers", "checking"]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] > 0.9
    # One total, from begin to end.
    assert {progress.total_bytes for progress in made.progress} == {
        expected_bytes(made.order.footage_bytes)
    }


def test_progress_never_stands_still_for_long(made: Made) -> None:
    """Each step that reads or writes footage is told of as it goes: no leap between two words of it."""
    footage = made.order.footage_bytes
    largest = max(each.stat().st_size for each in _recorded(made))
    told = [(progress.step, progress.done_bytes) for progress in made.progress]
    for (step, before), (following, after) in pairwise(told):
        if step == following:
            assert after - before <= max(largest, footage // 10), (step, before, after)
    for step in ("originals", "viewing", "checking"):
        moved = [done for each, done in told if each == step]
        assert moved[-1] - moved[0] > 0.5 * (_SHARES[step] * expected_bytes(footage))


_SHARES = {"originals": 0.1, "viewing": 0.3, "checking": 0.6}


def _recorded(made: Made) -> list[Path]:
    return [each.path for camera in made.order.cameras for each in camera.segments]
