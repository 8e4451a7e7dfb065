"""What is served beside the API's prefix, for the OpenAPI document: the routes themselves are in ``itsapi`` and ``alert_feed``."""

from typing import Final, NoReturn

from gtvision_edge.api.alert_feed import FeedQuery
from gtvision_edge.api.errors import ForeignOriginError, UnknownRouteError
from gtvision_edge.api.routing import PUBLIC, WATCHERS, Answer, Call, Endpoint
from gtvision_edge.detections.errors import (
    MalformedPushError,
    PictureNotKeptError,
    PushRefusedError,
    TooManyPushesError,
)


class ItsapiAnswer(Answer):
    """What all firmwares together want to hear."""

    Result: bool
    Active: bool
    Message: str
    DeviceID: str


_ITSAPI: Final = {
    "TollgateInfo": "Where an Intelbras or Dahua camera pushes a passage (ITSAPI)",
    "KeepAlive": "Where an Intelbras or Dahua camera says that it lives (ITSAPI)",
    "DeviceInfo": "Where an Intelbras or Dahua camera says what it is (ITSAPI)",
}
_LOGIN: Final = (
    "HTTP digest: user = camera id, password = its push secret or the short form of it; the first request is answered 401 with the challenge."
    " The same is served below `/BNotificationInfo`, for some firmwares."
)
_FEED: Final = (
    "A WebSocket (101). Each message is a JSON text with `type` (`hello` first, `detection`, `detection_picture`, `alert`, `alert_acknowledged`,"
    " `alert_reopened`, `heartbeat`) and `cursor`; `detection` is as in GET /detections, `alert` as in GET /alerts. Who was away comes back with"
    " the last cursor as `since`; `hello` says `missed` where more happened than is remembered."
)


async def _elsewhere(_call: Call) -> NoReturn:
    raise UnknownRouteError("Nothing is served here.")  # described here, served by its own route


BESIDE: Final = (
    *(
        Endpoint(
            "POST",
            f"/NotificationInfo/{name}",
            _elsewhere,
            summary,
            "plates in",
            PUBLIC,
            accepts=("application/json",),
            response=ItsapiAnswer,
            errors=(PushRefusedError, MalformedPushError, TooManyPushesError, PictureNotKeptError),
            description=_LOGIN,
            prefix="",
        )
        for name, summary in _ITSAPI.items()
    ),
    Endpoint(
        "GET",
        "/ws/alerts",
        _elsewhere,
        "Hear readings and alerts as they are committed",
        "plates out",
        WATCHERS,
        query=FeedQuery,
        status=101,
        errors=(ForeignOriginError,),
        description=_FEED,
        prefix="",
    ),
)
"""In the document, and served elsewhere."""
