"""Puts plate readings into a bundle: their pictures, the list of them, and the same as a table. Blocks."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, Final

from gtvision_edge.recordings.evidence import layout
from gtvision_edge.recordings.evidence.archive import Archive, Stored
from gtvision_edge.recordings.evidence.copying import pieces_of
from gtvision_edge.recordings.evidence.errors import UnreadableFootageError
from gtvision_edge.recordings.evidence.manifest import BundledReadings, to_json
from gtvision_edge.recordings.evidence.model import Order, OrderedCamera
from gtvision_edge.recordings.evidence.readings import OrderedPicture, OrderedReading
from gtvision_edge.runtime.tables import UTF8_MARK, table_lines

_COLUMNS: Final = (
    ("timestamp", "timestamp"),
    ("camera_id", "camera_id"),
    ("placa", "placa"),
    ("placa_lida", "placa_lida"),
    ("confianca", "confianca"),
    ("fonte", "source"),
    ("confiabilidade", "trust"),
    ("recebido_em", "received_at"),
    ("detection_id", "detection_id"),
    ("passagem_id", "passage_id"),
)
_PICTURES: Final = (("imagem_placa", "plate"), ("imagem_cena", "scene"))


def add_readings(archive: Archive, order: Order) -> BundledReadings:
    """Add the readings of *order*: of each its document, and its pictures as they were received."""
    documents: list[dict[str, Any]] = []
    for camera in order.cameras:
        documents += [_document(archive, camera, each) for each in camera.readings.readings]
    left_out = sum(camera.readings.left_out for camera in order.cameras)
    archive.add_bytes(layout.READINGS, to_json({"readings": documents, "left_out": left_out}))
    if order.options.readings:
        archive.add_bytes(layout.READING_TABLE, UTF8_MARK + table_lines(_table(documents)))
    pictures = [each for document in documents for each in document["pictures"].values()]
    stored = sum("path" in each for each in pictures)
    return BundledReadings(len(documents), stored, left_out, len(pictures) - stored)


def _document(archive: Archive, camera: OrderedCamera, reading: OrderedReading) -> dict[str, Any]:
    pictures = {
        each.kind: _picture(archive, camera.directory, reading, each) for each in reading.pictures
    }
    return {**reading.document, "pictures": pictures}


def _picture(
    archive: Archive, directory: str, reading: OrderedReading, picture: OrderedPicture
) -> dict[str, Any]:
    path = layout.reading_picture(directory, reading.captured_us, reading.reading_id, picture.kind)
    try:
        stored = _stored(archive, path, picture)
    except FileNotFoundError:
        return {"received_sha256": picture.sha256, "not_there": "missing"}
    except UnreadableFootageError:
        return {"received_sha256": picture.sha256, "not_there": "unreadable"}
    sha256 = stored.sha256.hex()
    return {
        "path": path,
        "bytes": stored.size_bytes,
        "sha256": sha256,
        "received_sha256": picture.sha256,
        "match": sha256 == picture.sha256,
    }


def _stored(archive: Archive, path: str, picture: OrderedPicture) -> Stored:
    try:
        fd = os.open(picture.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UnreadableFootageError(str(error.strerror)) from error
    try:
        return archive.add(path, pieces_of(fd), os.fstat(fd).st_size)
    finally:
        os.close(fd)


def _table(documents: Sequence[Mapping[str, Any]]) -> list[Sequence[object]]:
    headings = [heading for heading, _ in (*_COLUMNS, *_PICTURES)]
    rows: list[Sequence[object]] = [headings]
    for each in documents:
        known = ["" if each[name] is None else each[name] for _, name in _COLUMNS]
        rows.append(
            [*known, *(each["pictures"].get(kind, {}).get("path", "") for _, kind in _PICTURES)]
        )
    return rows
