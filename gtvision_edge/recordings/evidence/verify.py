"""Verifies a bundle: needs nothing but the file, and a key from elsewhere to compare with. Blocks.

``faults`` name the exact file that is not what was handed over. Without a key that came by another way than the bundle all
that can be said is who signed: whoever forges a bundle can sign it, with a key of their own.
"""

import base64
import hashlib
import re
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gtvision_edge.keys import BadSignatureError, SitePublicKey, sshsig
from gtvision_edge.recordings.evidence import layout
from gtvision_edge.recordings.evidence.claims import (
    ListedFile,
    Manifest,
    OddDocumentError,
    Original,
    ViewingCopy,
    read_manifest,
)
from gtvision_edge.recordings.evidence.comparing import check_cameras
from gtvision_edge.recordings.evidence.errors import BrokenBundleError
from gtvision_edge.recordings.evidence.opening import OpenBundle, open_bundle, open_bundle_file
from gtvision_edge.recordings.evidence.proofs import check_bundle_proofs
from gtvision_edge.recordings.evidence.reading_check import check_readings
from gtvision_edge.recordings.evidence.repacked import open_repacked
from gtvision_edge.recordings.evidence.wording import Language, say

MAX_TOLD: Final = 500
"""A bundle that is no longer what it was in so many places is not described more exactly by naming more."""
_CHUNK: Final = 2**20
_MAX_TEXT: Final = 64 * 2**20
_SUM: Final = re.compile(r"([0-9a-f]{64})  ([^\n\x00-\x1f]+)")
_KEY: Final = re.compile(r"ssh-ed25519 ([A-Za-z0-9+/=]+)")
_FINGERPRINT: Final = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and with which file ('' = the bundle as a whole). ``code`` and ``facts`` are as in ``wording``."""

    path: str
    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def say(self, language: Language = "en") -> str:
        return say(self.code, language, **self.facts)


@dataclass(frozen=True, slots=True)
class Remark:
    """What a reader should know and that is no fault; ``code`` and ``facts`` are as in ``wording``."""

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def say(self, language: Language = "en") -> str:
        return say(self.code, language, **self.facts)


@dataclass(slots=True)
class Verdict:
    """``is_trusted``: signed by a key that was given from elsewhere; None = none was given, so compare ``fingerprint``."""

    faults: list[Fault] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    fingerprint: str = ""
    is_trusted: bool | None = None
    files: int = 0
    sealed: int = 0
    """Originals whose hash is proven to stand in the site's log."""
    package_id: str = ""
    is_repacked: bool = False
    """The zip was written by another program than ours; what is said of the files holds all the same."""
    untold: int = 0
    """Faults and remarks beyond the first :data:`MAX_TOLD` of each."""

    @property
    def is_good(self) -> bool:
        return not self.faults

    def blame(self, path: str, code: str, **facts: Any) -> None:
        fault = Fault(path, code, facts)
        if len(self.faults) >= MAX_TOLD:
            self.untold += 1
        elif fault not in self.faults:
            self.faults.append(fault)

    def remark(self, code: str, **facts: Any) -> None:
        if len(self.remarks) >= MAX_TOLD:
            self.untold += 1
        else:
            self.remarks.append(Remark(code, facts))


def read_trusted(text: str) -> list[str]:
    """Return keys (``ssh-ed25519 …``) and fingerprints in *text*: a fingerprint, a ``.pub`` file or a list of allowed signers."""
    return [f"ssh-ed25519 {found}" for found in _KEY.findall(text)] + _FINGERPRINT.findall(text)


def verify_bundle(
    path: Path,
    *,
    trusted: Collection[str] = (),
    moved: Callable[[int], None] = lambda _: None,
) -> Verdict:
    """Verify the bundle at *path*. *trusted* are keys or fingerprints as :func:`read_trusted` gives them.

    A bundle that is none, or is built so that readers may see different files in it, has one fault and is not looked at further.
    Of one that was unpacked and zipped again the files decide.
    """
    verdict = Verdict()
    try:
        with open_bundle_file(path) as file, tempfile.TemporaryFile() as scratch:
            try:
                bundle = open_bundle(file)
            except BrokenBundleError:
                bundle = open_repacked(file, scratch)
                verdict.is_repacked = True
            _verify(bundle, trusted, verdict, moved)
            if verdict.is_repacked:
                verdict.remark("packed_anew" if verdict.is_good else "packed_anew_and_changed")
    except BrokenBundleError as error:
        facts = dict(error.details)
        verdict.blame(str(facts.pop("path", "")), str(facts.pop("reason")), **facts)
    return verdict


def _verify(
    bundle: OpenBundle,
    trusted: Collection[str],
    verdict: Verdict,
    moved: Callable[[int], None],
) -> None:
    verdict.files = len(bundle.entries)
    missing = sorted(layout.REQUIRED - set(bundle.entries))
    for name in missing:
        verdict.blame(name, "missing")
    if layout.SUMS in missing:
        return
    signers = _check_signatures(bundle, verdict)
    signer = signers.sums or signers.seal
    if signer is not None:
        _check_signer(signer, trusted, verdict)
    sums = _check_files(bundle, signers, verdict, moved)
    if layout.MANIFEST in sums and layout.MANIFEST in bundle.entries:
        _check_manifest(bundle, sums, signer, verdict, moved)


@dataclass(frozen=True, slots=True)
class _Signers:
    """The keys that signed sums and seal; None = nobody did, as far as can be told."""

    sums: bytes | None
    seal: bytes | None


def _check_signatures(bundle: OpenBundle, verdict: Verdict) -> _Signers:
    sums = _find_signer(bundle, layout.SUMS, layout.SUMS_SIGNATURE, verdict)
    seal = _find_signer(bundle, layout.SEAL, layout.SEAL_SIGNATURE, verdict)
    if sums.is_unfit:
        _blame_for_sums(bundle, seal.key, verdict)
    if seal.is_unfit:
        _blame_for_seal(bundle, sums.key, verdict)
    if sums.key and seal.key and sums.key != seal.key:
        verdict.blame(layout.SEAL_SIGNATURE, "other_signer")
    return _Signers(sums.key, seal.key)


@dataclass(frozen=True, slots=True)
class _Signature:
    """``is_unfit``: a whole signature that is not over its text; one of the two was changed."""

    key: bytes | None = None
    is_unfit: bool = False


def _find_signer(bundle: OpenBundle, name: str, signature: str, verdict: Verdict) -> _Signature:
    if name not in bundle.entries or signature not in bundle.entries:
        return _Signature()
    armoured = bundle.read(signature, 2**16).decode("ascii", "replace")
    if not _is_tidy(armoured):
        verdict.blame(signature, "changed")
        return _Signature()
    content = bundle.read(name, _MAX_TEXT)
    try:
        return _Signature(sshsig.verify(armoured, content, namespace=layout.NAMESPACE))
    except BadSignatureError as error:
        if error.details.get("is_over_other_text"):
            return _Signature(is_unfit=True)
        verdict.blame(signature, "not_signed", why=error.message)
        return _Signature()


def _blame_for_sums(bundle: OpenBundle, seal_key: bytes | None, verdict: Verdict) -> None:
    """Tell whether the sums or their signature were changed: a seal that is signed knows the sums."""
    if seal_key is None:
        verdict.blame(layout.SUMS_SIGNATURE, "not_of_its_text", file=layout.SUMS)
        return
    known = _read_sums(bundle, layout.SEAL).get(layout.SUMS)
    is_same = known == _hash(bundle, layout.SUMS)
    verdict.blame(layout.SUMS_SIGNATURE if is_same else layout.SUMS, "changed")


def _blame_for_seal(bundle: OpenBundle, sums_key: bytes | None, verdict: Verdict) -> None:
    """Tell whether the seal or its signature was changed, where sums that are signed tell."""
    seal = _read_sums(bundle, layout.SEAL)
    expected = {
        name: _hash(bundle, name) for name in (layout.SUMS, layout.FORM) if name in bundle.entries
    }
    if sums_key is not None and seal != expected:
        verdict.blame(layout.SEAL, "changed")
    else:  # whoever forges the form writes the seal anew: it fits, and the signature does not
        verdict.blame(layout.SEAL_SIGNATURE, "not_of_its_text", file=layout.SEAL)


def _is_tidy(armoured: str) -> bool:
    """Tell whether a signature is written the one way we write it: its file stands in no list of hashes."""
    lines = armoured.split("\n")
    try:
        text = base64.b64encode(base64.b64decode("".join(lines[1:-2]), validate=True)).decode()
    except ValueError:
        return False
    return (
        lines[1:-2] == [text[at : at + 70] for at in range(0, len(text), 70)]
        and lines[0] == "-----BEGIN SSH SIGNATURE-----"
        and lines[-2:] == ["-----END SSH SIGNATURE-----", ""]
    )


def _check_signer(signer: bytes, trusted: Collection[str], verdict: Verdict) -> None:
    key = SitePublicKey("", signer)
    verdict.fingerprint = key.fingerprint
    if not trusted:
        return
    blob = base64.b64encode(sshsig.public_blob(signer)).decode()
    verdict.is_trusted = any(
        each == key.fingerprint or each.split()[:2] == ["ssh-ed25519", blob] for each in trusted
    )
    if not verdict.is_trusted:
        verdict.blame(layout.SUMS_SIGNATURE, "not_trusted", fingerprint=key.fingerprint)


def _check_files(
    bundle: OpenBundle, signers: _Signers, verdict: Verdict, moved: Callable[[int], None]
) -> dict[str, str]:
    """Compare every file with its sum; return the sums. A seal that nobody signed tells nothing of sums that somebody did."""
    sums = _read_sums(bundle, layout.SUMS, verdict)
    seal = _read_sums(bundle, layout.SEAL, verdict) if layout.SEAL in bundle.entries else {}
    if seal and set(seal) != {layout.SUMS, layout.FORM}:
        verdict.blame(layout.SEAL, "odd_seal")
    if signers.seal is None and signers.sums is not None:
        seal = {}
    for path, expected in {**seal, **sums}.items():
        if path not in bundle.entries:
            verdict.blame(path, "missing")
        elif _hash(bundle, path, moved) != expected:
            verdict.blame(path, "changed")
    for path in sorted(set(bundle.entries) - set(sums) - layout.NOT_IN_SUMS):
        verdict.blame(path, "does_not_belong")
    return sums


def _read_sums(bundle: OpenBundle, name: str, verdict: Verdict | None = None) -> dict[str, str]:
    """Return the hashes of a list by file; of lines that are none *verdict* is told."""
    sums: dict[str, str] = {}
    for line in bundle.read(name, _MAX_TEXT).decode("utf-8", "replace").splitlines():
        found = _SUM.fullmatch(line)
        if found is None or found[2] in sums:
            if verdict is not None:
                verdict.blame(name, "odd_sum")
            continue
        sums[found[2]] = found[1]
    return sums


def _hash(bundle: OpenBundle, path: str, moved: Callable[[int], None] = lambda _: None) -> str:
    digest, read_at, at = hashlib.sha256(), bundle.reader(path), 0
    while data := read_at(_CHUNK, at):
        digest.update(data)
        at += len(data)
        moved(len(data))
    return digest.hexdigest()


def _check_manifest(
    bundle: OpenBundle,
    sums: Mapping[str, str],
    signer: bytes | None,
    verdict: Verdict,
    moved: Callable[[int], None],
) -> None:
    try:
        manifest = read_manifest(bundle.read(layout.MANIFEST, _MAX_TEXT))
    except OddDocumentError:
        verdict.blame(layout.MANIFEST, "odd_manifest")
        return
    if manifest is None:
        verdict.remark("other_version")
        return
    verdict.package_id = manifest.package_id[:60]
    _check_listed(manifest, sums, verdict)
    if layout.READINGS in bundle.entries:
        check_readings(manifest, bundle.read(layout.READINGS, _MAX_TEXT), verdict)
    if signer is not None and layout.HISTORY in bundle.entries:
        history = bundle.read(layout.HISTORY, _MAX_TEXT)
        check_bundle_proofs(manifest, history, signer, verdict)
    check_cameras(bundle, manifest, verdict, moved)


def _check_listed(manifest: Manifest, sums: Mapping[str, str], verdict: Verdict) -> None:
    listed = {each.path: each.sha256 for each in manifest.files}
    if manifest.key.fingerprint != verdict.fingerprint:
        verdict.blame(layout.MANIFEST, "names_other_key")
    if {**listed, layout.MANIFEST: sums[layout.MANIFEST]} != dict(sums):
        verdict.blame(layout.MANIFEST, "lists_other_files", sums=layout.SUMS)
    for camera in manifest.cameras:
        named: list[Original | ViewingCopy | ListedFile] = [
            *camera.originals,
            *camera.viewing,
            *camera.snapshots,
        ]
        for each in named:
            if listed.get(each.path) != each.sha256:
                verdict.blame(layout.MANIFEST, "two_hashes", file=each.path)
        for original in camera.originals:
            if original.ingest_sha256 not in (None, original.sha256):
                verdict.remark("not_as_hashed", file=original.path)
    if left_out := manifest.history.viewings_left_out:
        verdict.remark("viewings_left_out", count=left_out)
