"""What can go wrong with pushes to browsers."""

from typing import ClassVar

from gtvision_edge.errors import EdgeError, ErrorKind


class UnknownSubscriptionError(EdgeError):
    """No subscription with that id that is the asker's own."""

    code: ClassVar[str] = "unknown_subscription"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class TooManySubscriptionsError(EdgeError):
    """A person, or the whole site, has as many devices as may be; ``most`` says how many. Remove one first."""

    code: ClassVar[str] = "too_many_subscriptions"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class PushAddressRefusedError(EdgeError):
    """The address or the keys of a subscription are none that a push service gives."""

    code: ClassVar[str] = "push_address_refused"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class PushServiceUnreachableError(EdgeError):
    """The push service does not answer, or says that it cannot now; what waits is tried again."""

    code: ClassVar[str] = "push_service_unreachable"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE


class PushRefusedError(EdgeError):
    """The push service takes nothing from this site: its clock or its key is wrong, or the message was."""

    code: ClassVar[str] = "push_service_refused"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class SubscriptionGoneError(EdgeError):
    """The browser gave the subscription up; it was removed."""

    code: ClassVar[str] = "subscription_gone"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class TrialTooSoonError(EdgeError):
    """A trial push was sent to this device a moment ago; ``retry_after_s`` says when the next may be."""

    code: ClassVar[str] = "trial_too_soon"
    kind: ClassVar[ErrorKind] = ErrorKind.TOO_MANY
