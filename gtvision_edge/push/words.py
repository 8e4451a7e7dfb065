"""What a phone shows, in Portuguese and English."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gtvision_edge.accounts.model import Locale
from gtvision_edge.push.model import Topic


@dataclass(frozen=True, slots=True)
class Words:
    """One language. Texts with braces are filled in; *reasons* are short and follow a camera's name."""

    wanted: str
    urgent: str
    many_plates: str
    stopped: str
    many_stopped: str
    records_again: str
    many_record_again: str
    down_since: str
    site_wide: Mapping[Topic, tuple[str, str]]
    """What is wrong with the whole site, and that it is over."""
    since: str
    trial: str
    trial_body: str
    date_time: str
    reasons: Mapping[str, str]


_PT: Final = Words(
    wanted="Placa monitorada: {plate}",
    urgent="URGENTE · placa monitorada: {plate}",
    many_plates="{count} placas monitoradas passaram",
    stopped="Câmera parou de gravar: {camera}",
    many_stopped="{count} câmeras pararam de gravar",
    records_again="Câmera voltou a gravar: {camera}",
    many_record_again="{count} câmeras voltaram a gravar",
    down_since="parada desde {since}",
    site_wide={
        Topic.STORAGE: ("Nada está sendo gravado", "A gravação voltou"),
        Topic.HUB: ("A central não recebe as leituras", "A central voltou a receber as leituras"),
        Topic.ARCHIVE: ("Cópias externas muito atrasadas", "As cópias externas se recuperaram"),
    },
    since="desde {since}",
    trial="Aviso de teste",
    trial_body="Os avisos de {site} chegam a este aparelho.",
    date_time="%d/%m %H:%M",
    reasons={
        "offline": "sem sinal",
        "unauthorized": "a câmera recusa a senha",
        "online_not_recording": "com imagem, mas sem gravar",
        "breaker_open": "disco quase cheio: gravação suspensa",
        "volume_foreign": "o disco montado é de outra unidade",
        "volume_full": "disco cheio",
        "volume_hangs": "o disco não responde",
        "volume_marker_odd": "o disco montado não se identifica",
        "volume_missing": "o disco de gravação não está montado",
        "volume_note_damaged": "não se sabe mais qual é o disco desta unidade",
        "volume_unusable": "o disco ainda não foi verificado",
        "volume_unwritable": "o disco não aceita gravação",
        "hub_backlog": "há leituras esperando há muito tempo neste equipamento",
        "hub_queue_deep": "a central recebe, mas não consome as leituras",
        "archive_backlog": "há imagens ou evidências esperando há muito tempo pelo armazenamento externo",
    },
)
_EN: Final = Words(
    wanted="Wanted plate: {plate}",
    urgent="URGENT · wanted plate: {plate}",
    many_plates="{count} wanted plates passed",
    stopped="Camera stopped recording: {camera}",
    many_stopped="{count} cameras stopped recording",
    records_again="Camera records again: {camera}",
    many_record_again="{count} cameras record again",
    down_since="stopped since {since}",
    site_wide={
        Topic.STORAGE: ("Nothing is being recorded", "Recording is back"),
        Topic.HUB: (
            "The hub does not receive the readings",
            "The hub receives the readings again",
        ),
        Topic.ARCHIVE: ("Copies elsewhere are far behind", "Copies elsewhere have recovered"),
    },
    since="since {since}",
    trial="Trial notice",
    trial_body="Notices of {site} reach this device.",
    date_time="%d %b %H:%M",
    reasons={
        "offline": "no signal",
        "unauthorized": "the camera refuses the password",
        "online_not_recording": "there is a picture, but nothing is recorded",
        "breaker_open": "disk nearly full: recording is suspended",
        "volume_foreign": "the mounted disk belongs to another unit",
        "volume_full": "disk full",
        "volume_hangs": "the disk does not answer",
        "volume_marker_odd": "the mounted disk does not say whose it is",
        "volume_missing": "the recordings disk is not mounted",
        "volume_note_damaged": "which disk is this unit's is no longer known",
        "volume_unusable": "the disk was not looked at yet",
        "volume_unwritable": "the disk cannot be written",
        "hub_backlog": "readings have been waiting on this box for long",
        "hub_queue_deep": "the hub receives the readings and does not take them up",
        "archive_backlog": "pictures or evidence have been waiting for the object store for long",
    },
)
_WORDS: Final[Mapping[Locale, Words]] = {"pt-BR": _PT, "en": _EN}


def words_of(locale: Locale) -> Words:
    return _WORDS[locale]
