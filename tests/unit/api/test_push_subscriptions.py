"""Notices on phones and browsers, as a browser sets them up."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gtvision_edge.keys import OpenedKeys
from tests.fakes.push_service import LocalPushService, running_push_service
from tests.unit.api.conftest import Served


@pytest.fixture
async def service(keys: OpenedKeys) -> AsyncIterator[LocalPushService]:
    async with running_push_service(keys.push.public) as running:
        yield running


async def subscribed(served: Served, service: LocalPushService, **more: Any) -> dict[str, Any]:
    body = service.subscription() | more
    status, made = await served.call("POST", "/push/subscriptions", who="operator-a", json=body)
    assert status == 201, made
    found: dict[str, Any] = made
    return found


async def test_a_browser_learns_the_key_and_what_its_owner_may_hear(
    served: Served, keys: OpenedKeys
) -> None:
    topics = {}
    for who in ("admin", "admin-a", "operator-a", "auditor-a"):
        status, told = await served.call("GET", "/push/key", who=who)
        assert (status, told["public_key"]) == (200, keys.push.public)
        topics[who] = told["topics"]

    assert topics == {
        "admin": ["plates", "cameras", "storage", "hub", "archive"],
        "admin-a": ["plates", "cameras", "storage", "hub"],
        "operator-a": ["plates", "cameras", "storage"],
        "auditor-a": ["cameras", "storage"],
    }


async def test_a_device_is_added_changed_tried_and_removed(
    served: Served, service: LocalPushService
) -> None:
    made = await subscribed(served, service, device="Celular da Ana", plates_from="critical")
    path = f"/push/subscriptions/{made['subscription_id']}"
    assert made["topics"] == ["plates", "cameras", "storage"]
    assert made["service"] == "127.0.0.1"
    assert "wp" not in str(made)

    _, changed = await served.call("PATCH", path, who="operator-a", json={"topics": ["plates"]})
    assert (changed["topics"], changed["plates_from"]) == (["plates"], "critical")
    again = await subscribed(served, service)
    assert again == changed

    assert (await served.call("POST", f"{path}/test", who="operator-a"))[0] == 204
    assert service.got[0].message["title"] == "Aviso de teste"
    status, refusal = await served.call("POST", f"{path}/test", who="operator-a")
    assert (status, refusal["code"], refusal["retry_after_s"]) == (429, "trial_too_soon", 10)

    assert (await served.call("DELETE", path, who="operator-a"))[0] == 204
    _, page = await served.call("GET", "/push/subscriptions", who="operator-a")
    assert page["items"] == []


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"endpoint": "nonsense"}, 422, "push_address_refused"),
        ({"keys": {"p256dh": "AAAA", "auth": "AAAA"}}, 422, "push_address_refused"),
        ({"endpoint": "\ud800"}, 422, None),
        ({"endpoint": None}, 422, "invalid_input"),
        ({"topics": ["everything"]}, 422, "invalid_input"),
        ({"topics": ["hub"]}, 403, "not_permitted"),
        ({"topics": ["archive"]}, 403, "not_permitted"),
        ({"device": "  "}, 422, "invalid_input"),
        ({"device": "x" * 81}, 422, "invalid_input"),
        ({"device": "a\nb"}, 422, "invalid_input"),
        ({"plates_from": "whenever"}, 422, "invalid_input"),
        ({"expirationTime": 1e300}, 201, None),
        ({"surprise": 1}, 422, "invalid_input"),
    ],
)
async def test_what_is_wrong_with_a_subscription_is_said(
    served: Served, service: LocalPushService, change: dict[str, Any], status: int, code: str | None
) -> None:
    body = service.subscription() | change

    answer = await served.call("POST", "/push/subscriptions", who="operator-a", json=body)

    assert answer[0] == status, answer
    if code is not None:
        assert answer[1]["code"] == code


async def test_a_logged_out_phone_is_told_nothing(
    served: Served, service: LocalPushService, notices: Any
) -> None:
    await subscribed(served, service)
    (mine,) = await notices.desk.list_own(
        (await served.sessions.authenticate(await served.token("operator-a"))).principal
    )
    find = served.sessions.find_person
    person = await find(mine.user_id, mine.session_id)
    assert person is not None
    assert person.username == "operator-a"

    await served.call("POST", "/auth/logout", who="operator-a")

    assert await find(mine.user_id, mine.session_id) is None
    assert await find("nobody", mine.session_id) is None
