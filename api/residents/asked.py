"""What a browser asks to have stored: the bodies of the routes under `/subscriptions`, strict and bounded.

A place is a cell, resolution 9 at the finest; needs, ages, names of places and the exact point have no field here.
"""

import base64
import binascii
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from api.http.errors import ApiError
from dispatch.subscription import MAX_PLACES
from dispatch.terms import LONGEST_STAY_SECONDS, Terms, Whose, flaw

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


def bytes_of(text: str, code: str) -> bytes:
    """Return what *text* is in base64url; raises `ApiError` with *code*."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise ApiError(422, code, "This is not base64url") from None
