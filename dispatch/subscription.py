"""A subscription: how to reach one browser, and the places its owner asked about.

A place is a cell of the hazard resolution, never an address; needs and ages stay on the phone. At
rest the value is sealed (AES-256-GCM), bound to its id, with a key that is not kept in Kafka.
"""

import base64
import binascii
import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import h3.api.basic_int as h3
import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from alerts.place import HAZARD_RESOLUTION, Cell
from dispatch.endpoint import check_endpoint
from dispatch.errors import KeyFileUnsafe, SubscriptionRefused, SubscriptionUnreadable
from dispatch.life import span_of
from dispatch.secret_file import read_secret, write_secret
from dispatch.settings import DispatchSettings
from dispatch.terms import MINE, Terms, flaw, packed, unpacked
from dispatch.vapid import is_drill_key

BUCKETS = 256
MAX_PLACES = 5
ID_BYTES = 16
_NONCE_BYTES = 12
VERSION = 1


class Role(IntEnum):
    """What a place is to its owner."""

    HOME = 0
    WORK = 1
    SCHOOL = 2
    FAMILY = 3
    OTHER = 4


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere its owner wants to be told about. `min_level` 0 asks for everything.

    It only quietens levels 1 and 2 and routine news: level 3 and above is always told (R2).
    """

    cell: Cell
    role: Role = Role.HOME
    min_level: int = 0
    terms: Terms = MINE


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Hours of the day, from `start_hour` until before `end_hour`, over midnight if need be."""

    start_hour: int
    end_hour: int


@dataclass(frozen=True, slots=True)
class Consent:
    """What its owner agreed to, in which wording, and when (seconds since 1970)."""

    purpose: str
    version: int
    at: int


@dataclass(frozen=True, slots=True)
class Subscription:
    """One browser's wish to be told. `row` is the random number under which `told` keeps it."""

    id: bytes
    row: int
    endpoint: str
    p256dh: bytes
    auth: bytes
    language: str
    places: tuple[Place, ...]
    quiet_hours: QuietHours | None = None
    drill: bool = False
    canary: bool = False
    ward: str = ""
    vapid_key: int = 0
    consents: tuple[Consent, ...] = ()
    seen: int = 0
    """The ten days in which its owner was last there (`dispatch.life`); 0 where nothing was kept yet."""
    staff: bool = False
    """An officer's device, set by the console and never by a sign-up: it hears what is not for the public too."""


def new_id() -> bytes:
    """Return a random 128-bit id: nothing about the person can be read from it."""
    return secrets.token_bytes(ID_BYTES)


def new_row_number() -> int:
    """Return a random 64-bit row number."""
    return secrets.randbits(64)


def bucket_of(subscription_id: bytes) -> int:
    """Return the bucket 0-255 that a subscription falls into, for good."""
    return hashlib.blake2b(subscription_id, digest_size=1).digest()[0]


def check(subscription: Subscription, settings: DispatchSettings) -> Subscription:
    """Return *subscription* if every part of it can be right, else raise with a stable reason."""
    check_endpoint(subscription.endpoint, settings)
    reason = _flaw(subscription)
    if reason:
        raise SubscriptionRefused(reason)
    return subscription


def _flaw(subscription: Subscription) -> str:
    misfit = _misfit(subscription)
    if misfit:
        return misfit
    # At sign-up only: one of before drills had a key of their own is read, and refused at each push.
    if subscription.drill is not is_drill_key(subscription.vapid_key):
        return "key-of-another-lane"
    if not is_on_curve(subscription.p256dh):
        return "p256dh"
    if not all(is_hazard_cell(place.cell) for place in subscription.places):
        return "place"
    if not 2 <= len(subscription.language) <= 16 or not subscription.language.replace("-", "").isalnum():
        return "language"
    return ""


def _misfit(subscription: Subscription) -> str:
    """Return why *subscription* does not fit the columns of a registry; empty if it does."""
    if len(subscription.id) != ID_BYTES:
        return "id-length"
    if not 0 <= subscription.row < 2**64:
        return "row-number"
    if len(subscription.auth) != 16:  # RFC 8291, 3.2; other libraries accept less
        return "auth-length"
    if len(subscription.p256dh) != 65:
        return "p256dh"
    if not 1 <= len(subscription.places) <= MAX_PLACES:
        return "number-of-places"
    if not all(0 <= place.min_level <= 5 and 0 < place.cell < 2**63 for place in subscription.places):
        return "place"
    for place in subscription.places:
        if flaw(place.terms):
            return flaw(place.terms)
    quiet = subscription.quiet_hours
    if quiet is not None and not (0 <= quiet.start_hour < 24 and 0 <= quiet.end_hour < 24):
        return "quiet-hours"
    if not 0 <= subscription.seen < 2**16:
        return "seen"
    if not 0 <= subscription.vapid_key < 256:
        return "vapid-key"
    endpoint = subscription.endpoint
    return "" if endpoint.isascii() and "/" in endpoint[len("https://") :] else "endpoint"


def is_on_curve(p256dh: bytes) -> bool:
    """Tell whether *p256dh* is an uncompressed point of P-256 (an off-curve key leaks ours)."""
    if len(p256dh) != 65 or p256dh[0] != 4:
        return False
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), p256dh)
    except ValueError:
        return False
    return True


def is_hazard_cell(cell: int) -> bool:
    """Tell whether *cell* is an H3 cell of the hazard resolution, the finest a place may have."""
    return 0 < cell < 2**63 and h3.is_valid_cell(cell) and h3.get_resolution(cell) == HAZARD_RESOLUTION


def to_json(subscription: Subscription) -> bytes:
    """Write *subscription* as JSON, for sealing: these bytes are personal data."""
    plain: dict[str, object] = {
        "v": VERSION,
        "id": _text(subscription.id),
        "row": str(subscription.row),  # JSON numbers beyond 2**53 lose digits in many readers
        "endpoint": subscription.endpoint,
        "p256dh": _text(subscription.p256dh),
        "auth": _text(subscription.auth),
        "language": subscription.language,
        "places": [_place_to_plain(place) for place in subscription.places],
        "drill": subscription.drill,
        "canary": subscription.canary,
        "ward": subscription.ward,
        "vapid_key": subscription.vapid_key,
        "staff": subscription.staff,
    }
    if subscription.seen:
        plain["seen"] = subscription.seen
    if subscription.consents:
        plain["consents"] = [[consent.purpose, consent.version, consent.at] for consent in subscription.consents]
    if subscription.quiet_hours is not None:
        plain["quiet"] = [subscription.quiet_hours.start_hour, subscription.quiet_hours.end_hour]
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()


def from_json(raw: bytes) -> Subscription:
    """Read what `to_json` wrote; anything else raises SubscriptionUnreadable."""
    try:
        # A start over a million reads this a million times.
        plain = orjson.loads(raw)
        if plain["v"] != VERSION:
            raise SubscriptionUnreadable("subscription-version")
        quiet = plain.get("quiet")
        subscription = Subscription(
            id=_bytes(plain["id"]),
            row=int(plain["row"]),
            endpoint=str(plain["endpoint"]),
            p256dh=_bytes(plain["p256dh"]),
            auth=_bytes(plain["auth"]),
            language=str(plain["language"]),
            places=tuple(_place_from_plain(*place) for place in plain["places"]),
            quiet_hours=None if quiet is None else QuietHours(int(quiet[0]), int(quiet[1])),
            drill=bool(plain["drill"]),
            canary=bool(plain["canary"]),
            ward=str(plain["ward"]),
            vapid_key=int(plain["vapid_key"]),
            staff=bool(plain.get("staff", False)),
            consents=tuple(Consent(str(of), int(version), int(at)) for of, version, at in plain.get("consents", ())),
            # Before it was kept, agreeing was the last that was known of somebody.
            seen=int(plain.get("seen", max((span_of(int(at)) for *_, at in plain.get("consents", ())), default=0))),
        )
        # Form only, as fast as a start over millions needs; the point was checked when it came in.
        # A broken one must be put aside here: in the columns it would cost everybody's registry.
        if _misfit(subscription):
            raise SubscriptionUnreadable("subscription-form")
        return subscription
    except SubscriptionUnreadable:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, binascii.Error):
        # `from None`: the parser's own message quotes the text, which is personal.
        raise SubscriptionUnreadable("subscription-form") from None


def _place_to_plain(place: Place) -> list[object]:
    # Terms only where there are any, so that what was stored before there were reads the same.
    plain: list[object] = [str(place.cell), int(place.role), place.min_level]
    return [*plain, packed(place.terms)] if place.terms != MINE else plain


def _place_from_plain(cell: str, role: int, least: int, terms: int = 0) -> Place:
    return Place(Cell(int(cell)), Role(role), int(least), unpacked(terms) if terms else MINE)


class SealKeys:
    """The keys that seal subscriptions at rest: one writes, older ones still read."""

    def __init__(self, keys: Mapping[int, bytes], current: int) -> None:
        if current not in keys or any(len(key) != 32 or not 0 <= number < 256 for number, key in keys.items()):
            raise KeyFileUnsafe(
                "seal-keys", "each key has a number 0-255 and 32 bytes, and the current one is among them"
            )
        self._ciphers = {number: AESGCM(key) for number, key in keys.items()}
        self.current = current

    def seal(self, subscription: Subscription) -> bytes:
        """Return key number, nonce and ciphertext; the id is bound to them."""
        return self.close(subscription.id, to_json(subscription))

    def close(self, key: bytes, raw: bytes) -> bytes:
        """Seal what stands under *key*, which is bound to it."""
        nonce = os.urandom(_NONCE_BYTES)
        return bytes([self.current]) + nonce + self._ciphers[self.current].encrypt(nonce, raw, key)

    def unseal(self, subscription_id: bytes, value: bytes) -> Subscription:
        """Open and read a sealed value; one moved to another id, edited, or of an unknown key raises."""
        subscription = from_json(self.open(subscription_id, value))
        if subscription.id != subscription_id:
            raise SubscriptionUnreadable("sealed-id")
        return subscription

    def open(self, subscription_id: bytes, value: bytes) -> bytes:
        """Open a sealed value for *subscription_id* without reading it: these bytes are personal data."""
        if len(value) < 1 + _NONCE_BYTES + 16:
            raise SubscriptionUnreadable("sealed-length")
        cipher = self._ciphers.get(value[0])
        if cipher is None:
            raise SubscriptionUnreadable("sealed-key-unknown")
        try:
            return cipher.decrypt(value[1 : 1 + _NONCE_BYTES], value[1 + _NONCE_BYTES :], subscription_id)
        except InvalidTag:
            raise SubscriptionUnreadable("sealed-tag") from None

    @classmethod
    def load(cls, path: Path) -> "SealKeys":
        """Read the keys from a file that only we may read."""
        try:
            plain = json.loads(read_secret(path))
            return cls({int(number): _bytes(key) for number, key in plain["keys"].items()}, int(plain["current"]))
        except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
            raise KeyFileUnsafe("seal-keys", f"{path} is not a file of sealing keys") from None

    @classmethod
    def generate_file(cls, path: Path) -> "SealKeys":
        """Write a file with one new key and return it."""
        write_secret(path, json.dumps({"current": 1, "keys": {"1": _text(secrets.token_bytes(32))}}).encode())
        return cls.load(path)


_STANDARD = bytes.maketrans(b"-_", b"+/")


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    standard = text.encode("ascii").translate(_STANDARD) + b"=" * (-len(text) % 4)
    return binascii.a2b_base64(standard, strict_mode=True)
