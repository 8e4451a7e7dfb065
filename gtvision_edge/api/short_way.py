"""The short way of endpoints that machines call hundreds of times a second: it spares them the router and what is built around a route.

A request that asks for anything more (``Expect``, a browser's ``Origin``) goes the long way, and so does every other path and method.
The same handlers answer, behind the same access log and with the same problems and headers.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from gtvision_edge.api.around import AccessLog, set_headers
from gtvision_edge.api.errors import problems

Serve = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class ShortWay:
    """Knows the *busy* handlers by method and path."""

    def __init__(
        self,
        busy: Mapping[tuple[str, str], Handler],
        *,
        access_log: AccessLog,
        origins: Sequence[str],
    ) -> None:
        self._busy = {key: partial(problems, handler=handler) for key, handler in busy.items()}
        self._log = access_log
        self._origins = origins

    def before(self, long_way: Serve) -> Serve:
        """Return what serves a request by one of both ways."""

        async def serve(request: web.BaseRequest) -> web.StreamResponse:
            handler = self._busy.get((request.method, request.path))
            if (
                handler is None
                or hdrs.EXPECT in request.headers
                or hdrs.ORIGIN in request.headers
                or not isinstance(request, web.Request)
            ):
                return await long_way(request)
            response = await self._log.around(request, handler, route=request.path)
            set_headers(request, response, self._origins)
            return response

        return serve
