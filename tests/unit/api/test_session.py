import re
from http.cookies import Morsel, SimpleCookie
from typing import Any

import pytest

from gtvision_edge.accounts import Accounts
from gtvision_edge.api.routing import PUBLIC
from gtvision_edge.settings import ApiSettings
from tests.fakes.clock import FakeClock
from tests.unit.api.conftest import SECRET, Served, Starter

LOGIN = {"username": "viewer-a", "password": SECRET}


def _cookies(headers: Any) -> dict[str, Morsel[str]]:
    jar = SimpleCookie()
    for line in headers.getall("Set-Cookie", []):
        jar.load(line)
    return dict(jar)


async def _login(served: Served, **arguments: Any) -> tuple[dict[str, str], Any]:
    """Return the cookies by name and the body."""
    status, headers, body = await served.exchange(
        "POST", "/api/v1/auth/login", json=LOGIN, **arguments
    )
    assert status == 200
    return {name: morsel.value for name, morsel in _cookies(headers).items()}, body


def _sent(cookies: dict[str, str]) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}


async def test_login_answers_with_a_token_the_person_and_two_cookies(served: Served) -> None:
    status, headers, body = await served.exchange("POST", "/api/v1/auth/login", json=LOGIN)

    assert status == 200
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 900)
    assert body["user"] == {
        "user_id": served.user_ids["viewer-a"],
        "username": "viewer-a",
        "name": "viewer-a",
        "role": "viewer",
        "tenant_id": "a",
        "tenant_name": "A",
        "camera_ids": None,
        "locale": "pt-BR",
        "must_change_password": False,
    }
    cookies = _cookies(headers)
    assert {name: cookie["path"] for name, cookie in cookies.items()} == {
        "gtv_session": "/",
        "gtv_refresh": "/api/v1/auth",
    }
    for cookie in cookies.values():
        assert cookie["httponly"]
        assert cookie["samesite"] == "Strict"
        assert not cookie["secure"]
    assert cookies["gtv_session"].value == body["access_token"]
    assert cookies["gtv_session"]["max-age"] == "900"
    assert headers["Cache-Control"] == "no-store"


async def test_bearer_and_cookie_both_prove_who_asks(served: Served) -> None:
    cookies, body = await _login(served)

    by_cookie = await served.call("GET", "/me", headers=_sent(cookies))
    by_bearer = await served.call(
        "GET", "/me", headers={"Authorization": f"Bearer {body['access_token']}"}
    )

    assert by_cookie == by_bearer == (200, body["user"])


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer x.y.z"},
        {"Authorization": "Basic YWRtaW46YWRtaW4="},
        {"Cookie": "gtv_session=x"},
        {"Cookie": "gtv_session="},
        {"Cookie": ';;=;"\\'},
    ],
)
async def test_without_proof_the_answer_is_401(served: Served, headers: dict[str, str]) -> None:
    status, received, body = await served.exchange("GET", "/api/v1/me", headers=headers)

    assert (status, body["code"]) == (401, "not_authenticated")
    assert received["WWW-Authenticate"] == "Bearer"
    assert received["Content-Type"] == "application/problem+json"


async def test_wrong_credentials_are_a_401_and_then_a_429(served: Served) -> None:
    wrong = {"username": "viewer-a", "password": "wrong"}
    for _ in range(5):
        status, body = await served.call("POST", "/auth/login", json=wrong)
        assert (status, body["code"]) == (401, "wrong_credentials")

    status, headers, body = await served.exchange("POST", "/api/v1/auth/login", json=LOGIN)

    assert (status, body["code"]) == (429, "login_throttled")
    assert headers["Retry-After"] == "900"


async def test_the_refresh_cookie_renews_the_session(served: Served, clock: FakeClock) -> None:
    cookies, _ = await _login(served)
    await clock.advance(901)
    assert (await served.call("GET", "/me", headers=_sent(cookies)))[0] == 401

    status, headers, body = await served.exchange(
        "POST", "/api/v1/auth/refresh", headers=_sent(cookies)
    )

    assert status == 200
    renewed = {name: morsel.value for name, morsel in _cookies(headers).items()}
    assert renewed["gtv_refresh"] != cookies["gtv_refresh"]
    assert (await served.call("GET", "/me", headers=_sent(renewed))) == (200, body["user"])


@pytest.mark.parametrize("cookie", ["", "gtv_refresh=", "gtv_refresh=nonsense"])
async def test_nothing_to_renew_is_a_401(served: Served, cookie: str) -> None:
    status, body = await served.call("POST", "/auth/refresh", headers={"Cookie": cookie})

    assert (status, body["code"]) == (401, "session_ended")


async def test_logout_ends_the_session_and_takes_the_cookies_away(
    served: Served, clock: FakeClock
) -> None:
    cookies, _ = await _login(served)

    status, headers, _ = await served.exchange(
        "POST", "/api/v1/auth/logout", headers=_sent(cookies)
    )

    assert status == 204
    assert {cookie["max-age"] for cookie in _cookies(headers).values()} == {"0"}
    assert (await served.call("GET", "/me", headers=_sent(cookies)))[0] == 401
    assert (await served.call("POST", "/auth/refresh", headers=_sent(cookies)))[0] == 401
    assert (await served.call("POST", "/auth/logout"))[0] == 204  # once more does no harm


async def test_logout_works_with_an_access_token_that_ran_out(
    served: Served, clock: FakeClock
) -> None:
    cookies, _ = await _login(served)
    await clock.advance(1000)

    assert (await served.call("POST", "/auth/logout", headers=_sent(cookies)))[0] == 204
    assert (await served.call("POST", "/auth/refresh", headers=_sent(cookies)))[0] == 401


@pytest.mark.parametrize(
    ("headers", "is_allowed"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://["}, False),
        ({"Origin": "OWN"}, True),
        ({"Origin": "OWN", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "OWN", "Sec-Fetch-Site": "cross-site"}, False),
        # a proxy in front told us another host; the browser knows better
        ({"Origin": "https://edge.example", "Sec-Fetch-Site": "same-origin"}, True),
        # nobody told us that this is a proxy
        ({"Origin": "https://edge.example", "X-Forwarded-Host": "edge.example"}, False),
    ],
)
async def test_pages_of_other_sites_cannot_use_the_cookie_to_change_things(
    served: Served, headers: dict[str, str], is_allowed: bool
) -> None:
    cookies, _ = await _login(served)
    headers = {name: value.replace("OWN", served.url) for name, value in headers.items()}

    changed = await served.call(
        "PATCH", "/me", json={"locale": "en"}, headers=headers | _sent(cookies)
    )
    read = await served.call("GET", "/me", headers=headers | _sent(cookies))
    by_bearer = await served.call("PATCH", "/me", json={}, who="viewer-a", headers=headers)

    assert changed[0] == (200 if is_allowed else 403)
    assert is_allowed or changed[1]["code"] == "foreign_origin"
    assert (read[0], by_bearer[0]) == (200, 200)


async def test_a_trusted_proxy_tells_the_host_that_the_page_is_from(start: Starter) -> None:
    headers = {"Origin": "https://edge.example", "X-Forwarded-Host": "Edge.example"}
    async with start(settings=ApiSettings(trusted_proxies=("127.0.0.1",))) as served:
        assert (await served.call("POST", "/auth/login", json=LOGIN, headers=headers))[0] == 200


@pytest.mark.parametrize("path", ["/auth/login", "/auth/refresh", "/auth/logout"])
async def test_pages_of_other_sites_cannot_log_in_or_out(served: Served, path: str) -> None:
    cookies, _ = await _login(served)

    status, body = await served.call(
        "POST", path, json=LOGIN, headers={"Origin": "https://evil.example"} | _sent(cookies)
    )

    assert (status, body["code"]) == (403, "foreign_origin")


@pytest.mark.parametrize(
    ("settings", "headers", "is_secure"),
    [
        ({}, {"X-Forwarded-Proto": "https"}, False),
        ({"trusted_proxies": ("127.0.0.1",)}, {"X-Forwarded-Proto": "https"}, True),
        ({"trusted_proxies": ("127.0.0.1",)}, {"X-Forwarded-Proto": "http"}, False),
        ({"secure_cookies": "always"}, {}, True),
        (
            {"trusted_proxies": ("127.0.0.1",), "secure_cookies": "never"},
            {"X-Forwarded-Proto": "https"},
            False,
        ),
    ],
)
async def test_cookies_are_for_https_only_when_the_request_came_by_it(
    start: Starter, settings: dict[str, Any], headers: dict[str, str], is_secure: bool
) -> None:
    async with start(settings=ApiSettings(**settings)) as served:
        _, received, _ = await served.exchange(
            "POST", "/api/v1/auth/login", json=LOGIN, headers=headers
        )

        assert {bool(each["secure"]) for each in _cookies(received).values()} == {is_secure}


@pytest.mark.parametrize(
    ("trusted", "forwarded", "counted"),
    [
        ((), "10.5.5.5", "127.0.0.1"),
        (("127.0.0.1",), "10.5.5.5", "10.5.5.5"),
        (("127.0.0.1",), "6.6.6.6, 10.5.5.5", "10.5.5.5"),
        (("127.0.0.1", "10.5.0.0/16"), "6.6.6.6, 10.5.5.5", "6.6.6.6"),
        (("127.0.0.1",), "nonsense", "127.0.0.1"),
    ],
)
async def test_only_a_trusted_proxy_tells_the_address(
    start: Starter, accounts: Accounts, trusted: tuple[str, ...], forwarded: str, counted: str
) -> None:
    async with start(settings=ApiSettings(trusted_proxies=trusted)) as served:
        await served.call(
            "POST",
            "/auth/login",
            json={"username": "nobody", "password": "wrong"},
            headers={"X-Forwarded-For": forwarded},
        )

    assert list(accounts.sessions._failures._counted) == [("", counted)]


async def test_a_ticket_is_given_to_who_is_logged_in(served: Served, accounts: Accounts) -> None:
    assert (await served.call("POST", "/auth/ticket"))[0] == 401

    status, body = await served.call("POST", "/auth/ticket", who="viewer-a")
    assert (status, body["expires_in"]) == (200, 30)
    session = await accounts.sessions.redeem_ticket(body["ticket"], path="cam01_live")
    assert session.principal.username == "viewer-a"

    bound = await served.call("POST", "/auth/ticket", who="viewer-a", json={"path": "cam01_live"})
    await accounts.sessions.redeem_ticket(bound[1]["ticket"], path="cam01_live")


@pytest.mark.parametrize("path", ["cam09_live", "cam77_live", "cam01", "nonsense", "../cam01_live"])
async def test_there_is_no_ticket_for_a_stream_one_may_not_see(served: Served, path: str) -> None:
    status, problem = await served.call("POST", "/auth/ticket", who="viewer-a", json={"path": path})

    assert (status, problem["code"]) == (404, "unknown_camera")


async def test_an_auditor_gets_no_ticket_for_a_stream(served: Served) -> None:
    body = {"path": "cam01_live"}

    status, problem = await served.call("POST", "/auth/ticket", who="auditor-a", json=body)

    assert (status, problem["code"]) == (403, "not_permitted")


async def test_a_provisional_password_is_good_for_changing_it_and_nothing_else(
    served: Served,
) -> None:
    body = {"username": "nova", "password": SECRET, "role": "admin", "tenant_id": "a"}
    assert (await served.call("POST", "/users", who="admin-a", json=body))[0] == 201
    status, login = await served.call(
        "POST", "/auth/login", json={"username": "nova", "password": SECRET}
    )
    assert (status, login["user"]["must_change_password"]) == (200, True)
    headers = {"Authorization": f"Bearer {login['access_token']}"}

    refused = 0
    for endpoint in served.endpoints:
        if endpoint.access == PUBLIC or endpoint.with_provisional_password:
            continue
        path = re.sub(r"\{\w+\}", "cam01", endpoint.path)
        status, problem = await served.call(endpoint.method, path, headers=headers)
        where = f"{endpoint.method} {path}"
        assert (status, problem["code"]) == (403, "password_change_required"), where
        refused += 1
    assert refused > 25
    from_afar = headers | {"X-Forwarded-For": "10.0.0.1"}
    assert (await served.exchange("GET", "/metrics", headers=from_afar))[0] == 403
    assert (await served.call("GET", "/me", headers=headers))[0] == 200

    change = {"current": SECRET, "new": SECRET + "!"}
    assert (await served.call("POST", "/auth/password", headers=headers, json=change))[0] == 204
    _, login = await served.call(
        "POST", "/auth/login", json={"username": "nova", "password": SECRET + "!"}
    )
    headers = {"Authorization": f"Bearer {login['access_token']}"}
    assert (await served.call("GET", "/cameras", headers=headers))[0] == 200


async def test_who_has_a_provisional_password_can_log_out(served: Served) -> None:
    body = {"username": "nova", "password": SECRET, "role": "viewer", "tenant_id": "a"}
    await served.call("POST", "/users", who="admin-a", json=body)
    _, headers, _ = await served.exchange(
        "POST", "/api/v1/auth/login", json={"username": "nova", "password": SECRET}
    )
    mine = _sent({name: morsel.value for name, morsel in _cookies(headers).items()})

    assert (await served.call("POST", "/auth/logout", headers=mine))[0] == 204
    assert (await served.call("GET", "/me", headers=mine))[0] == 401


async def test_a_changed_password_keeps_this_browser_logged_in_and_no_other(
    served: Served,
) -> None:
    mine, _ = await _login(served)
    other, _ = await _login(served)

    status, headers, _ = await served.exchange(
        "POST",
        "/api/v1/auth/password",
        json={"current": SECRET, "new": SECRET + "!"},
        headers=_sent(mine),
    )

    assert status == 204
    renewed = {name: morsel.value for name, morsel in _cookies(headers).items()}
    status, me = await served.call("GET", "/me", headers=_sent(renewed))
    assert (status, me["must_change_password"]) == (200, False)
    assert (await served.call("GET", "/me", headers=_sent(other)))[0] == 401
    assert (await served.call("POST", "/auth/refresh", headers=_sent(other)))[0] == 401


async def test_password_faults_have_their_codes(served: Served) -> None:
    wrong = {"current": "no", "new": SECRET + "!"}
    weak = {"current": SECRET, "new": "short"}

    assert [
        (status, body["code"])
        for status, body in [
            await served.call("POST", "/auth/password", who="viewer-a", json=wrong),
            await served.call("POST", "/auth/password", who="viewer-a", json=weak),
        ]
    ] == [(403, "wrong_password"), (422, "weak_password")]
