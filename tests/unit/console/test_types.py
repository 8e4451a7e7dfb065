"""The console's wire types say what the API says."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

import gtvision_edge
from gtvision_edge.api import (
    alerts,
    archive,
    audit,
    camera_probing,
    cameras,
    detections,
    discovery,
    exports,
    incidents,
    integrity,
    lines,
    mosaics,
    people,
    plate_sources,
    policies,
    purges,
    push_access,
    push_subscriptions,
    session,
    status,
    storage,
    uplink,
    watchlist,
)

SOURCE = Path(gtvision_edge.__file__).parent / "console" / "src" / "api"
TYPES = tuple(
    SOURCE / f"{name}.ts"
    for name in ("types", "lines", "evidence", "plates", "notices", "hub", "archive")
)

ANSWERS: dict[str, type[BaseModel]] = {
    "Me": session.Me,
    "Session": session.SessionAnswer,
    "Profile": camera_probing.ProfileAnswer,
    "StateEntry": cameras.StateAnswer,
    "Camera": cameras.CameraAnswer,
    "CameraStatus": cameras.CameraStatusAnswer,
    "Vendor": camera_probing.VendorAnswer,
    "ProbeReport": camera_probing.ProbeAnswer,
    "DeviceFacts": camera_probing.DeviceFactsAnswer,
    "FoundDevice": discovery.FoundAnswer,
    "Mosaic": mosaics.MosaicAnswer,
    "SiteStatus": status.StatusAnswer,
    "UplinkStatus": lines.UplinkAnswer,
    "ArchiveStatus": lines.ArchiveAnswer,
    "ParkedCopy": archive.ParkedCopyAnswer,
    "ParkedMessage": uplink.ParkedAnswer,
    "GivenUp": uplink.OutboxPurgeAnswer,
    "PlateSource": plate_sources.PlateSourceAnswer,
    "User": people.UserAnswer,
    "Tenant": people.TenantAnswer,
    "AuditEntry": audit.AuditEntryAnswer,
    "AuditVerdict": audit.VerificationAnswer,
    "CameraFootage": incidents.CameraFootageAnswer,
    "HeldFootage": incidents.HeldAnswer,
    "Incident": incidents.IncidentAnswer,
    "Export": exports.ExportAnswer,
    "Purge": purges.PurgeAnswer,
    "PurgedCamera": purges.PurgedCameraAnswer,
    "PurgeDetail": purges.PurgeDetailAnswer,
    "CameraStorage": storage.CameraStorageAnswer,
    "StorageReport": storage.StorageReportAnswer,
    "WouldGo": policies.WouldGoAnswer,
    "Policies": policies.PoliciesAnswer,
    "IntegrityReport": integrity.ReportAnswer,
    "Detection": detections.DetectionAnswer,
    "DetectionPage": detections.DetectionListing,
    "Alert": alerts.AlertAnswer,
    "AlertPage": alerts.AlertListing,
    "Acknowledged": alerts.Acknowledged,
    "Watch": watchlist.WatchAnswer,
    "PushStatus": push_access.PushStatusAnswer,
    "ReceivedPush": push_access.ReceivedAnswer,
    "RefusedPush": push_access.RefusedAnswer,
    "NoticeKey": push_subscriptions.PushKeyAnswer,
    "NoticeDevice": push_subscriptions.SubscriptionAnswer,
}
BODIES: dict[str, tuple[type[BaseModel], ...]] = {
    "ProbeBody": (camera_probing.ProbeBody, cameras.CameraChangeBody),
    "DiscoverBody": (discovery.DiscoverBody,),
    "CameraBody": (cameras.CameraBody,),
    "Place": (cameras.PlaceBody,),
    "MosaicBody": (mosaics.MosaicBody, mosaics.MosaicChangeBody),
    "WatchBody": (watchlist.WatchBody,),
    "IncidentBody": (incidents.IncidentBody,),
    "ExportBody": (exports.ExportBody,),
    "LegalRequest": (exports.RequestBody,),
    "PoliciesBody": (policies.PoliciesBody,),
    "NoticeChoices": (
        push_subscriptions.SubscriptionBody,
        push_subscriptions.SubscriptionChangeBody,
    ),
    "UserBody": (people.UserBody, people.UserChangeBody),
}


DROPPED: dict[type[BaseModel], frozenset[str]] = {
    cameras.CameraChangeBody: frozenset({"anonymous"})
}
"""What the form leaves out of a change: an empty password there means that the old one stays."""


def fields_of(interface: str) -> set[str]:
    """Return the fields of an interface, inherited ones included."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in TYPES)
    found = re.search(
        rf"export interface {interface}(?: extends (\w+))? \{{\n(.*?)^\}}",
        source,
        re.DOTALL | re.MULTILINE,
    )
    assert found is not None, f"api/ has no {interface}"
    own = set(re.findall(r"^  (\w+)\??:", found[2], re.MULTILINE))
    return own | (fields_of(found[1]) if found[1] else set())


@pytest.mark.parametrize("interface", ANSWERS)
def test_the_console_reads_only_what_the_api_sends(interface: str) -> None:
    fields = fields_of(interface)

    assert fields
    assert not fields - set(ANSWERS[interface].model_fields)


@pytest.mark.parametrize("interface", BODIES)
def test_the_console_sends_only_what_the_api_takes(interface: str) -> None:
    fields = fields_of(interface)

    assert fields
    for body in BODIES[interface]:
        dropped = DROPPED.get(body, frozenset())
        assert not fields - dropped - set(body.model_fields), body.__name__
