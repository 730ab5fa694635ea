"""A selected row becomes a request."""

from dispatch.endpoint import check_endpoint
from dispatch.envelope import derived_entry, seal
from dispatch.message import Messages
from dispatch.registry import Registry
from dispatch.sender import Headers, Push
from dispatch.settings import DispatchSettings
from dispatch.vapid import Vapid


class Pushes:
    """Makes the requests of one notice.

    *secret* (32 bytes or more, the same in every worker, never in Kafka) makes the body of a row the
    same at every try, even by the worker that takes over after a crash.
    """

    def __init__(
        self,
        registry: Registry,
        messages: Messages,
        expires_at: float,
        vapid: Vapid,
        settings: DispatchSettings,
        secret: bytes,
    ) -> None:
        self._registry = registry
        self._messages = messages
        self._expires_at = expires_at
        self._vapid = vapid
        self._settings = settings
        self._secret = secret

    def push(self, row: int, part: int, key: object, now: float) -> Push:
        """Return the request for *row*, encrypted; raises EndpointRefused for an address off the list.

        The address is checked here once more: the list may have changed since sign-up.
        """
        registry = self._registry
        url = registry.endpoint(row)
        check_endpoint(url, self._settings)
        message = self._messages.for_part(part, registry.language_of(row))
        p256dh, auth = registry.p256dh(row), registry.auth(row)
        entry = derived_entry(self._secret, message.plaintext, message.padded_bytes, p256dh, auth)
        body = seal(entry, message.plaintext, message.padded_bytes)
        origin = registry.origin_of(row)
        authorization = self._vapid.authorization(origin, now, int(registry.columns.vapid_key[row]))
        return Push(key, origin, url, _headers(authorization, message.urgency, message.topic), body, self._expires_at)

    def renewed(self, push: Push, row: int, now: float) -> Push:
        """Return *push* for another try: the same body, a token that has not run out."""
        authorization = self._vapid.authorization(push.origin, now, int(self._registry.columns.vapid_key[row]))
        headers = tuple((name, authorization if name == "Authorization" else value) for name, value in push.headers)
        return Push(push.key, push.origin, push.url, headers, push.body, push.expires_at)


def _headers(authorization: str, urgency: str, topic: str) -> Headers:
    return (
        ("Urgency", urgency),
        ("Topic", topic),
        ("Content-Encoding", "aes128gcm"),
        ("Content-Type", "application/octet-stream"),
        ("Authorization", authorization),
    )
