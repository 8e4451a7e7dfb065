"""Every failure as RFC 9457 problem+json, mapped in one place."""

import json
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import ClassVar, Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from gtvision_edge.detections.errors import PushRefusedError
from gtvision_edge.errors import EdgeError, ErrorKind, InvalidInputError

log = structlog.get_logger(__name__)

PROBLEM_TYPE: Final = "application/problem+json"
IS_STARTED: Final = web.RequestKey("is_started", bool)
"""Set on a request once the first byte of its answer went out."""

_STATUS: Final[Mapping[ErrorKind, int]] = {
    ErrorKind.INVALID: 422,
    ErrorKind.UNAUTHENTICATED: 401,
    ErrorKind.FORBIDDEN: 403,
    ErrorKind.NOT_FOUND: 404,
    ErrorKind.CONFLICT: 409,
    ErrorKind.TOO_LARGE: 413,
    ErrorKind.TOO_MANY: 429,
    ErrorKind.UNAVAILABLE: 503,
    ErrorKind.INTERNAL: 500,
}


class UnknownRouteError(EdgeError):
    """Nothing is served under this path."""

    code: ClassVar[str] = "unknown_route"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class MethodNotAllowedError(EdgeError):
    """The path exists, the method does not; ``allowed`` lists those that do."""

    code: ClassVar[str] = "method_not_allowed"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class BodyTooLargeError(EdgeError):
    """The request's body is larger than this box accepts."""

    code: ClassVar[str] = "body_too_large"
    kind: ClassVar[ErrorKind] = ErrorKind.TOO_LARGE


class BodyTooSlowError(EdgeError):
    """The request's body did not arrive in time."""

    code: ClassVar[str] = "body_too_slow"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class MalformedRequestError(EdgeError):
    """What came is no HTTP, or has a header larger than this box reads."""

    code: ClassVar[str] = "malformed_request"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class ForeignOriginError(EdgeError):
    """A page of another site tried to use this browser's session."""

    code: ClassVar[str] = "foreign_origin"
    kind: ClassVar[ErrorKind] = ErrorKind.FORBIDDEN


def status_of(error: EdgeError | type[EdgeError]) -> int:
    """Return the HTTP status of *error*: by its kind, but for those that HTTP itself names."""
    kind = error if isinstance(error, type) else type(error)
    if issubclass(kind, MethodNotAllowedError):
        return 405
    if issubclass(kind, BodyTooSlowError):
        return 408
    if issubclass(kind, MalformedRequestError):
        return 400
    return _STATUS[kind.kind]


def problem(error: EdgeError) -> web.Response:
    """Return *error* as a response. Its details become members, ``retry_after_s`` the header too."""
    status = status_of(error)
    headers = {}
    retry_after = error.details.get("retry_after_s")
    if isinstance(retry_after, int):
        headers["Retry-After"] = str(retry_after)
    elif status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "1"
    if status == HTTPStatus.UNAUTHORIZED and not isinstance(error, PushRefusedError):
        # A push proves itself by a signature or its address: no token would help.
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, MethodNotAllowedError):
        headers["Allow"] = ", ".join(map(str, _list(error.details.get("allowed"))))
    content = {
        **error.details,
        "type": f"urn:gtvision:problem:{error.code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": error.code,
        "detail": error.message,
    }
    text = json.dumps(content, ensure_ascii=False, default=str)
    return web.Response(
        body=text.encode("utf-8", "replace"),
        status=status,
        headers=headers,
        content_type=PROBLEM_TYPE,
    )


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def _translated(error: web.HTTPException) -> EdgeError | None:
    """Return what aiohttp itself refused in our words; None = it is no refusal."""
    if isinstance(error, web.HTTPMethodNotAllowed):
        return MethodNotAllowedError(
            "This path does not know that method.", allowed=sorted(error.allowed_methods)
        )
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return BodyTooLargeError("The request is too large.")
    if error.status == HTTPStatus.NOT_FOUND:
        return UnknownRouteError("Nothing is served here.")
    if error.status >= HTTPStatus.BAD_REQUEST:
        return InvalidInputError(
            "The request is not right.", faults=[{"path": "", "message": error.reason}]
        )
    return None


def _has_gone(request: web.Request) -> bool:
    """Tell whether the client went away while it was being answered."""
    transport = request.transport
    return bool(request.get(IS_STARTED)) and (transport is None or transport.is_closing())


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every failure below into a problem; an unforeseen one is logged once, whole, with an incident id.

    When the answer has begun already, all that is left is to cut the connection, so that nobody takes a piece for the whole.
    """
    try:
        return await handler(request)
    except web.HTTPException as error:
        refusal = _translated(error)
        if refusal is None:
            raise
        response = problem(refusal)
    except EdgeError as error:
        response = problem(error)
        if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.warning("request_refused", code=error.code, cause=repr(error.__cause__))
    except ConnectionError as error:
        # aiohttp's wait for room to write holds this error, and the error by its trace the wait and all that was read
        # ahead for the client: a circle, which Python looks for late when nothing else goes on.
        error.with_traceback(None)
        response = web.Response(status=499)  # the client has gone; nobody reads this
    except Exception as error:
        if isinstance(error, OSError | RuntimeError) and _has_gone(request):
            return web.Response(status=499)  # sendfile and a cut connection have other words for it
        incident = secrets.token_hex(8)
        log.exception("request_failed", incident=incident)
        response = problem(
            EdgeError("Something nobody foresaw went wrong; the log has it.", incident=incident)
        )
    if request.get(IS_STARTED) and request.transport is not None:
        request.transport.abort()
    return response
