"""The rules about subscriptions: each person has a few devices of their own, and says what each is told of."""

import hashlib
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Final

from gtvision_edge.accounts import NotPermittedError, Principal, Session
from gtvision_edge.accounts.rules import require_own_user
from gtvision_edge.audit import AuditLog
from gtvision_edge.detections.model import WatchLevel
from gtvision_edge.push import repository
from gtvision_edge.push.addresses import read_address, service_of
from gtvision_edge.push.errors import TooManySubscriptionsError, UnknownSubscriptionError
from gtvision_edge.push.model import PushAddress, Subscription, SubscriptionId, Topic, topics_of
from gtvision_edge.push.repository import Sealed
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.ids import new_uuid7
from gtvision_edge.storage import Database, Transaction

MOST_OF_A_PERSON: Final = 10
MOST_OF_A_SITE: Final = 1000
LONGEST_DEVICE: Final = 80
_BOUND_TO: Final = "push subscriptions"

Seal = Callable[[str, str], bytes]
Unseal = Callable[[str, bytes], str]


@dataclass(frozen=True, slots=True)
class NewSubscription:
    """What a browser gives (keys in base64url), and what it shall be told of; None = what it was, or all that its owner may hear."""

    endpoint: str = field(repr=False)
    p256dh: str = field(repr=False)
    auth: str = field(repr=False)
    device: str | None = None
    topics: Collection[Topic] | None = None
    plates_from: WatchLevel | None = None
    replaces: str | None = field(default=None, repr=False)
    """The address that the browser had before."""


class AddressBook:
    """Seals the addresses of subscriptions and opens them again."""

    def __init__(self, *, seal: Seal, unseal: Unseal, site_key: str) -> None:
        self._seal = seal
        self._unseal = unseal
        self.site_key = site_key

    def seal(self, address: PushAddress) -> Sealed:
        text = json.dumps([address.endpoint, address.p256dh.hex(), address.auth.hex()])
        return Sealed(hash_of(address.endpoint), self._seal(_BOUND_TO, text), self.site_key)

    def open(self, sealed: bytes) -> PushAddress:
        """Return an address.

        Raises:
            EdgeError: it was sealed with another key.

        """
        endpoint, p256dh, auth = json.loads(self._unseal(_BOUND_TO, sealed))
        return PushAddress(endpoint, bytes.fromhex(p256dh), bytes.fromhex(auth))


def hash_of(endpoint: str) -> bytes:
    return hashlib.sha256(endpoint.encode("utf-8", "replace")).digest()


class SubscriptionDesk:
    """Takes subscriptions and shows people their own. Every change but a mere confirmation is audited, without the address."""

    def __init__(
        self,
        database: Database,
        audit: AuditLog,
        clock: Clock,
        *,
        book: AddressBook,
        allow_private: bool,
    ) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._book = book
        self._allow_private = allow_private

    @property
    def site_key(self) -> str:
        """What browsers subscribe to; base64url."""
        return self._book.site_key

    async def list_own(self, principal: Principal) -> list[Subscription]:
        return await repository.subscriptions_of(self._database, principal.user_id)

    async def find(self, principal: Principal, subscription_id: str) -> Subscription:
        """Return one of the own.

        Raises:
            UnknownSubscriptionError: none such that is *principal*'s.

        """
        found = await repository.find_subscription(self._database, subscription_id)
        return _own(principal, found[0] if found else None)

    async def subscribe(
        self, session: Session, wanted: NewSubscription, *, address: str = ""
    ) -> Subscription:
        """Take a browser in, or confirm it with the login that it has now; what one browser had of another person goes.

        Raises:
            PushAddressRefusedError: it is none of a push service.
            TooManySubscriptionsError: there are as many as may be.
            NotPermittedError: another issuer vouches for this person, or a topic is not theirs to hear.

        """
        principal = session.principal
        require_own_user(principal)
        _check_topics(principal, wanted.topics)
        push_address = read_address(
            wanted.endpoint, wanted.p256dh, wanted.auth, allow_private=self._allow_private
        )
        sealed = self._book.seal(push_address)

        def write(transaction: Transaction) -> Subscription:
            before = _known(transaction, principal, wanted, sealed)
            if before is not None:
                after = _changed(before, wanted, session.session_id)
                repository.update_subscription(transaction, after)
                repository.set_address(transaction, before.subscription_id, sealed)
                if _choices(before) != _choices(after):
                    self._note(transaction, principal, address, "push.changed", after)
                return after
            _require_room(transaction, principal)
            made = self._made(session, wanted)
            repository.insert_subscription(transaction, made, sealed)
            self._note(transaction, principal, address, "push.subscribed", made)
            return made

        return await self._database.write(write)

    async def change(
        self,
        principal: Principal,
        subscription_id: str,
        *,
        device: str | None = None,
        topics: Collection[Topic] | None = None,
        plates_from: WatchLevel | None = None,
        address: str = "",
    ) -> Subscription:
        """Change what one of the own is told of; None = as it was.

        Raises:
            UnknownSubscriptionError: none such that is *principal*'s.
            NotPermittedError: a topic is not theirs to hear.

        """
        _check_topics(principal, topics)

        def write(transaction: Transaction) -> Subscription:
            before = _own(principal, repository.get_subscription_row(transaction, subscription_id))
            after = replace(
                before,
                device=before.device if device is None else device,
                topics=before.topics if topics is None else frozenset(topics),
                plates_from=plates_from or before.plates_from,
            )
            if _choices(before) != _choices(after):
                repository.update_subscription(transaction, after)
                self._note(transaction, principal, address, "push.changed", after)
            return after

        return await self._database.write(write)

    async def remove(
        self, principal: Principal, subscription_id: str, *, address: str = ""
    ) -> None:
        """Tell one of the own nothing any more.

        Raises:
            UnknownSubscriptionError: none such that is *principal*'s.

        """

        def write(transaction: Transaction) -> None:
            found = _own(principal, repository.get_subscription_row(transaction, subscription_id))
            repository.delete_subscription(transaction, found.subscription_id)
            self._note(transaction, principal, address, "push.unsubscribed", found)

        await self._database.write(write)

    def _made(self, session: Session, wanted: NewSubscription) -> Subscription:
        principal = session.principal
        topics = topics_of(principal) if wanted.topics is None else frozenset(wanted.topics)
        service = service_of(wanted.endpoint)
        return Subscription(
            subscription_id=SubscriptionId(new_uuid7(self._clock)),
            user_id=principal.user_id,
            session_id=session.session_id,
            device=wanted.device or service[:LONGEST_DEVICE],
            service=service,
            topics=topics,
            plates_from=wanted.plates_from or WatchLevel.WARNING,
            created_us=self._clock.now_us(),
            accepted_us=None,
            trouble="",
        )

    def _note(
        self,
        transaction: Transaction,
        principal: Principal,
        address: str,
        action: str,
        subscription: Subscription,
    ) -> None:
        self._audit.append(
            transaction,
            actor=principal.actor(address),
            action=action,
            subject=f"push:{subscription.subscription_id}",
            tenant_id=principal.tenant_id,
            details={
                "device": subscription.device,
                "service": subscription.service,
                "topics": sorted(subscription.topics),
                "plates_from": subscription.plates_from.value,
            },
        )


def _known(
    transaction: Transaction, principal: Principal, wanted: NewSubscription, sealed: Sealed
) -> Subscription | None:
    """Return the own subscription of this browser; one of another person's goes, for it is this person's browser now."""
    found = repository.find_by_endpoint(transaction, sealed.endpoint_hash)
    if found is not None and found.user_id != principal.user_id:
        repository.delete_subscription(transaction, found.subscription_id)
        found = None
    if found is None and wanted.replaces is not None:
        found = repository.find_by_endpoint(transaction, hash_of(wanted.replaces))
    return found if found is not None and found.user_id == principal.user_id else None


def _changed(before: Subscription, wanted: NewSubscription, session_id: str) -> Subscription:
    return replace(
        before,
        session_id=session_id,
        service=service_of(wanted.endpoint),
        device=wanted.device or before.device,
        topics=before.topics if wanted.topics is None else frozenset(wanted.topics),
        plates_from=wanted.plates_from or before.plates_from,
    )


def _choices(subscription: Subscription) -> tuple[object, ...]:
    return subscription.device, subscription.topics, subscription.plates_from


def _require_room(transaction: Transaction, principal: Principal) -> None:
    own, every = repository.count_subscriptions(transaction, principal.user_id)
    if own >= MOST_OF_A_PERSON:
        raise TooManySubscriptionsError(
            "You have as many devices as may be; remove one first.", most=MOST_OF_A_PERSON
        )
    if every >= MOST_OF_A_SITE:
        raise TooManySubscriptionsError(
            "The site has as many devices as may be.", most=MOST_OF_A_SITE
        )


def _check_topics(principal: Principal, topics: Collection[Topic] | None) -> None:
    if topics is not None and not frozenset(topics) <= topics_of(principal):
        raise NotPermittedError("Your role does not hear of all of this.")


def _own(principal: Principal, subscription: Subscription | None) -> Subscription:
    if subscription is None or subscription.user_id != principal.user_id:
        raise UnknownSubscriptionError("There is no such device of yours.")
    return subscription
