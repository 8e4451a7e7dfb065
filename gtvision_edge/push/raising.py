"""Has people told of a wanted plate, in the transaction that raises the alert."""

from gtvision_edge.alerts.model import AlertId
from gtvision_edge.detections.model import Detection, Watch
from gtvision_edge.push import repository
from gtvision_edge.push.model import LEVELS, Topic
from gtvision_edge.storage import Transaction


def queue_alert(
    transaction: Transaction, alert_id: AlertId, detection: Detection, watch: Watch
) -> None:
    """Queue *alert_id* for those of its tenant who want plates of that level; whether they may know of it is seen when it is sent."""
    repository.queue_for_all(
        transaction,
        Topic.PLATES,
        alert_id,
        since_us=detection.captured_us,
        now_us=detection.received_us,
        level=LEVELS.index(watch.level),
        tenant_id=detection.tenant_id,
    )
