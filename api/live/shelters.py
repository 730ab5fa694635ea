"""The shelters of a shard: open or not, how full, fit for what, and how old that word is.

What nobody said is "unknown", never "closed" and never "open" (R11). Only what is confirmed or official
counts; a word grows old in the open: fresh, ageing, unconfirmed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from alerts.fact import AGEING_AFTER, UNCONFIRMED_AFTER, Attribution, Confidence, Freshness, freshness
from alerts.place import Shard
from alerts.shelter import OccupancyBand, ShelterReport, ShelterState, band_of
from api.live.body import Content
from api.live.facts import LiveFacts
from routing.site import Site

_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Shown:
    """One site as residents see it. `said` is who spoke last of its state; None: nobody ever did."""

    site: Site
    state: ShelterState = ShelterState.UNKNOWN
    band: OccupancyBand | None = None
    accepts: str = ""
    needs: tuple[str, ...] = ()
    said: Attribution | None = None


def shelters_in(facts: LiveFacts, shard: Shard, at: datetime) -> Content:
    """Return the sites of *shard* as GeoJSON."""
    found = [
        shown
        for name, where in facts.site_shards.items()
        if where == shard and (shown := shown_of(facts.sites.get(name), facts.shelters.get(name, {}).values()))
    ]
    found.sort(key=lambda one: one.site.id)
    said = [one.said for one in found if one.said is not None]
    return Content(
        {
            "type": "FeatureCollection",
            "shard": f"{shard:x}",
            "not_an_all_clear": True,
            "features": [_feature(one, at) for one in found],
        },
        max((one.fact_at for one in said), default=None),
        min((edge for one in said if (edge := _edge(one, at)) is not None), default=None),
    )


def shown_of(site: Site | None, words: Iterable[ShelterReport]) -> Shown | None:
    """Return what is to be shown of *site* after *words*; None for a place that nobody can find."""
    spoken = sorted(words, key=lambda word: (word.attribution.fact_at, word.attribution.source))
    entitled = [word for word in spoken if word.attribution.confidence is not Confidence.REPORTED]
    if site is None:
        placed = next((word for word in reversed(entitled) if word.point is not None), None)
        if placed is None or placed.point is None:
            return None
        site = Site(placed.id, placed.name or placed.id, placed.point, frozenset(placed.fit_for or ()), placed.ward)
    shown = Shown(site, ShelterState.CLOSED if site.out_of_use else ShelterState.UNKNOWN)
    for word in entitled:
        shown = _after(shown, word)
    if shown.state is ShelterState.FULL:
        shown = replace(shown, band=OccupancyBand.FULL)
    return shown


def _after(shown: Shown, word: ShelterReport) -> Shown:
    site = shown.site
    site = replace(
        site,
        name=word.name or site.name,
        address=word.address or site.address,
        ward=word.ward or site.ward,
        site_class=word.site_class or site.site_class,
        step_free=site.step_free if word.step_free is None else word.step_free,
        capacity=site.capacity if word.capacity is None else word.capacity,
        fit_for=site.fit_for if word.fit_for is None else frozenset(word.fit_for),
    )
    band = word.band or band_of(word.occupants, site.capacity)
    silent = word.state is ShelterState.UNKNOWN and band is None
    return Shown(
        site=site,
        state=shown.state if word.state is ShelterState.UNKNOWN else word.state,
        band=band or (shown.band if word.state in (ShelterState.UNKNOWN, ShelterState.OPEN) else None),
        accepts=word.accepts.value if word.accepts is not None else shown.accepts,
        needs=word.needs or shown.needs,
        said=shown.said if silent else word.attribution,
    )


def _edge(said: Attribution, at: datetime) -> datetime | None:
    edges = (said.fact_at + AGEING_AFTER, said.fact_at + UNCONFIRMED_AFTER)
    return next((edge for edge in edges if edge > at), None)


def _feature(shown: Shown, at: datetime) -> dict[str, Any]:
    site, said = shown.site, shown.said
    return {
        "type": "Feature",
        "id": site.id,
        "geometry": {
            "type": "Point",
            "coordinates": [round(site.point.lng, _DIGITS), round(site.point.lat, _DIGITS)],
        },
        "properties": {
            "name": site.name,
            "address": site.address,
            "ward": site.ward,
            "class": site.site_class.value,
            "state": shown.state.value,
            "crowding": None if shown.band is None else shown.band.value,
            "fit_for": sorted(kind.value for kind in site.fit_for),
            "step_free": site.step_free,
            "accepts": shown.accepts or None,
            "needs": shown.needs,
            "freshness": (Freshness.UNCONFIRMED if said is None else freshness(said, at=at)).value,
            "fact_at": None if said is None else said.fact_at,
        },
    }
