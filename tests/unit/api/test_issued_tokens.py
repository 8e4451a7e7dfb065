"""Tokens of the hub on every route: the good ones do what they say, all others are refused alike."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gtvision_edge.accounts import Accounts
from gtvision_edge.api.auth import Proxies, RequestAuthenticator
from gtvision_edge.api.routing import PUBLIC
from gtvision_edge.audit import AuditLog
from gtvision_edge.cameras.service import CameraService
from gtvision_edge.media.gateway import MediaServerPlace
from gtvision_edge.media.streams import Streams
from gtvision_edge.settings import ApiSettings, IdentitySettings, IssuerKeySettings, IssuerSettings
from gtvision_edge.storage import Database
from tests.fakes.clock import FakeClock
from tests.fakes.hub import AUDIENCE, ISSUER, RSA_KEY, Hub, public_pem
from tests.ports import free_port
from tests.streams import open_streams
from tests.unit.api.conftest import Served, Starter

PROXY = ApiSettings(trusted_proxies=("127.0.0.1",))
STREAMS = ("/stream/cam01_live/index.m3u8", "/stream/cam01_rec/poster.jpg", "/ws/live/cam01_live")


@pytest.fixture
def identity() -> IdentitySettings:
    keys = (
        IssuerKeySettings(pem=public_pem(RSA_KEY)),
        IssuerKeySettings(file=Path("/nowhere/next.pem")),
    )
    return IdentitySettings(issuers=(IssuerSettings(issuer=ISSUER, audience=AUDIENCE, keys=keys),))


@pytest.fixture
def hub(clock: FakeClock) -> Hub:
    return Hub(clock)


@pytest.fixture
async def streams(
    accounts: Accounts,
    cameras: CameraService,
    database: Database,
    audit: AuditLog,
    clock: FakeClock,
) -> AsyncIterator[Streams]:
    """The real ones; their media server is away, which is not the question here."""
    proxies = Proxies(PROXY.trusted_proxies)
    async with open_streams(
        MediaServerPlace(f"http://127.0.0.1:{free_port()}", None, lambda: "mediamtx"),
        cameras=cameras,
        authenticator=RequestAuthenticator(accounts.sessions, proxies),
        sessions=accounts.sessions,
        client_address=proxies.client_address,
        database=database,
        audit=audit,
        recordings=lambda _: None,
        clock=clock,
    ) as opened:
        yield opened


@pytest.fixture
async def site(start: Starter, streams: Streams) -> AsyncIterator[Served]:
    async with start(
        settings=PROXY, routes=lambda _: streams.routes(), gate=streams.doorkeeper
    ) as opened:
        yield opened


def bearer(token: str, **headers: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", **headers}


def asking_for(uri: str, **headers: str) -> dict[str, str]:
    return {"X-Original-URI": uri, **headers}


def every_route(served: Served) -> list[tuple[str, str, dict[str, str]]]:
    """Return method, path and headers of whatever wants to know who asks."""
    ids = {"camera_id": "cam01", "tenant_id": "a", "mosaic_id": "m", "user_id": "u"}
    routes: list[tuple[str, str, dict[str, str]]] = [
        (
            endpoint.method,
            re.sub(r"\{(\w+)\}", lambda found: ids.get(found[1], "x"), endpoint.full_path),
            {},
        )
        for endpoint in served.endpoints
        if endpoint.access != PUBLIC
    ]
    routes += [("GET", path, {}) for path in STREAMS]
    # The check answers for playlists and segments alone; the rest nobody may have from a proxy, whoever asks.
    served_by_proxies = [path for path in STREAMS if path.endswith((".m3u8", ".mp4"))]
    assert served_by_proxies
    routes += [("GET", "/api/v1/auth/check", asking_for(path)) for path in served_by_proxies]
    routes.append(("GET", "/metrics", {"X-Forwarded-For": "10.0.0.9"}))
    return routes


@pytest.mark.timeout(120)
async def test_every_bad_token_is_refused_alike_on_every_route(
    site: Served, hub: Hub, clock: FakeClock
) -> None:
    bad = hub.bad_tokens()
    routes = every_route(site)
    assert len(routes) > 30
    assert len(bad) > 60
    for method, path, headers in routes:
        answers: dict[tuple[int, str, bytes], list[str]] = {}
        for what, token in bad.items():
            status, received, content = await site.exchange(
                method, path, headers=bearer(token, **headers)
            )
            key = (status, received["WWW-Authenticate"], json.dumps(content).encode())
            answers.setdefault(key, []).append(what)
            assert "Set-Cookie" not in received
        assert len(answers) == 1, (method, path, answers)
        ((status, scheme, content),) = answers
        assert (status, scheme) == (401, "Bearer")
        assert json.loads(content)["code"] == "not_authenticated"


async def test_a_run_out_login_of_ours_looks_the_same(
    site: Served, hub: Hub, clock: FakeClock
) -> None:
    ours = await site.token("viewer-a")
    await clock.advance(1000)

    assert await site.call("GET", "/me", headers=bearer(ours)) == await site.call(
        "GET", "/me", headers=bearer(hub.bad_tokens()["forged: signed by another key"])
    )


async def test_a_bad_token_in_the_cookie_is_refused_too(site: Served, hub: Hub) -> None:
    for what, token in hub.bad_tokens().items():
        headers = {"Cookie": f"gtv_session={token}"}
        for path in ("/api/v1/me", STREAMS[0]):
            status, _, content = await site.exchange("GET", path, headers=headers)
            assert (status, content["code"]) == (401, "not_authenticated"), what


async def test_me_is_who_the_hub_says(site: Served, hub: Hub) -> None:
    token = hub.token(name="Ana Lima", camera_ids=["cam02", "cam01"])

    status, received, me = await site.exchange("GET", "/api/v1/me", headers=bearer(token))

    assert status == 200
    assert me == {
        "user_id": f"{ISSUER}#ana",
        "username": f"{ISSUER}#ana",
        "name": "Ana Lima",
        "role": "viewer",
        "tenant_id": "a",
        "tenant_name": "A",
        "camera_ids": ["cam01", "cam02"],
        "locale": "pt-BR",
        "must_change_password": False,
    }
    assert "Set-Cookie" not in received


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/me", {"name": "B"}),
        ("POST", "/auth/password", {"current": "a", "new": "a longer secret"}),
        ("POST", "/cameras", {"name": "New", "vendor": "intelbras", "host": "10.0.0.1"}),
        ("GET", "/users", None),
    ],
)
async def test_what_is_beyond_it_is_403(
    site: Served, hub: Hub, method: str, path: str, body: Any
) -> None:
    arguments = {"json": body} if body is not None else {}
    status, content = await site.call(
        method, path, headers=bearer(hub.token(role="operator")), **arguments
    )

    assert (status, content["code"]) == (403, "not_permitted")


async def seen(site: Served, token: str) -> list[str]:
    _, listing = await site.call("GET", "/cameras", headers=bearer(token))
    _, _, collection = await site.exchange("GET", "/api/v1/cameras.geojson", headers=bearer(token))
    assert collection["features"] == []  # none is placed
    return [camera["camera_id"] for camera in listing["items"]]


async def test_keys_that_cannot_be_used_are_a_finding_for_those_of_the_whole_site(
    site: Served,
) -> None:
    _, box = await site.call("GET", "/status", who="admin")
    _, mine = await site.call("GET", "/status", who="admin-a")

    assert box["findings"] == [
        {
            "code": "issuer_keys_gone",
            "severity": "warning",
            "issuer": ISSUER,
            "source": "/nowhere/next.pem",
            "kept": 0,
        }
    ]
    assert mine["findings"] == []


async def test_cameras_are_those_of_the_tenant_and_of_the_list(site: Served, hub: Hub) -> None:
    assert await seen(site, hub.token()) == ["cam01", "cam02"]
    assert await seen(site, hub.token(camera_ids=["cam02", "cam09"])) == ["cam02"]
    assert await seen(site, hub.token(tenant_id="b")) == ["cam09"]
    assert await seen(site, hub.token(camera_ids=[])) == []
    for camera_id, token in (
        ("cam09", hub.token()),
        ("cam01", hub.token(camera_ids=["cam02"])),
        ("cam01", hub.token(tenant_id="b")),
    ):
        for path in (
            f"/api/v1/cameras/{camera_id}",
            f"/stream/{camera_id}_live/index.m3u8",
            f"/ws/live/{camera_id}_live",
        ):
            status, _, content = await site.exchange("GET", path, headers=bearer(token))
            assert (status, content["code"]) == (404, "unknown_camera")
        headers = bearer(token, **asking_for(f"/stream/{camera_id}_live/index.m3u8"))
        status, content = await site.call("GET", "/auth/check", headers=headers)
        assert (status, content["code"]) == (403, "not_permitted")


async def test_a_ticket_opens_a_stream_and_the_audit_log_names_the_person(
    site: Served, hub: Hub, clock: FakeClock, database: Database
) -> None:
    token = hub.token(exp=hub.now_s() + 60)
    status, ticket = await site.call(
        "POST", "/auth/ticket", headers=bearer(token), json={"path": "cam01_live"}
    )
    assert status == 200

    status, _, playlist = await site.exchange(
        "GET", f"/stream/cam01_live/index.m3u8?ticket={ticket['ticket']}"
    )

    assert status == 200
    found = re.search(r"^(\S+\.m3u8\?s=\S+)$", playlist.decode(), re.MULTILINE)
    assert found is not None
    media = f"/stream/cam01_live/{found[1]}"
    assert (await site.exchange("GET", media))[0] == 200
    rows = await database.fetch_all(
        "SELECT actor_name, actor, tenant_id FROM audit_log WHERE action = 'view.started'"
    )
    assert [tuple(row) for row in rows] == [(f"{ISSUER}#ana", f"{ISSUER}#ana", "a")]

    clock.step_wall(91)  # exp and leeway
    assert (await site.exchange("GET", media))[0] == 401


async def test_a_change_made_with_it_is_in_the_log_under_its_name(
    site: Served, hub: Hub, database: Database
) -> None:
    headers = bearer(hub.token(role="operator"))
    body = {"nome": "Entrada", "layout": "1x1", "cameras": ["cam01"]}

    status, _ = await site.call("POST", "/mosaics", headers=headers, json=body)

    assert status == 201
    row = await database.fetch_one(
        "SELECT actor_name FROM audit_log WHERE action LIKE 'mosaic.%' ORDER BY seq DESC"
    )
    assert row is not None
    assert row["actor_name"] == f"{ISSUER}#ana"
