"""Builds the Debian package: `python packaging/deb/build.py --arch amd64`. Needs dpkg-deb and a way to PyPI, no root.

One package serves Python 3.11 to 3.14: everything of the lock file is installed once per version into a folder of its own,
and the folders are merged. That works because extension modules carry the version in their file names (or are abi3), and
all other files are the same; where they are not, the build stops. The same commit gives the same bytes.
"""

import argparse
import base64
import contextlib
import csv
import email.parser
import email.utils
import gzip
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
HERE = Path(__file__).resolve().parent
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PLATFORMS = {"amd64": "x86_64-manylinux_2_34", "arm64": "aarch64-manylinux_2_34"}
"""Architectures of Debian, and what uv calls them; 2.34 is the C library that the newest wheels ask for."""

NAME = "gtvision-edge"
LIBRARY = f"usr/lib/{NAME}"
SETTINGS = f"etc/{NAME}"
DOCUMENTS = f"usr/share/doc/{NAME}"
VOLUME = "/srv/gtvision-edge"
SAMPLE_VOLUME = 'volume = "/var/lib/gtvision-edge/recordings"'

# What installers write about themselves; differs between versions and machines, and nobody reads it later.
_TRACES = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json"}
# Says for which version a wheel was built; that of the oldest is kept.
_PER_VERSION = {"WHEEL"}

FILES = {
    "packaging/deb/launcher": (f"usr/bin/{NAME}", 0o755),
    "packaging/deb/wait-for-port": (f"{LIBRARY}/wait-for-port", 0o755),
    "packaging/deb/lintian-overrides": (f"usr/share/lintian/overrides/{NAME}", 0o644),
    "systemd/gtvision-edge.service": ("usr/lib/systemd/system/gtvision-edge.service", 0o644),
    "systemd/mediamtx.service": ("usr/lib/systemd/system/mediamtx.service", 0o644),
    "systemd/gtvision-edge.sysusers": ("usr/lib/sysusers.d/gtvision-edge.conf", 0o644),
    "systemd/gtvision-edge.tmpfiles": ("usr/lib/tmpfiles.d/gtvision-edge.conf", 0o644),
    "mediamtx.yml": (f"{SETTINGS}/mediamtx.yml", 0o644),
    "README.md": (f"{DOCUMENTS}/README.md", 0o644),
}
"""Files that go in as they are: where from, where to, mode."""


class CannotBuildError(Exception):
    """The package cannot be built; the message says why."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """A Python package in the tree: what the copyright file says of it."""

    name: str
    version: str
    licence: str
    folder: str
    """Its dist-info folder, which holds the licence's text."""
    owns: tuple[str, ...]
    """Its entries at the top of site-packages."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the Debian package.")
    parser.add_argument("--arch", choices=[*PLATFORMS, "all"], default=_host_architecture())
    parser.add_argument(
        "--also",
        metavar="VERSION",
        help="the same once more as this version, to try out an upgrade",
    )
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    parser.add_argument("--cache", type=Path, default=ROOT / ".cache/deb")
    parser.add_argument("--level", type=int, default=10, help="how hard zstd tries, 1 to 19")
    options = parser.parse_args()
    version, epoch = read_changelog((HERE / "changelog").read_text(encoding="utf-8"))
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH", epoch))
    try:
        wheel = _build_wheel(options.cache)
        for arch in PLATFORMS if options.arch == "all" else [options.arch]:
            tree = _dependencies(arch, options.cache)
            for each in [version, *([options.also] if options.also else [])]:
                stage = options.cache / f"stage-{arch}"
                _stage(stage, arch=arch, version=each, tree=tree, wheel=wheel)
                package = _pack(stage, options.out, each, arch, epoch, options.level)
                digest = hashlib.sha256(package.read_bytes()).hexdigest()
                size = package.stat().st_size / 1e6
                print(f"{package}  {size:.1f} MB  sha256 {digest}", flush=True)
    except CannotBuildError as error:
        sys.exit(f"make deb: {error}")


def read_changelog(text: str) -> tuple[str, int]:
    """Return the newest entry's version and its time as Unix seconds, which all files in the package get."""
    entry = re.search(
        r"^gtvision-edge \((\S+)\).*?^ -- .*?>  ([^\n]+)$", text, re.DOTALL | re.MULTILINE
    )
    if entry is None:
        raise CannotBuildError("packaging/deb/changelog has no entry")
    return entry[1], int(email.utils.parsedate_to_datetime(entry[2]).timestamp())


def packaged_settings(sample: str) -> str:
    """Turn the sample settings into those of a box: the recordings outside of the state, which a purge removes."""
    if sample.count(SAMPLE_VOLUME) != 1:
        raise CannotBuildError("config/edge.toml names its volume differently now")
    return sample.replace(
        SAMPLE_VOLUME,
        "# Mount the disk here before the first start. Another place must be writable for the service, too: `systemctl edit\n"
        "# gtvision-edge` (and mediamtx, if you have it), [Service] ReadWritePaths=/that/place; owned by gtvision-edge.\n"
        f'volume = "{VOLUME}"',
    )


def merge_tree(source: Path, target: Path) -> None:
    """Move what *source* has into *target*; a file that both have must be the same.

    Raises:
        CannotBuildError: a file of the two trees differs, so one tree cannot serve both versions.

    """
    for path in sorted(source.rglob("*")):
        if not path.is_file() or (path.name in _TRACES and path.parent.suffix == ".dist-info"):
            continue
        name = path.relative_to(source)
        if name.parts[0] in ("bin", ".lock"):
            continue
        into = target / name
        if not into.exists():
            into.parent.mkdir(parents=True, exist_ok=True)
            path.replace(into)
        elif not (_may_differ(name) or into.read_bytes() == path.read_bytes()):
            raise CannotBuildError(f"{name} is not the same for all versions of Python")


def _may_differ(name: Path) -> bool:
    return name.parts[0].endswith(".dist-info") and (
        name.name in _PER_VERSION or "sboms" in name.parts
    )


def find_distributions(tree: Path) -> list[Distribution]:
    """List the Python packages in *tree*, before their RECORD files go."""
    found = []
    for folder in sorted(tree.glob("*.dist-info")):
        said = email.parser.Parser().parsestr((folder / "METADATA").read_text(encoding="utf-8"))
        with (folder / "RECORD").open(encoding="utf-8", newline="") as record:
            tops = {row[0].split("/", 1)[0] for row in csv.reader(record) if row}
        owns = sorted(top for top in tops if top not in ("..", folder.name, "bin", "__pycache__"))
        licence = licence_of(
            said.get("License-Expression"), said.get("License"), said.get_all("Classifier") or []
        )
        found.append(Distribution(said["Name"], said["Version"], licence, folder.name, tuple(owns)))
    return found


def licence_of(expression: str | None, text: str | None, classifiers: Iterable[str]) -> str:
    """Return a licence's short name as a Debian copyright file wants it: words joined by ``and`` and ``or``."""
    if expression:
        return re.sub(r"\b(AND|OR|WITH)\b", lambda word: word[0].lower(), expression)
    if text and "\n" not in text.strip() and len(text) < 60:
        return re.sub(r"[\s/,]+", "-", text.strip())
    named = [each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License ::")]
    return re.sub(r"[\s()]+", "-", named[0]).strip("-") if named else "as-its-licence-file-says"


def copyright_text(fixed: str, distributions: Iterable[Distribution]) -> str:
    """Return the copyright file: what stands in *fixed*, then a paragraph for each Python package not named there."""
    paragraphs = [fixed.strip()]
    licences = set(re.findall(r"^License: (\S+)\n ", fixed, re.MULTILINE))
    for each in distributions:
        if f"site-packages/{each.name.lower()}/" in fixed:
            continue
        files = "\n ".join(f"{LIBRARY}/site-packages/{name}*" for name in (*each.owns, each.folder))
        paragraphs.append(
            f"Files:\n {files}\n"
            f"Copyright: the authors of {each.name} {each.version}\nLicense: {each.licence}"
        )
        if each.licence not in licences and " " not in each.licence:
            licences.add(each.licence)
            paragraphs.append(
                f"License: {each.licence}\n"
                " The text is in the licenses folder of each package's dist-info, beside its modules."
            )
    return "\n\n".join(paragraphs) + "\n"


def control_text(*, version: str, arch: str, installed_kib: int) -> str:
    """Return the package's control file."""
    oldest, newest = PYTHONS[0], PYTHONS[-1]
    major, minor = newest.split(".")
    return f"""Package: {NAME}
Version: {version}
Architecture: {arch}
Maintainer: GT-Vision Edge <gtvision-edge@localhost>
Installed-Size: {installed_kib}
Depends: python3 (>= {oldest}), python3 (<< {major}.{int(minor) + 1}), libc6 (>= 2.34), systemd (>= 252), init-system-helpers (>= 1.54)
Recommends: ca-certificates, systemd-timesyncd | time-daemon
Suggests: nginx
Section: video
Priority: optional
Description: network video recorder for a camera site
 Finds out what each camera sends, keeps it recorded, notices within seconds
 when it does not, and shows live mosaics in a web console. Runs beside
 MediaMTX, or with a small media server of its own. Nothing is transcoded.
"""


def checksums(stage: Path) -> Iterator[str]:
    """Yield the lines of md5sums: every file but the settings, which people change."""
    for path in sorted(stage.rglob("*")):
        name = path.relative_to(stage)
        if path.is_file() and name.parts[0] not in ("DEBIAN", "etc"):
            digest = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
            yield f"{digest}  {name}\n"


def _host_architecture() -> str:
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        return subprocess.run(
            ["dpkg", "--print-architecture"], capture_output=True, text=True, check=True
        ).stdout.strip()
    return "amd64"


def _uv() -> str:
    beside = Path(sys.executable).with_name("uv")
    if beside.is_file():
        return str(beside)
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-input", "uv"], check=True)
    return str(beside)


def _build_wheel(cache: Path) -> Path:
    """Build our own wheel, with the console in it."""
    if shutil.which("dpkg-deb") is None:  # said before the work begins
        raise CannotBuildError("dpkg-deb is missing: build on Debian, or install the package dpkg")
    out = cache / "wheel"
    shutil.rmtree(out, ignore_errors=True)
    subprocess.run([_uv(), "build", "-q", "--wheel", "--out-dir", str(out), str(ROOT)], check=True)
    return next(out.glob("*.whl"))


def _install(target: Path, python: str, arch: str, *what: str) -> None:
    subprocess.run(
        [
            _uv(),
            "pip",
            "install",
            "-q",
            "--no-config",
            "--target",
            str(target),
            "--python-version",
            python,
            "--python-platform",
            PLATFORMS[arch],
            "--only-binary",
            ":all:",
            "--no-deps",
            "--link-mode",
            "copy",
            *what,
        ],
        check=True,
    )


def _dependencies(arch: str, cache: Path) -> Path:
    """Return the merged tree of the locked packages; kept between builds while the lock stays the same."""
    lock = ROOT / "requirements-archive.lock"
    recipe = lock.read_bytes() + Path(__file__).read_bytes()
    digest = base64.b32encode(hashlib.sha256(recipe).digest())[:12].decode().lower()
    tree = cache / f"site-packages-{arch}-{digest}"
    if (tree / "copyright").is_file():
        return tree
    for old in cache.glob(f"site-packages-{arch}-*"):
        shutil.rmtree(old)
    merged = tree / "merged"
    merged.mkdir(parents=True)
    for python in PYTHONS:
        alone = tree / python
        _install(alone, python, arch, "--require-hashes", "-r", str(lock))
        if python == PYTHONS[0]:
            distributions = find_distributions(alone)
        merge_tree(alone, merged)
        shutil.rmtree(alone)
    fixed = (HERE / "copyright").read_text(encoding="utf-8")
    (tree / "copyright").write_text(copyright_text(fixed, distributions), encoding="utf-8")
    return tree


def _stage(stage: Path, *, arch: str, version: str, tree: Path, wheel: Path) -> None:
    shutil.rmtree(stage, ignore_errors=True)
    packages = stage / LIBRARY / "site-packages"
    packages.parent.mkdir(parents=True)
    # Links, not copies: nothing in the stage is written to but its own files.
    shutil.copytree(tree / "merged", packages, copy_function=os.link)
    own = stage.with_suffix(".own")
    shutil.rmtree(own, ignore_errors=True)
    _install(own, PYTHONS[0], arch, str(wheel))
    merge_tree(own, packages)
    shutil.rmtree(own)
    for source, (target, mode) in FILES.items():
        _put(stage / target, (ROOT / source).read_bytes(), mode)
    sample = (ROOT / "config/edge.toml").read_text(encoding="utf-8")
    _put(stage / SETTINGS / "edge.toml", packaged_settings(sample).encode())
    for path in sorted((ROOT / "config/nginx").glob("*.conf")):
        _put(stage / DOCUMENTS / "examples/nginx" / path.name, path.read_bytes())
    for path in (
        ROOT / "config/webhook-vectors.json",
        *sorted((ROOT / "config/schemas").glob("*.json")),
    ):
        _put(stage / DOCUMENTS / "integration" / path.name, path.read_bytes())
    _put(stage / DOCUMENTS / "copyright", (tree / "copyright").read_bytes())
    for source, name in (
        ("packaging/deb/changelog", "changelog.Debian.gz"),
        ("CHANGELOG.md", "changelog.gz"),
    ):
        _put(stage / DOCUMENTS / name, gzip.compress((ROOT / source).read_bytes(), 9, mtime=0))
    (stage / SETTINGS / "credentials").mkdir()
    _write_control(stage, arch=arch, version=version)


def _write_control(stage: Path, *, arch: str, version: str) -> None:
    control = stage / "DEBIAN"
    sizes = (path.stat().st_size for path in stage.rglob("*") if path.is_file())
    kib = sum((size + 1023) // 1024 for size in sizes)
    conffiles = sorted(path for path in (stage / "etc").rglob("*") if path.is_file())
    lines = "".join(f"/{path.relative_to(stage)}\n" for path in conffiles)
    _put(control / "control", control_text(version=version, arch=arch, installed_kib=kib).encode())
    _put(control / "conffiles", lines.encode())
    _put(control / "md5sums", "".join(checksums(stage)).encode())
    for script in ("postinst", "prerm", "postrm"):
        _put(control / script, (HERE / script).read_bytes(), 0o755)


def _put(path: Path, content: bytes, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)


def _pack(stage: Path, out: Path, version: str, arch: str, epoch: int, level: int) -> Path:
    for path in stage.rglob("*"):
        if path.is_dir():
            path.chmod(0o755)
        elif path.is_relative_to(stage / LIBRARY / "site-packages"):
            path.chmod(0o644)
        os.utime(path, (epoch, epoch))
    (stage / SETTINGS / "credentials").chmod(0o700)
    out.mkdir(parents=True, exist_ok=True)
    package = out / f"{NAME}_{version}_{arch}.deb"
    subprocess.run(
        [
            "dpkg-deb",
            "--root-owner-group",
            "-Zzstd",
            f"-z{level}",
            "--threads-max=2",
            "--build",
            str(stage),
            str(package),
        ],
        env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch)},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return package


if __name__ == "__main__":
    main()
