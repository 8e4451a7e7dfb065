"""HTTP as aiohttp reads it; what it cannot read, or fails over, is answered in our words, which quote nothing."""

from http import HTTPStatus
from typing import Final

from aiohttp import web

from gtvision_edge.api.errors import MalformedRequestError, problem
from gtvision_edge.api.headers import ON_EVERY_ANSWER
from gtvision_edge.errors import EdgeError

MAX_FIELD: Final = 32 * 1024
"""Of a header. Larger than any token that may be good, so that a bad one is refused by who knows tokens."""


class Protocol(web.RequestHandler):
    """One connection of a client."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what never came to a handler, or what escaped all of them; the connection ends with it."""
        super().handle_error(request, status, exc, message)  # logs it, and raises when it is late
        error = (
            EdgeError("Something nobody foresaw went wrong; the log has it.")
            if status >= HTTPStatus.INTERNAL_SERVER_ERROR
            else MalformedRequestError("This is no request that can be read.")
        )
        response = problem(error)
        response.headers.update(ON_EVERY_ANSWER)
        response.force_close()
        return response
