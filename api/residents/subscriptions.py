"""Sign up, look at what is stored, change it, and be forgotten: anonymous, with a token that only the phone has.

`POST /subscriptions` stores nothing: it sends a push that carries a proof. `PUT` stores the subscription
when the proof has come back. `DELETE` writes a tombstone. A place is a cell, resolution 9 at the
finest; needs, ages, names of places and the exact point never come here.
"""

import asyncio
import time
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Request, Response

from api.http.description import answered, refused
from api.http.errors import ApiError
from api.http.turns import Turns
from api.residents.asked import ConfirmedIn, SubscriptionIn, bytes_of
from api.residents.proof import id_of, new_token
from api.residents.sign_up import CONSENT_VERSIONS, SignUp
from dispatch import signs
from dispatch.city import CITY_CELL
from dispatch.life import day_of, span_of
from dispatch.outcomes import PushOutcome
from dispatch.subscription import Subscription
from dispatch.terms import Terms, Whose
from dispatch.vapid import encode

_ANSWERED_WITHIN_SECONDS = 15.0
# A healthy broker takes some thousand a second by so few; what comes in a rush waits (`api.http.serve.MOST_AT_ONCE`).
_AT_ONCE, _MOST_WAITING = 16, 800
_SHOWN: dict[str, Any] = {
    "push_service": "updates.push.services.mozilla.com",
    "language": "ja",
    "places": [{"cell": "892f5a363dbffff", "role": "home", "min_level": 0}],
    "whole_city": False,
    "quiet": None,
    "drill": False,
    "ward": "1310800",
    "there_since": "2026-09-16",
    "consents": [{"purpose": "area-alerts", "version": 1, "at": 1_790_000_000}],
}
_ASKED = {"token": "c2hpcmFzZS1leGFtcGxlLXRva2VuLTMyLWJ5dGVzISE", "state": "waiting-for-the-push"}
_KEYS = {"application_server_key": "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA", "consents": CONSENT_VERSIONS}


def subscription_routes(sign_up: SignUp) -> APIRouter:
    """Return the routes under `/subscriptions`."""
    router = APIRouter()
    # Off the pool that answers pages: a broker that stalls while many sign up must not stop what they read.
    turns = Turns(_AT_ONCE, most_waiting=_MOST_WAITING)

    @router.get(
        "/subscriptions/key",
        summary="The key that a browser subscribes with (VAPID, RFC 8292)",
        response_class=Response,
        responses={200: answered("the key, and which wording of each consent is the present one", _KEYS)},
    )
    def key() -> Response:
        drills = {"drill_server_key": sign_up.drill_public} if sign_up.drill_public else {}
        return _json(200, {"application_server_key": sign_up.vapid_public, "consents": CONSENT_VERSIONS} | drills)

    @router.post(
        "/subscriptions",
        status_code=202,
        summary="Ask for the push that proves the browser",
        response_class=Response,
        responses={
            202: answered("a push is on its way; nothing is stored yet", _ASKED),
            **refused(401, 422, 429, 503, 504),
        },
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
        responses={200: answered("stored", {"state": "active"} | _SHOWN), **refused(401, 403, 422, 503)},
    )
    async def put(asked: ConfirmedIn, authorization: Annotated[str, Header()] = "") -> Response:
        identifier = id_of(_token(authorization))
        return await turns.take(identifier.hex(), stored, identifier, asked)

    def stored(identifier: bytes, asked: ConfirmedIn) -> Response:
        subscription = sign_up.subscription(identifier, asked)
        proof = bytes_of(asked.proof, "proof")
        if not sign_up.proofs.holds(proof, identifier, subscription.endpoint, subscription.p256dh, subscription.auth):
            raise ApiError(403, "proof-wrong", "This is not the proof that was sent to this browser")
        subscription = sign_up.as_agreed(subscription)
        sign_up.store(identifier, sign_up.keys.seal(subscription))
        return _json(200, {"state": "active", **_shown(subscription)})

    @router.get(
        "/subscriptions",
        summary="Everything that is stored about it",
        response_class=Response,
        responses={200: answered("all of it", _SHOWN), **refused(401, 404, 422, 503)},
    )
    async def get(authorization: Annotated[str, Header()] = "") -> Response:
        return _json(200, _shown(await turns.take("", sign_up.stored, id_of(_token(authorization)))))

    @router.post(
        "/subscriptions/alive",
        status_code=204,
        summary="Say that its owner is still there: in which ten days, and nothing finer, is kept",
        responses=refused(401, 404, 422, 503),
    )
    async def alive(authorization: Annotated[str, Header()] = "") -> Response:
        identifier = id_of(_token(authorization))
        await turns.take(identifier.hex(), keep_sign, identifier)
        return Response(status_code=204, headers={"cache-control": "no-store"})

    def keep_sign(identifier: bytes) -> None:
        subscription = sign_up.stored(identifier)
        span = span_of(sign_up.clock())
        if span > subscription.seen:
            # Not into the subscription itself: what was read may be gone by now, and would come back.
            sign_up.store(signs.key_of(identifier), signs.sealed(sign_up.keys, identifier, span))

    @router.delete(
        "/subscriptions",
        status_code=204,
        summary="Forget it; no push starts from a minute on",
        responses=refused(401, 422, 503),
    )
    async def forget(authorization: Annotated[str, Header()] = "") -> Response:
        # Also where nothing is stored: whether a token was ever used is nobody's business.
        identifier = id_of(_token(authorization))
        await turns.take(identifier.hex(), forgotten, identifier)
        return Response(status_code=204, headers={"cache-control": "no-store"})

    def forgotten(identifier: bytes) -> None:
        sign_up.store(identifier, None)
        sign_up.store(signs.key_of(identifier), None)

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
    token = bytes_of(text.strip(), "token-wrong")
    if len(token) != 32:
        raise ApiError(401, "token-wrong", "This is not a token of ours")
    return token


def _json(status: int, body: object) -> Response:
    return Response(orjson.dumps(body), status, {"cache-control": "no-store"}, media_type="application/json")
