"""The signatures that integrators test their senders with: ``config/webhook-vectors.json``, as it is published."""

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).parents[2]
_NAME: Final = "webhook-vectors.json"


def read_vectors() -> bytes:
    """Return the file, JSON; it is in the installed package, or in a checkout."""
    installed = _PACKAGE / _NAME
    path = installed if installed.is_file() else _PACKAGE.parent / "config" / _NAME
    return path.read_bytes()
