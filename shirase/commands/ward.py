"""`shirase ward check CODE`: read the files of a deployment and say what a ward lacks before it may go live (R24)."""

import json
import ssl
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from shirase.commands.exits import NOT_UP, WRONG, stop
from shirase.languages import not_reviewed, reviews_at
from shirase.paths import DEFAULT_ACCOUNTS, DEFAULT_AREAS, DEFAULT_LANGUAGES, DEFAULT_SITES

if TYPE_CHECKING:
    from alerts.duty import Duty
    from shirase.ward_check import Finding, WardFiles
    from streams.duty.roster import DutyRegister

_T = TypeVar("_T")
# The table of municipal codes has five digits; the JMA's class20 codes add two of their own.
_CODE_DIGITS = 5


def _path(name: str, default: Path, setting: str) -> Any:
    return click.option(
        name, type=click.Path(path_type=Path), envvar=setting, default=default, show_default=True, help=f"As {setting}."
    )


@click.group("ward")
def ward() -> None:
    """A ward is data: what it still lacks."""


@ward.command()
@click.argument("code")
@_path("--wards", Path("ops/wards.toml"), "SHIRASE_WARDS")
@_path("--areas", DEFAULT_AREAS, "SHIRASE_AREAS")
@_path("--duty", Path("ops/duty.toml"), "SHIRASE_DUTY")
@click.option(
    "--duty-ca",
    type=click.Path(path_type=Path),
    envvar="SHIRASE_DUTY_CA",
    help="As SHIRASE_DUTY_CA; without it the system's authorities.",
)
@_path("--outlets", Path("ops/outlets.toml"), "SHIRASE_OUTLETS")
@_path("--policy", Path("ops/policy.toml"), "SHIRASE_POLICY")
@_path("--shelters", DEFAULT_SITES, "SHIRASE_SHELTERS")
@click.option(
    "--accounts", type=click.Path(path_type=Path), default=DEFAULT_ACCOUNTS, show_default=True, help="The console's."
)
@_path("--languages", DEFAULT_LANGUAGES, "SHIRASE_LANGUAGES")
@click.option(
    "--broker",
    envvar="SHIRASE_BROKER",
    default="",
    help="HOST:PORT: rosters and devices of the console's /duty as well.",
)
@click.option("--language", type=click.Choice(["ja", "en"]), default="ja", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Only JSON on standard output, in both languages.")
def check(
    code: str,
    wards: Path,
    areas: Path,
    duty: Path,
    duty_ca: Path | None,
    outlets: Path,
    policy: Path,
    shelters: Path,
    accounts: Path,
    languages: Path,
    broker: str,
    language: str,
    as_json: bool,
) -> None:
    """Say what the ward CODE (five digits) lacks before it may go live.

    Exit code 0: it may; 1: something that blocks is lacking; 3: no area table. Nothing is changed and nobody is called.
    """
    from shirase.ward_check import check_ward, report_of

    if not (code.isascii() and code.isdigit() and len(code) in (_CODE_DIGITS, _CODE_DIGITS + 2)):
        raise click.BadParameter("five digits, e.g. 13123", param_hint="CODE")
    if not areas.exists():
        stop(f"there is no area table at {areas}; make it with `shirase areas`", NOT_UP)
    files = read_files(
        code[:_CODE_DIGITS],
        wards=wards,
        areas=areas,
        duty=duty,
        outlets=outlets,
        policy=policy,
        shelters=shelters,
        accounts=accounts,
        languages=languages,
        broker=broker,
        duty_ca=duty_ca,
    )
    found = check_ward(files)
    report = report_of(files, found)
    click.echo(json.dumps(report, ensure_ascii=False) if as_json else _text(report, found, language))
    sys.exit(0 if report["ready"] else WRONG)


def read_files(
    code: str,
    *,
    wards: Path,
    areas: Path,
    duty: Path,
    outlets: Path,
    policy: Path,
    shelters: Path,
    accounts: Path,
    languages: Path = DEFAULT_LANGUAGES,
    broker: str = "",
    duty_ca: Path | None = None,
) -> "WardFiles":
    """Return what the files at these paths say of the ward *code*, and the console's rosters where *broker* has them.

    What cannot be read is named, not raised.
    """
    from alerts.alert import GEOCODE_CLASS20, Geocode
    from alerts.errors import AlertsError
    from alerts.ward import wards_from_plain
    from geo.errors import GeoError
    from routing.errors import RoutingError
    from routing.importers.shelter_file import read_sites
    from shirase.areas import table_at
    from shirase.policy_file import policy_at
    from shirase.ward_check import WardFiles
    from streams.brokers.errors import StreamsError
    from streams.duty.roster import DutyError, duty_of
    from streams.outward.outlets import OutletError, municipalities_of, register_of

    unreadable: dict[str, str] = {}
    expected = (
        AlertsError,
        GeoError,
        RoutingError,
        DutyError,
        OutletError,
        StreamsError,
        OSError,
        ValueError,
        KeyError,
    )

    def tried(name: str, work: Callable[[], _T]) -> _T | None:
        try:
            return work()
        except expected as error:
            unreadable[name] = str(error) or type(error).__name__
            return None

    settings = tried("wards", lambda: wards_from_plain(_toml(wards)))
    trusted = "" if duty_ca is None else tried("duty-ca", lambda: _authority(duty_ca)) or ""
    roster = tried("duty", lambda: duty_of(_toml(duty), duty.parent, key=_any_key(), ca_file=trusted))
    plain = tried("outlets", lambda: _toml(outlets))
    register = None if plain is None else tried("outlets", lambda: register_of(plain, outlets.parent))
    tried("policy", lambda: policy_at(policy))
    cover = tried("areas", lambda: table_at(areas).lookup(Geocode(GEOCODE_CLASS20, f"{code}00")))
    reviews = tried("languages", lambda: reviews_at(languages))
    sites = tried("shelters", lambda: read_sites(shelters)) if shelters.exists() else None
    said = None if roster is None or not broker else tried("duty-topic", lambda: _as_called(roster, broker))
    in_force, can = (None if roster is None else roster.duty, None) if said is None else said
    found = WardFiles(
        code,
        setting=(settings or {}).get(code),
        cover=cover,
        accounts=tried("accounts", lambda: _accounts(accounts)) if accounts.exists() else None,
        duty=in_force,
        callable_people=can,
        partners=() if roster is None else roster.partners.get(code, ()),
        known_wards=frozenset() if in_force is None else frozenset(in_force.rosters),
        sites=sites,
        outlets=() if register is None else register.outlets,
        municipalities={} if register is None or plain is None else municipalities_of(plain),
        unreviewed=frozenset(one.code for one in not_reviewed(reviews or ())),
    )
    return replace(found, unreadable=unreadable)


def _as_called(register: "DutyRegister", broker: str) -> "tuple[Duty, frozenset[str]]":
    """Return the rosters in force once the pager reads *register*, and who can be called: nobody is left out."""
    from alerts.duty import Duty
    from api.officers.duty_desk import DutyDesk
    from streams.brokers.client import read_to_end
    from streams.topics import DUTY

    desk = DutyDesk()
    for record in read_to_end(broker, DUTY.name):
        desk.apply(record)
    seen = desk.view()
    said = {code: roster for code, roster in seen.rosters.items() if code in seen.said}
    # A pager that is not started yet says nothing: the devices count as soon as it is.
    devices = frozenset(one.person for one in seen.devices) if seen.pager is None or seen.pager.opens else frozenset()
    rosters = {**seen.rosters, **register.duty.rosters, **said}
    metropolitan = seen.metropolitan or register.duty.metropolitan
    return Duty(rosters, metropolitan, register.duty.rung_seconds), devices | seen.callable | frozenset(register.ways)


def _toml(path: Path) -> Mapping[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _authority(path: Path) -> str:
    """Return the *path* of an authority that can be read: without it the pager does not start, or calls nobody."""
    try:
        ssl.create_default_context(cafile=str(path))
    except OSError as error:  # an SSLError is one
        raise ValueError(f"SHIRASE_DUTY_CA, {path}: {error.strerror or error}") from None
    return str(path)


def _accounts(path: Path) -> Any:
    from contextlib import closing

    from api.officers.accounts import Accounts

    with closing(Accounts(path)) as store:
        return store.listed()


def _any_key() -> Any:
    """Return a key that is thrown away: the roster is looked at, and nobody is called."""
    from dispatch.settings import DispatchSettings
    from dispatch.vapid import Vapid, VapidKey
    from streams.duty.roster import OfficerKey

    return OfficerKey(Vapid({0: VapidKey.generate()}, "mailto:nobody@shirase.example"), bytes(32), DispatchSettings())


def _text(report: Mapping[str, Any], found: "tuple[Finding, ...]", language: str) -> str:
    japanese = language == "ja"
    head = f"{report['ward']} {report['name']}".strip()
    marks = ("不足", "注意") if japanese else ("lacks", "note")
    lines = [f"{head}  {marks[0] if one.blocks else marks[1]}  {one.code}  {one.plain[language]}" for one in found]
    if report["ready"]:
        end = "運用を始められます" if japanese else "may go live"
    else:
        lacking = sum(one.blocks for one in found)
        end = f"{lacking}件が足りません" if japanese else f"{lacking} things are lacking"
    return "\n".join([*lines, f"{head}: {end}"])
