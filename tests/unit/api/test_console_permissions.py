"""The console opens to a role the rooms whose endpoints the API opens to it."""

import re
from pathlib import Path

import gtvision_edge
from gtvision_edge.accounts import Role
from tests.unit.api.conftest import Served

SOURCE = Path(gtvision_edge.__file__).parent / "console" / "src" / "state" / "permissions.ts"

ASKED = {
    "watch": [("GET", "/cameras/{camera_id}/playback.m3u8")],
    "seeCameras": [("GET", "/cameras")],
    "editCameras": [("POST", "/cameras")],
    "holdFootage": [("POST", "/incidents"), ("POST", "/incidents/{incident_id}/release")],
    "exportFootage": [("POST", "/exports"), ("GET", "/exports/{export_id}/bundle")],
    "seeEvidence": [("GET", "/incidents"), ("GET", "/exports")],
    "seePurges": [("GET", "/purges"), ("GET", "/purges/{purge_id}.pdf")],
    "seeStorage": [("GET", "/storage"), ("GET", "/storage/policies"), ("GET", "/integrity")],
    "editStorage": [("PUT", "/storage/policies"), ("POST", "/integrity")],
    "seePlates": [("GET", "/detections"), ("GET", "/watchlist"), ("GET", "/alerts")],
    "editWatchlist": [("POST", "/watchlist"), ("DELETE", "/watchlist/{watch_id}")],
    "acknowledge": [("POST", "/alerts/{alert_id}/ack")],
    "letCamerasPush": [
        ("POST", "/cameras/{camera_id}/push-secret"),
        ("GET", "/cameras/{camera_id}/push-help"),
        ("GET", "/cameras/{camera_id}/push-status"),
        ("PATCH", "/cameras/{camera_id}/plate-source"),
    ],
    "editMosaics": [("POST", "/mosaics")],
    "seeToRefusedMessages": [
        ("GET", "/uplink/parked"),
        ("POST", "/uplink/parked/discard"),
        ("POST", "/uplink/parked/{message_id}/retry"),
    ],
    "seeToFailedCopies": [
        ("GET", "/archive/parked"),
        ("POST", "/archive/parked/discard"),
        ("POST", "/archive/parked/{copy_id}/retry"),
    ],
    "seeGivenUp": [("GET", "/uplink/purges")],
    "seeHealth": [("GET", "/status")],
    "manageUsers": [("GET", "/users")],
    "seeAudit": [("GET", "/audit")],
}
"""What each right of the console asks the API for."""


def rights() -> dict[str, set[str]]:
    source = SOURCE.read_text(encoding="utf-8")
    found = re.findall(r"^  (\w+): \[([^\]]*)\],", source, re.MULTILINE)
    return {name: set(re.findall(r'"(\w+)"', roles)) for name, roles in found}


def test_every_right_is_compared_with_the_api() -> None:
    assert set(rights()) == set(ASKED)


async def test_a_right_is_given_to_just_the_roles_the_api_serves(served: Served) -> None:
    access = {(str(each.method), each.path): each.access for each in served.endpoints}

    differing = {
        (right, operation): (roles, access[operation])
        for right, roles in rights().items()
        for operation in ASKED[right]
        if roles != {Role(each).value for each in access[operation]}
    }

    assert not differing
