"""The program as a person calls it."""

import asyncio
import contextlib
import json
import sqlite3
import subprocess
from pathlib import Path

import pytest

from gtvision_edge.audit import check_entry_document
from gtvision_edge.keys import SitePublicKey, open_keys
from gtvision_edge.settings import PaperSettings
from tests.e2e.daemon import PROGRAM, Site, logged_in, running_daemon
from tests.fakes.hub import ED_KEY, private_pem, write_key
from tests.waiting import becomes, patiently

pytestmark = pytest.mark.timeout(90)


def call(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(PROGRAM), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=patiently(30),
        check=False,
    )


def test_check_prints_every_fault_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_text('[api]\nport = "x"\nhots = 1\n[media]\nserver = "vlc"\n[cams]\n')

    done = call("check", "--config", str(path))

    assert done.returncode == 78
    for fault in ("api.port", "api.hots", "media.server", "cams"):
        assert fault in done.stderr
    assert "Traceback" not in done.stderr


def test_check_accepts_the_sample() -> None:
    done = call("check", "--config", "config/edge.toml")

    assert (done.returncode, done.stderr) == (0, "")


def test_check_looks_into_the_keys_of_issuers(tmp_path: Path) -> None:
    leaked, gone, good = tmp_path / "leaked.pem", tmp_path / "gone.pem", tmp_path / "good.pem"
    leaked.write_text(private_pem(ED_KEY))
    write_key(good, ED_KEY)
    config = tmp_path / "edge.toml"
    keys = ", ".join(f'{{ file = "{path}" }}' for path in (good, leaked, gone))
    config.write_text(
        f'[[identity.issuers]]\nissuer = "i"\naudience = "a"\nkeys = [{keys}]\n', "utf-8"
    )

    done = call("check", "--config", str(config))

    assert done.returncode == 78
    lines = [line.strip() for line in done.stderr.splitlines() if "identity" in line]
    assert [line.partition(":")[0] for line in lines] == [
        "identity.issuers.0.keys.1.file",
        "identity.issuers.0.keys.2.file",
    ]
    assert "private key" in lines[0]
    assert f"{gone} cannot be read" in lines[1]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command",
    [("audit", "verify"), ("user", "reset-password", "admin"), ("volume", "adopt", "--yes")],
)
def test_a_command_over_an_empty_folder_says_that_there_is_no_site(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    done = call(*command, "--state", str(tmp_path / "nothing"))

    assert done.returncode == 66
    assert "no_site" in done.stderr
    assert not (tmp_path / "nothing").exists()


async def test_a_second_daemon_and_a_taken_port_are_said_and_change_nothing(
    tmp_path: Path,
) -> None:
    site = Site(tmp_path / "state")
    async with running_daemon(site):
        same = await asyncio.to_thread(call, "run", "--config", str(site.root / "edge.toml"))
        other = Site(tmp_path / "other", ports=[site.ports[0], *Site(tmp_path).ports[1:]])
        other.root.mkdir()
        other.write_settings()
        taken = await asyncio.to_thread(call, "run", "--config", str(other.root / "edge.toml"))

    assert same.returncode == 1
    assert "already_running" in same.stderr
    assert taken.returncode == 1
    assert "port_in_use" in taken.stderr
    assert "Traceback" not in same.stderr + taken.stderr


async def test_a_new_password_works_at_once_and_the_log_stays_whole(tmp_path: Path) -> None:
    site = Site(tmp_path / "state")
    config = str(site.root / "edge.toml")
    async with running_daemon(site):
        done = await asyncio.to_thread(call, "user", "reset-password", "admin", "--config", config)
        assert done.returncode == 0, done.stderr
        site.password = done.stdout.rpartition(": ")[2].strip()
        async with logged_in(site):
            pass

    verified = await asyncio.to_thread(call, "audit", "verify", "--config", config)
    assert verified.returncode == 0, verified.stdout


async def test_a_checkpoint_kept_elsewhere_finds_a_history_that_was_cut_off(tmp_path: Path) -> None:
    site = Site(tmp_path / "state")
    config = str(site.root / "edge.toml")

    def audit(*arguments: str) -> subprocess.CompletedProcess[str]:
        return call("audit", *arguments, "--config", config)

    async with running_daemon(site):
        kept = await asyncio.to_thread(audit, "checkpoint")
        proof = await asyncio.to_thread(audit, "prove", "1")
    path = tmp_path / "kept"
    path.write_text(kept.stdout)
    name, size, *_ = kept.stdout.splitlines()
    document = json.loads(proof.stdout)
    keys = await asyncio.to_thread(open_keys, site.root, PaperSettings(), site_id="unused")
    key = SitePublicKey(name, keys.site.public.raw)
    assert check_entry_document(document["proof"], document["checkpoint"], key)["seq"] == 1
    good = await asyncio.to_thread(audit, "verify", "--checkpoint", str(path))
    assert good.returncode == 0, good.stdout

    with contextlib.closing(sqlite3.connect(site.root / "edge.db")) as database:
        database.execute("DELETE FROM audit_log WHERE seq >= ?", (int(size),))
        cut = "DELETE FROM audit_tree WHERE ((position + 1) << level) >= ?"
        database.execute(cut, (int(size),))
        database.commit()
    without = await asyncio.to_thread(audit, "verify")
    found = await asyncio.to_thread(audit, "verify", "--checkpoint", str(path))
    unknown = await asyncio.to_thread(audit, "prove", "9999")

    assert without.returncode == 0, without.stdout
    assert found.returncode == 1
    assert "a checkpoint saw it" in found.stdout
    assert unknown.returncode == 66
    assert "unknown_audit_entry" in unknown.stderr


async def test_a_replaced_disk_is_adopted_beside_the_running_daemon(tmp_path: Path) -> None:
    site = Site(tmp_path / "state")
    arguments = ("volume", "adopt", "--config", str(site.root / "edge.toml"))
    async with running_daemon(site), logged_in(site) as admin:
        box = await admin.call("GET", "/status", expect=200)
        volume = Path(box["storage"]["volume"])
        same = await asyncio.to_thread(call, *arguments, "--yes")
        (volume / ".gtvision-volume.json").unlink()

        async def error() -> str | None:
            box = await admin.call("GET", "/status", expect=200)
            found: str | None = box["storage"]["error"]
            return found

        async def is_missing() -> bool:
            return await error() == "volume_missing"

        async def is_well() -> bool:
            return await error() is None

        await becomes(is_missing, 10)
        unasked = await asyncio.to_thread(call, *arguments)  # nobody is there to answer
        assert await is_missing()
        done = await asyncio.to_thread(call, *arguments, "--yes")
        await becomes(is_well, 10)
        acts = await admin.call("GET", "/audit?action=volume.adopted", expect=200)

    assert same.returncode == 73
    assert "nothing_to_adopt" in same.stderr
    assert unasked.returncode == 1
    assert "Nothing was changed" in unasked.stdout
    assert done.returncode == 0, done.stderr
    assert len(acts["items"]) == 1
    assert acts["items"][0]["subject"].removeprefix("volume:") in done.stdout
