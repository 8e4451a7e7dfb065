"""What tests need of others' making. A missing part is a skip that names it for a person, and a failure where ``CI=true``.

A test marked ``chromium``, ``ffmpeg``, ``nginx``, ``vlc``, ``rabbitmq``, ``gstreamer``, ``mediamtx`` or ``versitygw`` is judged before its fixtures (:func:`require`). Two
parts alone may be missing in CI: no registry carries MediaMTX or the S3 gateway built, so their tests are skipped where ``MEDIAMTX_BIN`` is not set and ``make gateway`` was not called.
"""

import os
import shutil
from collections.abc import Callable
from typing import Final, NoReturn

import pytest

from tests.e2e.gstreamer_cameras import missing as missing_gstreamer
from tests.mediamtx import BINARY
from tests.object_storage import BINARY as GATEWAY
from tests.rabbitmq import SERVER as RABBITMQ


def lacking(reason: str) -> NoReturn:
    """Skip the test, saying why; fail it in CI."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def program(name: str) -> str:
    """Return where the program *name* is; a test without it is :func:`lacking`."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        lacking(f"{name} is not installed")
    return found


def require(item: pytest.Item) -> None:
    """Return when the parts that *item* is marked with are there."""
    if item.get_closest_marker("mediamtx") and not BINARY:
        pytest.skip("MEDIAMTX_BIN is not set, and no registry carries MediaMTX")
    if item.get_closest_marker("versitygw") and not GATEWAY:
        pytest.skip("no S3 gateway, which no registry carries built: make gateway, needs Go")
    for mark, check in _CHECKS.items():
        if item.get_closest_marker(mark):
            check()


def _gstreamer() -> None:
    if reason := missing_gstreamer():
        lacking(reason)


def _rabbitmq() -> None:
    if not RABBITMQ.exists():
        lacking("rabbitmq-server is not installed")


def _programs(*names: str) -> Callable[[], None]:
    def check() -> None:
        for name in names:
            program(name)

    return check


_CHECKS: Final = {
    "chromium": _programs("chromium"),
    "ffmpeg": _programs("ffmpeg", "ffprobe"),
    "nginx": _programs("nginx"),
    "vlc": _programs("vlc"),
    "rabbitmq": _rabbitmq,
    "gstreamer": _gstreamer,
}
