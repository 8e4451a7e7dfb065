"""A MediaMTX that receives the cameras and records them to where nobody finds them, as one in a container of its own."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from gtvision_edge.media.model import MediaServerState
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.findings import Finding, Severity

PATIENCE_S: Final = 30.0
"""Beside what each camera is given anyway before its silence on the disk means something."""


class UnseenFolder:
    """Tells that the media server does not see the folder through which it is to record.

    It says itself that all is well: it makes the path where it runs. So it is known by what is missing. *recorded* counts
    the cameras that are recorded, *unrecorded* those that are not though there is a picture and nothing is known to keep
    them from being; with one recorded camera the folder is seen, and another's trouble is its own.
    """

    def __init__(
        self,
        record_root: Callable[[], Path],
        *,
        server: Callable[[], MediaServerState],
        recorded: Callable[[], int],
        unrecorded: Callable[[], int],
        clock: Clock,
    ) -> None:
        self._record_root = record_root
        self._server = server
        self._recorded = recorded
        self._unrecorded = unrecorded
        self._clock = clock
        self._since: float | None = None

    def findings(self) -> list[Finding]:
        """Return it as what somebody should mend, once it lasts; ask every few seconds."""
        server, unrecorded = self._server(), self._unrecorded()
        if not server.up or server.kind != "mediamtx" or not unrecorded or self._recorded():
            self._since = None
            return []
        now = self._clock.monotonic()
        if self._since is None:
            self._since = now
        if now - self._since < PATIENCE_S:
            return []
        facts = {"folder": str(self._record_root().parent), "cameras": unrecorded}
        return [Finding("media_server_sees_no_folder", Severity.ALARM, facts)]
