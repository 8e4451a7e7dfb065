"""sd_notify(3) and the credentials of systemd.exec(5), without a dependency."""

import os
import socket
from pathlib import Path


def notify_systemd(state: str) -> None:
    """Send *state* (``READY=1``, ``WATCHDOG=1``, …) to systemd; does nothing when not run by it."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):  # abstract namespace
        address = "\0" + address[1:]
    with socket.socket(
        socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
    ) as connection:
        connection.sendto(state.encode(), address)


def watchdog_interval_s() -> float | None:
    """Return half of systemd's watchdog time in seconds, or None when no watchdog is set."""
    text = os.environ.get("WATCHDOG_USEC")
    return int(text) / 2_000_000 if text and text.isdigit() else None


def find_credential(name: str) -> str | None:
    """Return the text of a credential that the unit loads, None when there is none. Reads a file: call it in a thread.

    The unit loads a folder under the name ``edge``; systemd calls its file ``x`` ``edge_x``.
    """
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        return None
    try:
        return (Path(folder) / f"edge_{name}").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
