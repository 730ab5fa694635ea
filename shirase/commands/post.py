"""`shirase post`: what a coordinator knows, on the way that the console takes."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from alerts.hazard import HazardKind
from alerts.incident import IncidentKind
from alerts.place import LatLng
from alerts.reception import cap_id
from alerts.road import RoadCause
from alerts.shelter import Accepts, OccupancyBand, ShelterState
from alerts.wording import JAPAN
from feeds.console import FEED, SOURCE, read_console
from feeds.console_write import console_document
from feeds.errors import FeedError
from shirase.commands.exits import NOT_UP
from shirase.commands.options import broker_option
from shirase.post import effect_of, points, post
from streams.brokers.errors import StreamsError
from streams.evacuation.preview import ASK_SECONDS, ask, geojson_of, posting_settings, why_not_yet
from streams.payloads import Preview

_REPORTED, _CONFIRMED = "reported", "confirmed"
_NAME_NOT_REPEATED = 4


def _common(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        broker_option,
        click.option("--by", default="duty officer", show_default=True, help="The role that posts, never a name."),
        click.option("--text", default="", help="A sentence for coordinators; never shown to residents."),
        click.option("--undo", is_flag=True, help="Take a mistake back: whom it moved go back, nobody else is told."),
    ):
        command = option(command)
    return command


_ward = click.option("--ward", default="", help="The ward that it is about.")
_wait = click.option("--wait", type=float, default=10.0, show_default=True, help="Seconds to wait for its effect.")


@click.group("post")
def post_group() -> None:
    """Post a closure, a shelter, a cap, an incident or an order; it is stored as a document and can be replayed."""


@post_group.command()
@click.argument("thing")
@click.option("--point", help="LAT,LNG: the nearest way is meant.")
@click.option("--line", help='"LAT,LNG LAT,LNG ...": the ways along it.')
@click.option("--polygon", help='"LAT,LNG LAT,LNG ...": all ways that it touches; it ends where it begins.')
@click.option("--road", "roads", multiple=True, help="Id of a road of the network; may be given several times.")
@click.option("--name", default="", help="As people call it: 「○○橋」.")
@click.option("--cause", type=click.Choice([cause.value for cause in RoadCause]), default=RoadCause.OTHER.value)
@click.option("--from", "valid_from", type=click.DateTime(), help="When it begins, by Tokyo's clock.")
@click.option("--until", "valid_until", type=click.DateTime(), help="When it ends by itself, by Tokyo's clock.")
@click.option("--lift", is_flag=True, help="It can be walked again.")
@click.option("--reported", is_flag=True, help="Somebody says so and nobody has confirmed it: shown, moves nobody.")
@click.option(
    "--preview", "only_preview", is_flag=True, help="Post nothing: what it would block and whom it would move."
)
@click.option("--confirm", default="", help="Its name once more: needed where it would move very many people.")
@_wait
@_ward
@_common
def closure(
    thing: str,
    broker: str,
    wait: float,
    lift: bool,
    reported: bool,
    only_preview: bool,
    confirm: str,
    **given: Any,
) -> None:
    """Post the road closure THING (an id of your own), confirmed unless --reported.

    With --preview nothing is posted: the roads are written to standard output as GeoJSON, with the cells and
    the people that it would move. What would move more than SHIRASE_ASK_NAME_ABOVE people (5,000) is refused
    until --confirm repeats its name.
    """
    now = datetime.now(UTC)
    fields = {**given, "lifted": lift, "confidence": _REPORTED if reported else _CONFIRMED}
    for name in ("point", "line", "polygon"):
        found = _points(fields.pop(name), name)
        fields[name] = (found[0] if found else None) if name == "point" else found
    for name in ("valid_from", "valid_until"):
        fields[name] = _tokyo(fields[name])
    closes = not (lift or reported or given["undo"])
    if only_preview or closes:
        seen = _foreseen(broker, thing, now, fields)
        if only_preview:
            _show(seen)
            return
        _stop_for_its_name(seen, str(given["name"]) or thing, confirm)
    _send("closure", thing, broker, wait, now, fields)


@post_group.command()
@click.argument("thing")
@click.option("--state", type=click.Choice([state.value for state in ShelterState]), required=True)
@click.option("--name", default="")
@click.option("--occupants", type=click.IntRange(0), help="People there now.")
@click.option("--capacity", type=click.IntRange(0))
@click.option("--accepts", type=click.Choice([one.value for one in Accepts]), help="Whom it takes (R17).")
@click.option(
    "--agreed", "agreed_wards", multiple=True, help="A ward that it takes people of, with --accepts agreed-wards."
)
@click.option("--band", type=click.Choice([band.value for band in OccupancyBand]), help="空き, やや混雑, 混雑, 満員.")
@_wait
@_ward
@_common
def shelter(thing: str, broker: str, wait: float, **given: Any) -> None:
    """Post the state of the shelter THING (its national common id, or the list's own)."""
    _send("shelter", thing, broker, wait, datetime.now(UTC), given)


@post_group.command()
@click.argument("thing")
@click.option("--kind", "incident", type=click.Choice([kind.value for kind in IncidentKind]), required=True)
@click.option("--title", required=True)
@click.option("--point", help="LAT,LNG")
@click.option("--ended", is_flag=True)
@_ward
@_common
def incident(thing: str, broker: str, point: str | None, **given: Any) -> None:
    """Post the incident THING."""
    found = _points(point, "point")
    _send("incident", thing, broker, 0.0, datetime.now(UTC), {**given, "point": found[0] if found else None})


@post_group.command()
@click.argument("from_ward")
@click.argument("to_ward")
@click.option("--most", type=click.IntRange(0), help="People of FROM_WARD whom TO_WARD takes.")
@click.option("--lift", is_flag=True, help="There is no such limit any more.")
@_wait
@_common
def cap(from_ward: str, to_ward: str, broker: str, wait: float, lift: bool, **given: Any) -> None:
    """Say for TO_WARD how many people of FROM_WARD it takes: those above are sent elsewhere (R17)."""
    fields = {**given, "from_ward": from_ward, "to_ward": to_ward, "lifted": lift}
    _send("cap", cap_id(from_ward, to_ward), broker, wait, datetime.now(UTC), fields)


@post_group.command()
@click.argument("thing")
@click.option("--level", type=click.IntRange(3, 5), required=True, help="3 elderly leave, 4 all leave, 5 secure life.")
@click.option("--hazard", type=click.Choice([hazard.value for hazard in HazardKind]), required=True)
@click.option("--area", "areas", multiple=True, help="CODE=NAME: a municipality by its class20 code; several times.")
@click.option(
    "--chome", "chomes", multiple=True, help="「13108 亀戸一丁目」: a 町丁目 of an imported list; several times."
)
@click.option("--issuer", required=True, help="Whose order it is, as residents read it: the ward.")
@click.option(
    "--hours", type=click.IntRange(1, 72), default=6, show_default=True, help="It ends by itself after so many."
)
@click.option("--lift", is_flag=True, help="It is over.")
@_common
def order(
    thing: str,
    broker: str,
    areas: tuple[str, ...],
    chomes: tuple[str, ...],
    hours: int,
    lift: bool,
    **given: Any,
) -> None:
    """Open the draft of the order to leave THING. Nobody is told before a second person has approved it."""
    now = datetime.now(UTC)
    pairs = [area.partition("=") for area in areas]
    named = [{"code": code, "name": name} for code, _, name in pairs]
    named += [{"chome": chome, "name": chome.partition(" ")[2] or chome} for chome in chomes]
    until = None if lift else now + timedelta(hours=hours)
    _send("order", thing, broker, 0.0, now, {**given, "areas": named, "ended": lift, "valid_until": until})
    click.echo("a draft, not an order: see the console, or `shirase approve`")


def _foreseen(broker: str, thing: str, now: datetime, fields: dict[str, Any]) -> Preview | None:
    try:
        raw = console_document("closure", thing, at=now, **fields)
        (report,) = read_console(raw, received=now, feed=FEED).facts.roads
        return ask(broker, report, now, ASK_SECONDS)
    except FeedError as error:
        raise click.ClickException(f"not posted: {error}") from error
    except StreamsError as error:
        raise _not_up(f"NOT SENT: {error}") from error


def _show(seen: Preview | None) -> None:
    if seen is None:
        raise _not_up(f"no planner has answered within {ASK_SECONDS:.0f} s: is `shirase worker evacuation` running?")
    click.echo(json.dumps(geojson_of(seen), ensure_ascii=False))
    click.echo(f"not posted; {_would(seen)}", err=True)


def _stop_for_its_name(seen: Preview | None, name: str, repeated: str) -> None:
    settings = posting_settings(os.environ)
    refused = why_not_yet(seen, name, repeated, settings)
    if refused is not None:
        assert seen is not None
        stopped = click.ClickException(f"NOT SENT ({refused.value}): {_would(seen)}; if so, add --confirm {name!r}")
        stopped.exit_code = _NAME_NOT_REPEATED
        raise stopped


def _would(seen: Preview) -> str:
    people = "an unknown number of" if seen.people is None else f"{seen.people:,}"
    return f"{seen.reason}: {seen.road_count} roads, {len(seen.cells)} cells with {people} people would be told anew"


def _not_up(said: str) -> click.ClickException:
    refused = click.ClickException(said)
    refused.exit_code = NOT_UP
    return refused


def _send(kind: str, thing: str, broker: str, wait: float, now: datetime, fields: dict[str, Any]) -> None:
    try:
        raw = console_document(kind, thing, at=now, **fields)
        posted = post(broker, raw, name=f"{kind}-{thing}.json")
    except FeedError as error:
        raise click.ClickException(f"not posted: {error}") from error
    except StreamsError as error:
        raise _not_up(f"NOT SENT or UNKNOWN; posting it again is safe: {error}") from error
    click.echo(f"{kind} {thing}: stored as {posted.receipt}")
    if wait <= 0:
        return
    effect = effect_of(broker, f"{thing}|{SOURCE}", posted.at, wait)
    if effect is None:
        click.echo(f"no planner has spoken of it within {wait:.0f} s: is `shirase worker evacuation` running?")
        return
    people = "an unknown number of" if effect.people is None else f"{effect.people:,}"
    click.echo(f"{effect.reason}: {len(effect.roads)} roads, {effect.moved} cells with {people} people told anew")


def _points(text: str | None, option: str) -> tuple[LatLng, ...]:
    try:
        return points(text or "")
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=f"--{option}") from None


def _tokyo(at: datetime | None) -> datetime | None:
    return None if at is None else at.replace(tzinfo=JAPAN)
