"""Why the hub's broker turned this box away, in words that name what to mend; never anything of the address but the exchange's name."""

from typing import Final

import aiormq.exceptions

from gtvision_edge.uplink.errors import HubRefusedError, HubUnreachableError

_LOGIN: Final = "The hub's broker does not know this user, or the password is wrong: see url and password_file in [uplink]."
_VHOST: Final = "The hub's broker has no such virtual host, or it is not for this user: it is what follows the host in [uplink] url."

_OF_A_CERTIFICATE: Final = (
    (
        ("certificate has expired",),
        "certificate_expired",
        "The certificate of the hub's broker has expired: have it renewed there. If it has not, the clock of this box is wrong.",
    ),
    (
        ("certificate is not yet valid",),
        "certificate_not_yet",
        "The certificate of the hub's broker is not valid yet: most likely the clock of this box is behind.",
    ),
    (
        ("Hostname mismatch", "IP address mismatch"),
        "certificate_name",
        "The certificate of the hub's broker is for another name: [uplink] url must have the host that stands in it.",
    ),
    (
        ("CERTIFICATE_VERIFY_FAILED",),
        "certificate",
        "The certificate of the hub's broker is of no authority that this box knows: see ca_file in [uplink].",
    ),
)
"""What OpenSSL says, the stable word for it, and what to do; the first that fits."""


def refused(error: BaseException, exchange: str) -> HubRefusedError:
    """Return what *error*, a refusal at the opening of the line, means. ``reason`` is a stable word."""
    reason, message = _meaning(error, exchange)
    return HubRefusedError(message, reason=reason, exchange=exchange)


def refused_virtual_host() -> HubRefusedError:
    """Return what it means that the broker knows the user and opens no virtual host."""
    return HubRefusedError(_VHOST, reason="virtual_host")


def refused_tls(said: str) -> HubRefusedError:
    """Return what it means that TLS failed, by what the TLS library *said*."""
    for marks, reason, message in _OF_A_CERTIFICATE:
        if any(each in said for each in marks):
            return HubRefusedError(message, reason=reason)
    return HubRefusedError(
        "The hub's broker and this box do not agree on TLS: see scheme and port in [uplink] url, and certificate_file where the broker wants one.",
        reason="tls",
    )


def unreachable(error: BaseException) -> HubUnreachableError:
    """Return what *error* means where no broker answered."""
    # aiormq keeps the words of the system, not its class.
    is_closed = "refused" in str(error).lower() or "Connect call failed" in str(error)
    reason = "no_answer" if isinstance(error, TimeoutError) else "closed" if is_closed else "line"
    return HubUnreachableError(
        "The hub's broker does not answer: see host and port in [uplink] url, and the line.",
        reason=reason,
    )


def may_not_publish(exchange: str) -> HubRefusedError:
    """Return what it means that the broker closes the channel over what is published."""
    return HubRefusedError(
        f'The hub\'s broker does not take a message: this user may not publish to exchange "{exchange}", or the message is too large.',
        reason="not_permitted",
        exchange=exchange,
    )


def _meaning(error: BaseException, exchange: str) -> tuple[str, str]:
    words: dict[type[BaseException], tuple[str, str]] = {
        aiormq.exceptions.ChannelNotFoundEntity: (
            "exchange",
            f'The hub\'s broker has no exchange "{exchange}": have it made there, or for a trial set declare_topology = true in [uplink].',
        ),
        aiormq.exceptions.ChannelPreconditionFailed: (
            "exchange_kind",
            f'The hub\'s exchange "{exchange}" is none of kind topic that is durable.',
        ),
        aiormq.exceptions.ChannelAccessRefused: (
            "not_permitted",
            f'The hub\'s broker does not let this user make or see exchange "{exchange}".',
        ),
        aiormq.exceptions.AuthenticationError: ("login", _LOGIN),
        aiormq.exceptions.ProbableAuthenticationError: ("login", _LOGIN),
    }
    for kind, meaning in words.items():
        if isinstance(error, kind):
            return meaning
    return (
        "protocol",
        "What answers at the hub's address does not speak AMQP 0-9-1 as this box does: see host and port in [uplink] url.",
    )
