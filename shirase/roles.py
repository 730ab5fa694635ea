"""Run one worker role as a process: `shirase worker ROLE`.

Each role imports what it runs on when it runs: loading Faust costs a fan-out worker a second of the fifteen
in which it must be sending again (promise 8), and most of that second is spent on one core.
"""

import gc
import logging
import os
import signal
import threading
import time
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry, start_http_server

from alerts.alert import GEOCODE_CLASS10, Area, Geocode
from alerts.place import Cells, LatLng
from alerts.policy import Policy
from feeds.cap_signature import Signers
from feeds.gauges.plain_csv import ColumnMap, column_maps
from streams.metrics import MissedBy, Role, StreamMetrics
from streams.settings import SettingMissing, WorkerSettings

if TYPE_CHECKING:
    from streams.duty import OfficerKey
    from streams.lease import Lease
    from streams.subscribers import Subscribers

log = logging.getLogger(__name__)

# A holder that died keeps its lease for its session of ten seconds. The supervisor waits a minute for a first sign.
_LEASE_AT_ONCE_SECONDS = 20.0


# A beat is looked at after seconds; touching a file at each of thousands of turns a second costs a twentieth of them.
BEAT_SECONDS = 0.1


class Stop:
    """Set by SIGTERM and SIGINT; loops ask it at every turn."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: self._asked.set())

    def __call__(self) -> bool:
        return self._asked.is_set()


class Beat:
    """Touch the heartbeat file that the supervisor watches."""

    def __init__(self, heartbeat: Path | None) -> None:
        self._heartbeat = heartbeat
        self._touched_at = 0.0
        if heartbeat is not None:
            heartbeat.parent.mkdir(parents=True, exist_ok=True)

    def __call__(self) -> None:
        if self._heartbeat is not None and time.monotonic() - self._touched_at >= BEAT_SECONDS:
            self._touched_at = time.monotonic()
            self._heartbeat.touch()


def run_role(role: Role, settings: WorkerSettings, heartbeat: Path | None) -> None:
    """Run *role* until told to stop."""
    registry = CollectorRegistry()
    metrics = StreamMetrics(registry)
    metrics.restarted(role, MissedBy.EXIT, settings.restarts_after_exit)
    metrics.restarted(role, MissedBy.STUCK, settings.restarts_after_standing_still)
    if settings.metrics_port >= 0:
        start_http_server(settings.metrics_port, addr=settings.metrics_host, registry=registry)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    match role:
        case Role.INGEST:
            from shirase.areas import named_areas_at, river_zones_at, table_at
            from streams.faust_app import run_worker
            from streams.ingest import build_ingest

            table, policy = table_at(settings.areas), policy_at(settings.policy)
            # Before it counts as ready, so that the first tsunami does not wait for it.
            log.debug("shore", extra={"cells": len(table.near_sea)})
            app = build_ingest(
                settings.broker,
                data_dir=settings.data_dir,
                instance=settings.instance,
                table=table,
                policy=policy,
                metrics=metrics,
                signers=_signers(settings),
                rivers=river_zones_at(settings.river_zones),
                column_maps=column_maps_at(settings.column_maps),
                named=named_areas_at(settings.area_sets, table),
            )
            run_worker(app, heartbeat=heartbeat)
        case Role.HAZARDS:
            from streams.faust_app import run_worker
            from streams.hazards import build_hazards

            app = build_hazards(
                settings.broker, data_dir=settings.data_dir, instance=settings.instance, metrics=metrics
            )
            run_worker(app, heartbeat=heartbeat)
        case Role.NOTICES:
            _run_notices(settings, metrics, heartbeat)
        case Role.EVACUATION:
            _run_evacuation(settings, metrics, heartbeat)
        case Role.DECIDER:
            from streams.decider import Decider

            decider = Decider(settings.broker, instance=settings.instance, metrics=metrics)
            decider.run(Stop(), Beat(heartbeat))
            decider.close()
        case Role.FANOUT:
            _run_fanout(settings, metrics, registry, heartbeat)
        case Role.COLLECT:
            _run_collect(settings, metrics, registry, heartbeat)
        case Role.GAUGES:
            _run_gauges(settings, metrics, registry, heartbeat)
        case Role.CHANNELS:
            _run_channels(settings, metrics, registry, heartbeat)
        case Role.PAGER:
            _run_pager(settings, metrics, registry, heartbeat)


def policy_at(path: Path) -> Policy:
    """Return the policy in the TOML file at *path*."""
    return Policy.from_plain(tomllib.loads(path.read_text(encoding="utf-8")))


def column_maps_at(path: Path | None) -> Mapping[str, ColumnMap]:
    """Return the column maps in the TOML file at *path*; none without one."""
    return {} if path is None else column_maps(tomllib.loads(path.read_text(encoding="utf-8")))


def _run_gauges(
    settings: WorkerSettings, metrics: StreamMetrics, registry: CollectorRegistry, heartbeat: Path | None
) -> None:
    from geo.night_warning import Home
    from shirase.areas import river_zones_at
    from streams.faust_app import run_worker
    from streams.gauge_metrics import GaugeMetrics
    from streams.gauges import Gauges, build_gauges

    whole = Area(settings.night_area_name, geocodes=(Geocode(GEOCODE_CLASS10, settings.night_area),))
    home = Home(LatLng(*settings.sunset_at), (whole,))
    app = build_gauges(
        settings.broker,
        data_dir=settings.data_dir,
        instance=settings.instance,
        gauges=Gauges(river_zones_at(settings.river_zones), ZoneInfo(settings.zone), home),
        metrics=metrics,
        gauge_metrics=GaugeMetrics(registry),
    )
    run_worker(app, heartbeat=heartbeat)


def _run_notices(settings: WorkerSettings, metrics: StreamMetrics, heartbeat: Path | None) -> None:
    """Wait for the lease, rebuild the board from its logs, then act until the lease is lost."""
    from streams.faust_app import run_worker
    from streams.notices import build_notices, recall

    if not _hold_lease(Role.NOTICES, settings, Stop(), Beat(heartbeat)):
        return
    notices = recall(settings.broker, policy_at(settings.policy).sign)
    app = build_notices(
        settings.broker,
        data_dir=settings.data_dir,
        instance=settings.instance,
        metrics=metrics,
        notices=notices,
    )
    run_worker(app, heartbeat=heartbeat)


def _run_evacuation(settings: WorkerSettings, metrics: StreamMetrics, heartbeat: Path | None) -> None:
    """Read network and shelters, wait for the lease, then plan until it is lost."""
    from shirase.town import town_of
    from streams.evacuation import Evacuation

    stop, beat = Stop(), Beat(heartbeat)
    # Before the lease: a standby that takes over must not begin with reading maps.
    town = town_of(settings)
    # The network stays as long as the process: no pass of the collector looks at it again, in the middle of a plan.
    gc.collect()
    gc.freeze()
    if not _hold_lease(Role.EVACUATION, settings, stop, beat):
        return
    evacuation = Evacuation(settings.broker, town, metrics)
    evacuation.run(stop, beat)
    evacuation.close()


def _hold_lease(role: Role, settings: WorkerSettings, stop: Stop, beat: Beat) -> bool:
    """Wait for the lease of *role* and keep it in a thread; False when told to stop first."""
    from streams.lease import Lease

    lease = Lease(settings.broker, role=role.value, instance=settings.instance)
    if not lease.wait(stop, when_waiting_long(beat)):
        lease.close()
        return False

    _keep_lease(lease)
    return True


def _keep_lease(lease: "Lease") -> None:
    """Keep *lease* in a thread, and end this process when it is lost: to go on would be two that act."""

    def keep() -> None:
        wait = threading.Event()
        try:
            while lease.held():
                wait.wait(0.2)
            log.error("lease lost: another instance acts now; this one ends and waits again")
        except Exception:
            # So a broker says that it has given our name to another: to go on would be two that act.
            log.exception("the lease cannot be held any more")
        finally:
            os._exit(3)

    threading.Thread(target=keep, name="lease", daemon=True).start()


def when_waiting_long(beat: Callable[[], None], clock: Callable[[], float] = time.monotonic) -> Callable[[], None]:
    """Return *beat* as a process beats that waits for its lease: not before it has waited for long.

    Who gets the lease at once gives its first sign of life when it acts, so that who starts a pipeline does not
    hand a document to a stage that has yet to read its logs. A standby that waits is alive, and must say so.
    """
    since = clock()

    def later() -> None:
        if clock() - since >= _LEASE_AT_ONCE_SECONDS:
            beat()

    return later


def _run_fanout(
    settings: WorkerSettings, metrics: StreamMetrics, registry: CollectorRegistry, heartbeat: Path | None
) -> None:
    from dispatch.engine import batch_sender_of
    from dispatch.metrics import DispatchMetrics
    from dispatch.secret_file import read_secret
    from dispatch.settings import DispatchSettings
    from dispatch.subscription import SealKeys
    from dispatch.vapid import Vapid, keys_of_lanes
    from streams.dispatcher import PAUSE_SECONDS, Dispatcher, buckets_of
    from streams.ownership import Heartbeat
    from streams.subscribers import from_snapshot, from_topic

    worker = int(settings.instance)
    mine = buckets_of(worker, settings.workers)
    vapid_key = _required(settings.vapid_key, "SHIRASE_VAPID_KEY", "shirase keys")
    secret = read_secret(_required(settings.envelope_secret, "SHIRASE_ENVELOPE_SECRET", "shirase keys"))
    if settings.snapshot is not None:
        subscribers = from_snapshot(settings.snapshot, mine)
    else:
        keys = SealKeys.load(_required(settings.seal_key, "SHIRASE_SEAL_KEY", "shirase keys"))
        subscribers = from_topic(settings.broker, keys, settings.data_dir / "registry", mine)
    if not settings.vapid_subject:
        raise SettingMissing("SHIRASE_VAPID_SUBJECT is not set: push services want a mailto: or https: contact")
    if not settings.site_url.endswith("/"):
        raise SettingMissing("SHIRASE_SITE_URL is not set, or does not end in a slash: every push links to it")
    stop, beat = Stop(), Beat(heartbeat)
    if not _take_share(settings, worker, subscribers, stop, beat):
        return
    dispatch = DispatchSettings(
        engine=settings.engine,
        native=settings.native,
        pool_depth=settings.pool_depth,
        max_in_flight=settings.max_in_flight,
        extra_origins=settings.push_origins,
        ca_file=settings.push_ca,
        vapid_subject=settings.vapid_subject,
        pad_to_bytes=settings.pad_to_bytes,
        site_url=settings.site_url,
    )
    last_looked = Heartbeat(PAUSE_SECONDS)
    dispatcher = Dispatcher(
        settings.broker,
        worker=worker,
        workers=settings.workers,
        subscribers=subscribers,
        sender=batch_sender_of(dispatch, last_looked.may_send),
        vapid=Vapid(keys_of_lanes(vapid_key, settings.drill_vapid_key), settings.vapid_subject),
        secret=secret,
        settings=dispatch,
        metrics=DispatchMetrics(registry),
        stream_metrics=metrics,
        heartbeat=last_looked,
    )
    dispatcher.run(stop, beat)
    dispatcher.close()


def _take_share(settings: WorkerSettings, worker: int, subscribers: "Subscribers", stop: Stop, beat: Beat) -> bool:
    """Wait until the share is this process's, with columns that are kept current; False when told to stop first.

    Both seats are static members of the share's group under names of their own: a restart of the holder within its
    session gets the share back, and the other seat gets it only when the holder is gone.
    """
    from streams.lease import Lease
    from streams.standby import Standby, share_of

    if settings.seat == "alone":
        return True
    if settings.seat not in ("first", "standby"):
        raise SettingMissing(f"SHIRASE_SEAT is {settings.seat!r}: alone, first or standby")
    lease = Lease(settings.broker, role=share_of(worker, settings.workers), instance=settings.seat)
    held = Standby(subscribers, lease).wait(stop, beat)
    if held:
        _keep_lease(lease)
    else:
        lease.close()
    return held


def _run_channels(
    settings: WorkerSettings, metrics: StreamMetrics, registry: CollectorRegistry, heartbeat: Path | None
) -> None:
    """Wait for the lease, then give the outlets what was approved until it is lost."""
    from alerts.alert import GEOCODE_CLASS20, Geocode
    from shirase.areas import table_at
    from streams.outlets import OutletError, register_of
    from streams.outward import Outward
    from streams.outward_metrics import OutwardMetrics

    plain = tomllib.loads(settings.outlets.read_text(encoding="utf-8")) if settings.outlets else {}
    try:
        register = register_of(plain, settings.outlets.parent if settings.outlets else Path())
    except OutletError as error:
        raise SettingMissing(f"SHIRASE_OUTLETS, {settings.outlets}: {error}") from None
    stop, beat = Stop(), Beat(heartbeat)
    if not _hold_lease(Role.CHANNELS, settings, stop, beat):
        return
    table = table_at(settings.areas)
    covers = {
        outlet.ward.code: table.lookup(Geocode(GEOCODE_CLASS20, f"{outlet.ward.code}00")) for outlet in register.outlets
    }
    ground = {code: cover.cells for code, cover in covers.items() if cover is not None}
    outward = Outward(settings.broker, register, ground, OutwardMetrics(registry), metrics)
    outward.run(stop, beat)
    outward.close()


def _run_pager(
    settings: WorkerSettings, metrics: StreamMetrics, registry: CollectorRegistry, heartbeat: Path | None
) -> None:
    """Wait for the lease, then wake officers until it is lost."""
    from alerts.alert import GEOCODE_CLASS20, Geocode
    from dispatch.device_seal import DeviceSeal
    from dispatch.secret_file import read_secret
    from shirase.areas import table_at
    from streams.duty import DutyError, duty_of
    from streams.pager import Pager
    from streams.pager_metrics import PagerMetrics

    plain = tomllib.loads(settings.duty.read_text(encoding="utf-8")) if settings.duty else {}
    folder = settings.duty.parent if settings.duty else Path()
    key = _officer_key(settings)
    try:
        register = duty_of(plain, folder, key=key)
    except DutyError as error:
        raise SettingMissing(f"SHIRASE_DUTY, {settings.duty}: {error}") from None
    if not register.duty.rosters:
        log.warning("no roster: nobody is woken when a draft waits")
    stop, beat = Stop(), Beat(heartbeat)
    if not _hold_lease(Role.PAGER, settings, stop, beat):
        return
    table = table_at(settings.areas)

    def ground_of(ward: str) -> Cells:
        cover = table.lookup(Geocode(GEOCODE_CLASS20, f"{ward}00"))
        return cover.cells if cover is not None else ()

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
    )
    pager.run(stop, beat)
    pager.close()


def _officer_key(settings: WorkerSettings) -> "OfficerKey | None":
    """Return the key by which officers' devices are called; None where the register can name none."""
    from dispatch.secret_file import read_secret
    from dispatch.settings import DispatchSettings
    from dispatch.vapid import Vapid, VapidKey
    from streams.duty import OfficerKey

    if settings.vapid_key is None or settings.envelope_secret is None or not settings.vapid_subject:
        return None
    vapid = Vapid({0: VapidKey.load(settings.vapid_key)}, settings.vapid_subject)
    dispatch = DispatchSettings(extra_origins=settings.push_origins, ca_file=settings.push_ca)
    return OfficerKey(vapid, read_secret(settings.envelope_secret), dispatch)


def _run_collect(
    settings: WorkerSettings, metrics: StreamMetrics, registry: CollectorRegistry, heartbeat: Path | None
) -> None:
    from random import Random

    from feeds.sources import RegisterError, registered
    from streams.client import Producer
    from streams.collector import Collector, system_clock
    from streams.metrics import CollectMetrics, SecondSourceMetrics
    from streams.second_source import SecondSource, follow

    try:
        sources = registered(_register(settings))
    except RegisterError as error:
        raise SettingMissing(f"SHIRASE_SOURCES, {settings.sources}: {error}") from None
    if not sources:
        log.warning("no source is registered: nothing will be fetched")
    touch = Beat(heartbeat)

    def beat() -> None:
        touch()
        metrics.progressed(Role.COLLECT, time.time())

    stopped = threading.Event()
    second = SecondSource(SecondSourceMetrics(registry))
    threading.Thread(target=follow, args=(settings.broker, second, stopped), name="second-source", daemon=True).start()
    with Producer(settings.broker) as producer:
        collector = Collector(
            sources,
            producer,
            folder=settings.data_dir / "sources",
            metrics=CollectMetrics(registry, [one.source.name for one in sources]),
            clock=system_clock(time.time, time.monotonic),
            random=Random(),
        )
        collector.run(Stop(), beat)
    stopped.set()


def _register(settings: WorkerSettings) -> dict[str, Any]:
    return tomllib.loads(settings.sources.read_text(encoding="utf-8")) if settings.sources else {}


def _signers(settings: WorkerSettings) -> Signers:
    """Return the certificates that the register pins to senders; their files lie beside it."""
    from feeds.sources import RegisterError, pinned

    try:
        files = pinned(_register(settings))
    except RegisterError as error:
        raise SettingMissing(f"SHIRASE_SOURCES, {settings.sources}: {error}") from None
    folder = settings.sources.parent if settings.sources else Path()
    return {
        sender: tuple((folder / name).read_text(encoding="ascii") for name in names) for sender, names in files.items()
    }


def _required(path: Path | None, setting: str, maker: str) -> Path:
    if path is None:
        raise SettingMissing(f"{setting} is not set: make the file with `{maker}` and keep it secret")
    return path
