"""Where Intelbras and Dahua cameras push (ITSAPI). The paths are fixed in the cameras, so they lie beside the API."""

from typing import Final

from aiohttp import hdrs, web

from gtvision_edge.api.auth import Proxies
from gtvision_edge.api.errors import problem
from gtvision_edge.api.raw_body import BodyPlaces, read_capped
from gtvision_edge.detections.errors import PushRefusedError
from gtvision_edge.detections.intake import PushingCamera
from gtvision_edge.detections.model import TrustLevel
from gtvision_edge.detections.push_login import PushLogin, Refusal
from gtvision_edge.detections.pushes import PushDesk
from gtvision_edge.detections.sources.intelbras import MAX_PUSH

ITSAPI: Final = ("/NotificationInfo", "/BNotificationInfo")
"""The second one is that of some firmwares of Dahua."""


class _ItsapiPushes:
    def __init__(self, desk: PushDesk, login: PushLogin, proxies: Proxies) -> None:
        self._desk = desk
        self._login = login
        self._proxies = proxies
        self._places = BodyPlaces()

    async def tollgate(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, has_passage=True)

    async def sign_of_life(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, has_passage=False)

    async def _answer(self, request: web.Request, *, has_passage: bool) -> web.StreamResponse:
        address = self._proxies.client_address(request)
        self._desk.admit(address)
        admitted = self._login.admit(
            request.method, request.raw_path, request.headers.get(hdrs.AUTHORIZATION)
        )
        if isinstance(admitted, Refusal):
            self._desk.turn_away(admitted.claimed)
            return _refused(admitted)
        if not self._desk.believes(admitted, TrustLevel.AUTHENTICATED, address):
            return _refused(self._login.refuse())
        async with self._places.take(admitted.camera_uuid):
            raw = await read_capped(request, MAX_PUSH)
            device = await self._taken(admitted, raw, has_passage=has_passage)
        # What all firmwares together want to hear; any other answer has some of them send again for ever. Fields of the
        # request are not repeated but for the id: `AllowUser` and `OpenStrobe` in an answer open a barrier.
        return web.json_response(
            {"Result": True, "Active": True, "Message": "Success", "DeviceID": device}
        )

    async def _taken(self, camera: PushingCamera, raw: bytes, *, has_passage: bool) -> str:
        if has_passage:
            return await self._desk.tollgate(camera, raw)
        return await self._desk.sign_of_life(camera, raw)


def _refused(refusal: Refusal) -> web.Response:
    # The first request of a camera always ends here: it asks for the challenge.
    response = problem(PushRefusedError("The camera is not known or its password is wrong."))
    response.headers[hdrs.WWW_AUTHENTICATE] = refusal.challenge
    return response


def itsapi_routes(desk: PushDesk, login: PushLogin, proxies: Proxies) -> list[web.RouteDef]:
    """Return ``POST /NotificationInfo/{TollgateInfo,KeepAlive,DeviceInfo}``: digest login, user = camera id, password = its push secret."""
    pushes = _ItsapiPushes(desk, login, proxies)
    handlers = {
        "TollgateInfo": pushes.tollgate,
        "KeepAlive": pushes.sign_of_life,
        "DeviceInfo": pushes.sign_of_life,
    }
    return [
        web.post(f"{prefix}/{name}", handler)
        for prefix in ITSAPI
        for name, handler in handlers.items()
    ]
