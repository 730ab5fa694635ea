"""The signed webhook: an approved revision to a ward's own mail or LINE gateway, which keeps the addresses.

The form is that of the published Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`), so that
a gateway can check it with a library that it has: HMAC-SHA256 over id, timestamp and body. The id is the same at
every try, the timestamp that of the try.

Safe in one direction: an address that is not on the list, leads to an address of another network, or answers with a
redirect gets nothing, and a signature that is too old or too early is refused.
"""

import base64
import hmac
import json
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from dispatch.channel import Outgoing, PostChannel
from dispatch.endpoint import check_endpoint
from dispatch.errors import EndpointRefused, KeyFileUnsafe
from dispatch.secret_file import read_secret, write_secret
from dispatch.sender import Push, Sender
from dispatch.settings import DispatchSettings

SECRET_PREFIX = "whsec_"  # noqa: S105 - the published form's own mark, no secret
SECRET_BYTES = 32
# What the published form's libraries allow between the two clocks.
TOLERANCE_SECONDS = 300
_ID = re.compile(r"[A-Za-z0-9_.:|/+=-]{1,200}")


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """Where a ward's gateway listens, and the secret that both sides know."""

    url: str
    secret: bytes


def read_webhook_secret(path: Path) -> bytes:
    """Return the secret in *path* (mode 0600, `whsec_` and base64): there is no default, and no short one."""
    text = read_secret(path).decode("ascii", "replace").strip()
    try:
        secret = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except ValueError:
        secret = b""
    if not text.startswith(SECRET_PREFIX) or len(secret) < SECRET_BYTES:
        raise KeyFileUnsafe("webhook-secret", f"{path} is not {SECRET_PREFIX} and {SECRET_BYTES} bytes as base64")
    return secret


def generate_webhook_secret(path: Path) -> bytes:
    """Write a new secret to *path* and return it; hand the file's text to the gateway's keeper, not by mail."""
    secret = secrets.token_bytes(SECRET_BYTES)
    write_secret(path, (SECRET_PREFIX + base64.b64encode(secret).decode()).encode())
    return secret


def sign(secret: bytes, identifier: str, timestamp: int, body: bytes) -> str:
    """Return the value of `webhook-signature`."""
    if len(secret) < SECRET_BYTES:
        raise KeyFileUnsafe("webhook-secret", f"a secret has {SECRET_BYTES} bytes or more")
    signed = f"{identifier}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()


def is_signed(
    secrets_known: Collection[bytes], *, identifier: str, timestamp: str, signature: str, body: bytes, now: float
) -> bool:
    """Say whether a request is ours: what a gateway does, and our own tests. Several secrets while one is changed."""
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        return False
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    wanted = [sign(secret, identifier, int(timestamp), body).encode() for secret in secrets_known]
    given = [one.encode() for one in signature.split(" ")]
    return any(hmac.compare_digest(one, other) for one in wanted for other in given)


def webhook_settings(
    origins: Collection[str], ca_file: str = "", base: DispatchSettings | None = None
) -> DispatchSettings:
    """Return what a sender may reach: *origins*, spelt in full, and no push service.

    A host of the public internet is named as `https://HOST`; its name must lead to a public address. An origin with
    a port, or one in the ward's own network, is named with its port: it is trusted as it is spelt.
    """
    if not all(origin.startswith("https://") for origin in origins):
        raise EndpointRefused("endpoint-not-https", "a gateway is named as https://HOST or https://HOST:PORT")
    public = tuple(origin.removeprefix("https://") for origin in origins if origin.count(":") == 1)
    own = tuple(origin for origin in origins if origin.count(":") > 1)
    known = base or DispatchSettings()
    return replace(known, push_hosts=public, extra_origins=own, ca_file=ca_file)


def webhook_channel(target: WebhookTarget, sender: Sender, settings: DispatchSettings) -> PostChannel:
    """Return the channel to *target*; raises `EndpointRefused` for an address that is not on the list."""
    origin = check_endpoint(target.url, settings).origin
    sign(target.secret, "", 0, b"")  # a short secret is refused before there is anything to say

    def request(outgoing: Outgoing, at: float) -> Push:
        if not _ID.fullmatch(outgoing.id):
            raise ValueError("the id of what leaves must fit a header")
        timestamp = int(at)
        headers = (
            ("Content-Type", outgoing.content_type),
            ("webhook-id", outgoing.id),
            ("webhook-timestamp", str(timestamp)),
            ("webhook-signature", sign(target.secret, outgoing.id, timestamp, outgoing.body)),
            # The same under the name that many gateways' own frameworks look for.
            ("Idempotency-Key", json.dumps(outgoing.id)),
        )
        return Push(object(), origin, target.url, headers, outgoing.body, outgoing.expires_at)

    return PostChannel(sender, request, settings)
