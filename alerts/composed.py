"""Which words a part is told in: those of an order, of shaking, of a tsunami, or of any other warning."""

from collections.abc import Iterable

from alerts.notice import SAID_OVER, Picture, Text
from alerts.order_words import compose_order, is_order
from alerts.quake_words import compose_quake, compose_wave
from alerts.wording import PartFacts
from alerts.words import compose


def composed(facts: PartFacts, language: str, events: Iterable[str], picture: Picture | None) -> Text:
    """Return title and body of *facts*; *events* are the names of what is told, *picture* what is drawn of it."""
    if is_order(events):
        return compose_order(facts, language)
    if picture is not None and facts.phase not in SAID_OVER:
        if picture.intensity is not None:
            return compose_quake(facts, picture.intensity, language)
        if picture.wave is not None:
            return compose_wave(facts, picture.wave, language)
    return compose(facts, language)
