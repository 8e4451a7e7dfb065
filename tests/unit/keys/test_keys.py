"""The keys, judged by ssh-keygen and openssl."""

import asyncio
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from gtvision_edge.keys import (
    BadSignatureError,
    OpenedKeys,
    PaperKey,
    SiteKey,
    SitePublicKey,
    open_keys,
    sshsig,
)
from gtvision_edge.runtime.findings import Finding
from gtvision_edge.settings import PaperSettings
from tests.fakes.certificates import pkcs12_file
from tests.tools import run_tool

MESSAGE = b"the sums of a bundle\n"
SPACE = "gtvision-evidence"


def opened(folder: Path, settings: PaperSettings = PaperSettings()) -> OpenedKeys:
    return open_keys(folder, settings, site_id="a-site")


@pytest.fixture
def site(tmp_path: Path) -> SiteKey:
    return opened(tmp_path / "state").site


def test_keys_are_made_once_and_are_nobody_elses_to_read(tmp_path: Path) -> None:
    first, second = opened(tmp_path), opened(tmp_path)

    assert first.made == ("site.key", "paper.key", "paper.pem", "push.key")
    assert second.made == ()
    assert second.site.public == first.site.public
    assert second.paper.certificate == first.paper.certificate
    assert second.push.public == first.push.public
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


@pytest.mark.parametrize("name", ["site.key", "paper.key", "paper.pem", "push.key"])
def test_a_damaged_key_is_set_aside_and_told(tmp_path: Path, name: str) -> None:
    opened(tmp_path)
    (tmp_path / name).write_bytes(b"nonsense")

    found = opened(tmp_path)

    assert name in found.replaced
    assert name in found.made
    assert [path.read_bytes() for path in tmp_path.glob(f"{name}.damaged-*")] == [b"nonsense"]
    assert found.paper.certificate.public_key() == found.paper.key.public_key()


def test_keys_travel_to_a_child_whole(tmp_path: Path) -> None:
    keys = opened(tmp_path)

    assert SiteKey.from_pem(keys.site.to_pem(), site_id="a-site").public == keys.site.public
    again = PaperKey.from_pem(keys.paper.to_pem())
    assert again.certificate == keys.paper.certificate
    assert "PRIVATE" not in repr(keys)


def test_ssh_keygen_verifies_our_signature(site: SiteKey, tmp_path: Path) -> None:
    signers, signature = tmp_path / "signers", tmp_path / "x.sig"
    signers.write_text(site.public.allowed_signer(SPACE) + "\n")
    signature.write_text(site.sign_ssh(MESSAGE, namespace=SPACE))

    def verify(message: bytes, *, namespace: str = SPACE) -> int:
        options = ["-f", signers, "-I", site.public.name, "-n", namespace, "-s", signature]
        return run_tool("ssh-keygen", "-Y", "verify", *map(str, options), stdin=message)[0]

    assert verify(MESSAGE) == 0
    assert verify(MESSAGE + b"x") != 0
    assert verify(MESSAGE, namespace="file") != 0


def test_the_fingerprint_is_that_of_ssh_keygen(site: SiteKey, tmp_path: Path) -> None:
    path = tmp_path / "site.pub"
    path.write_text(site.public.openssh + "\n")

    code, said = run_tool("ssh-keygen", "-l", "-f", str(path))

    assert code == 0
    assert site.public.fingerprint in said.split()


def test_we_verify_what_ssh_keygen_signed(tmp_path: Path) -> None:
    key, file = tmp_path / "key", tmp_path / "file"
    file.write_bytes(MESSAGE)
    run_tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key))
    code, said = run_tool("ssh-keygen", "-Y", "sign", "-f", str(key), "-n", SPACE, str(file))
    assert code == 0, said

    raw = sshsig.verify((tmp_path / "file.sig").read_text(), MESSAGE, namespace=SPACE)

    assert SitePublicKey("x", raw).openssh.split()[1] in (tmp_path / "key.pub").read_text()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("BEGIN", "BEGUN"),
        lambda text: text.replace("\n", "\nAAAA", 2),
        lambda text: "",
        lambda text: text.replace("U1NIU0lH", "U1NIU0lI", 1),
    ],
)
def test_a_damaged_ssh_signature_is_refused(site: SiteKey, spoil: Callable[[str], str]) -> None:
    good = site.sign_ssh(MESSAGE, namespace=SPACE)
    assert sshsig.verify(good, MESSAGE, namespace=SPACE) == site.public.raw

    with pytest.raises(BadSignatureError):
        sshsig.verify(spoil(good), MESSAGE, namespace=SPACE)
    with pytest.raises(BadSignatureError):
        sshsig.verify(good, MESSAGE, namespace="file")
    with pytest.raises(BadSignatureError):
        sshsig.verify(good, MESSAGE + b"x", namespace=SPACE)


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_of_signatures_stumble(content: bytes) -> None:
    import base64

    text = base64.b64encode(b"SSHSIG\0\0\0\1" + content).decode()
    armoured = f"-----BEGIN SSH SIGNATURE-----\n{text}\n-----END SSH SIGNATURE-----\n"
    with pytest.raises(BadSignatureError):
        sshsig.verify(armoured, MESSAGE, namespace=SPACE)


def test_a_note_opens_with_its_key_alone(site: SiteKey, tmp_path: Path) -> None:
    note = site.sign_note("origin\n7\nroot\n")
    stranger = opened(tmp_path / "other").site.public

    assert site.public.open_note(note) == "origin\n7\nroot\n"
    assert SitePublicKey.from_note_verifier(site.public.note_verifier) == site.public
    for bad in (note.replace("\n7\n", "\n8\n"), note.partition("\n\n")[0], ""):
        with pytest.raises(BadSignatureError):
            site.public.open_note(bad)
    with pytest.raises(BadSignatureError):
        SitePublicKey(site.public.name, stranger.raw).open_note(note)


def test_openssl_verifies_a_note(site: SiteKey, tmp_path: Path) -> None:
    import base64

    note = site.sign_note("origin\n7\nroot\n")
    text, _, line = note.rpartition("\n\n")
    signature = base64.b64decode(line.split()[-1])[4:]
    (tmp_path / "key.pem").write_text(site.public.pem)
    (tmp_path / "sig").write_bytes(signature)

    def verify(message: str) -> int:
        (tmp_path / "text").write_text(message)
        names = ["-inkey", "key.pem", "-in", "text", "-sigfile", "sig"]
        paths = [name if name.startswith("-") else str(tmp_path / name) for name in names]
        return run_tool("openssl", "pkeyutl", "-verify", "-pubin", "-rawin", *paths)[0]

    assert verify(text + "\n") == 0
    assert verify(text.replace("7", "8") + "\n") != 0


def test_a_municipalitys_own_certificate_is_used(tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    settings = pkcs12_file(tmp_path / "a1.p12", key)

    paper = opened(tmp_path / "state", settings).paper

    assert paper.holder == "MUNICIPIO DE SERRA AZUL:00000000000191"
    assert (paper.is_self_made, paper.is_of_icp_brasil) == (False, True)
    assert "segredo" not in repr(settings)


async def test_a_certificate_that_cannot_be_used_is_told_and_papers_are_signed_all_the_same(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a1.p12"
    settings = pkcs12_file(path, ec.generate_private_key(ec.SECP256R1()))
    wrong = settings.model_copy(update={"certificate_password": None})
    odd = tmp_path / "odd.p12"
    odd_settings = pkcs12_file(odd, ed25519.Ed25519PrivateKey.generate())
    gone = settings.model_copy(update={"certificate_file": tmp_path / "none.p12"})

    for bad, reason in (
        (wrong, "wrong password"),
        (odd_settings, "RSA or ECDSA"),
        (gone, "cannot be read"),
    ):
        keys = await asyncio.to_thread(opened, tmp_path / "state", bad)
        assert keys.paper.is_self_made
        assert keys.certificate_error is not None
        assert reason in keys.certificate_error.message
        assert keys.findings() == [Finding("broken_certificate")]
    good = await asyncio.to_thread(opened, tmp_path / "state", settings)
    assert good.findings() == []
