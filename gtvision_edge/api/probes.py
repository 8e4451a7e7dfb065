"""What machines ask: is it alive, is it ready, its figures."""

import ipaddress
from typing import Final

from aiohttp import hdrs, web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from gtvision_edge.accounts import Role
from gtvision_edge.api.auth import RequestAuthenticator, require_access
from gtvision_edge.health.board import HealthBoard

_FORWARDING: Final = ("Forwarded", hdrs.X_FORWARDED_FOR, "X-Real-IP", hdrs.VIA)


def probe_routes(
    board: HealthBoard, registry: CollectorRegistry, authenticator: RequestAuthenticator
) -> list[web.RouteDef]:
    """Return ``/healthz`` (the loop turns), ``/readyz`` (503 with the ``code`` of the first check that fails, and all checks) and ``/metrics``.

    Metrics are for programs on the box itself and for administrators; a proxy in front is not the box.
    """

    async def healthz(_: web.Request) -> web.StreamResponse:
        return web.json_response({"status": "ok"}, headers=_fresh())

    async def readyz(_: web.Request) -> web.StreamResponse:
        checks = await board.examine()
        code = board.why_unfit(checks)
        is_ready = not code
        content = {
            "status": "ready" if is_ready else "not_ready",
            "code": code or None,
            "checks": {name: code or "ok" for name, code in checks.items()},
        }
        return web.json_response(content, status=200 if is_ready else 503, headers=_fresh())

    async def metrics(request: web.Request) -> web.StreamResponse:
        if not _is_from_this_box(request):
            session = await authenticator.find_session(request)
            require_access(frozenset({Role.ADMIN}), session.principal)
        headers = {**_fresh(), hdrs.CONTENT_TYPE: CONTENT_TYPE_LATEST}
        return web.Response(body=generate_latest(registry), headers=headers)

    return [
        web.get("/healthz", healthz),
        web.get("/readyz", readyz),
        web.get("/metrics", metrics),
    ]


def _fresh() -> dict[str, str]:
    return {hdrs.CACHE_CONTROL: "no-store"}


def _is_from_this_box(request: web.Request) -> bool:
    try:
        is_loopback = ipaddress.ip_address(request.remote or "").is_loopback
    except ValueError:
        return False
    return is_loopback and not any(name in request.headers for name in _FORWARDING)
