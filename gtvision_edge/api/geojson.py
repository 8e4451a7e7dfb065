"""Where the cameras stand, as maps read it (RFC 7946)."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Protocol

from aiohttp import hdrs, web

from gtvision_edge.api.routing import EVERYONE, Call, Endpoint
from gtvision_edge.cameras.model import Camera, StateEntry
from gtvision_edge.runtime.entity_tags import has_already

GEOJSON = "application/geo+json"


class Cameras(Protocol):
    """The cameras of the site."""

    def all_cameras(self) -> Sequence[Camera]: ...


class CameraStates(Protocol):
    """How the cameras are."""

    def state_of(self, camera_id: str) -> StateEntry: ...


def geojson_endpoints(cameras: Cameras, states: CameraStates) -> list[Endpoint]:
    """Return ``/cameras.geojson``."""

    async def collection(call: Call) -> web.StreamResponse:
        features = [
            _feature(camera, states.state_of(camera.camera_id))
            for camera in cameras.all_cameras()
            if camera.place.latitude is not None
            and camera.place.longitude is not None
            and call.principal.may_see_camera(camera.camera_id, camera.tenant_id)
        ]
        content = {"type": "FeatureCollection", "features": features}
        body = json.dumps(content, ensure_ascii=False).encode()
        tag = hashlib.sha256(body).hexdigest()[:32]
        headers = {hdrs.ETAG: f'"{tag}"', hdrs.CACHE_CONTROL: "private, no-cache"}
        if has_already(call.request, tag):
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, content_type=GEOJSON, headers=headers)

    return [
        Endpoint(
            "GET",
            "/cameras.geojson",
            collection,
            "Show the placed cameras one may see on a map",
            "cameras",
            EVERYONE,
            response=GEOJSON,
            description="A FeatureCollection of points with camera_id, name, state, bearing (degrees) and label."
            " Cameras without coordinates are not in it.",
        )
    ]


def _feature(camera: Camera, state: StateEntry) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": camera.camera_id,
        # Longitude first: RFC 7946, section 3.1.1.
        "geometry": {
            "type": "Point",
            "coordinates": [camera.place.longitude, camera.place.latitude],
        },
        "properties": {
            "camera_id": camera.camera_id,
            "name": camera.name,
            "state": state.state.value,
            "bearing": camera.place.bearing,
            "label": camera.place.label,
        },
    }
