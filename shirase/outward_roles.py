"""Start the two roles that speak to others than residents: a ward's other systems, and officers on duty."""

import logging
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from alerts.place import Cells
from shirase.policy_file import policy_at
from shirase.role_process import Beat, Stop, hold_lease
from streams.metrics import Role, StreamMetrics
from streams.settings import SettingMissing, WorkerSettings

if TYPE_CHECKING:
    from streams.duty.roster import DutyRegister, OfficerKey

log = logging.getLogger(__name__)


def run_channels(
    settings: WorkerSettings, metrics: StreamMetrics, registry: CollectorRegistry, heartbeat: Path | None
) -> None:
    """Wait for the lease, then give the outlets what was approved until it is lost."""
    from alerts.alert import GEOCODE_CLASS20, Geocode
    from shirase.areas import table_at
    from shirase.ward_register import wards_at
    from streams.outward.metrics import OutwardMetrics
    from streams.outward.outlets import OutletError, register_of
    from streams.outward.stage import Outward

    plain = tomllib.loads(settings.outlets.read_text(encoding="utf-8")) if settings.outlets else {}
    folder = settings.outlets.parent if settings.outlets else Path()
    _there("SHIRASE_OUTLETS_CA", settings.outlets_ca)
    try:
        languages = {code: ward.languages for code, ward in wards_at(settings.wards).items()}
        register = register_of(plain, folder, ca_file=settings.outlets_ca, languages=languages)
    except OutletError as error:
        raise SettingMissing(f"SHIRASE_OUTLETS, {settings.outlets}: {error}") from None
    stop, beat = Stop(), Beat(heartbeat)
    if not hold_lease(Role.CHANNELS, settings, stop, beat):
        return
    table = table_at(settings.areas)
    covers = {
        outlet.ward.code: table.lookup(Geocode(GEOCODE_CLASS20, f"{outlet.ward.code}00")) for outlet in register.outlets
    }
    ground = {code: cover.cells for code, cover in covers.items() if cover is not None}
    outward = Outward(settings.broker, register, ground, OutwardMetrics(registry), metrics)
    outward.run(stop, beat)
    outward.close()


def run_pager(
    settings: WorkerSettings, metrics: StreamMetrics, registry: CollectorRegistry, heartbeat: Path | None
) -> None:
    """Wait for the lease, then wake officers until it is lost."""
    from alerts.alert import GEOCODE_CLASS20, Geocode
    from dispatch.device_seal import DeviceSeal
    from dispatch.secret_file import read_secret
    from shirase.areas import table_at
    from shirase.help_lines import help_lines_at
    from shirase.ward_register import wards_at
    from streams.duty.across import by_name
    from streams.duty.metrics import PagerMetrics
    from streams.duty.pager import Pager

    key = _officer_key(settings)
    register = duty_at(settings, key)
    lines = help_lines_at(settings.wards, settings.areas)
    if not register.duty.rosters:
        log.warning("no roster: nobody is woken when a draft waits")
    stop, beat = Stop(), Beat(heartbeat)
    if not hold_lease(Role.PAGER, settings, stop, beat):
        return
    table = table_at(settings.areas)

    def ground_of(ward: str) -> Cells:
        cover = table.lookup(Geocode(GEOCODE_CLASS20, f"{ward}00"))
        return cover.cells if cover is not None else ()

    grounds: dict[str, list[Cells]] = {}
    for code in table.codes():
        name, cover = table.name(code), table.lookup(Geocode(GEOCODE_CLASS20, code))
        if name is not None and cover is not None:
            grounds.setdefault(name.ja, []).append(cover.cells)

    seal = DeviceSeal(read_secret(settings.duty_key)) if settings.duty_key is not None else None
    pager = Pager(
        settings.broker,
        register,
        {code: cells for code in register.duty.rosters if (cells := ground_of(code))},
        policy_at(settings.policy).silence,
        PagerMetrics(registry),
        metrics,
        console_url=settings.console_url,
        devices=(seal, key) if seal is not None and key is not None else None,
        ground_of=ground_of,
        help_lines=lines,
        silence_after={
            code: seconds
            for code, ward in wards_at(settings.wards).items()
            if (seconds := ward.thresholds.silence_after_seconds) is not None
        },
        ward_of=by_name(grounds),
    )
    pager.run(stop, beat)
    pager.close()


def duty_at(settings: WorkerSettings, key: "OfficerKey | None" = None) -> "DutyRegister":
    """Return the register of `SHIRASE_DUTY`; raises `SettingMissing` for one that is off."""
    from streams.duty.roster import DutyError, duty_of

    plain = tomllib.loads(settings.duty.read_text(encoding="utf-8")) if settings.duty else {}
    _there("SHIRASE_DUTY_CA", settings.duty_ca)
    try:
        return duty_of(plain, settings.duty.parent if settings.duty else Path(), key=key, ca_file=settings.duty_ca)
    except DutyError as error:
        raise SettingMissing(f"SHIRASE_DUTY, {settings.duty}: {error}") from None


def _there(name: str, authority: str) -> None:
    """Raise `SettingMissing` for an *authority* that is not there: found out now, and not by what no gateway takes."""
    if authority and not Path(authority).is_file():
        raise SettingMissing(f"{name}, {authority}: there is no such file")


def _officer_key(settings: WorkerSettings) -> "OfficerKey | None":
    """Return the key by which officers' devices are called; None where the register can name none."""
    from dispatch.secret_file import read_secret
    from dispatch.settings import DispatchSettings
    from dispatch.vapid import Vapid, VapidKey
    from streams.duty.roster import OfficerKey

    if settings.vapid_key is None or settings.envelope_secret is None or not settings.vapid_subject:
        return None
    vapid = Vapid({0: VapidKey.load(settings.vapid_key)}, settings.vapid_subject)
    dispatch = DispatchSettings(extra_origins=settings.push_origins, ca_file=settings.push_ca)
    return OfficerKey(vapid, read_secret(settings.envelope_secret), dispatch)
