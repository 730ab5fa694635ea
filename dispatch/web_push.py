"""Web Push to one device as a channel: an officer's telephone, the canary. Residents are the fan-out's."""

from dataclasses import dataclass

from dispatch.channel import Outgoing, PostChannel
from dispatch.endpoint import check_endpoint
from dispatch.envelope import derived_entry, seal
from dispatch.sender import Push, Sender
from dispatch.settings import DispatchSettings
from dispatch.vapid import Vapid


@dataclass(frozen=True, slots=True)
class Device:
    """One browser's push subscription."""

    endpoint: str
    p256dh: bytes
    auth: bytes
    vapid_key: int = 0


def web_push_channel(
    device: Device, sender: Sender, vapid: Vapid, secret: bytes, settings: DispatchSettings
) -> PostChannel:
    """Return the channel to *device*; raises `EndpointRefused` for an address that is no push service's.

    *secret* makes the encrypted bytes the same at every try (`dispatch.envelope`).
    """
    origin = check_endpoint(device.endpoint, settings).origin

    def request(outgoing: Outgoing, at: float) -> Push:
        entry = derived_entry(secret, outgoing.body, len(outgoing.body), device.p256dh, device.auth)
        headers = (
            ("Urgency", "high" if outgoing.urgent else "normal"),
            ("Content-Encoding", "aes128gcm"),
            ("Content-Type", "application/octet-stream"),
            ("Authorization", vapid.authorization(origin, at, device.vapid_key)),
        )
        body = seal(entry, outgoing.body)
        return Push(object(), origin, device.endpoint, headers, body, outgoing.expires_at)

    return PostChannel(sender, request, settings)
