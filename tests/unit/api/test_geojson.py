from gtvision_edge.accounts import Principal
from gtvision_edge.cameras.model import CameraChange, CameraState, Place, StateEntry
from gtvision_edge.cameras.service import CameraService
from tests.unit.api.conftest import FakeMonitor, Served

PLACE = Place(latitude=-23.55, longitude=-46.63, bearing=90.0, label="Praça da Sé")


async def place_all(cameras: CameraService, admin: Principal) -> None:
    for camera_id in ("cam01", "cam09"):
        await cameras.update(admin, camera_id, CameraChange(place=PLACE), client_address="")


async def test_a_map_shows_the_placed_cameras_one_may_see(
    served: Served, cameras: CameraService, admin: Principal, monitor: FakeMonitor
) -> None:
    await place_all(cameras, admin)
    monitor.states["cam01"] = StateEntry(CameraState.OFFLINE, 0)

    status, headers, content = await served.exchange(
        "GET", "/api/v1/cameras.geojson", who="viewer-a"
    )

    assert status == 200
    assert headers["Content-Type"] == "application/geo+json"
    assert content == {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": "cam01",
                "geometry": {"type": "Point", "coordinates": [-46.63, -23.55]},
                "properties": {
                    "camera_id": "cam01",
                    "name": "cam01",
                    "state": "offline",
                    "bearing": 90.0,
                    "label": "Praça da Sé",
                },
            }
        ],
    }


async def test_nobody_sees_addresses_or_other_tenants_there(
    served: Served, cameras: CameraService, admin: Principal
) -> None:
    await place_all(cameras, admin)
    ids = {}
    for who in ("admin", "admin-a", "narrow-a", "viewer-b"):
        _, _, content = await served.exchange("GET", "/api/v1/cameras.geojson", who=who)
        ids[who] = [feature["id"] for feature in content["features"]]
        assert "10.0.0.9" not in str(content)

    assert ids == {
        "admin": ["cam01", "cam09"],
        "admin-a": ["cam01"],
        "narrow-a": ["cam01"],
        "viewer-b": ["cam09"],
    }


async def test_a_map_that_did_not_change_is_not_sent_again(
    served: Served, cameras: CameraService, admin: Principal, monitor: FakeMonitor
) -> None:
    await place_all(cameras, admin)
    path = "/api/v1/cameras.geojson"
    _, headers, _ = await served.exchange("GET", path, who="admin")
    known = {"If-None-Match": f'"x", {headers["ETag"]}'}

    assert (await served.exchange("GET", path, who="admin", headers=known))[0] == 304
    monitor.states["cam01"] = StateEntry(CameraState.RECORDING, 0)
    assert (await served.exchange("GET", path, who="admin", headers=known))[0] == 200
