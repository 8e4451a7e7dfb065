"""Settings of plate sources as people write them, and as they are kept."""

import ipaddress
import json
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gtvision_edge.detections.model import TrustLevel
from gtvision_edge.detections.pictures.addresses import is_this_box
from gtvision_edge.detections.plate_sources.model import Network, SourceChanges, SourceSettings
from gtvision_edge.detections.plate_sources.repository import StoredSource
from gtvision_edge.detections.sources.intelbras import ConfidenceScale
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.settings import picture_source

MAX_ADDRESSES: Final = 16
MAX_DIRECTIONS: Final = 32
MAX_SOURCES: Final = 16
MAX_WORD: Final = 32
MAX_MEANING: Final = 64

_Faults = list[dict[str, str]]


def changed(before: SourceSettings, changes: SourceChanges) -> SourceSettings:
    """Return *before* with *changes*. Reads time zones from the disk: call it in a thread.

    Raises:
        InvalidInputError: ``faults`` names each place.

    """
    faults: _Faults = []
    after = before
    if "confidence_scale" in changes:
        after = replace(after, confidence_scale=changes["confidence_scale"])
    if "addresses" in changes:
        after = replace(after, networks=_networks(changes["addresses"], faults))
    if "directions" in changes:
        after = replace(after, directions=_directions(changes["directions"], faults))
    if "timezone" in changes:
        after = replace(after, zone=_zone(changes["timezone"], faults))
    if "least_trust" in changes:
        after = replace(after, least_trust=_least_trust(changes["least_trust"], faults))
    if "is_pulled" in changes:
        after = replace(after, is_pulled=changes["is_pulled"])
    if "picture_sources" in changes:
        after = replace(after, picture_sources=_picture_sources(changes["picture_sources"], faults))
    if after.is_pulled and not after.accepts(TrustLevel.FETCHED):
        message = "what the box asks for itself is not signed: take it out, or ask for less trust"
        faults.append({"path": "pull", "message": message})
    if faults:
        raise InvalidInputError("The settings are not right.", faults=faults)
    return after


def _networks(texts: list[str], faults: _Faults) -> tuple[Network, ...]:
    found: dict[Network, None] = {}
    if len(texts) > MAX_ADDRESSES:
        faults.append({"path": "addresses", "message": f"has more than {MAX_ADDRESSES} entries"})
    for number, text in enumerate(texts[:MAX_ADDRESSES]):
        try:
            found[ipaddress.ip_network(text.strip())] = None
        except ValueError:
            message = "must be an address or a network, such as 10.20.0.64 or 10.20.0.0/24"
            faults.append({"path": f"addresses.{number}", "message": message})
    return tuple(found)


def _picture_sources(texts: list[str], faults: _Faults) -> tuple[str, ...]:
    found: dict[str, None] = {}
    if len(texts) > MAX_SOURCES:
        message = f"has more than {MAX_SOURCES} entries"
        faults.append({"path": "picture_sources", "message": message})
    for number, text in enumerate(texts[:MAX_SOURCES]):
        source, path = text.strip().lower().rstrip("."), f"picture_sources.{number}"
        try:
            picture_source(source)
        except ValueError:
            message = (
                "must be a network, an address or a host, such as 10.20.0.0/24 or fotos.example"
            )
            faults.append({"path": path, "message": message})
            continue
        if is_this_box(source):
            message = "is this box itself: that is opened by picture_sources in edge.toml alone"
            faults.append({"path": path, "message": message})
        found[source] = None
    return tuple(found)


def _directions(words: dict[str, str], faults: _Faults) -> MappingProxyType[str, str]:
    found: dict[str, str] = {}
    if len(words) > MAX_DIRECTIONS:
        faults.append({"path": "directions", "message": f"has more than {MAX_DIRECTIONS} words"})
    for sent, meaning in list(words.items())[:MAX_DIRECTIONS]:
        word = sent.strip().casefold()
        path = f"directions.{sent[:MAX_WORD]}"
        if not word or len(word) > MAX_WORD or not word.isprintable():
            message = f"a camera's word has 1 to {MAX_WORD} characters on one line"
            faults.append({"path": "directions", "message": message})
        elif word in found:
            faults.append({"path": path, "message": "is given twice"})
        elif not 0 < len(meaning.strip()) <= MAX_MEANING or not meaning.isprintable():
            message = f"must have 1 to {MAX_MEANING} characters on one line"
            faults.append({"path": path, "message": message})
        else:
            found[word] = meaning.strip()
    return MappingProxyType(found)


def _zone(name: str | None, faults: _Faults) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = "must be a time zone such as America/Sao_Paulo"
        faults.append({"path": "timezone", "message": message})
        return None


def _least_trust(level: TrustLevel, faults: _Faults) -> TrustLevel:
    if level is TrustLevel.FETCHED:
        message = "must be secret_path, authenticated or signed"
        faults.append({"path": "least_trust", "message": message})
    return level


def stored(camera_uuid: str, settings: SourceSettings) -> StoredSource:
    """Return *settings* as a row."""
    return StoredSource(
        camera_uuid=camera_uuid,
        confidence_scale=settings.confidence_scale.value,
        addresses=json.dumps([str(each) for each in settings.networks]),
        directions=json.dumps(dict(settings.directions), ensure_ascii=False),
        zone=settings.zone.key if settings.zone else None,
        least_trust=settings.least_trust.value,
        is_pulled=settings.is_pulled,
        picture_sources=json.dumps(settings.picture_sources),
    )


def restored(row: StoredSource) -> SourceSettings:
    """Return the settings of *row*; a zone that this system no longer has is the site's. Call it in a thread."""
    return SourceSettings(
        confidence_scale=ConfidenceScale(row.confidence_scale),
        networks=tuple(ipaddress.ip_network(each) for each in json.loads(row.addresses)),
        directions=MappingProxyType(json.loads(row.directions)),
        zone=_zone(row.zone, []),
        least_trust=TrustLevel(row.least_trust),
        is_pulled=row.is_pulled,
        picture_sources=tuple(json.loads(row.picture_sources)),
    )


def facts_of(settings: SourceSettings) -> dict[str, Any]:
    """Return *settings* as the audit log tells them."""
    return {
        "confidence_scale": settings.confidence_scale.value,
        "addresses": [str(each) for each in settings.networks],
        "directions": dict(settings.directions),
        "timezone": settings.zone.key if settings.zone else None,
        "least_trust": settings.least_trust.value,
        "pull": settings.is_pulled,
        "picture_sources": list(settings.picture_sources),
    }
