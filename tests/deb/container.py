"""A Debian that really boots: root file systems by mmdebstrap, systemd as process 1 in systemd-nspawn, no network."""

import base64
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PACKAGES = "systemd,systemd-sysv,init-system-helpers,dbus,python3,procps"
BOOTS_WITHIN_S = 60

_CALL = """
import base64, json, sys, urllib.error, urllib.request
method, url, token, body = json.load(sys.stdin)
request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode())
request.add_header("Content-Type", "application/json")
if token:
    request.add_header("Authorization", "Bearer " + token)
try:
    answer = urllib.request.urlopen(request, timeout=30)
except urllib.error.HTTPError as error:
    answer = error
except OSError as error:
    print(json.dumps([0, base64.b64encode(str(error).encode()).decode()]))
    sys.exit()
print(json.dumps([answer.status, base64.b64encode(answer.read()).decode()]))
"""


class CommandFailedError(AssertionError):
    """A command in the container ended badly; the message holds all that it printed."""


def root_archive(distribution: str, cache: Path) -> Path:
    """Return a fresh root file system as a tar archive; made once, takes a minute or two."""
    archive = cache / f"{distribution}.tar"
    if not archive.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        partial = archive.with_suffix(".partial.tar")
        subprocess.run(
            [
                "mmdebstrap",
                "--quiet",
                "--variant=minbase",
                f"--include={PACKAGES}",
                distribution,
                str(partial),
            ],
            check=True,
        )
        partial.rename(archive)
    return archive


class Container:
    """A running system; commands run in it as root."""

    def __init__(self, root: Path, leader: int) -> None:
        self.root = root
        self.leader = leader
        self.token = ""

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Start *command* inside and return it running."""
        return subprocess.Popen(
            self._command(command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def run(self, *command: str, check: bool = True, stdin: str = "") -> str:
        """Run *command* inside; return what it printed.

        Raises:
            CommandFailedError: its code is not 0 and *check* is true.

        """
        done = subprocess.run(
            self._command(command),
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if check and done.returncode != 0:
            raise CommandFailedError(f"{' '.join(command)}: {done.returncode}\n{done.stdout}")
        return done.stdout.strip()

    def shell(self, script: str, *, check: bool = True) -> str:
        return self.run("sh", "-ec", script, check=check)

    def call(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        """Call the daemon from inside; status 0 when nobody listens."""
        return self._request([method, f"http://127.0.0.1:8080{path}", self.token, body])

    def ask_media_server(self, path: str) -> Any:
        """Return what MediaMTX's control API answers."""
        status, content = self._request(["GET", f"http://127.0.0.1:9997{path}", "", None])
        assert status == 200, f"{path}: {status}"
        return json.loads(content)

    def _request(self, asked: list[object]) -> tuple[int, bytes]:
        printed = self.run("python3", "-I", "-c", _CALL, stdin=json.dumps(asked))
        status, content = json.loads(printed)
        return status, base64.b64decode(content)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Call the API and return what it answers, which must be a success."""
        status, content = self.call(method, f"/api/v1{path}", body)
        assert 200 <= status < 300, (
            f"{method} {path}: {status} {content.decode('utf-8', 'replace')}"
        )
        return json.loads(content) if content else None

    def show(self, unit: str, name: str) -> str:
        """Return one property of *unit*."""
        return self.run("systemctl", "show", "-P", name, unit)

    def _command(self, command: tuple[str, ...]) -> list[str]:
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
        return [
            *("nsenter", "-t", str(self.leader), "-a", "--", "env", "-i"),
            *(f"{name}={value}" for name, value in environment.items()),
            *command,
        ]


@contextmanager
def booted(archive: Path, root: Path, files: Mapping[Path, str]) -> Iterator[Container]:
    """Unpack *archive* into the new folder *root*, put *files* in, boot it; at the end power it off and remove it."""
    root.mkdir(parents=True)
    subprocess.run(["tar", "-xf", str(archive), "-C", str(root)], check=True)
    for source, target in files.items():
        into = root / target
        into.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, into)
    with (root.parent / "console.log").open("w") as log:
        nspawn = subprocess.Popen(
            [
                "systemd-nspawn",
                "--quiet",
                "--boot",
                f"--directory={root}",
                f"--machine=gtvision-{os.getpid()}",
                "--private-network",
                "--register=no",
                "--keep-unit",
                "--console=pipe",
                "--resolv-conf=off",
                "--timezone=off",
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        container = Container(root, _wait_for_leader(nspawn))
        _wait_until_up(container)
        yield container
    finally:
        _power_off(nspawn)
        shutil.rmtree(root, ignore_errors=True)


def _children(pid: int) -> list[int]:
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _wait_for_leader(nspawn: subprocess.Popen[bytes]) -> int:
    ends = time.monotonic() + BOOTS_WITHIN_S
    while time.monotonic() < ends and nspawn.poll() is None:
        for pid in _children(nspawn.pid):
            if Path(f"/proc/{pid}/comm").read_text().strip() == "systemd":
                return pid
        time.sleep(0.1)
    raise AssertionError("the container did not boot")


def _wait_until_up(container: Container) -> None:
    ends = time.monotonic() + BOOTS_WITHIN_S
    state = ""
    while time.monotonic() < ends:
        state = container.run("systemctl", "is-system-running", check=False)
        if state in ("running", "degraded"):
            return
        time.sleep(0.2)
    raise AssertionError(f"the container is {state!r}")


def _power_off(nspawn: subprocess.Popen[bytes]) -> None:
    # SIGRTMIN+4 asks systemd to power off; nspawn's own SIGTERM only tries to.
    for pid in _children(nspawn.pid):
        os.kill(pid, signal.SIGRTMIN + 4)
    try:
        nspawn.wait(40)
    except subprocess.TimeoutExpired:
        for pid in _children(nspawn.pid):
            os.kill(pid, signal.SIGKILL)
        nspawn.kill()
        nspawn.wait()
