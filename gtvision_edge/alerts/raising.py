"""Tells of each reading, and raises an alert when a wanted plate passes: in the transaction that accepts the reading."""

from collections.abc import Callable, Sequence
from typing import Final

from gtvision_edge.alerts import repository
from gtvision_edge.alerts.model import AlertId, FeedKind
from gtvision_edge.audit import SealedWords
from gtvision_edge.detections.model import Detection, Watch
from gtvision_edge.detections.watchlist.repository import find_watches_of
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.ids import new_uuid7
from gtvision_edge.storage import Transaction

KEPT: Final = 1_000_000
"""Entries of the feed; a client that was away for longer is told that it missed some."""

Raised = Callable[[Transaction, AlertId, Detection, Watch], None]
"""Writes what else follows from an alert, in the transaction that raises it."""


class Teller:
    """Writes what people are told of a detection. Late readings alarm nobody; a passage alarms once."""

    def __init__(
        self,
        clock: Clock,
        *,
        words: SealedWords,
        kept: int = KEPT,
        raised: Sequence[Raised] = (),
    ) -> None:
        self._words = words
        self._clock = clock
        self._kept = kept
        self._raised = raised

    def picture_came(self, transaction: Transaction, detection: Detection) -> None:
        """Tell that *detection*, told before, has another picture now. It raises no alert."""
        repository.add_to_feed(transaction, FeedKind.DETECTION_PICTURE, detection, kept=self._kept)

    def __call__(self, transaction: Transaction, detections: Sequence[Detection]) -> None:
        """Tell of new *detections*, in their order; of the alerts that they raise after all of them."""
        repository.add_detections_to_feed(transaction, detections, kept=self._kept)
        prompt = [(each, each.vehicle) for each in detections if each.vehicle and not each.is_late]
        wanted = {(each.tenant_id, vehicle) for each, vehicle in prompt}
        watches = find_watches_of(transaction, sorted(wanted)) if wanted else {}
        if not watches:
            return
        for each, vehicle in prompt:
            watch = watches.get((each.tenant_id, vehicle))
            # By when it passed: whoever is wanted until noon passed in time at 11:59, told at 12:01.
            if watch is not None and not watch.is_over(each.captured_us):
                self._raise(transaction, each, watch)

    def _raise(self, transaction: Transaction, detection: Detection, watch: Watch) -> None:
        alert_id = AlertId(new_uuid7(self._clock))
        if repository.insert_alert(transaction, alert_id, detection, watch, words=self._words):
            repository.add_to_feed(
                transaction, FeedKind.ALERT, detection, alert_id, kept=self._kept
            )
            for raised in self._raised:
                raised(transaction, alert_id, detection, watch)
