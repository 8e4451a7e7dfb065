"""`python -m tests.deb`: the package's whole life on a Debian that boots; prints each thing shown.

Order matters: install, record, kill, hang, upgrade, remove, purge. The first thing that does not hold ends it.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.deb.container import Container, booted, root_archive

UNIT = "gtvision-edge"
VOLUME = "/srv/gtvision-edge"
STATE = "/var/lib/gtvision-edge"
DISK = "/mnt/disk"
NEW_DISK = "/mnt/new-disk"
MOUNT = f"mount --bind {DISK} {VOLUME}"
"""A disk that can be taken away and comes back with what was on it."""
MOST_EXPOSED = 1.5
OWN_PASSWORD = "so-o-admin-conhece"
NEXT_VERSION = "0.1.0-1+next"
"""Later than any 0.1.0-1 and never released."""

INSIDE = (
    "tests/__init__.py",
    "tests/deb/camera.py",
    "tests/deb/object_store.py",
    "tests/fakes/__init__.py",
    "tests/fakes/clips.py",
    "tests/fakes/object_store.py",
    "tests/fakes/virtual_camera.py",
)
shown: list[str] = []


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.deb", description=__doc__)
    parser.add_argument("--dist", default="bookworm")
    parser.add_argument("--cache", type=Path, default=Path(".cache/test-deb"))
    options = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("make test-deb boots a system in a container and needs root: sudo make test-deb")
    began = time.monotonic()
    package, later = build()
    say(f"built {package.name} and {later.name}", began)
    began = time.monotonic()
    archive = root_archive(options.dist, options.cache)
    files = {
        package: "opt/test/first.deb",
        later: "opt/test/next.deb",
        **{Path(name): f"opt/test/{name}" for name in INSIDE},
    }
    mediamtx = os.environ.get("MEDIAMTX_BIN")
    if mediamtx:
        files[Path(mediamtx)] = "usr/local/bin/mediamtx"
    # Not in memory, where /tmp may be.
    with (
        tempfile.TemporaryDirectory(dir="/var/tmp", prefix="gtvision-deb-") as folder,
        booted(archive, Path(folder) / "root", files) as container,
    ):
        release = container.shell(". /etc/os-release; echo $PRETTY_NAME")
        systemd = container.shell("systemctl --version | head -1")
        say(f"booted {release}, {systemd}, without a network", began)
        try:
            live(container, has_mediamtx=bool(mediamtx))
        except BaseException:
            print(container.run("journalctl", "--no-pager", "-n", "60", check=False))
            raise
    print(f"{len(shown)} passed, 0 failed")


def say(what: str, began: float) -> None:
    shown.append(what)
    print(f"  ok  {what}  ({time.monotonic() - began:.1f} s)", flush=True)


def build() -> tuple[Path, Path]:
    """Build the package, packed quickly, and once more as a later version; return their paths."""
    done = subprocess.run(
        [
            sys.executable,
            "packaging/deb/build.py",
            "--level",
            "3",
            "--out",
            ".cache/test-deb",
            "--also",
            NEXT_VERSION,
        ],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    first, later = (Path(line.split("  ")[0]) for line in done.stdout.splitlines())
    return first, later


def wait(what: str, holds: Callable[[], bool], seconds: float) -> None:
    """Return once *holds* says so; fails after *seconds*."""
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, f"not within {seconds} s: {what}"
        time.sleep(0.3)


def live(container: Container, *, has_mediamtx: bool) -> None:
    """Go through the package's life; each step relies on the ones before."""
    steps: list[Callable[[Container], str]] = [
        installs_offline,
        gives_the_first_password_to_an_admin_only,
        records_a_camera_on_its_own_disk,
        looks_for_cameras,
        copies_to_an_object_store,
        waits_for_its_disk,
        takes_a_new_disk_when_told,
        goes_on_after_a_kill,
        goes_on_after_a_hang,
        is_confined,
        *(BESIDE_MEDIAMTX if has_mediamtx else []),
        upgrades,
        is_removed,
        is_purged,
    ]
    for step in steps:
        began = time.monotonic()
        say(step(container), began)
    if not has_mediamtx:
        print("  --  mediamtx.service not started: MEDIAMTX_BIN is not set")


def installs_offline(container: Container) -> str:
    container.shell(f"mkdir -p {DISK} {VOLUME}; mount -t tmpfs -o size=300m tmpfs {DISK}; {MOUNT}")

    printed = container.run("dpkg", "-i", "/opt/test/first.deb")

    assert "user reset-password admin" in printed
    assert container.run("systemctl", "is-active", UNIT) == "active"
    assert container.run("systemctl", "is-enabled", UNIT) == "enabled"
    assert container.run("systemctl", "is-enabled", "mediamtx", check=False) == "disabled"
    status, content = container.call("GET", "/readyz")
    assert status == 200, content
    assert container.call("GET", "/")[1].startswith(b"<!doctype html>")
    owner = container.run("stat", "-c", "%U %a", "/etc/gtvision-edge/edge.toml", STATE, VOLUME)
    assert owner.splitlines() == ["root 640", "gtvision-edge 700", "gtvision-edge 750"], owner
    started = int(container.show(UNIT, "ActiveEnterTimestampMonotonic"))
    asked = int(container.show(UNIT, "InactiveExitTimestampMonotonic"))
    return f"dpkg -i without a network: active, enabled, /readyz ok; ready {(started - asked) / 1e6:.1f} s after its start"


def gives_the_first_password_to_an_admin_only(container: Container) -> str:
    journal = container.run("journalctl", "-u", UNIT, "--no-pager")
    assert "reset-password admin" in journal
    assert not re.search(r"Password\s", journal)

    given = container.run("gtvision-edge", "user", "reset-password", "admin")

    password = given.rpartition(": ")[2]
    answer = container.ask("POST", "/auth/login", {"username": "admin", "password": password})
    container.token = answer["access_token"]
    assert container.call("GET", "/api/v1/cameras")[0] == 403, "a provisional password opens all"
    container.ask("POST", "/auth/password", {"current": password, "new": OWN_PASSWORD})
    answer = container.ask("POST", "/auth/login", {"username": "admin", "password": OWN_PASSWORD})
    container.token = answer["access_token"]
    container.run("gtvision-edge", "audit", "verify")
    foreign = container.run("find", STATE, "!", "-user", "gtvision-edge")
    assert foreign == "", foreign
    assert password not in container.run("journalctl", "--no-pager")
    return "first password by `gtvision-edge user reset-password` only, none in the journal, to be changed first; no file of root's in the state"


def records_a_camera_on_its_own_disk(container: Container) -> str:
    camera = container.start("python3", "-S", "/opt/test/tests/deb/camera.py")
    assert camera.stdout is not None
    url = camera.stdout.readline().strip()
    assert url.startswith("rtsp://"), url + camera.stdout.read()

    added = container.ask(
        "POST",
        "/cameras",
        {"camera_id": "cam01", "name": "Portão", "vendor": "generic_rtsp", "main_url": url},
    )

    main = added["profiles"]["main"]
    assert (main["codec"], main["width"]) == ("h264", 320), main  # so the probe's child ran
    wait_recording(container)
    device = container.run("stat", "-c", "%d", newest_file(container))
    assert device == container.run("stat", "-c", "%d", VOLUME)
    assert device != container.run("stat", "-c", "%d", STATE)
    status, picture = container.call("GET", "/api/v1/cameras/cam01/snapshot")
    assert (status, picture[:2]) == (200, b"\xff\xd8")
    return f"camera probed, added by the API, recorded to its own mount; snapshot {len(picture)} B"


def looks_for_cameras(container: Container) -> str:
    one = {"method": "unicast", "addresses": ["127.0.0.1"], "timeout_s": 0.5}
    asked = container.ask("POST", "/cameras/discover", one)
    status, content = container.call("POST", "/api/v1/cameras/discover", {"timeout_s": 0.5})
    told = json.loads(content)
    assert (status, told["code"], told["reason"]) == (503, "discovery_impossible", "no_interface")
    return (
        f"looking for cameras works in the unit's confinement ({len(asked['items'])} found on the box itself); "
        "a box without a network says so"
    )


def copies_to_an_object_store(container: Container) -> str:
    store = container.start("python3", "-S", "/opt/test/tests/deb/object_store.py")
    assert store.stdout is not None
    url = store.stdout.readline().strip()
    assert url.startswith("http://"), url + store.stdout.read()
    secret = "/etc/gtvision-edge/credentials/archive-secret"
    container.shell(f"umask 077; echo segredo-da-caixa > {secret}")
    settings = {
        'bucket = ""': 'bucket = "copias"',
        'endpoint = ""': f'endpoint = "{url}"',
        'access_key = ""': 'access_key = "box17"',
        "# secret_key_file": "secret_key_file",
    }
    changes = ";".join(f"s|^{before}|{after}|" for before, after in settings.items())
    stopped = datetime.now(UTC)  # the file that is being written ends here
    container.shell(
        f"sed -i '/^\\[archive\\]/,/^\\[push\\]/{{{changes}}}' /etc/gtvision-edge/edge.toml;"
        f"systemctl restart {UNIT}"
    )
    wait_recording(container)
    asked = {
        "cameras": ["cam01"],
        "start": (stopped - timedelta(seconds=4)).isoformat(),
        "end": stopped.isoformat(),
        "reason": "furto na praça",
    }
    incident_id = container.ask("POST", "/incidents", asked)["incident_id"]
    request = {"authority": "2ª DP", "purpose": "investigação criminal"}
    export = container.ask("POST", "/exports", {"incident_id": incident_id, "request": request})
    told: dict[str, Any] = {}

    def is_copied() -> bool:
        told.update(container.ask("GET", "/status")["archive"])
        return (told["state"], told["copies"], told["waiting"]) == ("up", 1, 0)

    wait("the bundle is copied", is_copied, 60)
    there = container.shell(f"cd /opt/test/kept/*/evidence/{export['export_id']}; sha256sum *.zip")
    digest, name = there.split()
    assert name == f"{digest}.zip"
    assert "The store takes copies" in container.run("gtvision-edge", "archive", "status")
    assert "segredo-da-caixa" not in container.run("journalctl", "--no-pager")
    return f"an evidence bundle of {told['copied_bytes']} B is copied to an object store, its secret a credential of the unit"


def waits_for_its_disk(container: Container) -> str:
    container.shell(f"systemctl stop {UNIT}; umount {VOLUME}; systemctl start {UNIT}")
    time.sleep(5)
    assert container.run("systemctl", "is-active", UNIT) == "active"
    assert container.ask("GET", "/cameras/cam01")["state"]["state"] != "recording"
    assert container.run("ls", "-A", VOLUME) == ""
    began = time.monotonic()

    container.shell(MOUNT)

    wait_recording(container)
    took = time.monotonic() - began
    return f"started without its disk: nothing is written to the folder below; mounted: recording within {took:.1f} s, no restart"


def takes_a_new_disk_when_told(container: Container) -> str:
    adopt = ("gtvision-edge", "volume", "adopt", "--yes")
    assert "nothing_to_adopt" in container.run(*adopt, check=False)
    container.shell(
        f"mkdir -p {NEW_DISK}; mount -t tmpfs -o size=300m,mode=755 tmpfs {NEW_DISK};"
        f"systemctl stop {UNIT}; umount {VOLUME}; systemctl start {UNIT}; mount --bind {NEW_DISK} {VOLUME}"
    )
    time.sleep(5)
    assert container.ask("GET", "/status")["storage"]["error"] == "volume_missing"
    assert container.run("ls", "-A", VOLUME) == ""
    assert "volume_unwritable" in container.run(*adopt, check=False)  # a new disk is root's

    container.run("systemd-tmpfiles", "--create", "gtvision-edge.conf")
    printed = container.run(*adopt)

    assert "It is empty." in printed, printed
    wait_recording(container)
    device = container.run("stat", "-c", "%d", newest_file(container))
    assert device == container.run("stat", "-c", "%d", NEW_DISK)
    acts = container.ask("GET", "/audit?action=volume.adopted")["items"]
    assert len(acts) == 1, acts
    assert container.run("find", STATE, "!", "-user", "gtvision-edge") == ""
    container.shell(f"systemctl stop {UNIT}; umount {VOLUME}; {MOUNT}; systemctl start {UNIT}")
    wait_recording(container)
    return "an empty disk in place of the old one: recorded to after `gtvision-edge volume adopt`, not before; the old one comes back"


def goes_on_after_a_kill(container: Container) -> str:
    before = int(container.show(UNIT, "NRestarts"))
    began = time.monotonic()

    container.run("kill", "-9", container.show(UNIT, "MainPID"))

    wait("a restart", lambda: int(container.show(UNIT, "NRestarts")) > before, 10)
    wait_recording(container)
    return f"kill -9: restarted and recording again within {time.monotonic() - began:.1f} s"


def goes_on_after_a_hang(container: Container) -> str:
    drop_in = f"/run/systemd/system/{UNIT}.service.d"
    container.shell(
        f"mkdir -p {drop_in}; printf '[Service]\\nWatchdogSec=4\\nTimeoutAbortSec=2\\n' > {drop_in}/quick.conf;"
        f"systemctl daemon-reload; systemctl restart {UNIT}"
    )
    wait_recording(container)
    before = int(container.show(UNIT, "NRestarts"))
    began = time.monotonic()

    container.run("kill", "-STOP", container.show(UNIT, "MainPID"))

    wait("the watchdog", lambda: int(container.show(UNIT, "NRestarts")) > before, 20)
    assert "Watchdog timeout" in container.run("journalctl", "-u", UNIT, "--no-pager")
    wait_recording(container)
    took = time.monotonic() - began
    container.shell(f"rm -r {drop_in}; systemctl daemon-reload; systemctl restart {UNIT}")
    return f"a frozen daemon is ended by the watchdog and recording again within {took:.1f} s (watchdog of 4 s)"


def is_confined(container: Container) -> str:
    figures = {}
    for unit in (f"{UNIT}.service", "mediamtx.service"):
        told = container.run("systemd-analyze", "security", "--no-pager", unit)
        match = re.search(r"exposure level for \S+: ([\d.]+)", told)
        assert match, told
        figures[unit] = float(match[1])
    container.run("systemd-analyze", "verify", f"{UNIT}.service", check=True)
    assert max(figures.values()) <= MOST_EXPOSED, figures
    return "systemd-analyze security: " + ", ".join(f"{k} {v}" for k, v in figures.items())


def records_through_mediamtx(container: Container) -> str:
    container.shell(
        f"systemctl stop {UNIT}; systemctl enable --now mediamtx; systemctl start {UNIT}"
    )

    def is_found() -> bool:
        server = container.ask("GET", "/status")["media_server"]
        return (server["kind"], server["state"]) == ("mediamtx", "up")

    wait("MediaMTX is found", is_found, 10)
    version = container.ask("GET", "/status")["media_server"]["version"]
    wait_recording(container)

    def sessions() -> list[bool]:
        container.call("GET", "/stream/cam01_rec/index.m3u8")
        items = container.ask_media_server("/v3/hlssessions/list")["items"]
        return [item["isCDN"] for item in items]

    wait("MediaMTX serves HLS to us", lambda: bool(sessions()), 15)
    assert all(sessions()), "the daemon did not show the shared secret"
    owner = container.run("stat", "-c", "%U", newest_file(container))
    assert owner == "gtvision-edge"
    return f"mediamtx.service: found by itself (MediaMTX {version}), records as the same user"


def starts_beside_a_mediamtx_that_hangs(container: Container) -> str:
    container.shell(f"systemctl kill -s STOP mediamtx; systemctl restart {UNIT}")

    def is_said() -> bool:
        box = container.ask("GET", "/status")
        return [finding["code"] for finding in box["findings"]] == ["media_server_silent"]

    wait("the hang is said", is_said, 30)
    status, content = container.call("GET", "/readyz")
    assert (status, json.loads(content)["code"]) == (503, "media_server_silent"), content
    container.shell("systemctl kill -s CONT mediamtx")
    wait_recording(container)
    return "beside a MediaMTX that hangs: starts, says so, records when it answers again"


def leaves_its_ports_to_a_mediamtx_that_starts_late(container: Container) -> str:
    container.shell(
        f"systemctl stop {UNIT} mediamtx; systemctl start --no-block {UNIT}; sleep 4; systemctl start mediamtx"
    )

    def is_up() -> bool:
        status, content = container.call("GET", "/api/v1/status")
        if status != 200:
            return False  # it waits for MediaMTX before it serves
        server = json.loads(content)["media_server"]
        return (server["kind"], server["state"]) == ("mediamtx", "up")

    wait("the late MediaMTX is taken", is_up, 30)
    wait_recording(container)
    return "a MediaMTX that starts 4 s late keeps its ports and is taken"


def has_its_own_server_again_when_mediamtx_is_switched_off(container: Container) -> str:
    container.shell(
        f"systemctl stop {UNIT}; systemctl disable --now mediamtx; systemctl start {UNIT}"
    )

    def is_embedded() -> bool:
        server: dict[str, object] = container.ask("GET", "/status")["media_server"]
        return server["kind"] == "embedded"

    wait("the embedded server", is_embedded, 5)
    wait("nothing to mend", lambda: container.ask("GET", "/status")["findings"] == [], 10)
    wait_recording(container)
    return "mediamtx.service disabled: the embedded server at once, nothing to mend"


BESIDE_MEDIAMTX = (
    records_through_mediamtx,
    starts_beside_a_mediamtx_that_hangs,
    leaves_its_ports_to_a_mediamtx_that_starts_late,
    has_its_own_server_again_when_mediamtx_is_switched_off,
)


def upgrades(container: Container) -> str:
    container.shell("sed -i 's/^name = .*/name = \"Portaria\"/' /etc/gtvision-edge/edge.toml")
    container.run("systemctl", "disable", UNIT)
    pid = container.show(UNIT, "MainPID")

    container.run("dpkg", "-i", "/opt/test/next.deb")

    version = container.run("dpkg-query", "-W", "-f", "${Version}", UNIT)
    assert version == NEXT_VERSION
    assert container.show(UNIT, "MainPID") != pid
    assert container.run("systemctl", "is-active", UNIT) == "active"
    assert container.run("systemctl", "is-enabled", UNIT, check=False) == "disabled"
    container.run("systemctl", "enable", UNIT)
    assert container.ask("GET", "/status")["site"]["name"] == "Portaria"
    wait_recording(container)
    mode = container.run("stat", "-c", "%G %a", "/etc/gtvision-edge/edge.toml")
    assert mode == "gtvision-edge 640", mode
    return f"upgrade to {version}: restarted, edited settings and `systemctl disable` kept, recording goes on"


def is_removed(container: Container) -> str:
    container.run("dpkg", "-r", UNIT)

    assert container.run("systemctl", "is-active", UNIT, check=False) != "active"
    assert (
        container.shell("ls -d /usr/lib/gtvision-edge /usr/bin/gtvision-edge || true").count(
            "No such file"
        )
        == 2
    )
    assert "Portaria" in container.run("cat", "/etc/gtvision-edge/edge.toml")
    container.run("test", "-f", f"{STATE}/edge.db")
    return "remove: the program is gone, settings, state and recordings are there"


def is_purged(container: Container) -> str:
    before = container.shell(f"find {VOLUME} -name '*.mp4' -printf '%s %p\\n' | sort")

    printed = container.run("dpkg", "-P", UNIT)

    left = container.shell(
        f"ls -d {STATE} /etc/gtvision-edge /etc/systemd/system/*.wants/*gtv* || true"
    )
    assert left.count("No such file") == 3, left
    assert before, "there were no recordings"
    assert container.shell(f"find {VOLUME} -name '*.mp4' -printf '%s %p\\n' | sort") == before
    assert "recordings in /srv/gtvision-edge are left" in printed
    container.run("getent", "passwd", UNIT)
    return f"purge: settings and state are gone, {len(before.splitlines())} recorded files are as they were"


def newest_file(container: Container) -> str:
    return container.shell(f"find {VOLUME}/cam01_rec -name '*.mp4' | sort | tail -1")


def wait_recording(container: Container) -> None:
    """Wait until the API says that the camera is recorded and its newest file grows."""

    def is_recording() -> bool:
        status, content = container.call("GET", "/api/v1/cameras/cam01")
        return status == 200 and b'"state":"recording"' in content.replace(b" ", b"")

    wait("the camera is recorded", is_recording, 60)

    def size() -> tuple[str, int]:
        name = newest_file(container)
        return name, int(container.run("stat", "-c", "%s", name))

    before = size()
    wait("its newest file grows", lambda: size() > before, 15)


if __name__ == "__main__":
    main()
