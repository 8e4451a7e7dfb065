"""What the papers of a bundle from anywhere claim: read into fixed shapes before anything is believed or compared. Pure.

Only the members that verifying goes by; a bundle of ours has more (:mod:`manifest` writes them).
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from gtvision_edge.recordings.evidence import layout
from gtvision_edge.runtime.timestamps import from_datetime

Count = Annotated[int, Field(ge=0, le=2**53)]
Extent = tuple[Count, Count]
"""Two numbers: offset and size, or first and last."""


class OddDocumentError(Exception):
    """A document is not built as its kind is."""


class _Claim(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Interval(_Claim):
    start: AwareDatetime
    end: AwareDatetime

    @property
    def span_us(self) -> tuple[int, int]:
        return from_datetime(self.start), from_datetime(self.end)


class ListedFile(_Claim):
    path: str
    sha256: str


class Original(Interval):
    path: str
    sha256: str
    ingest_sha256: str | None = None
    seal: dict[str, Any] | None
    init_bytes: Count
    parts: list[Extent]


class Stretch(_Claim):
    """Pictures *first* to before *last* of an original."""

    original: str
    pictures: Extent


class ViewingCopy(_Claim):
    path: str
    sha256: str
    pictures: Count
    timeline: list[Stretch]


class Camera(_Claim):
    camera_id: str
    camera_uuid: str
    gaps: list[Interval]
    originals: list[Original]
    viewing: list[ViewingCopy]
    snapshots: list[ListedFile]
    unreadable: list[Interval]


class SigningKey(_Claim):
    name: str
    fingerprint: str


class ReadingCount(_Claim):
    count: Count
    left_out: Count = 0


class HistoryCount(_Claim):
    viewings_left_out: Count = 0


class Manifest(_Claim):
    package_id: str
    key: SigningKey
    interval: Interval
    cameras: list[Camera]
    files: list[ListedFile]
    readings: ReadingCount | None = None
    history: HistoryCount = HistoryCount()


class History(_Claim):
    """``entries`` and ``checkpoint`` are the audit log's documents, which it reads itself."""

    checkpoint: str
    entries: list[dict[str, Any]]


class ReadingPicture(_Claim):
    """``path`` is None where the file was not there any more."""

    path: str | None = None
    sha256: str | None = None
    received_sha256: str | None = None


class Reading(_Claim):
    detection_id: str = ""
    pictures: dict[str, ReadingPicture] = {}


class Readings(_Claim):
    readings: list[Reading]


_D = TypeVar("_D", bound=_Claim)


def read_manifest(content: bytes) -> Manifest | None:
    """Return what a manifest claims; None when it is of a version that this program does not know.

    Raises:
        OddDocumentError: it is no manifest.

    """
    document = _load(content)
    if document.get("schema") != layout.SCHEMA:
        if not isinstance(document.get("schema"), str):
            raise OddDocumentError
        return None
    return _shaped(Manifest, document)


def read_history(content: bytes) -> History:
    """Return the history.

    Raises:
        OddDocumentError: it is none.

    """
    return _shaped(History, _load(content))


def read_readings(content: bytes) -> Readings:
    """Return the list of plate readings.

    Raises:
        OddDocumentError: it is none.

    """
    return _shaped(Readings, _load(content))


def _load(content: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise OddDocumentError from error
    if not isinstance(document, dict):
        raise OddDocumentError
    return document


def _shaped(kind: type[_D], document: Mapping[str, Any]) -> _D:
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        raise OddDocumentError from error
