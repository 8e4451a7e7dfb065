"""What lies where in a bundle: the one place that knows."""

from datetime import UTC, datetime, timedelta
from typing import Final

MANIFEST: Final = "manifest.json"
HISTORY: Final = "history.json"
READINGS: Final = "readings.json"
READING_TABLE: Final = "leituras.csv"
INSTRUCTIONS: Final = "LEIA-ME.txt"
PUBLIC_KEY: Final = "chave-publica.pub"
SUMS: Final = "SHA256SUMS"
SUMS_SIGNATURE: Final = "SHA256SUMS.sig"
FORM: Final = "termo.pdf"
SEAL: Final = "LACRE.sha256"
"""Hashes of form and ``SHA256SUMS``: the form is made after the sums, for it prints their hash."""
SEAL_SIGNATURE: Final = "LACRE.sha256.sig"
NAMESPACE: Final = "gtvision-evidence"
SCHEMA: Final = "urn:gtvision:evidence-manifest:v1"

NOT_IN_SUMS: Final = frozenset({SUMS, SUMS_SIGNATURE, FORM, SEAL, SEAL_SIGNATURE})
REQUIRED: Final = NOT_IN_SUMS | {MANIFEST, HISTORY, READINGS, INSTRUCTIONS, PUBLIC_KEY}

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def original(directory: str, name_us: int) -> str:
    """Return where the recorded file named after *name_us* lies."""
    moment = _EPOCH + timedelta(microseconds=name_us)
    return f"originals/{directory}/{moment:%Y-%m-%dT%H-%M-%S-%f}Z.mp4"


def viewing(directory: str, number: int) -> str:
    """Return where the viewing copy's part *number* (from 1) lies."""
    return f"viewing/{directory}{'' if number == 1 else f'-{number}'}.mp4"


def subtitles(movie: str) -> str:
    """Return where the times of a part of the viewing copy lie: players show a file of the same name by themselves."""
    return movie.removesuffix(".mp4") + ".srt"


def snapshot(directory: str, time_us: int) -> str:
    moment = _EPOCH + timedelta(microseconds=time_us)
    return f"snapshots/{directory}/{moment:%Y-%m-%dT%H-%M-%S-%f}Z.jpg"


_READING_PICTURES: Final = "readings/"


def reading_picture(directory: str, captured_us: int, reading_id: str, kind: str) -> str:
    """Return where a picture of a reading lies; vehicles pass side by side, so its id has a part in the name."""
    moment = _EPOCH + timedelta(microseconds=captured_us)
    unique = reading_id.replace("-", "")[-8:]
    return f"{_READING_PICTURES}{directory}/{moment:%Y-%m-%dT%H-%M-%S-%f}Z-{unique}-{kind}.jpg"


def is_reading_picture(path: str) -> bool:
    return path.startswith(_READING_PICTURES)
