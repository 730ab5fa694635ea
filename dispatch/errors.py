"""Errors of the dispatch package.

DispatchError
├── EndpointRefused         an address that we will not send to
├── SubscriptionRefused     a subscription whose keys or places cannot be right
├── SubscriptionUnreadable  a stored subscription that does not open or parse
├── RegistryUnreadable      a snapshot folder that is damaged or of another version
├── PayloadTooLarge         a text that does not fit the smallest phone's budget
├── PlanMissing             a kind 3 notice whose plan is not at hand
├── KeyFileUnsafe           a secret that others can read, or that is not a key
├── EscrowError             an escrow of keys that does not open, or a share that is not one
├── ToldUnreadable          a `told` record of an unknown version or damaged
├── ProgressUnreadable      a `progress` record of an unknown version or damaged
├── SenderFull              more was submitted than the sender may hold open
├── NativeMissing           C that cannot be built or loaded here
├── PushServiceBroken       a push service that does not keep to HTTP/2
└── LinkLost                a connection that ended, or that TLS refused

No text here carries an endpoint, a key or a place: errors end up in logs.
"""


class DispatchError(Exception):
    """Anything that dispatch raises. `reason` is a stable code for metrics and dead-letters."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}" if detail else reason)


class EndpointRefused(DispatchError):
    """The address is not one of a push service that we know."""


class SubscriptionRefused(DispatchError):
    """The keys, places or settings of a subscription cannot be right."""


class SubscriptionUnreadable(DispatchError):
    """The stored bytes are not a subscription sealed with a key of ours."""


class RegistryUnreadable(DispatchError):
    """The snapshot folder cannot be used; build it again from the topic."""


class PayloadTooLarge(DispatchError):
    """The text is longer than a push may be; shorten it before approval."""

    def __init__(self, language: str, size_bytes: int, limit_bytes: int) -> None:
        self.language = language
        self.size_bytes = size_bytes
        self.limit_bytes = limit_bytes
        super().__init__(
            "payload-too-large",
            f"the {language} text makes {size_bytes} bytes of {limit_bytes}; shorten it by {size_bytes - limit_bytes}",
        )


class NativeMissing(DispatchError):
    """`push.c` cannot be built or loaded here: Python does its work, unless the setting says that it may not."""


class PlanMissing(DispatchError):
    """The plan that a kind 3 notice names is not at hand: nothing may be sent from another one."""


class KeyFileUnsafe(DispatchError):
    """The file of a secret can be read by others, or holds no key."""


class EscrowError(DispatchError):
    """An escrow does not open, or is of other keys; the detail says what to do and never a byte of a key."""


class ToldUnreadable(DispatchError):
    """The record of who was told cannot be read."""


class ProgressUnreadable(DispatchError):
    """The record of how far a fan-out is cannot be read."""


class SenderFull(DispatchError):
    """All places for open requests are taken; poll before the next submit."""


class PushServiceBroken(DispatchError):
    """The push service does not keep to HTTP/2: the connection ends with *code* (RFC 9113, 7)."""

    def __init__(self, reason: str, code: int) -> None:
        self.code = code
        super().__init__(reason)


class LinkLost(DispatchError):
    """The connection has ended, or TLS refused it."""
