"""An integrator sees whether readings arrive, and why not, without seeing a secret."""

import json
from typing import Any

import pytest

from tests.fakes.clock import FakeClock
from tests.unit.api.conftest import Served
from tests.unit.api.test_itsapi import KEEP_ALIVE, ItsapiCamera
from tests.unit.api.test_plates import access, message, post

STATUS = "/cameras/cam01/push-status"


async def status_of(served: Served) -> dict[str, Any]:
    status, found = await served.call("GET", STATUS, who="admin")
    assert status == 200, found
    return dict(found)


async def test_before_anything_was_done_nothing_is_known(served: Served) -> None:
    found = await status_of(served)

    assert found["made_at"] is None
    assert found["last_received"] is None
    assert found["last_refused"] is None
    assert found["since"]


async def test_a_reading_that_came_and_one_that_was_refused_are_told_apart(
    served: Served, clock: FakeClock
) -> None:
    made = await access(served)
    await post(served, json.dumps(message(clock, made["secret"])).encode())
    await clock.advance(5)
    await post(served, json.dumps(message(clock, "whsec_d3Jvbmc=")).encode())

    found = await status_of(served)

    assert found["made_at"] == made["made_at"]
    assert (found["last_received"]["source"], found["last_received"]["kind"]) == (
        "webhook",
        "reading",
    )
    assert (found["last_refused"]["source"], found["last_refused"]["reason"]) == (
        "webhook",
        "push_refused",
    )
    assert found["last_received"]["at"] < found["last_refused"]["at"]
    assert made["secret"] not in json.dumps(found)


async def test_a_stale_reading_is_told_as_such(served: Served, clock: FakeClock) -> None:
    secret = (await access(served))["secret"]
    raw = json.dumps(message(clock, secret)).encode()
    await clock.advance(400)

    await post(served, raw)

    assert (await status_of(served))["last_refused"]["reason"] == "stale_push"


@pytest.mark.parametrize("change", [{"timestamp": "yesterday"}, {"imagem_url": "ftp://a/b"}])
async def test_what_lacks_sense_is_told_of_the_camera_that_it_names(
    served: Served, clock: FakeClock, change: dict[str, str]
) -> None:
    secret = (await access(served))["secret"]

    status, _ = await post(served, json.dumps(message(clock, secret) | change).encode())

    assert status == 422
    assert (await status_of(served))["last_refused"]["reason"] == "invalid_input"


@pytest.mark.parametrize("raw", [b"{", b"[]", b'{"camera_id": 1}', b'{"camera_id": "cam77"}'])
async def test_what_names_no_camera_is_told_of_none(served: Served, raw: bytes) -> None:
    await access(served)

    status, _ = await post(served, raw)

    assert status == 422
    assert (await status_of(served))["last_refused"] is None


async def test_an_event_that_is_no_reading_is_a_sign_that_the_camera_reaches_us(
    served: Served,
) -> None:
    path = (await access(served))["hikvision_path"]
    await served.exchange(
        "POST",
        path,
        data=b"<EventNotificationAlert><eventType>VMD</eventType></EventNotificationAlert>",
        headers={"Content-Type": "application/xml"},
    )

    received = (await status_of(served))["last_received"]

    assert (received["source"], received["kind"]) == ("hikvision", "other")


async def test_what_cannot_be_read_is_refused_by_its_name(served: Served) -> None:
    path = (await access(served))["hikvision_path"]
    await served.exchange(
        "POST", path, data=b"<broken", headers={"Content-Type": "application/xml"}
    )

    assert (await status_of(served))["last_refused"]["reason"] == "malformed_push"


async def test_a_challenge_is_no_refusal_and_a_wrong_password_is(served: Served) -> None:
    secret = (await access(served))["secret"]
    camera = ItsapiCamera(served, secret)

    await camera.post(KEEP_ALIVE, b"{}")
    before = await status_of(served)
    await ItsapiCamera(served, "wrong").post(KEEP_ALIVE, b"{}")
    after = await status_of(served)

    assert before["last_refused"] is None
    assert before["last_received"]["kind"] == "other"
    assert (after["last_refused"]["source"], after["last_refused"]["reason"]) == (
        "itsapi",
        "push_refused",
    )


@pytest.mark.parametrize(
    ("who", "expected"), [("operator-a", 403), ("viewer-a", 403), ("admin-b", 404)]
)
async def test_only_admins_who_may_see_the_camera_are_told(
    served: Served, who: str, expected: int
) -> None:
    status, _ = await served.call("GET", STATUS, who=who)

    assert status == expected
