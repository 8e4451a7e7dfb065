"""Export without re-encoding: the viewing copy beside ``ffmpeg -f concat -c copy`` over the same files in the same run."""

import asyncio
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from gtvision_edge.recordings.evidence.archive import Archive
from gtvision_edge.recordings.evidence.copying import read_part
from gtvision_edge.recordings.evidence.viewing import Source, plan_viewing
from gtvision_edge.recordings.model import Span
from tests.bench.table import Row
from tests.fakes.clips import ClipSpec
from tests.fakes.recorded import START_US, Recorded, record

ROUNDS = 5
MINUTES = 10
SPEC = ClipSpec(
    audio="aac",
    width=1920,
    height=1080,
    fps=25,
    key_every_s=2.0,
    seconds=4.0,
    bitrate_bps=4_000_000,
    noise=True,
)


async def run() -> list[Row]:
    return await asyncio.to_thread(_run)


def _run() -> list[Row]:
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as folder:
        directory = Path(folder)
        files = [
            record(
                directory,
                SPEC,
                start_us=START_US + minute * 60_000_000,
                continues=minute > 0,
                loops=15,
            )
            for minute in range(MINUTES)
        ]
        size = sum(file.segment.size_bytes for file in files)
        listing = directory / "list.txt"
        listing.write_text("".join(f"file '{file.path}'\n" for file in files))
        ours, theirs = directory / "ours.mp4", directory / "theirs.mp4"
        own: list[float] = []
        peer: list[float] = []
        for _ in range(ROUNDS):  # in turn, so that the machine's moods hit both
            own.append(_timed(lambda: _export(files, ours), ours))
            peer.append(_timed(lambda: _concat(listing, theirs), theirs))
        first = statistics.median(_first_byte(files) for _ in range(ROUNDS))
        grown = _memory(files, directory)
    ratio = statistics.median(peer) / statistics.median(own)
    return [
        Row(
            f"export of {MINUTES} min, {size / 2**20:.0f} MiB",
            f"{statistics.median(own):.2f} s",
            f"{statistics.median(peer):.2f} s ffmpeg concat",
            ratio,
            "≥ 2 (speed)",
            ratio >= 2,
        ),
        Row("export, first byte", f"{first * 1000:.0f} ms", budget="< 300 ms", holds=first < 0.3),
        Row(
            "export, memory for 10 min and for an hour",
            f"{grown[0]:.0f} MiB and {grown[1]:.0f} MiB",
            budget="flat: < 16 MiB more",
            holds=grown[1] - grown[0] < 16,
        ),
    ]


def repeated(files: list[Recorded], times: int) -> list[Recorded]:
    """Return *files* as if they had been recorded *times* one after another."""
    length_us = files[-1].segment.end_us - files[0].segment.start_us
    return [
        Recorded(
            file.path,
            replace(
                file.segment,
                start_us=file.segment.start_us + time * length_us,
                end_us=file.segment.end_us + time * length_us,
                continues=True,
            ),
        )
        for time in range(times)
        for file in files
    ]


def _export(files: list[Recorded], target: Path) -> None:
    """Write the film of *files* as a bundle holds it: into the archive, hashed as it goes by."""
    sources = [Source(file.path, file.segment) for file in files]
    span = Span(files[0].segment.start_us, files[-1].segment.end_us)
    with target.open("x+b") as file:
        archive = Archive(file, created_us=START_US)
        for n, part in enumerate(plan_viewing(sources, span), 1):
            archive.add(f"{n}.mp4", read_part(part), part.size)
        archive.close()


def _concat(listing: Path, target: Path) -> None:
    command = ["ffmpeg", "-v", "error", "-y", "-f", "concat", "-safe", "0", "-i", str(listing)]
    subprocess.run([*command, "-c", "copy", str(target)], check=True)


def _timed(work: Callable[[], None], target: Path) -> float:
    target.unlink(missing_ok=True)
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _first_byte(files: list[Recorded]) -> float:
    sources = [Source(file.path, file.segment) for file in files]
    span = Span(files[0].segment.start_us, files[-1].segment.end_us)
    began = time.perf_counter()
    part = next(iter(plan_viewing(sources, span)))
    next(read_part(part))
    return time.perf_counter() - began


def _memory(files: list[Recorded], directory: Path) -> tuple[float, float]:
    """Return by how many MiB the export of the files, once and six times over, raises the peak of a process of its own."""
    peaks = []
    for times in (1, 6):
        code = (
            "import pickle, sys\n"
            "from pathlib import Path\n"
            "from tests.bench.export import memory_of\n"
            "files = pickle.loads(sys.stdin.buffer.read())\n"
            f"print(memory_of(files, {times}, Path({str(directory / 'memory.mp4')!r})))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            input=pickle.dumps(files),
            capture_output=True,
            check=True,
        )
        peaks.append(float(done.stdout))
        (directory / "memory.mp4").unlink()
    return peaks[0], peaks[1]


def memory_of(files: list[Recorded], times: int, target: Path) -> float:
    """Export and return by how many MiB the peak rose above what was in use before."""
    many = repeated(files, times)
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    before = _status("VmRSS")
    _export(many, target)
    return (_status("VmHWM") - before) / 1024


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(name)))
