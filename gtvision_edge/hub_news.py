"""What cameras and the volume tell the hub, in the words of its schemas; the domains and the outbox are strangers."""

from typing import Any, Final

from gtvision_edge.cameras.model import CameraStateChanged
from gtvision_edge.recordings.retention.disk_news import DiskEvent, DiskNews
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.ids import new_uuid7
from gtvision_edge.runtime.timestamps import to_rfc3339
from gtvision_edge.storage import Transaction
from gtvision_edge.uplink.outbox import CAMERAS, DISK, Message, Outbox

CAMERA_KIND: Final = "br.gtvision.cameras.status.v1"
CAMERA_SCHEMA: Final = "cameras.status.v1.json"
DISK_KIND: Final = "br.gtvision.sistema.disco.v1"
DISK_SCHEMA: Final = "sistema.disco.v1.json"

_EVENTS: Final = {
    DiskEvent.PRESSURE_BEGAN: "limite_ultrapassado",
    DiskEvent.PRESSURE_ENDED: "limite_normalizado",
    DiskEvent.BREAKER_OPENED: "gravacao_interrompida",
    DiskEvent.BREAKER_CLOSED: "gravacao_retomada",
    DiskEvent.VOLUME_LOST: "volume_ausente",
    DiskEvent.VOLUME_FOUND: "volume_presente",
}


class HubNews:
    """Writes news into the outbox, in the transaction of what they tell."""

    def __init__(self, outbox: Outbox, clock: Clock) -> None:
        self._outbox = outbox
        self._clock = clock

    def tell_camera(self, transaction: Transaction, change: CameraStateChanged) -> None:
        """Tell that a camera is in another state."""
        message_id = new_uuid7(self._clock)
        data: dict[str, Any] = {
            "id": message_id,
            "camera_id": change.camera_id,
            "camera_uuid": change.camera_uuid,
            "tenant_id": change.tenant_id,
            "estado": change.state.value,
            "estado_anterior": change.previous.value,
            "desde": to_rfc3339(change.since_us),
            "motivo": change.reason,
        }
        self._outbox.add(
            transaction,
            Message(
                message_id=message_id,
                kind=CAMERA_KIND,
                routing_key=CAMERAS,
                lane=CAMERAS,
                subject=f"camera/{change.camera_id}",
                time_us=change.since_us,
                schema=CAMERA_SCHEMA,
                data=data,
            ),
        )

    def tell_disk(self, transaction: Transaction, news: DiskNews) -> None:
        """Tell what became of the volume of recordings."""
        message_id = new_uuid7(self._clock)
        data: dict[str, Any] = {
            "id": message_id,
            "evento": _EVENTS[news.event],
            "em": to_rfc3339(news.at_us),
            "motivo": news.reason,
            "livre_bytes": news.free_bytes,
            "total_bytes": news.total_bytes,
        }
        self._outbox.add(
            transaction,
            Message(
                message_id=message_id,
                kind=DISK_KIND,
                routing_key=DISK,
                lane=DISK,
                subject="disco",
                time_us=news.at_us,
                schema=DISK_SCHEMA,
                data=data,
            ),
        )
