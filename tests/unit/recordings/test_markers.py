"""What is no regular file is no marker, and never holds up its reader."""

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from gtvision_edge.recordings.markers import (
    CAMERA_MARKER,
    OddMarkerError,
    read_camera_marker,
    read_volume_marker,
    read_volume_note,
)
from tests.waiting import patiently


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))


def a_link_to_a_good_one(path: Path) -> None:
    good = path.with_name("good.json")
    good.write_text('{"camera_uuid": "a", "camera_id": "b", "volume_id": "c", "site": "d"}')
    path.symlink_to(good)


READERS: list[Callable[[Path], object]] = [
    read_camera_marker,
    read_volume_marker,
    read_volume_note,
]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "make",
    [
        os.mkfifo,
        os.mkdir,
        a_socket,
        a_link_to_a_good_one,
        lambda path: path.symlink_to(path),
        lambda path: path.symlink_to("/dev/zero"),
    ],
    ids=["fifo", "directory", "socket", "link", "loop", "device"],
)
def test_what_is_no_regular_file_is_an_odd_marker_at_once(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[Path], None],
    read: Callable[[Path], object],
) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    make(Path(CAMERA_MARKER))
    raised: list[BaseException] = []

    def look() -> None:
        try:
            read(tmp_path / CAMERA_MARKER)
        except Exception as error:  # noqa: BLE001 -- handed over to the test
            raised.append(error)

    reader = threading.Thread(target=look, daemon=True)
    reader.start()
    reader.join(patiently(2))

    assert [type(error) for error in raised] == [OddMarkerError]
