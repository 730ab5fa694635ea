"""`shirase api residents|console|intake`: two doors for people and one for offices' systems, each a process (R20).

The applications are imported by the command that serves them: the web framework alone would make every
other command start half a second later.
"""

import os
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from shirase.areas import missing_in, named_areas_at, river_zones_at, table_at
from shirase.commands.options import area_sets_option, broker_option, rivers_option, shelters_option
from shirase.languages import unreviewed_at, warn_of_languages
from shirase.paths import DEFAULT_AREAS, DEFAULT_LANGUAGES, DEFAULT_OUTLETS, DEFAULT_POLICY, DEFAULT_WEB

_host = click.option("--host", default="127.0.0.1", show_default=True)


def _port(default: int) -> Callable[[Any], Any]:
    return click.option("--port", type=click.IntRange(1, 65535), default=default, show_default=True)


class _Processors(click.ParamType):
    """Numbers of processors, as `taskset` takes them."""

    name = "NUMBERS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> frozenset[int]:
        """Return them; nobody waits for the topics to hear that this machine has no such processor."""
        from api.http.processors import allowed, processors_of

        try:
            found = value if isinstance(value, frozenset) else processors_of(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if not found & allowed():
            self.fail(f"none of them is among ours, {sorted(allowed())}", param, ctx)
        return found


def _cpus(otherwise: str) -> Callable[[Any], Any]:
    return click.option("--cpus", type=_Processors(), help=f"Processors to run on, as 0 or 1-3; otherwise {otherwise}.")


def _languages(use: str) -> Callable[[Any], Any]:
    return click.option(
        "--languages",
        envvar="SHIRASE_LANGUAGES",
        type=click.Path(path_type=Path),
        default=DEFAULT_LANGUAGES,
        show_default=True,
        help=f"Who has reviewed the words of each language; {use}",
    )


@click.group()
def api() -> None:
    """Serve the pages: residents and coordinators are separate processes, ports and origins."""


@api.command()
@broker_option
@_port(8080)
@_host
@click.option(
    "--areas",
    envvar="SHIRASE_AREAS",
    type=click.Path(path_type=Path),
    default=DEFAULT_AREAS,
    show_default=True,
    help="Area table; without it the map has no wards beneath it.",
)
@click.option(
    "--web",
    type=click.Path(path_type=Path),
    default=DEFAULT_WEB,
    show_default=True,
    help="Built pages (`make web`); without them the first page is all there is.",
)
@click.option(
    "--network",
    envvar="SHIRASE_NETWORK",
    default="",
    help="Walking network, or demo-city: draws roads that are known by their id alone.",
)
@shelters_option
@rivers_option
@area_sets_option
@click.option(
    "--take-reports/--no-reports",
    envvar="SHIRASE_RESIDENT_REPORTS",
    default=False,
    show_default=True,
    help="Take residents' reports of roads; needs --network. Shown with age and count, never acted on.",
)
@click.option(
    "--site-url",
    envvar="SHIRASE_SITE_URL",
    default="http://localhost",
    show_default=True,
    help="Our address.",
)
@click.option(
    "--cap-sender",
    envvar="SHIRASE_CAP_SENDER",
    default="shirase@localhost.invalid",
    show_default=True,
    help="Name of this service as the sender of CAP messages: unique in the world, and for good.",
)
@_languages("the start warns of those that nobody has.")
@_cpus("all")
def residents(
    broker: str,
    port: int,
    host: str,
    areas: Path,
    web: Path,
    network: str,
    shelters: Path | None,
    rivers: Path | None,
    area_sets: Path | None,
    take_reports: bool,
    site_url: str,
    cap_sender: str,
    languages: Path,
    cpus: frozenset[int] | None,
) -> None:
    """Serve the first page, the state of each shard, and signing up where its keys are set."""
    from api.http.serve import serve
    from api.residents.joining import joining_settings
    from api.residents.process import PublishedAs, build_residents
    from shirase.demo.town import shown_town

    if take_reports and not network:
        raise click.UsageError("--take-reports needs --network: a report is of a road that we know")
    warn_of_languages(languages)
    town = shown_town(network, shelters, area_sets, rivers)
    app = build_residents(
        broker,
        table=table_at(areas) if areas.exists() else None,
        joining=joining_settings(os.environ),
        web=web if web.exists() else None,
        town=town,
        take_reports=take_reports,
        published=PublishedAs(cap_sender, site_url),
    )
    serve(app, host, port, gives_way=True, processors=cpus)


@api.command()
@broker_option
@_port(8081)
@_host
@click.option(
    "--accounts",
    type=click.Path(path_type=Path, exists=True),
    help="File of `shirase accounts`; without it the console only shows.",
)
@click.option(
    "--areas",
    envvar="SHIRASE_AREAS",
    type=click.Path(path_type=Path),
    default=DEFAULT_AREAS,
    show_default=True,
    help="Tells a draft's wards.",
)
@area_sets_option
@click.option("--people", default="", help="Who lives where: a CSV of census meshes, or `demo-city`, which is made up.")
@click.option(
    "--subscribers", type=click.Path(path_type=Path, exists=True), help="Packed snapshot: tells who can be reached."
)
@click.option(
    "--web",
    type=click.Path(path_type=Path),
    default=DEFAULT_WEB,
    show_default=True,
    help="Built pages (`make web`): a map to draw on; without them the forms are as they are.",
)
@click.option(
    "--policy",
    envvar="SHIRASE_POLICY",
    type=click.Path(path_type=Path),
    default=DEFAULT_POLICY,
    show_default=True,
    help="Whether, and how far, one officer may let go alone; without the file nobody may.",
)
@click.option(
    "--outlets",
    envvar="SHIRASE_OUTLETS",
    type=click.Path(path_type=Path),
    default=DEFAULT_OUTLETS,
    show_default=True,
    help="How wards sign, to show what left by a channel; its secrets are not read.",
)
@click.option(
    "--network",
    envvar="SHIRASE_NETWORK",
    default="",
    help="Walking network of the planner, or demo-city: its roads are found by name.",
)
@rivers_option
@shelters_option
@_languages("officers see which await a reader.")
@click.option(
    "--wards",
    envvar="SHIRASE_WARDS",
    type=click.Path(path_type=Path),
    default=Path("ops/wards.toml"),
    show_default=True,
    help="Wards that are asked for a closure's name at another number of people.",
)
@_cpus("all")
def console(
    broker: str,
    port: int,
    host: str,
    accounts: Path | None,
    areas: Path,
    area_sets: Path | None,
    people: str,
    subscribers: Path | None,
    web: Path,
    policy: Path,
    outlets: Path,
    network: str,
    rivers: Path | None,
    shelters: Path | None,
    languages: Path,
    wards: Path,
    cpus: frozenset[int] | None,
) -> None:
    """Serve what waits for a coordinator; with accounts they sign in and decide."""
    from api.console.officer_devices import officer_settings
    from api.console.process import build_console
    from api.http.serve import serve
    from api.known.census import Census
    from api.officers.oidc import oidc_settings
    from api.officers.passkeys import passkey_settings
    from shirase.demo.town import shown_town
    from shirase.policy_file import policy_at
    from shirase.ward_register import wards_at
    from streams.evacuation.preview import posting_settings
    from streams.outward.outlets import municipalities_of
    from streams.settings import SettingMissing

    table = table_at(areas) if areas.exists() else None
    if table is not None and (missing := missing_in(table)):
        click.echo(f"{areas}: {missing}", err=True)
    named = named_areas_at(area_sets, table) if table is not None else None
    census = Census.of(people_at(people), subscribers)
    posting = posting_settings(os.environ)
    try:
        register = tomllib.loads(outlets.read_text(encoding="utf-8")) if outlets.exists() else {}
    except ValueError as error:
        raise SettingMissing(f"SHIRASE_OUTLETS, {outlets}: {error}") from None
    known = wards_at(wards if wards.exists() else None)
    town = shown_town(network, shelters)
    app = build_console(
        broker,
        accounts=accounts,
        table=table,
        named=named,
        census=census,
        posting=posting,
        ask_name_above={
            code: above for code, ward in known.items() if (above := ward.thresholds.ask_name_above) is not None
        },
        provider=oidc_settings(os.environ),
        passkeys=passkey_settings(os.environ),
        alone=policy_at(policy).alone if policy.exists() else None,
        municipalities=municipalities_of(register, {code: ward.languages for code, ward in known.items()}),
        cap_sender=str(register.get("sender", "")),
        officers=officer_settings(os.environ),
        web=web if web.exists() else None,
        network=town.roads,
        sites=town.sites,
        courses=river_zones_at(rivers).courses,
        unreviewed=unreviewed_at(languages),
    )
    serve(app, host, port, processors=cpus)


def people_at(where: str) -> Mapping[int, int] | None:
    """Return the people of each cell: of a CSV of census meshes, of the demo city, or None where nobody counted."""
    if not where:
        return None
    if where == "demo-city":
        from shirase.demo.city import people

        city = people()
        return dict(zip(city.cells.tolist(), city.people.tolist(), strict=True))
    from geo.importers.population import read_csv

    return read_csv(Path(where))


@api.command()
@broker_option
@_port(8082)
@_host
@click.option(
    "--keys",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="The offices' keys as hashes (see ops/intake.toml); there is no default.",
)
@click.option(
    "--gates",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder with the keys of the events that are on (`shirase gate open`): shelters' own pages are served.",
)
@_cpus("all")
def intake(broker: str, port: int, host: str, keys: Path, gates: Path | None, cpus: frozenset[int] | None) -> None:
    """Take reports that offices push with their key, and those of shelters by the code at their door."""
    from prometheus_client import CollectorRegistry

    from api.http.serve import serve
    from api.intake.app import intake_app, keys_at
    from api.intake.gate_pass import keys_in
    from streams.brokers.client import Producer

    try:
        known = keys_at(keys)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--keys") from error
    events = None if gates is None else lambda: keys_in(gates)
    with Producer(broker) as producer:
        serve(intake_app(known, producer, CollectorRegistry(), events=events), host, port, processors=cpus)
