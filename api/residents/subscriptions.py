"""Sign up, look at what is stored, change it, and be forgotten: anonymous, with a token that only the phone has.

`POST /subscriptions` stores nothing: it sends a push that carries a proof. `PUT` stores the subscription
when the proof has come back. `DELETE` writes a tombstone. A place is a cell, resolution 9 at the
finest; needs, ages, names of places and the exact point never come here.
"""

import asyncio
import base64
import binascii
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from alerts.place import Cell
from api.http.errors import ApiError
from api.http.problem import described
from api.http.rate import RateLimit
from api.residents.postman import Letter, Postman, PostmanBusy
from api.residents.proof import Proofs, id_of, new_token
from api.residents.roll import Roll
from api.residents.welcome import WELCOME_TTL_SECONDS, welcome, welcome_urgency
from dispatch.city import CITY_CELL, whole_city
from dispatch.errors import DispatchError, EndpointRefused, SubscriptionRefused
from dispatch.life import day_of, span_of
from dispatch.outcomes import PushOutcome
from dispatch.settings import DispatchSettings
from dispatch.subscription import (
    MAX_PLACES,
    Consent,
    Place,
    QuietHours,
    Role,
    SealKeys,
    Subscription,
    check,
)
from dispatch.terms import LONGEST_STAY_SECONDS, Terms, Whose, flaw
from dispatch.vapid import FIRST_DRILL_KEY, encode
from streams.brokers.client import Producer, Record, Stored
from streams.brokers.errors import StreamsError
from streams.topics import SUBSCRIPTIONS

log = logging.getLogger(__name__)

LANGUAGES = ("ja", "ja-Hira", "en", "zh-Hans", "ko")
# The text that a person agreed to; a new wording is a new version and is asked for again.
CONSENT_VERSIONS = {"area-alerts": 1, "follow-me": 1}
_STORED_WITHIN_SECONDS = 10.0
_ANSWERED_WITHIN_SECONDS = 15.0
_JSON: dict[str, Any] = {"content": {"application/json": {}}, "description": "done"}
_EXAMPLE_KEY = "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Keys(_Strict):
    """The browser's public key and its shared secret, as `PushSubscription.toJSON()` gives them."""

    p256dh: Annotated[str, Field(max_length=100, examples=[_EXAMPLE_KEY])]
    auth: Annotated[str, Field(max_length=40, examples=["BTBZMqHH6r4Tts7J_aSIgg"])]


class PlaceIn(_Strict):
    """Somewhere to be told about: an H3 cell in hexadecimal, what it is to its owner, and from which level on.

    `whose` with `start_hour` and `end_hour` (of the day in Tokyo) or `until` (seconds since 1970) says how it is told.
    """

    cell: Annotated[str, Field(pattern="^[0-9a-f]{15}$", examples=["892f5a363dbffff"])]
    role: Annotated[str, Field(pattern="^(home|work|school|family|other)$", examples=["home"])] = "home"
    min_level: Annotated[int, Field(ge=0, le=5)] = 0
    whose: Annotated[str, Field(pattern="^(mine|mine-at-hours|someone-elses|here-until)$", examples=["mine"])] = "mine"
    start_hour: Annotated[int, Field(ge=0, le=23)] = 0
    end_hour: Annotated[int, Field(ge=0, le=23)] = 0
    until: Annotated[int, Field(ge=0, le=4_102_444_800)] = 0

    def terms(self, now: float) -> Terms:
        """Return whose it is; raises `ApiError` for hours without a length and a stay that is none (R5)."""
        whose = Whose[self.whose.upper().replace("-", "_")]
        terms = Terms(
            whose,
            *((self.start_hour, self.end_hour) if whose is Whose.MINE_AT_HOURS else (0, 0)),
            until=self.until if whose is Whose.HERE_UNTIL else 0,
        )
        stays = whose is not Whose.HERE_UNTIL or now < self.until <= now + LONGEST_STAY_SECONDS
        reason = flaw(terms) or ("" if stays else "place-until")
        if reason:
            raise ApiError(422, reason, "The hours or the end of a place cannot be right")
        return terms


class QuietIn(_Strict):
    """Hours of the day in Tokyo; they only quieten levels 1 and 2 and routine news (R2)."""

    start_hour: Annotated[int, Field(ge=0, le=23, examples=[22])]
    end_hour: Annotated[int, Field(ge=0, le=23, examples=[6])]


class ConsentIn(_Strict):
    """What was agreed to, in which wording."""

    purpose: Annotated[str, Field(pattern="^(area-alerts|follow-me)$", examples=["area-alerts"])]
    version: Annotated[int, Field(ge=1, le=1000, examples=[1])]


class SubscriptionIn(_Strict):
    """Everything that is stored about a subscription.

    With `whole_city` no place is needed: every warning for the city is told, as information and without a way. It
    counts as one of the five places.
    """

    endpoint: Annotated[str, Field(max_length=2048, examples=["https://updates.push.services.mozilla.com/wpush/v2/x"])]
    keys: Keys
    language: Annotated[str, Field(pattern="^(ja|ja-Hira|en|zh-Hans|ko)$", examples=["ja"])] = "ja"
    places: Annotated[tuple[PlaceIn, ...], Field(max_length=MAX_PLACES)] = ()
    whole_city: Annotated[bool, Field(examples=[False])] = False
    quiet: QuietIn | None = None
    drill: bool = False
    consents: Annotated[tuple[ConsentIn, ...], Field(min_length=1, max_length=8)]


class ConfirmedIn(SubscriptionIn):
    """The same with the proof that came by push."""

    proof: Annotated[str, Field(max_length=40, examples=["c2hpcmFzZS1wcm9vZg"])]


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
    read_between: Callable[[int, int, int], Sequence[Record]]
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
            p256dh=_bytes(asked.keys.p256dh, "p256dh"),
            auth=_bytes(asked.keys.auth, "auth-length"),
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
        payload, padded = welcome(subscription.language, subscription.id, proof, self.settings.site_url)
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

    def restate(self, identifier: bytes, value: bytes, since: Mapping[int, int]) -> None:
        """Write what was read again, changed; whatever else was written of it *since* (offsets by partition) wins.

        What is read here is behind what others write: her farewell may stand on the topic already, and must not be
        undone by a sign of life. So what stands before ours is read back, and is put behind it again.
        """
        stored = self.store(identifier, value)
        first = since.get(stored.partition, 0)
        try:
            while newer := [
                record
                for record in self.read_between(stored.partition, first, stored.offset)
                if record.key == identifier
            ]:
                first, stored = stored.offset + 1, self.store(identifier, newer[-1].value)
        except StreamsError:
            log.exception("whether a sign of life undid a farewell could not be read")
            raise ApiError(503, "not-stored", "It could not be stored", "Try again.") from None

    def stored(self, identifier: bytes) -> Subscription:
        """Return what is stored under *identifier*; raises 404."""
        place = self.roll.find(identifier)
        record = None if place is None else self.read_at(*place)
        if record is None or record.value is None:
            raise ApiError(404, "no-such-subscription", "Nothing is stored under this token")
        try:
            return self.keys.unseal(identifier, record.value)
        except DispatchError:
            raise ApiError(503, "unreadable", "What is stored cannot be read; operators know of it") from None


def subscription_routes(sign_up: SignUp) -> APIRouter:
    """Return the routes under `/subscriptions`."""
    router = APIRouter()

    @router.get(
        "/subscriptions/key",
        summary="The key that a browser subscribes with (VAPID, RFC 8292)",
        response_class=Response,
        responses={200: _JSON},
    )
    def key() -> Response:
        drills = {"drill_server_key": sign_up.drill_public} if sign_up.drill_public else {}
        return _json(200, {"application_server_key": sign_up.vapid_public, "consents": CONSENT_VERSIONS} | drills)

    @router.post(
        "/subscriptions",
        status_code=202,
        summary="Ask for the push that proves the browser",
        response_class=Response,
        responses={202: _JSON, **described(401, 422, 429, 503, 504)},
    )
    async def ask(asked: SubscriptionIn, request: Request, authorization: Annotated[str, Header()] = "") -> Response:
        _within_limit(sign_up, request)
        # A renewed browser subscription keeps its token, and so its row: a correction still finds it.
        token = _token(authorization) if authorization else new_token()
        subscription = sign_up.subscription(id_of(token), asked)
        try:
            outcome = await asyncio.wait_for(
                asyncio.wrap_future(sign_up.welcome(subscription)), _ANSWERED_WITHIN_SECONDS
            )
        except TimeoutError:
            raise ApiError(504, "push-service-silent", "The push service does not answer; try again") from None
        if outcome is not PushOutcome.ACCEPTED:
            raise ApiError(422, f"push-{outcome.value}", "The push service did not take a push to this browser")
        return _json(202, {"token": encode(token), "state": "waiting-for-the-push"})

    @router.put(
        "/subscriptions",
        summary="Store or change it, with the proof that came by push",
        response_class=Response,
        responses={200: _JSON, **described(401, 403, 422, 503)},
    )
    def put(asked: ConfirmedIn, authorization: Annotated[str, Header()] = "") -> Response:
        identifier = id_of(_token(authorization))
        subscription = sign_up.subscription(identifier, asked)
        proof = _bytes(asked.proof, "proof")
        if not sign_up.proofs.holds(proof, identifier, subscription.endpoint, subscription.p256dh, subscription.auth):
            raise ApiError(403, "proof-wrong", "This is not the proof that was sent to this browser")
        sign_up.store(identifier, sign_up.keys.seal(subscription))
        return _json(200, {"state": "active", **_shown(subscription)})

    @router.get(
        "/subscriptions",
        summary="Everything that is stored about it",
        response_class=Response,
        responses={200: _JSON, **described(401, 404, 422, 503)},
    )
    def get(authorization: Annotated[str, Header()] = "") -> Response:
        return _json(200, _shown(sign_up.stored(id_of(_token(authorization)))))

    @router.post(
        "/subscriptions/alive",
        status_code=204,
        summary="Say that its owner is still there: in which ten days, and nothing finer, is kept",
        responses=described(401, 404, 422, 503),
    )
    def alive(authorization: Annotated[str, Header()] = "") -> Response:
        identifier = id_of(_token(authorization))
        # Before it is looked up: what comes to the topic in between is then read again rather than missed.
        since = sign_up.roll.read_up_to()
        subscription = sign_up.stored(identifier)
        span = span_of(sign_up.clock())
        if span > subscription.seen:
            sign_up.restate(identifier, sign_up.keys.seal(replace(subscription, seen=span)), since)
        return Response(status_code=204, headers={"cache-control": "no-store"})

    @router.delete(
        "/subscriptions",
        status_code=204,
        summary="Forget it; no push starts from a minute on",
        responses=described(401, 422, 503),
    )
    def forget(authorization: Annotated[str, Header()] = "") -> Response:
        # Also where nothing is stored: whether a token was ever used is nobody's business.
        sign_up.store(id_of(_token(authorization)), None)
        return Response(status_code=204, headers={"cache-control": "no-store"})

    return router


def _within_limit(sign_up: SignUp, request: Request) -> None:
    address = request.client.host if request.client else ""
    wait = sign_up.limit.wait_seconds(address, time.monotonic())
    if wait:
        raise ApiError(429, "too-many", "Too many sign-ups from this address", f"Ask again in {wait:.0f} s.")


def _shown(subscription: Subscription) -> dict[str, Any]:
    quiet = subscription.quiet_hours
    return {
        "push_service": subscription.endpoint.split("/")[2],
        "language": subscription.language,
        "places": [
            {
                "cell": f"{place.cell:x}",
                "role": place.role.name.lower(),
                "min_level": place.min_level,
                **_terms_shown(place.terms),
            }
            for place in subscription.places
            if place.cell != CITY_CELL
        ],
        "whole_city": any(place.cell == CITY_CELL for place in subscription.places),
        "quiet": None if quiet is None else {"start_hour": quiet.start_hour, "end_hour": quiet.end_hour},
        "drill": subscription.drill,
        "ward": subscription.ward,
        "there_since": day_of(subscription.seen),
        "consents": [
            {"purpose": consent.purpose, "version": consent.version, "at": consent.at}
            for consent in subscription.consents
        ],
    }


def _terms_shown(terms: Terms) -> dict[str, Any]:
    if terms.whose is Whose.MINE:
        return {}
    shown: dict[str, Any] = {"whose": terms.whose.name.lower().replace("_", "-")}
    if terms.whose is Whose.MINE_AT_HOURS:
        shown |= {"start_hour": terms.start_hour, "end_hour": terms.end_hour}
    return shown | ({"until": terms.until} if terms.until else {})


def _token(authorization: str) -> bytes:
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise ApiError(401, "token-missing", "Send the token as Authorization: Bearer …")
    token = _bytes(text.strip(), "token-wrong")
    if len(token) != 32:
        raise ApiError(401, "token-wrong", "This is not a token of ours")
    return token


def _bytes(text: str, code: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise ApiError(422, code, "This is not base64url") from None


def _json(status: int, body: object) -> Response:
    return Response(orjson.dumps(body), status, {"cache-control": "no-store"}, media_type="application/json")
