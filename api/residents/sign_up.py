"""A subscription is checked, welcomed, stored and read back: what the routes under `/subscriptions` share."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace

from alerts.place import Cell
from api.http.errors import ApiError
from api.http.rate import RateLimit
from api.residents.asked import SubscriptionIn, bytes_of
from api.residents.postman import Letter, Postman, PostmanBusy
from api.residents.proof import Proofs
from api.residents.roll import Roll
from api.residents.welcome import WELCOME_TTL_SECONDS, welcome, welcome_urgency
from dispatch import signs
from dispatch.city import whole_city
from dispatch.errors import DispatchError, EndpointRefused, SubscriptionRefused
from dispatch.life import span_of
from dispatch.outcomes import PushOutcome
from dispatch.settings import DispatchSettings
from dispatch.subscription import Consent, Place, QuietHours, Role, SealKeys, Subscription, check
from dispatch.vapid import FIRST_DRILL_KEY
from streams.brokers.client import Producer, Record, Stored
from streams.brokers.errors import StreamsError
from streams.topics import SUBSCRIPTIONS

# The text that a person agreed to; a new wording is a new version and is asked for again.
CONSENT_VERSIONS = {"area-alerts": 1, "follow-me": 1}
_STORED_WITHIN_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class SignUp:
    """What the routes need; made once by the process."""

    proofs: Proofs
    keys: SealKeys
    settings: DispatchSettings
    postman: Postman
    producer: Producer
    roll: Roll
    read_at: Callable[[int, int], Record | None]
    ward_of: Callable[[Cell], str]
    vapid_public: str
    limit: RateLimit
    vapid_key: int = 0
    drill_public: str = ""
    """The key of drills as browsers want it; empty where nobody can sign up for them."""
    clock: Callable[[], float] = time.time

    def subscription(self, identifier: bytes, asked: SubscriptionIn) -> Subscription:
        """Return what *asked* says as a subscription, checked; raises `ApiError` with a stable code."""
        versions = {consent.purpose: consent.version for consent in asked.consents}
        if versions.get("area-alerts") != CONSENT_VERSIONS["area-alerts"]:
            raise ApiError(422, "consent-missing", "Alerts need your consent in its present wording")
        if any(version != CONSENT_VERSIONS[purpose] for purpose, version in versions.items()):
            raise ApiError(422, "consent-outdated", "The wording that was agreed to is not the present one")
        if asked.drill and not self.drill_public:
            raise ApiError(422, "drills-not-offered", "Nobody can sign up for drills here")
        now = self.clock()
        places = tuple(
            Place(Cell(int(place.cell, 16)), Role[place.role.upper()], place.min_level, place.terms(now))
            for place in asked.places
        ) + ((whole_city(),) if asked.whole_city else ())
        quiet = None if asked.quiet is None else QuietHours(asked.quiet.start_hour, asked.quiet.end_hour)
        agreed_at = int(now)
        subscription = Subscription(
            id=identifier,
            row=self.proofs.row_of(identifier),
            endpoint=asked.endpoint,
            p256dh=bytes_of(asked.keys.p256dh, "p256dh"),
            auth=bytes_of(asked.keys.auth, "auth-length"),
            language=asked.language,
            places=places,
            quiet_hours=quiet,
            drill=asked.drill,
            ward=self.ward_of(places[0].cell) if asked.places else "",
            # Whether the browser really subscribed with it the welcome shows: signed with another, it is refused.
            vapid_key=FIRST_DRILL_KEY if asked.drill else self.vapid_key,
            seen=span_of(now),
            consents=tuple(Consent(purpose, version, agreed_at) for purpose, version in sorted(versions.items())),
        )
        try:
            return check(subscription, self.settings)
        except (EndpointRefused, SubscriptionRefused) as error:
            raise ApiError(422, error.reason, "The subscription cannot be right") from None

    def welcome(self, subscription: Subscription) -> "Future[PushOutcome]":
        """Send the push that carries the proof."""
        proof = self.proofs.proof_of(subscription.id, subscription.endpoint, subscription.p256dh, subscription.auth)
        payload, padded = welcome(
            subscription.language, subscription.id, proof, self.settings.site_url, drill=subscription.drill
        )
        letter = Letter(
            subscription.endpoint,
            subscription.p256dh,
            subscription.auth,
            subscription.vapid_key,
            payload,
            padded,
            welcome_urgency(),
            WELCOME_TTL_SECONDS,
        )
        try:
            return self.postman.post(letter)
        except PostmanBusy:
            raise ApiError(503, "busy", "Many people are signing up at this moment", "Ask again in a minute.") from None

    def store(self, identifier: bytes, value: bytes | None) -> Stored:
        """Write a value or a tombstone, and wait until the broker has it."""
        try:
            return self.producer.send(SUBSCRIPTIONS.name, identifier, value).result(_STORED_WITHIN_SECONDS)
        except (StreamsError, TimeoutError):
            raise ApiError(503, "not-stored", "It could not be stored", "Nothing was changed; try again.") from None

    def as_agreed(self, subscription: Subscription) -> Subscription:
        """Return *subscription* with the dates of the consents that stood before: who moves a place agrees to nothing.

        Reads the broker where something is stored: not for an event loop.
        """
        try:
            before = {(one.purpose, one.version): one.at for one in self.stored(subscription.id).consents}
        except ApiError:
            # Nothing stored, or nothing that can be read: what is agreed to now is agreed to now.
            return subscription
        consents = tuple(
            replace(one, at=before.get((one.purpose, one.version), one.at)) for one in subscription.consents
        )
        return replace(subscription, consents=consents)

    def stored(self, identifier: bytes) -> Subscription:
        """Return what is stored under *identifier*; raises 404."""
        place = self.roll.find(identifier)
        record = None if place is None else self.read_at(*place)
        if record is None or record.value is None:
            raise ApiError(404, "no-such-subscription", "Nothing is stored under this token")
        try:
            found = self.keys.unseal(identifier, record.value)
            sign = self.roll.sign(identifier)
            seen = 0 if sign is None else signs.opened(self.keys, signs.key_of(identifier), sign)
            return replace(found, seen=max(found.seen, seen))
        except DispatchError:
            raise ApiError(503, "unreadable", "What is stored cannot be read; operators know of it") from None
