"""How readings get on disk: detection, message to the hub and what people are told, those that wait together by few statements."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from gtvision_edge.detections import repository
from gtvision_edge.detections.model import Detection, DetectionId, PictureState, Rectangle
from gtvision_edge.detections.pictures import repository as picture_files
from gtvision_edge.detections.pictures.copies import NO_COPIES, Copies
from gtvision_edge.runtime.timestamps import to_rfc3339
from gtvision_edge.storage import Transaction

SAME_PASSAGE_US: Final = 10_000_000
"""A vehicle that one camera reads again within this is passing once."""
KIND: Final = "br.gtvision.deteccao.lpr.v1"
ROUTING_KEY: Final = "deteccoes.lpr"
SCHEMA: Final = "deteccao.lpr.v1.json"


@dataclass(frozen=True, slots=True)
class OutgoingNews:
    """A message for the hub, as the outbox wants it."""

    message_id: str
    kind: str
    routing_key: str
    lane: str
    subject: str
    time_us: int
    schema: str
    data: Mapping[str, Any]
    is_late: bool
    """The camera told of it when it was over."""


class Send(Protocol):
    """Writes messages to the outbox in a transaction, in their order."""

    def __call__(self, transaction: Transaction, news: Sequence[OutgoingNews], /) -> None: ...


class Tell(Protocol):
    """Writes what people are told of new detections in a transaction, in their order."""

    def __call__(self, transaction: Transaction, detections: Sequence[Detection], /) -> None: ...


Told = Callable[[Transaction, Detection], None]
"""Writes what people are told of a detection in a transaction."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A reading as it will be kept, should its source not have sent it before. *source_key*: the same each time that it does."""

    detection: Detection
    source_key: bytes
    camera_name: str
    sizes: Mapping[str, int]
    """Bytes of its pictures, by name."""
    url_sealed: bytes | None
    """Where a picture is to be fetched; None = nowhere."""
    plate_area: Rectangle | None


@dataclass(frozen=True, slots=True)
class Accepted:
    """What is on disk; not *is_new*: it was before, and *is_added*: it lacked a picture that came now."""

    detection: Detection
    is_new: bool
    is_added: bool = False


class Acceptance:
    """Keeps judged readings: to be given to ``Database.write_together``."""

    def __init__(
        self,
        *,
        send: Send,
        tell: Sequence[Tell] = (),
        tell_of_picture: Sequence[Told] = (),
        copies: Copies = NO_COPIES,
    ) -> None:
        self._send = send
        self._copies = copies
        self._tell = tell
        self._tell_of_picture = tell_of_picture

    def __call__(self, transaction: Transaction, readings: Sequence[Judged]) -> list[Accepted]:
        """Keep *readings* in the order in which they came."""
        accepted: list[Accepted] = []
        for part in _independent(readings):
            accepted += self._keep(transaction, part)
        return accepted

    def _keep(self, transaction: Transaction, readings: Sequence[Judged]) -> Iterator[Accepted]:
        for each in readings:
            if each.sizes:
                picture_files.note_files(transaction, each.sizes, self._copies)
        known = repository.find_by_source_keys(transaction, [each.source_key for each in readings])
        new = [each for each in readings if each.source_key not in known]
        kept = iter(self._keep_new(transaction, new))
        for each in readings:
            if each.source_key in known:
                yield self._repeated(transaction, each, known[each.source_key])
            else:
                yield Accepted(next(kept), is_new=True)

    def _keep_new(self, transaction: Transaction, readings: Sequence[Judged]) -> list[Detection]:
        if not readings:
            return []
        detections = _placed_in_passages(transaction, [each.detection for each in readings])
        repository.insert_detections(
            transaction,
            [
                (detection, each.source_key)
                for detection, each in zip(detections, readings, strict=True)
            ],
        )
        for each in readings:
            if each.detection.picture_state is PictureState.WAITING:
                picture_files.add_job(
                    transaction,
                    each.detection,
                    url_sealed=each.url_sealed,
                    plate_area=each.plate_area,
                    now_us=each.detection.received_us,
                )
        news = [
            news_of(detection, each.camera_name)
            for detection, each in zip(detections, readings, strict=True)
        ]
        self._send(transaction, news)
        for tell in self._tell:
            tell(transaction, detections)
        return detections

    def _repeated(self, transaction: Transaction, judged: Judged, known: Detection) -> Accepted:
        now = repository.add_pictures(
            transaction,
            known.detection_id,
            scene=judged.detection.scene,
            crop=judged.detection.crop,
        )
        if now is None:
            return Accepted(known, is_new=False)
        for tell in self._tell_of_picture:
            tell(transaction, now)
        return Accepted(known, is_new=False, is_added=True)


def _independent(readings: Sequence[Judged]) -> Iterator[Sequence[Judged]]:
    """Cut *readings* into parts in which none has to know of another: the same sent twice, or one vehicle at one camera."""
    part: list[Judged] = []
    seen: set[object] = set()
    for each in readings:
        marks: set[object] = {each.source_key}
        if each.detection.vehicle is not None:
            marks.add((each.detection.camera_uuid, each.detection.vehicle))
        if not seen.isdisjoint(marks):
            yield part
            part, seen = [], set()
        part.append(each)
        seen |= marks
    if part:
        yield part


def _placed_in_passages(
    transaction: Transaction, detections: Sequence[Detection]
) -> list[Detection]:
    wanted = [each for each in detections if each.vehicle is not None]
    passages = repository.find_passages(transaction, wanted, within_us=SAME_PASSAGE_US)
    return [
        replace(each, passage_id=DetectionId(passages[each.detection_id]))
        if each.detection_id in passages
        else each
        for each in detections
    ]


def news_of(detection: Detection, camera_name: str) -> OutgoingNews:
    """Return the message to the hub; its pictures are named by their hashes, not carried."""
    facts = detection.facts
    data = {
        "id": detection.detection_id,
        "camera_id": detection.camera_id,
        "camera_uuid": detection.camera_uuid,
        "camera_nome": camera_name,
        "tenant_id": detection.tenant_id,
        "placa": detection.plate,
        "placa_lida": detection.plate_sent,
        "confianca": detection.confidence,
        "timestamp": to_rfc3339(detection.captured_us),
        "recebido_em": to_rfc3339(detection.received_us),
        "origem_do_horario": detection.time_source.value,
        "fonte": detection.source,
        "confiabilidade": detection.trust.value,
        "passagem_id": detection.passage_id,
        "sentido": facts.get("direction", ""),
        "faixa": facts.get("lane"),
        "veiculo": facts.get("vehicle", {}),
        "imagem_sha256": detection.scene,
        "recorte_sha256": detection.crop,
        "imagem_pendente": detection.picture_state is PictureState.WAITING,
    }
    return OutgoingNews(
        message_id=detection.detection_id,
        kind=KIND,
        routing_key=ROUTING_KEY,
        lane=detection.camera_uuid,
        subject=f"camera/{detection.camera_id}",
        time_us=detection.captured_us,
        schema=SCHEMA,
        data=data,
        is_late=detection.is_late,
    )
