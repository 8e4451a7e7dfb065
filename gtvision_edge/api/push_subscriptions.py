"""Notices on phones and browsers: what they subscribe to, who has which devices, a trial."""

from typing import Annotated, Literal

from pydantic import Field

from gtvision_edge.accounts import NotAuthenticatedError
from gtvision_edge.api.routing import EVERYONE, Answer, Body, Call, Endpoint, Listing
from gtvision_edge.detections.model import WatchLevel
from gtvision_edge.push.addresses import LONGEST
from gtvision_edge.push.errors import (
    PushAddressRefusedError,
    PushRefusedError,
    PushServiceUnreachableError,
    SubscriptionGoneError,
    TooManySubscriptionsError,
    TrialTooSoonError,
    UnknownSubscriptionError,
)
from gtvision_edge.push.model import Subscription, Topic, topics_of
from gtvision_edge.push.opening import Pushes
from gtvision_edge.push.subscriptions import LONGEST_DEVICE, NewSubscription
from gtvision_edge.runtime.timestamps import to_rfc3339

TopicName = Literal["plates", "cameras", "storage", "hub", "archive"]
Level = Literal["info", "warning", "critical"]
Device = Annotated[
    str,
    Field(
        min_length=1, max_length=LONGEST_DEVICE, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$"
    ),
]
Topics = Annotated[list[TopicName], Field(max_length=8)]
Address = Annotated[str, Field(max_length=LONGEST)]


class PushKeyAnswer(Answer):
    public_key: str
    """applicationServerKey of PushManager.subscribe, base64url."""
    topics: list[TopicName]
    """What the asker may be told of."""


class KeysBody(Body):
    p256dh: Annotated[str, Field(max_length=200)]
    auth: Annotated[str, Field(max_length=100)]


class SubscriptionBody(Body):
    """What PushSubscription.toJSON() gives, and what to tell; absent = as it was, or all that one may hear."""

    endpoint: Address
    keys: KeysBody
    expirationTime: float | None = None  # noqa: N815 -- the browsers' own name
    device: Device | None = None
    topics: Topics | None = None
    plates_from: Level | None = None
    replaces: Address | None = None
    """The endpoint that the browser had before."""


class SubscriptionChangeBody(Body):
    device: Device | None = None
    topics: Topics | None = None
    plates_from: Level | None = None


class SubscriptionAnswer(Answer):
    subscription_id: str
    device: str
    service: str
    """Host of the push service."""
    topics: list[TopicName]
    plates_from: Level
    """Least level of a wanted plate."""
    created_at: str
    accepted_at: str | None
    """When the push service last took something for it."""
    trouble: str
    """Code of why the last try came to nothing; empty = it did not."""


class _PushResource:
    def __init__(self, pushes: Pushes) -> None:
        self._desk = pushes.desk
        self._sender = pushes.sender

    async def key(self, call: Call) -> PushKeyAnswer:
        allowed = topics_of(call.principal)
        return PushKeyAnswer(
            public_key=self._desk.site_key,
            topics=[each.value for each in Topic if each in allowed],
        )

    async def list_own(self, call: Call) -> Listing[SubscriptionAnswer]:
        found = await self._desk.list_own(call.principal)
        return Listing[SubscriptionAnswer](items=[_answer(each) for each in found])

    async def subscribe(self, call: Call) -> SubscriptionAnswer:
        if call.session is None:
            raise NotAuthenticatedError("Log in first.")
        body = call.body_as(SubscriptionBody)
        wanted = NewSubscription(
            body.endpoint,
            body.keys.p256dh,
            body.keys.auth,
            body.device,
            None if body.topics is None else [Topic(each) for each in body.topics],
            None if body.plates_from is None else WatchLevel(body.plates_from),
            body.replaces,
        )
        return _answer(await self._desk.subscribe(call.session, wanted, address=call.address))

    async def change(self, call: Call) -> SubscriptionAnswer:
        body = call.body_as(SubscriptionChangeBody)
        changed = await self._desk.change(
            call.principal,
            call.path("subscription_id"),
            device=body.device,
            topics=None if body.topics is None else [Topic(each) for each in body.topics],
            plates_from=None if body.plates_from is None else WatchLevel(body.plates_from),
            address=call.address,
        )
        return _answer(changed)

    async def remove(self, call: Call) -> None:
        await self._desk.remove(call.principal, call.path("subscription_id"), address=call.address)

    async def try_out(self, call: Call) -> None:
        await self._sender.try_out(call.principal, call.path("subscription_id"))


def _answer(found: Subscription) -> SubscriptionAnswer:
    accepted_us = found.accepted_us
    return SubscriptionAnswer(
        subscription_id=found.subscription_id,
        device=found.device,
        service=found.service,
        topics=[each.value for each in Topic if each in found.topics],
        plates_from=found.plates_from.value,
        created_at=to_rfc3339(found.created_us),
        accepted_at=None if accepted_us is None else to_rfc3339(accepted_us),
        trouble=found.trouble,
    )


def push_subscription_endpoints(pushes: Pushes) -> list[Endpoint]:
    """Return ``/push``."""
    resource = _PushResource(pushes)
    ids = {"subscription_id": UnknownSubscriptionError}
    many, one = "/push/subscriptions", "/push/subscriptions/{subscription_id}"
    tag, look_up = "notices", pushes.desk.find
    return [
        Endpoint(
            "GET",
            "/push/key",
            resource.key,
            "Show the key that browsers subscribe to",
            tag,
            EVERYONE,
            response=PushKeyAnswer,
        ),
        Endpoint(
            "GET",
            many,
            resource.list_own,
            "List the own devices that are told of things",
            tag,
            EVERYONE,
            response=Listing[SubscriptionAnswer],
        ),
        Endpoint(
            "POST",
            many,
            resource.subscribe,
            "Have this browser told of things, or confirm it with the present login",
            tag,
            EVERYONE,
            body=SubscriptionBody,
            response=SubscriptionAnswer,
            status=201,
            errors=(PushAddressRefusedError, TooManySubscriptionsError),
            description="A device is told nothing once the login it was last confirmed with has ended.",
        ),
        Endpoint(
            "PATCH",
            one,
            resource.change,
            "Change what a device is told of; absent fields stay as they are",
            tag,
            EVERYONE,
            body=SubscriptionChangeBody,
            response=SubscriptionAnswer,
            ids=ids,
            look_up=look_up,
        ),
        Endpoint(
            "DELETE",
            one,
            resource.remove,
            "Tell a device nothing any more",
            tag,
            EVERYONE,
            status=204,
            ids=ids,
            look_up=look_up,
        ),
        Endpoint(
            "POST",
            one + "/test",
            resource.try_out,
            "Send a trial notice to a device, now",
            tag,
            EVERYONE,
            status=204,
            errors=(
                PushServiceUnreachableError,
                PushRefusedError,
                SubscriptionGoneError,
                TrialTooSoonError,
            ),
            ids=ids,
            look_up=look_up,
        ),
    ]
