"""What a push service says, and what is made of it."""

import pytest

from gtvision_edge.keys import PushKey
from gtvision_edge.push.delivery import LONGEST_WAIT_S, Fate, open_push_services
from gtvision_edge.push.model import Message, PushAddress, Urgency
from gtvision_edge.push.vapid import LIFETIME_S, RENEW_S, Vapid
from tests.fakes.clock import FakeClock
from tests.fakes.push_service import LocalPushService

MESSAGE = Message("Título", "corpo", "tag", "#/", Urgency.NORMAL, 0)


def address_of(service: LocalPushService) -> PushAddress:
    endpoint = service.endpoint()
    browser = service.browsers["phone"]
    return PushAddress(endpoint, browser.public, browser.auth)


@pytest.mark.parametrize(
    ("status", "retry_after", "fate", "wait_s"),
    [
        (201, None, Fate.ACCEPTED, 0),
        (204, None, Fate.ACCEPTED, 0),
        (301, None, Fate.REFUSED, 0),
        (400, None, Fate.REFUSED, 0),
        (401, None, Fate.LATER, 0),
        (403, None, Fate.LATER, 0),
        (404, None, Fate.GONE, 0),
        (410, None, Fate.GONE, 0),
        (413, None, Fate.REFUSED, 0),
        (429, "120", Fate.LATER, 120),
        (429, "Thu, 01 Jan 2026 00:02:00 +99999999999999999", Fate.LATER, 0),
        (429, "Thu, 01 Jan 2026 00:02:00 GMT", Fate.LATER, 120),
        (503, "999999", Fate.LATER, LONGEST_WAIT_S),
        (503, "-5", Fate.LATER, 0),
        (503, "9" * 400, Fate.LATER, 0),
        (503, "\u0661", Fate.LATER, 0),
        (503, "soon", Fate.LATER, 0),
        (500, None, Fate.LATER, 0),
    ],
)
async def test_the_status_decides(
    service: LocalPushService,
    push_key: PushKey,
    clock: FakeClock,
    status: int,
    retry_after: str | None,
    fate: Fate,
    wait_s: float,
) -> None:
    service.status = status
    service.headers = {} if retry_after is None else {"Retry-After": retry_after}
    service.headers |= {"Location": service.url + "/wp/other"} if status == 301 else {}
    vapid = Vapid(push_key, contact="mailto:a@b.example", clock=clock)

    async with open_push_services(vapid, clock, allow_private=True) as services:
        outcome = await services.deliver(address_of(service), MESSAGE, ttl_s=60)

    assert (outcome.fate, outcome.wait_s) == (fate, wait_s)
    assert service.tries == 1
    assert "/wp/" not in repr(outcome)


async def test_a_private_network_is_not_written_to_whatever_was_allowed_before(
    service: LocalPushService, push_key: PushKey, clock: FakeClock
) -> None:
    vapid = Vapid(push_key, contact="mailto:a@b.example", clock=clock)
    by_name = address_of(service)
    by_name = PushAddress("https://localhost/wp/phone", by_name.p256dh, by_name.auth)

    async with open_push_services(vapid, clock, allow_private=False) as services:
        by_number = await services.deliver(address_of(service), MESSAGE, ttl_s=60)
        named = await services.deliver(by_name, MESSAGE, ttl_s=60)

    assert by_number.fate is Fate.REFUSED
    assert named.fate is Fate.UNREACHABLE
    assert service.tries == 0


async def test_a_token_serves_an_hour_and_is_made_anew_when_the_clock_steps(
    push_key: PushKey, clock: FakeClock
) -> None:
    vapid = Vapid(push_key, contact="mailto:a@b.example", clock=clock)
    first = vapid.authorization("https://push.example/a")

    assert vapid.authorization("https://push.example/b") == first
    assert vapid.authorization("https://other.example/a") != first
    await clock.advance(RENEW_S)
    second = vapid.authorization("https://push.example/a")
    assert second != first
    clock.step_wall(-LIFETIME_S)
    assert vapid.authorization("https://push.example/a") != second
